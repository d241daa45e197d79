"""Where elements are and what tells tensors apart: nonzero_static, unravel_index, hash_tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.row import non_differentiable
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.reductions.sums import dims_of

# ---- rows ------------------------------------------------------------------------------------


def _nonzero_static(xp: Any, x: Any, size: int, fill_value: int) -> Any:
    found = xp.argwhere(x)[:size] if x.ndim else xp.zeros((size, 0), np.int64)
    rest = xp.full((size - found.shape[0], x.ndim), fill_value, dtype=np.int64)
    return xp.concatenate((found, rest))


def _hash(xp: Any, x: Any, dims: tuple[int, ...], keepdim: bool) -> Any:
    """The exclusive or of the elements as 64 bits: floats as doubles, others as whole numbers."""
    bits = x.astype(np.float64 if x.dtype.kind in "fV" else np.int64).view(np.uint64)
    return xp.bitwise_xor.reduce(bits, dims, None, None, keepdim)


# fmt: off
op("nonzero_static(x; size, fill_value)", _nonzero_static,
   written="nonzero_static(x, size=size, fill_value=fill_value)", x=non_differentiable,
   estimate=lambda x, size, fill_value: (size, max(x.ndim, 1)))
op("hash_tensor(x; dims, keepdim)", _hash, x=non_differentiable)
# fmt: on

# ---- functions -------------------------------------------------------------------------------


@public()
def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """The places of the first `size` elements that are not zero, filled up with `fill_value`."""
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    return ops.nonzero_static(input, size, fill_value)


@public("torch")
def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """Places counted through all elements as places along each dimension of `shape`."""
    if not isinstance(indices, Tensor):
        raise AttributeError(f"'{type(indices).__name__}' object has no attribute 'is_complex'")
    if indices.array.dtype.kind not in "iu":
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    if isinstance(shape, int):
        shape = (shape,)
    if not isinstance(shape, Sequence):
        raise TypeError(f"expected 'shape' to be int or sequence of ints, but got {type(shape)}")
    for size in shape:
        if not isinstance(size, int):
            raise TypeError(f"expected 'shape' sequence to only contain ints, but got {type(size)}")
    if min(shape, default=0) < 0:
        raise ValueError(f"'shape' cannot have negative values, but got {tuple(shape)}")
    places = []
    for size in reversed(shape):
        places.append(indices % size)
        indices = indices // size
    return tuple(reversed(places))


@public()
def hash_tensor(input: Tensor, dim: Any = (), *, keepdim: bool = False, mode: int = 0) -> Tensor:
    """One whole number that tells the elements, or those over dimensions: their exclusive or."""
    array = input.array
    if mode:
        raise RuntimeError(f"Unknown hash_tensor mode: {mode}")
    if not array.size and dim == ():
        raise RuntimeError(
            "hash_tensor: Expected reduction dim to be specified for input.numel() == 0. Specify "
            "the reduction dim with the 'dim' argument."
        )
    if array.dtype.kind == "c":
        raise NotImplementedError(
            f"\"xor_sum_cpu\" not implemented for '{dtypes.of(array.dtype).scalar_name}'"
        )
    dims = dims_of(dim, array.ndim)
    for each in dims:
        if dim != () and not array.shape[each]:
            raise IndexError(f"hash_tensor: Expected reduction dim {each} to have non-zero size.")
    return ops.hash_tensor(input, dims, keepdim)
