"""Elements in order: sort, topk, kthvalue."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays.row import non_differentiable
from engine.arrays.types import Shape
from engine.dispatch.arguments import wrap_dim, wrong_type
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.dispatch.results import named
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.indexing.gather_scatter import whole_parts
from engine.ops.reductions.extremes import not_empty

# ---- rows ------------------------------------------------------------------------------------


def _argsort(xp: Any, x: Any, dim: int, descending: bool) -> Any:
    """Where the sorted elements come from; equal ones keep their order, nan is the largest."""
    if not descending:
        return xp.argsort(x, dim, stable=True)
    last = x.shape[dim] - 1
    return xp.flip(last - xp.argsort(xp.flip(x, dim), dim, stable=True), dim)


def _sort(xp: Any, x: Any, dim: int, descending: bool) -> Any:
    if x.ndim == 0:
        return xp.array(x, copy=True), xp.zeros((), np.int64)
    order = _argsort(xp, x, dim, descending)
    return xp.take_along_axis(x, order, dim), order


def _topk(xp: Any, x: Any, k: int, dim: int, largest: bool) -> Any:
    values, order = _sort(xp, x, dim, largest)
    if x.ndim == 0:
        return values, order
    first = whole_parts(dim, slice(k))
    return values[first], order[first]


def _kthvalue(xp: Any, x: Any, k: int, dim: int, keepdim: bool) -> Any:
    values, order = _sort(xp, x, dim, False)
    if x.ndim == 0:
        return values, order
    place = whole_parts(dim, slice(k - 1, k) if keepdim else k - 1)
    return values[place], order[place]


def _back_to_place(ns: Any, g: Any, out: Any, shape: Shape, dtype: Any, dim: int) -> Any:
    """Zeros, with the gradient of the values put where the values came from."""
    return ns.scatter(ns.zeros(shape, dtype), out[1], g[0], dim)


_NO_SORT = {"c": (RuntimeError, " Sort does not support complex dtypes on CPU")}


def _kthvalue_rule(
    ns: Any, g: Any, x_shape: Shape, x_dtype: Any, out: Any, dim: int, keepdim: bool
) -> Any:
    zeros = ns.zeros(x_shape, x_dtype)
    if keepdim or not x_shape:
        return ns.scatter(zeros, out[1], g[0], dim)
    return ns.scatter(zeros, ns.unsqueeze(out[1], dim), ns.unsqueeze(g[0], dim), dim)


# fmt: off
for _name, _node in (("sort", "SortBackward0"), ("sort_stable", "SortBackward1")):
    op(f"{_name}(x; dim, descending)", _sort, outputs=2, node=_node,
       written="sort(x, dim, descending)", refuses=_NO_SORT,
       x=lambda ns, g, x_shape, x_dtype, out, dim:
           _back_to_place(ns, g, out, x_shape, x_dtype, dim))
op("topk(x; k, dim, largest)", _topk, outputs=2,
   refuses={"c": (RuntimeError, " topk does not support complex dtypes on CPU"),
            "b": (RuntimeError, "topk does not support bool dtypes on CPU")},
   x=lambda ns, g, x_shape, x_dtype, out, dim:
       _back_to_place(ns, g, out, x_shape, x_dtype, dim))
op("kthvalue(x; k, dim, keepdim)", _kthvalue, outputs=2, x=_kthvalue_rule,
   refuses={"bc": "kthvalue_cpu"})
op("argsort(x; dim, descending)",
   lambda xp, x, dim, descending: xp.zeros((), np.int64) if x.ndim == 0
   else _argsort(xp, x, dim, descending), x=non_differentiable, refuses=_NO_SORT)
# fmt: on

# ---- functions -------------------------------------------------------------------------------

_Sorted = named("sort", "values", "indices")
_Largest = named("topk", "values", "indices")
_Kth = named("kthvalue", "values", "indices")


@public()
def sort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool | None = None
) -> Any:
    """The elements in order along a dimension, and where they were."""
    place = wrap_dim(dim, input.array.ndim)
    row = ops.sort if stable is None else ops.sort_stable
    return _Sorted(row(input, place, descending))


@public()
def argsort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False
) -> Tensor:
    """Where the elements in order along a dimension are."""
    return ops.argsort(input, wrap_dim(dim, input.array.ndim), descending)


@public()
def msort(input: Tensor) -> Tensor:
    """The elements in order along the first dimension."""
    return sort(input, 0)[0]


def _whole(name: str, k: Any) -> None:
    if not isinstance(k, int) or isinstance(k, bool):
        raise wrong_type(name, "k", 2, "int", k)


@public()
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The k largest elements (or smallest) along a dimension, in order, and where they were."""
    array = input.array
    _whole("topk", k)
    dim = wrap_dim(dim, array.ndim)
    if not 0 <= k <= (array.shape[dim] if array.ndim else 1):
        raise RuntimeError("selected index k out of range")
    return _Largest(ops.topk(input, k, dim, largest))


@public()
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest element along a dimension, and where it was."""
    array = input.array
    _whole("kthvalue", k)
    dim = wrap_dim(dim, array.ndim)
    not_empty("kthvalue", array, (dim,))
    if not 1 <= k <= (array.shape[dim] if array.ndim else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {dim}")
    return _Kth(ops.kthvalue(input, k, dim, keepdim))
