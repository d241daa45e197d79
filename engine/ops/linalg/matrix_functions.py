"""Functions of square matrices: the rows. Determinants, the exponential, LDL.

A determinant is a polynomial, so its derivatives are there for singular matrices too, where there
is no inverse. The first is the matrix of cofactors. With A = U S V^H,

    cofactors(A) = det(U) det(V^H) conj(U) cofactors(S) conj(V^H)

and what is left to know are products of singular values, which need no division by those that may
be zero: the last two. Where PyTorch's way gives nan for a second derivative, it is nan here too.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

import engine.ops.linalg.solve_rows  # noqa: F401 (rows its rules use)
from engine.arrays.backends import NUMPY
from engine.arrays.row import Rule, non_differentiable
from engine.dispatch.operation import op
from engine.ops.linalg.factoring import symmetric_factored, symmetric_solved
from engine.ops.linalg.matrix import adjoint, is_complex, part, per_matrix, product, total, turned

# ---- determinants ----------------------------------------------------------------------------


def _bases(xp: Any, x: Any) -> tuple[Any, Any, Any, Any]:
    """conj(U), S, conj(V^H) and det(U) det(V^H)."""
    left, values, right = xp.linalg.svd(x)
    sign = xp.linalg.det(left) * xp.linalg.det(right)
    return left.conj(), values, right.conj(), sign[..., None, None].astype(x.dtype)


def _last(values: Any, count: int) -> tuple[Any, Any, Any]:
    """The product of all but the last `count`, the others divided out of it, and the last."""
    kept = values.shape[-1] - count
    head, tail = values[..., :kept], values[..., kept:]
    return head.prod(-1), head, tail


def _without_one(xp: Any, values: Any) -> Any:
    """The product of all values but each; they are in falling order."""
    whole, head, tail = _last(values, 1)
    others = whole[..., None] / xp.where(head == 0, 1, head) * tail
    return xp.concatenate((others, whole[..., None]), -1)


def _without_two(xp: Any, values: Any) -> Any:
    """The product of all values but each two."""
    size = values.shape[-1]
    count = min(2, size)
    whole, head, tail = _last(values, count)
    divisors = xp.concatenate((xp.where(head == 0, 1, head), xp.ones_like(tail)), -1)
    out = whole[..., None, None] / (divisors[..., :, None] * divisors[..., None, :])
    for k in range(count):
        here = xp.arange(size) == size - count + k
        either = here[:, None] | here
        out = out * xp.where(either, 1, tail[..., k, None, None])
    return out


def _cofactor(xp: Any, x: Any) -> Any:
    if not x.shape[-1]:
        return xp.array(x)
    left, values, right, sign = _bases(xp, x)
    return sign * ((left * _without_one(xp, values)[..., None, :]) @ right)


def _cofactor_turned(xp: Any, h: Any, x: Any) -> Any:
    """The gradient of sum(h * cofactors(x)): for x = S, of products of two elements at a time."""
    size = x.shape[-1]
    if not size:
        return xp.array(x)
    left, values, right, sign = _bases(xp, x)
    inside = left.swapaxes(-1, -2) @ h @ right.swapaxes(-1, -2)
    others = _without_two(xp, values) * (1 - xp.eye(size, dtype=values.dtype))
    on_diagonal = (others * xp.diagonal(inside, 0, -2, -1)[..., None, :]).sum(-1)
    inside = -others * inside.swapaxes(-1, -2) + on_diagonal[..., None] * xp.eye(
        size, dtype=x.dtype)  # fmt: skip
    return xp.where(_undecided(xp, values), np.nan, sign * (left @ inside @ right))


def _undecided(xp: Any, values: Any) -> Any:
    """Where PyTorch's second derivative is nan: it goes by the SVD near a singular matrix, and
    divides by the differences of singular values, which are 0 for those that are equal.
    """
    near = values.prod(-1) < 100 * np.finfo(values.dtype).eps
    equal = (values[..., 1:] == values[..., :-1]).any(-1)
    return (near & equal)[..., None, None]


def _third_rule(ns: Any, g: Any, h: Any, x: Any) -> Any:
    """Of the third derivative, by the inverse: for d (B tr(B^T h) - B h^T B) with B = x^-T."""
    b = turned(ns, ns.inv(x))
    seen, other = product(ns, b, turned(ns, h), b), product(ns, b, turned(ns, g), b)
    over_h, over_g = per_matrix(ns, total(ns, b * h)), per_matrix(ns, total(ns, b * g))
    both = per_matrix(ns, total(ns, seen * g))
    twice = product(ns, seen, turned(ns, g), b) + product(ns, other, turned(ns, h), b)
    inside = (over_h * over_g - both) * b - over_h * other - over_g * seen + twice
    return per_matrix(ns, ns.det(x)) * inside


op("det(x)", lambda xp, x: xp.linalg.det(x), node="LinalgDetBackward0", latex=r"\det",
   x=lambda ns, g, x: per_matrix(ns, g) * ns.cofactor(x))  # fmt: skip
op("cofactor(x)", _cofactor, written="det(x) * inverse(x).mT",
   x=lambda ns, g, x: ns.cofactor_backward(g, x))  # fmt: skip
op("cofactor_backward(h, x)", _cofactor_turned,
   h=lambda ns, g, x: ns.cofactor_backward(g, x),
   x=lambda ns, g, h, x: _third_rule(ns, g, h, x))  # fmt: skip


def _slogdet_rule(ns: Any, g: Any, x: Any, out: Any) -> Any:
    """d log|det| = Re tr(x^-1 dx), and the sign turns by the imaginary part."""
    share = g[1]
    if is_complex(x):
        if g[0] is not None:
            turn = -ns.imag(ns.conj(g[0]) * out[0])
            share = ns.complex(ns.zeros_like(turn) if share is None else share, turn)
    elif share is None:
        return ns.zeros_like(x)
    return per_matrix(ns, share) * adjoint(ns, ns.inv_ex(x)[0])


op("slogdet(x)", lambda xp, x: tuple(xp.linalg.slogdet(x)), outputs=2, holomorphic=False,
   node="LinalgSlogdetBackward0", x=_slogdet_rule)  # fmt: skip

# ---- the exponential -------------------------------------------------------------------------

_PADE = (
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000,
    10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
)  # fmt: skip
"""Numerator of the diagonal Pade approximant of order 13; the denominator's signs alternate."""
_REACH = 5.4
"""Up to this 1-norm the approximant is exact to double precision (Higham 2005)."""


def _matrix_exp(xp: Any, x: Any) -> Any:
    """Scaled by a power of two, approximated, squared back: each matrix as often as it needs."""
    if xp is not NUMPY:
        import jax.scipy.linalg

        return jax.scipy.linalg.expm(x)
    if not x.size:
        return np.array(x)
    wide = x.astype(np.result_type(x.dtype, np.float64))
    norm = abs(wide).sum(-2).max(-1)
    norm = np.where(np.isfinite(norm), norm, 0)
    times = np.ceil(np.log2(np.maximum(norm / _REACH, 1)))[..., None, None]
    out = _pade(wide / 2.0**times)
    for done in range(int(times.max())):
        out = np.where(times > done, out @ out, out)
    return out.astype(x.dtype)


def _pade(x: Any) -> Any:
    ones = np.eye(x.shape[-1])
    square = x @ x
    even = odd = 0 * ones
    power = ones
    for k in range(0, len(_PADE), 2):
        even, odd = even + _PADE[k] * power, odd + _PADE[k + 1] * power
        power = power @ square
    odd = x @ odd
    return np.linalg.solve(even - odd, even + odd)


def _exp_rule(ns: Any, g: Any, x: Any) -> Any:
    """The corner of exp([[x^T, g], [0, x^T]])."""
    size, across = x.shape[-1], turned(ns, x)
    top = ns.cat((across, g), x.ndim - 1)
    bottom = ns.cat((ns.zeros_like(across), across), x.ndim - 1)
    whole = ns.matrix_exp(ns.cat((top, bottom), x.ndim - 2))
    return part(ns, part(ns, whole, 2, 0, size), 1, size, 2 * size)


op("matrix_exp(x)", _matrix_exp, node="LinalgMatrixExpBackward0", x=_exp_rule)

# ---- LDL -------------------------------------------------------------------------------------


def _unknown(name: str) -> Rule:
    """The rule of what PyTorch tracks and cannot differentiate."""

    def rule(ns: Any, g: Any) -> Any:
        raise RuntimeError(f"derivative for aten::{name} is not implemented")

    return rule


def _ldl(xp: Any, x: Any, hermitian: bool) -> tuple[Any, Any, Any]:
    flat = np.asarray(x).reshape(prod(x.shape[:-2]), *x.shape[-2:])
    out, info = np.zeros_like(flat), np.zeros(len(flat), np.int32)
    pivots = np.zeros(flat.shape[:-1], np.int32)
    for i, matrix in enumerate(flat):
        out[i], pivots[i], info[i] = symmetric_factored(matrix, hermitian)
    return out.reshape(x.shape), pivots.reshape(x.shape[:-1]), info.reshape(x.shape[:-2])


def _ldl_solve(xp: Any, packed: Any, pivots: Any, b: Any, hermitian: bool) -> Any:
    batch = np.broadcast_shapes(packed.shape[:-2], b.shape[:-2])
    out = np.array(np.broadcast_to(b, (*batch, *b.shape[-2:])))
    packed = np.broadcast_to(packed, (*batch, *packed.shape[-2:]))
    pivots = np.broadcast_to(pivots, (*batch, pivots.shape[-1]))
    for place in np.ndindex(batch):
        out[place] = symmetric_solved(packed[place], pivots[place], out[place], hermitian)
    return out


op("ldl_factor_ex(x; hermitian)", _ldl, outputs=3, node="NotImplemented",
   x=_unknown("linalg_ldl_factor_ex"))  # fmt: skip
op("ldl_solve(packed, pivots, b; hermitian)", _ldl_solve, node="NotImplemented",
   packed=_unknown("linalg_ldl_solve"), pivots=non_differentiable,
   b=_unknown("linalg_ldl_solve"))  # fmt: skip
