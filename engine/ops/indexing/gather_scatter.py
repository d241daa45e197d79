"""Elements read, written and added at places along a dimension, or among all elements.

Either a place for every element (gather, scatter) or one for each whole part (index_select).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.reduction import PROD, SUM
from engine.arrays.row import non_differentiable, passed
from engine.arrays.types import Shape
from engine.dispatch.arguments import wrap_dim
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import IN_PLACE, op
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.views.shapes import expand, reshape

# ---- rows ------------------------------------------------------------------------------------


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


def _put(xp: Any, x: Any, index: Any, source: Any, accumulate: bool) -> Any:
    put = xp.added_at if accumulate else xp.stored_at
    return put(x.reshape(-1), index.reshape(-1), source.reshape(-1)).reshape(x.shape)


# fmt: off
op("gather(x, index; dim)", _gather, written="gather(x, dim, index)", facts={"chooses": "elements"},
   x=lambda ns, g, index, x_shape, x_dtype, dim:
       ns.scatter_add(ns.zeros(x_shape, x_dtype), index, g, dim),
   index=non_differentiable)
op("scatter(x, index, src; dim)",
   lambda xp, x, index, src, dim: _put_along(xp, xp.stored_at, x, index, src, dim),
   written="scatter(x, dim, index, src)", index=non_differentiable,
   x=lambda ns, g, index, dim: ns.scatter_value(g, index, dim, 0),
   src=lambda ns, g, index, dim: ns.gather(g, index, dim))
op("scatter_value(x, index; dim, value)",
   lambda xp, x, index, dim, value: _put_along(
       xp, xp.stored_at, x, index, xp.full(index.shape, value, dtype=x.dtype), dim),
   written="scatter(x, dim, index, value)", node="ScatterBackward1", index=non_differentiable,
   x=lambda ns, g, index, dim: ns.scatter_value(g, index, dim, 0))
op("scatter_add(x, index, src; dim)",
   lambda xp, x, index, src, dim: _put_along(xp, xp.added_at, x, index, src, dim),
   written="scatter_add(x, dim, index, src)", index=non_differentiable,
   x=passed, src=lambda ns, g, index, dim: ns.gather(g, index, dim))
op("index_select(x, index; dim)", _index_select, written="index_select(x, dim, index)",
   estimate=lambda x, index, dim: (*x.shape[:dim], index.size, *x.shape[dim + 1 :]),
   facts={"chooses": "elements"}, index=non_differentiable,
   x=lambda ns, g, index, x_shape, x_dtype, dim:
       ns.index_add(ns.zeros(x_shape, x_dtype), index, g, dim, 1))
op("index_add(x, index, source; dim, alpha)", _index_add,
   written="index_add(x, dim, index, source)", index=non_differentiable,
   x=passed,
   source=lambda ns, g, index, source_shape, dim, alpha: _like_source(
       ns, ns.index_select(g if alpha == 1 else g * alpha, index, dim), source_shape))
op("index_copy(x, index, source; dim)",
   lambda xp, x, index, source, dim: _parts_put(xp.stored_at, x, index, source, dim),
   written="index_copy(x, dim, index, source)", index=non_differentiable,
   x=lambda ns, g, index, dim: ns.index_fill(g, index, dim, 0),
   source=lambda ns, g, index, source_shape, dim: _like_source(
       ns, ns.index_select(g, index, dim), source_shape))
op("index_fill(x, index; dim, value)",
   lambda xp, x, index, dim, value: _index_fill(xp, x, index, value, dim),
   written="index_fill(x, dim, index, value)", index=non_differentiable,
   x=lambda ns, g, index, dim: ns.index_fill(g, index, dim, 0))
op("index_fill_tensor(x, index, value; dim)", _index_fill, node="IndexFillBackward1",
   written="index_fill(x, dim, index, value)", index=non_differentiable,
   x=lambda ns, g, index, dim: ns.index_fill(g, index, dim, 0),
   value=lambda ns, g, index, dim: ns.sum_to(ns.index_select(g, index, dim), ()))
op("take(x, index)", lambda xp, x, index: x.reshape(-1)[index], facts={"chooses": "elements"},
   x=lambda ns, g, index, x_shape, x_dtype: ns.put(ns.zeros(x_shape, x_dtype), index, g, True),
   index=non_differentiable)
op("put(x, index, source; accumulate)", _put, index=non_differentiable,
   x=lambda ns, g, index, source_shape, source_dtype, accumulate: g if accumulate
       else ns.put(g, index, ns.zeros(source_shape, source_dtype), False),
   source=lambda ns, g, index, source_shape:
       ns.reshape(ns.take(g, index), source_shape))
# fmt: on

# ---- functions -------------------------------------------------------------------------------


def check_places(name: str, x: Any, dim: int, index: Tensor) -> Any:
    """The index of gather and scatter, if its dtype, dimensions and places will do."""
    places = index.array
    if places.size == 0:
        return places
    if places.dtype.kind not in "iu" or places.dtype.itemsize < 4:
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    if max(places.ndim, 1) != max(x.ndim, 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    for at, (size, most) in enumerate(zip(places.shape, x.shape, strict=False)):
        if at != dim and size > most:
            raise RuntimeError(
                f"Size does not match at dimension {at} expected index {list(places.shape)} to be "
                f"no larger than self {list(x.shape)} apart from dimension {dim}"
            )
    size = x.shape[dim] if x.ndim else 1
    wrong = places[(places < 0) | (places >= size)]
    if wrong.size:
        raise RuntimeError(
            f"index {wrong[0]} is out of bounds for dimension {dim} with size {size}"
        )
    return places


@public()
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """The elements at the places along a dimension that index gives, one for each of its own."""
    array = input.array
    dim = wrap_dim(dim, array.ndim)
    places = check_places("gather", array, dim, index)
    if places.dtype.kind == "f":  # there are none
        index = wrap(places.astype(np.int64))
    return ops.gather(input, index, dim)


def cut(src: Tensor, shape: Shape) -> Tensor:
    """The part of src that an index of this shape reads."""
    if max(src.array.ndim, 1) != max(len(shape), 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    for dim, size in enumerate(shape):
        if src.array.shape[dim] != size:
            src = ops.slice(src, dim, 0, size, 1)
    return src


@public(IN_PLACE)
def scatter(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Any = None,
    *,
    value: Any = None,
    reduce: str | None = None,
) -> Tensor:
    """A copy of input with elements of src stored at the places along a dimension in index."""
    array = input.array
    dim = wrap_dim(dim, array.ndim)
    places = check_places("scatter", array, dim, index)
    src = value if src is None else src
    if reduce is not None:
        if not isinstance(src, Tensor):
            src = wrap(np.full(places.shape, src, array.dtype))
        kind = {"add": SUM, "multiply": PROD}[reduce]
        return ops.scatter_reduce(input, index, cut(src, places.shape), dim, kind, True)
    if isinstance(src, Tensor):
        return ops.scatter(input, index, cut(_same_dtype("scatter", array, src), places.shape), dim)
    return ops.scatter_value(input, index, dim, src)


def _same_dtype(name: str, x: Any, src: Tensor) -> Tensor:
    if src.array.dtype != x.dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
    return src


@public(IN_PLACE)
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of input with elements of src added at the places along a dimension in index."""
    array = input.array
    dim = wrap_dim(dim, array.ndim)
    places = check_places("scatter_add", array, dim, index)
    return ops.scatter_add(input, index, cut(_same_dtype("scatter", array, src), places.shape), dim)


@public()
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """The elements at the places along a dimension (of all, flattened) that indices give."""
    places = indices.array
    if dim is None:
        return take_along_dim(reshape(input, -1), reshape(indices, -1), 0)
    ndim = input.array.ndim
    dim = wrap_dim(dim, ndim)
    if places.ndim != ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of "
            f"dimensions, but got {ndim} dimensions for input, and {places.ndim} dimensions for "
            "indices"
        )
    shapes = [list(input.array.shape), list(places.shape)]
    for shape in shapes:
        shape[dim] = 1
    common = list(np.broadcast_shapes(*shapes))
    wide = [(*common[:dim], a.shape[dim], *common[dim + 1 :]) for a in (input.array, places)]
    found = [
        each if each.array.shape == shape else expand(each, shape)
        for each, shape in zip((input, indices), wide, strict=True)
    ]
    places = found[1].array
    if (places < 0).any():
        found[1] = wrap(np.where(places < 0, places + found[0].array.shape[dim], places))
    return gather(found[0], dim, found[1])


def check_vector(name: str, index: Any, size: int) -> Any:
    """The index of index_select and its like."""
    places = index.array
    if places.ndim > 1:
        raise IndexError(f"{name}(): Index is supposed to be a vector")
    if places.dtype.kind not in "iu" or places.dtype.itemsize < 4:
        raise RuntimeError(f"{name}(): Expected dtype int32 or int64 for index")
    least = -size if name == "index_fill" else 0
    wrong = places[(places < least) | (places >= size)]
    if wrong.size:
        raise _out_of_range(
            name, f"index {wrong[0]} is out of bounds for dimension 0 with size {size}"
        )
    return places


def _out_of_range(name: str, text: str) -> Exception:
    if name == "index_select":
        return IndexError("index out of range in self")
    if name == "index_copy":
        return IndexError(f"index_copy_(): {text}")
    return IndexError(text) if name in ("index_fill", "index_reduce") else RuntimeError(text)


def _check_count(name: str, places: Any, source: Tensor, dim: int) -> None:
    """Raise PyTorch's error if there is not one index for each part of source."""
    array = source.array
    count = array.shape[dim] if array.ndim else 1
    if places.size != count:
        kind = RuntimeError if name == "index_add" else IndexError
        raise kind(
            f"{name}_(): Number of indices ({places.size}) should be equal to source.size(dim): "
            f"({count}), for dim: {dim}"
        )


@public()
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The parts at the indices of a dimension that a vector gives."""
    array = input.array
    dim = wrap_dim(dim, array.ndim)
    check_vector("index_select", index, array.shape[dim] if array.ndim else 1)
    return ops.index_select(input, index, dim)


@public(IN_PLACE)
def index_add(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1
) -> Tensor:
    """A copy of input with alpha times the parts of source added at the indices of a dimension."""
    array = input.array
    dim = wrap_dim(dim, array.ndim)
    places = check_vector("index_add", index, array.shape[dim] if array.ndim else 1)
    _check_count("index_add", places, source, dim)
    return ops.index_add(input, index, source, dim, alpha)


@public(IN_PLACE)
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of input with the parts of source stored at the indices of a dimension."""
    array = input.array
    dim = wrap_dim(dim, array.ndim)
    places = check_vector("index_copy", index, array.shape[dim] if array.ndim else 1)
    _check_count("index_copy", places, source, dim)
    return ops.index_copy(input, index, source, dim)


@public(IN_PLACE)
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of input with one value stored at the indices of a dimension."""
    array = input.array
    dim = wrap_dim(dim, array.ndim)
    check_vector("index_fill", index, array.shape[dim] if array.ndim else 1)
    if isinstance(value, Tensor):
        return ops.index_fill_tensor(input, index, value, dim)
    return ops.index_fill(input, index, dim, value)


@public()
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at places counted through all of input."""
    array = input.array
    places = index.array
    if places.dtype != np.int64:
        raise RuntimeError(
            "take(): Expected a long tensor for index, but got "
            f"{dtypes.of(places.dtype).scalar_name}"
        )
    wrong = places[(places < -array.size) | (places >= array.size)]
    if wrong.size:
        raise IndexError(
            f"out of range: tried to access index {wrong[0]} on a tensor of {array.size} elements."
        )
    return ops.take(input, index)


@public(IN_PLACE)
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of input with source stored, or added, at places counted through all of it."""
    return ops.put(input, index, source, accumulate)
