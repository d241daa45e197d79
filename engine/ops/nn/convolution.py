"""Convolutions: three rows, each the others' rule.

    y = convolution(x, w)            windows of x times w
    x = convolution_input(y, w)      its transpose in x: what conv_transpose computes
    w = convolution_weight(y, x)     its transpose in w

A window is a column of a matrix (im2col), so that the work is one product of matrices. x is
(batch, channels, *sizes), w (channels out, channels in / groups, *kernel).
"""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.types import Shape
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.dispatch.spelling import by_dimensions
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.nn.padding import pad

# ---- windows ---------------------------------------------------------------------------------


def columns(xp: Any, x: Any, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape) -> Any:
    """The windows of x, (batch, channels, *kernel, *out), zeros beyond its border."""
    if any(padding):
        x = xp.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)])
    count = len(kernel)
    index = []
    for dim, (k, s, d) in enumerate(zip(kernel, stride, dilation, strict=True)):
        starts = np.arange(0, x.shape[2 + dim] - d * (k - 1), s)
        places = d * np.arange(k)[:, None] + starts
        shape = [1] * (2 * count)
        shape[dim], shape[count + dim] = places.shape
        index.append(places.reshape(shape))
    return x[(slice(None), slice(None), *index)]


def overlapped(
    xp: Any, cols: Any, sizes: Shape, stride: Shape, padding: Shape, dilation: Shape
) -> Any:
    """The transpose of `columns`: windows added up where they overlap."""
    count = len(sizes)
    kernel, out = cols.shape[2 : 2 + count], cols.shape[2 + count :]
    padded = tuple(size + 2 * p for size, p in zip(sizes, padding, strict=True))
    x = xp.zeros((*cols.shape[:2], *padded), cols.dtype)
    for place in product(*map(range, kernel)):
        where = tuple(
            slice(k * d, k * d + s * (o - 1) + 1, s)
            for k, d, s, o in zip(place, dilation, stride, out, strict=True)
        )
        x = xp.accumulated(x, (slice(None), slice(None), *where), cols[(slice(None),) * 2 + place])
    inner = tuple(slice(p, p + size) for p, size in zip(padding, sizes, strict=True))
    return x[(slice(None), slice(None), *inner)]


def _grouped(array: Any, groups: int) -> Any:
    """(batch, channels, *sizes) as (batch, groups, channels of a group, everything else)."""
    batch, channels = array.shape[:2]
    return array.reshape(batch, groups, channels // groups, math.prod(array.shape[2:]))


# ---- rows ------------------------------------------------------------------------------------

# A `how` is (stride, padding, dilation, groups).


def _convolution(xp: Any, x: Any, w: Any, bias: Any, how: Any) -> Any:
    stride, padding, dilation, groups = how
    kernel = w.shape[2:]
    cols = columns(xp, x, kernel, stride, padding, dilation)
    out = cols.shape[2 + len(kernel) :]
    inner = math.prod(kernel) * (x.shape[1] // groups)
    flat = cols.reshape(x.shape[0], groups, inner, math.prod(out))
    weights = w.reshape(groups, w.shape[0] // groups, inner)
    y = xp.matmul(weights, flat).reshape(x.shape[0], w.shape[0], *out)
    return y if bias is None else y + bias.reshape(-1, *(1,) * len(kernel))


def _input(xp: Any, y: Any, w: Any, bias: Any, sizes: Shape, how: Any) -> Any:
    stride, padding, dilation, groups = how
    kernel, out = w.shape[2:], y.shape[2:]
    weights = w.reshape(groups, w.shape[0] // groups, -1).swapaxes(1, 2)
    cols = xp.matmul(weights, _grouped(y, groups))
    cols = cols.reshape(y.shape[0], groups * w.shape[1], *kernel, *out)
    x = overlapped(xp, cols, sizes, stride, padding, dilation)
    return x if bias is None else x + bias.reshape(-1, *(1,) * len(kernel))


def _weight(xp: Any, y: Any, x: Any, kernel: Shape, how: Any) -> Any:
    stride, padding, dilation, groups = how
    cols = columns(xp, x, kernel, stride, padding, dilation)
    out = y.shape[2:]  # output_padding may leave windows beyond
    cols = cols[(Ellipsis, *(slice(0, size) for size in out))]
    inner = math.prod(kernel) * (x.shape[1] // groups)
    flat = cols.reshape(x.shape[0], groups, inner, math.prod(out))
    product_ = xp.matmul(_grouped(y, groups), flat.swapaxes(2, 3)).sum(0)
    return product_.reshape(y.shape[1], x.shape[1] // groups, *kernel)


def _bias(ns: Any, g: Any, x: Any) -> Any:
    return ns.beside(ns.sum_dim(g, (0, *range(2, g.ndim)), False), x)


def _cut(ns: Any, y: Any, shape: Shape) -> Any:
    """y without the windows that output_padding made."""
    for dim, size in enumerate(shape):
        if y.shape[dim] != size:
            y = ns.slice(y, dim, 0, size, 1)
    return y


# fmt: off
op("convolution(x, w, bias; how)", _convolution, written="convolution(x, w, bias)",
   x=lambda ns, g, x_shape, w, how: ns.convolution_input(g, w, x_shape[2:], how),
   w=lambda ns, g, x, w_shape, how: ns.convolution_weight(g, x, w_shape[2:], how),
   bias=lambda ns, g, x: _bias(ns, g, x))
op("convolution_input(y, w; sizes, how)",
   lambda xp, y, w, sizes, how: _input(xp, y, w, None, sizes, how),
   node="ConvolutionBackwardBackward0",
   y=lambda ns, g, y_shape, w, how: _cut(ns, ns.convolution(g, w, None, how), y_shape),
   w=lambda ns, g, y, w_shape, how: ns.convolution_weight(y, g, w_shape[2:], how))
op("convolution_weight(y, x; kernel, how)", _weight, node="ConvolutionBackwardBackward0",
   y=lambda ns, g, y_shape, x, how: _cut(ns, ns.convolution(x, g, None, how), y_shape),
   x=lambda ns, g, y, x_shape, how: ns.convolution_input(y, g, x_shape[2:], how))
op("convolution_transposed(y, w, bias; sizes, how)", _input, node="ConvolutionBackward0",
   y=lambda ns, g, y_shape, w, how: _cut(ns, ns.convolution(g, w, None, how), y_shape),
   w=lambda ns, g, y, w_shape, how: ns.convolution_weight(y, g, w_shape[2:], how),
   bias=lambda ns, g, y: _bias(ns, g, y))
# fmt: on

# ---- functions -------------------------------------------------------------------------------


def sizes_of(name: str, argument: str, value: Any, count: int) -> Shape:
    """One number for each dimension."""
    if isinstance(value, int):
        return (value,) * count
    values = tuple(int(v) for v in value)
    if len(values) == 1:
        return values * count
    if len(values) != count:
        raise RuntimeError(
            f"expected {argument} to be a single integer value or a list of {count} values to "
            f"match the convolution dimensions, but got {argument}={list(values)}"
        )
    return values


def _checked(
    name: str, x: Any, w: Any, bias: Tensor | None, count: int, groups: int, turned: bool
) -> None:
    if x.ndim not in (count + 1, count + 2):
        raise RuntimeError(
            f"Expected {count + 1}D (unbatched) or {count + 2}D (batched) input to {name}, but got "
            f"input of size: {list(x.shape)}"
        )
    channels = x.shape[-count - 1]
    wanted = w.shape[0] if turned else w.shape[1] * groups
    if channels != wanted:
        batched = list((1,) * (x.ndim == count + 1) + x.shape)
        raise RuntimeError(
            f"Given {'transposed=1' if turned else f'groups={groups}'}, weight of size "
            f"{list(w.shape)}, expected input{batched} to have {wanted} channels, but got "
            f"{channels} channels instead"
        )
    out = w.shape[1] * groups if turned else w.shape[0]
    if bias is not None and bias.array.shape != (out,):
        kind = "transposed=1, " if turned else ""
        raise RuntimeError(
            f"Given {kind}weight of size {list(w.shape)}, expected bias to be 1-dimensional with "
            f"{out} elements, but got bias of size {list(bias.array.shape)} instead"
        )
    if w.dtype != x.dtype:
        kinds = [f"torch.{dtypes.of(a.dtype).tensor_type}" for a in (x, w)]
        raise RuntimeError(
            f"Input type ({kinds[0]}) and weight type ({kinds[1]}) should be the same or input "
            "should be a MKLDNN tensor and weight is a dense tensor"
        )
    if not turned and w.shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but "
            f"got weight of size {list(w.shape)} instead"
        )


@by_dimensions("conv{}d", "F torch")
def _convolve(
    count: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """The convolution of input (batch, channels, *{} sizes) with weight."""
    name = f"conv{count}d"
    x, w = input.array, weight.array
    _checked(name, x, w, bias, count, groups, False)
    steps = sizes_of(name, "stride", stride, count)
    spread = sizes_of(name, "dilation", dilation, count)
    alone = x.ndim == count + 1
    if alone:
        input = ops.unsqueeze(input, 0)
    if isinstance(padding, str):
        input, border = _named_padding(input, padding, w.shape[2:], steps, spread)
    else:
        border = sizes_of(name, "padding", padding, count)
    _fits(input.array.shape[2:], w.shape[2:], border, spread)
    out = ops.convolution(input, weight, bias, (steps, border, spread, groups))
    return ops.squeeze_dim(out, 0) if alone else out


def _named_padding(
    input: Tensor, padding: str, kernel: Shape, stride: Shape, dilation: Shape
) -> tuple[Tensor, Shape]:
    """The input and its symmetric padding, for 'same' and 'valid'."""
    if padding == "valid":
        return input, (0,) * len(kernel)
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    if any(s != 1 for s in stride):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    totals = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    border = tuple(total // 2 for total in totals)
    odd = [total % 2 for total in totals]
    if any(odd):
        input = pad(input, [part for more in reversed(odd) for part in (0, more)])
    return input, border


def _fits(sizes: Shape, kernel: Shape, padding: Shape, dilation: Shape) -> None:
    padded = [size + 2 * p for size, p in zip(sizes, padding, strict=True)]
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    if any(size < wanted for size, wanted in zip(padded, reach, strict=True)):
        shown = [" x ".join(map(str, values)) for values in (padded, reach)]
        raise RuntimeError(
            f"Calculated padded input size per channel: ({shown[0]}). Kernel size: ({shown[1]}). "
            "Kernel size can't be greater than actual input size"
        )


@by_dimensions("conv_transpose{}d", "F torch")
def _transpose(
    count: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The transpose of the convolution of input (batch, channels, *{} sizes) with weight."""
    name = f"conv_transpose{count}d"
    x, w = input.array, weight.array
    _checked(name, x, w, bias, count, groups, True)
    alone = x.ndim == count + 1
    if alone:
        input = ops.unsqueeze(input, 0)
    steps = sizes_of(name, "stride", stride, count)
    border = sizes_of(name, "padding", padding, count)
    spread = sizes_of(name, "dilation", dilation, count)
    more = sizes_of(name, "output_padding", output_padding, count)
    if any(m >= s and m >= d for m, s, d in zip(more, steps, spread, strict=True)):
        raise RuntimeError(
            "output padding must be smaller than either stride or dilation, but got "
            f"output_padding_height: {more[0]} output_padding_width: {more[-1]} stride_height: "
            f"{steps[0]} stride_width: {steps[-1]} dilation_height: {spread[0]} dilation_width: "
            f"{spread[-1]}"
        )
    sizes = tuple(
        (o - 1) * s - 2 * p + d * (k - 1) + m + 1
        for o, s, p, d, k, m in zip(
            input.array.shape[2:], steps, border, spread, w.shape[2:], more, strict=True
        )
    )
    out = ops.convolution_transposed(input, weight, bias, sizes, (steps, border, spread, groups))
    return ops.squeeze_dim(out, 0) if alone else out


@public("torch")
def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> Tensor:
    """A convolution of any number of dimensions, or its transpose."""
    operands = weight.array.ndim - 2, input, weight, bias, stride, padding
    if transposed:
        return _transpose(*operands, output_padding, groups, dilation)
    return _convolve(*operands, dilation, groups)


@public("F torch")
def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """A 1-D convolution of (time, batch, channels) with weight (kernel, channels, out)."""
    turned = ops.permute(input, (1, 2, 0))
    out = ops.convolution(turned, ops.permute(weight, (2, 1, 0)), bias, ((1,), (pad,), (1,), 1))
    return ops.permute(out, (2, 0, 1))
