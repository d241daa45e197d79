"""Names that are there from the start: Python's common functions, param, and every operation."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.graph import registry
from engine.graph.tensor import Tensor
from engine.ops.creation.tensor_classes import CALLABLE_TENSOR
from gradcli.language.evaluation import operators
from gradcli.language.evaluation.math_module import MATH
from gradcli.language.evaluation.objects import Builtin, Namespace
from gradcli.language.evaluation.text import quoted, text
from gradcli.language.evaluation.values import is_type
from gradcli.language.evaluation.walker import Walker

TORCH = registry.namespaces["torch"]
FUNCTIONAL = registry.namespaces["torch.nn.functional"]
_REAL = (int, float)


# ---- text and numbers --------------------------------------------------------------------------


def print_(
    walker: Walker, *values: Any, sep: str | None = " ", end: str | None = "\n", flush: bool = False
) -> None:
    """Write values as Python's print does."""
    for name, value in (("sep", sep), ("end", end)):
        if value is not None and type(value) is not str:
            raise TypeError(f"{name} must be None or a string, not {type(value).__name__}")
    parts = [text(walker, value) for value in values]
    between = " " if sep is None else sep
    walker.limits.check_output(sum(map(len, parts)) + len(between) * len(parts))
    walker.host.write(between.join(parts) + ("\n" if end is None else end))


def len_(walker: Walker, value: Any) -> int:
    """The number of items."""
    if not isinstance(value, (str, list, tuple, dict, range, Tensor, np.ndarray)):
        raise TypeError(f"object of type '{type(value).__name__}' has no len()")
    return len(value)


def round_(walker: Walker, value: Any, digits: int | None = None) -> Any:
    """Round a number, to `digits` decimals."""
    if not isinstance(value, _REAL):
        raise TypeError(f"type {type(value).__name__} doesn't define __round__ method")
    if digits is None:
        return round(value)
    if type(digits) is not int:
        raise TypeError(f"'{type(digits).__name__}' object cannot be interpreted as an integer")
    return round(value, max(min(digits, 5_000), -5_000))


def pow_(walker: Walker, base: Any, exponent: Any) -> Any:
    """base**exponent"""
    return operators.binary(walker, ast.Pow, base, exponent)


def abs_(walker: Walker, value: Any) -> Any:
    """The absolute value."""
    if not isinstance(value, (int, float, complex)):
        raise TypeError(f"bad operand type for abs(): '{type(value).__name__}'")
    return abs(value)


def divmod_(walker: Walker, left: Any, right: Any) -> Any:
    """(left // right, left % right)"""
    if not isinstance(left, _REAL) or not isinstance(right, _REAL):
        raise TypeError("divmod() takes two numbers")
    return divmod(left, right)


# ---- going through things ----------------------------------------------------------------------


def sum_(walker: Walker, values: Any, start: Any = 0) -> Any:
    """The sum of the items."""
    total = start
    for value in walker.listed(values):
        if type(total) is Tensor or type(value) is Tensor:
            total = total + value
        else:
            total = operators.binary(walker, ast.Add, total, value)
    return total


def _extreme(name: str) -> Callable[..., Any]:
    def run(walker: Walker, *values: Any, key: Any = None, **default: Any) -> Any:
        items = walker.listed(values[0] if len(values) == 1 else values)
        if not items and "default" in default:
            return default["default"]
        if not items:
            raise ValueError(f"{name}() arg is an empty sequence")
        for item in items:
            walker.measure(item)
        choose: Any = max if name == "max" else min
        if key is None:
            return choose(items)
        return choose(items, key=lambda item: walker.call(key, (item,)))

    run.__doc__ = f"The {name} of the items, or of the arguments."
    return run


def any_(walker: Walker, values: Any) -> bool:
    """Whether one item is true."""
    return any(bool(value) for value in walker.listed(values))


def all_(walker: Walker, values: Any) -> bool:
    """Whether every item is true."""
    return all(bool(value) for value in walker.listed(values))


def sorted_(walker: Walker, values: Any, *, key: Any = None, reverse: bool = False) -> list[Any]:
    """The items in order."""
    return walker.ordered(values, key, reverse)


def reversed_(walker: Walker, values: Any) -> list[Any]:
    """The items from the last to the first."""
    return walker.listed(values)[::-1]


def zip_(walker: Walker, *iterables: Any, strict: bool = False) -> Any:
    """Tuples of the first items, the second items, ..."""
    lists = [walker.listed(values) for values in iterables]
    return walker.counted(list(zip(*lists, strict=bool(strict))), 40 + 8 * len(lists))


def enumerate_(walker: Walker, values: Any, start: int = 0) -> Any:
    """Pairs of a number and an item."""
    if type(start) is not int:
        raise TypeError(f"'{type(start).__name__}' object cannot be interpreted as an integer")
    return walker.counted(list(enumerate(walker.listed(values), start)), 56)


def map_(walker: Walker, function: Any, *iterables: Any) -> list[Any]:
    """The function of each item."""
    lists = [walker.listed(values) for values in iterables]
    out: list[Any] = []
    walker.building.append(out)
    for args in zip(*lists):  # noqa: B905
        walker.limits.step()
        out.append(walker.call(function, args))
    walker.building.pop()
    return out


def filter_(walker: Walker, function: Any, values: Any) -> list[Any]:
    """The items for which the function is true."""
    items = walker.listed(values)
    if function is None:
        return [item for item in items if item]
    return [item for item in items if walker.call(function, (item,))]


# ---- types -------------------------------------------------------------------------------------


def isinstance_(walker: Walker, value: Any, kinds: Any) -> bool:
    """Whether a value is of a type."""
    for kind in kinds if type(kinds) is tuple else (kinds,):
        if not is_type(kind):
            raise TypeError("isinstance() arg 2 must be a type or a tuple of types")
    return isinstance(value, kinds)


def type_(walker: Walker, value: Any) -> Any:
    """The type of a value."""
    kind = type(value)
    if not is_type(kind):
        raise TypeError(f"type() of {quoted(walker, value)[:40]} is not in the language")
    return kind


def _int(walker: Walker, value: Any = 0, *base: Any) -> int:
    result = int(value, *base)
    walker.limits.check_bits(result.bit_length())
    return result


def _dict(walker: Walker, pairs: Any = (), **items: Any) -> dict[Any, Any]:
    if type(pairs) is not dict:
        pairs = walker.listed(pairs)
        for pair in pairs:
            walker.measure(pair)
    walker.charge(64 * len(pairs))
    return dict(pairs, **items)


def _range(walker: Walker, *bounds: Any) -> range:
    return range(*bounds)


def _tensor(walker: Walker, *data: Any, **named: Any) -> Any:
    for value in data:
        if type(value) is range:
            walker.limits.check_items(len(value))
        walker.measure(value)
    return CALLABLE_TENSOR(*data, **named)


CONVERSIONS: dict[type, Callable[..., Any]] = {
    int: _int,
    float: lambda walker, value=0.0: float(value),
    bool: lambda walker, value=False: bool(value),
    str: lambda walker, value="": text(walker, value),
    list: lambda walker, values=(): walker.listed(values),
    tuple: lambda walker, values=(): tuple(walker.listed(values)),
    dict: _dict,
    range: _range,
    Tensor: _tensor,
}
"""How the types of Python that can be called are called, within the limits."""


# ---- tensors -----------------------------------------------------------------------------------


def param(walker: Walker, data: Any, *, dtype: Any = None) -> Any:
    """A leaf that requires grad: param([5., 4.]). Whole numbers become the default real type."""
    if isinstance(data, Tensor):
        leaf = data.detach().clone()
    else:
        walker.measure(data)
        leaf = TORCH["tensor"](data)
    if dtype is not None:
        leaf = leaf.to(dtype)
    elif not leaf.is_floating_point():
        leaf = leaf.to(TORCH["get_default_dtype"]())
    return leaf.requires_grad_()


def _mixed(name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    """Python's function and the operation of that name: the operation, if given a tensor."""
    operation = TORCH.get(name)

    def run(walker: Walker, *args: Any, **options: Any) -> Any:
        if operation is not None and any(isinstance(value, Tensor) for value in args):
            return operation(*args, **options)
        return plain(walker, *args, **options)

    run.__doc__ = plain.__doc__
    return run


def _called(*functions: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """Functions by Python's names for them."""
    return {function.__name__.rstrip("_"): function for function in functions}


_MIXED = {
    "max": _extreme("max"),
    "min": _extreme("min"),
    **_called(abs_, all_, any_, pow_, round_, sum_),
}
"""Python's functions that are operations, too: of a tensor, the operation answers."""
_PLAIN = {
    "repr": quoted,
    **_called(
        divmod_, enumerate_, filter_, isinstance_, len_, map_, param, print_, reversed_, sorted_
    ),
    **_called(type_, zip_),
}


class Bare(dict[str, Any]):
    """The names that exist before anything is bound: the language's own, then torch's, then F's."""

    def __missing__(self, name: str) -> Any:
        if name in TORCH:
            return TORCH[name]
        return FUNCTIONAL[name]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in TORCH or name in FUNCTIONAL

    def everything(self) -> dict[str, Any]:
        """All of them, those that wait included."""
        registry.complete()
        return {**FUNCTIONAL, **TORCH, **self}


BARE = Bare(
    {
        **{name: Builtin(name, run) for name, run in _PLAIN.items()},
        **{name: Builtin(name, _mixed(name, run)) for name, run in _MIXED.items()},
        **{kind.__name__: kind for kind in CONVERSIONS},
        "__name__": "__main__",
        "torch": Namespace("torch", TORCH),
        "math": MATH,
    }
)
