"""Operators and elementwise functions as PyTorch spells them, over the elementwise rows."""

from __future__ import annotations

import re
from typing import Any

import engine.ops.elementwise.rows  # noqa: F401 (its rows)
from engine.arrays import dtypes
from engine.arrays.promotion import result_type
from engine.arrays.row import rows
from engine.dispatch.apply import apply
from engine.dispatch.arguments import ABSENT, array_of
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.fast_path import binary, by_number
from engine.graph.registry import expose, public
from engine.graph.tensor import Tensor

_NUMBER = (int, float, complex)  # bool is an int

_PLAIN = (
    "exp expm1 exp2 log log1p log2 log10 sqrt rsqrt reciprocal sin cos tan asin acos atan sinh "
    "cosh tanh asinh acosh atanh sigmoid relu neg abs sign floor ceil trunc atan2 logical_and "
    "logical_or logical_xor logical_not bitwise_and bitwise_or bitwise_xor bitwise_not "
    "bitwise_left_shift bitwise_right_shift eq ne lt le gt ge maximum minimum floor_divide"
).split()
_MORE_PLACES = {
    "expm1": "special", "exp2": "special", "log1p": "special", "sigmoid": "F special", "relu": "F",
    "tanh": "F",
}  # fmt: skip
_ALIASES = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh", "neg": "negative", "abs": "absolute", "trunc": "fix",
    "eq": "", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater",
    "ge": "greater_equal",
}  # fmt: skip


def _named(name: str) -> Any:
    """A row's caller, with a name and a text for help."""
    function = getattr(ops, name)
    function.__name__ = function.__qualname__ = name
    written = re.sub(r"\bb\b", "other", re.sub(r"\b[ax]\b", "input", rows[name].written))
    function.__doc__ = f"{written}, element by element."
    return function


for _name in (*_PLAIN, "isnan", "isinf", "isfinite"):
    _function = _named(_name)
    for _alias in filter(None, (_name, _ALIASES.get(_name))):
        expose(_alias, _function, "torch Tensor " + _MORE_PLACES.get(_name, ""))


@public()
def add(input: Any, other: Any = ABSENT, *, alpha: Any = 1) -> Tensor:
    """input + alpha * other."""
    return ops.add(input, other if alpha == 1 else mul(other, alpha))


@public("torch Tensor", "sub", "subtract")
def sub(input: Any, other: Any = ABSENT, *, alpha: Any = 1) -> Tensor:
    """input - alpha * other."""
    _refuse_bools(input, other)
    return ops.sub(input, other if alpha == 1 else mul(other, alpha))


@public("torch Tensor", "mul", "multiply")
def mul(input: Any, other: Any = ABSENT) -> Any:
    """input * other."""
    if type(input) is not Tensor and type(other) is Tensor:
        return ops.mul(other, input)
    return ops.mul(input, other)


@public("torch Tensor", "div", "divide", "true_divide")
def div(input: Any, other: Any = ABSENT, *, rounding_mode: str | None = None) -> Tensor:
    """input / other, then rounded to zero ('trunc') or down ('floor') if asked to."""
    if rounding_mode is None:
        return ops.div(input, other)
    if rounding_mode not in ("trunc", "floor"):
        raise RuntimeError(
            "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
            f"'{rounding_mode}'"
        )
    return (ops.div_floor if rounding_mode == "floor" else ops.div_trunc)(input, other)


@public()
def rsub(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """other - alpha * input."""
    _refuse_bools(input, other)
    scaled = input if alpha == 1 else mul(input, alpha)
    if isinstance(other, Tensor):
        return ops.rsub_tensor(scaled, other)
    return ops.rsub(_widened(scaled, other), other)


@public()
def pow(input: Any, exponent: Any) -> Tensor:
    """input ** exponent; either may be a number."""
    if (type(exponent) is int or type(exponent) is float) and input.array.dtype.kind == "f":
        return ops.pow(input, exponent)
    if type(exponent) is not Tensor:
        return _power(input, exponent)
    return ops.pow_tensor(input, exponent) if type(input) is Tensor else _power_of(input, exponent)


@public()
def square(input: Tensor) -> Tensor:
    """input * input."""
    return ops.pow(_widened(input, 2) if _is_bool(input) else input, 2)


def _power(x: Tensor, exponent: Any) -> Tensor:
    if type(exponent) in (int, float) and x.array.dtype.kind in "fV":
        return ops.pow(x, exponent)
    if not isinstance(exponent, _NUMBER):
        raise TypeError(
            f"unsupported operand type(s) for ** or pow(): 'Tensor' and '{type(exponent).__name__}'"
        )
    x = _widened(x, exponent)
    if _is_bool(x):
        return ops.clone(x) if exponent else ops.ones_like(x)
    return ops.pow(x, exponent)


def _power_of(base: Any, x: Tensor) -> Tensor:
    return ops.pow_base(_widened(x, base), base)


def _widened(x: Tensor, number: Any) -> Tensor:
    """x in the dtype that it and a number compute in."""
    dtype = result_type([x.array, number])
    return x if x.array.dtype == dtype else ops.to_copy(x, dtype)


@public("torch Tensor", "clamp", "clip")
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """input kept between min and max, each a number, a Tensor or None."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        return ops.clamp_tensor(input, min, max)
    if input.array.dtype.kind in "biu":
        for number in (min, max):
            input = input if number is None else _widened(input, number)
    return ops.clamp(input, min, max)


@public()
def clamp_min(input: Tensor, min: Any) -> Tensor:
    """input, but at least min."""
    if isinstance(min, Tensor):
        return ops.clamp_min_tensor(input, min)
    if input.array.dtype.kind not in "fV":
        return clamp(input, min=min)
    return ops.clamp_min(input, min)


@public()
def clamp_max(input: Tensor, max: Any) -> Tensor:
    """input, but at most max."""
    if isinstance(max, Tensor):
        return ops.clamp_max_tensor(input, max)
    if input.array.dtype.kind not in "fV":
        return clamp(input, max=max)
    return ops.clamp_max(input, max)


@public()
def remainder(input: Any, other: Any) -> Tensor:
    """What is left of input / other, of other's sign."""
    if isinstance(input, Tensor):
        return _remainder(input, other)
    return ops.remainder_base(input, other)


@public()
def fmod(input: Tensor, other: Any) -> Tensor:
    """What is left of input / other, of input's sign."""
    return ops.fmod(input, other) if isinstance(other, Tensor) else ops.fmod_number(input, other)


@public("torch")
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """input where condition holds, other elsewhere; alone: the indices where it holds."""
    if input is None and other is None:
        from engine.ops.indexing.gather_scatter import nonzero

        return nonzero(condition, as_tuple=True)
    if not isinstance(condition, Tensor) or input is None or other is None:
        from engine.dispatch.errors.calls import called

        given = [each for each in (input, other) if each is not None]
        raise called("where", (condition, *given), {})
    if condition.array.dtype.kind != "b":
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{condition.dtype.scalar_name}"
        )
    return ops.where(condition, input, other)


@public("Tensor", "where")
def _where_method(self: Tensor, condition: Tensor, other: Any) -> Any:
    """self where condition holds, other elsewhere."""
    return where(condition, self, other)


@public()
def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """input + weight * (end - input)."""
    if input.array.dtype != end.array.dtype:
        wanted, got = (dtypes.of(t.array.dtype).scalar_name.lower() for t in (input, end))
        raise RuntimeError(f"expected dtype {wanted} for `end` but got dtype {got}")
    blend = ops.lerp_tensor if isinstance(weight, Tensor) else ops.lerp
    return blend(input, end, weight)


@public("F")
def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """log(1 + exp(beta * input)) / beta; linear where beta * input > threshold."""
    return ops.softplus(input, beta, threshold)


@public()
def round(input: Tensor, *, decimals: int | None = None) -> Tensor:
    """input rounded to the nearest integer, halves to even; or to so many decimals."""
    return ops.round(input) if decimals is None else ops.round_decimals(input, decimals)


@public("special", "round")
def _special_round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """input rounded to so many decimals, halves to even."""
    array_of("special_round", input)
    return ops.round_decimals(input, decimals)


# ---- operators -------------------------------------------------------------------------------


def _operator(name: str, swapped: bool = False) -> Any:
    """A row as a binary operator: NotImplemented where the other is neither tensor nor number."""
    row = rows[name]

    def general(self: Tensor, other: Any) -> Any:
        if type(other) is not Tensor and not isinstance(other, _NUMBER):
            return NotImplemented
        if name == "sub":
            _refuse_bools(self, other)
        return apply(row, (other, self) if swapped else (self, other))

    getattr(ops, name)
    if swapped or not row.differentiable:
        return general
    return binary(row, general)


def _commuting(name: str) -> tuple[Any, Any]:
    """A row as a binary operator whose operands may change places, and that with them changed."""
    call = _operator(name)
    return call, by_number(rows[name], call)


def _refuse_bools(*operands: Any) -> None:
    """PyTorch's errors for subtraction with truth values."""
    bools = [x for x in operands if x is True or x is False or _is_bool(x)]
    if len(bools) == 2:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` "
            "or `logical_xor()` operator instead."
        )
    if bools:
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are "
            "trying to invert a mask, use the `~` or `logical_not()` operator instead."
        )


def _is_bool(x: Any) -> bool:
    return isinstance(x, Tensor) and x.array.dtype.kind == "b"


def _remainder(self: Tensor, other: Any) -> Any:
    if isinstance(other, Tensor):
        return ops.remainder(self, other)
    return ops.remainder_number(self, other) if isinstance(other, _NUMBER) else NotImplemented


def _reflected_remainder(self: Tensor, other: Any) -> Any:
    return ops.remainder_base(other, self) if isinstance(other, _NUMBER) else NotImplemented


def _reflected_sub(self: Tensor, other: Any) -> Any:
    if isinstance(other, _NUMBER):
        _refuse_bools(self, other)
        self = _widened(self, other)
    return ops.rsub(self, other) if isinstance(other, _NUMBER) else NotImplemented


def _rtruediv(self: Tensor, other: Any) -> Any:
    if not isinstance(other, _NUMBER):
        return NotImplemented
    return ops.mul(ops.reciprocal(self), other)


def _rpow(self: Tensor, other: Any) -> Any:
    return NotImplemented if not isinstance(other, _NUMBER) else _power_of(other, self)


def _invert(self: Tensor) -> Any:
    if self.array.dtype.kind not in "biu":
        raise TypeError(
            "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
        )
    return ops.bitwise_not(self)


def _install_operators() -> None:
    table = {
        "add": _commuting("add"),
        "sub": (_operator("sub"), _reflected_sub),
        "mul": _commuting("mul"),
        "truediv": (_operator("div"), _rtruediv),
        "floordiv": (_operator("floor_divide"), _operator("floor_divide", swapped=True)),
        "mod": (_remainder, _reflected_remainder),
        "pow": (pow, _rpow),
        "lshift": (_operator("bitwise_left_shift"), _operator("bitwise_left_shift", swapped=True)),
        "rshift": (
            _operator("bitwise_right_shift"),
            _operator("bitwise_right_shift", swapped=True),
        ),
        "and": (_operator("bitwise_and"), _operator("bitwise_and")),
        "or": (_operator("bitwise_or"), _operator("bitwise_or")),
        "xor": (_operator("bitwise_xor"), _operator("bitwise_xor")),
    }
    for name, (left, right) in table.items():
        setattr(Tensor, f"__{name}__", left)
        setattr(Tensor, f"__r{name}__", right)
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        setattr(Tensor, f"__{name}__", _operator(name))
    Tensor.__neg__ = ops.neg  # type: ignore[method-assign]
    Tensor.__pos__ = lambda self: self  # type: ignore[method-assign]
    Tensor.__abs__ = ops.abs  # type: ignore[method-assign]
    Tensor.__invert__ = _invert  # type: ignore[method-assign]


_install_operators()
