"""Further functions element by element: parts of numbers, guarded sums, shifts, divisors."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.row import non_differentiable, passed
from engine.dispatch.errors.kinds import only_for
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import EVERYWHERE, IN_PLACE, op
from engine.dispatch.results import named
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.elementwise.arithmetic import no_derivative, pow

_row = partial(op, elementwise=True)
_floats = partial(op, elementwise=True, floats=True)


def _floating(name: str) -> Any:
    """A forward that PyTorch has for floating numbers alone."""
    return only_for("fc", f"{name}_cpu", lambda xp, *arrays: getattr(xp, name)(*arrays))


# ---- fused sums ------------------------------------------------------------------------------

_row(
    "addcmul(input, tensor1, tensor2; value)",
    lambda xp, input, tensor1, tensor2, value: input + value * (tensor1 * tensor2),
    written="input + value*tensor1*tensor2",
    input=passed,
    tensor1=lambda ns, g, tensor2, value: g * (tensor2 * value),
    tensor2=lambda ns, g, tensor1, value: g * (tensor1 * value),
    refuses={"b": "addcmul_cpu_out"},
)
_row(
    "addcdiv(input, tensor1, tensor2; value)",
    lambda xp, input, tensor1, tensor2, value: input + value * (tensor1 / tensor2),
    written="input + value*tensor1/tensor2",
    input=passed,
    tensor1=lambda ns, g, tensor2, value: g * (value / tensor2),
    tensor2=lambda ns, g, tensor1, tensor2, value: -g * (value * tensor1 / (tensor2 * tensor2)),
)


@public(IN_PLACE)
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """input + value * tensor1 * tensor2."""
    return ops.addcmul(input, tensor1, tensor2, value)


@public(IN_PLACE)
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """input + value * tensor1 / tensor2."""
    kinds = {
        tensor1.array.dtype.kind,
        tensor2.array.dtype.kind,
    }
    if kinds <= set("biu"):
        raise RuntimeError(_ADDCDIV)
    return ops.addcdiv(input, tensor1, tensor2, value)


_ADDCDIV = (
    "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will "
    "perform a true division of tensor1 and tensor2. The historic addcdiv behavior can be "
    "implemented as (input + value * torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer "
    "inputs and as (input + value * tensor1 / tensor2) for float inputs. The future addcdiv "
    "behavior is just the latter implementation: (input + value * tensor1 / tensor2), for all "
    "dtypes."
)

# ---- magnitudes and signs --------------------------------------------------------------------


def _copysign_rule(ns: Any, g: Any, a: Any, out: Any) -> Any:
    return g * ns.where(a == 0, 0, out / a)


for _name, _b in (
    ("copysign", lambda ns, g: ns.zeros_like(g)),
    ("copysign_number", non_differentiable),
):
    op(
        f"{_name}(a, b)",
        "copysign",
        elementwise=True,
        floats=True,
        numbers=True,
        refuses={"c": "copysign_cpu"},
        node=f"CopysignBackward{'number' in _name:d}",
        written="copysign(a, b)",
        a=_copysign_rule,
        b=_b,
    )


@public(IN_PLACE)
def copysign(input: Tensor, other: Any) -> Tensor:
    """The size of input with the sign of other, a Tensor or a number."""
    if not isinstance(input, Tensor) or not isinstance(other, (Tensor, bool, int, float, complex)):
        raise TypeError("one of them is no Tensor")
    row = ops.copysign if isinstance(other, Tensor) else ops.copysign_number
    return row(input, other)


_row(
    "hypot(a, b)",
    _floating("hypot"),
    "sqrt(input**2 + other**2), without overflow.",
    where=IN_PLACE,
    a=lambda ns, g, a, out: g * (a / out),
    b=lambda ns, g, b, out: g * (b / out),
    refuses={"c": "hypot_cpu"},
)


def _extreme(name: str, adjective: str, first: Any) -> None:
    """The larger or smaller of two, where a number beats nan; `first` tells where it is a."""
    _row(
        f"{name}(a, b)",
        name,
        f"The {adjective} of input and other; a number beats nan.",
        refuses={"c": (RuntimeError, f"{name} not implemented for complex tensors.")},
        a=lambda ns, g, a, b: ns.keep(g, first(a, b) | ns.isnan(b)),
        b=lambda ns, g, a, b: ns.keep(g, ~(first(a, b) | ns.isnan(b))),
    )


_extreme("fmax", "larger", lambda a, b: a >= b)
_extreme("fmin", "smaller", lambda a, b: a <= b)


def _heaviside(xp: Any, a: Any, b: Any) -> Any:
    return xp.where(a == 0, b, (a > 0).astype(b.dtype))


_no_heaviside = no_derivative("heaviside")
_row(
    "heaviside(a, b)",
    _heaviside,
    node="NotImplemented",
    a=_no_heaviside,
    b=_no_heaviside,
    refuses={"c": (RuntimeError, "heaviside is not yet implemented for complex tensors.")},
)


@public(IN_PLACE)
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 where input is negative, 1 where it is positive, values where it is 0."""
    if input.array.dtype != values.array.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    return ops.heaviside(input, values)


_row(
    "nextafter(a, b)",
    _floating("nextafter"),
    "The next number after input in the direction of other.",
    where=IN_PLACE,
    a=lambda ns, g, a, b: ns.keep(g, a != b),
    b=lambda ns, g: ns.zeros_like(g),
)


def _signbit(xp: Any, x: Any) -> Any:
    return xp.signbit(x) if x.dtype.kind == "f" else x < x.dtype.type(0)


_row(
    "signbit(x)",
    _signbit,
    "Whether the sign bit is set.",
    x=non_differentiable,
    refuses={"c": (NotImplementedError, "signbit is not implemented for complex tensors.")},
)
_row(
    "isneginf(x)",
    lambda xp, x: x == -math.inf,
    "Whether an element is minus infinity.",
    x=non_differentiable,
    refuses={"c": (RuntimeError, "isneginf does not support complex inputs.")},
)
_row(
    "isposinf(x)",
    lambda xp, x: x == math.inf,
    "Whether an element is plus infinity.",
    x=non_differentiable,
    refuses={"c": (RuntimeError, "isposinf does not support complex inputs.")},
)

# ---- angles, parts, scales -------------------------------------------------------------------


def _scale(name: str, node: str, factor: float, text: str) -> None:
    _floats(
        f"{name}(x)",
        lambda xp, x: x * x.dtype.type(factor),
        text,
        where=EVERYWHERE,
        node=node,
        refuses={"c": (RuntimeError, f"{name} is not supported for complex tensors.")},
        x=lambda ns, g: g * factor,
    )


_scale("deg2rad", "Deg2RadBackward0", math.pi / 180, "Degrees as radians.")
_scale("rad2deg", "Rad2DegBackward0", 180 / math.pi, "Radians as degrees.")
_row(
    "frac(x)",
    only_for("fc", "frac_cpu", lambda xp, x: x - xp.trunc(x)),
    "What is left of input after its whole part.",
    where=EVERYWHERE,
    refuses={"c": "frac_cpu"},
    x=passed,
)


def _sinc_rule(ns: Any, g: Any, x: Any) -> Any:
    turned = x * math.pi
    square = x * x * math.pi
    return ns.where(square == 0, 0, g * ((turned * ns.cos(turned) - ns.sin(turned)) / square))


_floats(
    "sinc(x)", "sinc", "sin(pi*input) / (pi*input).", where=f"{EVERYWHERE} special", x=_sinc_rule
)


def _frexp(xp: Any, x: Any) -> Any:
    mantissa, exponent = xp.frexp(x)
    return mantissa, exponent.astype(np.int32)


op(
    "frexp(x)",
    _frexp,
    outputs=2,
    x=lambda ns, g, x_dtype, out: g[0] / ns.exp2(ns.to_copy(ns.detach(out[1]), x_dtype)),
)
_FREXP = named("frexp", "mantissa", "exponent")


@public()
def frexp(input: Tensor) -> Any:
    """mantissa and exponent: input = mantissa * 2**exponent, the mantissa's size in [0.5, 1)."""
    if input.array.dtype.kind not in "fV":
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    return _FREXP(ops.frexp(input))


_LN2 = math.log(2)
_floats(
    "ldexp(a, b)",
    lambda xp, a, b: a * xp.exp2(b),
    "input * 2**other.",
    where=EVERYWHERE,
    a=lambda ns, g, b: g * ns.exp2(b),
    b=lambda ns, g, out: g * (out * _LN2),
)

# ---- sums of exponentials --------------------------------------------------------------------


def _logaddexp(xp: Any, a: Any, b: Any) -> Any:
    if a.dtype.kind != "c":
        return xp.logaddexp(a, b)
    first = a.real >= b.real
    more, less = xp.where(first, a, b), xp.where(first, b, a)
    nothing = less.real == -math.inf
    even = xp.isinf(more.real) & (more.real == less.real) & ~nothing
    total = more + xp.log1p(xp.exp(xp.where(even | nothing, 0, less - more)))
    total = xp.where(nothing, more, xp.where(even, xp.log(xp.exp(a) + xp.exp(b)), total))
    return total.astype(a.dtype)


_row(
    "logaddexp(a, b)",
    only_for("fc", "logaddexp_cpu", _logaddexp),
    "log(exp(input) + exp(other)), without overflow.",
    a=lambda ns, g, a, b: g / (1 + ns.exp(b - a)),
    b=lambda ns, g, a, b: g / (1 + ns.exp(a - b)),
)
_row(
    "logaddexp2(a, b)",
    _floating("logaddexp2"),
    "log2(2**input + 2**other), without overflow.",
    node="Logaddexp2Backward0",
    a=lambda ns, g, a, b: g / (1 + ns.exp2(b - a)),
    b=lambda ns, g, a, b: g / (1 + ns.exp2(a - b)),
)

# ---- numbers in place of what is none --------------------------------------------------------


def _nan_to_num(
    xp: Any, x: Any, nan: float | None, posinf: float | None, neginf: float | None
) -> Any:
    if x.dtype.kind not in "fV":
        return xp.array(x)
    limits = dtypes.finfo(dtypes.of(x.dtype))
    return xp.nan_to_num(
        x,
        nan=nan or 0.0,
        posinf=float(limits.max) if posinf is None else posinf,
        neginf=float(limits.min) if neginf is None else neginf,
    )


_row(
    "nan_to_num(x; nan, posinf, neginf)",
    _nan_to_num,
    halves="own",
    x=lambda ns, g, x: ns.keep(g, ns.isfinite(x)),
)


@public(EVERYWHERE)
def nan_to_num(
    input: Tensor,
    nan: float | None = None,
    posinf: float | None = None,
    neginf: float | None = None,
) -> Tensor:
    """nan becomes 0 and infinities the largest numbers there are, unless told otherwise."""
    return ops.nan_to_num(input, nan, posinf, neginf)


@public("torch Tensor", "float_power")
def float_power(input: Any, exponent: Any) -> Tensor:
    """input ** exponent in float64 (complex128); either may be a number."""
    if not (isinstance(input, Tensor) or isinstance(exponent, Tensor)):
        raise TypeError("one of them is no Tensor")
    double = [_in_double(x) if isinstance(x, Tensor) else x for x in (input, exponent)]
    return pow(*double)


@public("Tensor", "float_power_")
def _float_power_in_place(self: Tensor, exponent: Any) -> Tensor:
    """In place: self ** exponent; self has to be float64."""
    parts = [x.array if isinstance(x, Tensor) else np.asarray(x) for x in (self, exponent)]
    wanted = dtypes.of(np.dtype("c16" if any(x.dtype.kind == "c" for x in parts) else "f8"))
    if self.array.dtype != wanted.numpy:
        kind = dtypes.of(self.array.dtype).scalar_name
        raise RuntimeError(
            f"the base given to float_power_ has dtype {kind} but the operation's result requires "
            f"dtype {wanted.scalar_name}"
        )
    return self.pow_(exponent)


def _in_double(x: Tensor) -> Tensor:
    wanted = np.dtype(np.complex128 if x.array.dtype.kind == "c" else np.float64)
    return x if x.array.dtype == wanted else ops.to_copy(x, wanted)


# ---- whole numbers ---------------------------------------------------------------------------

for _name, _text in (("gcd", "greatest common divisor"), ("lcm", "least common multiple")):
    _row(
        f"{_name}(a, b)",
        only_for("iu", f"{_name}_cpu", lambda xp, a, b, name=_name: getattr(xp, name)(a, b)),
        f"The {_text}, element by element.",
        where=EVERYWHERE,
        refuses={"h": f"{_name}_cpu"},
        a=non_differentiable,
        b=non_differentiable,
    )
