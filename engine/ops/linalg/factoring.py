"""Algorithms on arrays that NumPy's linear algebra lacks: triangular systems, LU, LDL.

They work on whole batches, and where they go column by column, on whole columns; halves are put
together with matrix products, in which nearly all the time goes.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from engine.arrays.backends import NUMPY

# ---- triangular systems ----------------------------------------------------------------------

_SMALL = 32
"""Up to this size the general solver is quicker than anything cleverer."""


def triangle(xp: Any, x: Any, upper: bool, unit: bool) -> Any:
    """The upper or lower triangle, with ones on the diagonal if `unit`."""
    if unit:
        ones = xp.eye(x.shape[-1], dtype=x.dtype)
        return (xp.triu(x, 1) if upper else xp.tril(x, -1)) + ones
    return xp.triu(x) if upper else xp.tril(x)


def solved_triangle(xp: Any, a: Any, b: Any, upper: bool, unit: bool) -> Any:
    """x for triangle(a) @ x = b; a zero on the diagonal divides."""
    if xp is not NUMPY:
        import jax

        batch = xp.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        a = xp.broadcast_to(a, (*batch, *a.shape[-2:]))
        b = xp.broadcast_to(b, (*batch, *b.shape[-2:]))
        return jax.lax.linalg.triangular_solve(
            a, b, left_side=True, lower=not upper, unit_diagonal=unit
        )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return _by_halves(triangle(np, a, upper, unit), b, upper)


def _by_halves(a: Any, b: Any, upper: bool) -> Any:
    size = a.shape[-1]
    if size <= _SMALL:
        try:
            return np.linalg.solve(a, b)
        except np.linalg.LinAlgError:
            return _by_rows(a, b, upper)
    half = size // 2
    head, tail = slice(0, half), slice(half, size)
    first, then = (tail, head) if upper else (head, tail)
    known = _by_halves(a[..., first, first], b[..., first, :], upper)
    rest = b[..., then, :] - a[..., then, first] @ known
    found = _by_halves(a[..., then, then], rest, upper)
    return np.concatenate((found, known) if upper else (known, found), -2)


def _by_rows(a: Any, b: Any, upper: bool) -> Any:
    """The same one row after another, which a zero on the diagonal does not stop."""
    size = a.shape[-1]
    shape = (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), *b.shape[-2:])
    x = np.array(np.broadcast_to(b, shape))
    for row in reversed(range(size)) if upper else range(size):
        done = slice(row + 1, size) if upper else slice(0, row)
        x[..., row, :] -= (a[..., row : row + 1, done] @ x[..., done, :])[..., 0, :]
        x[..., row, :] /= a[..., row, row, None]
    return x


# ---- LU --------------------------------------------------------------------------------------


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
    return packed, pivots, first_zero(xp, packed)


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


def first_zero(xp: Any, packed: Any) -> Any:
    """Where the diagonal is zero first, from 1; 0 where it is not."""
    zero = xp.diagonal(packed, 0, -2, -1) == 0
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


def permuting(xp: Any, pivots: Any, size: int, dtype: Any) -> Any:
    """P of A = P @ L @ U."""
    order = permutation(xp, pivots, size)
    return (order[..., None, :] == xp.arange(size)[:, None]).astype(dtype)


# ---- LDL -------------------------------------------------------------------------------------

_BOUND = (1 + 17**0.5) / 8
"""Bunch and Kaufman's: how small a diagonal element may be beside its column."""


def symmetric_factored(a: Any, hermitian: bool) -> tuple[Any, Any, int]:
    """LAPACK's sytrf or hetrf for the lower triangle of one matrix: L and D, pivots, first zero.

    A pivot that counts from 1 stands for a 1 by 1 block of D; two negative ones for a 2 by 2 one.
    """
    size = len(a)
    s = np.tril(a) + _mirrored(np.tril(a, -1), hermitian)
    if hermitian:
        np.fill_diagonal(s, s.diagonal().real)
    pivots = np.zeros(size, np.int32)
    info = k = 0
    while k < size:
        other, step = _choose(s, k)
        if step == 0:
            info, step = info or k + 1, 1
            pivots[k] = k + 1
            k += step
            continue
        place = k + step - 1
        _exchange(s, k, place, other)
        block, below = s[k : k + step, k : k + step], s[k + step :, k : k + step]
        scaled = np.linalg.solve(block.T, below.T).T
        s[k + step :, k + step :] -= scaled @ _mirrored(below, hermitian)
        s[k + step :, k : k + step] = scaled
        pivots[k : k + step] = other + 1 if step == 1 else -(other + 1)
        k += step
    return np.tril(s), pivots, info


def _mirrored(x: Any, hermitian: bool) -> Any:
    return x.T.conj() if hermitian else x.T


def _size(x: Any) -> Any:
    return abs(x.real) + abs(x.imag) if x.dtype.kind == "c" else abs(x)


def _choose(s: Any, k: int) -> tuple[int, int]:
    """Which row to exchange with, and the size of the block of D; (k, 0) for a column of zeros."""
    here = float(_size(s[k, k]))
    column = _size(s[k + 1 :, k])
    largest = float(column.max()) if column.size else 0.0
    if max(here, largest) == 0 or np.isnan(here):
        return k, 0
    if here >= _BOUND * largest:
        return k, 1
    row = k + 1 + int(column.argmax())
    others = _size(s[row, k:]).copy()
    others[row - k] = 0
    across = float(others.max())
    if here >= _BOUND * largest * (largest / across):
        return k, 1
    return row, 1 if float(_size(s[row, row])) >= _BOUND * across else 2


def _exchange(s: Any, k: int, i: int, j: int) -> None:
    """Exchange rows and columns i and j of what is left from k on."""
    if i != j:
        s[[i, j], k:] = s[[j, i], k:]
        s[k:, [i, j]] = s[k:, [j, i]]


def symmetric_solved(ld: Any, pivots: Any, b: Any, hermitian: bool) -> Any:
    """x for A @ x = b, where A was factored by `symmetric_factored`."""
    x = np.array(b)
    steps = []
    k = 0
    while k < len(ld):
        step = 1 if pivots[k] > 0 else 2
        steps.append((k, step, abs(int(pivots[k])) - 1))
        k += step
    for k, step, other in steps:
        place = k + step - 1
        x[[place, other]] = x[[other, place]]
        x[k + step :] -= ld[k + step :, k : k + step] @ x[k : k + step]
    for k, step, _ in steps:
        block = ld[k : k + step, k : k + step]
        block = np.tril(block) + _mirrored(np.tril(block, -1), hermitian)
        x[k : k + step] = np.linalg.solve(block, x[k : k + step])
    for k, step, other in reversed(steps):
        place = k + step - 1
        below = ld[k + step :, k : k + step]
        x[k : k + step] -= _mirrored(below, hermitian) @ x[k + step :]
        x[[place, other]] = x[[other, place]]
    return x
