"""Decompositions of matrices as PyTorch spells them, over their rows."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.ops.linalg.decomposition_rows
import engine.ops.linalg.householder
import engine.ops.linalg.lu
import engine.ops.linalg.matrix_functions  # noqa: F401 (all their rows)
from engine.arrays import dtypes
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.results import named
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.linalg.matrix import (
    LinAlgError,
    check_floating,
    check_square,
    deprecated,
    kind,
    matrix_of,
    square_of,
    successor,
    which,
)

# ruff: noqa: N803 (PyTorch's names)

# ---- Cholesky --------------------------------------------------------------------------------

_OF_CHOLESKY = successor(
    "cholesky", "torch.linalg.cholesky",
    "L = torch.cholesky(A)\nshould be replaced with\nL = torch.linalg.cholesky(A)\nand\n"
    "U = torch.cholesky(A, upper=True)\nshould be replaced with\n"
    "U = torch.linalg.cholesky(A).mH\nThis transform will produce equivalent results for all valid "
    "(symmetric positive definite) inputs.",
)  # fmt: skip
_CholeskyEx = named("linalg_cholesky_ex", "L", "info")


def _positive(name: str, info: Any) -> None:
    if info.any():
        batch, order = which(info)
        raise LinAlgError(
            f"{name}: {batch}The factorization could not be completed because the input is not "
            f"positive-definite (the leading minor of order {order} is not positive-definite)."
        )


def _cholesky(name: str, row: str, A: Tensor, upper: bool) -> Tensor:
    array = square_of(name, A)
    try:
        found: Tensor = getattr(ops, row)(A, upper)
    except RuntimeError:
        _positive(name, ops.cholesky_ex(wrap(array), upper)[1].array)
        raise
    return found


@public("linalg", "cholesky")
def linalg_cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """L with A = L @ L.mH, lower triangular; or U with A = U.mH @ U. Raises LinAlgError."""
    return _cholesky("linalg.cholesky", "linalg_cholesky", A, upper)


@public()
def cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """L with input = L @ L.mH, lower triangular; or U with input = U.mH @ U. Raises LinAlgError."""
    deprecated(_OF_CHOLESKY)
    return _cholesky("cholesky", "cholesky", input, upper)


@public("linalg")
def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """L with A = L @ L.mH, and 0 or the order of the first leading minor that is not positive."""
    square_of("linalg.cholesky_ex", A)
    factor, info = ops.cholesky_ex(A, upper)
    if check_errors:
        _positive("linalg.cholesky_ex", info.array)
    return _CholeskyEx((factor, info))


# ---- eigenvalues -----------------------------------------------------------------------------

_Eigh = named("linalg_eigh", "eigenvalues", "eigenvectors")
_Eig = named("linalg_eig", "eigenvalues", "eigenvectors")


def _symmetric(A: Tensor, UPLO: str) -> tuple[Tensor, Tensor]:
    array = matrix_of("linalg.eigh", A)
    check_square("linalg.eigh", array)
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    if array.dtype.kind not in "fc":
        raise NotImplementedError(f"\"linalg_eigh_cpu\" not implemented for '{kind(array)}'")
    values, vectors = ops.eigh(A, UPLO.upper() == "U")
    return values, vectors


@public("linalg")
def eigh(A: Tensor, UPLO: str = "L") -> Any:
    """Eigenvalues in rising order and eigenvectors of A, of which one triangle is read."""
    return _Eigh(_symmetric(A, UPLO))


@public("linalg")
def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of a symmetric or Hermitian matrix in rising order."""
    return _symmetric(A, UPLO)[0]


def _general(name: str, A: Tensor) -> tuple[Tensor, Tensor]:
    array = matrix_of(name, A)
    check_square(name, array)
    if array.dtype.kind not in "fc":
        raise RuntimeError(f"Unknown Complex ScalarType for {kind(array)}")
    if not np.isfinite(array).all():
        raise RuntimeError("torch.linalg.eig: input tensor should not contain infs or NaNs.")
    values, vectors = ops.eig(A)
    return values, vectors


@public("linalg")
def eig(A: Tensor) -> Any:
    """The complex eigenvalues and eigenvectors of square matrices."""
    return _Eig(_general("linalg.eig", A))


@public("linalg")
def eigvals(A: Tensor) -> Tensor:
    """The complex eigenvalues of square matrices."""
    return _general("linalg.eigvals", A)[0]


# ---- singular values -------------------------------------------------------------------------

_LinalgSvd = named("linalg_svd", "U", "S", "Vh")
_Svd = named("svd", "U", "S", "V")


def _singular(A: Tensor, full: bool, driver: str | None) -> Any:
    check_floating("linalg.svd", matrix_of("linalg.svd", A))
    if driver is not None:
        raise RuntimeError(
            "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with "
            "cuSOLVER backend."
        )
    return ops.svd(A, full)


@public("linalg", "svd")
def linalg_svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """U, S, Vh with A = U @ diag(S) @ Vh: singular values in falling order, and their vectors."""
    return _LinalgSvd(_singular(A, full_matrices, driver))


@public("linalg")
def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values in falling order."""
    found: Tensor = _singular(A, False, driver)[1]
    return found


@public()
def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """U, S, V with input = U @ diag(S) @ V.mH. Deprecated for torch.linalg.svd."""
    array = input.array
    if array.ndim < 2:
        raise RuntimeError(
            f"linalg.svd: input should have at least 2 dimensions, but has {array.ndim} dimensions "
            "instead"
        )
    left, values, right = _singular(input, compute_uv and not some, None)
    if compute_uv:
        turned = ops.transpose(right, array.ndim - 2, array.ndim - 1)
        return _Svd((left, values, ops.conj(turned) if array.dtype.kind == "c" else turned))
    *batch, rows, columns = array.shape
    empty = [wrap(np.zeros((*batch, size, size), array.dtype)) for size in (rows, columns)]
    return _Svd((empty[0], values, empty[1]))


# ---- QR and Householder ----------------------------------------------------------------------

_OF_QR = successor(
    "qr", "torch.linalg.qr",
    "The boolean parameter 'some' has been replaced with a string parameter 'mode'.\n"
    "Q, R = torch.qr(A, some)\nshould be replaced with\n"
    "Q, R = torch.linalg.qr(A, 'reduced' if some else 'complete')",
)  # fmt: skip
_LinalgQr, _Qr = named("linalg_qr", "Q", "R"), named("qr", "Q", "R")
_Geqrf = named("geqrf", "a", "tau")


@public("linalg", "qr")
def linalg_qr(A: Tensor, mode: str = "reduced") -> Any:
    """Q with orthonormal columns and R upper triangular, A = Q @ R."""
    check_floating("linalg.qr", matrix_of("linalg.qr", A))
    if mode not in ("reduced", "r", "complete"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', "
            "or 'complete'"
        )
    return _LinalgQr(ops.qr(A, mode))


@public()
def qr(input: Tensor, some: bool = True) -> Any:
    """Q and R with input = Q @ R. Deprecated for torch.linalg.qr."""
    deprecated(_OF_QR)
    return _Qr(linalg_qr(input, "reduced" if some else "complete"))


@public()
def geqrf(input: Tensor) -> Any:
    """LAPACK's QR: R on and above the diagonal, reflections below it and in tau."""
    array = input.array
    if array.ndim < 2:
        raise RuntimeError("torch.geqrf: input must have at least 2 dimensions.")
    if array.dtype.kind not in "fc":
        raise NotImplementedError(f"\"geqrf_cpu\" not implemented for '{kind(array)}'")
    return _Geqrf(ops.geqrf(input))


@public("linalg", "householder_product")
def householder_product(A: Tensor, tau: Tensor) -> Tensor:
    """The first columns of the product of reflections that are in A's columns and tau."""
    return _reflections(A, tau)


@public("torch Tensor")
def orgqr(input: Tensor, input2: Tensor) -> Tensor:
    """The first columns of the product of reflections, as torch.linalg.householder_product."""
    return _reflections(input, input2)


def _reflections(A: Tensor, tau: Tensor) -> Tensor:
    name = "torch.linalg.householder_product"
    x, t = (a.array
            for i, (n, a) in enumerate((("A", A), ("tau", tau)), 1))  # fmt: skip
    if x.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if x.shape[-2] < x.shape[-1]:
        raise RuntimeError(
            f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]"
        )
    if not t.ndim or x.shape[-1] < t.shape[-1]:
        raise RuntimeError(
            f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]"
        )
    _batches_agree(name, x, t)
    return ops.householder_product(A, tau)


def _batches_agree(name: str, x: Any, tau: Any) -> None:
    if x.ndim - tau.ndim != 1:
        raise RuntimeError(
            f"{name}: Expected tau to have one dimension less than input, but got tau.ndim equal "
            f"to {tau.ndim} and input.ndim is equal to {x.ndim}"
        )
    if x.shape[:-2] != tau.shape[:-1]:
        raise RuntimeError(
            f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got "
            f"{list(tau.shape[:-1])}"
        )
    if x.dtype != tau.dtype:
        raise RuntimeError(f"{name}: tau dtype {kind(tau)} does not match input dtype {kind(x)}")


@public()
def ormqr(
    input: Tensor, input2: Tensor, input3: Tensor, left: bool = True, transpose: bool = False
) -> Tensor:
    """Q @ input3 or input3 @ Q, where Q is the product of reflections in input and input2 (tau)."""
    x, tau = input.array, input2.array
    other = input3.array
    if x.ndim < 2:
        raise RuntimeError("torch.ormqr: input must have at least 2 dimensions.")
    if other.ndim < 2:
        raise RuntimeError("torch.ormqr: other must have at least 2 dimensions.")
    side = -2 if left else -1
    if other.shape[side] < tau.shape[-1]:
        raise RuntimeError(
            f"torch.ormqr: other.shape[{side}] must be greater than or equal to tau.shape[-1]"
        )
    if tau.shape[-1] != min(other.shape[side], x.shape[-1]):
        raise RuntimeError(
            f"torch.ormqr: tau.shape[-1] must be equal to min(other.shape[{side}], input.shape[-1])"
        )
    if other.shape[side] != x.shape[-2]:
        raise RuntimeError(f"torch.ormqr: other.shape[{side}] must be equal to input.shape[-2]")
    _batches_agree("torch.ormqr", x, tau)
    return ops.ormqr(input, input2, input3, left, transpose)


# ---- LU and LDL ------------------------------------------------------------------------------

_OF_LU = successor(
    "lu", "torch.linalg.lu_factor / torch.linalg.lu_factor_ex",
    "LU, pivots = torch.lu(A, compute_pivots)\nshould be replaced with\n"
    "LU, pivots = torch.linalg.lu_factor(A, compute_pivots)\nand\n"
    "LU, pivots, info = torch.lu(A, compute_pivots, get_infos=True)\nshould be replaced with\n"
    "LU, pivots, info = torch.linalg.lu_factor_ex(A, compute_pivots)",
)  # fmt: skip
_Lu = named("linalg_lu", "P", "L", "U")
_LuFactor = named("linalg_lu_factor", "LU", "pivots")
_LuFactorEx = named("linalg_lu_factor_ex", "LU", "pivots", "info")
_LuUnpack = named("lu_unpack", "P", "L", "U")
_LuWithInfo = named("_lu_with_info", "LU", "pivots", "info")
_Ldl = named("linalg_ldl_factor", "LD", "pivots")
_LdlEx = named("linalg_ldl_factor_ex", "LD", "pivots", "info")


def _pivoted(name: str, pivot: bool) -> None:
    if not pivot:
        raise RuntimeError(f"{name}: LU without pivoting is not implemented on the CPU")


def _factors(A: Tensor, pivot: bool) -> Any:
    array = A.array
    if array.ndim < 2:
        raise RuntimeError(
            "torch.lu_factor: Expected tensor with 2 or more dimensions. Got size: "
            f"{list(array.shape)} instead"
        )
    _pivoted("linalg.lu_factor", pivot)
    if array.dtype.kind not in "fc":
        raise NotImplementedError(f"\"lu_cpu\" not implemented for '{kind(array)}'")
    return ops.lu_factor_ex(A)


def _usable(name: str, info: Any) -> None:
    if info.any():
        batch, place = which(info)
        raise RuntimeError(
            f"{name}: {batch}U[{place},{place}] is zero and using it on lu_solve would result in a "
            "division by zero. If you still want to perform the factorization, consider calling "
            "linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)"
        )


@public("linalg", "lu")
def linalg_lu(A: Tensor, *, pivot: bool = True) -> Any:
    """P, L, U with A = P @ L @ U: a permutation, unit lower and upper triangular matrices."""
    array = matrix_of("linalg.lu", A)
    _pivoted("linalg.lu", pivot)
    if array.dtype.kind not in "fc":
        raise NotImplementedError(f"\"lu_cpu\" not implemented for '{kind(array)}'")
    swaps, lower, upper = ops.lu(A)
    return _Lu((ops.detach(swaps), lower, upper))


@public("linalg")
def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    """L and U packed into one matrix, and the pivots. Raises RuntimeError if U has a 0."""
    packed, pivots, info = _factors(A, pivot)
    _usable("torch.linalg.lu_factor", info.array)
    return _LuFactor((packed, pivots))


@public("linalg")
def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """L and U packed into one matrix, the pivots, and where U's diagonal is 0 first, from 1."""
    found = _factors(A, pivot)
    if check_errors:
        _usable("torch.linalg.lu_factor_ex", found[2].array)
    return _LuFactorEx(found)


@public()
def lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """L and U packed, the pivots and, if asked, infos. Deprecated for torch.linalg.lu_factor."""
    deprecated(_OF_LU)
    found = _factors(A, pivot)
    return _LuWithInfo(found) if get_infos else found[:2]


@public("torch")
def lu_unpack(
    LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True
) -> Any:
    """P, L, U from what lu_factor gives."""
    packed = LU_data.array
    pivots = LU_pivots.array
    if unpack_pivots and pivots.dtype != np.int32:
        raise RuntimeError(
            "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype."
            "\nNote: this function is intended to be used with the output produced by "
            "torch.linalg.lu_factor"
        )
    swaps: Any = wrap(np.zeros(0, packed.dtype))
    lower = upper = wrap(np.zeros(0, packed.dtype))
    if unpack_data:
        lower, upper = ops.lu_unpack(LU_data)
    if unpack_pivots:
        swaps = ops.lu_permutation(LU_pivots, packed.shape[-2], packed.dtype)
    return _LuUnpack((swaps, lower, upper))


def _ldl(name: str, A: Tensor, hermitian: bool) -> Any:
    array = matrix_of("torch.linalg.ldl_factor_ex", A)
    check_square("torch.linalg.ldl_factor_ex", array)
    if array.dtype.kind not in "fc":
        raise NotImplementedError(f"\"ldl_factor_kernel_cpu\" not implemented for '{kind(array)}'")
    return ops.ldl_factor_ex(A, hermitian)


def _singular_ldl(name: str, info: Any) -> None:
    if info.any():
        batch, place = which(info)
        raise LinAlgError(
            f"{name}: {batch}The factor D has a zero block at {place}: the matrix is singular."
        )


@public("linalg")
def ldl_factor(A: Tensor, *, hermitian: bool = False) -> Any:
    """L and the block diagonal D packed into one matrix, and the pivots: A = L @ D @ L.mT."""
    packed, pivots, info = _ldl("torch.linalg.ldl_factor", A, hermitian)
    _singular_ldl("torch.linalg.ldl_factor", info.array)
    return _Ldl((packed, pivots))


@public("linalg")
def ldl_factor_ex(A: Tensor, *, hermitian: bool = False, check_errors: bool = False) -> Any:
    """L and D packed, the pivots, and where D is 0 first, from 1."""
    found = _ldl("torch.linalg.ldl_factor_ex", A, hermitian)
    if check_errors:
        _singular_ldl("torch.linalg.ldl_factor_ex", found[2].array)
    return _LdlEx(found)


@public("linalg")
def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False) -> Tensor:
    """X with A @ X = B, from what ldl_factor gives for A."""
    name = "torch.linalg.ldl_solve"
    packed = LD.array
    swaps = pivots.array
    right = B.array
    check_square(name, matrix_of(name, LD, "LD"))
    if right.ndim < 2:
        raise RuntimeError(
            f"{name}: Expected B to have at least 2 dimensions, but it has {right.ndim} dimensions "
            "instead"
        )
    if packed.shape[:-1] != swaps.shape:
        raise RuntimeError(
            f"{name}: Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with "
            f"shape {list(swaps.shape)} instead"
        )
    if swaps.dtype.kind not in "iu":
        raise RuntimeError(
            f"{name}: Expected pivots to be integers. Got {dtypes.of(swaps.dtype).scalar_name}"
        )
    if packed.dtype != right.dtype:
        raise RuntimeError(f"{name}: LD dtype {kind(packed)} does not match b dtype {kind(right)}")
    return ops.ldl_solve(LD, pivots, B, hermitian)
