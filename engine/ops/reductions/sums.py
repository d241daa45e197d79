"""Sums and means. Rows that reduce some dimensions take `dims`, a tuple counted from the front."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.scalars import scalar
from engine.arrays.types import Shape
from engine.dispatch.arguments import ABSENT, check_flag, dtype_of, wrap_dim, wrap_dims
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import IN_PLACE, op
from engine.graph.registry import public
from engine.graph.tensor import Tensor

_SMALL = 1024

# ---- what reductions share -------------------------------------------------------------------


def dims_of(dim: Any, ndim: int) -> Shape:
    """The dimensions to reduce, counted from the front: all of them for None or ()."""
    if dim is None or dim in ((), []):
        return tuple(range(ndim))
    wrapped = wrap_dims(dim if isinstance(dim, (tuple, list)) else (dim,), ndim)
    return wrapped if ndim else ()


def in_dtype(input: Tensor, dtype: Any, name: str) -> Tensor:
    """The input cast to an argument `dtype`, if one was given."""
    wanted = dtype_of(name, dtype)
    if wanted is None or wanted == input.array.dtype:
        return input
    return ops.to_copy(input, wanted)


def whole_numbers(x: Any) -> Any:
    """Whole numbers and truth values as int64, in which PyTorch adds and multiplies them."""
    return x.astype(np.int64) if x.dtype.kind in "biu" else x


def count_along(shape: Shape, dims: Shape) -> int:
    """How many elements are reduced to one."""
    return math.prod(shape[dim] for dim in dims)


def spread(ns: Any, g: Any, shape: Shape, dims: Shape, keepdim: bool) -> Any:
    """A reduced value spread over the dimensions it was reduced from."""
    if not keepdim and len(shape) > len(dims):
        g = ns.reshape(g, tuple(1 if dim in dims else size for dim, size in enumerate(shape)))
    return ns.expand(g, shape)


# ---- rows ------------------------------------------------------------------------------------


def _sum(xp: Any, x: Any, dims: Shape, keepdim: bool) -> Any:
    return xp.add.reduce(whole_numbers(x), dims, None, None, keepdim)


def mean_along(xp: Any, x: Any, dims: Shape | None, count: int, keepdim: bool) -> Any:
    """The mean of `count` elements over dimensions of an array, or over all."""
    if x.dtype.char == "e":  # its own sums would overflow, and lose digits
        return mean_along(xp, x.astype(np.float32), dims, count, keepdim).astype(x.dtype)
    return xp.add.reduce(x, dims, None, None, keepdim) / count


def _mean_of_all(xp: Any, x: Any) -> Any:
    if x.dtype.char == "e":
        return mean_along(xp, x, None, x.size, False)
    return xp.add.reduce(x, None) / x.size


def _mean_rule(ns: Any, g: Any, x_shape: Shape) -> Any:
    """g / n everywhere: recorded as PyTorch does it, dividing last; of numbers, first."""
    count = math.prod(x_shape)
    if type(g) is not np.ndarray:
        return ns.expand(g, x_shape) / count
    if count > _SMALL:
        return ns.expand(g / count, x_shape)
    out = np.empty(x_shape, g.dtype)  # what follows is twice as fast with this as with a view
    out.fill(g / scalar(count, g.dtype))
    return out


def running(xp: Any, x: Any, dim: int, name: str) -> Any:
    """What NumPy's function of that name makes of the elements so far."""
    x = whole_numbers(x)
    return getattr(xp, name)(x, axis=dim) if x.ndim else xp.array(x)


def _reverse_cumsum(ns: Any, g: Any, dim: int) -> Any:
    return ns.flip(ns.cumsum(ns.flip(g, (dim,)), dim), (dim,))


def _logsumexp(xp: Any, x: Any, dims: Shape, keepdim: bool) -> Any:
    if x.size == 0:
        return xp.log(xp.add.reduce(x, dims, None, None, keepdim))
    top = xp.maximum.reduce(x.real, dims, None, None, True)
    top = xp.where(xp.isfinite(top), top, top.dtype.type(0))
    out = xp.log(xp.add.reduce(xp.exp(x - top), dims, None, None, True)) + top
    return out if keepdim else xp.squeeze(out, dims)


# fmt: off
op("sum(x)", lambda xp, x: xp.add.reduce(x if x.dtype.kind == "f" else whole_numbers(x), None),
   written="x.sum()", latex=r"\sum #1", x=lambda ns, g, x_shape: ns.expand(g, x_shape))
op("sum_dim(x; dims, keepdim)", _sum, written="x.sum(dims, keepdim)", node="SumBackward1",
   latex=r"\operatorname{sum}_{#2}\left(#1\right)",
   x=lambda ns, g, x_shape, dims, keepdim: spread(ns, g, x_shape, dims, keepdim))
op("sum_to(x; shape)", "summed_to", written="x.sum_to_size(shape)", node="SumBackward1",
   x=lambda ns, g, x_shape: ns.expand(g, x_shape))
op("mean(x)", _mean_of_all, written="x.mean()", x=_mean_rule)
op("mean_dim(x; dims, keepdim)",
   lambda xp, x, dims, keepdim: mean_along(xp, x, dims, count_along(x.shape, dims), keepdim),
   written="x.mean(dims, keepdim)", node="MeanBackward1",
   x=lambda ns, g, x_shape, dims, keepdim: (
       spread(ns, g, x_shape, dims, keepdim) / count_along(x_shape, dims)))
op("cumsum(x; dim)", lambda xp, x, dim: running(xp, x, dim, "cumsum"),
   x=lambda ns, g, x_shape, dim: _reverse_cumsum(ns, g, dim) if x_shape else g)
op("logsumexp(x; dims, keepdim)", _logsumexp, floats=True, written="logsumexp(x, dims, keepdim)",
   x=lambda ns, g, x, out, dims, keepdim: (
       spread(ns, g, tuple(x.shape), dims, keepdim)
       * ns.exp(x - spread(ns, out, tuple(x.shape), dims, keepdim))))
# fmt: on

# ---- functions -------------------------------------------------------------------------------


@public()
def sum(input: Tensor, dim: Any = ABSENT, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum of all elements, or over dimensions."""
    array = input.array
    if dtype is not None:
        input = in_dtype(input, dtype, "sum")
    if dim is ABSENT:
        if not keepdim:
            return ops.sum(input)
        dim = None
    check_flag(keepdim)
    return ops.sum_dim(input, dims_of(dim, array.ndim), keepdim)


@public()
def mean(input: Tensor, dim: Any = ABSENT, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean of all elements, or over dimensions."""
    array = input.array
    if dtype is not None:
        input = in_dtype(input, dtype, "mean")
    elif array.dtype.kind not in "fcV":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point "
            f"or complex dtype. Got: {dtypes.of(array.dtype).scalar_name}"
        )
    if dim is ABSENT and not keepdim:
        return ops.mean(input)
    dim = None if dim is ABSENT else dim
    check_flag(keepdim)
    return ops.mean_dim(input, dims_of(dim, array.ndim), keepdim)


@public(IN_PLACE)
def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Sums of the elements so far along a dimension."""
    place = wrap_dim(dim, input.array.ndim)
    return ops.cumsum(in_dtype(input, dtype, "cumsum"), place)


@public("torch Tensor special")
def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """log(sum(exp(input))) over dimensions, without overflow."""
    array = input.array
    if dim is None:
        raise TypeError("logsumexp() takes dimensions")
    check_flag(keepdim)
    return ops.logsumexp(input, dims_of(dim, array.ndim), keepdim)
