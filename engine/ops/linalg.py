"""Products of vectors and matrices as PyTorch spells and composes them, over the rows of products.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import engine.ops.products  # noqa: F401 (its rows)
from engine.catalog import public
from engine.ops.arguments import array_of, wrap_dims
from engine.ops.einsum import einsum
from engine.record import TENSORS as ops
from engine.tensor import Tensor

__all__ = ["einsum"]


@public()
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices, (n, m) and (m, p)."""
    array_of("mm", input), array_of("mm", mat2, "mat2", 2)
    return ops.mm(input, mat2)


@public()
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix (n, m) and a vector (m)."""
    array_of("mv", input), array_of("mv", vec, "vec", 2)
    return ops.mv(input, vec)


@public()
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The product of two vectors."""
    array_of("dot", input), array_of("dot", tensor, "tensor", 2)
    return ops.dot(input, tensor)


@public()
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two batches of matrices, (b, n, m) and (b, m, p)."""
    array_of("bmm", input), array_of("bmm", mat2, "mat2", 2)
    return ops.bmm(input, mat2)


@public("torch Tensor linalg")
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The product of vectors, matrices or batches of matrices, as `input @ other`."""
    a, b = array_of("matmul", input), array_of("matmul", other, "other", 2)
    if a.ndim == 2 and b.ndim == 2:
        return ops.mm(input, other)
    if a.ndim == 1 and b.ndim == 1:
        return ops.dot(input, other)
    if a.ndim == 2 and b.ndim == 1:
        return ops.mv(input, other)
    if a.ndim == 1 and b.ndim == 2:
        return ops.squeeze_dim(ops.mm(ops.unsqueeze(input, 0), other), 0)
    if not a.ndim or not b.ndim:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {a.ndim}D and {b.ndim}D"
        )
    return _batched(input, other)


def _batched(a: Tensor, b: Tensor) -> Tensor:
    """The product where one has three dimensions or more: folded to one mm, or one bmm."""
    if b.array.ndim == 1:
        folded = ops.view(_contiguous(a), (-1, a.array.shape[-1]))
        return ops.unsafe_view(ops.mv(folded, b), a.array.shape[:-1])
    if b.array.ndim == 2:
        folded = ops.view(_contiguous(a), (math.prod(a.array.shape[:-1]), a.array.shape[-1]))
        return ops.unsafe_view(ops.mm(folded, b), (*a.array.shape[:-1], b.array.shape[-1]))
    vector = a.array.ndim == 1
    if vector:
        a = ops.unsqueeze(a, 0)
    try:
        batch = np.broadcast_shapes(a.array.shape[:-2], b.array.shape[:-2])
    except ValueError:
        from engine.ops.elementwise import broadcast_error

        broadcast_error(np.empty(a.array.shape[:-2]), np.empty(b.array.shape[:-2]))
        raise
    count = math.prod(batch)
    n, m = a.array.shape[-2:]
    left = _flat_batch(a, batch, count)
    right = _flat_batch(b, batch, count)
    product = ops.unsafe_view(ops.bmm(left, right), (*batch, n, b.array.shape[-1]))
    return ops.squeeze_dim(product, len(batch)) if vector else product


def _flat_batch(x: Tensor, batch: tuple[int, ...], count: int) -> Tensor:
    matrix = x.array.shape[-2:]
    x = ops.expand(x, (*batch, *matrix))
    if len(batch) == 1:
        return x
    return ops.view(_contiguous(x), (count, *matrix))


def _contiguous(x: Tensor) -> Tensor:
    return x if x.array.flags.c_contiguous else ops.contiguous(x)


def _matmul_operator(self: Tensor, other: Any) -> Any:
    if type(other) is not Tensor:
        return NotImplemented
    if self.array.ndim == other.array.ndim == 2:
        return ops.mm(self, other)
    return matmul(self, other)


Tensor.__matmul__ = _matmul_operator  # type: ignore[method-assign]


@public("Tensor", "__rmatmul__")
def _rmatmul(self: Tensor, other: Any) -> Any:
    """other @ self."""
    return matmul(other, self) if isinstance(other, Tensor) else NotImplemented


@public("torch Tensor", "outer", "ger")
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """The matrix of all products of two vectors' elements."""
    for name, x in (("self", input), ("vec2", vec2)):
        if x.array.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {x.array.ndim}-D")
    return ops.mul(ops.view(input, (input.array.size, 1)), vec2)


@public()
def inner(input: Tensor, other: Tensor) -> Tensor:
    """The products along the last dimension, summed."""
    a, b = array_of("inner", input), array_of("inner", other, "other", 2)
    if not a.ndim or not b.ndim:
        return ops.mul(input, other)
    if a.shape[-1] != b.shape[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(a.shape)} and {list(b.shape)}"
        )
    return tensordot(input, other, dims=([-1], [-1]))


@public("torch")
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The product summed over some dimensions of each: the last of a and the first of b, or lists."""
    x, y = a.array, b.array
    if isinstance(dims, int):
        over_a, over_b = tuple(range(x.ndim - dims, x.ndim)), tuple(range(dims))
    else:
        over_a, over_b = wrap_dims(dims[0], x.ndim), wrap_dims(dims[1], y.ndim)
    rest_a = tuple(d for d in range(x.ndim) if d not in over_a)
    rest_b = tuple(d for d in range(y.ndim) if d not in over_b)
    width = math.prod(x.shape[d] for d in over_a)
    left = ops.permute(a, rest_a + over_a).reshape(-1 if width else 0, width)
    right = ops.permute(b, over_b + rest_b).reshape(width, -1 if width else 0)
    shape = tuple(x.shape[d] for d in rest_a) + tuple(y.shape[d] for d in rest_b)
    return ops.mm(left, right).reshape(shape)


@public()
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal."""
    array_of("trace", input)
    return ops.trace(input)


@public()
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2)."""
    return ops.addmm(input, mat1, mat2, beta, alpha)


@public()
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat @ vec)."""
    return ops.addmv(input, mat, vec, beta, alpha)
