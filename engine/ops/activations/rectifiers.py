"""Activations in pieces: rectifiers, exponential linear units, thresholds and shrinkage."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.arrays.scalars import zero_of
from engine.dispatch.arguments import array_of
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import EVERYWHERE, op
from engine.dispatch.spelling import in_place_on_request
from engine.graph.registry import expose, public
from engine.graph.tensor import Tensor, wrap
from engine.ops.elementwise.comparison import UNORDERED

_ALPHA, _SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def _kept_above(xp: Any, g: Any, x: Any) -> Any:
    """g where x > 0 or x is nan; 0 elsewhere."""
    zero = zero_of(x)
    return xp.where(x <= zero, zero, g)


def _celu(xp: Any, x: Any, alpha: float) -> Any:
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return xp.where(x > 0, x, alpha * xp.expm1(x / alpha))


def _softshrink(xp: Any, x: Any, lambd: float) -> Any:
    if lambd < 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd:g}.")
    return xp.where(x > lambd, x - lambd, xp.where(x < -lambd, x + lambd, x * 0))


def _outside(ns: Any, g: Any, x: Any, low: float, high: float) -> Any:
    return ns.keep(ns.beside(g, x), (x < low) | (x > high))


# fmt: off
op("relu(x)", lambda xp, x: xp.maximum(zero_of(x), x), "relu(input), element by element.",
   where=f"{EVERYWHERE} F_", inplace=True, elementwise=True,
   refuses={**UNORDERED, "b": (RuntimeError, "Boolean inputs not supported for relu")},
   facts={"dead": "is 0 below 0", "smooth": "leaky_relu({x}, 0.01)"},
   x=lambda ns, g, out: ns.relu_backward(g, out))
op("relu_backward(g, x)", _kept_above, written="where(x > 0, g, 0)",
   node="ThresholdBackwardBackward0", x=lambda ns, g: ns.zeros_like(g),
   g=lambda ns, g, x: ns.relu_backward(g, x))
op("leaky_relu(x; negative_slope=0.01)", lambda xp, x, slope: xp.where(x > 0, x, x * slope),
   "input where positive, negative_slope * input elsewhere.", where="F_", inplace=True,
   elementwise=True, refuses={"bic": "leaky_relu_cpu"},
   x=lambda ns, g, x, negative_slope: ns.leaky_relu_backward(g, x, negative_slope))
op("leaky_relu_backward(grad, x; slope)",
   lambda xp, grad, x, slope: xp.where(x > 0, grad, grad * slope),
   written="where(x > 0, grad, grad * slope)", node="LeakyReluBackwardBackward0",
   grad=lambda ns, g, x, slope: ns.leaky_relu_backward(g, x, slope),
   x=lambda ns, g: ns.zeros_like(g))
op("prelu_kernel(x, weight)", lambda xp, x, weight: xp.where(x > 0, x, weight * x),
   elementwise=True, written="where(x > 0, x, weight*x)", node="PreluKernelBackward0",
   x=lambda ns, g, x, weight: ns.where(x > 0, ns.beside(g, x), g * weight),
   weight=lambda ns, g, x: ns.where(x > 0, 0, g * x))
op("rrelu_with_noise(x, noise)", lambda xp, x, noise: xp.where(x <= 0, x * noise, x),
   elementwise=True, node="RreluWithNoiseBackward0", refuses={"bi": "rrelu_with_noise"},
   x=lambda ns, g, x, noise: ns.where(x <= 0, g * noise, g), noise=lambda ns, g: ns.zeros_like(g))
op("elu(x; alpha=1.0)", lambda xp, x, alpha: xp.where(x > 0, x, alpha * xp.expm1(x)),
   "input where positive, alpha * (exp(input) - 1) elsewhere.", where="F_", inplace=True,
   elementwise=True, refuses={"bic": "elu_cpu"},
   x=lambda ns, g, x, alpha: ns.elu_backward(g, x, alpha))
op("elu_backward(grad, x; alpha)",
   lambda xp, grad, x, alpha: xp.where(x <= 0, grad * alpha * xp.exp(x), grad),
   node="EluBackwardBackward0", written="where(x <= 0, grad * alpha * exp(x), grad)",
   grad=lambda ns, g, x, alpha: ns.elu_backward(g, x, alpha),
   x=lambda ns, g, grad, x, alpha: ns.keep(g * grad * alpha * ns.exp(x), x < 0))
op("celu(x; alpha=1.0)", _celu, "max(0, input) + min(0, alpha * (exp(input / alpha) - 1)).",
   where="torch torch_ F_", inplace=True, elementwise=True, refuses={"bic": "elu_cpu"},
   x=lambda ns, g, x, alpha: ns.where(x > 0, g, g * ns.exp(x / alpha)))
op("selu(x)", lambda xp, x: _SCALE * xp.where(x > 0, x, _ALPHA * xp.expm1(x)),
   "elu with the slope and scale that keep mean and variance (Klambauer et al., 2017).",
   where="torch torch_ F_", inplace=True, elementwise=True, node="EluBackward0",
   refuses={"bic": "elu_cpu"},
   x=lambda ns, g, x: g * _SCALE * ns.where(x > 0, 1, _ALPHA * ns.exp(x)))
op("threshold(x; threshold, value)",
   lambda xp, x, bound, value: xp.where(x <= bound, x.dtype.type(value), x),
   "input where it is above the threshold, value elsewhere.", where="torch torch_ F_",
   inplace=True, elementwise=True, facts={"dead": "is flat below it"},
   x=lambda ns, g, x, threshold: _outside(ns, g, x, -math.inf, threshold))
op("hardshrink(x; lambd=0.5)",
   lambda xp, x, width: xp.where((x >= -width) & (x <= width), x.dtype.type(0), x),
   "input, and 0 where it is within lambd of 0.", where="F torch Tensor", elementwise=True,
   refuses={"bic": "hardshrink_cpu"}, x=lambda ns, g, x, lambd: _outside(ns, g, x, -lambd, lambd))
op("softshrink(x; lambd=0.5)", _softshrink,
   "input moved by lambd towards 0, and 0 where it is within lambd of it.", where="F",
   elementwise=True, refuses={"bi": "softshrink_cpu", "c": "softshrink_check"},
   x=lambda ns, g, x, lambd: _outside(ns, g, x, -lambd, lambd))
op("hardtanh(x; low, high)",
   lambda xp, x, low, high: xp.minimum(xp.maximum(x, x.dtype.type(low)), x.dtype.type(high)),
   elementwise=True, refuses=UNORDERED, facts={"dead": "is flat outside its bounds"},
   x=lambda ns, g, x, low, high: ns.keep(ns.beside(g, x), (x > low) & (x < high)))
# fmt: on


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """input kept between min_val and max_val; the gradient is 0 at both."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    return ops.hardtanh(input, min_val, max_val)


def relu6(input: Tensor) -> Tensor:
    """input kept between 0 and 6."""
    array_of("relu6", input)
    return ops.hardtanh(input, 0.0, 6.0)


def rrelu(
    input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False
) -> Tensor:
    """leaky_relu with a slope drawn for each element; not in training, the mean of both ends."""
    array = array_of("rrelu", input)
    noise = np.full(array.shape, (lower + upper) / 2, array.dtype)
    if training:
        from engine.random.generator import default_generator

        below = array <= 0
        default_generator.note()
        noise[below] = lower + (upper - lower) * default_generator.doubles(int(below.sum()))
        noise[~below] = 1
    return ops.rrelu_with_noise(input, wrap(noise))


for _function, _where in ((hardtanh, "F_"), (relu6, ""), (rrelu, "torch torch_ F_")):
    expose(_function.__name__, _function, _where)
    expose(_function.__name__, in_place_on_request(_function), "F")


@public("F torch Tensor")
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """input where positive, weight * input elsewhere; one weight, or one for each channel."""
    x, w = input.array, weight.array
    if w.size != 1:
        if not x.ndim:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = x.shape[1] if x.ndim > 1 else 1
        if channels != w.size:
            raise RuntimeError(
                "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{w.size} and channel size = {channels}."
            )
    if w.ndim > 1:
        raise RuntimeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {w.ndim}"
        )
    shape = (1, w.size, *(1,) * (x.ndim - 2)) if x.ndim > 1 else (w.size,) * x.ndim
    return ops.prelu_kernel(input, weight if w.shape == shape else ops.view(weight, shape))
