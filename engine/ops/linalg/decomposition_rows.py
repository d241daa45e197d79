"""Decompositions of matrices: the rows. Cholesky, eigenvalues, singular values, QR.

A gradient goes back through the factors alone: a decomposition's differential is solved for, in the
basis the factors give. Eigenvectors and singular vectors are directions: of a gradient, the part
that would turn a complex one's phase has nothing to act on, and a loss that depends on it is an
error. None of them is a holomorphic function: the rules are written for complex numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.ops.linalg.solve_rows  # noqa: F401 (rows its rules use)
from engine.arrays.backends import NUMPY
from engine.dispatch.operation import op
from engine.graph.tensor import Tensor
from engine.ops.linalg.matrix import (
    LinAlgError,
    adjoint,
    array_adjoint,
    columns_of,
    diagonal,
    diagonal_matrix,
    halved_diagonal,
    identity,
    is_complex,
    part,
    product,
    real_for,
    rows_of,
)

# ---- Cholesky --------------------------------------------------------------------------------


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
        info[i] = _cholesky_of(matrix)
    out = out.reshape(x.shape)
    return array_adjoint(out) if upper else out, info.reshape(x.shape[:-2])


def _cholesky_of(a: Any) -> int:
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


def _cholesky_rule(ns: Any, g: Any, out: Any, upper: bool) -> Any:
    """L^-H S L^-1, where S is the Hermitian part of L^H g's lower triangle."""
    if upper:
        g, out = adjoint(ns, g), adjoint(ns, out)
    half = ns.tril(product(ns, adjoint(ns, out), g), 0)
    both = (half + adjoint(ns, ns.tril(half, -1))) / 2
    across = adjoint(ns, out)
    left = ns.solve_triangular(across, both, True, True, False)
    return ns.solve_triangular(out, left, False, False, False)


for _name in ("linalg_cholesky", "cholesky"):
    op(f"{_name}(x; upper)", _cholesky, holomorphic=False, written="cholesky(x, upper=upper)",
       node="CholeskyBackward0" if _name == "cholesky" else "LinalgCholeskyExBackward0",
       x=_cholesky_rule)  # fmt: skip
op("cholesky_ex(x; upper)", _cholesky_info, outputs=2, holomorphic=False,
   node="LinalgCholeskyExBackward0", written="cholesky_ex(x, upper=upper)",
   x=lambda ns, g, out, upper: _cholesky_rule(ns, g[0], out[0], upper))  # fmt: skip

# ---- eigenvalues -----------------------------------------------------------------------------


def _check_phase(turn: Any, who: str, vectors: str, what: str) -> None:
    """Raise PyTorch's error if a gradient would turn vectors' phases."""
    imag = (turn.array if isinstance(turn, Tensor) else turn).imag
    if not np.allclose(imag, 0, 1e-2, 1e-2):
        raise RuntimeError(
            f"{who}: The {vectors} in the complex case are specified up to multiplication by "
            f"e^{{i phi}}. The specified loss function depends on {what}"
        )


def _differences(ns: Any, values: Any) -> Any:
    """values[j] - values[i], and 1 on the diagonal."""
    return rows_of(ns, values) - columns_of(ns, values) + identity(ns, values)


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
        _check_phase(diagonal(ns, turn), "linalg_eigh_backward", "eigenvectors",
                     "this quantity, so it is ill-defined.")  # fmt: skip
    middle = (turn - adjoint(ns, turn)) / 2 / _differences(ns, values)
    if g[0] is not None:
        middle = middle + diagonal_matrix(ns, g[0])
    return product(ns, vectors, middle, across)


op("eigh(x; upper)", _eigh, outputs=2, holomorphic=False, node="LinalgEighBackward0",
   written="eigh(x)", x=_eigh_rule)  # fmt: skip


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
        _check_phase(along, "linalg_eig_backward", "eigenvectors",
                     "this quantity, so it is ill-defined.")  # fmt: skip
        turn = turn - product(ns, across, vectors * rows_of(ns, ns.complex(
            ns.real(along), ns.zeros_like(ns.real(along)))))  # fmt: skip
        turn = turn / _differences(ns, ns.conj(values))
        middle = turn if middle is None else turn + middle
    found = ns.solve(across, product(ns, middle, across), True, False)
    return real_for(ns, found, x_dtype)


op("eig(x)", _eig, outputs=2, holomorphic=False, node="LinalgEigBackward0", x=_eig_rule)

# ---- singular values -------------------------------------------------------------------------


def _svd_check(x: Any, *_: Any) -> None:
    """Raise PyTorch's error for numbers that are not finite."""
    if not np.isfinite(x).all():
        raise LinAlgError(
            "linalg.svd: The algorithm failed to converge because the input matrix contained "
            "non-finite values."
        )


def _skew(ns: Any, x: Any) -> Any:
    return x - adjoint(ns, x)


def _svd_rule(ns: Any, g: Any, out: Any) -> Any:
    left, values, right = out
    k = values.shape[-1]
    g_left = None if g[0] is None else part(ns, g[0], 1, 0, k)
    g_right = None if g[2] is None else part(ns, g[2], 2, 0, k)
    left, right = part(ns, left, 1, 0, k), part(ns, right, 2, 0, k)
    row, column = rows_of(ns, values), columns_of(ns, values)
    if g_left is None and g_right is None:
        return product(ns, left * rows_of(ns, g[1]), right)
    inner = _svd_inner(ns, g_left, g_right, left, values, right)
    inner = inner if g[1] is None else inner + diagonal_matrix(ns, g[1])
    found = product(ns, left, inner, right)
    if g_left is not None and left.shape[-2] > k:
        outer = g_left / row
        outer = outer - product(ns, left, adjoint(ns, left), outer)
        found = found + product(ns, outer, right)
    if g_right is not None and right.shape[-1] > k:
        outer = g_right / column
        outer = outer - product(ns, outer, adjoint(ns, right), right)
        found = found + product(ns, left, outer)
    return found


def _svd_inner(ns: Any, g_left: Any, g_right: Any, left: Any, values: Any, right: Any) -> Any:
    """The gradient that turning the vectors among themselves gives, in their own basis."""
    row, column = rows_of(ns, values), columns_of(ns, values)
    turn_left = None if g_left is None else _skew(ns, product(ns, adjoint(ns, left), g_left))
    turn_right = None if g_right is None else _skew(ns, product(ns, right, adjoint(ns, g_right)))
    _check_turns(ns, turn_left, turn_right)
    gaps = _differences(ns, values * values)
    if turn_left is None:
        return column * (turn_right / gaps)
    if turn_right is None:
        return turn_left / gaps * row
    inner = (turn_left * row + column * turn_right) / gaps
    if is_complex(inner):
        inner = inner + diagonal_matrix(ns, diagonal(ns, turn_left) / (2 * values))
    return inner


def _check_turns(ns: Any, left: Any, right: Any) -> None:
    either = right if left is None else left
    if not is_complex(either):
        return
    both = either if left is None or right is None else left + right
    _check_phase(diagonal(ns, both), "svd_backward", "singular vectors",
                 "this phase term, making it ill-defined.")  # fmt: skip


op("svd(x; full)", lambda xp, x, full: tuple(xp.linalg.svd(x, full_matrices=full)),
   outputs=3, holomorphic=False, check=_svd_check,
   node="LinalgSvdBackward0", written="svd(x, full)", x=_svd_rule)  # fmt: skip

# ---- QR --------------------------------------------------------------------------------------


def _qr(xp: Any, x: Any, mode: str) -> Any:
    if mode == "r":
        return xp.zeros(0, x.dtype), xp.linalg.qr(x, "r")
    return tuple(xp.linalg.qr(x, mode))


def _qr_rule(ns: Any, g: Any, out: Any, mode: str) -> Any:
    """Of the leading square part; what is to the right of it is Q^H times the input's rest."""
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. "
            "Please use linalg.qr(A, mode='reduced') if you are going to differentiate through "
            "linalg.qr."
        )
    q, r = out
    g_q, g_r = g
    size, columns = q.shape[-1], r.shape[-1]
    if q.shape[-2] > columns and mode == "complete":
        raise RuntimeError(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols."
        )
    if columns <= size:
        return _square_qr_rule(ns, g_q, g_r, q, r)
    rest = part(ns, r, 1, size, columns)
    head = part(ns, r, 1, 0, size)
    if g_r is None:
        g_rest, g_head = product(ns, q, ns.zeros_like(rest)), None
    else:
        g_right = part(ns, g_r, 1, size, columns)
        g_head, g_rest = part(ns, g_r, 1, 0, size), product(ns, q, g_right)
        share = product(ns, q, rest, adjoint(ns, g_right))
        g_q = share if g_q is None else g_q + share
    return ns.cat((_square_qr_rule(ns, g_q, g_head, q, head), g_rest), q.ndim - 1)


def _square_qr_rule(ns: Any, g_q: Any, g_r: Any, q: Any, r: Any) -> Any:
    """(gQ + Q sym(triu(gR R^H - Q^H gQ))) R^-H."""
    across = adjoint(ns, r)
    if g_q is None:
        inside = product(ns, g_r, across)
    else:
        inside = -product(ns, adjoint(ns, q), g_q)
        inside = inside if g_r is None else product(ns, g_r, across) + inside
    inside = halved_diagonal(ns, ns.triu(inside, 0))
    found = product(ns, q, inside + adjoint(ns, inside))
    found = found if g_q is None else g_q + found
    return ns.solve_triangular(across, found, False, False, False)


op("qr(x; mode)", _qr, outputs=2, holomorphic=False, node="LinalgQrBackward0",
   written="qr(x, mode)", x=_qr_rule)  # fmt: skip
