"""QR, and the Householder reflections that LAPACK's QR leaves.

A product of k reflections is I - V T V^H for a small triangular T, so that forward and gradient are
a few matrix products. The rules are written for complex numbers.
"""

from __future__ import annotations

from typing import Any

import engine.ops.linalg.triangular  # noqa: F401 (a row its rules use)
from engine.arrays.backends import Rows
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.dispatch.results import named
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.elementwise.arithmetic import unknown
from engine.ops.linalg import checks
from engine.ops.linalg.checks import kind, require
from engine.ops.linalg.matrix import (
    adjoint,
    array_adjoint,
    array_turned,
    columns_of,
    conjugate,
    diagonal,
    diagonal_matrix,
    halved_diagonal,
    identity,
    part,
    product,
)

# ruff: noqa: N803 (PyTorch's names)

# ---- QR --------------------------------------------------------------------------------------


def _qr(xp: Any, x: Any, mode: str) -> Any:
    if mode == "r":
        return xp.zeros(0, x.dtype), xp.linalg.qr(x, "r")
    return tuple(xp.linalg.qr(x, mode))


def _qr_rule(ns: Any, g: Any, out: Any, mode: str) -> Any:
    """Of the leading square part; what is to the right of it is Q^H times the input's rest."""
    require(
        mode != "r",
        "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please "
        "use linalg.qr(A, mode='reduced') if you are going to differentiate through linalg.qr.",
    )
    q, r = out
    g_q, g_r = g
    size, columns = q.shape[-1], r.shape[-1]
    require(
        q.shape[-2] <= columns or mode != "complete",
        "The QR decomposition is not differentiable when mode='complete' and nrows > ncols.",
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


# ---- reflections -----------------------------------------------------------------------------


def _geqrf(xp: Any, x: Any) -> Any:
    packed, tau = xp.linalg.qr(x, "raw")
    return array_turned(packed), tau


def _reflectors(ns: Any, x: Any, tau: Any) -> Any:
    """V and T of H_1 H_2 ... H_k = I - V T V^H, where H_i = I - tau_i v_i v_i^H.

    With M = I + diag(tau) striu(V^H V), T = M^-1 diag(tau): nothing divides by tau.
    """
    count = tau.shape[-1]
    below = ns.tril(part(ns, x, 1, 0, count), -1)
    rest = below.shape[-2] - count
    ones = identity(ns, tau)
    if rest:
        padding = ns.zeros_like(part(ns, below, 2, count, count + rest))
        ones = ns.cat((ones, padding), ones.ndim - 2)
    v = below + ones
    w = ns.triu(product(ns, adjoint(ns, v), v), 1)
    m = identity(ns, tau) + columns_of(ns, tau) * w
    t = ns.solve_triangular(m, diagonal_matrix(ns, tau), True, True, True)
    return v, w, m, t


def _reflectors_rule(
    ns: Any, g_v: Any, g_t: Any, made: Any, tau: Any, shape: tuple[int, ...]
) -> tuple[Any, Any]:
    """The gradients of x and tau from those of V and T."""
    v, w, m, t = made
    inner = ns.solve_triangular(adjoint(ns, m), g_t, False, True, True)
    g_m = -product(ns, inner, adjoint(ns, t))
    g_tau = diagonal(ns, inner) + ns.sum_dim(g_m * conjugate(ns, w), (g_m.ndim - 1,), False)
    g_w = ns.triu(columns_of(ns, conjugate(ns, tau)) * g_m, 1)
    g_v = ns.tril(g_v + product(ns, v, g_w + adjoint(ns, g_w)), -1)
    if g_v.shape[-1] < shape[-1]:
        g_v = ns.slice_backward(g_v, shape, len(shape) - 1, 0, g_v.shape[-1], 1)
    return g_v, g_tau


def _over(xp: Any) -> Rows:
    """The rows over arrays of a namespace."""
    return Rows(lambda row: row.over(xp))


def _householder(xp: Any, x: Any, tau: Any) -> Any:
    v, _, _, t = _reflectors(_over(xp), x, tau)
    columns = x.shape[-1]
    top = array_adjoint(v[..., :columns, :])
    return xp.eye(x.shape[-2], columns, dtype=x.dtype) - v @ (t @ top)


def _householder_rules(ns: Any, g: Any, x: Any, tau: Any) -> tuple[Any, Any]:
    made = _reflectors(ns, x, tau)
    v, t = made[0], made[3]
    rows, columns = x.shape[-2:]
    top = part(ns, v, 2, 0, columns)
    g_top = -product(ns, adjoint(ns, g), v, t)
    if columns < rows:
        g_top = ns.slice_backward(g_top, tuple(v.shape), v.ndim - 2, 0, columns, 1)
    g_v = g_top - product(ns, g, top, adjoint(ns, t))
    g_t = -product(ns, adjoint(ns, v), g, top)
    return _reflectors_rule(ns, g_v, g_t, made, tau, tuple(x.shape))


def _ormqr(xp: Any, x: Any, tau: Any, other: Any, left: bool, transpose: bool) -> Any:
    v, _, _, t = _reflectors(_over(xp), x, tau)
    t = array_adjoint(t) if transpose else t
    if left:
        return other - v @ (t @ (array_adjoint(v) @ other))
    return other - ((other @ v) @ t) @ array_adjoint(v)


def _ormqr_rules(
    ns: Any, g: Any, x: Any, tau: Any, other: Any, left: bool, transpose: bool
) -> tuple[Any, Any]:
    """Those of Q other; other Q is (Q^H other^H)^H."""
    if not left:
        g, other, transpose = adjoint(ns, g), adjoint(ns, other), not transpose
    made = _reflectors(ns, x, tau)
    v = made[0]
    t = adjoint(ns, made[3]) if transpose else made[3]
    across = adjoint(ns, v)
    seen, sent = product(ns, across, other), product(ns, across, g)
    g_t = -product(ns, sent, adjoint(ns, seen))
    first = product(ns, g, adjoint(ns, product(ns, t, seen)))
    g_v = -(first + product(ns, other, adjoint(ns, product(ns, adjoint(ns, t), sent))))
    g_t = adjoint(ns, g_t) if transpose else g_t
    return _reflectors_rule(ns, g_v, g_t, made, tau, tuple(x.shape))


# fmt: off
op("qr(x; mode)", _qr, outputs=2, holomorphic=False, node="LinalgQrBackward0", x=_qr_rule)
op("geqrf(x)", _geqrf, outputs=2, x=unknown("geqrf"))
op("householder_product(x, tau)", _householder, holomorphic=False,
   node="LinalgHouseholderProductBackward0",
   x=lambda ns, g, x, tau: _householder_rules(ns, g, x, tau)[0],
   tau=lambda ns, g, x, tau: _householder_rules(ns, g, x, tau)[1])
op("ormqr(x, tau, other; left, transpose)", _ormqr, holomorphic=False,
   x=lambda ns, g, x, tau, other, left, transpose:
       _ormqr_rules(ns, g, x, tau, other, left, transpose)[0],
   tau=lambda ns, g, x, tau, other, left, transpose:
       _ormqr_rules(ns, g, x, tau, other, left, transpose)[1],
   other=lambda ns, g, x, tau, left, transpose: ns.ormqr(x, tau, g, left, not transpose))
# fmt: on

# ---- functions -------------------------------------------------------------------------------

_OF_QR = checks.successor(
    "qr",
    "torch.linalg.qr",
    "The boolean parameter 'some' has been replaced with a string parameter 'mode'.\n"
    "Q, R = torch.qr(A, some)\nshould be replaced with\n"
    "Q, R = torch.linalg.qr(A, 'reduced' if some else 'complete')",
)
_LinalgQr, _Qr = named("linalg_qr", "Q", "R"), named("qr", "Q", "R")
_Geqrf = named("geqrf", "a", "tau")


@public("linalg", "qr")
def linalg_qr(A: Tensor, mode: str = "reduced") -> Any:
    """Q with orthonormal columns and R upper triangular, A = Q @ R."""
    checks.floating("linalg.qr", checks.matrix("linalg.qr", A))
    require(
        mode in ("reduced", "r", "complete"),
        f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or "
        "'complete'",
    )
    return _LinalgQr(ops.qr(A, mode))


@public()
def qr(input: Tensor, some: bool = True) -> Any:
    """Q and R with input = Q @ R. Deprecated for torch.linalg.qr."""
    checks.deprecated(_OF_QR)
    return _Qr(linalg_qr(input, "reduced" if some else "complete"))


@public()
def geqrf(input: Tensor) -> Any:
    """LAPACK's QR: R on and above the diagonal, reflections below it and in tau."""
    array = input.array
    require(array.ndim >= 2, "torch.geqrf: input must have at least 2 dimensions.")
    checks.kernel("geqrf_cpu", array)
    return _Geqrf(ops.geqrf(input))


def _check_tau(name: str, x: Any, tau: Any) -> None:
    require(
        x.ndim - tau.ndim == 1,
        f"{name}: Expected tau to have one dimension less than input, but got tau.ndim equal to "
        f"{tau.ndim} and input.ndim is equal to {x.ndim}",
    )
    require(
        x.shape[:-2] == tau.shape[:-1],
        f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got "
        f"{list(tau.shape[:-1])}",
    )
    require(
        x.dtype == tau.dtype,
        f"{name}: tau dtype {kind(tau)} does not match input dtype {kind(x)}",
    )


@public("linalg", "householder_product")
def householder_product(A: Tensor, tau: Tensor) -> Tensor:
    """The first columns of the product of reflections that are in A's columns and tau."""
    name = "torch.linalg.householder_product"
    x, t = A.array, tau.array
    require(x.ndim >= 2, f"{name}: input must have at least 2 dimensions.")
    require(
        x.shape[-2] >= x.shape[-1],
        f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]",
    )
    require(
        t.ndim and x.shape[-1] >= t.shape[-1],
        f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]",
    )
    _check_tau(name, x, t)
    return ops.householder_product(A, tau)


@public("torch Tensor")
def orgqr(input: Tensor, input2: Tensor) -> Tensor:
    """The first columns of the product of reflections, as torch.linalg.householder_product."""
    return householder_product(input, input2)


@public()
def ormqr(
    input: Tensor, input2: Tensor, input3: Tensor, left: bool = True, transpose: bool = False
) -> Tensor:
    """Q @ input3 or input3 @ Q, where Q is the product of reflections in input and input2 (tau)."""
    x, tau, other = input.array, input2.array, input3.array
    name, side = "torch.ormqr", -2 if left else -1
    require(x.ndim >= 2, f"{name}: input must have at least 2 dimensions.")
    require(other.ndim >= 2, f"{name}: other must have at least 2 dimensions.")
    require(
        other.shape[side] >= tau.shape[-1],
        f"{name}: other.shape[{side}] must be greater than or equal to tau.shape[-1]",
    )
    require(
        tau.shape[-1] == min(other.shape[side], x.shape[-1]),
        f"{name}: tau.shape[-1] must be equal to min(other.shape[{side}], input.shape[-1])",
    )
    require(
        other.shape[side] == x.shape[-2],
        f"{name}: other.shape[{side}] must be equal to input.shape[-2]",
    )
    _check_tau(name, x, tau)
    return ops.ormqr(input, input2, input3, left, transpose)
