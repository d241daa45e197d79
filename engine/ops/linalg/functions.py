"""Functions of matrices: the exponential, powers, products of several, rank and condition."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from engine.arrays.backends import NUMPY
from engine.dispatch.arguments import wrap_dim, wrong_type
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import namespaces, public
from engine.graph.tensor import Tensor, wrap
from engine.ops.linalg import checks
from engine.ops.linalg.checks import kind, require
from engine.ops.linalg.eigen import eigvalsh
from engine.ops.linalg.inverse_and_determinant import inv
from engine.ops.linalg.matrix import conjugate, part, turned
from engine.ops.linalg.norms import matrix_norm
from engine.ops.linalg.products import matmul
from engine.ops.linalg.svd import svdvals
from engine.ops.views.shapes import reshape

# ruff: noqa: N803, N806 (PyTorch's names)

# ---- the exponential -------------------------------------------------------------------------

_PADE = [
    int(number)
    for number in (
        "64764752532480000 32382376266240000 7771770303897600 1187353796428800 129060195264000 "
        "10559470521600 670442572800 33522128640 1323241920 40840800 960960 16380 182 1"
    ).split()
]
"""Numerator of the diagonal Pade approximant of order 13; the denominator's signs alternate."""
_REACH = 5.4
"""Up to this 1-norm the approximant is exact to double precision (Higham 2005)."""


def _matrix_exp(xp: Any, x: Any) -> Any:
    """Scaled by a power of two, approximated, squared back: each matrix as often as it needs."""
    if xp is not NUMPY:
        import jax.scipy.linalg

        return jax.scipy.linalg.expm(x)
    if not x.size:
        return np.array(x)
    wide = x.astype(np.result_type(x.dtype, np.float64))
    norm = abs(wide).sum(-2).max(-1)
    norm = np.where(np.isfinite(norm), norm, 0)
    times = np.ceil(np.log2(np.maximum(norm / _REACH, 1)))[..., None, None]
    out = _pade(wide / 2.0**times)
    for done in range(int(times.max())):
        out = np.where(times > done, out @ out, out)
    return out.astype(x.dtype)


def _pade(x: Any) -> Any:
    ones = np.eye(x.shape[-1])
    square = x @ x
    even = odd = 0 * ones
    power = ones
    for k in range(0, len(_PADE), 2):
        even, odd = even + _PADE[k] * power, odd + _PADE[k + 1] * power
        power = power @ square
    odd = x @ odd
    return np.linalg.solve(even - odd, even + odd)


def _exp_rule(ns: Any, g: Any, x: Any) -> Any:
    """The corner of exp([[x^T, g], [0, x^T]])."""
    size, across = x.shape[-1], turned(ns, x)
    top = ns.cat((across, g), x.ndim - 1)
    bottom = ns.cat((ns.zeros_like(across), across), x.ndim - 1)
    whole = ns.matrix_exp(ns.cat((top, bottom), x.ndim - 2))
    return part(ns, part(ns, whole, 2, 0, size), 1, size, 2 * size)


op("matrix_exp(x)", _matrix_exp, node="LinalgMatrixExpBackward0", x=_exp_rule)


@public("torch Tensor linalg")
def matrix_exp(A: Tensor) -> Tensor:
    """exp(A) = I + A + A @ A / 2 + ... of square matrices."""
    checks.square_matrix("linalg.matrix_exp", A)
    return ops.matrix_exp(A)


# ---- powers and products of several ----------------------------------------------------------


@public("torch Tensor linalg")
def matrix_power(A: Tensor, n: int) -> Tensor:
    """A @ A @ ... @ A, of the inverse if n is negative. Raises LinAlgError if there is none."""
    array = checks.matrix("linalg.matrix_power", A)
    if type(n) is not int:
        raise wrong_type("linalg_matrix_power", "n", 2, "int", n)
    checks.square("linalg.matrix_power", array)
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


@public("linalg")
def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of two or more matrices in the order that is cheapest; vectors at both ends."""
    arrays = [x.array for x in tensors]
    count = len(arrays)
    require(count >= 2, f"multi_dot(): expected at least 2 tensors but got {count}")
    first, last = arrays[0], arrays[-1]
    for which, array in (("first", first), ("last", last)):
        require(
            array.ndim in (1, 2),
            f"multi_dot(): the {which} tensor must be 1D or 2D but got {array.ndim}D",
        )
    for place, array in enumerate(arrays[1:-1], 1):
        require(array.ndim == 2, f"multi_dot(): tensor {place} must be 2D but got {array.ndim}D")
    for place, array in enumerate(arrays[1:], 1):
        require(
            array.dtype == first.dtype,
            "multi_dot(): all tensors must have be the same dtype but tensor 0 is "
            f"{kind(first).lower()} and tensor {place} {kind(array).lower()}",
        )
    factors = list(tensors)
    if first.ndim == 1:
        factors[0] = ops.unsqueeze(factors[0], 0)
    if last.ndim == 1:
        factors[-1] = ops.unsqueeze(factors[-1], 1)
    for place, (a, b) in enumerate(pairwise(factors)):
        require(
            a.array.shape[1] == b.array.shape[0],
            f"multi_dot(): tensors {place} and {place + 1} with shapes "
            f"{list(arrays[place].shape)} and {list(arrays[place + 1].shape)} cannot be multiplied",
        )
    shape = (*first.shape[:-1], *last.shape[1:])
    return ops.view(_chain(factors, 0, count - 1, _splits(factors)), shape)


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
    checks.deprecated(
        "torch.chain_matmul is deprecated and will be removed in a future PyTorch release. Use "
        "torch.linalg.multi_dot instead, which accepts a list of two or more tensors rather than "
        "multiple parameters."
    )
    require(matrices, "chain_matmul(): Expected one or more matrices")
    for place, matrix in enumerate(matrices):
        ndim = matrix.array.ndim
        require(
            ndim == 2,
            f"Tensor dimension is {ndim}, expected 2 for argument #{place} 'matrices' (while "
            "checking arguments for chain_matmul)",
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
    checks.inexact("linalg.vecdot", a)
    require(
        a.dtype == b.dtype,
        "linalg.vecdot: Expected x and y to have the same dtype, but found x of type "
        f"{kind(a)} and y of type {kind(b)} instead",
    )
    if a.ndim == b.ndim == 1:
        return ops.vdot(x, y)
    products = ops.mul(conjugate(ops, x), y)
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
    array = checks.matrix("torch.linalg.matrix_rank", A, "input")
    require(
        array.dtype.kind in "fc", "This function doesn't handle types other than float and double"
    )
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
    require(array.ndim >= 2, "linalg.cond: The input tensor must have at least 2 dimensions.")
    require(
        p in (None, 2, -2, 1, -1, math.inf, -math.inf, "fro", "nuc"),
        f"linalg.cond got an invalid norm type: {p}",
    )
    if p not in (None, 2, -2):
        checks.square(f"linalg.cond(ord={p if isinstance(p, str) else f'{p:g}'})", array)
    if not array.size:
        return wrap(np.zeros(array.shape[:-2], array.real.dtype))
    if p in (None, 2, -2):
        values = svdvals(A)
        last = values.array.ndim - 1
        count = values.array.shape[-1]
        first = ops.slice(values, last, 0, 1, 1)
        final = ops.slice(values, last, count - 1, count, 1)
        return ops.squeeze_dim(ops.div(*((final, first) if p == -2 else (first, final))), last)
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
    require(
        array.dtype.kind != "b",
        "linalg.vander supports floating point, complex, and integer tensors, but got Bool",
    )
    x = reshape(x, (1,)) if not array.ndim else x
    count = x.array.shape[-1] if N is None else N
    require(count > 1, "N must be greater than 1.")
    return _powers(x, count)


@public("torch")
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The matrix of the powers of a vector's elements, by default falling."""
    array = x.array
    require(array.ndim == 1, "x must be a one-dimensional tensor.")
    count = array.size if N is None else N
    require(count >= 0, "N must be non-negative.")
    if count < 2:
        dtype = np.dtype(np.int64) if array.dtype.kind in "biu" else array.dtype
        return wrap(np.ones((array.size, count), dtype))
    powers = _powers(x, count)
    return powers if increasing else ops.flip(powers, (1,))
