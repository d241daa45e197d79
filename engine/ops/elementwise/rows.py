"""Functions applied element by element; operands are promoted and broadcast by the driver.

Subgradients at kinks are PyTorch's: relu'(0) = 0, |.|'(0) = 0, sign, floor and round are flat,
clamp keeps the gradient at its bounds, maximum and minimum share it between equal operands.
"""

from __future__ import annotations

import cmath
import math
from itertools import pairwise
from typing import Any

import numpy as np

from engine.arrays.promotion import category, is_half
from engine.arrays.row import Rule, non_differentiable, op, passed, truth
from engine.dispatch.dtype_variants import is_complex
from engine.dispatch.errors.kinds import no_kernel, only_for

# ---- arithmetic ------------------------------------------------------------------------------


def broadcast_error(*arrays: Any) -> None:
    """Raise PyTorch's error for operands whose shapes do not broadcast."""
    shapes = [a.shape for a in arrays if hasattr(a, "shape")]
    for a, b in pairwise(shapes):
        ndim = max(len(a), len(b))
        wide_a, wide_b = (1,) * (ndim - len(a)) + a, (1,) * (ndim - len(b)) + b
        for dim in reversed(range(ndim)):
            if wide_a[dim] != wide_b[dim] and 1 not in (wide_a[dim], wide_b[dim]):
                error = RuntimeError(
                    f"The size of tensor a ({wide_a[dim]}) must match the size of tensor b "
                    f"({wide_b[dim]}) at non-singleton dimension {dim}"
                )
                error.operand = 1  # type: ignore[attr-defined]
                raise error


def _elementwise(signature: str, forward: Any, **options: Any) -> None:
    op(signature, forward, elementwise=True, check=broadcast_error, **options)


def _operator(signature: str, forward: Any, **options: Any) -> None:
    """A row that an operator of Python stands for: a number may be an operand."""
    _elementwise(signature, forward, numbers=True, **options)


_operator("add(a, b)", "add", written="a + b", a=passed, b=passed)
_operator("sub(a, b)", "subtract", written="a - b",
          a=passed,
          b=lambda ns, g: -g)  # fmt: skip
_elementwise("rsub(x; other)", lambda xp, x, other: other - x, written="other - x",
             node="RsubBackward1", x=lambda ns, g: -g)  # fmt: skip
_elementwise("rsub_tensor(a, b)", lambda xp, a, b: b - a, written="b - a", node="RsubBackward0",
             a=lambda ns, g: -g,
             b=passed)  # fmt: skip
_operator("mul(a, b)", "multiply", written="a * b",
          a=lambda ns, g, b: g * b,
          b=lambda ns, g, a: g * a)  # fmt: skip
_operator("div(a, b)", "true_divide", written="a / b", floats=True,
          a=lambda ns, g, b: g / b,
          b=lambda ns, g, a, b: -g * ((a / b) / b))  # fmt: skip
op("div_number(x; other)", lambda xp, x, other: x / other, written="x / other", elementwise=True,
   node="DivBackward1", x=lambda ns, g, other: g / other)  # fmt: skip


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


def _pow_check(x: Any, exponent: Any) -> None:
    if x.dtype.kind in "iu" and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")


op("pow(x; exponent)", _pow, written="x ** exponent", node="PowBackward0", elementwise=True,
   check=_pow_check, x=_pow_rule)  # fmt: skip


def _refuse_bools(name: str, a: Any) -> None:
    if a.dtype.kind == "b":
        raise NotImplementedError(f"\"{name}\" not implemented for 'Bool'")


def _pow_tensor(xp: Any, a: Any, b: Any) -> Any:
    _refuse_bools("pow", a)
    if a.dtype.kind in "iu" and (b < 0).any():
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    return xp.power(a, b)


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


_elementwise("pow_tensor(a, b)", _pow_tensor, written="a ** b", node="PowBackward1",
             a=lambda ns, g, a, b: ns.where(b == 0, 0, g * (b * a ** (b - 1))),
             b=lambda ns, g, a, b, out: (
                 g * ns.where((a == 0) & _at_least_zero(ns, b), 0, out * ns.log(a))))  # fmt: skip


def _at_least_zero(ns: Any, x: Any) -> Any:
    return (ns.real(x) >= 0) & (ns.imag(x) == 0) if is_complex(x) else x >= 0


def _pow_base(xp: Any, x: Any, base: float) -> Any:
    _refuse_bools("pow", x)
    return xp.power(xp.asarray(base, dtype=x.dtype), x)


_elementwise("pow_base(x; base)", _pow_base, written="base ** x", node="PowBackward2",
             x=_pow_base_rule)  # fmt: skip


def _neg(xp: Any, x: Any) -> Any:
    if x.dtype.kind == "b":
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to "
            "invert a mask, use the `~` or `logical_not()` operator instead."
        )
    return xp.negative(x)


def _whole(name: str) -> Any:
    """A bitwise function, of integers and (unless it shifts) truth values alone."""
    if name.endswith("_shift"):
        return only_for("iu", f"{name[0]}shift_cpu", lambda xp, a, b: getattr(xp, name)(a, b))

    def forward(xp: Any, *operands: Any) -> Any:
        if operands[0].dtype.kind not in "biu":
            kernel = "bitwise_not" if name == "invert" else name
            raise no_kernel(f"{kernel}_cpu", operands[0].dtype)
        return getattr(xp, name)(*operands)

    return forward


_elementwise("neg(x)", _neg, written="-x", x=lambda ns, g: -g)


def direction(ns: Any, x: Any) -> Any:
    """x / |x|, and 0 where that is 0."""
    return ns.sgn(x) if is_complex(x) else ns.sign(x)


_elementwise("abs(x)", "abs", x=lambda ns, g, x: g * direction(ns, x))


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


def _remainder(xp: Any, a: Any, b: Any) -> Any:
    _refuse_bools("remainder_cpu", a)
    _check_divisor(xp, a, b)
    return xp.remainder(a, b)


def _fmod(xp: Any, a: Any, b: Any) -> Any:
    _refuse_bools("fmod_cpu", a)
    _check_divisor(xp, a, b)
    return xp.fmod(a, b)


def _check_divisor(xp: Any, a: Any, b: Any) -> None:
    if category(a.dtype) < 2 and not xp.all(b):
        raise RuntimeError("ZeroDivisionError")


def _floor_divide(xp: Any, a: Any, b: Any) -> Any:
    _refuse_bools("div_floor_cpu", a)
    _check_divisor(xp, a, b)
    return xp.floor_divide(a, b)


def _trunc_divide(xp: Any, a: Any, b: Any) -> Any:
    _refuse_bools("div_trunc_cpu", a)
    if category(a.dtype) == 2:
        return xp.trunc(a / b)
    _check_divisor(xp, a, b)
    return xp.sign(a) * xp.sign(b) * (abs(a) // abs(b))


_elementwise("remainder(a, b)", _remainder, written="a % b", node="RemainderBackward1",
             a=passed,
             b=lambda ns, g, a, b: -g * ns.div_floor(a, b))  # fmt: skip
_operator("remainder_number(a, b)", _remainder, written="a % b", node="RemainderBackward0",
          a=passed, b=non_differentiable)  # fmt: skip
_elementwise("fmod(a, b)", _fmod, node="FmodBackward1",
             a=passed,
             b=lambda ns, g, a, b: -g * ns.div_trunc(a, b))  # fmt: skip
_operator("fmod_number(a, b)", _fmod, written="fmod(a, b)", node="FmodBackward0",
          a=passed, b=non_differentiable)  # fmt: skip
_operator("remainder_base(a, b)", _remainder, written="a % b", node="NotImplemented",
          a=non_differentiable, b=no_derivative("remainder"))  # fmt: skip
_operator("floor_divide(a, b)", _floor_divide, written="a // b", node="NotImplemented",
          a=no_derivative("floor_divide"), b=no_derivative("floor_divide"))  # fmt: skip
for _name, _forward in (("floor", _floor_divide), ("trunc", _trunc_divide)):
    _operator(f"div_{_name}(a, b)", _forward, node="DivBackward2",
                 written=f"div(a, b, rounding_mode='{_name}')",
                 a=lambda ns, g: ns.zeros_like(g), b=lambda ns, g: ns.zeros_like(g))  # fmt: skip

# ---- exponentials, logarithms, roots ---------------------------------------------------------


def _unary(name: str, forward: Any, rule: Rule, **options: Any) -> None:
    """A row of one floating operand x."""
    op(f"{name}(x)", forward, elementwise=True, floats=True, x=rule, **options)


_unary("exp", "exp", lambda ns, g, out: g * out)
_unary("expm1", "expm1", lambda ns, g, out: g * (out + 1))
_unary("exp2", "exp2", lambda ns, g, out: g * (out * math.log(2)))
_unary("log", "log", lambda ns, g, x: g / x)
_unary("log1p", "log1p", lambda ns, g, x: g / (x + 1), node="Log1PBackward0")
_unary("log2", "log2", lambda ns, g, x: g / (x * math.log(2)))
_unary("log10", "log10", lambda ns, g, x: g / (x * math.log(10)))
_unary("sqrt", "sqrt", lambda ns, g, out: g / (2 * out))
_unary("rsqrt", lambda xp, x: xp.reciprocal(xp.sqrt(x)), lambda ns, g, out: -0.5 * g * out**3)
_unary("reciprocal", "reciprocal", lambda ns, g, out: -g * (out * out), written="1 / x")

# ---- trigonometry ----------------------------------------------------------------------------

_unary("sin", "sin", lambda ns, g, x: g * ns.cos(x))
_unary("cos", "cos", lambda ns, g, x: g * -ns.sin(x))
_unary("tan", "tan", lambda ns, g, out: g * (1 + out**2))
_unary("asin", "arcsin", lambda ns, g, x: g * ns.rsqrt(1 - x * x))
_unary("acos", "arccos", lambda ns, g, x: g * -ns.rsqrt(1 - x * x))
_unary("atan", "arctan", lambda ns, g, x: g / (x * x + 1))
_unary("sinh", "sinh", lambda ns, g, x: g * ns.cosh(x))
_unary("cosh", "cosh", lambda ns, g, x: g * ns.sinh(x))
_unary("tanh", "tanh", lambda ns, g, out: g * (1 - out * out))
_unary("asinh", "arcsinh", lambda ns, g, x: g * ns.rsqrt(x * x + 1))


def _acosh_rule(ns: Any, g: Any, x: Any) -> Any:
    if is_complex(x):  # one root of the product would be on the wrong branch
        return g * (ns.rsqrt(x - 1) * ns.rsqrt(x + 1))
    return g * ns.rsqrt(x * x - 1)


_unary("acosh", "arccosh", _acosh_rule)
_unary("atanh", "arctanh", lambda ns, g, x: g / (1 - x * x))
for _name in ("asinh", "acosh", "atanh"):
    _unary(f"{_name}_", f"arc{_name[1:]}", unknown(f"inplace version of {_name}"),
           node=f"{_name.capitalize()}Backward1", written=f"{_name}(x)")  # fmt: skip


def _over_square(ns: Any, a: Any, b: Any) -> Any:
    """1 / (a**2 + b**2), and 0 at the origin."""
    square = a * a + b * b
    return ns.where(square == 0, 0, 1 / square)


_elementwise("atan2(a, b)", "arctan2", floats=True,
             a=lambda ns, g, a, b: g * (b * _over_square(ns, a, b)),
             b=lambda ns, g, a, b: g * (-a * _over_square(ns, a, b)))  # fmt: skip

# ---- activations -----------------------------------------------------------------------------


def _sigmoid(xp: Any, x: Any) -> Any:
    return xp.reciprocal(1 + xp.exp(-x))


def _softplus(xp: Any, x: Any, beta: float, threshold: float) -> Any:
    scaled = x * beta
    return xp.where(scaled > threshold, x, xp.log1p(xp.exp(xp.minimum(scaled, threshold))) / beta)


_unary("sigmoid", _sigmoid, lambda ns, g, out: g * (out * (1 - out)))
_ZEROS = {np.dtype(kind): np.zeros((), kind) for kind in ("f4", "f8")}


def _zero(x: Any) -> Any:
    """0 of x's dtype; the common ones made once."""
    zero = _ZEROS.get(x.dtype)
    return x.dtype.type(0) if zero is None else zero


def _kept_above(xp: Any, g: Any, x: Any) -> Any:
    """g where x > 0 or x is nan; 0 elsewhere."""
    zero = _zero(x)
    return xp.where(x <= zero, zero, g)


op("relu(x)", lambda xp, x: xp.maximum(_zero(x), x), elementwise=True,
   x=lambda ns, g, out: ns.relu_backward(g, out))  # fmt: skip
op("relu_backward(g, x)", _kept_above,
   written="where(x > 0, g, 0)", node="ThresholdBackwardBackward0",
   g=lambda ns, g, x: ns.relu_backward(g, x),
   x=lambda ns, g: ns.zeros_like(g))  # fmt: skip
op("softplus(x; beta, threshold)", _softplus, elementwise=True, floats=True,
   x=lambda ns, g, x, beta, threshold: (
       g * ns.where(x * beta > threshold, 1, ns.sigmoid(x * beta))))  # fmt: skip

# ---- comparing and choosing ------------------------------------------------------------------

_elementwise("maximum(a, b)", "maximum",
             a=lambda ns, g, a, b: ns.where(a < b, 0, ns.where(a == b, g / 2, g)),
             b=lambda ns, g, a, b: ns.where(b < a, 0, ns.where(a == b, g / 2, g)))  # fmt: skip
_elementwise("minimum(a, b)", "minimum",
             a=lambda ns, g, a, b: ns.where(a > b, 0, ns.where(a == b, g / 2, g)),
             b=lambda ns, g, a, b: ns.where(b > a, 0, ns.where(a == b, g / 2, g)))  # fmt: skip


def _clamp(xp: Any, x: Any, low: float | None, high: float | None) -> Any:
    if low is not None:
        x = xp.maximum(x, xp.asarray(low, dtype=x.dtype))
    return x if high is None else xp.minimum(x, xp.asarray(high, dtype=x.dtype))


def _inside(x: Any, low: Any, high: Any) -> Any:
    if low is None:
        return x <= high
    return x >= low if high is None else (x >= low) & (x <= high)


op("clamp(x; min, max)", _clamp, elementwise=True, node="ClampBackward1",
   x=lambda ns, g, x, min, max: ns.keep(g, _inside(x, min, max)))  # fmt: skip


op("clamp_min(x; min)", lambda xp, x, min: xp.maximum(x, xp.asarray(min, dtype=x.dtype)),
   elementwise=True, x=lambda ns, g, x, min: ns.keep(g, x >= min))  # fmt: skip
op("clamp_max(x; max)", lambda xp, x, max: xp.minimum(x, xp.asarray(max, dtype=x.dtype)),
   elementwise=True, x=lambda ns, g, x, max: ns.keep(g, x <= max))  # fmt: skip


def _clamp_tensor(xp: Any, x: Any, low: Any, high: Any) -> Any:
    if low is not None:
        x = xp.maximum(x, low)
    return x if high is None else xp.minimum(x, high)


_operator("clamp_tensor(x, low, high)", _clamp_tensor, node="ClampBackward0",
          x=lambda ns, g, x, low, high: ns.keep(g, _inside(x, low, high)),
          low=lambda ns, g, x, low, high: ns.keep(
                 g, x < low if high is None else (x < low) & (low < high)),
          high=lambda ns, g, x, low, high: ns.keep(
                 g, x > high if low is None else (x > high) | (low > high)))  # fmt: skip


_elementwise("clamp_min_tensor(x, bound)", "maximum", node="ClampMinBackward1",
             written="clamp_min(x, bound)",
             x=lambda ns, g, x, bound: ns.keep(g, x >= bound),
             bound=lambda ns, g, x, bound: ns.keep(g, x < bound))  # fmt: skip
_elementwise("clamp_max_tensor(x, bound)", "minimum", node="ClampMaxBackward1",
             written="clamp_max(x, bound)",
             x=lambda ns, g, x, bound: ns.keep(g, x <= bound),
             bound=lambda ns, g, x, bound: ns.keep(g, x > bound))  # fmt: skip


def _where(xp: Any, condition: Any, a: Any, b: Any) -> Any:
    return xp.where(condition, a, b)


op("keep(x, mask)", lambda xp, x, mask: xp.where(mask, x, _zero(x)),
   written="where(mask, x, 0)", check=broadcast_error,
   x=lambda ns, g, mask: ns.keep(g, mask), mask=truth)  # fmt: skip
_operator("where(condition, a, b)", _where,
          condition=truth,
          a=lambda ns, g, condition: ns.keep(g, condition),
          b=lambda ns, g, condition: ns.keep(g, ~condition))  # fmt: skip


def _lerp(xp: Any, a: Any, b: Any, weight: Any) -> Any:
    return a + weight * (b - a) if abs(weight) < 0.5 else b - (b - a) * (1 - weight)


def _lerp_tensor(xp: Any, a: Any, b: Any, weight: Any) -> Any:
    return xp.where(abs(weight) < 0.5, a + weight * (b - a), b - (b - a) * (1 - weight))


_elementwise("lerp(a, b; weight)", only_for("fcV", "lerp_kernel_scalar", _lerp),
             a=lambda ns, g, weight: g * (1 - weight),
             b=lambda ns, g, weight: g * weight)  # fmt: skip
_elementwise("lerp_tensor(a, b, weight)", only_for("fcV", "lerp_kernel_tensor", _lerp_tensor),
             node="LerpBackward1",
             a=lambda ns, g, weight: g * (1 - weight),
             b=lambda ns, g, weight: g * weight,
             weight=lambda ns, g, a, b: g * (b - a))  # fmt: skip

for _name, _function, _mark in (
    ("eq", "equal", "=="), ("ne", "not_equal", "!="), ("lt", "less", "<"),
    ("le", "less_equal", "<="), ("gt", "greater", ">"), ("ge", "greater_equal", ">="),
):  # fmt: skip
    _operator(f"{_name}(a, b)", _function, written=f"a {_mark} b",
              a=non_differentiable, b=non_differentiable)  # fmt: skip

for _name, _mark in (("and", "&"), ("or", "|"), ("xor", "^")):
    _elementwise(f"logical_{_name}(a, b)", f"logical_{_name}",
                 a=non_differentiable, b=non_differentiable)  # fmt: skip
    _operator(f"bitwise_{_name}(a, b)", _whole(f"bitwise_{_name}"), written=f"a {_mark} b",
              a=non_differentiable, b=non_differentiable)  # fmt: skip
for _name, _mark in (("left", "<<"), ("right", ">>")):
    _operator(f"bitwise_{_name}_shift(a, b)", _whole(f"{_name}_shift"), written=f"a {_mark} b",
              a=non_differentiable, b=non_differentiable)  # fmt: skip
_elementwise("bitwise_not(x)", _whole("invert"), written="~x", x=non_differentiable)
for _name in ("logical_not", "isnan", "isinf", "isfinite"):
    _elementwise(f"{_name}(x)", _name, x=non_differentiable)

# ---- piecewise constant ----------------------------------------------------------------------


def sign_of(xp: Any, x: Any) -> Any:
    """-1, 0 or 1; 0 for nan, where NumPy has nan."""
    if x.dtype.kind != "f":
        return xp.array(x) if x.dtype.kind == "b" else xp.sign(x)
    return (x > 0).astype(x.dtype) - (x < 0).astype(x.dtype)


_STEPS: tuple[tuple[str, Any], ...] = (
    ("sign", sign_of), ("floor", "floor"), ("ceil", "ceil"), ("trunc", "trunc"), ("round", "round"),
)  # fmt: skip
for _name, _step in _STEPS:
    op(f"{_name}(x)", _step, elementwise=True, x=lambda ns, g: ns.zeros_like(g))


def _round_decimals(xp: Any, x: Any, decimals: int) -> Any:
    if x.dtype.kind not in "fV":
        raise no_kernel("round_cpu" if decimals else "round_vml_cpu", x.dtype)
    scale = xp.power(x.dtype.type(10), x.dtype.type(abs(decimals)))
    return xp.round(x / scale) * scale if decimals < 0 else xp.round(x * scale) / scale


op("round_decimals(x; decimals)", _round_decimals, elementwise=True, node="RoundBackward1",
   written="round(x, decimals=decimals)", x=lambda ns, g: ns.zeros_like(g))  # fmt: skip

# ---- the same numbers ------------------------------------------------------------------------


def _cast(xp: Any, x: Any, dtype: Any) -> Any:
    if x.dtype.kind == "c" and dtype.kind not in "cb":
        x = x.real  # NumPy would warn, and once a call is no place for it
    if is_half(dtype) and x.dtype.itemsize > 4:
        x = x.astype(np.float32)  # PyTorch rounds twice
    return x.astype(dtype)


op("clone(x)", lambda xp, x: xp.array(x, copy=True), x=passed)
op("to_copy(x; dtype)", _cast, written="x.to(dtype)",
   x=lambda ns, g, x_dtype: ns.to_copy(g, x_dtype))  # fmt: skip
op("zeros_like(x)", "zeros_like", x=non_differentiable)
op("ones_like(x)", "ones_like", x=non_differentiable)
op("fill(x; value)", lambda xp, x, value: xp.full(x.shape, value, dtype=x.dtype),
   node="FillBackward2",
   x=lambda ns, g: ns.zeros_like(g))  # fmt: skip
op("zero(x)", "zeros_like", x=lambda ns, g: ns.zeros_like(g))
op("beside(g0, x)", lambda xp, g0, x: g0, written="g0",
   g0=passed, x=lambda ns, g, x: ns.zeros_like(x))  # fmt: skip
"""g0, a gradient whose node in PyTorch takes x as well: its derivative by x is 0, not missing."""
