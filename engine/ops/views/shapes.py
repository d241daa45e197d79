"""The same elements in another shape: view, reshape, flatten, expand, squeeze, unsqueeze.

A view row shares memory with its operand. The in-place forms of views (squeeze_, t_) change a
tensor's shape where its numbers stay in place.
"""

from __future__ import annotations

from copy import copy
from functools import lru_cache
from typing import Any

import numpy as np

from engine.arrays import dtypes, journal
from engine.arrays.modes import GRAD, mode
from engine.arrays.row import Op, non_differentiable, passed
from engine.arrays.types import Shape
from engine.dispatch.arguments import array_of, count_of, integers, wrap_dim, wrap_dims
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import broadcast_error, op
from engine.graph.registry import expose, public
from engine.graph.storage import View
from engine.graph.tensor import LEAF, Size, Tensor

# ---- rows ------------------------------------------------------------------------------------


def _reshape(xp: Any, x: Any, shape: Shape) -> Any:
    return x.reshape(shape)


def _view_check(x: Any, shape: Shape) -> None:
    raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {x.size}")


def expand_check(x: Any, shape: Shape) -> None:
    """Raise PyTorch's error for an array that cannot be broadcast to this shape."""
    new = len(shape) - x.ndim
    if new < 0:
        raise RuntimeError(
            f"expand(torch.{dtypes.of(x.dtype).tensor_type}{{{list(x.shape)}}}, "
            f"size={list(shape)}): the number of sizes provided ({len(shape)}) must be greater or "
            f"equal to the number of dimensions in the tensor ({x.ndim})"
        )
    for dim in reversed(range(len(shape))):
        had = x.shape[dim - new] if dim >= new else None
        if had is not None and had != 1 and had != shape[dim]:
            raise RuntimeError(
                f"The expanded size of the tensor ({shape[dim]}) must match the existing size "
                f"({had}) at non-singleton dimension {dim}.  Target sizes: {list(shape)}.  Tensor "
                f"sizes: {list(x.shape)}"
            )


def _squeeze(xp: Any, x: Any, dims: Shape) -> Any:
    return x[...].squeeze(tuple([dim for dim in dims if x.ndim and x.shape[dim] == 1]))


# fmt: off
op("view(x; shape)", _reshape, written="x.view(shape)", view=True, check=_view_check,
   x=lambda ns, g, x_shape: ns.reshape(g, x_shape))
for _name, _node in (("reshape", "ViewBackward0"), ("unsafe_view", "UnsafeViewBackward0")):
    op(f"{_name}(x; shape)", _reshape, written="x.reshape(shape)", check=_view_check, node=_node,
       x=lambda ns, g, x_shape: ns.reshape(g, x_shape))  # copies where a view cannot be
op("contiguous(x)", lambda xp, x: x.flatten().reshape(x.shape), written="x.contiguous()",
   node="CloneBackward0", x=passed)
op("alias(x)", lambda xp, x: x[...], written="x[...]", view=True, x=passed)
op("expand(x; shape)", "spread", written="x.expand(shape)", view=True, check=expand_check,
   estimate=lambda x, shape: shape, x=lambda ns, g, x_shape: ns.sum_to(g, x_shape))
op("squeeze(x)", lambda xp, x: x[...].squeeze(), written="x.squeeze()", view=True,
   x=lambda ns, g, x_shape: ns.reshape(g, x_shape))
op("squeeze_dim(x; dim)", lambda xp, x, dim: _squeeze(xp, x, (dim,)), written="x.squeeze(dim)",
   node="SqueezeBackward1", view=True,
   x=lambda ns, g, x_shape, dim: ns.unsqueeze(g, dim) if x_shape and x_shape[dim] == 1 else g)
op("squeeze_dims(x; dims)", _squeeze, written="x.squeeze(dims)", node="SqueezeBackward2", view=True,
   x=lambda ns, g, x_shape: ns.reshape(g, x_shape))
op("unsqueeze(x; dim)", lambda xp, x, dim: x[(slice(None),) * dim + (None,)],
   written="x.unsqueeze(dim)", view=True, x=lambda ns, g, dim: ns.squeeze_dim(g, dim))
op("detach(x)", lambda xp, x: x, written="x.detach()", x=non_differentiable)
op("data(x)", lambda xp, x: x, written="x.data", x=non_differentiable)
# fmt: on

# ---- in place --------------------------------------------------------------------------------

_RENAMED = {
    "SqueezeBackward0": "SqueezeBackward3",
    "SqueezeBackward1": "SqueezeBackward4",
    "SqueezeBackward2": "SqueezeBackward5",
    "UnsqueezeBackward0": "UnsqueezeBackward1",
    "TBackward0": "TBackward1",
    "TransposeBackward0": "TransposeBackward1",
    "AsStridedBackward0": "AsStridedBackward1",
}
"""PyTorch counts the in-place forms on."""


@lru_cache(maxsize=8)
def _renamed(row: Op) -> Op:
    renamed = copy(row)
    renamed.node_name = _RENAMED.get(row.node_name, row.node_name)
    return renamed


def in_place_view(function: Any, *names: str) -> Any:
    """The in-place form of a view function."""

    def changed(self: Tensor, *args: Any, **options: Any) -> Tensor:
        if self.edge is LEAF and mode.get() & GRAD:
            raise RuntimeError(
                "a leaf Variable that requires grad is being used in an in-place operation."
            )
        before = Tensor()
        before.array, before.edge, before.origin = self.array, self.edge, self.origin
        after = function(before, *args, **options)
        view = after.edge
        if view.edge is not None:
            view.edge.op = _renamed(view.edge.op)
        for slot in ("array", "edge", "origin"):
            journal.note_slot(self, slot)
        self.array, self.origin = after.array, after.origin
        self.edge = view if type(before.edge) is View else view.edge
        return self

    changed.__name__ = changed.__qualname__ = f"{function.__name__}_"
    changed.__doc__ = f"In place: {function.__doc__}"
    for name in names or (changed.__name__,):
        expose(name, changed, "Tensor")
    return changed


# ---- the same elements -----------------------------------------------------------------------


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


in_place_view(squeeze)
in_place_view(unsqueeze)
