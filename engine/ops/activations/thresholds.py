"""Further activations: those with thresholds, gates and slopes of their own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.dispatch.arguments import array_of, wrap_dim
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import expose, public
from engine.graph.tensor import Tensor, wrap
from engine.ops.activations.activations import applied, elu, floating, leaky_relu, softmax

# ---- rows ------------------------------------------------------------------------------------


def _inside(ns: Any, g: Any, x: Any, low: float, high: float) -> Any:
    return ns.keep(ns.beside(g, x), (x > low) & (x < high))


def _outside(ns: Any, g: Any, x: Any, low: float, high: float) -> Any:
    return ns.keep(ns.beside(g, x), (x < low) | (x > high))


def _activation(signature: str, forward: Any, rule: Any, **options: Any) -> None:
    op(signature, forward, elementwise=True, x=rule, **options)


_activation("celu(x; alpha)",
            lambda xp, x, alpha: xp.where(x > 0, x, alpha * xp.expm1(x / alpha)),
            lambda ns, g, x, alpha: ns.where(x > 0, g, g * ns.exp(x / alpha)), refuses={"c": "elu_cpu"})  # fmt: skip
_activation("hardshrink(x; width)",
            lambda xp, x, width: xp.where((x >= -width) & (x <= width), x.dtype.type(0), x),
            lambda ns, g, x, width: _outside(ns, g, x, -width, width), refuses={"c": "hardshrink_cpu"})  # fmt: skip
_activation("softshrink(x; width)",
            lambda xp, x, width: xp.where(
                x > width, x - width, xp.where(x < -width, x + width, x * 0)),
            lambda ns, g, x, width: _outside(ns, g, x, -width, width), refuses={"c": "softshrink_check"})  # fmt: skip
_activation("hardtanh(x; low, high)",
            lambda xp, x, low, high: xp.minimum(
                xp.maximum(x, x.dtype.type(low)), x.dtype.type(high)),
            lambda ns, g, x, low, high: _inside(ns, g, x, low, high), facts={"dead": "is flat outside its bounds"}, refuses={"c": (NotImplementedError, "clamp is not supported for complex types")})  # fmt: skip
_SIXTH = float(np.float32(1 / 6))  # PyTorch's is a float in double precision too
_activation("hardsigmoid(x)",
            lambda xp, x: xp.clip(x + 3, x.dtype.type(0), x.dtype.type(6)) / 6,
            lambda ns, g, x: _inside(ns, g * _SIXTH, x, -3, 3), facts={"saturates": "far from 0"}, refuses={"c": "hardsigmoid_cpu"})  # fmt: skip
_activation("hardswish(x)",
            lambda xp, x: x * xp.clip(x + 3, x.dtype.type(0), x.dtype.type(6)) / 6,
            lambda ns, g, x: g * ns.where(
                x <= -3, 0, ns.where(x < 3, x / 3 + 0.5, 1)), refuses={"c": "hardswish_cpu"})  # fmt: skip


def _mish_rule(ns: Any, g: Any, x: Any) -> Any:
    soft = ns.tanh(ns.softplus(x, 1.0, 20.0))
    return g * (soft + x * ns.sigmoid(x) * (1 - soft * soft))


_activation(
    "mish(x)",
    lambda xp, x: x * xp.tanh(xp.logaddexp(x, x.dtype.type(0))),
    _mish_rule,
    refuses={"c": "mish_cpu"},
)
_activation("threshold(x; bound, value)",
            lambda xp, x, bound, value: xp.where(x <= bound, x.dtype.type(value), x),
            lambda ns, g, x, bound: _outside(ns, g, x, -math.inf, bound), facts={"dead": "is flat below it"})  # fmt: skip
op("prelu_kernel(x, weight)", lambda xp, x, weight: xp.where(x > 0, x, weight * x),
   elementwise=True, written="where(x > 0, x, weight*x)", node="PreluKernelBackward0",
   x=lambda ns, g, x, weight: ns.where(x > 0, ns.beside(g, x), g * weight),
   weight=lambda ns, g, x: ns.where(x > 0, 0, g * x))  # fmt: skip
op("rrelu_with_noise(x, noise)", lambda xp, x, noise: xp.where(x <= 0, x * noise, x),
   elementwise=True, node="RreluWithNoiseBackward0",
   x=lambda ns, g, x, noise: ns.where(x <= 0, g * noise, g),
   noise=lambda ns, g: ns.zeros_like(g))  # fmt: skip


def _halves(ns: Any, x: Any, dim: int) -> tuple[Any, Any]:
    half = x.shape[dim] // 2
    return ns.slice(x, dim, 0, half, 1), ns.slice(x, dim, half, 2 * half, 1)


def _glu_rule(ns: Any, g: Any, x: Any, dim: int) -> Any:
    first, second = _halves(ns, x, dim)
    gate = ns.sigmoid(second)
    return ns.cat((g * gate, g * first * gate * (1 - gate)), dim)


def _glu(xp: Any, x: Any, dim: int) -> Any:
    first, second = xp.split(x, 2, dim)
    return first / (1 + xp.exp(-second))


op("glu(x; dim)", _glu, x=_glu_rule)

# ---- functions -------------------------------------------------------------------------------


@public("F torch torch_")
def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """max(0, input) + min(0, alpha * (exp(input / alpha) - 1))."""
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return applied(ops.celu, inplace, floating("elu_cpu", input, "celu"), alpha)


_ALPHA, _SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
op("selu(x)", lambda xp, x: _SCALE * xp.where(x > 0, x, _ALPHA * xp.expm1(x)), elementwise=True,
   node="EluBackward0",
   x=lambda ns, g, x: g * _SCALE * ns.where(x > 0, 1, _ALPHA * ns.exp(x)), refuses={"c": "elu_cpu"})  # fmt: skip


@public("F torch torch_")
def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """elu with the slope and scale that keep mean and variance (Klambauer et al., 2017)."""
    return applied(ops.selu, inplace, floating("elu_cpu", input, "selu"))


@public("F torch Tensor")
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """input, and 0 where it is within lambd of 0."""
    return ops.hardshrink(floating("hardshrink_cpu", input, "hardshrink"), lambd)


@public("F")
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """input moved by lambd towards 0, and 0 where it is within lambd of it."""
    if lambd < 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd:g}.")
    return ops.softshrink(floating("softshrink_cpu", input, "softshrink"), lambd)


@public("F")
def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """input kept between min_val and max_val; the gradient is 0 at both."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    array_of("hardtanh", input)
    return applied(ops.hardtanh, inplace, input, min_val, max_val)


@public("F")
def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """input kept between 0 and 6."""
    array_of("relu6", input)
    return applied(ops.hardtanh, inplace, input, 0.0, 6.0)


@public("F")
def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """(input + 3) / 6, kept between 0 and 1."""
    return applied(ops.hardsigmoid, inplace, floating("hardsigmoid_cpu", input, "hardsigmoid"))


@public("F")
def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """input * hardsigmoid(input)."""
    return applied(ops.hardswish, inplace, floating("hardswish_cpu", input, "hardswish"))


@public("F")
def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """input * tanh(softplus(input))."""
    return applied(ops.mish, inplace, floating("mish_cpu", input, "mish"))


@public("F torch torch_")
def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """input where it is above the threshold, value elsewhere."""
    array_of("threshold", input)
    return applied(ops.threshold, inplace, input, threshold, value)


@public("F")
def softsign(input: Tensor) -> Tensor:
    """input / (1 + |input|)."""
    return input / (ops.abs(input) + 1)


@public("F")
def tanhshrink(input: Tensor) -> Tensor:
    """input - tanh(input)."""
    return input - ops.tanh(input)


@public("F")
def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """softmax of -input."""
    if dim is None:
        dim = 0 if input.array.ndim in (0, 1, 3) else 1
    return softmax(-input, dim, dtype)


@public("F")
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half of input along a dimension times the sigmoid of the second."""
    array = array_of("glu", input)
    if not array.ndim:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    place = wrap_dim(dim, array.ndim)
    if array.shape[place] % 2:
        raise RuntimeError(
            f"Halving dimension must be even, but dimension {place} is size {array.shape[place]}"
        )
    return ops.glu(floating("glu_cpu", input, "glu"), place)


@public("F torch Tensor")
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """input where positive, weight * input elsewhere; one weight, or one for each channel."""
    x, w = array_of("prelu", input), array_of("prelu", weight, "weight", 2)
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
    if x.ndim == 0:
        shape: tuple[int, ...] = ()
    elif x.ndim == 1:
        shape = (w.size,)
    else:
        shape = (1, w.size, *(1,) * (x.ndim - 2))
    shaped = weight if w.shape == shape else ops.view(weight, shape)
    return ops.prelu_kernel(input, shaped)


@public("F torch torch_")
def rrelu(
    input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False,
    inplace: bool = False,
) -> Tensor:  # fmt: skip
    """leaky_relu with a slope drawn for each element; not in training, the mean of both ends."""
    array = floating("rrelu_with_noise", input, "rrelu").array
    noise = np.full(array.shape, (lower + upper) / 2, array.dtype)
    if training:
        from engine.random.generator import default_generator

        below = array <= 0
        default_generator.note()
        noise[below] = lower + (upper - lower) * default_generator.doubles(int(below.sum()))
        noise[~below] = 1
    return applied(ops.rrelu_with_noise, inplace, input, wrap(noise))


@public("F")
def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """A sample from the Gumbel-softmax distribution; hard ones are one-hot, with its gradient."""
    noise = -_exponential_like(logits).log()
    soft = softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    chosen = wrap(np.zeros_like(logits.array)).scatter_(dim, index, 1.0)
    return chosen - soft.detach() + soft


def _exponential_like(tensor: Tensor) -> Tensor:
    drawn: Tensor = wrap(np.empty_like(tensor.array))
    return drawn.exponential_()


for _name, _function in (
    ("relu_", lambda input: input.relu_()),
    ("leaky_relu_", lambda input, negative_slope=0.01: leaky_relu(input, negative_slope, True)),
    ("elu_", lambda input, alpha=1.0: elu(input, alpha, True)),
    ("selu_", lambda input: selu(input, True)),
    ("celu_", lambda input, alpha=1.0: celu(input, alpha, True)),
    ("hardtanh_", lambda input, min_val=-1.0, max_val=1.0: hardtanh(input, min_val, max_val, True)),
    ("threshold_", lambda input, threshold_, value: threshold(input, threshold_, value, True)),
    ("rrelu_", lambda input, lower=1 / 8, upper=1 / 3, training=False: rrelu(
        input, lower, upper, training, True)),
):  # fmt: skip
    _function.__name__ = _function.__qualname__ = _name
    _function.__doc__ = f"In place: {_name[:-1]}."
    expose(_name, _function, "F")
