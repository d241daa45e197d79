"""x[...], x[...] = v and the functions that read and write at places, as PyTorch spells them.

Basic indices are a chain of views: select, slice, unsqueeze, alias. Tensors, lists and masks are
one `index` (or `index_put`) on what the basic ones beside them leave.
"""

from __future__ import annotations

import warnings
from operator import index as whole
from typing import Any, NamedTuple

import numpy as np

from engine import dtypes
from engine.catalog import public
from engine.ops import indexing
from engine.ops.arguments import Shape, array_of, wrap_dim, wrong_type
from engine.ops.creation import tensor
from engine.ops.results import named
from engine.ops.shape import expand, reshape, unsqueeze
from engine.ops.views import expand_check
from engine.record import TENSORS as ops
from engine.tensor import Tensor, wrap

# ---- x[...] ----------------------------------------------------------------------------------


class Part(NamedTuple):
    """What an index shows: the view that its basic parts leave, and tensor indices at dims of it."""

    view: Tensor
    indices: list[Tensor]
    dims: Shape


_NO_INDEX = (
    "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
    "(got {})"
)


def _getitem(self: Tensor, index: Any) -> Tensor:
    """The part of a tensor that an index shows."""
    if type(index) is int:
        return _select(self, 0, index)
    if type(index) is slice:
        return _slice(self, 0, index, keep=True)
    view, indices, dims = _part(self, _as_tuple(index))
    if indices:
        return _indexed(view, indices, dims)
    return ops.alias(self) if view is self else view


def _as_tuple(index: Any) -> tuple[Any, ...]:
    if type(index) is tuple:
        return index
    if type(index) is list and any(
        isinstance(item, (list, tuple, slice, Tensor, np.ndarray)) or item is None or item is ...
        for item in index
    ):
        warnings.warn(
            "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed "
            "in pytorch 2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be "
            "interpreted as tensor index, x[torch.tensor(seq)], which will result either in an error or "
            "a different result", UserWarning, stacklevel=3,
        )  # fmt: skip
        return tuple(index)
    return (index,)


def _select(x: Tensor, dim: int, index: int) -> Tensor:
    shape = x.array.shape
    if not shape:
        raise IndexError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ "
            "to convert a 0-dim tensor to a number"
        )
    size = shape[dim]
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of bounds for dimension {dim} with size {size}")
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
        warnings.warn(
            "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.",
            UserWarning, stacklevel=4,
        )  # fmt: skip
        return ops.cast(found, np.dtype(bool))
    if kind.kind != "b" and kind not in (np.int64, np.int32):
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    return found


def _part(x: Tensor, items: tuple[Any, ...]) -> Part:
    """Follow the basic items of an index and collect the others."""
    found = [
        item if item is None or item is ... or type(item) in (int, bool, slice)
        else whole(item) if isinstance(item, np.integer)
        else _as_index(item)
        for item in items
    ]  # fmt: skip
    used = sum(
        0 if item is None or item is ... or type(item) is bool
        else item.array.ndim if isinstance(item, Tensor) and item.array.dtype.kind == "b"
        else 1
        for item in found
    )  # fmt: skip
    ndim = x.array.ndim
    if used > ndim and not (ndim == 0 and len(items) == 1 and type(items[0]) in (int, slice)):
        raise IndexError(f"too many indices for tensor of dimension {ndim}")
    dim = 0
    indices: list[Tensor] = []
    dims: list[int] = []
    for item in found:
        if item is ...:
            dim += ndim - used
        elif item is None:
            x = ops.unsqueeze(x, dim)
            dim += 1
        elif type(item) is int:
            x = _select(x, dim, item)
        elif type(item) is slice:
            x = _slice(x, dim, item, keep=False)
            dim += 1
        elif isinstance(item, Tensor) and item.array.ndim and item.array.dtype.kind == "b":
            _check_mask(x, dim, item, ndim - (used - dim))
            indices.append(item)
            dims.append(dim)
            dim += item.array.ndim
        elif type(item) is bool or item.array.dtype.kind == "b":
            x = ops.unsqueeze(x, dim)
            indices.append(wrap(np.array([bool(getattr(item, "array", item))])))
            dims.append(dim)
            dim += 1
        elif item.array.ndim == 0:
            x = _select(x, dim, int(item.array))
        else:
            indices.append(item)
            dims.append(dim)
            dim += 1
    return Part(x, indices, tuple(dims))


def _check_mask(x: Tensor, dim: int, mask: Tensor, _: int) -> None:
    shape = x.array.shape
    for at, size in enumerate(mask.array.shape):
        if shape[dim + at] != size:
            raise IndexError(
                f"The shape of the mask {list(mask.array.shape)} at index {at} does not match the shape "
                f"of the indexed tensor {list(shape)} at index {dim + at}"
            )


def _indexed(x: Tensor, indices: list[Tensor], dims: Shape) -> Tensor:
    try:
        return ops.index(x, indices, dims)
    except IndexError as error:
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
    if "broadcast" in str(error):
        return IndexError(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}"
        )
    return error


def _place_shape(index: Any) -> Shape:
    return (int(np.count_nonzero(index)),) if index.dtype.kind == "b" else index.shape


Tensor.__getitem__ = _getitem  # type: ignore[attr-defined]

# ---- x[...] = value --------------------------------------------------------------------------


def _setitem(self: Tensor, index: Any, value: Any) -> None:
    """Write value, a number or a tensor that broadcasts, into the part that an index shows."""
    from engine.inplace import assign

    if not isinstance(value, (Tensor, int, float, complex)):
        raise TypeError(
            f"can't assign a {_type_name(value)} to a torch.{self.dtype.tensor_type}"
        )
    if type(index) is int:
        target, indices, dims = Part(_select(self, 0, index), [], ())
    elif index is False:
        return
    elif index is True or index is None or index is ...:
        target, indices, dims = Part(self, [], ())
    else:
        target, indices, dims = _part(self, _as_tuple(index))
    if indices:
        assign(target, _put_at(target, indices, dims, value))
    elif isinstance(value, Tensor):
        fitting = _without_leading_ones(value, target.array.ndim)
        expand_check(fitting.array, target.array.shape)
        assign(target, ops.copy(target, fitting))
    else:
        _check_number(value, target.array.dtype)
        assign(target, ops.fill(target, value))


Tensor.__setitem__ = _setitem  # type: ignore[attr-defined]


def _type_name(value: Any) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _check_number(value: Any, dtype: Any) -> None:
    """Raise PyTorch's error for a number the dtype cannot hold."""
    if isinstance(value, complex) and dtype.kind != "c":
        fits = False
    elif dtype.kind in "iu":
        bounds = np.iinfo(dtype)
        fits = value == value and bounds.min <= value <= bounds.max
    else:
        return
    if not fits:
        name = {"f": dtypes.of(dtype).name.replace("float32", "float").replace("float64", "double")}
        kind = name.get(dtype.kind, f"{dtypes.of(dtype).name}_t")
        raise RuntimeError(f"value cannot be converted to type {kind} without overflow")


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
        _check_number(value, dtype)
        value = wrap(np.asarray(value, dtype))
    if value.array.dtype != dtype:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{dtypes.of(dtype).scalar_name} for the destination and "
            f"{value.dtype.scalar_name} for the source."
        )
    value = _without_leading_ones(value, x.array.ndim + max(i.array.ndim for i in indices))
    try:
        return ops.index_put(x, value, indices, dims, add)
    except (IndexError, RuntimeError) as error:
        if isinstance(error, IndexError):
            raise _index_error(x, indices, dims, error) from None
        found = x.array[indexing.key_of([i.array for i in indices], dims)].shape
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(value.array.shape)} cannot be broadcast to "
            f"indexing result of shape {list(found)}"
        ) from None


@public()
def index_put(
    input: Tensor, indices: Any, values: Tensor, accumulate: bool = False
) -> Tensor:
    """A copy of input with values stored, or added, at the places that tensors of indices give."""
    array_of("index_put", input)
    view, places, dims = _part(input, tuple(slice(None) if i is None else i for i in indices))
    return _put_at(view, places, dims, values, accumulate)


# ---- along a dimension -----------------------------------------------------------------------


def _check_places(name: str, x: Any, dim: int, index: Tensor, position: int = 3) -> Any:
    """The index of gather and scatter, if its dtype, dimensions and places will do."""
    places = array_of(name, index, "index", position)
    if places.dtype.kind not in "iu" or places.dtype.itemsize < 4:
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    if max(places.ndim, 1) != max(x.ndim, 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    for at, (size, most) in enumerate(zip(places.shape, x.shape, strict=False)):
        if at != dim and size > most:
            raise RuntimeError(
                f"Size does not match at dimension {at} expected index {list(places.shape)} to be no "
                f"larger than self {list(x.shape)} apart from dimension {dim}"
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
    array = array_of("gather", input)
    dim = wrap_dim(dim, array.ndim)
    _check_places("gather", array, dim, index)
    return ops.gather(input, index, dim)


def _cut(src: Tensor, shape: Shape) -> Tensor:
    """The part of src that an index of this shape reads."""
    for dim, size in enumerate(shape):
        if src.array.shape[dim] != size:
            src = ops.slice(src, dim, 0, size, 1)
    return src


@public()
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None,
    reduce: str | None = None,
) -> Tensor:  # fmt: skip
    """A copy of input with the elements of src stored at the places along a dimension index gives."""
    array = array_of("scatter", input)
    dim = wrap_dim(dim, array.ndim)
    places = _check_places("scatter", array, dim, index)
    src = value if src is None else src
    if reduce is not None:
        if not isinstance(src, Tensor):
            src = wrap(np.full(places.shape, src, array.dtype))
        return scatter_reduce(input, dim, index, src, {"add": "sum", "multiply": "prod"}[reduce])
    if isinstance(src, Tensor):
        return ops.scatter(input, index, _cut(_same_dtype("scatter", array, src), places.shape), dim)
    return ops.scatter_value(input, index, dim, src)


def _same_dtype(name: str, x: Any, src: Tensor) -> Tensor:
    if src.array.dtype != x.dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
    return src


@public()
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of input with the elements of src added at the places along a dimension index gives."""
    array = array_of("scatter_add", input)
    dim = wrap_dim(dim, array.ndim)
    places = _check_places("scatter_add", array, dim, index)
    array_of("scatter_add", src, "src", 4)
    return ops.scatter_add(input, index, _cut(_same_dtype("scatter", array, src), places.shape), dim)


@public()
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """The elements at the places along a dimension (of all, flattened) that indices give."""
    places = array_of("take_along_dim", indices, "indices", 2)
    if dim is None:
        return gather(reshape(input, -1), 0, reshape(indices, -1))
    ndim = array_of("take_along_dim", input).ndim
    dim = wrap_dim(dim, ndim)
    if places.ndim != ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but "
            f"got {ndim} dimensions for input, and {places.ndim} dimensions for indices"
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
    return gather(found[0], dim, found[1])


def _check_vector(name: str, index: Any, size: int, position: int = 3) -> Any:
    """The index of index_select and its like."""
    places = array_of(name, index, "index", position)
    if places.ndim > 1:
        raise IndexError(f"{name}(): Index is supposed to be a vector")
    if places.dtype.kind not in "iu" or places.dtype.itemsize < 4:
        raise RuntimeError(f"{name}(): Expected dtype int32 or int64 for index")
    if ((places < 0) | (places >= size)).any():
        raise IndexError("index out of range in self")
    return places


@public()
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The parts at the indices of a dimension that a vector gives."""
    array = array_of("index_select", input)
    dim = wrap_dim(dim, array.ndim)
    _check_vector("index_select", index, array.shape[dim] if array.ndim else 1)
    return ops.index_select(input, index, dim)


@public()
def index_add(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1
) -> Tensor:
    """A copy of input with alpha times the parts of source added at the indices of a dimension."""
    array = array_of("index_add", input)
    dim = wrap_dim(dim, array.ndim)
    _check_vector("index_add", index, array.shape[dim] if array.ndim else 1)
    array_of("index_add", source, "source", 4)
    return ops.index_add(input, index, source, dim, alpha)


@public()
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of input with the parts of source stored at the indices of a dimension."""
    array = array_of("index_copy", input)
    dim = wrap_dim(dim, array.ndim)
    _check_vector("index_copy", index, array.shape[dim] if array.ndim else 1)
    return ops.index_copy(input, index, source, dim)


@public()
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of input with one value stored at the indices of a dimension."""
    array = array_of("index_fill", input)
    dim = wrap_dim(dim, array.ndim)
    _check_vector("index_fill", index, array.shape[dim] if array.ndim else 1)
    if isinstance(value, Tensor):
        return ops.index_fill_tensor(input, index, value, dim)
    return ops.index_fill(input, index, dim, value)


@public()
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at places counted through all of input."""
    array = array_of("take", input)
    places = array_of("take", index, "index", 2)
    if places.dtype != np.int64:
        raise RuntimeError(
            f"take(): Expected a long tensor for index, but got {dtypes.of(places.dtype).scalar_name}"
        )
    wrong = places[(places < -array.size) | (places >= array.size)]
    if wrong.size:
        raise IndexError(
            f"out of range: tried to access index {wrong[0]} on a tensor of {array.size} elements."
        )
    return ops.take(input, index)


@public()
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of input with source stored, or added, at places counted through all of it."""
    array_of("put", input)
    return ops.put(input, index, source, accumulate)


# ---- masks -----------------------------------------------------------------------------------


def _mask(name: str, mask: Any, text: str) -> Any:
    array = array_of(name, mask, "mask", 2)
    if array.dtype.kind != "b":
        raise RuntimeError(text.format(_c_name(array.dtype)))
    return array


def _c_name(dtype: Any) -> str:
    names = {"float32": "float", "float64": "double", "int64": "long long", "uint8": "unsigned char"}
    return names.get(dtype.name, dtype.name)


@public()
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """input with one value wherever mask holds."""
    array = array_of("masked_fill", input)
    _mask("masked_fill", mask, "masked_fill_ only supports boolean masks, but got mask with dtype {}")
    from engine.ops.elementwise import broadcast_error

    broadcast_error(mask.array, array)
    if not isinstance(value, Tensor):
        _check_number(value, array.dtype)
        return ops.masked_fill(input, mask, value)
    if value.array.ndim:
        raise RuntimeError(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value.array.ndim} dimension(s)."
        )
    from engine.ops.convert import converted

    return ops.masked_fill_tensor(input, mask, converted(value, array.dtype))


@public()
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where mask holds, in one dimension."""
    array = array_of("masked_select", input)
    found = _mask(
        "masked_select", mask, "masked_select: expected BoolTensor for mask"
    )
    wide = _broadcast(array, found)
    return ops.masked_select(*(
        each if each.array.shape == wide else ops.expand(each, wide) for each in (input, mask)
    ))  # fmt: skip


def _broadcast(*arrays: Any) -> Shape:
    from engine.ops.elementwise import broadcast_error

    broadcast_error(*arrays)
    return np.broadcast_shapes(*(array.shape for array in arrays))


@public()
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """input with the next element of source wherever mask holds."""
    array = array_of("masked_scatter", input)
    found = _mask("masked_scatter", mask, "masked_scatter_ only supports boolean masks")
    wide = _broadcast(array, found)
    pair = [each if each.array.shape == wide else ops.expand(each, wide) for each in (input, mask)]
    needed = int(np.count_nonzero(pair[1].array))
    if source.array.size < needed:
        raise RuntimeError(
            "Number of elements of source < number of ones in mask"
        )
    return ops.masked_scatter(*pair, source)


@public()
def nonzero(input: Tensor, *, as_tuple: bool = False, out: Any = None) -> Any:
    """The places of the elements that are not zero: a row for each, or a tensor for each dimension."""
    array = array_of("nonzero", input)
    if not as_tuple:
        return ops.nonzero(input)
    places = ops.nonzero(input if array.ndim else unsqueeze(input, 0))
    return ops.unbind(places, 1)


@public()
def argwhere(input: Tensor) -> Tensor:
    """The places of the elements that are not zero, a row for each."""
    array_of("argwhere", input)
    return ops.nonzero(input)


# ---- order -----------------------------------------------------------------------------------

_Sorted = named("sort", "values", "indices")
_Largest = named("topk", "values", "indices")
_Kth = named("kthvalue", "values", "indices")


@public()
def sort(
    input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False, *, out: Any = None
) -> Any:
    """The elements in order along a dimension, and where they were."""
    dim = wrap_dim(dim, array_of("sort", input).ndim)
    return _Sorted(ops.sort(input, dim, descending))


@public()
def argsort(
    input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False
) -> Tensor:
    """Where the elements in order along a dimension are."""
    return ops.argsort(input, wrap_dim(dim, array_of("argsort", input).ndim), descending)


@public()
def msort(input: Tensor) -> Tensor:
    """The elements in order along the first dimension."""
    return sort(input, 0)[0]


@public()
def topk(
    input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *,
    out: Any = None,
) -> Any:  # fmt: skip
    """The k largest elements (or smallest) along a dimension, in order, and where they were."""
    array = array_of("topk", input)
    dim = wrap_dim(dim, array.ndim)
    if not 0 <= k <= (array.shape[dim] if array.ndim else 1):
        raise RuntimeError("selected index k out of range")
    return _Largest(ops.topk(input, k, dim, largest))


@public()
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The k-th smallest element along a dimension, and where it was."""
    array = array_of("kthvalue", input)
    dim = wrap_dim(dim, array.ndim)
    if not 1 <= k <= (array.shape[dim] if array.ndim else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {dim}")
    return _Kth(ops.kthvalue(input, k, dim, keepdim))


@public()
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy of input with src combined at the places along a dimension that index gives."""
    if reduce != "sum" or not include_self:
        raise NotImplementedError(f"scatter_reduce with reduce={reduce!r} is not supported")
    return scatter_add(input, dim, index, src)


_ = wrong_type
