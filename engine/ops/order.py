"""Elements in order: sort, topk, kthvalue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.callers import TENSORS as ops
from engine.catalog import public
from engine.op import non_differentiable, op
from engine.ops.arguments import Shape, array_of, wrap_dim
from engine.ops.indexing import whole_parts
from engine.ops.results import named

if TYPE_CHECKING:
    from engine.tensor import Tensor

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


op("sort(x; dim, descending)", _sort, outputs=2,
   x=lambda ns, g, x_shape, x_dtype, out, dim:
       _back_to_place(ns, g, out, x_shape, x_dtype, dim))  # fmt: skip
op("topk(x; k, dim, largest)", _topk, outputs=2,
   x=lambda ns, g, x_shape, x_dtype, out, dim:
       _back_to_place(ns, g, out, x_shape, x_dtype, dim))  # fmt: skip


def _kthvalue_rule(
    ns: Any, g: Any, x_shape: Shape, x_dtype: Any, out: Any, dim: int, keepdim: bool
) -> Any:
    zeros = ns.zeros(x_shape, x_dtype)
    if keepdim or not x_shape:
        return ns.scatter(zeros, out[1], g[0], dim)
    return ns.scatter(zeros, ns.unsqueeze(out[1], dim), ns.unsqueeze(g[0], dim), dim)


op("kthvalue(x; k, dim, keepdim)", _kthvalue, outputs=2, x=_kthvalue_rule)
op("argsort(x; dim, descending)",
   lambda xp, x, dim, descending: xp.zeros((), np.int64) if x.ndim == 0
   else _argsort(xp, x, dim, descending), x=non_differentiable)  # fmt: skip
op("nonzero(x)", lambda xp, x: xp.argwhere(x) if x.ndim else xp.zeros((int(x != 0), 0), np.int64),
   x=non_differentiable)  # fmt: skip

# ---- functions -------------------------------------------------------------------------------

_Sorted = named("sort", "values", "indices")
_Largest = named("topk", "values", "indices")
_Kth = named("kthvalue", "values", "indices")


@public()
def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """The elements in order along a dimension, and where they were."""
    dim = wrap_dim(dim, array_of("sort", input).ndim)
    return _Sorted(ops.sort(input, dim, descending))


@public()
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """Where the elements in order along a dimension are."""
    return ops.argsort(input, wrap_dim(dim, array_of("argsort", input).ndim), descending)


@public()
def msort(input: Tensor) -> Tensor:
    """The elements in order along the first dimension."""
    return sort(input, 0)[0]


@public()
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The k largest elements (or smallest) along a dimension, in order, and where they were."""
    array = array_of("topk", input)
    dim = wrap_dim(dim, array.ndim)
    if not 0 <= k <= (array.shape[dim] if array.ndim else 1):
        raise RuntimeError("selected index k out of range")
    return _Largest(ops.topk(input, k, dim, largest))


@public()
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest element along a dimension, and where it was."""
    array = array_of("kthvalue", input)
    dim = wrap_dim(dim, array.ndim)
    if not 1 <= k <= (array.shape[dim] if array.ndim else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {dim}")
    return _Kth(ops.kthvalue(input, k, dim, keepdim))
