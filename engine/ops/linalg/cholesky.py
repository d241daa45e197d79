"""Cholesky factors of positive-definite matrices, and what is solved with them.

The rules are written for complex numbers: a factor is no holomorphic function of its matrix.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import broadcast_error, op
from engine.dispatch.results import named
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.linalg import checks
from engine.ops.linalg.checks import require
from engine.ops.linalg.lu import first_zero
from engine.ops.linalg.matrix import adjoint, array_adjoint, fitted, product
from engine.ops.linalg.triangular import solved_triangle

# ruff: noqa: N803 (PyTorch's names)


def _cholesky(xp: Any, x: Any, upper: bool) -> Any:
    found = xp.linalg.cholesky(array_adjoint(x) if upper else x)
    return array_adjoint(found) if upper else found


def _cholesky_info(xp: Any, x: Any, upper: bool) -> tuple[Any, Any]:
    """The factor, and 0 or the order of the first leading minor that is not positive."""
    try:
        return _cholesky(xp, x, upper), xp.zeros(x.shape[:-2], xp.int32)
    except np.linalg.LinAlgError:
        pass
    flat = (array_adjoint(x) if upper else x).reshape(-1, *x.shape[-2:])
    out, info = np.tril(flat), np.zeros(len(flat), np.int32)
    for i, matrix in enumerate(out):
        info[i] = _factor(matrix)
    out = out.reshape(x.shape)
    return array_adjoint(out) if upper else out, info.reshape(x.shape[:-2])


def _factor(a: Any) -> int:
    """Factor a lower triangle in place, column by column, as far as its minors are positive."""
    for k in range(len(a)):
        pivot = a[k, k].real
        if not pivot > 0:
            return k + 1
        a[k, k] = np.sqrt(pivot)
        a[k + 1 :, k] /= a[k, k]
        column = a[k + 1 :, k]
        a[k + 1 :, k + 1 :] -= np.tril(column[:, None] * column.conj())
    return 0


def _solved(xp: Any, b: Any, factor: Any, upper: bool) -> Any:
    lower = array_adjoint(factor) if upper else factor
    half = solved_triangle(xp, lower, b, False, False)
    return solved_triangle(xp, array_adjoint(lower), half, True, False)


def _inverse(xp: Any, x: Any, upper: bool) -> Any:
    ones = xp.eye(x.shape[-1], dtype=x.dtype)
    half = solved_triangle(xp, array_adjoint(x) if upper else x, ones, False, False)
    return array_adjoint(half) @ half


def _cholesky_rule(ns: Any, g: Any, out: Any, upper: bool) -> Any:
    """L^-H S L^-1, where S is the Hermitian part of L^H g's lower triangle."""
    if upper:
        g, out = adjoint(ns, g), adjoint(ns, out)
    half = ns.tril(product(ns, adjoint(ns, out), g), 0)
    both = (half + adjoint(ns, ns.tril(half, -1))) / 2
    across = adjoint(ns, out)
    left = ns.solve_triangular(across, both, True, True, False)
    return ns.solve_triangular(out, left, False, False, False)


def _factor_rule(ns: Any, outer: Any, factor: Any, upper: bool) -> Any:
    """From the gradient of A = L L^H, or U^H U, that of its factor."""
    both = outer + adjoint(ns, outer)
    pair = (factor, both) if upper else (both, factor)
    return fitted(ns, product(ns, *pair), tuple(factor.shape))


# fmt: off
op("linalg_cholesky(x; upper)", _cholesky, holomorphic=False, x=_cholesky_rule,
   node="LinalgCholeskyExBackward0", written="cholesky(x, upper=upper)")
op("cholesky(x; *, upper)", _cholesky, holomorphic=False, x=_cholesky_rule)
op("cholesky_ex(x; *, upper)", _cholesky_info, outputs=2, holomorphic=False,
   node="LinalgCholeskyExBackward0",
   x=lambda ns, g, out, upper: _cholesky_rule(ns, g[0], out[0], upper))
op("cholesky_solve(b, factor; upper)", _solved, holomorphic=False,
   b=lambda ns, g, factor, b_shape, upper: fitted(ns, ns.cholesky_solve(g, factor, upper), b_shape),
   factor=lambda ns, g, factor, out, upper: _factor_rule(
       ns, -product(ns, ns.cholesky_solve(g, factor, upper), adjoint(ns, out)), factor, upper))
op("cholesky_inverse(x; upper)", _inverse, holomorphic=False,
   x=lambda ns, g, x, out, upper: _factor_rule(ns, -product(ns, out, g, out), x, upper))
# fmt: on

_OF_CHOLESKY = checks.successor(
    "cholesky",
    "torch.linalg.cholesky",
    "L = torch.cholesky(A)\nshould be replaced with\nL = torch.linalg.cholesky(A)\nand\n"
    "U = torch.cholesky(A, upper=True)\nshould be replaced with\n"
    "U = torch.linalg.cholesky(A).mH\nThis transform will produce equivalent results for all valid "
    "(symmetric positive definite) inputs.",
)
_NOT_POSITIVE = (
    "The factorization could not be completed because the input is not positive-definite (the "
    "leading minor of order {0} is not positive-definite)."
)
_CholeskyEx = named("linalg_cholesky_ex", "L", "info")


def _factored(name: str, row: Any, A: Tensor, upper: bool) -> Tensor:
    array = checks.square_matrix(name, A)
    try:
        found: Tensor = row(A, upper)
    except RuntimeError:
        checks.info(name, ops.cholesky_ex(wrap(array), upper)[1].array, _NOT_POSITIVE)
        raise
    return found


@public("linalg", "cholesky")
def linalg_cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """L with A = L @ L.mH, lower triangular; or U with A = U.mH @ U. Raises LinAlgError."""
    return _factored("linalg.cholesky", ops.linalg_cholesky, A, upper)


@public()
def cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """L with input = L @ L.mH, lower triangular; or U with input = U.mH @ U. Raises LinAlgError."""
    checks.deprecated(_OF_CHOLESKY)
    return _factored("cholesky", ops.cholesky, input, upper)


@public("linalg")
def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """L with A = L @ L.mH, and 0 or the order of the first leading minor that is not positive."""
    checks.square_matrix("linalg.cholesky_ex", A)
    factor, info = ops.cholesky_ex(A, upper)
    if check_errors:
        checks.info("linalg.cholesky_ex", info.array, _NOT_POSITIVE)
    return _CholeskyEx((factor, info))


@public()
def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """X with A @ X = B, from the Cholesky factor of A."""
    b, factor = B.array, L.array
    for name, x in (("b", b), ("u", factor)):
        require(
            x.ndim >= 2,
            f"{name} should have at least 2 dimensions, but has {x.ndim} dimensions instead",
        )
    checks.older_sides_fit("cholesky_solve", b, factor)
    broadcast_error(b[..., 0, 0] if b.size else b, factor[..., 0, 0] if factor.size else factor)
    return ops.cholesky_solve(B, L, upper)


@public()
def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of A, from its Cholesky factor."""
    array = checks.matrix("cholesky_inverse", L, "A")
    checks.square("cholesky_inverse", array)
    checks.info("cholesky_inverse", first_zero(np, np.diagonal(array, 0, -2, -1)), checks.SINGULAR)
    return ops.cholesky_inverse(L, upper)
