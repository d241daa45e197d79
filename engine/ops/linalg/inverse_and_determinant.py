"""Inverses and determinants of square matrices.

A determinant is a polynomial, so its derivatives are there for singular matrices too, where there
is no inverse. The first is the matrix of cofactors. With A = U S V^H,

    cofactors(A) = det(U) det(V^H) conj(U) cofactors(S) conj(V^H)

and what is left to know are products of singular values, which need no division by those that may
be zero: the last two. Where PyTorch's way gives nan for a second derivative, it is nan here too.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.arrays.backends import NUMPY
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.dispatch.results import named
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.linalg import checks
from engine.ops.linalg.checks import require
from engine.ops.linalg.lu import factored
from engine.ops.linalg.matrix import (
    adjoint,
    array_turned,
    is_complex,
    per_matrix,
    product,
    total,
    turned,
)
from engine.ops.linalg.solve import solved_by_lu
from engine.ops.views.shapes import reshape

# ruff: noqa: N803 (PyTorch's names)

# ---- inverses --------------------------------------------------------------------------------


def _inverted(xp: Any, x: Any) -> tuple[Any, Any]:
    try:
        return xp.linalg.inv(x), xp.zeros(x.shape[:-2], xp.int32)
    except np.linalg.LinAlgError:
        ones = np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape)
        return solved_by_lu(xp, x, ones, True, False)


def _inverse_rule(ns: Any, g: Any, out: Any) -> Any:
    across = turned(ns, out)
    return -product(ns, across, g, across)


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
    inside = array_turned(left) @ h @ array_turned(right)
    others = _without_two(xp, values) * (1 - xp.eye(size, dtype=values.dtype))
    on_diagonal = (others * xp.diagonal(inside, 0, -2, -1)[..., None, :]).sum(-1)
    ones = xp.eye(size, dtype=x.dtype)
    inside = -others * array_turned(inside) + on_diagonal[..., None] * ones
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


# fmt: off
op("inv(x)", lambda xp, x: xp.linalg.inv(x), node="LinalgInvExBackward0", written="inverse(x)",
   latex="#1^{-1}", x=_inverse_rule,
   check=lambda x: checks.info("linalg.inv", factored(NUMPY, x)[2], checks.SINGULAR))
op("inv_ex(x)", _inverted, outputs=2, node="LinalgInvExBackward0",
   x=lambda ns, g, out: _inverse_rule(ns, g[0], out[0]))
op("det(x)", lambda xp, x: xp.linalg.det(x), node="LinalgDetBackward0", latex=r"\det",
   x=lambda ns, g, x: per_matrix(ns, g) * ns.cofactor(x))
op("cofactor(x)", _cofactor, written="det(x) * inverse(x).mT",
   x=lambda ns, g, x: ns.cofactor_backward(g, x))
op("cofactor_backward(h, x)", _cofactor_turned,
   h=lambda ns, g, x: ns.cofactor_backward(g, x),
   x=_third_rule)
op("slogdet(x)", lambda xp, x: tuple(xp.linalg.slogdet(x)), outputs=2, holomorphic=False,
   node="LinalgSlogdetBackward0", x=_slogdet_rule)
# fmt: on

# ---- functions -------------------------------------------------------------------------------

_InvEx = named("linalg_inv_ex", "inverse", "info")
_LinalgSlogdet = named("linalg_slogdet", "sign", "logabsdet")
_Slogdet = named("slogdet", "sign", "logabsdet")


@public("linalg")
def inv(A: Tensor) -> Tensor:
    """The inverses of square matrices. Raises LinAlgError for a singular one."""
    checks.square_matrix("linalg.inv", A)
    return ops.inv(A)


@public()
def inverse(input: Tensor) -> Tensor:
    """The inverses of square matrices. Raises LinAlgError for a singular one."""
    return inv(input)


@public("linalg")
def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """The inverses, and where a zero stopped each, from 1; 0 where none did."""
    checks.square_matrix("linalg.inv", A)
    found = ops.inv_ex(A)
    if check_errors:
        checks.info("linalg.inv_ex", found[1].array, checks.SINGULAR)
    return _InvEx(found)


@public("linalg")
def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of A as a map from its last dimensions to its first `ind`."""
    shape = A.array.shape
    require(ind > 0, f"Expected a strictly positive integer for 'ind', but got {ind}")
    rows, columns = math.prod(shape[:ind]), math.prod(shape[ind:])
    require(
        rows == columns,
        "Expected self to satisfy the requirement prod(self.shape[ind:]) == "
        f"prod(self.shape[:ind]), but got {columns} != {rows}",
    )
    found, info = ops.inv_ex(reshape(A, (rows, columns)))
    checks.info("inv", info.array, checks.SINGULAR)
    return reshape(found, (*shape[ind:], *shape[:ind]))


@public("torch Tensor linalg")
def det(A: Tensor) -> Tensor:
    """The determinants of square matrices."""
    checks.square_matrix("linalg.det", A)
    return ops.det(A)


@public("linalg", "slogdet")
def linalg_slogdet(A: Tensor) -> Any:
    """The sign of the determinant and the logarithm of its size."""
    checks.square_matrix("linalg.slogdet", A)
    return _LinalgSlogdet(ops.slogdet(A))


@public()
def slogdet(input: Tensor) -> Any:
    """The sign of the determinant and the logarithm of its size."""
    return _Slogdet(linalg_slogdet(input))


@public()
def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant; nan where that is negative."""
    checks.square_matrix("logdet", input)
    sign, size = ops.slogdet(input)
    if is_complex(sign):
        return ops.add(ops.log(sign), size)
    return ops.where(ops.eq(sign, -1), math.nan, size)
