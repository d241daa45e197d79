"""LU: the rows. Factors, the packed form that LAPACK keeps them in, and systems solved with it.

The factors are holomorphic functions of the matrix while the rows stay in the same order.
"""

from __future__ import annotations

from typing import Any

import engine.ops.linalg.solve_rows  # noqa: F401 (rows its rules use)
from engine.arrays.row import non_differentiable
from engine.dispatch.operation import op
from engine.ops.linalg.factoring import factored, permuting, solved_triangle
from engine.ops.linalg.matrix import (
    adjoint,
    array_adjoint,
    diagonal,
    fitted,
    identity,
    part,
    product,
    turned,
)


def _lower(xp: Any, packed: Any) -> Any:
    *_, rows, columns = packed.shape
    ones = xp.eye(rows, min(rows, columns), dtype=packed.dtype)
    return xp.tril(packed[..., : min(rows, columns)], -1) + ones


def _upper(xp: Any, packed: Any) -> Any:
    return xp.triu(packed[..., : min(packed.shape[-2:]), :])


def _lu(xp: Any, x: Any) -> Any:
    packed, pivots, _ = factored(xp, x)
    swaps = permuting(xp, pivots, x.shape[-2], x.dtype)
    return swaps, _lower(xp, packed), _upper(xp, packed)


def lu_rule(ns: Any, g_lower: Any, g_upper: Any, lower: Any, upper: Any) -> Any:
    """The gradient of P^T A = L U: that of the square corner, and of what is below or beside it.

    Only the parts below L's diagonal and from U's diagonal on are taken of the gradients.
    """
    size = lower.shape[-1]
    rows, columns = lower.shape[-2], upper.shape[-1]
    l_square, u_square = part(ns, lower, 2, 0, size), part(ns, upper, 1, 0, size)
    l_turned, u_turned = turned(ns, l_square), turned(ns, u_square)
    below = above = beside = under = None
    if g_lower is not None:
        below = product(ns, l_turned, part(ns, g_lower, 2, 0, size))
        if rows > size:
            g_rest = part(ns, g_lower, 2, size, rows)
            above = -product(ns, turned(ns, part(ns, lower, 2, size, rows)), g_rest)
            under = ns.solve_triangular(u_turned, g_rest, False, False, False)
    if g_upper is not None:
        more = product(ns, part(ns, g_upper, 1, 0, size), u_turned)
        above = more if above is None else above + more
        if columns > size:
            g_rest = part(ns, g_upper, 1, size, columns)
            less = product(ns, g_rest, turned(ns, part(ns, upper, 1, size, columns)))
            below = -less if below is None else below - less
            beside = ns.solve_triangular(l_turned, g_rest, True, True, True)
    middle = None if below is None else ns.tril(below, -1)
    if above is not None:
        middle = ns.triu(above, 0) if middle is None else middle + ns.triu(above, 0)
    corner = ns.solve_triangular(l_turned, middle, True, True, True)
    corner = ns.solve_triangular(u_turned, corner, False, False, False)
    if rows > size:
        rest = ns.zeros_like(part(ns, lower, 2, size, rows)) if under is None else under
        return ns.cat((corner, rest), corner.ndim - 2)
    if columns > size:
        rest = ns.zeros_like(part(ns, upper, 1, size, columns)) if beside is None else beside
        return ns.cat((corner, rest), corner.ndim - 1)
    return corner


def unit_lower(ns: Any, packed: Any) -> Any:
    """L of a packed LU."""
    size = min(packed.shape[-2:])
    lower = ns.tril(part(ns, packed, 1, 0, size), -1)
    ones = identity(ns, diagonal(ns, lower))
    if lower.shape[-2] > size:
        ones = ns.cat((ones, ns.zeros_like(part(ns, lower, 2, size, lower.shape[-2]))),
                      ones.ndim - 2)  # fmt: skip
    return lower + ones


def upper_of(ns: Any, packed: Any) -> Any:
    """U of a packed LU."""
    return ns.triu(part(ns, packed, 2, 0, min(packed.shape[-2:])), 0)


def _packed_rule(ns: Any, g: Any, out: Any, x_shape: Any, x_dtype: Any) -> Any:
    g, packed, size = g[0], out[0], min(x_shape[-2:])
    found = lu_rule(
        ns, part(ns, g, 1, 0, size), part(ns, g, 2, 0, size), unit_lower(ns, packed),
        upper_of(ns, packed),
    )  # fmt: skip
    return product(ns, ns.lu_permutation(out[1], x_shape[-2], x_dtype), found)


op("lu_permutation(pivots; size, dtype)", permuting, pivots=non_differentiable)
op("lu_factor_ex(x)", factored, outputs=3, node="LinalgLuFactorExBackward0",
   x=_packed_rule)  # fmt: skip
op("lu(x)", _lu, outputs=3, node="LinalgLuBackward0",
   x=lambda ns, g, out: product(ns, out[0], lu_rule(ns, g[1], g[2], out[1], out[2])))  # fmt: skip


def _unpack_rule(ns: Any, g: Any, x_shape: Any, x_dtype: Any) -> Any:
    """L's part below the diagonal and U's from it on, each padded to the packed shape."""
    *_, rows, columns = x_shape
    size = min(rows, columns)
    parts = []
    if g[0] is not None:
        below = ns.tril(g[0], -1)
        parts.append(below if columns == size else ns.slice_backward(
            below, x_shape, len(x_shape) - 1, 0, size, 1))  # fmt: skip
    if g[1] is not None:
        above = ns.triu(g[1], 0)
        parts.append(above if rows == size else ns.slice_backward(
            above, x_shape, len(x_shape) - 2, 0, size, 1))  # fmt: skip
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]


op("lu_unpack(x)", lambda xp, x: (_lower(xp, x), _upper(xp, x)), outputs=2,
   node="LuUnpackBackward0", x=_unpack_rule)  # fmt: skip

# ---- solving with the packed form ------------------------------------------------------------


def _solve(xp: Any, packed: Any, pivots: Any, b: Any, left: bool, adjointed: bool) -> Any:
    """A = P L U: X for A X = B, A^H X = B, or with X on the left of A."""
    if not left:
        return array_adjoint(
            _solve(xp, packed, pivots, array_adjoint(b), True, not adjointed))  # fmt: skip
    swaps = permuting(xp, pivots, packed.shape[-1], packed.dtype)
    if adjointed:
        across = array_adjoint(packed)
        b = solved_triangle(xp, across, b, False, False)
        return swaps @ solved_triangle(xp, across, b, True, True)
    b = solved_triangle(xp, packed, swaps.swapaxes(-1, -2) @ b, False, True)
    return solved_triangle(xp, packed, b, True, False)


def _packed_gradient(
    ns: Any, g: Any, packed: Any, pivots: Any, dtype: Any, out: Any, left: bool, adjointed: bool
) -> Any:
    """The gradient of A, and from it those of L and U."""
    sent = ns.lu_solve(packed, pivots, g, left, not adjointed)
    outer = product(ns, sent, adjoint(ns, out)) if left else product(ns, adjoint(ns, out), sent)
    outer = -(adjoint(ns, outer) if adjointed else outer)
    swaps = ns.lu_permutation(pivots, packed.shape[-1], dtype)
    inside = product(ns, turned(ns, swaps), outer)
    lower = product(ns, inside, adjoint(ns, upper_of(ns, packed)))
    upper = product(ns, adjoint(ns, unit_lower(ns, packed)), inside)
    return fitted(ns, ns.tril(lower, -1) + ns.triu(upper, 0), tuple(packed.shape))


op("lu_solve(packed, pivots, b; left, adjoint)", _solve, holomorphic=False,
   node="LinalgLuSolveBackward0", pivots=non_differentiable,
   packed=lambda ns, g, packed, pivots, packed_dtype, out, left, adjoint:
       _packed_gradient(ns, g, packed, pivots, packed_dtype, out, left, adjoint),
   b=lambda ns, g, packed, pivots, b_shape, left, adjoint:
       fitted(ns, ns.lu_solve(packed, pivots, g, left, not adjoint), b_shape))  # fmt: skip
