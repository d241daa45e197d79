"""Householder reflections: the rows. What LAPACK's QR leaves, and the products it stands for.

A product of k reflections is I - V T V^H for a small triangular T, so that forward and gradient are
a few matrix products.
"""

from __future__ import annotations

from typing import Any

import engine.ops.linalg.solve_rows  # noqa: F401 (rows its rules use)
from engine.dispatch.operation import op
from engine.ops.elementwise.arithmetic import unknown
from engine.ops.linalg.factoring import solved_triangle
from engine.ops.linalg.matrix import (
    adjoint,
    array_adjoint,
    columns_of,
    conjugate,
    diagonal,
    diagonal_matrix,
    identity,
    part,
    product,
)


def _geqrf(xp: Any, x: Any) -> Any:
    packed, tau = xp.linalg.qr(x, "raw")
    return packed.swapaxes(-1, -2), tau


op("geqrf(x)", _geqrf, outputs=2, x=unknown("geqrf"))


def reflectors(ns: Any, x: Any, tau: Any) -> Any:
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


class _Arrays:
    """The few rows that `reflectors` uses, over an array namespace: for forwards."""

    def __init__(self, xp: Any) -> None:
        self.xp = xp
        self.tril, self.triu, self.zeros_like = xp.tril, xp.triu, xp.zeros_like
        self.mm = self.matmul = xp.matmul
        self.cat, self.ones_like = xp.concatenate, xp.ones_like

    def t(self, x: Any) -> Any:
        return x.swapaxes(-1, -2)

    def transpose(self, x: Any, dim0: int, dim1: int) -> Any:
        return x.swapaxes(dim0, dim1)

    def conj(self, x: Any) -> Any:
        return x.conj()

    def unsqueeze(self, x: Any, dim: int) -> Any:
        return self.xp.expand_dims(x, dim)

    def slice(self, x: Any, dim: int, start: int, stop: int, step: int) -> Any:
        return x[(slice(None),) * dim + (slice(start, stop, step),)]

    def diag_embed(self, x: Any, *_: int) -> Any:
        return x[..., None] * self.xp.eye(x.shape[-1], dtype=x.dtype)

    def solve_triangular(self, a: Any, b: Any, upper: bool, left: bool, unit: bool) -> Any:
        return solved_triangle(self.xp, a, b, upper, unit)


def _householder(xp: Any, x: Any, tau: Any) -> Any:
    v, _, _, t = reflectors(_Arrays(xp), x, tau)
    columns = x.shape[-1]
    top = array_adjoint(v[..., :columns, :])
    return xp.eye(x.shape[-2], columns, dtype=x.dtype) - v @ (t @ top)


def _householder_rules(ns: Any, g: Any, x: Any, tau: Any) -> tuple[Any, Any]:
    made = reflectors(ns, x, tau)
    v, t = made[0], made[3]
    rows, columns = x.shape[-2:]
    top = part(ns, v, 2, 0, columns)
    g_top = -product(ns, adjoint(ns, g), v, t)
    if columns < rows:
        g_top = ns.slice_backward(
            g_top, tuple(v.shape), v.ndim - 2, 0, columns, 1)  # fmt: skip
    g_v = g_top - product(ns, g, top, adjoint(ns, t))
    g_t = -product(ns, adjoint(ns, v), g, top)
    return _reflectors_rule(ns, g_v, g_t, made, tau, tuple(x.shape))


op("householder_product(x, tau)", _householder, holomorphic=False,
   node="LinalgHouseholderProductBackward0",
   x=lambda ns, g, x, tau: _householder_rules(ns, g, x, tau)[0],
   tau=lambda ns, g, x, tau: _householder_rules(ns, g, x, tau)[1])  # fmt: skip


def _ormqr(xp: Any, x: Any, tau: Any, other: Any, left: bool, transpose: bool) -> Any:
    v, _, _, t = reflectors(_Arrays(xp), x, tau)
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
    made = reflectors(ns, x, tau)
    v = made[0]
    t = adjoint(ns, made[3]) if transpose else made[3]
    across = adjoint(ns, v)
    seen, sent = product(ns, across, other), product(ns, across, g)
    g_t = -product(ns, sent, adjoint(ns, seen))
    g_v = -(product(ns, g, adjoint(ns, product(ns, t, seen)))
            + product(ns, other, adjoint(ns, product(ns, adjoint(ns, t), sent))))  # fmt: skip
    g_t = adjoint(ns, g_t) if transpose else g_t
    return _reflectors_rule(ns, g_v, g_t, made, tau, tuple(x.shape))


op("ormqr(x, tau, other; left, transpose)", _ormqr, holomorphic=False,
   x=lambda ns, g, x, tau, other, left, transpose:
       _ormqr_rules(ns, g, x, tau, other, left, transpose)[0],
   tau=lambda ns, g, x, tau, other, left, transpose:
       _ormqr_rules(ns, g, x, tau, other, left, transpose)[1],
   other=lambda ns, g, x, tau, left, transpose: ns.ormqr(x, tau, g, left, not transpose)
   )  # fmt: skip
