"""Elements as sets: the different ones, which are among others, and where one would stand."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.promotion import result_type
from engine.arrays.row import non_differentiable
from engine.dispatch.arguments import array_of, wrap_dim
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap

# ---- the different ones ----------------------------------------------------------------------


def _no_rule(name: str) -> Any:
    def rule(ns: Any, g: Any) -> Any:
        raise NotImplementedError(f"the derivative for '{name}' is not implemented.")

    return rule


def _runs(xp: Any, lines: Any) -> Any:
    """Where in a matrix a row differs from the one before."""
    first = xp.ones(lines.shape[:1], bool)[:1]
    return xp.concatenate((first, (lines[1:] != lines[:-1]).any(1)))


def _grouped(xp: Any, x: Any, dim: int | None, ordered: bool) -> Any:
    """The different parts of x along dim, which of them each part is, and how many of each."""
    parts = x.reshape(-1) if dim is None else xp.moveaxis(x, dim, 0)
    lines = parts.reshape(parts.shape[0], -1) if parts.size else parts.reshape(parts.shape[0], 1)
    # lexsort's last key is the first to sort by; nan comes last
    order = xp.lexsort(tuple(lines[:, ::-1].T)) if ordered else xp.arange(lines.shape[0])
    fresh = _runs(xp, lines[order])
    found = xp.take(parts, order[fresh], 0)
    inverse = xp.stored_at(xp.zeros(order.shape, np.int64), order, xp.cumsum(fresh) - 1)
    starts = xp.flatnonzero(fresh)
    counts = xp.diff(xp.concatenate((starts, xp.asarray([order.size]))))
    if dim is None:
        return found, inverse.reshape(x.shape), counts.astype(np.int64)
    return xp.moveaxis(found, 0, dim), inverse, counts.astype(np.int64)


# ---- places among others ---------------------------------------------------------------------


def _search(xp: Any, edges: Any, x: Any, right: bool, dtype: Any) -> Any:
    """How many of the edges, in order along the last dimension, stand before each element.

    By halving, all elements at once, since what nan and disorder come to shows the way taken.
    """
    size = edges.shape[-1]
    start, end = xp.zeros(x.shape, np.int64), xp.full(x.shape, size, dtype=np.int64)
    for _ in range(size.bit_length()):
        middle = (start + end) // 2
        places = xp.minimum(middle, size - 1)
        at = edges[places] if edges.ndim == 1 else xp.take_along_axis(edges, places, -1)
        later = ~((at > x) if right else (at >= x)) & (start < end)
        start, end = xp.where(later, middle + 1, start), xp.where(later, end, middle)
    return start.astype(dtype)


# fmt: off
for _name, _node, _says, _params in (
    ("unique", "Unique2Backward0", "_unique2", ""),
    ("unique_dim", "UniqueDimBackward0", "unique_dim", "; dim"),
    ("unique_consecutive", "UniqueConsecutiveBackward0", "unique_consecutive", "; dim"),
):
    op(f"{_name}(x{_params})",
       lambda xp, x, dim=None, ordered=_name != "unique_consecutive": _grouped(
           xp, x, dim, ordered),
       outputs=3, node=_node, x=_no_rule(_says))
op("searchsorted(edges, x; right, dtype)", _search, written="searchsorted(edges, x, right=right)",
   edges=non_differentiable, x=non_differentiable)
op("isin(x, among; invert)", lambda xp, x, among, invert: xp.isin(x, among, invert=invert),
   written="isin(x, among)", x=non_differentiable, among=non_differentiable)
# fmt: on

# ---- functions -------------------------------------------------------------------------------


def _asked(found: Any, inverse: bool, counts: bool) -> Any:
    """Of what was found what was asked for."""
    chosen = [found[0], *([found[1]] if inverse else []), *([found[2]] if counts else [])]
    return tuple(chosen) if len(chosen) > 1 else chosen[0]


def _refuse_complex(kernel: str, array: Any, kinds: str = "c") -> None:
    if array.dtype.kind in kinds:
        raise NotImplementedError(
            f"\"{kernel}\" not implemented for '{dtypes.of(array.dtype).scalar_name}'"
        )


def _along(array: Any, dim: int) -> int:
    if not array.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    place = wrap_dim(dim, array.ndim)
    if not array.size and any(size == 0 for i, size in enumerate(array.shape) if i != place):
        raise RuntimeError(
            "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied"
        )
    return place


@public()
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The different elements in order, or parts along dim; where each went, how many there are."""
    array = array_of("unique", input)
    _refuse_complex("unique" if dim is None else "unique_dim", array)
    found = ops.unique(input) if dim is None else ops.unique_dim(input, _along(array, dim))
    return _asked(found, return_inverse, return_counts)


@public()
def unique_consecutive(
    input: Tensor,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The elements, or parts along dim, that differ from the one before."""
    array = array_of("unique_consecutive", input)
    _refuse_complex("unique" if dim is None else "unique_dim", array)
    found = ops.unique_consecutive(input, None if dim is None else _along(array, dim))
    return _asked(found, return_inverse, return_counts)


@public("torch")
def isin(
    elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Which elements are among the test elements; either may be a number, not both."""
    pair = (elements, test_elements)
    if not any(isinstance(each, Tensor) for each in pair):
        raise TypeError("isin() takes a Tensor")
    for each in pair:
        if isinstance(each, Tensor) and each.array.dtype.kind in "bc":
            raise RuntimeError(
                "Unsupported input type encountered for isin(): "
                f"{dtypes.of(each.array.dtype).scalar_name}"
            )
    x, among = (each if isinstance(each, Tensor) else wrap(np.asarray(each)) for each in pair)
    return ops.isin(x, among, invert)


_SEARCH = "torch.searchsorted(): "


def _found(edges: Tensor, value: Any, right: bool, out_int32: bool) -> Tensor:
    x = value if isinstance(value, Tensor) else wrap(np.asarray(value))
    dtype = result_type([edges.array, x.array if isinstance(value, Tensor) else value])
    for each in (edges, x):
        _refuse_complex("searchsorted_out_cpu", each.array, "bc")
    edges, x = (each if each.array.dtype == dtype else ops.cast(each, dtype) for each in (edges, x))
    return ops.searchsorted(edges, x, right, np.dtype(np.int32 if out_int32 else np.int64))


@public("torch")
def bucketize(
    input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False
) -> Tensor:
    """Which of the spans between boundaries, in order, each element lies in.

    A boundary ends its span or, with right, begins the next.
    """
    edges = boundaries.array
    if edges.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({edges.ndim})")
    return _found(boundaries, input, right, out_int32)


@public("torch")
def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Any = None,
) -> Tensor:
    """Where the elements of input would stand in a sequence in order (or that `sorter` orders).

    With several sequences, along the last dimension, each has its own elements.
    """
    edges = sorted_sequence.array
    if side is not None and side not in ("left", "right"):
        raise RuntimeError(f"{_SEARCH}side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            f"{_SEARCH}side and right can't be set to opposites, got side of left while right "
            "was True"
        )
    _check_values(edges, input)
    if sorter is not None:
        _check_sorter(edges, sorter)
        sorted_sequence = ops.gather(sorted_sequence, sorter, edges.ndim - 1)
    return _found(sorted_sequence, input, right or side == "right", out_int32)


def _check_values(edges: Any, input: Any) -> None:
    if not isinstance(input, (Tensor, int, float)):
        raise TypeError("searchsorted() takes a Tensor or a number")
    x = input.array if isinstance(input, Tensor) else np.asarray(input)
    if not x.ndim and edges.ndim != 1:
        raise RuntimeError(
            f"{_SEARCH}input value can be a scalar only when boundaries tensor dimension is 1, but "
            f"we got boundaries tensor dim({edges.ndim}) and input value's dim(0) numel(1)"
        )
    if not edges.ndim:
        raise RuntimeError(
            f"{_SEARCH}boundaries tensor should have positive dimension, but got 0 dimension"
        )
    if edges.ndim != 1 and edges.shape[:-1] != x.shape[:-1]:
        raise RuntimeError(
            f"{_SEARCH}boundaries tensor should be 1 dimension or the first N-1 dimensions of "
            "boundaries tensor and input value tensor must match, but we got boundaries tensor "
            f"{list(edges.shape)} and input value tensor {list(x.shape)}"
        )


def _check_sorter(edges: Any, sorter: Any) -> None:
    order = sorter.array
    if order.shape != edges.shape:
        raise RuntimeError(
            f"{_SEARCH}boundary and sorter must have the same size, but got boundary tensor "
            f"{list(edges.shape)}and got sorter tensor {list(order.shape)}"
        )
    if order.dtype != np.int64:
        raise RuntimeError(
            f"{_SEARCH}sorter must be a tensor of long dtype but got dtype "
            f"{dtypes.of(order.dtype).scalar_name}"
        )
    if order.size and not 0 <= order.min() <= order.max() < edges.shape[-1]:
        raise RuntimeError(f"{_SEARCH}sorter index out of range")
