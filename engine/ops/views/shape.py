"""The shape of a tensor as PyTorch spells it, over the rows of views."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays.state import warn
from engine.arrays.types import Shape
from engine.dispatch.arguments import array_of, count_of, integers, wrap_dim, wrap_dims
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import broadcast_error
from engine.graph.registry import attribute, expose, public
from engine.graph.tensor import Size, Tensor
from engine.ops.views.rows import AS_VIEW, COPY_SLICES, expand_check

__all__ = ["AS_VIEW", "COPY_SLICES"]

# ---- shapes ----------------------------------------------------------------------------------


def _resolved(shape: Shape, count: int) -> Shape:
    """A shape for `count` elements, its -1 filled in."""
    if shape.count(-1) > 1:
        raise RuntimeError("only one dimension can be inferred")
    for position, size in enumerate(shape):
        if size < -1:
            raise RuntimeError(
                f"invalid shape dimension {size} at index {position} of shape {list(shape)}"
            )
    known = count_of(size for size in shape if size != -1)
    if known == 0 == count:
        raise RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {list(shape)} because the "
            "unspecified dimension size -1 can be any value and is ambiguous"
        )
    if known == 0 or count % known:
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {count}")
    return tuple([count // known if size == -1 else size for size in shape])


def _viewable(array: Any, shape: Shape) -> bool:
    """Whether some strides show the array's memory in this shape."""
    if array.flags.c_contiguous or array.size == 0 or count_of(shape) != array.size:
        return True
    return np.may_share_memory(array.reshape(shape), array)


def view(self: Tensor, *shape: Any, size: Any = None) -> Tensor:
    """The same elements in another shape, sharing memory; one size may be -1."""
    shape = integers("view", shape, keyword=size)
    array = self.array
    if shape and min(shape) < 0:
        shape = _resolved(shape, array.size)
    if not array.flags.c_contiguous and not _viewable(array, shape):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        )
    return ops.view(self, shape)


expose("view", view, "Tensor")  # as it is: it checks its one argument, and is called everywhere


@public()
def reshape(input: Tensor, *sizes: Any, shape: Any = None) -> Tensor:
    """The same elements in another shape: a view where strides allow, else a copy."""
    array = input.array
    sizes = integers("reshape", sizes, "shape", keyword=shape)
    if sizes and min(sizes) < 0:
        sizes = _resolved(sizes, array.size)
    if array.flags.c_contiguous or _viewable(array, sizes):
        return ops.view(input, sizes)
    return ops.unsafe_view(ops.contiguous(input), sizes)


@public("Tensor")
def view_as(self: Tensor, other: Tensor) -> Tensor:
    """self viewed in the shape of other."""
    return view(self, other.array.shape)


@public("Tensor")
def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """self in the shape of other."""
    return reshape(self, other.array.shape)


@public()
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The dimensions from start_dim to end_dim as one."""
    shape = input.array.shape
    start, end = wrap_dim(start_dim, len(shape)), wrap_dim(end_dim, len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return reshape(input, 1)
    if start == end:
        return input
    return reshape(input, (*shape[:start], count_of(shape[start : end + 1]), *shape[end + 1 :]))


@public()
def unflatten(input: Tensor, dim: int, sizes: Any) -> Tensor:
    """Dimension dim as several of these sizes; one may be -1."""
    shape = input.array.shape
    dim = wrap_dim(dim, len(shape))
    parts = integers("unflatten", (sizes,), "sizes", 2)
    if not parts:
        raise RuntimeError("unflatten: sizes must be non-empty")
    try:
        found = _resolved(parts, shape[dim]) if min(parts) < 0 else parts
    except RuntimeError as error:
        if "inferred" in str(error):
            raise
        found = ()
    if count_of(found) != shape[dim]:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(parts)} don't multiply up to the size of dim {dim} "
            f"({shape[dim]}) in the input tensor"
        )
    return view(input, (*shape[:dim], *found, *shape[dim + 1 :]))


@public()
def ravel(input: Tensor) -> Tensor:
    """The elements in one dimension."""
    return view(contiguous(input), -1)


@public("Tensor")
def contiguous(self: Tensor, *, memory_format: Any = None) -> Tensor:
    """self, copied if its memory is not in row-major order."""
    if self.array.flags.c_contiguous:
        return self
    return ops.contiguous(self)


@public("Tensor")
def expand(self: Tensor, *shape: Any, size: Any = None, implicit: bool = False) -> Tensor:
    """self broadcast to a shape without copying; -1 keeps a size."""
    return _expand(self, integers("expand", shape, keyword=size))


def _expand(self: Tensor, shape: Shape) -> Tensor:
    array = self.array
    new = len(shape) - array.ndim
    if new < 0:
        expand_check(array, shape)
    if -1 in shape:
        for dim, size in enumerate(shape[:new]):
            if size == -1:
                raise RuntimeError(
                    "The expanded size of the tensor (-1) isn't allowed in a leading, "
                    f"non-existing dimension {dim}"
                )
        shape = (
            *shape[:new],
            *(had if n == -1 else n for n, had in zip(shape[new:], array.shape, strict=True)),
        )
    return ops.expand(self, shape)


@public("Tensor")
def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """self broadcast to the shape of other without copying."""
    return _expand(self, other.array.shape)


@public()
def broadcast_to(input: Tensor, size: Any) -> Tensor:
    """input broadcast to a shape without copying; -1 keeps a size."""
    return _expand(input, integers("broadcast_to", (size,), "size", 2))


@public("Tensor")
def sum_to_size(self: Tensor, *shape: Any, size: Any = None) -> Tensor:
    """self summed over the dimensions that a tensor of this size would be broadcast along."""
    had, wanted = self.array.shape, integers("sum_to_size", shape, keyword=size)
    new = len(had) - len(wanted)
    if new < 0 or any(n not in (1, m) for n, m in zip(wanted, had[new:], strict=True)):
        raise RuntimeError(f"size {{{list(wanted)}}} is not expandable to size {{{list(had)}}}.")
    summed = ops.sum_to(self, (1,) * new + wanted)
    return ops.view(summed, wanted) if new else summed


@public("torch")
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """The tensors broadcast to one shape without copying."""
    found = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    arrays = [array_of("broadcast_tensors", tensor, "tensors") for tensor in found]
    broadcast_error(*arrays)
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    return tuple(t if t.array.shape == shape else ops.expand(t, shape) for t in found)


@public("torch")
def broadcast_shapes(*shapes: Any) -> Any:
    """The shape that tensors of these shapes broadcast to."""
    try:
        return Size(np.broadcast_shapes(*shapes))
    except ValueError:
        raise RuntimeError(
            "Shape mismatch: objects cannot be broadcast to a single shape"
        ) from None


# ---- dimensions ------------------------------------------------------------------------------


@public("torch Tensor", "transpose", "swapaxes", "swapdims")
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """input with two dimensions exchanged, as a view."""
    ndim = input.array.ndim
    dim0, dim1 = wrap_dim(dim0, ndim), wrap_dim(dim1, ndim)
    return ops.alias(input) if ndim == 0 else ops.transpose(input, dim0, dim1)


@public()
def t(input: Tensor) -> Tensor:
    """A matrix transposed, as a view; vectors and scalars as they are."""
    ndim = input.array.ndim
    if ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {ndim}D")
    return ops.t(input)


@public()
def permute(input: Tensor, *order: Any, dims: Any = None) -> Tensor:
    """input with its dimensions in another order, as a view."""
    ndim = input.array.ndim
    order = integers("permute", order, "dims", keyword=dims)
    if len(order) != ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the "
            f"length of the desired ordering of dimensions i.e. input.dim() = {ndim} is not equal "
            f"to len(dims) = {len(order)}"
        )
    order = tuple([wrap_dim(dim, ndim) for dim in order])
    if len(set(order)) != ndim:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return ops.permute(input, order)


@public("torch Tensor", "movedim", "moveaxis")
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """input with dimensions moved to other places, as a view."""
    ndim = input.array.ndim
    given = [
        list(integers("movedim", (dims,) if isinstance(dims, (tuple, list)) else [dims], name))
        for dims, name in ((source, "source"), (destination, "destination"))
    ]
    if len(given[0]) != len(given[1]):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({given[0]} dims) should "
            f"contain the same number of dims as destination ({given[1]} dims)"
        )
    places = [[wrap_dim(dim, ndim) for dim in dims] for dims in given]
    for dims, raw, name in zip(places, given, ("source", "destination"), strict=True):
        if len(set(dims)) != len(dims):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({raw})")
    if ndim == 0:
        return ops.alias(input)
    order = [dim for dim in range(ndim) if dim not in places[0]]
    for to, dim in sorted(zip(places[1], places[0], strict=True)):
        order.insert(to, dim)
    return ops.permute(input, tuple(order))


_REVERSE = (
    "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated "
    "and it will throw an error in a future release. Consider `x.mT` to transpose batches of "
    "matrices or `x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a "
    "tensor."
)


def _reversed(self: Tensor) -> Tensor:
    """The dimensions reversed."""
    ndim = self.array.ndim
    if ndim == 0:
        warn(
            "Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases.",
            UserWarning, stacklevel=2,
        )  # fmt: skip
    elif ndim != 2:
        warn(_REVERSE, UserWarning, stacklevel=2)
    return ops.permute(self, tuple(range(ndim - 1, -1, -1)))


def _matrices_transposed(name: str) -> Any:
    """x.mT: the last two dimensions exchanged."""

    def exchanged(self: Tensor) -> Tensor:
        """The last two dimensions exchanged, as a view."""
        ndim = self.array.ndim
        if ndim == 1:
            raise RuntimeError(
                f"tensor.{name} is only supported on matrices or batches of matrices. Got 1-D "
                "tensor."
            )
        if ndim == 0:
            warn(
                f"Tensor.{name} is deprecated on 0-D tensors. This function is the identity in "
                "these "
                "cases.", UserWarning, stacklevel=2,
            )  # fmt: skip
            return ops.permute(self, ())
        return ops.transpose(self, ndim - 2, ndim - 1)

    return exchanged


attribute("T", _reversed)
attribute("mT", _matrices_transposed("mT"))


@public()
def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """input without its dimensions of size 1 (or without those in dim that are), as a view."""
    ndim = input.array.ndim
    if dim is None:
        return ops.squeeze(input)
    if isinstance(dim, (tuple, list)):
        return ops.squeeze_dims(input, wrap_dims(dim, ndim))
    return ops.squeeze_dim(input, wrap_dim(dim, ndim))


@public()
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """input with a dimension of size 1 put in at dim, as a view."""
    return ops.unsqueeze(input, wrap_dim(dim, input.array.ndim + 1))


# ---- parts -----------------------------------------------------------------------------------


@public()
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The part of input at one index of a dimension, as a view."""
    shape = input.array.shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim = wrap_dim(dim, len(shape))
    if not -shape[dim] <= index < shape[dim]:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(shape)} at dimension "
            f"{dim}"
        )
    return ops.select(input, dim, int(index) % shape[dim])


@public()
def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """The part of input from start on, of a length, along a dimension, as a view."""
    shape = input.array.shape
    if not shape:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    dim = wrap_dim(dim, len(shape))
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    size, begin = shape[dim], int(start)
    if not -size <= begin <= size:
        raise IndexError(
            f"start out of range (expected to be in range of [{-size}, {size}], but got {begin})"
        )
    begin += size if begin < 0 else 0
    if begin + length > size:
        raise RuntimeError(f"start ({begin}) + length ({length}) exceeds dimension size ({size}).")
    return ops.slice(input, dim, begin, begin + length, 1)


@public()
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonals of the planes of two dimensions, as a view with them last."""
    return ops.diagonal(input, offset, *_plane(input.array.ndim, dim1, dim2))


def _plane(ndim: int, dim1: int, dim2: int) -> tuple[int, int]:
    first, second = wrap_dim(dim1, ndim), wrap_dim(dim2, ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return first, second


@public("linalg", "diagonal")
def _last_diagonal(
    A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1  # noqa: N803
) -> Tensor:  # fmt: skip
    """The diagonals of matrices, as a view."""
    return diagonal(A, offset, dim1, dim2)


@public()
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices, in the planes of two new dimensions, with the vectors of input as diagonals."""
    ndim = input.array.ndim
    return ops.diag_embed(input, offset, *_plane(ndim + 1, dim1, dim2))


@public()
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix, or the matrix that has a vector as diagonal."""
    ndim = input.array.ndim
    if ndim == 1:
        return ops.diag_embed(input, diagonal, 0, 1)
    if ndim == 2:
        return ops.diagonal_copy(input, diagonal, 0, 1)
    raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {ndim}D")


@public()
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """The matrix that has the elements of input as diagonal."""
    return diag(ravel(input), offset)


@public("Tensor")
def unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """The windows of a size, a step apart, along a dimension, as a view with them last."""
    shape = self.array.shape
    dim = wrap_dim(dimension, len(shape))
    most = shape[dim] if shape else 1
    if size > most:
        raise RuntimeError(
            f"maximum size for tensor at dimension {dim} is {most} but size is {size}"
        )
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return ops.unfold(self, dim, size, step)


for _name, _least in (("atleast_1d", 1), ("atleast_2d", 2), ("atleast_3d", 3)):

    def _atleast(*tensors: Any, name: str = _name, least: int = _least) -> Any:
        """The tensors with dimensions of size 1 put in until there are enough."""
        if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
            return tuple(at_least(name, each, least) for each in tensors[0])
        found = tuple(at_least(name, each, least) for each in tensors)
        return found[0] if len(found) == 1 else found

    expose(_name, _atleast, "torch")


def at_least(name: str, x: Tensor, least: int) -> Tensor:
    """x with dimensions of size 1 put in until there are so many."""
    ndim = x.array.ndim
    if ndim >= least:
        return x
    if ndim == 0:
        return view(x, (1,) * least)
    front = unsqueeze(x, 0) if ndim == 1 else x
    return unsqueeze(front, -1) if least == 3 else front


def _iterate(self: Tensor) -> Iterator[Tensor]:
    """The parts along the first dimension."""
    if not self.array.ndim:
        raise TypeError("iteration over a 0-d tensor")
    return iter(ops.unbind(self, 0))


Tensor.__iter__ = _iterate  # type: ignore[method-assign]
