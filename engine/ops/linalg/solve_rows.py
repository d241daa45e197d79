"""Solving with matrices: the rows. Inverses, linear systems, determinants, least squares.

Inverses, solutions and determinants are holomorphic functions of the matrix. What an `_ex` function
gives for a singular matrix comes from its LU: there, a zero of U's diagonal divides.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays.backends import NUMPY
from engine.dispatch.operation import broadcast_error, op
from engine.ops.linalg.factoring import factored, permutation, solved_triangle
from engine.ops.linalg.matrix import (
    LinAlgError,
    adjoint,
    array_adjoint,
    columns_of,
    fitted,
    product,
    real_dtype,
    rows_of,
    turned,
    which,
)

# ---- systems ---------------------------------------------------------------------------------


def _solved(xp: Any, a: Any, b: Any, left: bool, vector: bool) -> Any:
    if vector:
        return xp.linalg.solve(a, b[..., None])[..., 0]
    if left:
        return xp.linalg.solve(a, b)
    return xp.linalg.solve(a.swapaxes(-1, -2), b.swapaxes(-1, -2)).swapaxes(-1, -2)


def _solved_by_lu(xp: Any, a: Any, b: Any, left: bool, vector: bool) -> tuple[Any, Any]:
    """The solution, and where the first zero on U's diagonal is."""
    try:
        return _solved(xp, a, b, left, vector), xp.zeros(a.shape[:-2], xp.int32)
    except np.linalg.LinAlgError:
        pass
    packed, pivots, info = factored(xp, a if left else a.swapaxes(-1, -2))
    right = b[..., None] if vector else b if left else b.swapaxes(-1, -2)
    order = permutation(xp, pivots, a.shape[-1])[..., None]
    batch = np.broadcast_shapes(a.shape[:-2], right.shape[:-2])
    right = np.broadcast_to(right, (*batch, *right.shape[-2:]))
    order = np.broadcast_to(order, (*batch, *order.shape[-2:]))
    with np.errstate(invalid="ignore"):
        x = solved_triangle(xp, packed, np.take_along_axis(right, order, -2), False, True)
        x = solved_triangle(xp, packed, x, True, False)
    return x[..., 0] if vector else x if left else x.swapaxes(-1, -2), info


def _inverted(xp: Any, x: Any) -> tuple[Any, Any]:
    try:
        return xp.linalg.inv(x), xp.zeros(x.shape[:-2], xp.int32)
    except np.linalg.LinAlgError:
        ones = np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape)
        return _solved_by_lu(xp, x, ones, True, False)


def singular(name: str, info: Any) -> None:
    """Raise PyTorch's error for an inverse if a matrix is singular."""
    if info.any():
        batch, place = which(info)
        raise LinAlgError(
            f"{name}: {batch}The diagonal element {place} is zero, the inversion could not be "
            "completed because the input matrix is singular."
        )


def unsolved(name: str, info: Any) -> None:
    """Raise PyTorch's error for a system if a matrix is singular."""
    if info.any():
        raise LinAlgError(
            f"{name}: {which(info)[0]}The solver failed because the input matrix is singular."
        )


def _inverse_rule(ns: Any, g: Any, inverse: Any) -> Any:
    across = turned(ns, inverse)
    return -product(ns, across, g, across)


op("inv(x)", lambda xp, x: xp.linalg.inv(x), node="LinalgInvExBackward0", written="inverse(x)",
   latex="#1^{-1}",
   check=lambda x: singular("linalg.inv", factored(NUMPY, x)[2]),
   x=lambda ns, g, out: _inverse_rule(ns, g, out))  # fmt: skip
op("inv_ex(x)", _inverted, outputs=2, node="LinalgInvExBackward0",
   x=lambda ns, g, out: _inverse_rule(ns, g[0], out[0]))  # fmt: skip


def _matrix_rule(ns: Any, g: Any, a: Any, x: Any, left: bool, vector: bool) -> Any:
    """-g_b x^T for a x = b, and -x^T g_b for x a = b."""
    sent = ns.solve(turned(ns, a), g, left, vector)
    if vector:
        outer = columns_of(ns, sent) * rows_of(ns, x)
    else:
        pair = (sent, turned(ns, x)) if left else (turned(ns, x), sent)
        outer = product(ns, *pair)
    return -fitted(ns, outer, tuple(a.shape))


def _right_rule(ns: Any, g: Any, a: Any, shape: Any, left: bool, vector: bool) -> Any:
    return fitted(ns, ns.solve(turned(ns, a), g, left, vector), shape)


def _solve_check(a: Any, b: Any, left: bool = True, vector: bool = False) -> None:
    broadcast_error(b[..., 0] if vector else b[..., 0, 0], a[..., 0, 0])
    unsolved("torch.linalg.solve", factored(NUMPY, a)[2])


op("solve(a, b; left, vector)", _solved, node="LinalgSolveExBackward0", check=_solve_check,
   written="solve(a, b, left=left)",
   a=lambda ns, g, a, out, left, vector: _matrix_rule(ns, g, a, out, left, vector),
   b=lambda ns, g, a, b_shape, left, vector: _right_rule(ns, g, a, b_shape, left, vector)
   )  # fmt: skip
op("solve_ex(a, b; left, vector)", _solved_by_lu, outputs=2, node="LinalgSolveExBackward0",
   written="solve_ex(a, b, left=left)",
   a=lambda ns, g, a, out, left, vector: _matrix_rule(ns, g[0], a, out[0], left, vector),
   b=lambda ns, g, a, b_shape, left, vector: _right_rule(ns, g[0], a, b_shape, left, vector)
   )  # fmt: skip

# ---- triangular systems ----------------------------------------------------------------------


def _triangular(xp: Any, a: Any, b: Any, upper: bool, left: bool, unit: bool) -> Any:
    if left:
        return solved_triangle(xp, a, b, upper, unit)
    across = a.swapaxes(-1, -2), b.swapaxes(-1, -2)
    return solved_triangle(xp, *across, not upper, unit).swapaxes(-1, -2)


def _triangle(ns: Any, g: Any, upper: bool, unit: bool) -> Any:
    """What of a gradient belongs to the triangle that was read."""
    return ns.triu(g, int(unit)) if upper else ns.tril(g, -int(unit))


def _triangular_rule(ns: Any, g: Any, a: Any, x: Any, upper: bool, left: bool, unit: bool) -> Any:
    sent = ns.solve_triangular(turned(ns, a), g, not upper, left, unit)
    pair = (sent, turned(ns, x)) if left else (turned(ns, x), sent)
    return _triangle(ns, fitted(ns, -product(ns, *pair), tuple(a.shape)), upper, unit)


op("solve_triangular(a, b; upper, left, unit)", _triangular,
   check=lambda a, b, *flags: broadcast_error(a[..., 0, 0], b[..., 0, 0]),
   node="LinalgSolveTriangularBackward0",
   written="solve_triangular(a, b, upper=upper, left=left, unitriangular=unit)",
   a=lambda ns, g, a, out, upper, left, unit: _triangular_rule(ns, g, a, out, upper, left, unit),
   b=lambda ns, g, a, b_shape, upper, left, unit: fitted(
       ns, ns.solve_triangular(turned(ns, a), g, not upper, left, unit), b_shape))  # fmt: skip


def _deprecated(
    xp: Any, b: Any, a: Any, upper: bool, transpose: bool, unit: bool
) -> tuple[Any, Any]:
    turned_a = a.swapaxes(-1, -2) if transpose else a
    return solved_triangle(xp, turned_a, b, upper is not transpose, unit), xp.array(a)


def _deprecated_rule(
    ns: Any, g: Any, a: Any, x: Any, upper: bool, transpose: bool, unit: bool
) -> Any:
    found = None
    if g[0] is not None:
        across = a if transpose else turned(ns, a)
        sent = ns.solve_triangular(across, g[0], upper is transpose, True, unit)
        outer = -product(ns, sent, turned(ns, x))
        outer = turned(ns, outer) if transpose else outer
        found = _triangle(ns, fitted(ns, outer, tuple(a.shape)), upper, unit)
    if g[1] is None:
        return found
    return g[1] if found is None else found + g[1]


op("triangular_solve(b, a; upper, transpose, unit)", _deprecated, outputs=2,
   node="TriangularSolveBackward0",
   written="triangular_solve(b, a, upper, transpose, unit)",
   b=lambda ns, g, a, b_shape, upper, transpose, unit: None if g[0] is None else fitted(
       ns, ns.solve_triangular(a if transpose else turned(ns, a), g[0], upper is transpose, True,
                               unit), b_shape),
   a=lambda ns, g, a, out, upper, transpose, unit: _deprecated_rule(
       ns, g, a, out[0], upper, transpose, unit))  # fmt: skip

# ---- systems with a Cholesky factor ----------------------------------------------------------


def _cholesky_solve(xp: Any, b: Any, factor: Any, upper: bool) -> Any:
    lower = array_adjoint(factor) if upper else factor
    half = solved_triangle(xp, lower, b, False, False)
    return solved_triangle(xp, array_adjoint(lower), half, True, False)


def _factor_rule(ns: Any, outer: Any, factor: Any, upper: bool) -> Any:
    """From the gradient of A = L L^H, or U^H U, that of its factor."""
    both = outer + adjoint(ns, outer)
    pair = (factor, both) if upper else (both, factor)
    return fitted(ns, product(ns, *pair), tuple(factor.shape))


op("cholesky_solve(b, factor; upper)", _cholesky_solve, holomorphic=False,
   b=lambda ns, g, factor, b_shape, upper: fitted(ns, ns.cholesky_solve(g, factor, upper), b_shape),
   factor=lambda ns, g, factor, out, upper: _factor_rule(
       ns, -product(ns, ns.cholesky_solve(g, factor, upper), adjoint(ns, out)), factor, upper)
   )  # fmt: skip


def _cholesky_inverse(xp: Any, x: Any, upper: bool) -> Any:
    ones = xp.eye(x.shape[-1], dtype=x.dtype)
    half = solved_triangle(xp, array_adjoint(x) if upper else x, ones, False, False)
    return array_adjoint(half) @ half


op("cholesky_inverse(x; upper)", _cholesky_inverse, holomorphic=False,
   x=lambda ns, g, x, out, upper: _factor_rule(ns, -product(ns, out, g, out), x, upper)
   )  # fmt: skip

# ---- least squares ---------------------------------------------------------------------------


def _cutoff(xp: Any, sizes: Any, atol: Any, rtol: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Up to which singular value they count as 0."""
    least = 0.0 if atol is None else np.asarray(atol)
    if rtol is None:
        rtol = np.where(np.asarray(least) > 0, 0.0, max(shape[-2:]) * np.finfo(dtype).eps)
    largest = sizes.max(-1) if sizes.shape[-1] else xp.zeros(sizes.shape[:-1], sizes.dtype)
    return xp.maximum(np.asarray(least), np.asarray(rtol) * largest)[..., None]


def _reciprocals(xp: Any, values: Any, cutoff: Any) -> Any:
    large = abs(values) > cutoff
    return xp.where(large, 1 / xp.where(large, values, 1), 0).astype(values.dtype)


def _pinv(xp: Any, x: Any, atol: Any, rtol: Any, hermitian: bool) -> Any:
    if not x.size:
        return xp.zeros((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype)
    dtype = real_dtype(x.dtype)
    if hermitian:
        values, vectors = xp.linalg.eigh(x)
        cutoff = _cutoff(xp, abs(values), atol, rtol, x.shape, dtype)
        scaled = vectors * _reciprocals(xp, values, cutoff)[..., None, :]
        return scaled @ array_adjoint(vectors)
    left, values, right = xp.linalg.svd(x, full_matrices=False)
    cutoff = _cutoff(xp, values, atol, rtol, x.shape, dtype)
    scaled = array_adjoint(right) * _reciprocals(xp, values, cutoff)[..., None, :]
    return scaled @ array_adjoint(left)


def _pinv_rule(ns: Any, g: Any, x: Any, inverse: Any) -> Any:
    """-P^H g P^H + (I - A P) g^H P P^H + P^H P g^H (I - P A)."""
    across = adjoint(ns, inverse)
    turned_g = adjoint(ns, g)
    first = product(ns, turned_g, inverse, across)
    second = product(ns, across, inverse, turned_g)
    return (
        first - product(ns, x, inverse, first) + second - product(ns, second, inverse, x)
        - product(ns, across, g, across)
    )  # fmt: skip


op("pinv(x; atol, rtol, hermitian)", _pinv, holomorphic=False, node="LinalgPinvBackward0",
   written="pinv(x)", x=lambda ns, g, x, out: _pinv_rule(ns, g, x, out))  # fmt: skip


def _lstsq(
    xp: Any, a: Any, b: Any, rcond: float | None, driver: str, vector: bool
) -> tuple[Any, Any, Any, Any]:
    b = b[..., None] if vector else b
    rows, columns = a.shape[-2:]
    left, values, right = xp.linalg.svd(a, full_matrices=False)
    cutoff = _cutoff(xp, values, None, rcond, a.shape, real_dtype(a.dtype))
    rank = (values > cutoff).sum(-1).astype(xp.int64)
    if driver == "gels" and xp is NUMPY:
        _full_rank(rank, min(rows, columns))
    scaled = array_adjoint(right) * _reciprocals(xp, values, cutoff)[..., None, :]
    x = scaled @ (array_adjoint(left) @ b)
    nothing = xp.zeros(0, values.dtype)
    residuals = nothing
    certain = driver == "gels" or xp is not NUMPY  # where numbers cannot decide about shapes
    if rows > columns and driver != "gelsy" and (certain or (rank == columns).all()):
        residuals = (abs(a @ x - b) ** 2).sum(-2)
    return (
        x[..., 0] if vector else x,
        residuals,
        xp.zeros(0, xp.int64) if driver == "gels" else rank,
        values if driver in ("gelsd", "gelss") else nothing,
    )


def _full_rank(rank: Any, full: int) -> None:
    short = np.where(rank < full, rank + 1, 0)
    if short.any():
        batch, place = which(short)
        raise LinAlgError(
            f"torch.linalg.lstsq: {batch}The least squares solution could not be computed because "
            f"the input matrix does not have full rank (error code: {place})."
        )


def _lstsq_rules(
    ns: Any, g: Any, a: Any, b: Any, out: Any, vector: bool, shapes: tuple[Any, Any]
) -> tuple[Any, Any]:
    """Those of pinv(a) @ b; and of the residuals, which do not change with the solution."""
    x, g_x = out[0], g[0]
    if vector:
        b, x = columns_of(ns, b), columns_of(ns, x)
        g_x = None if g_x is None else columns_of(ns, g_x)
    g_a = g_b = None
    if g_x is not None:
        inverse = ns.pinv(a, None, None, False)
        g_b = product(ns, adjoint(ns, inverse), g_x)
        g_a = _pinv_rule(ns, product(ns, g_x, adjoint(ns, b)), a, inverse)
    if g[1] is not None and out[1].ndim == a.ndim - 1 and out[1].shape[-1] == x.shape[-1]:
        missed = 2 * rows_of(ns, g[1]) * (product(ns, a, x) - b)
        more = product(ns, missed, adjoint(ns, x))
        g_a, g_b = (more, -missed) if g_a is None else (g_a + more, g_b - missed)
    if g_a is None or g_b is None:
        return None, None
    g_b = ns.reshape(g_b, tuple(g_b.shape[:-1])) if vector else g_b
    return fitted(ns, g_a, shapes[0]), fitted(ns, g_b, shapes[1])


op("lstsq(a, b; rcond, driver, vector)", _lstsq, outputs=4, holomorphic=False,
   node="LinalgLstsqBackward0", written="lstsq(a, b)",
   check=lambda a, b, *params: broadcast_error(a[..., 0, 0], b[..., 0, 0]),
   a=lambda ns, g, a, b, out, vector, a_shape, b_shape: _lstsq_rules(
       ns, g, a, b, out, vector, (a_shape, b_shape))[0],
   b=lambda ns, g, a, b, out, vector, a_shape, b_shape: _lstsq_rules(
       ns, g, a, b, out, vector, (a_shape, b_shape))[1])  # fmt: skip
