"""Triangular systems: solved by halves, put together with matrix products.

The algorithms here and in lu.py work on whole batches, and where they go column by column, on whole
columns; nearly all the time goes in the products.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays.backends import NUMPY
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import broadcast_error, op
from engine.dispatch.results import named
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.linalg import checks
from engine.ops.linalg.checks import require
from engine.ops.linalg.matrix import array_turned, fitted, product, turned

# ruff: noqa: N803 (PyTorch's names)

_SMALL = 32
"""Up to this size the general solver is quicker than anything cleverer."""


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
    if unit:
        ones = np.eye(a.shape[-1], dtype=a.dtype)
        a = (np.triu(a, 1) if upper else np.tril(a, -1)) + ones
    else:
        a = np.triu(a) if upper else np.tril(a)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return _by_halves(a, b, upper)


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


def _solved(xp: Any, a: Any, b: Any, upper: bool, left: bool, unit: bool) -> Any:
    if left:
        return solved_triangle(xp, a, b, upper, unit)
    across = array_turned(a), array_turned(b)
    return array_turned(solved_triangle(xp, *across, not upper, unit))


def _solved_older(xp: Any, b: Any, a: Any, upper: bool, transpose: bool, unit: bool) -> Any:
    across = array_turned(a) if transpose else a
    return solved_triangle(xp, across, b, upper is not transpose, unit), xp.array(a)


# ---- gradients -------------------------------------------------------------------------------


def _read(ns: Any, g: Any, upper: bool, unit: bool) -> Any:
    """What of a gradient belongs to the triangle that was read."""
    return ns.triu(g, int(unit)) if upper else ns.tril(g, -int(unit))


def _matrix_rule(ns: Any, g: Any, a: Any, out: Any, upper: bool, left: bool, unit: bool) -> Any:
    sent = ns.solve_triangular(turned(ns, a), g, not upper, left, unit)
    pair = (sent, turned(ns, out)) if left else (turned(ns, out), sent)
    return _read(ns, fitted(ns, -product(ns, *pair), tuple(a.shape)), upper, unit)


def _older_matrix_rule(
    ns: Any, g: Any, a: Any, out: Any, upper: bool, transpose: bool, unit: bool
) -> Any:
    found = None
    if g[0] is not None:
        across = a if transpose else turned(ns, a)
        sent = ns.solve_triangular(across, g[0], upper is transpose, True, unit)
        outer = -product(ns, sent, turned(ns, out[0]))
        outer = turned(ns, outer) if transpose else outer
        found = _read(ns, fitted(ns, outer, tuple(a.shape)), upper, unit)
    if g[1] is None:
        return found
    return g[1] if found is None else found + g[1]


# fmt: off
op("solve_triangular(a, b; upper, left, unit)", _solved, node="LinalgSolveTriangularBackward0",
   written="solve_triangular(a, b, upper=upper, left=left, unitriangular=unit)",
   check=lambda a, b, *flags: broadcast_error(a[..., 0, 0], b[..., 0, 0]),
   a=_matrix_rule,
   b=lambda ns, g, a, b_shape, upper, left, unit: fitted(
       ns, ns.solve_triangular(turned(ns, a), g, not upper, left, unit), b_shape))
op("triangular_solve(b, a; upper, transpose, unit)", _solved_older, outputs=2,
   b=lambda ns, g, a, b_shape, upper, transpose, unit: None if g[0] is None else fitted(
       ns, ns.solve_triangular(a if transpose else turned(ns, a), g[0], upper is transpose, True,
                               unit), b_shape),
   a=_older_matrix_rule)
# fmt: on

# ---- functions -------------------------------------------------------------------------------

_OF_TRIANGULAR = checks.successor(
    "triangular_solve",
    "torch.linalg.solve_triangular",
    "torch.linalg.solve_triangular has its arguments reversed and does not return a copy of one of "
    "the inputs.\nX = torch.triangular_solve(B, A).solution\nshould be replaced with\n"
    "X = torch.linalg.solve_triangular(A, B).",
    "",
)
_Solution = named("triangular_solve", "solution", "cloned_coefficient")


@public("linalg")
def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """X with A @ X = B, or X @ A = B, where only one triangle of A is read."""
    name = "linalg.solve_triangular"
    a, b = checks.matrix(name, A), checks.matrix(name, B, "B")
    checks.square(name, a)
    checks.sides_fit(name, a, b.shape, left)
    checks.same_dtype(name, a, b)
    return ops.solve_triangular(A, B, upper, left, unitriangular)


@public()
def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    """X with A @ X = b, and a copy of A. Deprecated for torch.linalg.solve_triangular."""
    right, left = b.array, A.array
    for name, x in (("b", right), ("A", left)):
        require(
            x.ndim >= 2,
            f"torch.triangular_solve: Expected {name} to have at least 2 dimensions, but it has "
            f"{x.ndim} dimensions instead",
        )
    checks.older_sides_fit("triangular_solve", right, left)
    checks.deprecated(_OF_TRIANGULAR)
    return _Solution(ops.triangular_solve(b, A, upper, transpose, unitriangular))
