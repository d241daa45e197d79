"""grid_sample and affine_grid: a picture looked up at any places."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

from engine.dispatch.arguments import array_of
from engine.dispatch.fast_path import TENSORS as ops
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.nn.linear_maps import cubic_parts


@public("F")
def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """The places (batch, *sizes, dims) that affine maps theta (batch, dims, dims + 1) look up."""
    matrix = array_of("affine_grid", theta)
    sizes = tuple(int(part) for part in size)[2:]
    lines = []
    for count in sizes:
        line = np.linspace(-1, 1, count) if count > 1 else np.zeros(1)
        lines.append(line if align_corners else line * ((count - 1) / count))
    mesh = np.meshgrid(*lines, indexing="ij")[::-1]
    base = np.stack([*mesh, np.ones(sizes)], -1).reshape(1, -1, len(sizes) + 1)
    places = wrap(np.broadcast_to(base, (matrix.shape[0], *base.shape[1:])).astype(matrix.dtype))
    out = ops.bmm(places, ops.transpose(theta, 1, 2))
    return ops.view(out, (matrix.shape[0], *sizes, len(sizes)))


@public("F")
def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """input (batch, channels, *sizes) at the places grid (batch, *out, dims), each from -1 to 1."""
    x, places = array_of("grid_sample", input), array_of("grid_sample", grid, "grid", 2)
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', "
            f"but got: '{mode}'"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or "
            f"'reflection', but got: '{padding_mode}'"
        )
    sizes = x.shape[2:]
    count = len(sizes)
    flat = grid.reshape(places.shape[0], -1, count)
    corners = bool(align_corners)
    at = [
        _unnormalised(flat[:, :, count - 1 - dim], size, corners) for dim, size in enumerate(sizes)
    ]
    if padding_mode != "zeros" and mode != "bicubic":
        at = [_kept(a, size, padding_mode, corners) for a, size in zip(at, sizes, strict=True)]
    weights = _neighbours(at, mode)
    total: Any = None
    for choice in product(*weights):
        part = _looked_up(input, [place for place, _ in choice], sizes, padding_mode, corners)
        for _, weight in choice:
            part = part if weight is None else part * weight.unsqueeze(1)
        total = part if total is None else total + part
    return total.reshape(*x.shape[:2], *places.shape[1:-1])


def _unnormalised(place: Tensor, size: int, corners: bool) -> Tensor:
    if corners:
        return (place + 1) / 2 * (size - 1)
    return ((place + 1) * size - 1) / 2


def _kept(place: Tensor, size: int, how: str, corners: bool) -> Tensor:
    """Places outside moved to the border, or mirrored at it."""
    if how == "reflection":
        low, high = (0.0, size - 1.0) if corners else (-0.5, size - 0.5)
        span = high - low
        if span == 0:
            return place * 0
        away = ops.abs(place - low)
        turns = ops.floor(away / span)
        rest = away - turns * span
        even = wrap(turns.array % 2 == 0)
        place = ops.where(even, rest + low, span - rest + low)
    return ops.clamp(place, 0, size - 1)


def _neighbours(at: list[Tensor], mode: str) -> list[list[tuple[Any, Any]]]:
    """For each dimension the places to take from, and their weights."""
    found: list[list[tuple[Any, Any]]] = []
    for place in at:
        array = place.array
        if mode == "nearest":
            found.append([(np.rint(array), None)])
            continue
        low = np.floor(array)
        part = place - wrap(low)
        if mode == "bilinear":
            found.append([(low, 1 - part), (low + 1, part)])
        else:
            found.append([(low + k, _cubic(part - k)) for k in (-1, 0, 1, 2)])
    return found


def _cubic(distance: Tensor, a: float = -0.75) -> Tensor:
    d = ops.abs(distance)
    near, far = cubic_parts(d, a)
    return ops.where(wrap(d.array <= 1), near, far)


def _looked_up(
    input: Tensor, at: list[Any], sizes: tuple[int, ...], how: str, corners: bool
) -> Tensor:
    """The elements of input (batch, channels, *sizes) at whole places; 0 outside."""
    batch, channels = input.array.shape[:2]
    index = np.zeros(at[0].shape, np.int64)
    inside = np.ones(at[0].shape, bool)
    for place, size in zip(at, sizes, strict=True):
        if how != "zeros":
            place = np.rint(_kept(wrap(place), size, how, corners).array)
        ok = (place >= 0) & (place <= size - 1)
        inside &= ok
        index = index * size + np.where(ok, place, 0).astype(np.int64)
    rows = ops.reshape(input, (batch, channels, math.prod(sizes)))
    wide = wrap(np.broadcast_to(index[:, None, :], (batch, channels, index.shape[1])).copy())
    found = ops.gather(rows, wide, 2)
    return found if inside.all() else ops.where(wrap(inside[:, None, :]), found, 0.0)
