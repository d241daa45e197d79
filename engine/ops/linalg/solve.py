"""Solving with matrices as PyTorch spells it, over the rows: inverses, systems, determinants."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import engine.ops.linalg.lu
import engine.ops.linalg.matrix_functions
import engine.ops.linalg.solve_rows  # noqa: F401 (all their rows)
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import broadcast_error
from engine.dispatch.results import named
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.linalg.matrix import (
    check_floating,
    check_square,
    deprecated,
    kind,
    matrix_of,
    square_of,
    successor,
)
from engine.ops.linalg.solve_rows import singular, unsolved
from engine.ops.views.shape import permute, reshape

# ruff: noqa: N803, N806 (PyTorch's names)

# ---- inverses --------------------------------------------------------------------------------

_InvEx = named("linalg_inv_ex", "inverse", "info")


@public("linalg")
def inv(A: Tensor) -> Tensor:
    """The inverses of square matrices. Raises LinAlgError for a singular one."""
    square_of("linalg.inv", A)
    return ops.inv(A)


@public()
def inverse(input: Tensor) -> Tensor:
    """The inverses of square matrices. Raises LinAlgError for a singular one."""
    square_of("linalg.inv", input)
    return ops.inv(input)


@public("linalg")
def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """The inverses, and where a zero stopped each, from 1; 0 where none did."""
    square_of("linalg.inv", A)
    found = ops.inv_ex(A)
    if check_errors:
        singular("linalg.inv_ex", found[1].array)
    return _InvEx(found)


def _tolerance(value: Any) -> Any:
    """A number, or nested tuples of them for a Tensor of several."""
    if isinstance(value, Tensor):
        value = value.detach().tolist()
    return _tuples(value)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _pseudo(A: Tensor, atol: Any, rtol: Any, hermitian: bool) -> Tensor:
    array = A.array
    if array.ndim < 2 or array.dtype.kind not in "fc":
        raise RuntimeError(
            f"linalg.pinv({kind(array)}{{{list(array.shape)}}}): expected a tensor with 2 or more "
            "dimensions of float, double, cfloat or cdouble types"
        )
    if hermitian:
        check_square("linalg.eigh", array)
    return ops.pinv(A, _tolerance(atol), _tolerance(rtol), hermitian)


@public("linalg")
def pinv(
    A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
) -> Tensor:
    """The Moore-Penrose inverse; singular values up to max(atol, rtol * the largest) count as 0."""
    return _pseudo(A, atol, rcond if rtol is None else rtol, hermitian)


@public()
def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The Moore-Penrose inverse, as torch.linalg.pinv."""
    return _pseudo(input, None, rcond, False)


@public("linalg")
def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of A as a map from its last dimensions to its first `ind`."""
    shape = A.array.shape
    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', but got {ind}")
    rows, columns = math.prod(shape[:ind]), math.prod(shape[ind:])
    if rows != columns:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == "
            f"prod(self.shape[:ind]), but got {columns} != {rows}"
        )
    found, info = ops.inv_ex(reshape(A, (rows, columns)))
    singular("inv", info.array)
    return reshape(found, (*shape[ind:], *shape[:ind]))


# ---- systems ---------------------------------------------------------------------------------

_OF_TRIANGULAR = successor(
    "triangular_solve", "torch.linalg.solve_triangular",
    "torch.linalg.solve_triangular has its arguments reversed and does not return a copy of one of "
    "the inputs.\nX = torch.triangular_solve(B, A).solution\nshould be replaced with\n"
    "X = torch.linalg.solve_triangular(A, B).", "",
)  # fmt: skip
_OF_LU_SOLVE = successor(
    "lu_solve", "torch.linalg.lu_solve",
    "Note that torch.linalg.lu_solve has its arguments reversed.\n"
    "X = torch.lu_solve(B, LU, pivots)\nshould be replaced with\n"
    "X = torch.linalg.lu_solve(LU, pivots, B)", "",
)  # fmt: skip
_SolveEx = named("linalg_solve_ex", "result", "info")
_Triangular = named("triangular_solve", "solution", "cloned_coefficient")


def _same_kind(name: str, a: Any, b: Any) -> None:
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"{name}: Expected A and B to have the same dtype, but found A of type {kind(a)} and B "
            f"of type {kind(b)} instead"
        )


def _fit(name: str, a: Any, b: tuple[int, ...], left: bool) -> None:
    if a.shape[-2] != b[-2 if left else -1]:
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {'AX' if left else 'XA'} = B "
            f"({a.shape[-2]}x{a.shape[-1]} and {b[-2]}x{b[-1]})"
        )


def _system(name: str, A: Tensor, B: Tensor, left: bool) -> bool:
    """Whether the right sides are vectors, of a system that has been checked."""
    a = A.array
    b = B.array
    check_floating(name, a)
    _same_kind(name, a, b)
    vector = a.ndim > 1 and (b.ndim == 1 or (b.ndim == a.ndim - 1 and b.shape == a.shape[:-1]))
    matrix_of(name, A)
    check_square(name, a)
    shape = (*b.shape, 1) if vector else b.shape
    if not vector:
        matrix_of(name, B, "B", 2)
    _fit(name, a, shape, left)
    if vector and not left:
        raise RuntimeError(
            f"{name}: Vector broadcasting of the left hand side is not supported for left=False. "
            "In this case linalg.solve is equivalent to B / A.squeeze(-1)"
        )
    return vector


@public("linalg", "solve")
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X with A @ X = B, or X @ A = B if not left. Raises LinAlgError for a singular A."""
    return ops.solve(A, B, left, _system("linalg.solve", A, B, left))


@public("linalg")
def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """X with A @ X = B, and where a zero was met in each A, from 1; 0 where none was."""
    found = ops.solve_ex(A, B, left, _system("linalg.solve", A, B, left))
    if check_errors:
        unsolved("torch.linalg.solve_ex", found[1].array)
    return _SolveEx(found)


@public("linalg")
def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """X with A @ X = B, or X @ A = B, where only one triangle of A is read."""
    name = "linalg.solve_triangular"
    a = A.array
    b = B.array
    matrix_of(name, A), matrix_of(name, B, "B", 2)
    check_square(name, a)
    _fit(name, a, b.shape, left)
    _same_kind(name, a, b)
    return ops.solve_triangular(A, B, upper, left, unitriangular)


def _older(name: str, b: Any, a: Any) -> None:
    """The checks of the functions that came before torch.linalg."""
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"Expected b and A to have the same dtype, but found b of type {kind(b)} and A of type "
            f"{kind(a)} instead."
        )
    check_square("", a)
    if a.shape[-2] != b.shape[-2]:
        raise RuntimeError(
            f"Incompatible matrix sizes for {name}: each A matrix is {a.shape[-1]} by "
            f"{a.shape[-1]} but each b matrix is {b.shape[-2]} by {b.shape[-1]}"
        )


@public()
def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    """X with A @ X = b, and a copy of A. Deprecated for torch.linalg.solve_triangular."""
    right, left = b.array, A.array
    for name, x in (("b", right), ("A", left)):
        if x.ndim < 2:
            raise RuntimeError(
                f"torch.triangular_solve: Expected {name} to have at least 2 dimensions, but it "
                f"has {x.ndim} dimensions instead"
            )
    _older("triangular_solve", right, left)
    deprecated(_OF_TRIANGULAR)
    return _Triangular(ops.triangular_solve(b, A, upper, transpose, unitriangular))


@public()
def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """X with A @ X = B, from the Cholesky factor of A."""
    b, factor = B.array, L.array
    for name, x in (("b", b), ("u", factor)):
        if x.ndim < 2:
            raise RuntimeError(
                f"{name} should have at least 2 dimensions, but has {x.ndim} dimensions instead"
            )
    _older("cholesky_solve", b, factor)
    broadcast_error(b[..., 0, 0] if b.size else b, factor[..., 0, 0] if factor.size else factor)
    return ops.cholesky_solve(B, L, upper)


@public()
def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of A, from its Cholesky factor."""
    array = matrix_of("cholesky_inverse", L, shown="A")
    check_square("cholesky_inverse", array)
    zeros = np.diagonal(array, 0, -2, -1) == 0
    if zeros.any():
        singular("cholesky_inverse", np.where(zeros.any(-1), zeros.argmax(-1) + 1, 0))
    return ops.cholesky_inverse(L, upper)


def _from_factors(LU: Tensor, pivots: Tensor, B: Tensor, left: bool, adjoint: bool) -> Tensor:
    name = "linalg.lu_solve"
    packed = LU.array
    swaps = pivots.array
    b = B.array
    check_floating(name, packed)
    _same_kind(name, packed, b)
    if swaps.dtype != np.int32:
        raise RuntimeError(f"{name}: pivots should be a Tensor of scalar type torch.int32")
    matrix_of(name, LU, "LU"), matrix_of(name, B, "B", 3)
    check_square(f"torch.{name}", packed)
    _fit(name, packed, b.shape, left)
    return ops.lu_solve(LU, pivots, B, left, adjoint)


@public("linalg", "lu_solve")
def linalg_lu_solve(
    LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False
) -> Tensor:
    """X with A @ X = B, from what torch.linalg.lu_factor gives for A."""
    return _from_factors(LU, pivots, B, left, adjoint)


@public()
def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """X with A @ X = b, from A's factors. Deprecated for torch.linalg.lu_solve."""
    deprecated(_OF_LU_SOLVE)
    return _from_factors(LU_data, LU_pivots, b, True, False)


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
    if rows != columns:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
            f"prod(self.shape[:other.ndim]), but got {columns} != {rows}"
        )
    return reshape(solve(reshape(A, (rows, columns)), reshape(B, (rows,))), shape)


# ---- least squares ---------------------------------------------------------------------------

_Lstsq = named("linalg_lstsq", "solution", "residuals", "rank", "singular_values")
_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


@public("linalg")
def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """X that makes |A @ X - B| smallest, the squares left over, A's rank and singular values."""
    name = "torch.linalg.lstsq"
    a, b = A.array, B.array
    if a.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if not b.ndim:
        raise RuntimeError(f"{name}: other must have at least 1 dimension.")
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"{name}: Expected input and other to have the same dtype, but got input's dtype "
            f"{kind(a)} and other's dtype {kind(b)}"
        )
    if not 0 <= a.ndim - b.ndim <= 1:
        raise RuntimeError(
            f"{name}: input.dim() must be greater or equal to other.dim() and (input.dim() - "
            "other.dim()) <= 1"
        )
    vector = b.ndim == a.ndim - 1 and b.shape == a.shape[:-1]
    if not vector and a.shape[-2] != b.shape[-2]:
        raise RuntimeError(f"{name}: input.size(-2) should match other.size(-2)")
    if driver is not None and driver not in _DRIVERS:
        raise RuntimeError(
            f"{name}: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)"
        )
    if a.dtype.kind not in "fc":
        raise RuntimeError("This function doesn't handle types other than float and double")
    if a.ndim - b.ndim == 1 and not vector:  # PyTorch broadcasts as if these were vectors
        rows = np.broadcast_to(0, b.shape[:-1])
        broadcast_error(np.broadcast_to(0, a.shape[:-2]), rows)
        batch = np.broadcast_shapes(a.shape[:-2], rows.shape)
        A = ops.expand(A, (*batch, *a.shape[-2:]))
        B = ops.expand(B, (*batch, *b.shape[-2:]))
    *found, sizes = ops.lstsq(A, B, rcond, driver or "gelsy", vector)
    return _Lstsq((*found, ops.detach(sizes)))


# ---- determinants ----------------------------------------------------------------------------

_LinalgSlogdet = named("linalg_slogdet", "sign", "logabsdet")
_Slogdet = named("slogdet", "sign", "logabsdet")


@public("torch Tensor linalg")
def det(A: Tensor) -> Tensor:
    """The determinants of square matrices."""
    square_of("linalg.det", A)
    return ops.det(A)


@public("linalg", "slogdet")
def linalg_slogdet(A: Tensor) -> Any:
    """The sign of the determinant and the logarithm of its size."""
    square_of("linalg.slogdet", A)
    return _LinalgSlogdet(ops.slogdet(A))


@public()
def slogdet(input: Tensor) -> Any:
    """The sign of the determinant and the logarithm of its size."""
    return _Slogdet(linalg_slogdet(input))


@public()
def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant; nan where that is negative."""
    array = square_of("logdet", input)
    sign, size = ops.slogdet(input)
    if array.dtype.kind == "c":
        return ops.add(ops.log(sign), size)
    return ops.where(ops.eq(sign, -1), math.nan, size)
