"""Elements read, written and added at places along a dimension, or where a mask holds."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.reduction import PROD, SUM
from engine.arrays.types import Shape
from engine.dispatch.arguments import wrap_dim
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import broadcast_error
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.creation.convert import converted
from engine.ops.indexing.getitem import check_number
from engine.ops.views.shapes import expand, reshape, unsqueeze

# ---- along a dimension -----------------------------------------------------------------------


def check_places(name: str, x: Any, dim: int, index: Tensor, position: int = 3) -> Any:
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


@public("torch Tensor Tensor_")
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None,
    reduce: str | None = None,
) -> Tensor:  # fmt: skip
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


@public("torch Tensor Tensor_")
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


def check_vector(name: str, index: Any, size: int, position: int = 3) -> Any:
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


@public("torch Tensor Tensor_")
def index_add(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1
) -> Tensor:
    """A copy of input with alpha times the parts of source added at the indices of a dimension."""
    array = input.array
    dim = wrap_dim(dim, array.ndim)
    places = check_vector("index_add", index, array.shape[dim] if array.ndim else 1)
    _check_count("index_add", places, source, dim)
    return ops.index_add(input, index, source, dim, alpha)


@public("torch Tensor Tensor_")
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of input with the parts of source stored at the indices of a dimension."""
    array = input.array
    dim = wrap_dim(dim, array.ndim)
    places = check_vector("index_copy", index, array.shape[dim] if array.ndim else 1)
    _check_count("index_copy", places, source, dim)
    return ops.index_copy(input, index, source, dim)


@public("torch Tensor Tensor_")
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


@public("torch Tensor Tensor_")
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of input with source stored, or added, at places counted through all of it."""
    return ops.put(input, index, source, accumulate)


# ---- masks -----------------------------------------------------------------------------------


def _mask(name: str, mask: Any, text: str) -> Any:
    array = mask.array
    if array.dtype.kind != "b":
        raise RuntimeError(text.format(dtypes.of(array.dtype).c_name))
    return array


@public("torch Tensor Tensor_")
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """input with one value wherever mask holds."""
    array = input.array
    _mask(
        "masked_fill", mask,
        "masked_fill_ only supports boolean masks, but got mask with dtype {}",
    )  # fmt: skip
    broadcast_error(mask.array, array)
    if not isinstance(value, Tensor):
        check_number(value, array.dtype)
        return ops.masked_fill(input, mask, value)
    if value.array.ndim:
        raise RuntimeError(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value.array.ndim} dimension(s)."
        )
    return ops.masked_fill_tensor(input, mask, converted(value, array.dtype))


@public()
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where mask holds, in one dimension."""
    array = input.array
    found = _mask("masked_select", mask, "masked_select: expected BoolTensor for mask")
    wide = _broadcast(array, found)
    return ops.masked_select(*(
        each if each.array.shape == wide else ops.expand(each, wide) for each in (input, mask)
    ))  # fmt: skip


def _broadcast(*arrays: Any) -> Shape:
    broadcast_error(*arrays)
    return np.broadcast_shapes(*(array.shape for array in arrays))


@public("torch Tensor Tensor_")
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """input with the next element of source wherever mask holds."""
    array = input.array
    found = _mask("masked_scatter", mask, "masked_scatter_ only supports boolean masks")
    wide = _broadcast(array, found)
    pair = [each if each.array.shape == wide else ops.expand(each, wide) for each in (input, mask)]
    needed = int(np.count_nonzero(pair[1].array))
    if source.array.size < needed:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    return ops.masked_scatter(*pair, source)


@public()
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The places of the elements that are not zero, a row for each (or a tensor a dimension)."""
    array = input.array
    if not as_tuple:
        return ops.nonzero(input)
    places = ops.nonzero(input if array.ndim else unsqueeze(input, 0))
    return ops.unbind(places, 1)


@public()
def argwhere(input: Tensor) -> Tensor:
    """The places of the elements that are not zero, a row for each."""
    return ops.nonzero(input)
