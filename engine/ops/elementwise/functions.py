"""Functions of one number, element by element: exponentials, logarithms, roots, angles, steps."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from engine.dispatch.dtype_variants import is_complex
from engine.dispatch.errors.kinds import no_kernel
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import EVERYWHERE, IN_PLACE, op
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.elementwise.arithmetic import unknown, zero_rule

_ON_SPECIAL = f"{EVERYWHERE} special"
_floats = partial(op, elementwise=True, floats=True, where=EVERYWHERE)
"""A function whose result is floating, also of whole numbers."""
_POSITIVE = {"guard": "{x}.clamp(min=1e-12)"}
_INSIDE = {"guard": "{x}.clamp(-0.999999, 0.999999)"}
"""What keeps an operand where the slope is finite."""

# ---- exponentials, logarithms, roots ---------------------------------------------------------

# fmt: off
_floats("exp(x)", "exp", "exp(input), element by element.", latex="e^{#1}",
        facts={"guard": "{x} - {x}.max()"}, x=lambda ns, g, out: g * out)
_floats("expm1(x)", "expm1", "exp(input) - 1, exact near 0.", where=_ON_SPECIAL,
        x=lambda ns, g, out: g * (out + 1))
_floats("exp2(x)", "exp2", "2**input, element by element.", where=_ON_SPECIAL,
        x=lambda ns, g, out: g * (out * math.log(2)))
_floats("log(x)", "log", "The natural logarithm of input.", facts=_POSITIVE, latex=r"\log",
        x=lambda ns, g, x: g / x)
_floats("log1p(x)", "log1p", "log(1 + input), exact near 0.", where=_ON_SPECIAL,
        node="Log1PBackward0", x=lambda ns, g, x: g / (x + 1))
_floats("log2(x)", "log2", "The logarithm of input to base 2.",
        facts=_POSITIVE, x=lambda ns, g, x: g / (x * math.log(2)))
_floats("log10(x)", "log10", "The logarithm of input to base 10.",
        facts=_POSITIVE, x=lambda ns, g, x: g / (x * math.log(10)))
_floats("sqrt(x)", "sqrt", "The square root of input.", facts=_POSITIVE, latex=r"\sqrt{#1}",
        x=lambda ns, g, out: g / (2 * out))
_floats("rsqrt(x)", lambda xp, x: xp.reciprocal(xp.sqrt(x)), "1 / sqrt(input).",
        facts=_POSITIVE, x=lambda ns, g, out: -0.5 * g * out**3)
_floats("reciprocal(x)", "reciprocal", "1 / input.", written="1 / x",
        facts={"guard": "where({x} == 0, 1.0, {x})"}, x=lambda ns, g, out: -g * (out * out))

# ---- trigonometry ----------------------------------------------------------------------------

_floats("sin(x)", "sin", "sin(input), element by element.", latex=r"\sin",
        x=lambda ns, g, x: g * ns.cos(x))
_floats("cos(x)", "cos", "The cosine of input.", latex=r"\cos", x=lambda ns, g, x: g * -ns.sin(x))
_floats("tan(x)", "tan", "The tangent of input.", latex=r"\tan",
        x=lambda ns, g, out: g * (1 + out**2))
_floats("asin(x)", "arcsin", "The angle whose sine is input.", names="asin arcsin",
        facts=_INSIDE, latex=r"\arcsin", x=lambda ns, g, x: g * ns.rsqrt(1 - x * x))
_floats("acos(x)", "arccos", "The angle whose cosine is input.", names="acos arccos",
        facts=_INSIDE, latex=r"\arccos", x=lambda ns, g, x: g * -ns.rsqrt(1 - x * x))
_floats("atan(x)", "arctan", "The angle whose tangent is input.", names="atan arctan",
        latex=r"\arctan", x=lambda ns, g, x: g / (x * x + 1))
_floats("sinh(x)", "sinh", "The hyperbolic sine of input.", latex=r"\sinh",
        x=lambda ns, g, x: g * ns.cosh(x))
_floats("cosh(x)", "cosh", "The hyperbolic cosine of input.", latex=r"\cosh",
        x=lambda ns, g, x: g * ns.sinh(x))
_floats("tanh(x)", "tanh", "The hyperbolic tangent of input.", where=f"{EVERYWHERE} F",
        latex=r"\tanh", facts={"saturates": "far from 0"}, x=lambda ns, g, out: g * (1 - out * out))


def _acosh_rule(ns: Any, g: Any, x: Any) -> Any:
    if is_complex(x):  # one root of the product would be on the wrong branch
        return g * (ns.rsqrt(x - 1) * ns.rsqrt(x + 1))
    return g * ns.rsqrt(x * x - 1)


for _name, _rule in (
    ("sinh", lambda ns, g, x: g * ns.rsqrt(x * x + 1)),
    ("cosh", _acosh_rule),
    ("tanh", lambda ns, g, x: g / (1 - x * x)),
):
    _floats(f"a{_name}_(x)", f"arc{_name}", node=f"A{_name}Backward1", written=f"a{_name}(x)",
            x=unknown(f"inplace version of a{_name}"))
    _floats(f"a{_name}(x)", f"arc{_name}",
            f"The number whose hyperbolic function {_name} is input.",
            names=f"a{_name} arc{_name}", x=_rule)


def _over_square(ns: Any, a: Any, b: Any) -> Any:
    """1 / (a**2 + b**2), and 0 at the origin."""
    square = a * a + b * b
    return ns.where(square == 0, 0, 1 / square)


_floats("atan2(a, b)", "arctan2", "The angle of the point (other, input).",
        names="atan2 arctan2", where=IN_PLACE, refuses={"c": "atan2_cpu"},
        a=lambda ns, g, a, b: g * (b * _over_square(ns, a, b)),
        b=lambda ns, g, a, b: g * (-a * _over_square(ns, a, b)))

_floats("erf(x)", "erf", "The error function, element by element.", where=_ON_SPECIAL,
        x=lambda ns, g, x: g * (2 / math.sqrt(math.pi)) * ns.exp(-x * x),
        refuses={"c": "erf_vml_cpu"})

# ---- sizes, signs and steps ------------------------------------------------------------------


def direction(ns: Any, x: Any) -> Any:
    """x / |x|, and 0 where that is 0."""
    return ns.sgn(x) if is_complex(x) else ns.sign(x)


def sign_of(xp: Any, x: Any) -> Any:
    """-1, 0 or 1; 0 for nan, where NumPy has nan."""
    if x.dtype.kind != "f":
        return xp.array(x) if x.dtype.kind == "b" else xp.sign(x)
    return (x > 0).astype(x.dtype) - (x < 0).astype(x.dtype)


op("abs(x)", "abs", "The size of input, without its sign.", where=EVERYWHERE,
   names="abs absolute", elementwise=True, latex=r"\left|#1\right|", refuses={"b": "abs_cpu"},
   x=lambda ns, g, x: g * direction(ns, x))
op("sign(x)", sign_of, "-1, 0 or 1, as input is negative, 0 or positive.", where=IN_PLACE,
   elementwise=True, latex=r"\operatorname{sgn}",
   facts={"stairs": "-1, 0, 1", "smooth": "tanh({x})"},
   x=zero_rule,
   refuses={"c": (NotImplementedError,
                  "Unlike NumPy, torch.sign is not intended to support complex numbers. Please "
                  "use torch.sgn instead.")})
_STAIRS = {"stairs": "whole numbers"}
for _name, _text in (
    ("floor", "The largest whole number not above input."),
    ("ceil", "The smallest whole number not below input."),
    ("trunc", "input without its fraction."),
):
    _only = (NotImplementedError, f"{_name} is not supported for complex inputs")
    op(f"{_name}(x)", _name, _text, where=EVERYWHERE, elementwise=True, x=zero_rule, facts=_STAIRS,
       names="trunc fix" if _name == "trunc" else _name,
       refuses={"b": f"{_name}_vml_cpu", "c": _only})


def _round_decimals(xp: Any, x: Any, decimals: int) -> Any:
    if x.dtype.kind not in "fV":
        raise no_kernel("round_cpu" if decimals else "round_vml_cpu", x.dtype)
    scale = xp.power(x.dtype.type(10), x.dtype.type(abs(decimals)))
    return xp.round(x / scale) * scale if decimals < 0 else xp.round(x * scale) / scale


op("round(x)", "round", elementwise=True, x=zero_rule, facts=_STAIRS,
   refuses={"b": "round_vml_cpu", "c": "round_vml_cpu"})
op("round_decimals(x; decimals)", _round_decimals, elementwise=True, node="RoundBackward1",
   written="round(x, decimals=decimals)", x=zero_rule)
# fmt: on


@public(EVERYWHERE)
def round(input: Tensor, *, decimals: int | None = None) -> Tensor:
    """input rounded to the nearest integer, halves to even; or to so many decimals."""
    return ops.round(input) if decimals is None else ops.round_decimals(input, decimals)


@public("special", "round")
def _special_round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """input rounded to so many decimals, halves to even."""
    return ops.round_decimals(input, decimals)
