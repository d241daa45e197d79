"""Elements where a mask holds, and where those are that are not zero."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.row import non_differentiable, truth
from engine.arrays.types import Shape
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import IN_PLACE, broadcast_error, op
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.creation.convert import converted
from engine.ops.indexing.getitem import check_number
from engine.ops.views.shapes import broadcast_tensors, unsqueeze

# ---- rows ------------------------------------------------------------------------------------


def _masked_fill(xp: Any, x: Any, mask: Any, value: Any) -> Any:
    return xp.where(mask, xp.asarray(value, dtype=x.dtype), x)


def _masked_scatter(xp: Any, x: Any, mask: Any, source: Any) -> Any:
    """The next element of `source` wherever `mask` holds."""
    if source.size == 0:
        return xp.array(x, copy=True)
    turns = xp.cumsum(mask.reshape(-1)).reshape(mask.shape) - 1
    return xp.where(mask, source.reshape(-1)[xp.clip(turns, 0, source.size - 1)], x)


def _masked_scatter_backward(xp: Any, x: Any, mask: Any, shape: Shape) -> Any:
    """The elements of `x` where `mask` holds, then zeros, in `shape`."""
    picked = x[mask]
    rest = xp.zeros(prod(shape) - picked.size, x.dtype)
    return xp.concatenate([picked, rest]).reshape(shape)


# fmt: off
op("masked_fill(x, mask; value)", _masked_fill, elementwise=True, mask=truth,
   x=lambda ns, g, mask: ns.masked_fill(g, mask, 0))
op("masked_fill_tensor(x, mask, value)", _masked_fill, elementwise=True, mask=truth,
   node="MaskedFillBackward1", written="masked_fill(x, mask, value)",
   x=lambda ns, g, mask: ns.masked_fill(g, mask, 0),
   value=lambda ns, g, mask: ns.keep(g, mask))
op("masked_select(x, mask)", lambda xp, x, mask: x[mask], facts={"chooses": "elements"},
   x=lambda ns, g, mask, x_shape, x_dtype: ns.masked_scatter(ns.zeros(x_shape, x_dtype), mask, g),
   mask=non_differentiable)
op("masked_scatter(x, mask, source)", _masked_scatter, mask=non_differentiable,
   x=lambda ns, g, mask: ns.masked_fill(g, mask, 0),
   source=lambda ns, g, mask, source_shape: ns.masked_scatter_backward(g, mask, source_shape))
op("masked_scatter_backward(x, mask; shape)", _masked_scatter_backward, mask=non_differentiable,
   node="MaskedScatterBackwardBackward0",
   x=lambda ns, g, mask, x_shape, x_dtype: ns.masked_scatter(ns.zeros(x_shape, x_dtype), mask, g))
op("nonzero(x)", lambda xp, x: xp.argwhere(x) if x.ndim else xp.zeros((int(x != 0), 0), np.int64),
   x=non_differentiable)
# fmt: on

# ---- functions -------------------------------------------------------------------------------


def _check_mask(mask: Tensor, text: str) -> None:
    """Raise PyTorch's error, `text` with the dtype for {}, for a mask of another dtype."""
    dtype = mask.array.dtype
    if dtype.kind != "b":
        raise RuntimeError(text.format(dtypes.of(dtype).c_name))


@public(IN_PLACE)
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """input with one value wherever mask holds."""
    array = input.array
    _check_mask(mask, "masked_fill_ only supports boolean masks, but got mask with dtype {}")
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
    _check_mask(mask, "masked_select: expected BoolTensor for mask")
    return ops.masked_select(*broadcast_tensors(input, mask))


@public(IN_PLACE)
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """input with the next element of source wherever mask holds."""
    _check_mask(mask, "masked_scatter_ only supports boolean masks")
    pair = broadcast_tensors(input, mask)
    if source.array.size < int(np.count_nonzero(pair[1].array)):
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
