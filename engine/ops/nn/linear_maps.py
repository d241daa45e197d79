"""Linear maps along one dimension at a time: what padding, averaging and interpolation have in
common.

Each output takes from a few inputs, its taps, each with a weight. A Map says which by a kind and
numbers, so that a row's parameters stay small; the transpose of a map is its rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from engine.arrays.types import Array
from engine.dispatch.operation import op

DENSE = 1 << 22
"""A map of more entries than this is not written out as a matrix."""


class Map(NamedTuple):
    """A linear map of dimension `dim` from `inner` to `outer` elements."""

    dim: int
    kind: str
    inner: int
    outer: int
    args: tuple[Any, ...] = ()


Taps = tuple[Array, Array]
"""The input that each output takes from, and the weight; both (outer, taps)."""

_KINDS: dict[str, Callable[..., Taps]] = {}


def kind(function: Callable[..., Taps]) -> Callable[..., Taps]:
    """Add a kind of map: a function of inner, outer and the map's further numbers."""
    _KINDS[function.__name__.strip("_")] = function
    return function


@lru_cache(maxsize=256)
def taps(kind: str, inner: int, outer: int, args: tuple[Any, ...]) -> Taps:
    """The taps of a map."""
    return _KINDS[kind](inner, outer, *args)


@lru_cache(maxsize=64)
def _matrix(kind: str, inner: int, outer: int, args: tuple[Any, ...], dtype: Any) -> Array:
    index, weight = taps(kind, inner, outer, args)
    matrix = np.zeros((outer, inner))
    np.add.at(matrix, (np.arange(outer)[:, None], index), weight)
    return matrix.astype(dtype)


def _along(xp: Any, x: Any, m: Map, transposed: bool) -> Any:
    _, name, inner, outer, args = m
    size = inner if transposed else outer
    moved = xp.moveaxis(x, m.dim, 0)
    if inner * outer <= DENSE:
        matrix = _matrix(name, inner, outer, args, x.dtype)
        flat = moved.reshape(moved.shape[0], math.prod(moved.shape[1:]))
        out = xp.matmul(matrix.T if transposed else matrix, flat)
    else:
        index, weight = taps(name, inner, outer, args)
        weight = weight.astype(x.dtype).reshape(*weight.shape, *(1,) * (x.ndim - 1))
        out = xp.zeros((size, *moved.shape[1:]), x.dtype)
        for tap in range(index.shape[1]):
            if transposed:
                out = xp.added_at(out, index[:, tap], moved * weight[:, tap])
            else:
                out = out + moved[index[:, tap]] * weight[:, tap]
    return xp.moveaxis(out.reshape(size, *moved.shape[1:]), 0, m.dim)


def _sampled(xp: Any, x: Any, maps: tuple[Map, ...]) -> Any:
    for m in maps:
        x = _along(xp, x, m, False)
    return x if maps else xp.array(x)


def _transposed(xp: Any, x: Any, maps: tuple[Map, ...]) -> Any:
    for m in reversed(maps):
        x = _along(xp, x, m, True)
    return x if maps else xp.array(x)


def sampled(name: str, node: str, written: str | None = None, beside: bool = False) -> None:
    """Add a row that is a map along some dimensions; only names tell such rows apart.

    `beside` tells that PyTorch's gradient takes x as well.
    """

    def rule(ns: Any, g: Any, maps: Any) -> Any:
        return ns.unsampled(g, maps)

    def rule_beside(ns: Any, g: Any, x: Any, maps: Any) -> Any:
        return ns.unsampled(ns.beside(g, x), maps)

    op(
        f"{name}(x; maps)",
        _sampled,
        node=node,
        written=written or f"{name}(x)",
        x=rule_beside if beside else rule,
    )


op("unsampled(x; maps)", _transposed, x=lambda ns, g, maps: ns.resampled(g, maps))
sampled("resampled", "UnsampledBackwardBackward0")

# ---- kinds that pick one element -------------------------------------------------------------


def _one(index: Array) -> Taps:
    return index[:, None], np.ones((len(index), 1))


@kind
def _reflect(inner: int, outer: int, before: int) -> Taps:
    place = np.abs(np.arange(outer) - before)
    return _one(np.where(place >= inner, 2 * (inner - 1) - place, place))


@kind
def _replicate(inner: int, outer: int, before: int) -> Taps:
    return _one(np.clip(np.arange(outer) - before, 0, inner - 1))


@kind
def _circular(inner: int, outer: int, before: int) -> Taps:
    return _one((np.arange(outer) - before) % inner)


# ---- kinds that average ----------------------------------------------------------------------


def _stretches(starts: Array, ends: Array, weight: Array) -> Taps:
    """Outputs that take all from start to end with one weight each."""
    most = int((ends - starts).max(initial=1))
    index = starts[:, None] + np.arange(most)
    inside = index < ends[:, None]
    return np.where(inside, index, starts[:, None]), np.where(inside, weight[:, None], 0.0)


@kind
def _window(
    inner: int,
    outer: int,
    size: int,
    stride: int,
    padding: int,
    mean: bool,
    with_padding: bool,
    scale: float,
) -> Taps:
    """Windows as pooling has them: sums, or means over the window with or without its padding."""
    starts = np.arange(outer) * stride - padding
    ends = np.minimum(starts + size, inner + padding)
    counts = ends - starts
    starts, ends = np.maximum(starts, 0), np.minimum(ends, inner)
    if not with_padding:
        counts = ends - starts
    starts = np.minimum(starts, inner - 1)
    return _stretches(starts, ends, scale / (np.maximum(counts, 1) if mean else np.ones(outer)))


def cells(inner: int, outer: int) -> tuple[Array, Array]:
    """Where the cells of adaptive pooling start and end."""
    places = np.arange(outer)
    return places * inner // outer, -(-(places + 1) * inner // outer)


@kind
def _adaptive(inner: int, outer: int) -> Taps:
    starts, ends = cells(inner, outer)
    return _stretches(starts, ends, 1 / (ends - starts))


# ---- kinds that interpolate ------------------------------------------------------------------


@kind
def _nearest(inner: int, outer: int, scale: float) -> Taps:
    place = np.floor(np.arange(outer, dtype=np.float32) * np.float32(scale)).astype(int)
    return _one(np.minimum(place, inner - 1))


@kind
def _exact(inner: int, outer: int, scale: float) -> Taps:
    """The nearest by the middles of elements."""
    middle = (np.arange(outer, dtype=np.float32) + np.float32(0.5)) * np.float32(scale)
    return _one(np.minimum(np.floor(middle).astype(int), inner - 1))


def _places(outer: int, scale: float, corners: bool) -> Array:
    """Where outputs lie among the inputs."""
    return np.arange(outer) * scale if corners else (np.arange(outer) + 0.5) * scale - 0.5


@kind
def _linear(inner: int, outer: int, scale: float, corners: bool) -> Taps:
    place = np.maximum(_places(outer, scale, corners), 0)
    low = np.minimum(place.astype(int), inner - 1)
    part = np.clip(place - low, 0, 1)
    index = np.stack((low, np.minimum(low + 1, inner - 1)), 1)
    return index, np.stack((1 - part, part), 1)


def cubic_parts(d: Any, a: float) -> tuple[Any, Any]:
    """The cubic convolution kernel (Keys, 1981) at a distance up to 1, and at one from 1 to 2."""
    return ((a + 2) * d - (a + 3)) * d * d + 1, ((a * d - 5 * a) * d + 8 * a) * d - 4 * a


def _cubic_weights(distance: Array, a: float) -> Array:
    d = np.abs(distance)
    near, far = cubic_parts(d, a)
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))


@kind
def _cubic(inner: int, outer: int, scale: float, corners: bool) -> Taps:
    place = _places(outer, scale, corners)
    low = np.floor(place).astype(int)
    index = low[:, None] + np.arange(-1, 3)
    return np.clip(index, 0, inner - 1), _cubic_weights(place[:, None] - index, -0.75)


@kind
def _smooth(inner: int, outer: int, scale: float, cubic: bool) -> Taps:
    """Interpolation with a kernel as wide as the step, so that nothing is skipped (antialias)."""
    wide = max(scale, 1.0)
    support = (2 if cubic else 1) * wide
    centre = (np.arange(outer) + 0.5) * scale
    starts = np.maximum((centre - support + 0.5).astype(int), 0)
    ends = np.minimum((centre + support + 0.5).astype(int), inner)
    index, inside = _stretches(starts, ends, np.ones(outer))
    distance = (index + 0.5 - centre[:, None]) / wide
    weight = _cubic_weights(distance, -0.5) if cubic else np.maximum(1 - np.abs(distance), 0)
    weight = weight * inside
    return index, weight / weight.sum(1, keepdims=True)
