"""as_strided and what is made of it: any part of a tensor's memory, by sizes and strides.

What a tensor shows of its memory is its layout: strides and offset, counted in elements. The rows
take that of their operand as a parameter, `held`, so that they mean the same over copies, other
arrays and XLA, where there is no memory to look at: each element has a place in a storage, and
elements go from place to place.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from engine.arrays.backends import NUMPY
from engine.arrays.memory import address, owner_of
from engine.arrays.types import Shape
from engine.dispatch.arguments import integers
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import expose, public
from engine.graph.tensor import Tensor
from engine.ops.views.shapes import in_place_view

# ---- layouts ---------------------------------------------------------------------------------


class Layout(NamedTuple):
    """Where the elements of an array are in its storage, all in elements."""

    shape: Shape
    strides: Shape
    offset: int

    def end(self) -> int:
        """One past the last place."""
        if 0 in self.shape:
            return self.offset
        steps = zip(self.shape, self.strides, strict=True)
        return self.offset + 1 + sum((size - 1) * stride for size, stride in steps)

    def places(self) -> Any:
        """The place of each element."""
        places = np.full(self.shape, self.offset, np.int64)
        for dim, (size, stride) in enumerate(zip(self.shape, self.strides, strict=True)):
            line = np.arange(size) * stride
            places += line.reshape((-1,) + (1,) * (len(self.shape) - dim - 1))
        return places


def layout_of(array: Any) -> Layout:
    """Where the elements of a NumPy array are in the memory it shows."""
    width = array.itemsize
    start = address(array) - address(owner_of(array))
    return Layout(array.shape, tuple([step // width for step in array.strides]), start // width)


def shown(array: Any, layout: Layout, dtype: Any = None) -> Any:
    """The memory of `array` in another layout. Raises RuntimeError if it is not that large."""
    owner, dtype = owner_of(array), array.dtype if dtype is None else dtype
    if not owner.flags.c_contiguous:
        owner = owner.T
    width = dtype.itemsize
    if layout.end() * width > owner.nbytes:
        raise RuntimeError(
            f"setStorage: sizes {list(layout.shape)}, strides {list(layout.strides)}, storage "
            f"offset {layout.offset}, and itemsize {width} requiring a storage size of "
            f"{layout.end() * width} are out of bounds for storage of size {owner.nbytes}"
        )
    if 0 in layout.shape:
        return np.ndarray(layout.shape, dtype, owner, 0)
    strides = tuple([stride * width for stride in layout.strides])
    return np.ndarray(layout.shape, dtype, owner, layout.offset * width, strides)


def _same_places(array: Any, held: Layout) -> bool:
    now = layout_of(array)
    return now.offset == held.offset and all(
        size < 2 or step == stride
        for size, step, stride in zip(array.shape, now.strides, held.strides, strict=True)
    )


# ---- rows ------------------------------------------------------------------------------------


def _storage(xp: Any, x: Any, held: Layout, end: int) -> Any:
    """The storage that x stands for: its elements at their places, zeros between them."""
    places, count = held.places().reshape(-1), max(end, held.end())
    often = np.bincount(places, minlength=1)
    if often.max(initial=0) > 1:  # an element shown twice counts half each time
        x = x / often[held.places()].astype(x.dtype)
    return xp.added_at(xp.zeros(count, x.dtype), places, x.reshape(-1))


def _read(xp: Any, x: Any, wanted: Layout, held: Layout) -> Any:
    return _storage(xp, x, held, wanted.end())[wanted.places()]


def _write(xp: Any, x: Any, wanted: Layout, held: Layout) -> Any:
    """What _read is turned around: x, of the wanted layout, added up at the places held."""
    places, back = wanted.places().reshape(-1), held.places()
    count = max(wanted.end(), held.end())
    storage = xp.added_at(xp.zeros(count, x.dtype), places, x.reshape(-1))
    often = np.bincount(back.reshape(-1), minlength=1)
    found = storage[back]
    return found / often[back].astype(x.dtype) if often.max(initial=0) > 1 else found


def _as_strided(xp: Any, x: Any, wanted: Layout, held: Layout) -> Any:
    if xp is NUMPY and _same_places(x, held):
        return shown(x, wanted)
    if not np.isin(wanted.places(), held.places()).all():
        raise RuntimeError("as_strided reads memory that its operand does not show")
    return _read(xp, x, wanted, held)


def _size(x: Any, wanted: Layout, held: Layout) -> Shape:
    return wanted.shape


# fmt: off
op("as_strided(x; wanted, held)", _as_strided, view=True, estimate=_size,
   written="as_strided(x, *wanted)",
   x=lambda ns, g, wanted, held: ns.as_strided_backward(g, wanted, held))
op("as_strided_copy(x; wanted, held)",
   lambda xp, x, wanted, held: xp.array(_as_strided(xp, x, wanted, held), copy=True),
   written="as_strided_copy(x, *wanted)", node="AsStridedBackward0_copy", estimate=_size,
   x=lambda ns, g, wanted, held: ns.as_strided_backward(g, wanted, held))
op("as_strided_backward(x; wanted, held)", _write,
   x=lambda ns, g, wanted, held: ns.as_strided_read(g, wanted, held))
op("as_strided_read(x; wanted, held)", _read, estimate=_size,
   x=lambda ns, g, wanted, held: ns.as_strided_backward(g, wanted, held))
# fmt: on


def _scatter(xp: Any, x: Any, src: Any, wanted: Layout, held: Layout) -> Any:
    storage = _storage(xp, x, held, wanted.end())
    return xp.stored_at(storage, wanted.places(), src)[held.places()]


op(
    "as_strided_scatter(x, src; wanted, held)",
    _scatter,
    written="as_strided_scatter(x, src, *wanted)",
    x=lambda ns, g, src_shape, src_dtype, wanted, held: ns.as_strided_scatter(
        g, ns.zeros(src_shape, src_dtype), wanted, held
    ),
    src=lambda ns, g, wanted, held: ns.as_strided_read(g, wanted, held),
)

# ---- functions -------------------------------------------------------------------------------


def _layouts(
    name: str, input: Any, size: Any, stride: Any, offset: int | None
) -> tuple[Layout, Layout]:
    """The layout asked for and that of the input. Raises RuntimeError as PyTorch does."""
    held = layout_of(input.array)
    shape = integers(name, (size,), "size", 2)
    strides = integers(name, (stride,), "stride", 3)
    start = held.offset if offset is None else offset
    if len(shape) != len(strides):
        raise RuntimeError("mismatch in length of strides and shape")
    if min(strides, default=0) < 0:
        raise RuntimeError(
            "as_strided: Negative strides are not supported at the moment, got strides: "
            f"{list(strides)}"
        )
    if start < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {start}")
    if min(shape, default=0) < 0:
        raise RuntimeError("numel: integer multiplication overflow")
    return Layout(shape, strides, start), held


@public()
def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """The memory of input in other sizes, a stride (in elements) for each dimension; a view."""
    return ops.as_strided(input, *_layouts("as_strided", input, size, stride, storage_offset))


expose("as_strided_", in_place_view(as_strided), "torch Tensor")


@public("torch")
def as_strided_copy(
    input: Tensor, size: Any, stride: Any, storage_offset: int | None = None
) -> Tensor:
    """as_strided, as a copy."""
    layouts = _layouts("as_strided_copy", input, size, stride, storage_offset)
    return ops.as_strided_copy(input, *layouts)


@public()
def as_strided_scatter(
    input: Tensor, src: Tensor, size: Any, stride: Any, storage_offset: int | None = None
) -> Tensor:
    """A copy of input with src in the part that as_strided would show."""
    wanted, held = _layouts("as_strided_scatter", input, size, stride, storage_offset)
    shape = src.array.shape
    shown(input.array, wanted)
    if shape != wanted.shape:
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(shape)}, "
            f"slice size = {list(wanted.shape)}"
        )
    return ops.as_strided_scatter(input, src, wanted, held)


@public("Tensor")
def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """In place: every element whose indices are all the same becomes `fill_value`.

    With wrap, the diagonal of a tall matrix goes on below, a row left out each time.
    """
    shape = self.array.shape
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    held = layout_of(self.array)
    step = sum(held.strides)
    diagonal = as_strided(self, (min(shape),), (step,))
    diagonal.fill_(fill_value)
    if wrap and len(shape) == 2 and shape[0] > shape[1] + 1:
        count = -(-self.array.size // step) - min(shape)
        below = held.offset + held.strides[0] * (shape[1] + 1)
        as_strided(self, (count,), (step,), below).fill_(fill_value)
    return self
