"""Tensors taken apart: split, chunk, unbind and their like; all parts are views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from engine.arrays import limits
from engine.arrays.types import Shape
from engine.dispatch.arguments import array_of, integers, wrap_dim, wrong_type
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import public
from engine.graph.tensor import Tensor

# ---- rows ------------------------------------------------------------------------------------


def _whole(ns: Any, parts: Sequence[Any], shapes: Sequence[Shape], dtype: Any) -> list[Any]:
    """The parts' gradients, zeros for those that no gradient reached."""
    given = [*parts, *[None] * (len(shapes) - len(parts))]
    return [
        ns.zeros(shape, dtype) if part is None else part
        for part, shape in zip(given, shapes, strict=True)
    ]


def _split_at(x: Any, ends: Sequence[int], dim: int, part: int | None) -> Any:
    before = (slice(None),) * dim
    starts = (0, *ends[:-1])
    if part is not None:
        return x[(*before, slice(starts[part], ends[part]))]
    return tuple([x[(*before, slice(start, end))] for start, end in zip(starts, ends, strict=True)])


def _cost(parts: int) -> Shape:
    """What many parts cost: a tensor takes about the memory of 128 numbers."""
    return (parts, 128)


def _ends(size: int, step: int) -> list[int]:
    return [min(start + step, size) for start in range(0, max(size, 1), max(step, 1))]


def _running(sizes: Shape) -> list[int]:
    return list(np.cumsum(sizes).tolist())


def _shapes(shape: Shape, ends: Sequence[int], dim: int) -> list[Shape]:
    starts = (0, *ends[:-1])
    return [
        (*shape[:dim], end - start, *shape[dim + 1 :])
        for start, end in zip(starts, ends, strict=True)
    ]


def _unbind(xp: Any, x: Any, dim: int, part: int | None = None) -> Any:
    before = (slice(None),) * dim
    if part is not None:
        return x[(*before, part, ...)]
    return tuple([x[(*before, i, ...)] for i in range(x.shape[dim])])


# fmt: off
op("split(x; size, dim)",
   lambda xp, x, size, dim, part=None: _split_at(x, _ends(x.shape[dim], size), dim, part),
   written="split(x, size, dim)", outputs=0, view=True,
   estimate=lambda x, size, dim: _cost(x.shape[dim] // max(size, 1)),
   x=lambda ns, g, x_shape, x_dtype, size, dim: ns.cat(
       _whole(ns, g, _shapes(x_shape, _ends(x_shape[dim], size), dim), x_dtype), dim))
op("split_with_sizes(x; sizes, dim)",
   lambda xp, x, sizes, dim, part=None: _split_at(x, _running(sizes), dim, part),
   written="split(x, sizes, dim)", outputs=0, view=True,
   estimate=lambda x, sizes, dim: _cost(len(sizes)),
   x=lambda ns, g, x_shape, x_dtype, sizes, dim: ns.cat(
       _whole(ns, g, _shapes(x_shape, _running(sizes), dim), x_dtype), dim))
op("unbind(x; dim)", _unbind, written="unbind(x, dim)", outputs=0, view=True,
   estimate=lambda x, dim: _cost(x.shape[dim]),
   x=lambda ns, g, x_shape, x_dtype, dim: ns.stack(_whole(
       ns, g, [x_shape[:dim] + x_shape[dim + 1:]] * x_shape[dim], x_dtype), dim))
# fmt: on

# ---- functions -------------------------------------------------------------------------------


@public()
def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of a size, the last maybe smaller, or of the sizes listed, along a dimension; views."""
    shape = array_of("split", tensor, "tensor").shape
    if not isinstance(split_size_or_sections, int):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    if not shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    dim, size = wrap_dim(dim, len(shape)), split_size_or_sections
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0 != shape[dim]:
        raise RuntimeError(
            "split_size can only be 0 if dimension size is 0, but got dimension size of "
            f"{shape[dim]}"
        )
    return ops.split(tensor, size, dim)


@public()
def split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of the sizes listed, along a dimension, as views."""
    shape = input.array.shape
    if not isinstance(split_sizes, (list, tuple)):
        raise wrong_type("split_with_sizes", "split_sizes", 2, "tuple of ints", split_sizes)
    if not shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    dim = wrap_dim(dim, len(shape))
    sizes = integers("split_with_sizes", (split_sizes,), "split_sizes", 2)
    if sizes and min(sizes) < 0:
        raise RuntimeError(
            "split_with_sizes expects split_sizes have only non-negative entries, but got "
            f"split_sizes={list(sizes)}"
        )
    if sum(sizes) != shape[dim]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {shape[dim]} (input tensor's "
            f"size at dimension {dim}), but got split_sizes={list(sizes)}"
        )
    return ops.split_with_sizes(input, sizes, dim)


@public()
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most so many parts of one size, the last maybe smaller, along a dimension, as views."""
    shape = input.array.shape
    if not isinstance(chunks, int):
        raise wrong_type("chunk", "chunks", 1, "int", chunks)
    if not shape:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    dim = wrap_dim(dim, len(shape))
    size = -(-shape[dim] // chunks)
    if size == 0:
        return ops.split_with_sizes(input, (0,) * chunks, dim)
    return ops.split(input, size, dim)


@public()
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """So many parts, as equal as can be, or those between the indices listed, as views."""
    shape = input.array.shape
    if not shape:
        raise RuntimeError(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    dim = wrap_dim(dim, len(shape))
    given = indices_or_sections
    if isinstance(given, Tensor):
        given = given.array.tolist()
    if isinstance(given, int):
        if given <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {given}")
        limits.check(_cost(given))
        small, longer = divmod(shape[dim], given)
        ends = [(i + 1) * small + min(i + 1, longer) for i in range(given)]
    else:
        ends = [*given, shape[dim]]
    starts = [0, *ends[:-1]]
    return tuple(
        ops.slice(input, dim, start, end, 1) for start, end in zip(starts, ends, strict=True)
    )


def _splitter(name: str, least: int, doc: str) -> None:
    """hsplit, vsplit, dsplit: tensor_split along one dimension."""

    def parts(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
        shape = input.array.shape
        if len(shape) < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} dimension, but got a "
                f"tensor with {len(shape)} dimensions!"
            )
        dim = 0 if name == "vsplit" or len(shape) == 1 else least - (name == "dsplit")
        if isinstance(indices_or_sections, int) and shape[dim] % indices_or_sections:
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the "
                f"dimension {shape[dim]} is not divisible by the split_size {indices_or_sections}!"
            )
        return tensor_split(input, indices_or_sections, dim)

    parts.__name__, parts.__doc__ = name, doc
    public("torch Tensor", name)(parts)


_splitter("hsplit", 1, "Parts along columns, or of a vector, as views.")
_splitter("vsplit", 2, "Parts along rows, as views.")
_splitter("dsplit", 3, "Parts along the third dimension, as views.")


@public()
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The parts at each index of a dimension, as views."""
    ndim = input.array.ndim
    if not ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    return ops.unbind(input, wrap_dim(dim, ndim))


def _iterate(self: Tensor) -> Iterator[Tensor]:
    """The parts along the first dimension."""
    if not self.array.ndim:
        raise TypeError("iteration over a 0-d tensor")
    return iter(ops.unbind(self, 0))


Tensor.__iter__ = _iterate  # type: ignore[method-assign]
