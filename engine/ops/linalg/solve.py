"""Linear systems with square matrices.

A solution is a holomorphic function of both sides. What solve_ex gives for a singular matrix comes
from its LU: there, a zero of U's diagonal divides.
"""

from __future__ import annotations

import math
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
from engine.ops.linalg.lu import factored, permutation
from engine.ops.linalg.matrix import array_turned, columns_of, fitted, product, rows_of, turned
from engine.ops.linalg.triangular import solved_triangle
from engine.ops.views.shapes import reshape
from engine.ops.views.transposes import permute

# ruff: noqa: N803, N806 (PyTorch's names)


def _solved(xp: Any, a: Any, b: Any, left: bool, vector: bool) -> Any:
    if vector:
        return xp.linalg.solve(a, b[..., None])[..., 0]
    if left:
        return xp.linalg.solve(a, b)
    return array_turned(xp.linalg.solve(array_turned(a), array_turned(b)))


def solved_by_lu(xp: Any, a: Any, b: Any, left: bool, vector: bool) -> tuple[Any, Any]:
    """The solution, and where the first zero on U's diagonal is, from 1; 0 where there is none."""
    try:
        return _solved(xp, a, b, left, vector), xp.zeros(a.shape[:-2], xp.int32)
    except np.linalg.LinAlgError:
        pass
    packed, pivots, info = factored(xp, a if left else array_turned(a))
    right = b[..., None] if vector else b if left else array_turned(b)
    order = permutation(xp, pivots, a.shape[-1])[..., None]
    batch = np.broadcast_shapes(a.shape[:-2], right.shape[:-2])
    right = np.broadcast_to(right, (*batch, *right.shape[-2:]))
    order = np.broadcast_to(order, (*batch, *order.shape[-2:]))
    with np.errstate(invalid="ignore"):
        x = solved_triangle(xp, packed, np.take_along_axis(right, order, -2), False, True)
        x = solved_triangle(xp, packed, x, True, False)
    return x[..., 0] if vector else x if left else array_turned(x), info


def _matrix_rule(ns: Any, g: Any, a: Any, out: Any, left: bool, vector: bool) -> Any:
    """-g_b x^T for a x = b, and -x^T g_b for x a = b."""
    sent = ns.solve(turned(ns, a), g, left, vector)
    if vector:
        outer = columns_of(ns, sent) * rows_of(ns, out)
    else:
        pair = (sent, turned(ns, out)) if left else (turned(ns, out), sent)
        outer = product(ns, *pair)
    return -fitted(ns, outer, tuple(a.shape))


def _side_rule(ns: Any, g: Any, a: Any, b_shape: Any, left: bool, vector: bool) -> Any:
    return fitted(ns, ns.solve(turned(ns, a), g, left, vector), b_shape)


_UNSOLVED = "The solver failed because the input matrix is singular."


def _check(a: Any, b: Any, left: bool = True, vector: bool = False) -> None:
    broadcast_error(b[..., 0] if vector else b[..., 0, 0], a[..., 0, 0])
    checks.info("torch.linalg.solve", factored(NUMPY, a)[2], _UNSOLVED)


# fmt: off
op("solve(a, b; left, vector)", _solved, node="LinalgSolveExBackward0", check=_check,
   written="solve(a, b, left=left)", a=_matrix_rule, b=_side_rule)
op("solve_ex(a, b; left, vector)", solved_by_lu, outputs=2, node="LinalgSolveExBackward0",
   written="solve_ex(a, b, left=left)",
   a=lambda ns, g, a, out, left, vector: _matrix_rule(ns, g[0], a, out[0], left, vector),
   b=lambda ns, g, a, b_shape, left, vector: _side_rule(ns, g[0], a, b_shape, left, vector))
# fmt: on

_SolveEx = named("linalg_solve_ex", "result", "info")


def _system(A: Tensor, B: Tensor, left: bool) -> bool:
    """Whether the right sides are vectors, of a system that has been checked."""
    name = "linalg.solve"
    a, b = A.array, B.array
    checks.floating(name, a)
    checks.same_dtype(name, a, b)
    vector = a.ndim > 1 and (b.ndim == 1 or (b.ndim == a.ndim - 1 and b.shape == a.shape[:-1]))
    checks.matrix(name, A)
    checks.square(name, a)
    if not vector:
        checks.matrix(name, B, "B")
    checks.sides_fit(name, a, (*b.shape, 1) if vector else b.shape, left)
    require(
        left or not vector,
        f"{name}: Vector broadcasting of the left hand side is not supported for left=False. In "
        "this case linalg.solve is equivalent to B / A.squeeze(-1)",
    )
    return vector


@public("linalg")
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X with A @ X = B, or X @ A = B if not left. Raises LinAlgError for a singular A."""
    return ops.solve(A, B, left, _system(A, B, left))


@public("linalg")
def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """X with A @ X = B, and where a zero was met in each A, from 1; 0 where none was."""
    found = ops.solve_ex(A, B, left, _system(A, B, left))
    if check_errors:
        checks.info("torch.linalg.solve_ex", found[1].array, _UNSOLVED)
    return _SolveEx(found)


@public("linalg")
def tensorsolve(A: Tensor, B: Tensor, dims: Any = None) -> Tensor:
    """X with tensordot(A, X, X.ndim) = B; `dims` of A are moved to its end first."""
    a, b = A.array, B.array
    if dims is not None:
        moved = [dim % a.ndim for dim in dims]
        A = permute(A, *[dim for dim in range(a.ndim) if dim not in moved], *moved)
        a = A.array
    rows, shape = math.prod(a.shape[: b.ndim]), a.shape[b.ndim :]
    columns = math.prod(shape)
    require(
        rows == columns,
        "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
        f"prod(self.shape[:other.ndim]), but got {columns} != {rows}",
    )
    return reshape(solve(reshape(A, (rows, columns)), reshape(B, (rows,))), shape)
