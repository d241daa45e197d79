"""Products of vectors and matrices as PyTorch spells and composes them, over their rows."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

import engine.ops.linalg.product_rows  # noqa: F401 (its rows)
from engine.arrays import dtypes, journal, promotion
from engine.arrays.row import rows
from engine.dispatch.arguments import array_of, wrap_dim, wrap_dims
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.fast_path import binary
from engine.dispatch.inplace import assign, check_inplace
from engine.dispatch.operation import broadcast_error
from engine.graph.registry import public
from engine.graph.storage import View
from engine.graph.tensor import Tensor
from engine.ops.linalg.einsum import einsum
from engine.ops.views.shape import contiguous, flatten, reshape

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
    if not a.ndim or not b.ndim:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {a.ndim}D and {b.ndim}D"
        )
    if a.ndim == 1 and b.ndim == 1:
        return ops.dot(input, other)
    if a.ndim == 2 and b.ndim == 1:
        return ops.mv(input, other)
    if a.ndim == 1 and b.ndim == 2:
        return ops.squeezed(ops.mm(ops.unsqueeze(input, 0), other), 0)
    return _folded(input, other) if _folds(input, other) else _batched(input, other)


def _folds(a: Tensor, b: Tensor) -> bool:
    """Whether the batch of the larger is better folded into the rows of one matrix.

    PyTorch's choice: where it costs no copy, or spares the other a gradient of the whole batch.
    """
    large, small = (a, b) if a.array.ndim >= b.array.ndim else (b, a)
    if large.array.ndim < 3 or small.array.ndim > 2:
        return False
    if small.requires_grad:
        return True
    if a.array.ndim == 2:
        return False
    x = large.array if large is a else large.array.swapaxes(-1, -2)
    return x.size == 0 or all(
        x.strides[dim] == x.strides[dim + 1] * x.shape[dim + 1] for dim in range(x.ndim - 2)
    )


def _folded(a: Tensor, b: Tensor) -> Tensor:
    """The product of a batch and a matrix or vector as one product; b @ A is (A' @ b')'."""
    turned = b.array.ndim > a.array.ndim
    if turned:
        a, b = _turned(b), ops.t(a) if a.array.ndim == 2 else a
    *lead, width = a.array.shape
    rows = reshape(a, (math.prod(lead), width))
    if b.array.ndim == 1:
        return ops.unsafe_view(ops.mv(rows, b), tuple(lead))
    product = ops.unsafe_view(ops.mm(rows, b), (*lead, b.array.shape[1]))
    return contiguous(_turned(product)) if turned else product


def _turned(x: Tensor) -> Tensor:
    return ops.transpose(x, x.array.ndim - 2, x.array.ndim - 1)


def _batched(a: Tensor, b: Tensor) -> Tensor:
    """The products of two batches, broadcast to each other."""
    x, y = a.array.shape, b.array.shape
    if len(x) == len(y) == 3 and x[0] != y[0]:
        if x[0] == 1 and a.requires_grad:
            return matmul(ops.squeeze_dim(a, 0), b)
        if y[0] == 1 and b.requires_grad:
            return matmul(a, ops.squeeze_dim(b, 0))
    batch = _broadcast(x[:-2], y[:-2])
    count = math.prod(batch)
    n, m = x[-2] if len(x) > 1 else 1, x[-1]
    left = reshape(ops.expand(a, (*batch, n, m)), (count, n, m))
    right = reshape(ops.expand(b, (*batch, *y[-2:])), (count, *y[-2:]))
    if len(y) > 1:
        return ops.unsafe_view(ops.bmm(left, right), (*batch, *x[-2:-1], y[-1]))
    product = ops.bmm(left, ops.unsqueeze(right, 2))
    return ops.unsafe_view(ops.squeeze_dim(product, 2), (*batch, n))


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        broadcast_error(np.broadcast_to(0, a), np.broadcast_to(0, b))
        raise


def _matmul_operator(self: Tensor, other: Any) -> Any:
    return matmul(self, other) if isinstance(other, Tensor) else NotImplemented


ops.mm  # noqa: B018 (which readies its row)
Tensor.__matmul__ = binary(rows["mm"], _matmul_operator)  # type: ignore[method-assign]


@public("Tensor", "__rmatmul__")
def _rmatmul(self: Tensor, other: Any) -> Any:
    """other @ self."""
    return matmul(other, self) if isinstance(other, Tensor) else NotImplemented


@public("torch Tensor", "outer", "ger")
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """The matrix of all products of two vectors' elements."""
    a, b = array_of("outer", input), array_of("outer", vec2, "vec2", 2)
    for name, x in (("self", a), ("vec2", b)):
        if x.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {x.ndim}-D")
    return ops.mul(reshape(input, (a.size, 1)), vec2)


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
    return tensordot(input, other, ([-1], [-1]))


@public("torch")
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The product summed over dims: the last of a and the first of b, or two lists."""
    x, y = a.array, b.array
    over_a, over_b = _summed_dims(dims, min(x.ndim, y.ndim))
    for dim_a, dim_b in zip(over_a, over_b, strict=True):
        size_a, size_b = x.shape[wrap_dim(dim_a, x.ndim)], y.shape[wrap_dim(dim_b, y.ndim)]
        if size_b == 1:
            a = ops.sum_dim(a, wrap_dims(dim_a, x.ndim), True)
        elif size_a == 1:
            b = ops.sum_dim(b, wrap_dims(dim_b, y.ndim), True)
        elif size_a != size_b:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {size_a} in dim {dim_a} "
                f"and second has size {size_b} in dim {dim_b}"
            )
    over_a, over_b = wrap_dims(over_a, x.ndim), wrap_dims(over_b, y.ndim)
    rest_a = tuple(dim for dim in range(x.ndim) if dim not in over_a)
    rest_b = tuple(dim for dim in range(y.ndim) if dim not in over_b)
    rows, columns = [x.shape[dim] for dim in rest_a], [y.shape[dim] for dim in rest_b]
    a, b = ops.permute(a, rest_a + over_a), ops.permute(b, over_b + rest_b)
    if math.prod(rows) == math.prod(columns) == 1:
        return reshape(ops.dot(flatten(a), flatten(b)), (*rows, *columns))
    width = math.prod(a.array.shape[len(rows) :])
    left, right = reshape(a, (math.prod(rows), width)), reshape(b, (width, math.prod(columns)))
    return reshape(ops.mm(left, right), (*rows, *columns))


def _summed_dims(dims: Any, ndim: int) -> tuple[Sequence[int], Sequence[int]]:
    """The dimensions of each operand to sum over, as given: for n, the last n and the first n."""
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > ndim:
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        return range(-dims, 0), range(dims)
    first, second = ([each] if isinstance(each, int) else each for each in dims)
    if len(first) != len(second):
        raise RuntimeError("both dimension lists should have same length")
    return first, second


@public()
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal."""
    array_of("trace", input)
    return ops.trace(input)


@public("torch Tensor Tensor_")
def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2)."""
    array_of("addmm", mat1, "mat1", 2), array_of("addmm", mat2, "mat2", 3)
    return ops.addmm(input, mat1, mat2, beta, alpha)


@public("torch Tensor Tensor_ torch_")
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat @ vec)."""
    array_of("addmv", mat, "mat", 2), array_of("addmv", vec, "vec", 3)
    return ops.addmv(input, mat, vec, beta, alpha)


@public()
def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """beta * input + alpha * the sum of the products of two batches of matrices."""
    array_of("addbmm", batch1, "batch1", 2), array_of("addbmm", batch2, "batch2", 3)
    return ops.addbmm(input, batch1, batch2, beta, alpha)


@public("Tensor")
def addbmm_(
    self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """In place: as addbmm. Where that is larger, self grows to its shape, as in PyTorch."""
    check_inplace(self)
    new = addbmm(self, batch1, batch2, beta=beta, alpha=alpha)
    if self.array.shape != new.array.shape and type(self.edge) is not View:
        journal.note_slot(self, "array")
        self.array = np.array(np.broadcast_to(self.array, new.array.shape))
    return assign(self, new)


@public("torch Tensor Tensor_")
def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """beta * input + alpha * (batch1 @ batch2), of batches of matrices."""
    array_of("baddbmm", batch1, "batch1", 2), array_of("baddbmm", batch2, "batch2", 3)
    return ops.baddbmm(input, batch1, batch2, beta, alpha)


@public("torch Tensor Tensor_")
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * the matrix of all products of two vectors' elements."""
    arrays = [
        array_of("addr", x, name, i)
        for i, (name, x) in enumerate((("input", input), ("vec1", vec1), ("vec2", vec2)), 1)
    ]
    for name, x in (("vec1", arrays[1]), ("vec2", arrays[2])):
        if x.ndim != 1:
            raise RuntimeError(f"addr: Expected 1-D argument {name}, but got {x.ndim}-D")
    dtype = promotion.result_type(arrays)
    if dtype.kind in "iu" and (isinstance(beta, float) or isinstance(alpha, float)):
        wrong = "beta" if isinstance(beta, float) else "alpha"
        raise RuntimeError(
            f"For integral input tensors, argument {wrong} must not be a floating point number."
        )
    cast = (x if x.array.dtype == dtype else ops.to_copy(x, dtype) for x in (input, vec1, vec2))
    return ops.addr(*cast, beta, alpha)


@public("linalg", "cross")
def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vectors at right angles to two vectors of three elements, along a dimension."""
    a, b = array_of("linalg_cross", input), array_of("linalg_cross", other, "other", 2)
    if a.ndim != b.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    if not a.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    place = wrap_dim(dim, a.ndim)
    if a.shape[place] != 3 or b.shape[place] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {a.shape[place]} and "
            f"{b.shape[place]}"
        )
    if a.dtype != b.dtype:
        first, second = (dtypes.of(x.dtype).scalar_name for x in (a, b))
        raise RuntimeError(f"expected scalar type {first} but found {second}")
    return ops.linalg_cross(input, other, place)


@public()
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """As torch.linalg.cross; by default along the first dimension of three elements."""
    if dim is None:
        warnings.warn(
            "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass "
            "the dim explicitly or simply use torch.linalg.cross.\nThe default value of dim will "
            "change to agree with that of linalg.cross in a future release.",
            UserWarning, stacklevel=2,
        )  # fmt: skip
        shape = array_of("cross", input).shape
        if 3 not in shape:
            raise RuntimeError("no dimension of size 3 in input")
        dim = shape.index(3)
    return linalg_cross(input, other, dim=dim)
