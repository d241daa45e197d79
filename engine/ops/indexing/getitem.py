"""x[...], x[...] = v and the functions that read and write at places, as PyTorch spells them.

Basic indices are a chain of views: select, slice, unsqueeze, alias. Tensors, lists and masks are
one `index` (or `index_put`) on what the basic ones beside them leave. What is read at a place gets
its gradient back at that place; a place read twice gets the sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index as whole
from typing import Any, NamedTuple

import numpy as np

from engine.arrays import dtypes
from engine.arrays.row import non_differentiable
from engine.arrays.state import warn
from engine.arrays.types import Shape
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.inplace import assign, check_overlap
from engine.dispatch.operation import EVERYWHERE, broadcast_error, op
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.creation.convert import converted
from engine.ops.creation.data import tensor
from engine.ops.views.shapes import expand_check, reshape

# ---- rows ------------------------------------------------------------------------------------


def _key_of(indices: Sequence[Any], dims: Shape) -> tuple[Any, ...]:
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
    return put(xp.zeros(shape, x.dtype), _key_of(indices, dims), x)


def _index_put(
    xp: Any, x: Any, value: Any, indices: Sequence[Any], dims: Shape, accumulate: bool
) -> Any:
    if len(indices) == 1 and indices[0].dtype.kind == "b" and value.size == 1 and not accumulate:
        tail = (1,) * (x.ndim - dims[0] - indices[0].ndim)
        return xp.where(indices[0].reshape(indices[0].shape + tail), value.reshape(()), x)
    return (xp.added_at if accumulate else xp.stored_at)(x, _key_of(indices, dims), value)


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


def _copy(xp: Any, x: Any, src: Any) -> Any:
    return xp.array(xp.broadcast_to(src, x.shape), dtype=x.dtype, copy=True)


def _copy_check(x: Any, src: Any) -> None:
    broadcast_error(x, src)
    shape = np.broadcast_shapes(x.shape, src.shape)
    if shape != x.shape:
        raise RuntimeError(
            f"output with shape {list(x.shape)} doesn't match the broadcast shape {list(shape)}"
        )


# fmt: off
op("index(x, *indices; dims)", lambda xp, x, indices, dims: x[_key_of(indices, dims)],
   written="x[indices]", estimate=_index_shape, facts={"chooses": "elements"},
   x=lambda ns, g, indices, x_shape, dims: ns.index_backward(g, indices, x_shape, dims),
   indices=non_differentiable)
op("index_backward(x, *indices; shape, dims)", _index_backward, node="IndexPutImplBackward0",
   estimate=lambda *arguments: arguments[-2],
   x=lambda ns, g, indices, dims: ns.index(g, indices, dims),
   indices=non_differentiable)
op("index_put(x, value, *indices; dims, accumulate)", _index_put,
   x=lambda ns, g, indices, value_shape, value_dtype, dims, accumulate: g if accumulate
       else ns.index_put(g, ns.zeros(value_shape, value_dtype), indices, dims, False),
   value=lambda ns, g, indices, value_shape, dims:
       ns.sum_to(ns.index(g, indices, dims), value_shape),
   indices=non_differentiable)
op("copy(x, src)", _copy, node="CopyBackwards", check=_copy_check,
   x=lambda ns, g: ns.zeros_like(g),
   src=lambda ns, g, x_dtype, src_shape, src_dtype: ns.sum_to(
       g if x_dtype == src_dtype else ns.to_copy(g, src_dtype), src_shape))
op("fill_tensor(x, value)", _copy, written="fill(x, value)", node="FillBackward3",
   x=lambda ns, g: ns.zeros_like(g),
   value=lambda ns, g, x_dtype, value_dtype: ns.sum_to(
       g if x_dtype == value_dtype else ns.to_copy(g, value_dtype), ()))
# fmt: on

# ---- x[...] ----------------------------------------------------------------------------------


class Part(NamedTuple):
    """What an index shows: the view its basic parts leave, and tensor indices at dims of that."""

    view: Tensor
    indices: list[Tensor]
    dims: Shape


_NO_INDEX = (
    "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid "
    "indices (got {})"
)


def _getitem(self: Tensor, index: Any) -> Tensor:
    """The part of a tensor that an index shows."""
    if type(index) is int:
        return _select(self, 0, index)
    if type(index) is slice:
        return _slice(self, 0, index, keep=True)
    if type(index) is tuple and {type(item) for item in index} <= _BASIC:
        return _basic(self, index)
    view, indices, dims = _part(self, _as_tuple(index))
    if indices:
        return _indexed(view, indices, dims)
    return ops.alias(self) if view is self else view


_BASIC = {int, slice}


def _basic(x: Tensor, items: tuple[Any, ...]) -> Tensor:
    """x at whole numbers and slices."""
    if len(items) > x.array.ndim:
        raise IndexError(f"too many indices for tensor of dimension {x.array.ndim}")
    view, dim = x, 0
    for passed, item in enumerate(items):
        if type(item) is int:
            view = _select(view, dim, item, passed)
        else:
            view = _slice(view, dim, item, keep=False)
            dim += 1
    return ops.alias(x) if view is x else view


_PART_OF_MANY = (list, tuple, str, slice, Tensor, np.ndarray)
"""What makes a list stand for several indices."""


def _as_tuple(index: Any) -> tuple[Any, ...]:
    if type(index) is tuple:
        return index
    if type(index) in (list, str) and any(
        isinstance(item, _PART_OF_MANY) or item is None or item is ... for item in index
    ):
        warn(
            "Using a non-tuple sequence for multidimensional indexing is deprecated and will be "
            "changed in pytorch 2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this "
            "will be interpreted as tensor index, x[torch.tensor(seq)], which will result either "
            "in an error or a different result"
        )
        return tuple(index)
    return (index,)


def _select(x: Tensor, dim: int, index: int, named: int | None = None) -> Tensor:
    """x at one index of a dimension, which an error calls `named`."""
    shape = x.array.shape
    if not shape:
        raise IndexError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` "
            "in C++ to convert a 0-dim tensor to a number"
        )
    size = shape[dim]
    if not -size <= index < size:
        raise IndexError(
            f"index {index} is out of bounds for dimension {dim if named is None else named} with "
            f"size {size}"
        )
    return ops.select(x, dim, index + size if index < 0 else index)


def _slice(x: Tensor, dim: int, part: slice, keep: bool) -> Tensor:
    """x sliced; a slice of everything makes a new view only if asked to `keep` it."""
    if not x.array.ndim:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    size = x.array.shape[dim]
    start, stop, step = part.indices(size)
    if step < 1:
        raise ValueError("step must be greater than zero")
    if not keep and start == 0 and stop == size and step == 1:
        return x
    return ops.slice(x, dim, start, max(stop, start), step)


def _as_index(item: Any) -> Tensor:
    """A list, array or number as a tensor of places."""
    if isinstance(item, Tensor):
        found = item
    elif isinstance(item, np.ndarray):
        found = wrap(item)
    elif isinstance(item, (list, tuple, range, str)):
        found = tensor(item)
        if found.array.dtype.kind == "f":  # an empty list, and, as in PyTorch, floats are cut
            found = wrap(found.array.astype(np.int64))
    else:
        raise IndexError(_NO_INDEX.format(type(item).__name__))
    kind = found.array.dtype
    if kind == np.uint8:
        warn(
            "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool "
            "instead."
        )
        return ops.cast(found, np.dtype(bool))
    if kind.kind != "b" and kind not in (np.int64, np.int32):
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    return found


def _as_item(item: Any) -> Any:
    """An item of an index: None, `...`, a number, a truth value, a slice or a tensor of places."""
    if item is None or item is ... or type(item) in (int, bool, slice):
        return item
    return whole(item) if isinstance(item, np.integer) else _as_index(item)


def _dims_used(item: Any) -> int:
    """How many dimensions an item of an index stands for."""
    if item is None or item is ... or type(item) is bool:
        return 0
    return item.array.ndim if isinstance(item, Tensor) and item.array.dtype.kind == "b" else 1


def _part(x: Tensor, items: tuple[Any, ...]) -> Part:
    """Follow the basic items of an index and collect the others."""
    found = [_as_item(item) for item in items]
    used = sum(map(_dims_used, found))
    ndim = x.array.ndim
    if used > ndim and not (ndim == 0 and len(items) == 1 and type(items[0]) in (int, slice)):
        raise IndexError(f"too many indices for tensor of dimension {ndim}")
    dim = passed = 0  # where we are in the view, and how many dimensions of x are behind us
    indices: list[Tensor] = []
    dims: list[int] = []
    for item in found:
        if item is ...:
            dim += ndim - used
            passed += ndim - used
        elif item is None:
            x = ops.unsqueeze(x, dim)
            dim += 1
        elif type(item) is int or (isinstance(item, Tensor) and _is_place(item.array)):
            x = _select(x, dim, int(item), passed)
            passed += 1
        elif type(item) is slice:
            x = _slice(x, dim, item, keep=False)
            dim += 1
            passed += 1
        else:
            if not isinstance(item, Tensor) or not item.array.ndim:
                x, item = ops.unsqueeze(x, dim), wrap(np.array([bool(item)]))
                passed -= 1
            elif item.array.dtype.kind == "b":
                _check_mask(x, dim, item)
            indices.append(item)
            dims.append(dim)
            covered = item.array.ndim if item.array.dtype.kind == "b" else 1
            dim += covered
            passed += covered
    return Part(x, indices, tuple(dims))


def _is_place(index: Any) -> bool:
    """Whether a 0-dim tensor stands for a whole number, and not for a mask."""
    return index.ndim == 0 and index.dtype.kind != "b"


def _check_mask(x: Tensor, dim: int, mask: Tensor) -> None:
    shape = x.array.shape
    for at, size in enumerate(mask.array.shape):
        if shape[dim + at] != size:
            raise IndexError(
                f"The shape of the mask {list(mask.array.shape)} at index {at} does not match the "
                f"shape of the indexed tensor {list(shape)} at index {dim + at}"
            )


def _indexed(x: Tensor, indices: list[Tensor], dims: Shape) -> Tensor:
    try:
        return ops.index(x, indices, dims)
    except (IndexError, RuntimeError) as error:
        raise _index_error(x, indices, dims, error) from None


def _index_error(x: Tensor, indices: list[Tensor], dims: Shape, error: Exception) -> Exception:
    """PyTorch's words for what is wrong with tensor indices."""
    for position, (index, dim) in enumerate(zip(indices, dims, strict=True)):
        places, size = index.array, x.array.shape[dim]
        if places.dtype.kind != "b":
            wrong = places[(places < -size) | (places >= size)]
            if wrong.size:
                return IndexError(
                    f"index {wrong[0]} is out of bounds for dimension {position} with size {size}"
                )
    shapes = ", ".join(str(list(_place_shape(index.array))) for index in indices)
    if "indexing arrays could not be broadcast" in str(error):
        return IndexError(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}"
        )
    return error


def _place_shape(index: Any) -> Shape:
    return (int(np.count_nonzero(index)),) if index.dtype.kind == "b" else index.shape


# ---- x[...] = value --------------------------------------------------------------------------


def _setitem(self: Tensor, index: Any, value: Any) -> None:
    """Write value, a number or a tensor that broadcasts, into the part that an index shows."""
    if not isinstance(value, (Tensor, int, float, complex)):
        raise TypeError(f"can't assign a {_type_name(value)} to a torch.{self.dtype.tensor_type}")
    if type(index) is int:
        target, indices, dims = Part(_select(self, 0, index), [], ())
    elif index is False:
        return
    elif index is True or index is None:
        target, indices, dims = Part(ops.unsqueeze(self, 0), [], ())
    else:
        target, indices, dims = _part(self, _as_tuple(index))
    if indices:
        assign(target, _put_at(target, indices, dims, value))
    elif isinstance(value, Tensor):
        fitting = _without_leading_ones(value, target.array.ndim)
        expand_check(fitting.array, target.array.shape)
        check_overlap(target, (fitting,))
        assign(target, ops.copy(target, fitting))
    else:
        check_number(value, target.array.dtype)
        assign(target, ops.fill_tensor(target, _as_tensor(value, target.array.dtype)))


def _delitem(self: Tensor, index: Any) -> None:
    raise TypeError("Tensor does not support deleting items")


for _name, _method in (("get", _getitem), ("set", _setitem), ("del", _delitem)):
    setattr(Tensor, f"__{_name}item__", _method)


def _type_name(value: Any) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def check_number(value: Any, dtype: Any) -> None:
    """Raise PyTorch's error for a number the dtype cannot hold."""
    if isinstance(value, complex) and dtype.kind != "c":
        fits = False
    elif dtype.kind in "iu":
        bounds = np.iinfo(dtype)
        least = bounds.min or -bounds.max  # negative numbers wrap around
        fits = value == value and least <= value <= bounds.max
    else:
        return
    if not fits:
        name = {"f": dtypes.of(dtype).name.replace("float32", "float").replace("float64", "double")}
        kind = name.get(dtype.kind, f"{dtypes.of(dtype).name}_t")
        raise RuntimeError(f"value cannot be converted to type {kind} without overflow")


def _as_tensor(number: Any, dtype: Any) -> Tensor:
    return wrap(np.asarray(number).astype(dtype))


def _without_leading_ones(value: Tensor, ndim: int) -> Tensor:
    """value without the leading dimensions of size 1 that the target does not have."""
    shape = value.array.shape
    first = 0
    while first < len(shape) - ndim and shape[first] == 1:
        first += 1
    return value if first == 0 else reshape(value, shape[first:])


def _put_at(x: Tensor, indices: list[Tensor], dims: Shape, value: Any, add: bool = False) -> Tensor:
    dtype = x.array.dtype
    if not isinstance(value, Tensor):
        check_number(value, dtype)
        value = _as_tensor(value, dtype)
    elif value.array.ndim == 0 and len(indices) == 1 and indices[0].array.dtype.kind == "b":
        value = converted(value, dtype)
    value = _without_leading_ones(value, x.array.ndim + max(i.array.ndim for i in indices))
    if value.array.dtype != dtype:
        _check_value(x, indices, dims, value)
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{dtypes.of(dtype).scalar_name} for the destination and {value.dtype.scalar_name} "
            "for the source."
        )
    try:
        return ops.index_put(x, value, indices, dims, add)
    except (IndexError, RuntimeError) as error:
        why = _index_error(x, indices, dims, error)
        if why is not error:
            raise why from None
        _check_value(x, indices, dims, value)
        raise


def _check_value(x: Tensor, indices: list[Tensor], dims: Shape, value: Tensor) -> None:
    """Raise PyTorch's error if value cannot be broadcast to what the indices show."""
    found = x.array[_key_of([i.array for i in indices], dims)].shape
    try:
        np.broadcast_to(value.array, found)
    except ValueError:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(value.array.shape)} cannot be broadcast "
            f"to indexing result of shape {list(found)}"
        ) from None


@public(EVERYWHERE)
def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of input with values stored, or added, at the places that tensors of indices give."""
    for position, each in enumerate(indices):
        if not isinstance(each, Tensor):
            raise TypeError(
                f"expected Tensor as element {position} in argument 1, but got "
                f"{type(each).__name__}"
            )
    view, places, dims = _part(input, tuple(indices))
    return _put_at(view, places, dims, values, accumulate)
