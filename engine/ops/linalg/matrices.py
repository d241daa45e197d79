"""Functions of matrices that PyTorch composes from others, and the exponential."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

import engine.ops.linalg.decomposition_rows
import engine.ops.linalg.matrix_functions
import engine.ops.linalg.solve_rows  # noqa: F401 (all their rows)
from engine.dispatch.arguments import array_of, wrap_dim, wrong_type
from engine.dispatch.fast_path import TENSORS as ops
from engine.graph.registry import namespaces, public
from engine.graph.tensor import Tensor, wrap
from engine.ops.linalg.decompositions import eigvalsh, svdvals
from engine.ops.linalg.matrix import check_square, deprecated, kind, matrix_of, square_of
from engine.ops.linalg.norms import matrix_norm
from engine.ops.linalg.products import matmul
from engine.ops.linalg.solve import inv
from engine.ops.views.shape import reshape

# ruff: noqa: N803, N806 (PyTorch's names)

# ---- powers ----------------------------------------------------------------------------------


@public("torch Tensor linalg", "matrix_exp")
def matrix_exp(A: Tensor) -> Tensor:
    """exp(A) = I + A + A @ A / 2 + ... of square matrices."""
    square_of("linalg.matrix_exp", A)
    return ops.matrix_exp(A)


@public("torch Tensor linalg")
def matrix_power(A: Tensor, n: int) -> Tensor:
    """A @ A @ ... @ A, of the inverse if n is negative. Raises LinAlgError if there is none."""
    array = matrix_of("linalg.matrix_power", A)
    if type(n) is not int:
        raise wrong_type("linalg_matrix_power", "n", 2, "int", n)
    check_square("linalg.matrix_power", array)
    if n == 0:
        ones = wrap(np.eye(array.shape[-1], dtype=array.dtype))
        return ops.copy(ops.clone(A), ones)
    if n == 1:
        return ops.clone(A)
    if n < 0:
        A, n = inv(A), -n
    if n == 3:
        return matmul(matmul(A, A), A)
    found: Tensor | None = None
    while True:
        if n % 2:
            found = A if found is None else matmul(found, A)
        n //= 2
        if not n:
            assert found is not None
            return found
        A = matmul(A, A)


# ---- products of several ---------------------------------------------------------------------


@public("linalg")
def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of two or more matrices in the order that is cheapest; vectors at both ends."""
    arrays = [x.array for x in tensors]
    count = len(arrays)
    if count < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {count}")
    shape: list[int] = []
    for place, (which, array) in {0: ("first", arrays[0]), count - 1: ("last", arrays[-1])}.items():
        if array.ndim not in (1, 2):
            raise RuntimeError(
                f"multi_dot(): the {which} tensor must be 1D or 2D but got {array.ndim}D"
            )
        if array.ndim == 2:
            shape.append(array.shape[0 if place == 0 else 1])
    for place, array in enumerate(arrays[1:-1], 1):
        if array.ndim != 2:
            raise RuntimeError(f"multi_dot(): tensor {place} must be 2D but got {array.ndim}D")
    for place, array in enumerate(arrays[1:], 1):
        if array.dtype != arrays[0].dtype:
            raise RuntimeError(
                "multi_dot(): all tensors must have be the same dtype but tensor 0 is "
                f"{kind(arrays[0]).lower()} and tensor {place} {kind(array).lower()}"
            )
    factors = list(tensors)
    if arrays[0].ndim == 1:
        factors[0] = ops.unsqueeze(factors[0], 0)
    if arrays[-1].ndim == 1:
        factors[-1] = ops.unsqueeze(factors[-1], 1)
    for place, (a, b) in enumerate(pairwise(factors)):
        if a.array.shape[1] != b.array.shape[0]:
            raise RuntimeError(
                f"multi_dot(): tensors {place} and {place + 1} with shapes "
                f"{list(arrays[place].shape)} and {list(arrays[place + 1].shape)} cannot be "
                "multiplied"
            )
    return ops.view(_chain(factors, 0, count - 1, _splits(factors)), tuple(shape))


def _splits(factors: Sequence[Tensor]) -> dict[tuple[int, int], int]:
    """Where to split each run of matrices: the dynamic program for the cheapest order."""
    sizes = [factors[0].array.shape[0], *(x.array.shape[1] for x in factors)]
    costs: dict[tuple[int, int], int] = {(i, i): 0 for i in range(len(factors))}
    best: dict[tuple[int, int], int] = {}
    for length in range(1, len(factors)):
        for i in range(len(factors) - length):
            j = i + length
            ways = {
                k: costs[i, k] + costs[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1]
                for k in range(i, j)
            }
            # Of three, PyTorch puts the first two together where it costs the same.
            order = reversed(ways) if len(factors) == 3 else iter(ways)
            best[i, j] = min(order, key=ways.__getitem__)
            costs[i, j] = ways[best[i, j]]
    return best


def _chain(factors: Sequence[Tensor], i: int, j: int, splits: dict[tuple[int, int], int]) -> Tensor:
    if i == j:
        return factors[i]
    k = splits[i, j]
    return ops.mm(_chain(factors, i, k, splits), _chain(factors, k + 1, j, splits))


@public("torch")
def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of matrices. Deprecated for torch.linalg.multi_dot."""
    deprecated(
        "torch.chain_matmul is deprecated and will be removed in a future PyTorch release. Use "
        "torch.linalg.multi_dot instead, which accepts a list of two or more tensors rather than "
        "multiple parameters."
    )
    if not matrices:
        raise RuntimeError("chain_matmul(): Expected one or more matrices")
    for place, matrix in enumerate(matrices):
        ndim = array_of("chain_matmul", matrix).ndim
        if ndim != 2:
            raise RuntimeError(
                f"Tensor dimension is {ndim}, expected 2 for argument #{place} 'matrices' "
                "(while checking arguments for chain_matmul)"
            )
    return ops.clone(matrices[0]) if len(matrices) == 1 else multi_dot(matrices)


@public()
def kron(input: Tensor, other: Tensor) -> Tensor:
    """Every element of input times all of other: the Kronecker product."""
    a, b = input.array, other.array
    ndim = max(a.ndim, b.ndim)
    first, second = ((1,) * (ndim - x.ndim) + x.shape for x in (a, b))
    between_a = tuple(size for each in first for size in (each, 1))
    between_b = tuple(size for each in second for size in (1, each))
    pairs = ops.mul(ops.unsafe_view(input, between_a), ops.unsafe_view(other, between_b))
    shape = tuple(m * n for m, n in zip(first, second, strict=True))
    return ops.unsafe_view(pairs, shape)


@public("linalg")
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The sums of conj(x) * y along a dimension."""
    a, b = x.array, y.array
    if a.dtype.kind not in "fcV":
        raise RuntimeError(
            f"linalg.vecdot: Expected a floating point or complex tensor as input. Got {kind(a)}"
        )
    if a.dtype != b.dtype:
        raise RuntimeError(
            "linalg.vecdot: Expected x and y to have the same dtype, but found x of type "
            f"{kind(a)} and y of type {kind(b)} instead"
        )
    if a.ndim == b.ndim == 1:
        return ops.vdot(x, y)
    products = ops.mul(ops.conj(x) if a.dtype.kind == "c" else x, y)
    return ops.sum_dim(products, (wrap_dim(dim, products.array.ndim),), False)


# ---- rank and condition ----------------------------------------------------------------------


def _tolerance(value: Any) -> Any:
    """A tolerance that compares with the singular values of each matrix."""
    return ops.unsqueeze(value, value.array.ndim) if isinstance(value, Tensor) else value


@public("linalg")
def matrix_rank(
    A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
) -> Tensor:
    """How many singular values are larger than max(atol, rtol * the largest)."""
    array = matrix_of("torch.linalg.matrix_rank", A, shown="input")
    if array.dtype.kind not in "fc":
        raise RuntimeError("This function doesn't handle types other than float and double")
    if not array.size:
        return wrap(np.zeros(array.shape[:-2], np.int64))
    values = ops.abs(eigvalsh(A)) if hermitian else svdvals(A)
    last = values.array.ndim - 1
    if tol is not None:
        return ops.sum_dim(ops.gt(values, _tolerance(tol)), (last,), False)
    if rtol is None:
        rtol = max(array.shape[-2:]) * float(np.finfo(array.dtype).eps)
        if isinstance(atol, Tensor):
            rtol = ops.where(ops.gt(atol, 0), 0.0, rtol)
        elif atol is not None and atol > 0:
            rtol = 0.0
    least = _tolerance(0.0 if atol is None else atol)
    share = ops.mul(ops.amax(values, (last,), True), _tolerance(rtol))
    large = ops.bitwise_and(ops.gt(values, share), ops.gt(values, least))
    return ops.sum_dim(large, (last,), False)


@public("linalg")
def cond(A: Tensor, p: Any = None) -> Tensor:
    """How much an error of a system's right side can grow: norm(A) * norm(inverse)."""
    array = A.array
    if array.ndim < 2:
        raise RuntimeError("linalg.cond: The input tensor must have at least 2 dimensions.")
    if p not in (None, 2, -2, 1, -1, math.inf, -math.inf, "fro", "nuc"):
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p}")
    if p in (None, 2, -2):
        if not array.size:
            return wrap(np.zeros(array.shape[:-2], array.real.dtype))
        values = svdvals(A)
        last = values.array.ndim - 1
        count = values.array.shape[-1]
        first = ops.slice(values, last, 0, 1, 1)
        final = ops.slice(values, last, count - 1, count, 1)
        return ops.squeeze_dim(ops.div(*((final, first) if p == -2 else (first, final))), last)
    shown = p if isinstance(p, str) else f"{p:g}"
    check_square(f"linalg.cond(ord={shown})", array)
    if not array.size:
        return wrap(np.zeros(array.shape[:-2], array.real.dtype))
    if p == "nuc":
        values = svdvals(A)
        dims = (values.array.ndim - 1,)
        return ops.mul(
            ops.sum_dim(values, dims, False), ops.sum_dim(ops.reciprocal(values), dims, False)
        )
    inverse, info = ops.inv_ex(A)
    stopped = wrap(info.array[..., None, None] > 0)
    inverse = ops.masked_fill(inverse, stopped, math.inf)
    product = ops.mul(matrix_norm(A, p), matrix_norm(inverse, p))
    found: Tensor = namespaces["torch"]["nan_to_num"](product, math.inf, math.inf, -math.inf)
    return found


# ---- powers of vectors -----------------------------------------------------------------------


def _powers(x: Tensor, count: int) -> Tensor:
    """x**0, x**1, ... in a last dimension."""
    shape = (*x.array.shape, count - 1)
    dim = len(shape) - 1
    rising = ops.cumprod(ops.expand(ops.unsqueeze(x, dim), shape), dim)
    ones = wrap(np.ones((*x.array.shape, 1), rising.array.dtype))
    return ops.cat((ones, rising), dim)


@public("linalg", "vander")
def linalg_vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """The matrices of the powers 0 to N - 1 of each element of vectors."""
    array = x.array
    if array.dtype.kind == "b":
        raise RuntimeError(
            "linalg.vander supports floating point, complex, and integer tensors, but got Bool"
        )
    x = reshape(x, (1,)) if not array.ndim else x
    count = x.array.shape[-1] if N is None else N
    if count <= 1:
        raise RuntimeError("N must be greater than 1.")
    return _powers(x, count)


@public("torch")
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The matrix of the powers of a vector's elements, by default falling."""
    array = x.array
    if array.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    count = array.size if N is None else N
    if count < 0:
        raise RuntimeError("N must be non-negative.")
    if count < 2:
        dtype = np.dtype(np.int64) if array.dtype.kind in "biu" else array.dtype
        return wrap(np.ones((array.size, count), dtype))
    powers = _powers(x, count)
    return powers if increasing else ops.flip(powers, (1,))
