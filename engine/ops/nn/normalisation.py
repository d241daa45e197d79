"""Normalisation over batches, layers, groups and instances, and of vectors.

Each is one row; all their rules come to the same: the gradient less its mean, and less what lies
along the normalised values (Ioffe and Szegedy, 2015; Ba et al., 2016).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.arrays.promotion import is_half
from engine.arrays.row import non_differentiable
from engine.arrays.types import Shape
from engine.dispatch.arguments import array_of
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.grad_mode import no_grad
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.nn.padding import pad
from engine.ops.nn.pooling import avg_pool
from engine.ops.views.shapes import reshape

# ---- rows ------------------------------------------------------------------------------------


def _standard(xp: Any, x: Any, dims: Shape, eps: float) -> Any:
    count = x.dtype.type(max(math.prod(x.shape[dim] for dim in dims), 1))
    centred = x - xp.add.reduce(x, dims, None, None, True) / count
    variance = xp.add.reduce(centred * centred, dims, None, None, True) / count
    return centred / xp.sqrt(variance + x.dtype.type(eps))


def _standardised(ns: Any, x: Any, dims: Shape, eps: float) -> tuple[Any, Any]:
    """x with mean 0 and variance 1 over dims, and what it was multiplied by."""
    centred = x - ns.mean_dim(x, dims, True)
    factor = ns.rsqrt(ns.mean_dim(centred * centred, dims, True) + eps)
    return centred * factor, factor


def _standard_rule(ns: Any, g: Any, x: Any, dims: Shape, eps: float) -> Any:
    values, factor = _standardised(ns, x, dims, eps)
    along = values * ns.mean_dim(g * values, dims, True)
    return factor * (g - ns.mean_dim(g, dims, True) - along)


def _scaled(values: Any, weight: Any, bias: Any) -> Any:
    values = values if weight is None else values * weight
    return values if bias is None else values + bias


def _times(g: Any, weight: Any) -> Any:
    return g if weight is None else g * weight


# layer_norm: over the last dimensions; weight and bias have their shape


def _last(x: Any, count: int) -> Shape:
    return tuple(range(x.ndim - count, x.ndim))


def _sum_lead(ns: Any, g: Any, count: int) -> Any:
    lead = tuple(range(g.ndim - count))
    return ns.sum_dim(g, lead, False) if lead else g


# batch_norm: over all dimensions but the second; weight and bias are one for each channel


def _others(x: Any) -> Shape:
    return (0, *range(2, x.ndim))


def _beside_channels(count: int, ndim: int) -> Shape:
    """The shape in which one number for each channel meets a batch."""
    return (*(1,) * (ndim > 1), count, *(1,) * (ndim - 2))


def _by_channel(ns: Any, weight: Any, ndim: int) -> Any:
    if weight is None:
        return None
    return ns.reshape(weight, _beside_channels(weight.shape[0], ndim))


def _channels(weight: Any, ndim: int) -> Any:
    return None if weight is None else weight.reshape(_beside_channels(-1, ndim))


def _batch_norm(
    xp: Any, x: Any, weight: Any, bias: Any, mean: Any, variance: Any, training: bool, eps: float
) -> Any:
    if training:
        values = _standard(xp, x, _others(x), eps)
    else:
        scale = 1 / xp.sqrt(_channels(variance, x.ndim) + x.dtype.type(eps))
        values = (x - _channels(mean, x.ndim)) * scale
    return _scaled(values, _channels(weight, x.ndim), _channels(bias, x.ndim))


def _batch_values(
    ns: Any, x: Any, mean: Any, variance: Any, training: bool, eps: float
) -> tuple[Any, Any]:
    if training:
        return _standardised(ns, x, _others(x), eps)
    factor = ns.rsqrt(_by_channel(ns, variance, x.ndim) + eps)
    return (x - _by_channel(ns, mean, x.ndim)) * factor, factor


def _batch_rule(
    ns: Any, g: Any, x: Any, weight: Any, mean: Any, variance: Any, training: bool, eps: float
) -> Any:
    g = _times(g, _by_channel(ns, weight, x.ndim))
    if training:
        return _standard_rule(ns, g, x, _others(x), eps)
    return g * _batch_values(ns, x, mean, variance, training, eps)[1]


# group_norm: over the channels of a group and all further dimensions


def _grouped(ns: Any, x: Any, groups: int) -> Any:
    return ns.reshape(x, (x.shape[0], groups, math.prod(x.shape[1:]) // groups))


def _group_values(ns: Any, x: Any, groups: int, eps: float) -> Any:
    values, _ = _standardised(ns, _grouped(ns, x, groups), (2,), eps)
    return ns.reshape(values, tuple(x.shape))


def _group_norm(xp: Any, x: Any, weight: Any, bias: Any, groups: int, eps: float) -> Any:
    flat = x.reshape(x.shape[0], groups, math.prod(x.shape[1:]) // groups)
    values = _standard(xp, flat, (2,), eps).reshape(x.shape)
    return _scaled(values, _channels(weight, x.ndim), _channels(bias, x.ndim))


def _group_rule(ns: Any, g: Any, x: Any, weight: Any, groups: int, eps: float) -> Any:
    g = _grouped(ns, _times(g, _by_channel(ns, weight, x.ndim)), groups)
    back = _standard_rule(ns, g, _grouped(ns, x, groups), (2,), eps)
    return ns.reshape(back, tuple(x.shape))


# fmt: off
op("native_layer_norm(x, weight, bias; count, eps)",
   lambda xp, x, weight, bias, count, eps: _scaled(
       _standard(xp, x, _last(x, count), eps), weight, bias),
   written="layer_norm(x, x.shape[-count:], weight, bias, eps)",
   x=lambda ns, g, x, weight, count, eps: _standard_rule(
       ns, _times(g, weight), x, _last(x, count), eps),
   weight=lambda ns, g, x, count, eps: _sum_lead(
       ns, g * _standardised(ns, x, _last(x, count), eps)[0], count),
   bias=lambda ns, g, x, count: ns.beside(_sum_lead(ns, g, count), x))
op("native_batch_norm(x, weight, bias, mean, variance; training, eps)", _batch_norm,
   written="batch_norm(x, mean, variance, weight, bias, training, eps=eps)", x=_batch_rule,
   weight=lambda ns, g, x, mean, variance, training, eps: ns.sum_dim(
       g * _batch_values(ns, x, mean, variance, training, eps)[0], _others(x), False),
   bias=lambda ns, g, x: ns.beside(ns.sum_dim(g, _others(x), False), x),
   mean=non_differentiable, variance=non_differentiable)
op("native_group_norm(x, weight, bias; groups, eps)", _group_norm,
   written="group_norm(x, groups, weight, bias, eps)", x=_group_rule,
   weight=lambda ns, g, x, groups, eps: ns.sum_dim(
       g * _group_values(ns, x, groups, eps), _others(x), False),
   bias=lambda ns, g, x: ns.beside(ns.sum_dim(g, _others(x), False), x))
# fmt: on

# ---- functions -------------------------------------------------------------------------------


@public("F torch")
def layer_norm(
    input: Tensor,
    normalized_shape: Any,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Tensor:
    """input with mean 0 and variance 1 over its last dimensions, times weight plus bias."""
    array = array_of("layer_norm", input)
    wanted = _last_shape(array, normalized_shape)
    for name, extra in (("weight", weight), ("bias", bias)):
        if extra is not None and extra.array.shape != wanted:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{list(extra.array.shape)} and normalized_shape = {list(wanted)}"
            )
    return ops.native_layer_norm(input, weight, bias, len(wanted), eps)


def _last_shape(array: Any, shape: Any) -> Shape:
    wanted = (shape,) if isinstance(shape, int) else tuple(shape)
    if not wanted:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
            "element, but got normalized_shape = []"
        )
    if array.ndim < len(wanted) or array.shape[array.ndim - len(wanted) :] != wanted:
        stars = ", ".join(["*", *map(str, wanted)])
        raise RuntimeError(
            f"Given normalized_shape={list(wanted)}, expected input with shape [{stars}], but got "
            f"input of size{list(array.shape)}"
        )
    return wanted


@public("F torch")
def rms_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """input over the root of its mean square in its last dimensions, times weight."""
    array = array_of("rms_norm", input)
    wanted = _last_shape(array, normalized_shape)
    dtype = array.dtype
    if is_half(dtype):
        input = ops.to_copy(input, np.dtype(np.float32))
    if eps is None:
        eps = float(np.finfo(input.array.dtype).eps)
    dims = _last(array, len(wanted))
    square = ops.mean_dim(ops.pow(input, 2), dims, True)
    values = input * ops.rsqrt(square + eps)
    if weight is not None:
        values = values * weight
    return ops.to_copy(values, dtype) if is_half(dtype) else values


@public("F torch")
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Tensor:
    """input (N, C, ...) with mean 0 and variance 1 over each group of channels."""
    array = array_of("group_norm", input)
    if array.ndim < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {array.ndim}"
        )
    if array.shape[1] % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {list(array.shape)} and num_groups={num_groups}"
        )
    return ops.native_group_norm(input, weight, bias, num_groups, eps)


@public("F")
def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """input (N, C, ...) with mean 0 and variance 1 in each channel, by the batch's statistics in
    training (the running ones are moved towards them), else by the running ones.
    """
    array = array_of("batch_norm", input)
    if training and array.size // array.shape[1] == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {input.shape}"
        )
    return _batch(input, running_mean, running_var, weight, bias, training, momentum, eps)


@public("torch", "batch_norm")
def _torch_batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """nn.functional.batch_norm, its arguments in another order."""
    return _batch(input, running_mean, running_var, weight, bias, training, momentum, eps)


def _batch(
    input: Tensor,
    mean: Tensor | None,
    variance: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> Tensor:
    array = input.array
    channels = array.shape[1] if array.ndim > 1 else 0
    named = {"running_mean": mean, "running_var": variance, "weight": weight, "bias": bias}
    for name, extra in named.items():
        if extra is not None and extra.array.size != channels:
            raise RuntimeError(f"{name} should contain {channels} elements not {extra.array.size}")
    if not training and mean is None:
        raise RuntimeError("Expected running_mean to be defined when training=False")
    if training:
        _move(mean, variance, array, momentum)
        mean = variance = None
    return ops.native_batch_norm(input, weight, bias, mean, variance, training, eps)


def _move(mean: Tensor | None, variance: Tensor | None, x: Any, momentum: float) -> None:
    """Move the running statistics towards the batch's; the variance is the unbiased one."""
    dims = _others(x)
    count = x.size // x.shape[1]
    with no_grad():
        if mean is not None:
            mean.copy_(mean * (1 - momentum) + wrap(x.mean(dims)) * momentum)
        if variance is not None:
            unbiased = x.var(dims) * (count / max(count - 1, 1))
            moved = wrap(np.asarray(unbiased, x.dtype)) * momentum
            variance.copy_(variance * (1 - momentum) + moved)


@public("F")
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """input (N, C, ...) with mean 0 and variance 1 in each channel of each of its parts."""
    x = array_of("instance_norm", input)
    if use_input_stats and math.prod(x.shape[2:]) == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {input.shape}"
        )
    batch, channels = x.shape[:2]
    whole = reshape(input, (1, batch * channels, *x.shape[2:]))

    def repeated(tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else tensor.repeat(batch)

    means, variances = repeated(running_mean), repeated(running_var)
    scale, shift = repeated(weight), repeated(bias)
    out = _batch(whole, means, variances, scale, shift, use_input_stats, momentum, eps)
    with no_grad():
        for running, moved in ((running_mean, means), (running_var, variances)):
            if running is not None and moved is not None:
                running.copy_(moved.view(batch, channels).mean(0))
    return ops.view(out, x.shape)


@public("F")
def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """input over a power of the mean square of its neighbours among the channels."""
    x = array_of("local_response_norm", input)
    if x.ndim < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality {' ' * 24}input (got {x.ndim} dimensions)"
        )
    if not x.size:
        return input
    square = (input * input).unsqueeze(1)
    before, after = size // 2, (size - 1) // 2
    if x.ndim == 3:
        mean = avg_pool(2, pad(square, (0, 0, before, after)), (size, 1), stride=1).squeeze(1)
    else:
        sizes = x.shape
        flat = square.view(sizes[0], 1, sizes[1], sizes[2], -1)
        padded = pad(flat, (0, 0, 0, 0, before, after))
        mean = avg_pool(3, padded, (size, 1, 1), stride=1).squeeze(1).view(sizes)
    return input / (mean * alpha + k) ** beta


@public("F")
def normalize(
    input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None
) -> Tensor:
    """input over its norm along a dimension, or over eps if that is larger."""
    size = input.norm(p, dim, keepdim=True).clamp_min(eps)
    return input / ops.expand(size, input.array.shape)
