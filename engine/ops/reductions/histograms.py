"""Counting: how many elements fall into each of some bins, or are each whole number."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import dtypes, limits
from engine.arrays.promotion import is_half
from engine.arrays.row import non_differentiable
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.dispatch.results import named
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.elementwise.arithmetic import no_derivative
from engine.ops.views.joining import cat

# ---- rows ------------------------------------------------------------------------------------


def _places(xp: Any, x: Any, edges: Any) -> Any:
    """The bin each element falls into; -1 for those outside. The last bin has its upper edge."""
    place = xp.searchsorted(edges, x, side="right") - 1
    place = xp.where(x == edges[-1], edges.size - 2, place)
    return xp.where((x >= edges[0]) & (x <= edges[-1]), place, -1)


def _even_places(xp: Any, x: Any, low: float, high: float, bins: int) -> Any:
    """The same for `bins` equal ones from low to high, in the arithmetic PyTorch does."""
    place = ((x - low) * (bins / (high - low))).astype(np.int64)
    place = xp.minimum(place, bins - 1)
    return xp.where((x >= low) & (x <= high), place, -1)


def _counted(xp: Any, places: Any, bins: int, weight: Any, dtype: Any) -> Any:
    """How many of the places are each of `bins`; those below zero count for nothing."""
    weights = (places >= 0).astype(dtype) if weight is None else xp.where(places >= 0, weight, 0)
    counts = xp.zeros(bins, weights.dtype)
    return xp.added_at(counts, xp.maximum(places, 0), weights)


def _longest(x: Any, *rest: Any) -> tuple[int, ...]:
    return (max(rest[-1], int(x.max(initial=0)) + 1),)


def _histogram(
    xp: Any, x: Any, edges: Any, weight: Any, ranges: Any, density: bool, shape: tuple[int, ...]
) -> Any:
    """Counts over the bins of each of x's columns; ranges is None for those of uneven bins.

    `edges` are those of all columns, end to end.
    """
    flat = xp.zeros(x.shape[0], np.int64)
    inside = xp.ones(x.shape[0], bool)
    start = 0
    for column, bins in enumerate(shape):
        own = edges[start : start + bins + 1]
        start += bins + 1
        values = x[:, column]
        if ranges is None:
            place = _places(xp, values, own)
        else:
            low, high = ranges[column]
            place = _even_places(xp, values, low, high, bins)
        inside = inside & (place >= 0)
        flat = flat * bins + xp.maximum(place, 0)
    counts = _counted(xp, xp.where(inside, flat, -1), int(np.prod(shape)), weight, x.dtype)
    counts = counts.reshape(shape)
    if not density:
        return counts
    counts = counts / xp.add.reduce(counts, None)
    start = 0
    for column, bins in enumerate(shape):
        widths = edges[start + 1 : start + bins + 1] - edges[start : start + bins]
        start += bins + 1
        counts = counts / widths.reshape((-1,) + (1,) * (len(shape) - column - 1))
    return counts


# fmt: off
op("histc(x; bins, min, max)",
   lambda xp, x, bins, min, max: _counted(
       xp, _even_places(xp, x.reshape(-1), min, max, bins), bins, None, x.dtype),
   estimate=lambda x, bins, min, max: (bins,), x=non_differentiable)
op("bincount(x; bins)", lambda xp, x, bins: xp.bincount(x, minlength=bins).astype(np.int64),
   written="bincount(x, minlength=bins)", estimate=_longest, x=non_differentiable)
op("bincount_weighted(x, weights; bins)",
   lambda xp, x, weights, bins: xp.bincount(x, weights, minlength=bins).astype(weights.dtype),
   written="bincount(x, weights, bins)", estimate=_longest, node="NotImplemented",
   x=non_differentiable, weights=no_derivative("bincount"))
for _name in ("histogram", "_histogramdd_from_bin_cts", "_histogramdd_from_bin_tensors"):
    op(f"{_name}(x, edges, weight; ranges, density, shape)", _histogram, node="NotImplemented",
       written="histogram(x, edges, weight)", x=no_derivative(_name), edges=non_differentiable,
       weight=no_derivative(_name))
# fmt: on

# ---- functions -------------------------------------------------------------------------------


def _floating(kernel: str, array: Any) -> None:
    halves = kernel == "histogram_cpu"
    if array.dtype.kind not in "fV" or (is_half(array.dtype) and not halves):
        raise NotImplementedError(
            f"\"{kernel}\" not implemented for '{dtypes.of(array.dtype).scalar_name}'"
        )


def _check_bins(bins: Any, column: int = 0) -> None:
    if bins <= 0:
        raise RuntimeError(
            f"torch.histogram(): bins must be > 0, but got {bins} for dimension {column}"
        )


@public()
def histc(input: Tensor, bins: int = 100, min: Any = 0, max: Any = 0) -> Tensor:
    """How many elements fall into each of `bins` equal bins from min to max (0 and 0: all)."""
    array = input.array
    _check_bins(bins)
    _floating("histogram_cpu", array)
    low, high = float(min), float(max)
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        shown = ", ".join("-nan" if end != end else f"{end:g}" for end in (low, high))
        raise RuntimeError(f"torch.histc: range of [{shown}] is not finite")
    if low > high:
        raise RuntimeError("torch.histc: max must be larger than min")
    if low == high:
        low, high = low - 1, high + 1
    return ops.histc(input, bins, low, high)


@public()
def bincount(input: Tensor, weights: Any = None, minlength: int = 0) -> Tensor:
    """How often each whole number is there, or the sum of its weights."""
    array = input.array
    if array.dtype.kind not in "iu":
        raise NotImplementedError(
            f"\"bincount_cpu\" not implemented for '{dtypes.of(array.dtype).scalar_name}'"
        )
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if array.ndim != 1 or (array.size and array.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is None:
        return ops.bincount(input, minlength)
    given = weights.array
    if given.shape != array.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    if given.dtype != np.float32:
        weights = ops.to_copy(weights, np.dtype(np.float64))
    return ops.bincount_weighted(input, weights, minlength)


_Histogram = named("histogram", "hist", "bin_edges")
_Histograms = named("histogramdd", "hist", "bin_edges")


def _ends(x: Any, given: Any) -> list[tuple[float, float]]:
    """Where the bins of each column begin and end: as given, or from its elements."""
    columns = x.shape[1]
    if given is not None:
        if len(given) != 2 * columns:
            raise RuntimeError(
                f"torch.histogramdd: for a {columns}-dimensional histogram range should have "
                f"{2 * columns} elements, but got {len(given)}"
            )
        ends = [(float(given[2 * i]), float(given[2 * i + 1])) for i in range(columns)]
    elif x.shape[0]:
        ends = [(float(column.min()), float(column.max())) for column in x.T]
    else:
        ends = [(0.0, 1.0)] * columns
    for i, (low, high) in enumerate(ends):
        if not (np.isfinite(low) and np.isfinite(high)):
            raise RuntimeError(
                f"torch.histogramdd: dimension {i}'s range [{low:g}, {high:g}] is not finite"
            )
        if low > high:
            raise RuntimeError(
                f"torch.histogramdd: min should not exceed max, but got min {low:g} max {high:g} "
                f"for dimension {i}"
            )
    return [(low - 0.5, high + 0.5) if low == high else (low, high) for low, high in ends]


def _counts(
    input: Tensor, bins: Any, given: Any, weight: Any, density: bool, whole: str, uneven: str
) -> tuple[Tensor, list[Tensor]]:
    """The histogram of the rows of a matrix, and the edges of its bins along each column.

    `whole` is the row for numbers of bins, `uneven` that for their edges.
    """
    x = input.array
    _floating("histogramdd", x)
    if isinstance(bins[0], Tensor):
        ranges, edges, row = None, list(bins), uneven
    else:
        for column, count in enumerate(bins):
            _check_bins(count, column)
        limits.check(bins)
        limits.check([max(bins) + 1])
        ranges, row = _ends(x, given), whole
        edges = [
            wrap(np.linspace(low, high, count + 1, dtype=x.dtype))
            for (low, high), count in zip(ranges, bins, strict=True)
        ]
    shape = tuple(each.array.size - 1 for each in edges)
    return getattr(ops, row)(input, cat(edges), weight, ranges, density, shape), edges


def _check_weight(shape: tuple[int, ...], weight: Any) -> Any:
    if weight is None or weight.array.shape == shape[:-1]:
        return None if weight is None else ops.reshape(weight, (weight.array.size,))
    raise RuntimeError(
        "torch.histogramdd: if weight tensor is provided it should have the same shape as the "
        f"input tensor excluding its innermost dimension, but got input with shape {list(shape)} "
        f"and weight with shape {list(weight.array.shape)}"
    )


@public()
def histogram(
    input: Tensor, bins: Any, *, range: Any = None, weight: Any = None, density: bool = False
) -> Any:
    """How many elements, or how much weight, in each bin; and the edges of the bins.

    bins: how many equal ones over `range`, or a tensor of edges in order.
    """
    array = input.array
    column = ops.reshape(input, (array.size, 1))
    if weight is not None:
        _check_weight((*array.shape, 1), weight)
        weight = ops.reshape(weight, (array.size,))
    hist, edges = _counts(column, [bins], range, weight, density, "histogram", "histogram")
    return _Histogram((hist, edges[0]))


@public("torch")
def histogramdd(
    input: Tensor, bins: Any, range: Any = None, weight: Any = None, density: bool = False
) -> Any:
    """How many points, the rows of the last dimension, in each box; and the edges of the boxes.

    bins: how many equal ones along every dimension, or along each, or tensors of edges for each.
    """
    array = input.array
    if array.ndim < 2:
        raise RuntimeError("torch.histogramdd: input tensor should have at least 2 dimensions")
    columns = array.shape[-1]
    bins = [bins] * columns if isinstance(bins, int) else list(bins)
    if len(bins) != columns:
        raise RuntimeError(
            "histogramdd: The size of bins must be equal to the innermost dimension of the input."
        )
    weight = _check_weight(array.shape, weight)
    points = ops.reshape(input, (array.size // max(columns, 1), columns))
    rows = "_histogramdd_from_bin_cts", "_histogramdd_from_bin_tensors"
    hist, edges = _counts(points, bins, range, weight, density, *rows)
    return _Histograms((hist, tuple(edges)))
