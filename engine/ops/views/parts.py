"""Parts as views: select, slice, narrow, diagonal, unfold; and what writes through views.

A part's gradient is put back where the part was taken from: the rules of `select`, `slice` and
`diagonal` are rows of their own, as in PyTorch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays.backends import NUMPY
from engine.arrays.row import rows
from engine.arrays.types import Shape
from engine.dispatch.arguments import count_of, wrap_dim
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import public
from engine.graph.storage import follow
from engine.graph.tensor import Tensor
from engine.ops.views.shapes import ravel

# ruff: noqa: N803 (PyTorch's names)

# ---- rows ------------------------------------------------------------------------------------


def _stored(xp: Any, fresh: Any, path: Any, value: Any) -> Any:
    """`fresh`, an array nobody else has, with the part that `path` shows replaced by `value`."""
    if xp is NUMPY:
        follow(xp, fresh, path)[...] = value
        return fresh
    places = follow(NUMPY, np.arange(fresh.size).reshape(fresh.shape), path)
    return fresh.reshape(-1).at[places].set(value).reshape(fresh.shape)


def _put_back(name: str) -> Any:
    """The forward of `<name>_backward`: zeros, but for the part that view `name` shows."""

    def forward(xp: Any, x: Any, shape: Shape, *params: Any) -> Any:
        return _stored(xp, xp.zeros(shape, x.dtype), ((rows[name], params),), x)

    return forward


def _copy_slices(xp: Any, base: Any, value: Any, path: Any) -> Any:
    return _stored(xp, base.copy(), path, value)


def _scatter(view: str) -> Any:
    """The forward of `<view>_scatter`: a copy, with the part that `view` shows replaced."""
    return lambda xp, x, src, *params: _copy_slices(xp, x, src, ((rows[view], params),))


def _diagonal(xp: Any, x: Any, offset: int, dim1: int, dim2: int) -> Any:
    out = xp.diagonal(x, offset, dim1, dim2)
    if xp is NUMPY:
        out.flags.writeable = x.flags.writeable  # NumPy's own is read-only
    return out


def _diagonal_copy(xp: Any, x: Any, offset: int, dim1: int, dim2: int) -> Any:
    return xp.array(xp.diagonal(x, offset, dim1, dim2), copy=True)


def _embedded(x_shape: Shape, offset: int, dim1: int, dim2: int) -> Shape:
    size = x_shape[-1] + abs(offset)
    shape = list(x_shape[:-1])
    for dim in sorted((dim1, dim2)):
        shape.insert(dim, size)
    return tuple(shape)


def _diag_embed(xp: Any, x: Any, offset: int, dim1: int, dim2: int) -> Any:
    shape = _embedded(x.shape, offset, dim1, dim2)
    return _put_back("diagonal")(xp, x, shape, offset, dim1, dim2)


def _windows(xp: Any, x: Any, dim: int, size: int, step: int) -> Any:
    if x.ndim == 0:
        return x[None][:size]
    count = (x.shape[dim] - size) // step + 1
    if xp is NUMPY:
        strides = (*x.strides[:dim], x.strides[dim] * step, *x.strides[dim + 1 :], x.strides[dim])
        shape = (*x.shape[:dim], count, *x.shape[dim + 1 :], size)
        return np.lib.stride_tricks.as_strided(x, shape, strides)
    places = np.arange(count)[:, None] * step + np.arange(size)
    return xp.moveaxis(xp.take(x, places, dim), dim + 1, -1)


def _windows_backward(xp: Any, x: Any, shape: Shape, dim: int, size: int, step: int) -> Any:
    places = _windows(NUMPY, np.arange(count_of(shape)).reshape(shape), dim, size, step)
    return xp.added_at(xp.zeros(count_of(shape), x.dtype), places, x).reshape(shape)


def _shape_given(x: Any, shape: Shape, *_: Any) -> Shape:
    return shape


# fmt: off
op("zeros(; shape, dtype)", lambda xp, shape, dtype: xp.zeros(shape, dtype), written="zeros(shape)",
   estimate=lambda shape, dtype: shape)
op("select(x; dim, index)", lambda xp, x, dim, index: x[(slice(None),) * dim + (index, ...)],
   written="x.select(dim, index)", view=True, facts={"chooses": "elements"},
   x=lambda ns, g, x_shape, dim, index: ns.select_backward(g, x_shape, dim, index))
op("select_backward(x; shape, dim, index)", _put_back("select"), node="SelectBackwardBackward0",
   estimate=_shape_given, x=lambda ns, g, dim, index: ns.select(g, dim, index))
op("select_scatter(x, src; dim, index)", _scatter("select"),
   x=lambda ns, g, src_shape, src_dtype, dim, index:
       ns.select_scatter(g, ns.zeros(src_shape, src_dtype), dim, index),
   src=lambda ns, g, dim, index: ns.select(g, dim, index))
op("slice(x; dim, start, stop, step)",
   lambda xp, x, dim, start, stop, step: x[(slice(None),) * dim + (slice(start, stop, step),)],
   written="x.slice(dim, start, stop, step)", view=True, facts={"chooses": "elements"},
   x=lambda ns, g, x_shape, dim, start, stop, step:
       ns.slice_backward(g, x_shape, dim, start, stop, step))
op("slice_backward(x; shape, dim, start, stop, step)", _put_back("slice"),
   node="SliceBackwardBackward0", estimate=_shape_given,
   x=lambda ns, g, dim, start, stop, step: ns.slice(g, dim, start, stop, step))
op("slice_scatter(x, src; dim, start, stop, step)", _scatter("slice"),
   x=lambda ns, g, src_shape, src_dtype, dim, start, stop, step:
       ns.slice_scatter(g, ns.zeros(src_shape, src_dtype), dim, start, stop, step),
   src=lambda ns, g, dim, start, stop, step: ns.slice(g, dim, start, stop, step))
for _name, _forward, _node in (
    ("diagonal", _diagonal, "DiagonalBackward0"),
    ("diagonal_copy", _diagonal_copy, "DiagonalBackward0_copy"),
):
    op(f"{_name}(x; offset, dim1, dim2)", _forward, view=_name == "diagonal", node=_node,
       written="diagonal(x, offset, dim1, dim2)",
       x=lambda ns, g, x_shape, offset, dim1, dim2:
           ns.diagonal_backward(g, x_shape, offset, dim1, dim2))
op("diagonal_backward(x; shape, offset, dim1, dim2)", _put_back("diagonal"),
   node="DiagonalBackwardBackward0", estimate=_shape_given,
   x=lambda ns, g, offset, dim1, dim2: ns.diagonal(g, offset, dim1, dim2))
op("diagonal_scatter(x, src; offset, dim1, dim2)", _scatter("diagonal"),
   x=lambda ns, g, src_shape, src_dtype, offset, dim1, dim2:
       ns.diagonal_scatter(g, ns.zeros(src_shape, src_dtype), offset, dim1, dim2),
   src=lambda ns, g, offset, dim1, dim2: ns.diagonal(g, offset, dim1, dim2))
op("diag_embed(x; offset, dim1, dim2)", _diag_embed, written="diag_embed(x, offset, dim1, dim2)",
   estimate=lambda x, *params: _embedded(x.shape, *params),
   x=lambda ns, g, offset, dim1, dim2: ns.diagonal(g, offset, dim1, dim2))
op("unfold(x; dim, size, step)", _windows, written="x.unfold(dim, size, step)", view=True,
   estimate=lambda x, dim, size, step: (x.size // step + 1, size),
   x=lambda ns, g, x_shape, dim, size, step: ns.unfold_backward(g, x_shape, dim, size, step))
op("unfold_backward(x; shape, dim, size, step)", _windows_backward, node="UnfoldBackwardBackward0",
   estimate=_shape_given, x=lambda ns, g, dim, size, step: ns.unfold(g, dim, size, step))
# What a view shows, recorded anew from its base: `path` is a chain of pairs (row, parameters).
op("as_view(x; path)", lambda xp, x, path: follow(xp, x, path), node="AsStridedBackward0",
   view=True,
   x=lambda ns, g, x_shape, x_dtype, path: ns.copy_slices(ns.zeros(x_shape, x_dtype), g, path))
# `base` with the part that `path` shows replaced by `value`.
op("copy_slices(base, value; path)", _copy_slices, node="CopySlices",
   base=lambda ns, g, value_shape, value_dtype, path:
       ns.copy_slices(g, ns.zeros(value_shape, value_dtype), path),
   value=lambda ns, g, path: ns.as_view(g, path))
# fmt: on

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
def _last_diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
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


# ---- parts replaced --------------------------------------------------------------------------


@public()
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of input with src at one index of a dimension."""
    shape = input.array.shape
    dim = wrap_dim(dim, len(shape))
    _check_fits(src, shape[:dim] + shape[dim + 1 :])
    return ops.select_scatter(input, src, dim, index)


@public()
def slice_scatter(
    input: Tensor,
    src: Tensor,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Tensor:
    """A copy of input with src in a slice of a dimension."""
    shape = input.array.shape
    dim = wrap_dim(dim, len(shape))
    places = range(*slice(start, end, step).indices(shape[dim]))
    _check_fits(src, (*shape[:dim], len(places), *shape[dim + 1 :]))
    return ops.slice_scatter(input, src, dim, places.start, max(places.start, places.stop), step)


@public()
def diagonal_scatter(
    input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1
) -> Tensor:
    """A copy of input with src as its diagonals."""
    array = input.array
    plane = wrap_dim(dim1, array.ndim), wrap_dim(dim2, array.ndim)
    _check_fits(src, np.diagonal(array, offset, *plane).shape)
    return ops.diagonal_scatter(input, src, offset, *plane)


def _check_fits(src: Tensor, shape: Shape) -> None:
    found = src.array.shape
    if found != shape:
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(found)}, "
            f"slice size = {list(shape)}"
        )
