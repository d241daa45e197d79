"""Eigenvalues and eigenvectors.

A gradient goes back through the factors alone: a decomposition's differential is solved for, in the
basis the factors give. Vectors are directions: of a gradient, the part that would turn a complex
one's phase has nothing to act on, and a loss that depends on it is an error. These are no
holomorphic functions: the rules are written for complex numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.ops.linalg.solve  # noqa: F401 (a row its rules use)
from engine.arrays.backends import NUMPY
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.dispatch.results import named
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.linalg import checks
from engine.ops.linalg.checks import kind, require
from engine.ops.linalg.matrix import (
    adjoint,
    columns_of,
    diagonal,
    diagonal_matrix,
    identity,
    is_complex,
    product,
    real_for,
    rows_of,
)

# ruff: noqa: N803 (PyTorch's names)


def check_phase(turn: Any, who: str, vectors: str, depends_on: str) -> None:
    """Raise PyTorch's error if a gradient would turn vectors' phases."""
    imag = (turn.array if isinstance(turn, Tensor) else turn).imag
    require(
        np.allclose(imag, 0, 1e-2, 1e-2),
        f"{who}: The {vectors} in the complex case are specified up to multiplication by "
        f"e^{{i phi}}. The specified loss function depends on {depends_on}",
    )


def differences(ns: Any, values: Any) -> Any:
    """values[j] - values[i], and 1 on the diagonal."""
    return rows_of(ns, values) - columns_of(ns, values) + identity(ns, values)


_THIS = "this quantity, so it is ill-defined."


def _eigh(xp: Any, x: Any, upper: bool) -> Any:
    if xp is not NUMPY:
        return xp.linalg.eigh(x, UPLO="U" if upper else "L", symmetrize_input=False)
    if not np.isfinite(x).all():
        nan = np.full(x.shape, np.nan, x.dtype)
        return nan[..., 0].real.copy(), nan
    return np.linalg.eigh(x, UPLO="U" if upper else "L")


def _eigh_rule(ns: Any, g: Any, out: Any) -> Any:
    """V (diag(gL) + skew(V^H gV) / (L_j - L_i)) V^H."""
    values, vectors = out
    across = adjoint(ns, vectors)
    if g[1] is None:
        return product(ns, vectors * rows_of(ns, g[0]), across)
    turn = product(ns, across, g[1])
    if is_complex(turn):
        check_phase(diagonal(ns, turn), "linalg_eigh_backward", "eigenvectors", _THIS)
    middle = (turn - adjoint(ns, turn)) / 2 / differences(ns, values)
    if g[0] is not None:
        middle = middle + diagonal_matrix(ns, g[0])
    return product(ns, vectors, middle, across)


def _eig(xp: Any, x: Any) -> Any:
    values, vectors = xp.linalg.eig(x)
    dtype = np.result_type(x.dtype, np.complex64)
    return values.astype(dtype), vectors.astype(dtype)


def _eig_rule(ns: Any, g: Any, x_dtype: Any, out: Any) -> Any:
    """V^-H (diag(gL) + (V^H gV - V^H V diag(V^H gV)) / conj(L_j - L_i)) V^H.

    Since the vectors have length 1, a gradient along them is taken out.
    """
    values, vectors = out
    across = adjoint(ns, vectors)
    middle = None if g[0] is None else diagonal_matrix(ns, g[0])
    if g[1] is not None:
        turn = product(ns, across, g[1])
        along = diagonal(ns, turn)
        check_phase(along, "linalg_eig_backward", "eigenvectors", _THIS)
        along = ns.complex(ns.real(along), ns.zeros_like(ns.real(along)))
        turn = turn - product(ns, across, vectors * rows_of(ns, along))
        turn = turn / differences(ns, ns.conj(values))
        middle = turn if middle is None else turn + middle
    found = ns.solve(across, product(ns, middle, across), True, False)
    return real_for(ns, found, x_dtype)


op(
    "eigh(x; upper)",
    _eigh,
    outputs=2,
    holomorphic=False,
    node="LinalgEighBackward0",
    written="eigh(x)",
    x=_eigh_rule,
)
op("eig(x)", _eig, outputs=2, holomorphic=False, node="LinalgEigBackward0", x=_eig_rule)

_Eigh = named("linalg_eigh", "eigenvalues", "eigenvectors")
_Eig = named("linalg_eig", "eigenvalues", "eigenvectors")


def _symmetric(A: Tensor, UPLO: str) -> tuple[Tensor, Tensor]:
    array = checks.matrix("linalg.eigh", A)
    checks.square("linalg.eigh", array)
    require(UPLO.upper() in ("L", "U"), f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    checks.kernel("linalg_eigh_cpu", array)
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
    array = checks.matrix(name, A)
    checks.square(name, array)
    require(array.dtype.kind in "fc", f"Unknown Complex ScalarType for {kind(array)}")
    require(
        np.isfinite(array).all(),
        "torch.linalg.eig: input tensor should not contain infs or NaNs.",
    )
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
