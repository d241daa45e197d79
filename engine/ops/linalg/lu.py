"""LU: the factors, the packed form that LAPACK keeps them in, and systems solved with it.

The factors are holomorphic functions of the matrix while the rows stay in the same order.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from engine.arrays.backends import NUMPY
from engine.arrays.row import non_differentiable
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.dispatch.results import named
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.linalg import checks
from engine.ops.linalg.checks import require
from engine.ops.linalg.matrix import (
    adjoint,
    array_adjoint,
    array_turned,
    diagonal,
    fitted,
    identity,
    part,
    product,
    turned,
)
from engine.ops.linalg.triangular import solved_triangle

# ruff: noqa: N803 (PyTorch's names)

# ---- factors of arrays -----------------------------------------------------------------------


def factored(xp: Any, x: Any) -> tuple[Any, Any, Any]:
    """LAPACK's getrf: L below and U on and above the diagonal, the pivots, and where U is 0.

    The pivots count from 1: row i was exchanged with row pivots[i]. The last is 0 where no
    element of U's diagonal is zero, else the place of the first that is, from 1.
    """
    count = min(x.shape[-2:])
    packed: Any
    pivots: Any
    if xp is not NUMPY:
        import jax

        packed, pivots, _ = jax.lax.linalg.lu(x)
        pivots = (pivots + 1).astype(xp.int32)
    else:
        packed = np.array(x, order="C").reshape(prod(x.shape[:-2]), *x.shape[-2:])
        pivots = np.zeros((len(packed), count), np.int32)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if count:
                _eliminate(packed, pivots, 0, count)
            if x.shape[-1] > count:
                right = packed[:, :count, count:]
                right[...] = solved_triangle(NUMPY, packed[:, :, :count], right, False, True)
        packed = packed.reshape(x.shape)
        pivots = pivots.reshape(*x.shape[:-2], count)
    return packed, pivots, first_zero(xp, xp.diagonal(packed, 0, -2, -1))


def _eliminate(a: Any, pivots: Any, start: int, stop: int) -> None:
    """Factor the columns from start to stop in place, the left half first."""
    if stop - start > 1:
        half = (start + stop) // 2
        _eliminate(a, pivots, start, half)
        corner, above = a[:, start:half, start:half], a[:, start:half, half:stop]
        above[...] = solved_triangle(NUMPY, corner, above, False, True)
        a[:, half:, half:stop] -= a[:, half:, start:half] @ above
        _eliminate(a, pivots, half, stop)
        return
    column = a[:, start:, start]
    size = abs(column) if column.dtype.kind != "c" else abs(column.real) + abs(column.imag)
    best = size.argmax(1) + start
    pivots[:, start] = best + 1
    each = np.arange(len(a))
    chosen = a[each, best]
    a[each, best] = a[:, start]
    a[:, start] = chosen
    pivot = a[:, start, start, None]
    a[:, start + 1 :, start] /= np.where(pivot == 0, 1, pivot)


def first_zero(xp: Any, diagonals: Any) -> Any:
    """Where a diagonal is zero first, from 1; 0 where it is not."""
    zero = diagonals == 0
    if not zero.shape[-1]:
        return xp.zeros(zero.shape[:-1], xp.int32)
    return xp.where(zero.any(-1), zero.argmax(-1) + 1, 0).astype(xp.int32)


def permutation(xp: Any, pivots: Any, size: int) -> Any:
    """The rows' order that the exchanges make: A[order] = L @ U."""
    if xp is not NUMPY:
        import jax

        return jax.lax.linalg.lu_pivots_to_permutation(pivots - 1, size)
    flat = pivots.reshape(prod(pivots.shape[:-1]), pivots.shape[-1])
    order = np.tile(np.arange(size), (len(flat), 1))
    each = np.arange(len(flat))
    for row in range(flat.shape[1]):
        other = flat[:, row] - 1
        moved = order[each, other]
        order[each, other] = order[:, row]
        order[:, row] = moved
    return order.reshape(*pivots.shape[:-1], size)


def _permuting(xp: Any, pivots: Any, size: int, dtype: Any) -> Any:
    """P of A = P @ L @ U."""
    order = permutation(xp, pivots, size)
    return (order[..., None, :] == xp.arange(size)[:, None]).astype(dtype)


def _unpacked(xp: Any, packed: Any) -> tuple[Any, Any]:
    """L and U."""
    *_, rows, columns = packed.shape
    size = min(rows, columns)
    lower = xp.tril(packed[..., :size], -1) + xp.eye(rows, size, dtype=packed.dtype)
    return lower, xp.triu(packed[..., :size, :])


def _lu(xp: Any, x: Any) -> Any:
    packed, pivots, _ = factored(xp, x)
    return _permuting(xp, pivots, x.shape[-2], x.dtype), *_unpacked(xp, packed)


def _solved(xp: Any, packed: Any, pivots: Any, b: Any, left: bool, adjointed: bool) -> Any:
    """A = P L U: X for A X = B, A^H X = B, or with X on the left of A."""
    if not left:
        return array_adjoint(_solved(xp, packed, pivots, array_adjoint(b), True, not adjointed))
    swaps = _permuting(xp, pivots, packed.shape[-1], packed.dtype)
    if adjointed:
        across = array_adjoint(packed)
        b = solved_triangle(xp, across, b, False, False)
        return swaps @ solved_triangle(xp, across, b, True, True)
    b = solved_triangle(xp, packed, array_turned(swaps) @ b, False, True)
    return solved_triangle(xp, packed, b, True, False)


# ---- gradients -------------------------------------------------------------------------------


def _lu_rule(ns: Any, g_lower: Any, g_upper: Any, lower: Any, upper: Any) -> Any:
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


def _lower(ns: Any, packed: Any) -> Any:
    """L of a packed LU."""
    size = min(packed.shape[-2:])
    lower = ns.tril(part(ns, packed, 1, 0, size), -1)
    ones = identity(ns, diagonal(ns, lower))
    if lower.shape[-2] > size:
        rest = part(ns, lower, 2, size, lower.shape[-2])
        ones = ns.cat((ones, ns.zeros_like(rest)), ones.ndim - 2)
    return lower + ones


def _upper(ns: Any, packed: Any) -> Any:
    """U of a packed LU."""
    return ns.triu(part(ns, packed, 2, 0, min(packed.shape[-2:])), 0)


def _packed_rule(ns: Any, g: Any, out: Any, x_shape: Any, x_dtype: Any) -> Any:
    g, packed, size = g[0], out[0], min(x_shape[-2:])
    g_lower, g_upper = part(ns, g, 1, 0, size), part(ns, g, 2, 0, size)
    found = _lu_rule(ns, g_lower, g_upper, _lower(ns, packed), _upper(ns, packed))
    return product(ns, ns.lu_permutation(out[1], x_shape[-2], x_dtype), found)


def _unpack_rule(ns: Any, g: Any, x_shape: Any, x_dtype: Any) -> Any:
    """L's part below the diagonal and U's from it on, each padded to the packed shape."""
    *batch, rows, columns = x_shape
    size, dim = min(rows, columns), len(batch)
    parts = []
    if g[0] is not None:
        below = ns.tril(g[0], -1)
        whole = columns == size
        parts.append(below if whole else ns.slice_backward(below, x_shape, dim + 1, 0, size, 1))
    if g[1] is not None:
        above = ns.triu(g[1], 0)
        whole = rows == size
        parts.append(above if whole else ns.slice_backward(above, x_shape, dim, 0, size, 1))
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]


def _solved_rule(
    ns: Any,
    g: Any,
    packed: Any,
    pivots: Any,
    packed_dtype: Any,
    out: Any,
    left: Any,
    adjointed: Any,
) -> Any:
    """The gradient of A, and from it those of L and U."""
    sent, across = ns.lu_solve(packed, pivots, g, left, not adjointed), adjoint(ns, out)
    outer = product(ns, sent, across) if left else product(ns, across, sent)
    outer = -(adjoint(ns, outer) if adjointed else outer)
    swaps = ns.lu_permutation(pivots, packed.shape[-1], packed_dtype)
    inside = product(ns, turned(ns, swaps), outer)
    lower = product(ns, inside, adjoint(ns, _upper(ns, packed)))
    upper = product(ns, adjoint(ns, _lower(ns, packed)), inside)
    return fitted(ns, ns.tril(lower, -1) + ns.triu(upper, 0), tuple(packed.shape))


# fmt: off
op("lu_permutation(pivots; size, dtype)", _permuting, pivots=non_differentiable)
op("lu_factor_ex(x)", factored, outputs=3, node="LinalgLuFactorExBackward0", x=_packed_rule)
op("lu(x)", _lu, outputs=3, node="LinalgLuBackward0",
   x=lambda ns, g, out: product(ns, out[0], _lu_rule(ns, g[1], g[2], out[1], out[2])))
op("lu_unpack(x)", _unpacked, outputs=2, x=_unpack_rule)
op("lu_solve(packed, pivots, b; left, adjointed)", _solved, node="LinalgLuSolveBackward0",
   holomorphic=False, packed=_solved_rule, pivots=non_differentiable,
   b=lambda ns, g, packed, pivots, b_shape, left, adjointed:
       fitted(ns, ns.lu_solve(packed, pivots, g, left, not adjointed), b_shape))
# fmt: on

# ---- functions -------------------------------------------------------------------------------

_OF_LU = checks.successor(
    "lu",
    "torch.linalg.lu_factor / torch.linalg.lu_factor_ex",
    "LU, pivots = torch.lu(A, compute_pivots)\nshould be replaced with\n"
    "LU, pivots = torch.linalg.lu_factor(A, compute_pivots)\nand\n"
    "LU, pivots, info = torch.lu(A, compute_pivots, get_infos=True)\nshould be replaced with\n"
    "LU, pivots, info = torch.linalg.lu_factor_ex(A, compute_pivots)",
)
_OF_LU_SOLVE = checks.successor(
    "lu_solve",
    "torch.linalg.lu_solve",
    "Note that torch.linalg.lu_solve has its arguments reversed.\n"
    "X = torch.lu_solve(B, LU, pivots)\nshould be replaced with\n"
    "X = torch.linalg.lu_solve(LU, pivots, B)",
    "",
)
_ZERO = (
    "U[{0},{0}] is zero and using it on lu_solve would result in a division by zero. If you still "
    "want to perform the factorization, consider calling linalg.lu(A, pivot) or "
    "linalg.lu_factor_ex(A, pivot)"
)
_Lu = named("linalg_lu", "P", "L", "U")
_LuFactor = named("linalg_lu_factor", "LU", "pivots")
_LuFactorEx = named("linalg_lu_factor_ex", "LU", "pivots", "info")
_LuUnpack = named("lu_unpack", "P", "L", "U")
_LuWithInfo = named("_lu_with_info", "LU", "pivots", "info")


def _check_factored(name: str, array: Any, pivot: bool) -> None:
    require(pivot, f"{name}: LU without pivoting is not implemented on the CPU")
    checks.kernel("lu_cpu", array)


def _factors(A: Tensor, pivot: bool) -> Any:
    array = A.array
    require(
        array.ndim >= 2,
        "torch.lu_factor: Expected tensor with 2 or more dimensions. Got size: "
        f"{list(array.shape)} instead",
    )
    _check_factored("linalg.lu_factor", array, pivot)
    return ops.lu_factor_ex(A)


@public("linalg", "lu")
def linalg_lu(A: Tensor, *, pivot: bool = True) -> Any:
    """P, L, U with A = P @ L @ U: a permutation, unit lower and upper triangular matrices."""
    _check_factored("linalg.lu", checks.matrix("linalg.lu", A), pivot)
    swaps, lower, upper = ops.lu(A)
    return _Lu((ops.detach(swaps), lower, upper))


@public("linalg")
def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    """L and U packed into one matrix, and the pivots. Raises RuntimeError if U has a 0."""
    packed, pivots, info = _factors(A, pivot)
    checks.info("torch.linalg.lu_factor", info.array, _ZERO, RuntimeError)
    return _LuFactor((packed, pivots))


@public("linalg")
def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """L and U packed into one matrix, the pivots, and where U's diagonal is 0 first, from 1."""
    found = _factors(A, pivot)
    if check_errors:
        checks.info("torch.linalg.lu_factor_ex", found[2].array, _ZERO, RuntimeError)
    return _LuFactorEx(found)


@public()
def lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """L and U packed, the pivots and, if asked, infos. Deprecated for torch.linalg.lu_factor."""
    checks.deprecated(_OF_LU)
    found = _factors(A, pivot)
    return _LuWithInfo(found) if get_infos else found[:2]


@public("torch")
def lu_unpack(
    LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True
) -> Any:
    """P, L, U from what lu_factor gives."""
    packed, pivots = LU_data.array, LU_pivots.array
    require(
        not unpack_pivots or pivots.dtype == np.int32,
        "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype."
        "\nNote: this function is intended to be used with the output produced by "
        "torch.linalg.lu_factor",
    )
    swaps: Any = wrap(np.zeros(0, packed.dtype))
    lower = upper = wrap(np.zeros(0, packed.dtype))
    if unpack_data:
        lower, upper = ops.lu_unpack(LU_data)
    if unpack_pivots:
        swaps = ops.lu_permutation(LU_pivots, packed.shape[-2], packed.dtype)
    return _LuUnpack((swaps, lower, upper))


@public("linalg", "lu_solve")
def linalg_lu_solve(
    LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False
) -> Tensor:
    """X with A @ X = B, from what torch.linalg.lu_factor gives for A."""
    name = "linalg.lu_solve"
    packed, swaps, b = LU.array, pivots.array, B.array
    checks.floating(name, packed)
    checks.same_dtype(name, packed, b)
    require(
        swaps.dtype == np.int32, f"{name}: pivots should be a Tensor of scalar type torch.int32"
    )
    checks.matrix(name, LU, "LU"), checks.matrix(name, B, "B")
    checks.square(f"torch.{name}", packed)
    checks.sides_fit(name, packed, b.shape, left)
    return ops.lu_solve(LU, pivots, B, left, adjoint)


@public()
def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """X with A @ X = b, from A's factors. Deprecated for torch.linalg.lu_solve."""
    checks.deprecated(_OF_LU_SOLVE)
    return linalg_lu_solve(LU_data, LU_pivots, b)
