"""Rows that read and write elements at places given by tensors: indices and masks.

What is read at a place gets its gradient back at that place; a place read twice gets the sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from engine.arrays.row import non_differentiable, passed, truth
from engine.arrays.types import Shape
from engine.dispatch.operation import broadcast_error, op

# ---- x[indices] ------------------------------------------------------------------------------


def key_of(indices: Sequence[Any], dims: Shape) -> tuple[Any, ...]:
    """The index that has `indices` at `dims`, and everything of the dimensions between."""
    key: list[Any] = []
    at = 0
    for index, dim in zip(indices, dims, strict=True):
        key.extend([slice(None)] * (dim - at))
        key.append(index)
        at = dim + (index.ndim if index.dtype.kind == "b" else 1)
    return tuple(key)


def _index_backward(xp: Any, x: Any, indices: Sequence[Any], shape: Shape, dims: Shape) -> Any:
    put = xp.stored_at if all(i.dtype.kind == "b" for i in indices) else xp.added_at
    return put(xp.zeros(shape, x.dtype), key_of(indices, dims), x)


def _index_put(
    xp: Any, x: Any, value: Any, indices: Sequence[Any], dims: Shape, accumulate: bool
) -> Any:
    if len(indices) == 1 and indices[0].dtype.kind == "b" and value.size == 1 and not accumulate:
        tail = (1,) * (x.ndim - dims[0] - indices[0].ndim)
        return xp.where(indices[0].reshape(indices[0].shape + tail), value.reshape(()), x)
    return (xp.added_at if accumulate else xp.stored_at)(x, key_of(indices, dims), value)


def _index_shape(*arguments: Any) -> Shape:
    """The shape of x[indices], its dimensions in some order."""
    x, *indices, dims = arguments
    read: set[int] = set()
    shapes = []
    for index, dim in zip(indices, dims, strict=True):
        mask = index.dtype.kind == "b"
        read.update(range(dim, dim + (index.ndim if mask else 1)))
        shapes.append((int(np.count_nonzero(index)),) if mask else index.shape)
    rest = [size for dim, size in enumerate(x.shape) if dim not in read]
    try:
        return (*np.broadcast_shapes(*shapes), *rest)
    except ValueError:
        return ()  # the forward will fail, with a better message


op("index(x, *indices; dims)", lambda xp, x, indices, dims: x[key_of(indices, dims)],
   written="x[indices]", indices=non_differentiable, estimate=_index_shape,
   facts={"chooses": "elements"}, x=lambda ns, g, indices, x_shape, dims:
       ns.index_backward(g, indices, x_shape, dims))  # fmt: skip
op("index_backward(x, *indices; shape, dims)", _index_backward, node="IndexPutImplBackward0",
   estimate=lambda *arguments: arguments[-2],
   indices=non_differentiable,
   x=lambda ns, g, indices, dims: ns.index(g, indices, dims))  # fmt: skip
op("index_put(x, value, *indices; dims, accumulate)", _index_put, indices=non_differentiable,
   x=lambda ns, g, indices, value_shape, value_dtype, dims, accumulate: g if accumulate
       else ns.index_put(g, ns.zeros(value_shape, value_dtype), indices, dims, False),
   value=lambda ns, g, indices, value_shape, dims:
       ns.sum_to(ns.index(g, indices, dims), value_shape))  # fmt: skip

# ---- along one dimension, a place for every element ------------------------------------------


def places_along(x: Any, index: Any, dim: int) -> tuple[Any, ...]:
    """The index that pairs each element of `index`, a place along `dim`, with its other places."""
    key: list[Any] = []
    for at, size in enumerate(index.shape):
        line = [1] * index.ndim
        line[at] = size
        key.append(index if at == dim else np.arange(size).reshape(line))
    return tuple(key)


def _gather(xp: Any, x: Any, index: Any, dim: int) -> Any:
    if index.size == 0:
        return xp.zeros(index.shape, x.dtype)
    if x.ndim == 0 or index.ndim == 0:
        return x.reshape(-1)[index]
    return x[places_along(x, index, dim)]


def _put_along(xp: Any, put: Any, x: Any, index: Any, src: Any, dim: int) -> Any:
    if index.size == 0:
        return xp.array(x, copy=True)
    if x.ndim == 0 or index.ndim == 0:
        return put(x.reshape(-1), index.reshape(-1), src.reshape(-1)).reshape(x.shape)
    return put(x, places_along(x, index, dim), src)


op("gather(x, index; dim)", _gather, written="gather(x, dim, index)", facts={"chooses": "elements"}, index=non_differentiable,
   x=lambda ns, g, index, x_shape, x_dtype, dim:
       ns.scatter_add(ns.zeros(x_shape, x_dtype), index, g, dim))  # fmt: skip
op("scatter(x, index, src; dim)",
   lambda xp, x, index, src, dim: _put_along(xp, xp.stored_at, x, index, src, dim),
   written="scatter(x, dim, index, src)", index=non_differentiable,
   x=lambda ns, g, index, dim: ns.scatter_value(g, index, dim, 0),
   src=lambda ns, g, index, dim: ns.gather(g, index, dim))  # fmt: skip
op("scatter_value(x, index; dim, value)",
   lambda xp, x, index, dim, value: _put_along(
       xp, xp.stored_at, x, index, xp.full(index.shape, value, dtype=x.dtype), dim),
   written="scatter(x, dim, index, value)", node="ScatterBackward1", index=non_differentiable,
   x=lambda ns, g, index, dim: ns.scatter_value(g, index, dim, 0))  # fmt: skip
op("scatter_add(x, index, src; dim)",
   lambda xp, x, index, src, dim: _put_along(xp, xp.added_at, x, index, src, dim),
   written="scatter_add(x, dim, index, src)", index=non_differentiable,
   x=passed,
   src=lambda ns, g, index, dim: ns.gather(g, index, dim))  # fmt: skip

# ---- along one dimension, whole parts --------------------------------------------------------


def whole_parts(dim: int, index: Any) -> tuple[Any, ...]:
    """The index of the parts that `index` gives along `dim`."""
    return (*(slice(None),) * dim, index)


def _index_select(xp: Any, x: Any, index: Any, dim: int) -> Any:
    if x.ndim == 0:
        return x.reshape(-1)[index].reshape(())
    return x[whole_parts(dim, index.reshape(-1))]


def _index_add(xp: Any, x: Any, index: Any, source: Any, dim: int, alpha: float) -> Any:
    scaled = source if alpha == 1 else source * xp.asarray(alpha, dtype=source.dtype)
    return _parts_put(xp.added_at, x, index, scaled, dim)


def _parts_put(put: Any, x: Any, index: Any, source: Any, dim: int) -> Any:
    if x.ndim == 0:
        return put(x.reshape(-1), index.reshape(-1), source.reshape(-1)).reshape(())
    if source.ndim < x.ndim:
        source = source.reshape(-1)
    return put(x, whole_parts(dim, index.reshape(-1)), source)


def _index_fill(xp: Any, x: Any, index: Any, value: Any, dim: int) -> Any:
    if x.ndim == 0:
        return xp.full((), value, dtype=x.dtype) if index.size else xp.array(x, copy=True)
    return xp.stored_at(x, whole_parts(dim, index.reshape(-1)), xp.asarray(value, dtype=x.dtype))


def _like_source(ns: Any, g: Any, shape: Shape) -> Any:
    return g if g.ndim == len(shape) else ns.reshape(g, shape)


op("index_select(x, index; dim)", _index_select, written="index_select(x, dim, index)",
   estimate=lambda x, index, dim: (*x.shape[:dim], index.size, *x.shape[dim + 1 :]),
   facts={"chooses": "elements"}, index=non_differentiable,
   x=lambda ns, g, index, x_shape, x_dtype, dim:
       ns.index_add(ns.zeros(x_shape, x_dtype), index, g, dim, 1))  # fmt: skip
op("index_add(x, index, source; dim, alpha)", _index_add,
   written="index_add(x, dim, index, source)", index=non_differentiable,
   x=passed,
   source=lambda ns, g, index, source_shape, dim, alpha: _like_source(
       ns, ns.index_select(g if alpha == 1 else g * alpha, index, dim), source_shape))  # fmt: skip
op("index_copy(x, index, source; dim)",
   lambda xp, x, index, source, dim: _parts_put(xp.stored_at, x, index, source, dim),
   written="index_copy(x, dim, index, source)", index=non_differentiable,
   x=lambda ns, g, index, dim: ns.index_fill(g, index, dim, 0),
   source=lambda ns, g, index, source_shape, dim: _like_source(
       ns, ns.index_select(g, index, dim), source_shape))  # fmt: skip
op("index_fill(x, index; dim, value)",
   lambda xp, x, index, dim, value: _index_fill(xp, x, index, value, dim),
   written="index_fill(x, dim, index, value)", index=non_differentiable,
   x=lambda ns, g, index, dim: ns.index_fill(g, index, dim, 0))  # fmt: skip
op("index_fill_tensor(x, index, value; dim)", _index_fill, node="IndexFillBackward1",
   written="index_fill(x, dim, index, value)", index=non_differentiable,
   x=lambda ns, g, index, dim: ns.index_fill(g, index, dim, 0),
   value=lambda ns, g, index, dim: ns.sum_to(ns.index_select(g, index, dim), ()))  # fmt: skip

# ---- among all elements ----------------------------------------------------------------------


def _put(xp: Any, x: Any, index: Any, source: Any, accumulate: bool) -> Any:
    put = xp.added_at if accumulate else xp.stored_at
    return put(x.reshape(-1), index.reshape(-1), source.reshape(-1)).reshape(x.shape)


op("take(x, index)", lambda xp, x, index: x.reshape(-1)[index], facts={"chooses": "elements"}, index=non_differentiable,
   x=lambda ns, g, index, x_shape, x_dtype:
       ns.put(ns.zeros(x_shape, x_dtype), index, g, True))  # fmt: skip
op("put(x, index, source; accumulate)", _put, index=non_differentiable,
   x=lambda ns, g, index, source_shape, source_dtype, accumulate: g if accumulate
       else ns.put(g, index, ns.zeros(source_shape, source_dtype), False),
   source=lambda ns, g, index, source_shape:
       ns.reshape(ns.take(g, index), source_shape))  # fmt: skip

# ---- masks -----------------------------------------------------------------------------------


def _masked_fill(xp: Any, x: Any, mask: Any, value: Any) -> Any:
    return xp.where(mask, xp.asarray(value, dtype=x.dtype), x)


op("masked_fill(x, mask; value)", _masked_fill, elementwise=True, mask=truth,
   x=lambda ns, g, mask: ns.masked_fill(g, mask, 0))  # fmt: skip
op("masked_fill_tensor(x, mask, value)", _masked_fill, elementwise=True, mask=truth,
   node="MaskedFillBackward1", written="masked_fill(x, mask, value)",
   x=lambda ns, g, mask: ns.masked_fill(g, mask, 0),
   value=lambda ns, g, mask: ns.keep(g, mask))  # fmt: skip
op("masked_select(x, mask)", lambda xp, x, mask: x[mask], facts={"chooses": "elements"}, mask=non_differentiable,
   x=lambda ns, g, mask, x_shape, x_dtype:
       ns.masked_scatter(ns.zeros(x_shape, x_dtype), mask, g))  # fmt: skip


def _masked_scatter(xp: Any, x: Any, mask: Any, source: Any) -> Any:
    """The next element of `source` wherever `mask` holds."""
    if source.size == 0:
        return xp.array(x, copy=True)
    turns = xp.cumsum(mask.reshape(-1)).reshape(mask.shape) - 1
    return xp.where(mask, source.reshape(-1)[xp.clip(turns, 0, source.size - 1)], x)


def _masked_scatter_backward(xp: Any, x: Any, mask: Any, shape: Shape) -> Any:
    """The elements of `x` where `mask` holds, then zeros, in `shape`."""
    picked = x[mask]
    rest = xp.zeros(prod(shape) - picked.size, x.dtype)
    return xp.concatenate([picked, rest]).reshape(shape)


op("masked_scatter(x, mask, source)", _masked_scatter, mask=non_differentiable,
   x=lambda ns, g, mask: ns.masked_fill(g, mask, 0),
   source=lambda ns, g, mask, source_shape:
       ns.masked_scatter_backward(g, mask, source_shape))  # fmt: skip
op("masked_scatter_backward(x, mask; shape)", _masked_scatter_backward, mask=non_differentiable,
   node="MaskedScatterBackwardBackward0",
   x=lambda ns, g, mask, x_shape, x_dtype:
       ns.masked_scatter(ns.zeros(x_shape, x_dtype), mask, g))  # fmt: skip

# ---- copying over ----------------------------------------------------------------------------


def _copy(xp: Any, x: Any, src: Any) -> Any:
    return xp.array(xp.broadcast_to(src, x.shape), dtype=x.dtype, copy=True)


def _copy_check(x: Any, src: Any) -> None:
    broadcast_error(x, src)
    shape = np.broadcast_shapes(x.shape, src.shape)
    if shape != x.shape:
        raise RuntimeError(
            f"output with shape {list(x.shape)} doesn't match the broadcast shape {list(shape)}"
        )


op("copy(x, src)", _copy, node="CopyBackwards", check=_copy_check,
   x=lambda ns, g: ns.zeros_like(g),
   src=lambda ns, g, x_dtype, src_shape, src_dtype: ns.sum_to(
       g if x_dtype == src_dtype else ns.to_copy(g, src_dtype), src_shape))  # fmt: skip
op("fill_tensor(x, value)", _copy, written="fill(x, value)", node="FillBackward3",
   x=lambda ns, g: ns.zeros_like(g),
   value=lambda ns, g, x_dtype, value_dtype: ns.sum_to(
       g if x_dtype == value_dtype else ns.to_copy(g, value_dtype), ()))  # fmt: skip
