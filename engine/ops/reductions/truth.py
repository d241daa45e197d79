"""Whether any or all elements are true, and how many."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays.row import non_differentiable
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.reductions.sums import dims_of

for _name in ("any", "all"):
    op(
        f"{_name}(x; dims, keepdim)",
        lambda xp, x, dims, keepdim, name=_name: getattr(xp, name)(x, axis=dims, keepdims=keepdim),
        written=f"x.{_name}(dims, keepdim)",
        x=non_differentiable,
    )
op(
    "count_nonzero(x; dims)",
    lambda xp, x, dims: xp.count_nonzero(x, axis=dims),
    x=non_differentiable,
)


def _truth(row: Any, input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    array = input.array
    # Over no dimensions it is each element's own truth, unlike a sum.
    found = row(input, () if dim == () else dims_of(dim, array.ndim), keepdim)
    return found if array.dtype != np.uint8 else ops.to_copy(found, array.dtype)


@public()
def any(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether any element is true (not zero)."""
    return _truth(ops.any, input, dim, keepdim)


@public()
def all(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether every element is true (not zero)."""
    return _truth(ops.all, input, dim, keepdim)


@public()
def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements are not zero."""
    return ops.count_nonzero(input, dims_of(dim, input.array.ndim))
