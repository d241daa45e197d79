"""Python's operators on Tensors, and augmented assignment."""

from __future__ import annotations

from typing import Any

from engine.arrays.row import rows
from engine.dispatch.apply import apply
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.fast_path import binary, by_number
from engine.dispatch.inplace import augmented
from engine.graph.tensor import Tensor
from engine.ops.elementwise.arithmetic import (
    NUMBER,
    pow,
    power_of,
    refuse_bools,
    remainder,
    widened,
)


def _operator(name: str, swapped: bool = False) -> Any:
    """A row as a binary operator: NotImplemented where the other is neither tensor nor number."""
    row = rows[name]

    def general(self: Tensor, other: Any) -> Any:
        if type(other) is not Tensor and not isinstance(other, NUMBER):
            return NotImplemented
        if row is rows["sub"]:
            refuse_bools(self, other)
        return apply(row, (other, self) if swapped else (self, other))

    getattr(ops, name)
    if swapped or not row.differentiable:
        return general
    return binary(row, general)


def _commuting(name: str) -> tuple[Any, Any]:
    """A row as a binary operator whose operands may change places, and that with them changed."""
    call = _operator(name)
    return call, by_number(rows[name], call)


def _either_way(name: str) -> tuple[Any, Any]:
    return _operator(name), _operator(name, swapped=True)


def _of_number(function: Any) -> Any:
    """The reflected operator `number sign self`: NotImplemented for what is no number."""

    def reflected(self: Tensor, other: Any) -> Any:
        return function(self, other) if isinstance(other, NUMBER) else NotImplemented

    return reflected


def _reflected_sub(self: Tensor, other: Any) -> Any:
    refuse_bools(self, other)
    return ops.rsub(widened(self, other), other)


def _mod(self: Tensor, other: Any) -> Any:
    return remainder(self, other) if isinstance(other, (Tensor, *NUMBER)) else NotImplemented


def _invert(self: Tensor) -> Any:
    if self.array.dtype.kind not in "biu":
        raise TypeError(
            "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
        )
    return ops.bitwise_not(self)


# fmt: off
_BINARY = {
    "add": _commuting("add"),
    "sub": (_operator("sub"), _of_number(_reflected_sub)),
    "mul": _commuting("mul"),
    "truediv": (_operator("div"), _of_number(lambda self, n: ops.mul(ops.reciprocal(self), n))),
    "floordiv": _either_way("floor_divide"),
    "mod": (_mod, _of_number(lambda self, number: ops.remainder_base(number, self))),
    "pow": (pow, _of_number(lambda self, number: power_of(number, self))),
    "lshift": _either_way("bitwise_left_shift"),
    "rshift": _either_way("bitwise_right_shift"),
    "and": (_operator("bitwise_and"),) * 2,
    "or": (_operator("bitwise_or"),) * 2,
    "xor": (_operator("bitwise_xor"),) * 2,
}
"""Python's operator → that and its reflected form, with the tensor on the right."""
_AUGMENTED = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "pow": "pow_tensor",
    "mod": "remainder", "floordiv": "floor_divide", "and": "bitwise_and", "or": "bitwise_or",
    "xor": "bitwise_xor", "lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift",
}
"""Augmented assignment: Python's operator → the row it is the in-place form of."""
# fmt: on

for _name, (_left, _right) in _BINARY.items():
    setattr(Tensor, f"__{_name}__", _left)
    setattr(Tensor, f"__r{_name}__", _right)
for _name, _row in _AUGMENTED.items():
    _method = getattr(Tensor, f"{_row.removesuffix('_tensor')}_")
    setattr(Tensor, f"__i{_name}__", augmented(rows[_row], _method))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Tensor, f"__{_name}__", _operator(_name))
Tensor.__neg__ = ops.neg  # type: ignore[method-assign]
Tensor.__pos__ = lambda self: self  # type: ignore[method-assign]
Tensor.__abs__ = ops.abs  # type: ignore[method-assign]
Tensor.__invert__ = _invert  # type: ignore[method-assign]
