"""Views: tensors that show another's memory in another shape, and what writes through them.

Each view row shares memory with its operand. Its gradient is put back where the part was taken
from: the rules of `select`, `slice` and `diagonal` are rows of their own, as in PyTorch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.backends import NUMPY
from engine.arrays.row import non_differentiable, rows
from engine.arrays.types import Shape
from engine.dispatch.arguments import count_of
from engine.dispatch.operation import op
from engine.graph.storage import follow

# ---- the same elements in another shape ------------------------------------------------------


def _shape_given(x: Any, shape: Shape, *_: Any) -> Shape:
    return shape


def _view_check(x: Any, shape: Shape) -> None:
    raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {x.size}")


def _reshape(xp: Any, x: Any, shape: Shape) -> Any:
    return x.reshape(shape)


op("view(x; shape)", _reshape, written="x.view(shape)", node="ViewBackward0", view=True,
   check=_view_check, x=lambda ns, g, x_shape: ns.reshape(g, x_shape))  # fmt: skip
for _name in ("reshape", "unsafe_view"):  # copies where a view cannot be
    op(f"{_name}(x; shape)", _reshape, written="x.reshape(shape)", check=_view_check,
       node="UnsafeViewBackward0" if _name == "unsafe_view" else "ViewBackward0",
       x=lambda ns, g, x_shape: ns.reshape(g, x_shape))  # fmt: skip
op("contiguous(x)", lambda xp, x: x.flatten().reshape(x.shape), written="x.contiguous()",
   node="CloneBackward0", x=lambda ns, g: g)  # fmt: skip
op("alias(x)", lambda xp, x: x[...], written="x[...]", view=True, x=lambda ns, g: g)


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


op("expand(x; shape)", "spread", written="x.expand(shape)",
   view=True, check=expand_check, estimate=_shape_given,
   x=lambda ns, g, x_shape: ns.sum_to(g, x_shape))  # fmt: skip

# ---- the dimensions in another order ---------------------------------------------------------


def _inverse(dims: Shape) -> Shape:
    return tuple(sorted(range(len(dims)), key=dims.__getitem__))


op("t(x)", lambda xp, x: x.T, written="x.T", view=True, x=lambda ns, g: ns.t(g))
op("transpose(x; dim0, dim1)", lambda xp, x, dim0, dim1: x.swapaxes(dim0, dim1),
   written="x.transpose(dim0, dim1)", view=True,
   x=lambda ns, g, dim0, dim1: ns.transpose(g, dim0, dim1))  # fmt: skip
op("permute(x; dims)", lambda xp, x, dims: x.transpose(dims), written="x.permute(dims)", view=True,
   x=lambda ns, g, dims: ns.permute(g, _inverse(dims)))  # fmt: skip

# ---- dimensions of size 1 --------------------------------------------------------------------


def _squeeze(xp: Any, x: Any, dims: Shape) -> Any:
    return x[...].squeeze(tuple([dim for dim in dims if x.ndim and x.shape[dim] == 1]))


op("squeeze(x)", lambda xp, x: x[...].squeeze(), written="x.squeeze()", view=True,
   x=lambda ns, g, x_shape: ns.reshape(g, x_shape))  # fmt: skip
op("squeeze_dim(x; dim)", lambda xp, x, dim: _squeeze(xp, x, (dim,)), written="x.squeeze(dim)",
   node="SqueezeBackward1", view=True,
   x=lambda ns, g, x_shape, dim:
       ns.unsqueeze(g, dim) if x_shape and x_shape[dim] == 1 else g)  # fmt: skip
op("squeeze_dims(x; dims)", _squeeze, written="x.squeeze(dims)", node="SqueezeBackward2", view=True,
   x=lambda ns, g, x_shape: ns.reshape(g, x_shape))  # fmt: skip
op("unsqueeze(x; dim)", lambda xp, x, dim: x[(slice(None),) * dim + (None,)],
   written="x.unsqueeze(dim)", view=True, x=lambda ns, g, dim: ns.squeeze_dim(g, dim))  # fmt: skip

# ---- parts -----------------------------------------------------------------------------------


def _zeros(shape: Shape, *_: Any) -> Shape:
    return shape


op("zeros(; shape, dtype)", lambda xp, shape, dtype: xp.zeros(shape, dtype), written="zeros(shape)",
   estimate=_zeros)  # fmt: skip


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


op("select(x; dim, index)", lambda xp, x, dim, index: x[(slice(None),) * dim + (index, ...)],
   written="x.select(dim, index)", view=True,
   facts={"chooses": "elements"}, x=lambda ns, g, x_shape, dim, index: ns.select_backward(g, x_shape, dim, index))  # fmt: skip
op("select_backward(x; shape, dim, index)", _put_back("select"), node="SelectBackwardBackward0",
   estimate=_shape_given, x=lambda ns, g, dim, index: ns.select(g, dim, index))  # fmt: skip
op("slice(x; dim, start, stop, step)",
   lambda xp, x, dim, start, stop, step: x[(slice(None),) * dim + (slice(start, stop, step),)],
   written="x.slice(dim, start, stop, step)", view=True,
   facts={"chooses": "elements"}, x=lambda ns, g, x_shape, dim, start, stop, step:
       ns.slice_backward(g, x_shape, dim, start, stop, step))  # fmt: skip
op("slice_backward(x; shape, dim, start, stop, step)", _put_back("slice"),
   node="SliceBackwardBackward0", estimate=_shape_given,
   x=lambda ns, g, dim, start, stop, step: ns.slice(g, dim, start, stop, step))  # fmt: skip


def _diagonal(xp: Any, x: Any, offset: int, dim1: int, dim2: int) -> Any:
    out = xp.diagonal(x, offset, dim1, dim2)
    if xp is NUMPY:
        out.flags.writeable = x.flags.writeable  # NumPy's own is read-only
    return out


def _diagonal_copy(xp: Any, x: Any, offset: int, dim1: int, dim2: int) -> Any:
    return xp.array(xp.diagonal(x, offset, dim1, dim2), copy=True)


for _name in ("diagonal", "diagonal_copy"):
    op(f"{_name}(x; offset, dim1, dim2)", _diagonal if _name == "diagonal" else _diagonal_copy,
       view=_name == "diagonal",
       node="DiagonalBackward0" if _name == "diagonal" else "DiagonalBackward0_copy",
       written="diagonal(x, offset, dim1, dim2)",
       x=lambda ns, g, x_shape, offset, dim1, dim2:
           ns.diagonal_backward(g, x_shape, offset, dim1, dim2))  # fmt: skip
op("diagonal_backward(x; shape, offset, dim1, dim2)", _put_back("diagonal"),
   node="DiagonalBackwardBackward0", estimate=_shape_given,
   x=lambda ns, g, offset, dim1, dim2: ns.diagonal(g, offset, dim1, dim2))  # fmt: skip


def _embedded(x_shape: Shape, offset: int, dim1: int, dim2: int) -> Shape:
    size = x_shape[-1] + abs(offset)
    shape = list(x_shape[:-1])
    for dim in sorted((dim1, dim2)):
        shape.insert(dim, size)
    return tuple(shape)


def _diag_embed(xp: Any, x: Any, offset: int, dim1: int, dim2: int) -> Any:
    shape = _embedded(x.shape, offset, dim1, dim2)
    return _put_back("diagonal")(xp, x, shape, offset, dim1, dim2)


op("diag_embed(x; offset, dim1, dim2)", _diag_embed, written="diag_embed(x, offset, dim1, dim2)",
   estimate=lambda x, *params: _embedded(x.shape, *params),
   x=lambda ns, g, offset, dim1, dim2: ns.diagonal(g, offset, dim1, dim2))  # fmt: skip


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


op("unfold(x; dim, size, step)", _windows, written="x.unfold(dim, size, step)", view=True,
   estimate=lambda x, dim, size, step: (x.size // step + 1, size),
   x=lambda ns, g, x_shape, dim, size, step:
       ns.unfold_backward(g, x_shape, dim, size, step))  # fmt: skip
op("unfold_backward(x; shape, dim, size, step)", _windows_backward, node="UnfoldBackwardBackward0",
   estimate=_shape_given,
   x=lambda ns, g, dim, size, step: ns.unfold(g, dim, size, step))  # fmt: skip

# ---- cut off from autograd -------------------------------------------------------------------

op("detach(x)", lambda xp, x: x, written="x.detach()", x=non_differentiable)
op("data(x)", lambda xp, x: x, written="x.data", x=non_differentiable)

# ---- writing through views -------------------------------------------------------------------

AS_VIEW = op(
    "as_view(x; path)", lambda xp, x, path: follow(xp, x, path),
    node="AsStridedBackward0", view=True,
    x=lambda ns, g, x_shape, x_dtype, path: ns.copy_slices(ns.zeros(x_shape, x_dtype), g, path),
)  # fmt: skip
"""What a view shows, recorded anew from its base: `path` is a chain of pairs (row, parameters)."""


def _copy_slices(xp: Any, base: Any, value: Any, path: Any) -> Any:
    return _stored(xp, base.copy(), path, value)


COPY_SLICES = op(
    "copy_slices(base, value; path)", _copy_slices, node="CopySlices",
    base=lambda ns, g, value_shape, value_dtype, path:
        ns.copy_slices(g, ns.zeros(value_shape, value_dtype), path),
    value=lambda ns, g, path: ns.as_view(g, path),
)  # fmt: skip
"""`base` with the part that `path` shows replaced by `value`."""


op("select_scatter(x, src; dim, index)",
   lambda xp, x, src, *params: _copy_slices(xp, x, src, ((rows["select"], params),)),
   x=lambda ns, g, src_shape, src_dtype, dim, index:
       ns.select_scatter(g, ns.zeros(src_shape, src_dtype), dim, index),
   src=lambda ns, g, dim, index: ns.select(g, dim, index))  # fmt: skip
op("slice_scatter(x, src; dim, start, stop, step)",
   lambda xp, x, src, *params: _copy_slices(xp, x, src, ((rows["slice"], params),)),
   x=lambda ns, g, src_shape, src_dtype, dim, start, stop, step:
       ns.slice_scatter(g, ns.zeros(src_shape, src_dtype), dim, start, stop, step),
   src=lambda ns, g, dim, start, stop, step: ns.slice(g, dim, start, stop, step))  # fmt: skip
op("diagonal_scatter(x, src; offset, dim1, dim2)",
   lambda xp, x, src, *params: _copy_slices(xp, x, src, ((rows["diagonal"], params),)),
   x=lambda ns, g, src_shape, src_dtype, offset, dim1, dim2:
       ns.diagonal_scatter(g, ns.zeros(src_shape, src_dtype), offset, dim1, dim2),
   src=lambda ns, g, offset, dim1, dim2: ns.diagonal(g, offset, dim1, dim2))  # fmt: skip
