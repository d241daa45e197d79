"""Sums, products, quotients, powers and remainders: the rows behind Python's operators."""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np

from engine.arrays.promotion import category, result_type
from engine.arrays.row import Rule, non_differentiable, passed
from engine.dispatch.dtype_variants import is_complex
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import EVERYWHERE, IN_PLACE, op
from engine.graph.registry import public
from engine.graph.tensor import Tensor

NUMBER = (int, float, complex)
"""What may stand beside a Tensor: bool is an int."""


def is_bool(x: Any) -> bool:
    """Whether it is a Tensor of truth values."""
    return isinstance(x, Tensor) and x.array.dtype.kind == "b"


def widened(x: Tensor, number: Any) -> Tensor:
    """x in the dtype that it and a number compute in."""
    dtype = result_type([x.array, number])
    return x if x.array.dtype == dtype else ops.to_copy(x, dtype)


def no_derivative(name: str) -> Rule:
    """The rule of what PyTorch tracks and cannot differentiate."""

    def rule(ns: Any, g: Any) -> Any:
        raise RuntimeError(f"derivative for aten::{name} is not implemented")

    return rule


def unknown(what: str) -> Rule:
    """The rule of a derivative that PyTorch has not got."""

    def rule(ns: Any, g: Any) -> Any:
        raise NotImplementedError(f"the derivative for '{what}' is not implemented.")

    return rule


def zero_rule(ns: Any, g: Any) -> Any:
    """The rule of what is flat wherever it has a slope."""
    return ns.zeros_like(g)


# ---- sums ------------------------------------------------------------------------------------

# fmt: off
op("add(a, b)", "add", elementwise=True, numbers=True, written="a + b", a=passed, b=passed)
op("sub(a, b)", "subtract", elementwise=True, numbers=True, written="a - b",
   a=passed,
   b=lambda ns, g: -g)
op("rsub(x; other)", lambda xp, x, other: other - x, elementwise=True, written="other - x",
   halves="rounded",
   node="RsubBackward1", x=lambda ns, g: -g)
op("rsub_tensor(a, b)", lambda xp, a, b: b - a, elementwise=True, written="b - a",
   node="RsubBackward0",
   a=lambda ns, g: -g,
   b=passed)
# fmt: on


@public(IN_PLACE)
def add(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """input + alpha * other."""
    return ops.add(input, other if alpha == 1 else mul(other, alpha))


@public(IN_PLACE, "sub", "subtract")
def sub(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """input - alpha * other."""
    refuse_bools(input, other)
    return ops.sub(input, other if alpha == 1 else mul(other, alpha))


@public()
def rsub(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """other - alpha * input."""
    refuse_bools(input, other)
    scaled = input if alpha == 1 else mul(input, alpha)
    if isinstance(other, Tensor):
        return ops.rsub_tensor(scaled, other)
    return ops.rsub(widened(scaled, other), other)


def refuse_bools(*operands: Any) -> None:
    """Raise PyTorch's errors for subtraction with truth values."""
    bools = [x for x in operands if x is True or x is False or is_bool(x)]
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


def _neg(xp: Any, x: Any) -> Any:
    if x.dtype.kind == "b":
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to "
            "invert a mask, use the `~` or `logical_not()` operator instead."
        )
    return xp.negative(x)


# fmt: off
op("neg(x)", _neg, "-input, element by element.", where=EVERYWHERE, names="neg negative",
   elementwise=True, written="-x", x=lambda ns, g: -g)
# fmt: on

# ---- products and quotients ------------------------------------------------------------------


def _by_whole(function: Any) -> Any:
    """A forward that refuses to divide whole numbers by 0."""

    def forward(xp: Any, a: Any, b: Any) -> Any:
        if category(a.dtype) < 2 and not xp.all(b):
            raise RuntimeError("ZeroDivisionError")
        return function(xp, a, b)

    return forward


def _only_real(kernel: str) -> dict[str, str]:
    """What a row refuses whose kernel is for real numbers, truth values excepted."""
    return {"b": kernel, "c": kernel}


def _trunc_divide(xp: Any, a: Any, b: Any) -> Any:
    if category(a.dtype) == 2:
        return xp.trunc(a / b)
    return xp.sign(a) * xp.sign(b) * (abs(a) // abs(b))


_divide_down = _by_whole(lambda xp, a, b: xp.floor_divide(a, b))
_divide_to_0 = _by_whole(_trunc_divide)
_remainder = _by_whole(lambda xp, a, b: xp.remainder(a, b))
_fmod = _by_whole(lambda xp, a, b: xp.fmod(a, b))
_NO_FLOOR_DIVIDE = no_derivative("floor_divide")
_NO_REMAINDER = no_derivative("remainder")

# fmt: off
op("mul(a, b)", "multiply", elementwise=True, numbers=True, written="a * b",
   halves="scaled", facts={"scales": "times"},
   a=lambda ns, g, b: g * b,
   b=lambda ns, g, a: g * a)
op("mul_number(x; other)", lambda xp, x, other: x * other, elementwise=True, written="x * other",
   node="MulBackward1", x=lambda ns, g, other: g * other)
op("div(a, b)", "true_divide", elementwise=True, floats=True, numbers=True, written="a / b",
   halves="scaled", facts={"scales": "over", "guard": "where({b} == 0, 1.0, {b})"},
   a=lambda ns, g, b: g / b,
   b=lambda ns, g, a, b: -g * ((a / b) / b))
op("div_number(x; other)", lambda xp, x, other: x / other, elementwise=True, written="x / other",
   node="DivBackward1", x=lambda ns, g, other: g / other)
op("div_floor(a, b)", _divide_down, elementwise=True, numbers=True, node="DivBackward2",
   written="div(a, b, rounding_mode='floor')", facts={"stairs": "whole numbers"},
   refuses=_only_real("div_floor_cpu"),
   a=zero_rule, b=zero_rule)
op("div_trunc(a, b)", _divide_to_0, elementwise=True, numbers=True, node="DivBackward2",
   written="div(a, b, rounding_mode='trunc')", facts={"stairs": "whole numbers"},
   refuses=_only_real("div_trunc_cpu"),
   a=zero_rule, b=zero_rule)
op("floor_divide(a, b)", _divide_down, "input / other, rounded down.", where=IN_PLACE,
   elementwise=True, numbers=True, written="a // b", node="NotImplemented",
   refuses=_only_real("div_floor_cpu"), a=_NO_FLOOR_DIVIDE, b=_NO_FLOOR_DIVIDE)
op("remainder(a, b)", _remainder, elementwise=True, written="a % b", node="RemainderBackward1",
   refuses=_only_real("remainder_cpu"),
   a=passed,
   b=lambda ns, g, a, b: -g * ns.div_floor(a, b))
op("remainder_number(a, b)", _remainder, elementwise=True, numbers=True, written="a % b",
   node="RemainderBackward0", refuses=_only_real("remainder_cpu"), a=passed, b=non_differentiable)
op("remainder_base(a, b)", _remainder, elementwise=True, numbers=True, written="a % b",
   node="NotImplemented", refuses=_only_real("remainder_cpu"),
   a=non_differentiable, b=_NO_REMAINDER)
op("fmod(a, b)", _fmod, elementwise=True, node="FmodBackward1", refuses=_only_real("fmod_cpu"),
   a=passed,
   b=lambda ns, g, a, b: -g * ns.div_trunc(a, b))
op("fmod_number(a, b)", _fmod, elementwise=True, numbers=True, written="fmod(a, b)",
   node="FmodBackward0", refuses=_only_real("fmod_cpu"), a=passed, b=non_differentiable)
# fmt: on


@public(IN_PLACE, "mul", "multiply")
def mul(input: Any, other: Any) -> Any:
    """input * other."""
    if type(input) is not Tensor and type(other) is Tensor:
        return ops.mul(other, input)
    return ops.mul(input, other)


@public(IN_PLACE, "div", "divide", "true_divide")
def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """input / other, then rounded to zero ('trunc') or down ('floor') if asked to."""
    if rounding_mode is None:
        return ops.div(input, other)
    if rounding_mode not in ("trunc", "floor"):
        raise RuntimeError(
            "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
            f"'{rounding_mode}'"
        )
    return (ops.div_floor if rounding_mode == "floor" else ops.div_trunc)(input, other)


@public(IN_PLACE)
def remainder(input: Any, other: Any) -> Tensor:
    """What is left of input / other, of other's sign."""
    if not isinstance(input, Tensor):
        return ops.remainder_base(input, other)
    return (ops.remainder if isinstance(other, Tensor) else ops.remainder_number)(input, other)


@public(IN_PLACE)
def fmod(input: Tensor, other: Any) -> Tensor:
    """What is left of input / other, of input's sign."""
    return ops.fmod(input, other) if isinstance(other, Tensor) else ops.fmod_number(input, other)


# ---- powers ----------------------------------------------------------------------------------


def _pow(xp: Any, x: Any, exponent: Any) -> Any:
    if exponent == 2:
        return xp.square(x)
    if exponent == 1:
        return xp.positive(x)
    if exponent == 0.5:
        return xp.sqrt(x)
    return xp.power(x, exponent)


def _pow_rule(ns: Any, g: Any, x: Any, exponent: float) -> Any:
    if exponent == 2 and type(x) is np.ndarray:  # of numbers, x is as good as x**1
        return g * (x + x)
    if exponent == 0:
        return ns.zeros_like(g)
    power = ns.pow(x, exponent - 1)
    return g * (power + power if exponent == 2 else power * exponent)


def _whole_power(negative: bool) -> None:
    if negative:
        raise RuntimeError("Integers to negative integer powers are not allowed.")


def _pow_tensor(xp: Any, a: Any, b: Any) -> Any:
    _whole_power(a.dtype.kind in "iu" and bool((b < 0).any()))
    return xp.power(a, b)


def _pow_base(xp: Any, x: Any, base: float) -> Any:
    return xp.power(xp.asarray(base, dtype=x.dtype), x)


def _pow_base_rule(ns: Any, g: Any, x: Any, out: Any, base: Any) -> Any:
    if is_complex(x) and base != 0:  # of the conjugates: that of a real base has imaginary part -0
        return g * (out * cmath.log(base if type(base) is complex else complex(base, -0.0)))
    if is_complex(x):
        return g * ns.where(_at_least_zero(ns, x), 0, out * -math.inf)
    if base > 0:
        return g * (out * math.log(base))
    if base == 0:
        return g * ns.where(x >= 0, 0, out * -math.inf)
    return g * (out * math.nan)


def _at_least_zero(ns: Any, x: Any) -> Any:
    return (ns.real(x) >= 0) & (ns.imag(x) == 0) if is_complex(x) else x >= 0


# fmt: off
_NO_BOOLS = {"b": "pow"}
_POSITIVE = {"guard": "{x}.clamp(min=1e-12)"}
op("pow(x; exponent)", _pow, elementwise=True, written="x ** exponent", node="PowBackward0",
   halves="rounded", facts=_POSITIVE,
   check=lambda x, exponent: _whole_power(x.dtype.kind in "iu" and exponent < 0), x=_pow_rule)
op("pow_tensor(a, b)", _pow_tensor, elementwise=True, written="a ** b", node="PowBackward1",
   refuses=_NO_BOOLS, facts={"guard": "{a}.clamp(min=1e-12)"},
   a=lambda ns, g, a, b: ns.where(b == 0, 0, g * (b * a ** (b - 1))),
   b=lambda ns, g, a, b, out: (
       g * ns.where((a == 0) & _at_least_zero(ns, b), 0, out * ns.log(a))))
op("pow_base(x; base)", _pow_base, elementwise=True, written="base ** x", node="PowBackward2",
   refuses=_NO_BOOLS, halves="rounded", x=_pow_base_rule)
# fmt: on


@public(IN_PLACE)
def pow(input: Any, exponent: Any) -> Tensor:
    """input ** exponent; either may be a number."""
    if (type(exponent) is int or type(exponent) is float) and input.array.dtype.kind == "f":
        return ops.pow(input, exponent)
    if type(exponent) is not Tensor:
        return _power(input, exponent)
    return ops.pow_tensor(input, exponent) if type(input) is Tensor else power_of(input, exponent)


def _power(x: Tensor, exponent: Any) -> Tensor:
    if type(exponent) in (int, float) and x.array.dtype.kind in "fV":
        return ops.pow(x, exponent)
    if not isinstance(exponent, NUMBER):
        raise TypeError(
            f"unsupported operand type(s) for ** or pow(): 'Tensor' and '{type(exponent).__name__}'"
        )
    x = widened(x, exponent)
    if is_bool(x):
        return ops.clone(x) if exponent else ops.ones_like(x)
    return ops.pow(x, exponent)


def power_of(base: Any, x: Tensor) -> Tensor:
    """base ** x of a number."""
    return ops.pow_base(widened(x, base), base)


@public(EVERYWHERE)
def square(input: Tensor) -> Tensor:
    """input * input."""
    return ops.pow(widened(input, 2) if is_bool(input) else input, 2)
