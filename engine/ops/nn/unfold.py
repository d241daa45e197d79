"""Patches of pictures as columns and back (unfold, fold), channels as pixels (pixel_shuffle)."""

from __future__ import annotations

import math
from typing import Any

from engine.arrays.types import Shape
from engine.dispatch.arguments import array_of
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.nn.convolution import columns, overlapped, sizes_of

# ---- fold and unfold -------------------------------------------------------------------------

# A `how` is (kernel, stride, padding, dilation).


def _im2col(xp: Any, x: Any, how: Any) -> Any:
    kernel, stride, padding, dilation = how
    cols = columns(xp, x, kernel, stride, padding, dilation)
    return cols.reshape(x.shape[0], x.shape[1] * math.prod(kernel), math.prod(cols.shape[4:]))


def _blocks(sizes: Shape, how: Any) -> Shape:
    return tuple(
        (size + 2 * p - d * (k - 1) - 1) // s + 1
        for size, k, s, p, d in zip(sizes, *how, strict=True)
    )


def _col2im(xp: Any, x: Any, sizes: Shape, how: Any) -> Any:
    kernel, stride, padding, dilation = how
    channels = x.shape[1] // math.prod(kernel)
    cols = x.reshape(x.shape[0], channels, *kernel, *_blocks(sizes, how))
    return overlapped(xp, cols, sizes, stride, padding, dilation)


# fmt: off
op("im2col(x; how)", _im2col, node="Im2ColBackward0", written="unfold(x, kernel_size)",
   x=lambda ns, g, x_shape, how: ns.col2im(g, tuple(x_shape[2:]), how))
op("col2im(x; sizes, how)", _col2im, node="Col2ImBackward0",
   written="fold(x, sizes, kernel_size)", x=lambda ns, g, how: ns.im2col(g, how))
# fmt: on


def _how(kernel: Any, dilation: Any, padding: Any, stride: Any) -> Any:
    return (
        sizes_of("unfold", "kernel_size", kernel, 2),
        sizes_of("unfold", "stride", stride, 2),
        sizes_of("unfold", "padding", padding, 2),
        sizes_of("unfold", "dilation", dilation, 2),
    )


@public("F")
def unfold(
    input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """The patches of pictures (batch, channels, height, width) as columns."""
    x = array_of("unfold", input)
    if x.ndim not in (3, 4):
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(x.shape)}"
        )
    how = _how(kernel_size, dilation, padding, stride)
    if x.ndim == 3:
        return ops.squeeze_dim(ops.im2col(ops.unsqueeze(input, 0), how), 0)
    return ops.im2col(input, how)


@public("F")
def fold(
    input: Tensor,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Tensor:
    """Columns put back as patches of pictures; what overlaps adds up."""
    x = array_of("fold", input)
    if x.ndim not in (2, 3):
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and "
            f"non-zero dimensions for input, but got: {list(x.shape)}"
        )
    sizes = sizes_of("fold", "output_size", output_size, 2)
    how = _how(kernel_size, dilation, padding, stride)
    wide = math.prod(how[0])
    if x.shape[-2] % wide:
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, "
            f"but got input.size(1)={x.shape[-2]} and kernel_size=({how[0][0]}, {how[0][1]})."
        )
    blocks = math.prod(_blocks(sizes, how))
    if x.shape[-1] != blocks:
        raise RuntimeError(
            f"Given output_size=({sizes[0]}, {sizes[1]}), kernel_size=({how[0][0]}, {how[0][1]}), "
            f"dilation=({how[3][0]}, {how[3][1]}), padding=({how[2][0]}, {how[2][1]}), "
            f"stride=({how[1][0]}, {how[1][1]}), expected size of input's dimension 2 to match the "
            f"calculated number of sliding blocks {' * '.join(map(str, _blocks(sizes, how)))} = "
            f"{blocks}, but got input.size(2)={x.shape[-1]}."
        )
    if x.ndim == 2:
        return ops.squeeze_dim(ops.col2im(ops.unsqueeze(input, 0), sizes, how), 0)
    return ops.col2im(input, sizes, how)


# ---- channels and pixels ---------------------------------------------------------------------


def _shuffle(xp: Any, x: Any, r: int) -> Any:
    if x.ndim < 3:
        raise RuntimeError(
            "pixel_shuffle expects input to have at least 3 dimensions, but got input with "
            f"{x.ndim} dimension(s)"
        )
    *lead, channels, height, width = x.shape
    if channels % r**2:
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, but input.size(-3)={channels} is not divisible by {r**2}"
        )
    parts = x.reshape(*lead, channels // r**2, r, r, height, width)
    n = len(lead)
    turned = parts.transpose(*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return turned.reshape(*lead, channels // r**2, height * r, width * r)


def _unshuffle(xp: Any, x: Any, r: int) -> Any:
    for place, name in ((-2, "height"), (-1, "width")):
        if x.shape[place] % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but "
                f"input.size({place})={x.shape[place]} is not divisible by {r}"
            )
    *lead, channels, height, width = x.shape
    parts = x.reshape(*lead, channels, height // r, r, width // r, r)
    n = len(lead)
    turned = parts.transpose(*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return turned.reshape(*lead, channels * r**2, height // r, width // r)


def _dealt(xp: Any, x: Any, groups: int) -> Any:
    batch, channels, *sizes = x.shape
    if channels % groups:
        raise RuntimeError(
            "Number of channels must be divisible by groups. Got "
            f"{channels} channels and {groups} groups."
        )
    parts = x.reshape(batch, groups, channels // groups, *sizes)
    return parts.swapaxes(1, 2).reshape(x.shape)


# fmt: off
op("pixel_shuffle(x; upscale_factor)", _shuffle, "(..., C*r**2, H, W) as (..., C, H*r, W*r).",
   where="F torch", x=lambda ns, g, upscale_factor: ns.pixel_unshuffle(g, upscale_factor))
op("pixel_unshuffle(x; downscale_factor)", _unshuffle,
   "(..., C, H*r, W*r) as (..., C*r**2, H, W).", where="F torch",
   x=lambda ns, g, downscale_factor: ns.pixel_shuffle(g, downscale_factor))
op("channel_shuffle(x; groups)", _dealt,
   "(batch, C, ...) with the channels of the groups dealt out in turn.", where="F torch",
   names="channel_shuffle native_channel_shuffle",
   x=lambda ns, g, x_shape, groups: ns.channel_shuffle(g, x_shape[1] // groups))
# fmt: on
