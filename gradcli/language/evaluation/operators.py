"""Operators on values that are not tensors, with their cost known before they run; and number
lists, which in arithmetic are tensors: `[1., 2.] * 3`.

Where Python's own answer is a list of whole numbers (`[0] * 3`, `[1, 2] + [3]`) it stays one.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.arrays import journal, limits
from engine.graph import registry
from engine.graph.tensor import Tensor
from gradcli.language.evaluation.text import percent
from gradcli.language.evaluation.walker import Walker

BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.MatMult: operator.matmul,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}
IN_PLACE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.iadd,
    ast.Sub: operator.isub,
    ast.Mult: operator.imul,
    ast.Div: operator.itruediv,
    ast.FloorDiv: operator.ifloordiv,
    ast.Mod: operator.imod,
    ast.Pow: operator.ipow,
    ast.MatMult: operator.imatmul,
    ast.BitAnd: operator.iand,
    ast.BitOr: operator.ior,
    ast.LShift: operator.ilshift,
    ast.RShift: operator.irshift,
}
SIGNS: dict[type, str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.USub: "-",
    ast.UAdd: "+",
    ast.Invert: "~",
    ast.Not: "not",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}

_SEQUENCES = (str, list, tuple)
_WHOLE = frozenset({int, bool})
_NUMBERS = frozenset({int, bool, float})
_ARITHMETIC = (int, float, complex, str, list, tuple, Tensor, np.ndarray, np.generic)


def binary(walker: Walker, kind: type, left: Any, right: Any, assigned: str = "") -> Any:
    """`left op right` where at least one of the two is not a plain tensor or number; `assigned` is
    the `=` of an assignment."""
    if kind is ast.Mod and type(left) is str:
        return percent(walker, left, right)
    if not isinstance(left, _ARITHMETIC) or not isinstance(right, _ARITHMETIC):
        sign = SIGNS[kind]
        raise TypeError(
            f"unsupported operand type(s) for {sign}{assigned or ' or pow()' * (sign == '**')}: "
            f"'{type(left).__name__}' and '{type(right).__name__}'"
        )
    if type(left) is list or type(right) is list:
        left, right = _lists(kind, left, right)
    if isinstance(left, _SEQUENCES) or isinstance(right, _SEQUENCES):
        return _sequence(walker, kind, left, right)
    if isinstance(left, int) and isinstance(right, int):
        return _integers(walker, kind, left, right)
    if isinstance(left, (np.ndarray, np.generic)) or isinstance(right, (np.ndarray, np.generic)):
        _check_arrays(walker, left, right)
    return BINARY[kind](left, right)


def _integers(walker: Walker, kind: type, left: int, right: int) -> Any:
    """Whole numbers; a power's size is estimated before it is computed."""
    if kind is ast.Pow and right > 0 and left not in (0, 1, -1):
        walker.limits.check_bits((left.bit_length() - 1) * right)
    elif kind is ast.LShift and right > 0:
        walker.limits.check_bits(left.bit_length() + right)
    result = BINARY[kind](left, right)
    if type(result) is int:
        walker.limits.check_bits(result.bit_length())
    return result


def _sequence(walker: Walker, kind: type, left: Any, right: Any) -> Any:
    """Texts, lists and tuples: repeated or joined."""
    if kind is ast.Mult and isinstance(right, _SEQUENCES) and isinstance(left, int):
        _check_length(walker, right, len(right) * max(left, 0))
    elif kind is ast.Mult and isinstance(left, _SEQUENCES) and isinstance(right, int):
        _check_length(walker, left, len(left) * max(right, 0))
    elif kind is ast.Add and isinstance(left, _SEQUENCES) and isinstance(right, _SEQUENCES):
        _check_length(walker, left, len(left) + len(right))
    return BINARY[kind](left, right)


def _check_length(walker: Walker, like: Any, length: int) -> None:
    if type(like) is str:
        walker.limits.check_characters(length)
        walker.charge(length)
    else:
        walker.limits.check_items(length)
        walker.charge(8 * length)


def _lists(kind: type, left: Any, right: Any) -> tuple[Any, Any]:
    """The operands, a number list made a tensor where Python has no list to answer with."""
    if (
        kind in (ast.Add, ast.Mult)
        and not isinstance(left, Tensor)
        and not isinstance(right, Tensor)
    ):
        lists = [value for value in (left, right) if type(value) is list]
        fits = len(lists) == 2 if kind is ast.Add else type(left) in _WHOLE or type(right) in _WHOLE
        if fits and not all(_holds_float(value) for value in lists):
            return left, right
    if isinstance(left, str) or isinstance(right, str):
        return left, right
    return _tensor(left), _tensor(right)


def _tensor(value: Any) -> Any:
    return (
        registry.namespaces["torch"]["tensor"](value)
        if type(value) is list and is_number_list(value)
        else value
    )


def is_number_list(value: list[Any], depth: int = 0) -> bool:
    """Whether a list, and what lists it holds, hold numbers alone."""
    if not value or depth > 20:
        return False
    kinds = set(map(type, value))
    if kinds <= _NUMBERS:
        return True
    return kinds == {list} and all(is_number_list(part, depth + 1) for part in value)


def _holds_float(value: list[Any], depth: int = 0) -> bool:
    """Whether a number list is one of real numbers."""
    if not value or depth > 20:
        return False
    kinds = set(map(type, value))
    if kinds <= _NUMBERS:
        return float in kinds
    return (
        kinds == {list} and is_number_list(value) and any(_holds_float(p, depth + 1) for p in value)
    )


def _check_arrays(walker: Walker, *operands: Any) -> None:
    """Refuse NumPy arrays whose result would be over the session's limit."""
    shapes = [np.shape(value) for value in operands if not isinstance(value, Tensor)]
    limits.check(np.broadcast_shapes(*shapes))


def unary(walker: Walker, kind: type, value: Any) -> Any:
    """`-value`, `+value`, `~value`."""
    if type(value) is list and is_number_list(value):
        value = registry.namespaces["torch"]["tensor"](value)
    if not isinstance(value, _ARITHMETIC):
        raise TypeError(f"bad operand type for unary {SIGNS[kind]}: '{type(value).__name__}'")
    return UNARY[kind](value)


UNARY: dict[type, Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}


def in_place(walker: Walker, kind: type, left: Any, right: Any) -> Any:
    """`left op= right`: in place on tensors and lists, else a new value."""
    if type(left) is list:
        if kind is ast.Add:
            items = walker.listed(right)
            walker.limits.check_items(len(left) + len(items))
            walker.note(left)
            left.extend(items)
            return left
        if kind is ast.Mult and type(right) is int:
            _check_length(walker, left, len(left) * max(right, 0))
            walker.note(left)
            left *= right
            return left
        return binary(walker, kind, left, right, "=")
    if isinstance(left, Tensor):
        return IN_PLACE[kind](left, _tensor(right))
    if isinstance(left, np.ndarray):
        journal.note_contents(left)
        return IN_PLACE[kind](left, right)
    return binary(walker, kind, left, right, "=")


# ---- comparisons -------------------------------------------------------------------------------


def _contains(walker: Walker, item: Any, container: Any) -> bool:
    kind = type(container)
    if kind is range:
        if not isinstance(item, int):
            return any(item == other for other in walker.listed(container))
        return item in container
    if kind not in (str, list) and not isinstance(container, (Tensor, tuple, dict)):
        raise TypeError(f"argument of type '{kind.__name__}' is not iterable")
    walker.measure(container)
    walker.measure(item)
    return item in container


def compare(walker: Walker, kind: type, left: Any, right: Any) -> Any:
    """`left op right` for a comparison."""
    plain = COMPARE.get(kind)
    if plain is None:
        return _contains(walker, left, right) is (kind is ast.In)
    if kind is not ast.Is and kind is not ast.IsNot:
        walker.measure(left)
        walker.measure(right)
        if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
            _check_arrays(walker, left, right)
    return plain(left, right)


COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
