"""Distances between rows of matrices, and what keeps rows short."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.dispatch.arguments import wrap_dim
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import broadcast_error, op
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.elementwise.functions import direction
from engine.ops.linalg import checks
from engine.ops.linalg.checks import kind, require
from engine.ops.linalg.matrix import columns_of, conjugate, fitted, is_complex, product, turned

# ---- distances -------------------------------------------------------------------------------


def _size(xp: Any, x: Any, p: float) -> Any:
    """The p-norms along the last dimension."""
    if not x.shape[-1]:
        return xp.zeros(x.shape[:-1], x.dtype)
    size = abs(x)
    if p == 0:
        return (x != 0).sum(-1).astype(x.dtype)
    if p == 1:
        return size.sum(-1)
    if p == 2:
        return xp.sqrt((x * x).sum(-1))
    return size.max(-1) if p == math.inf else (size**p).sum(-1) ** (1 / p)


def _pull(ns: Any, g: Any, apart: Any, out: Any, p: float) -> Any:
    """The gradient of |apart| along the last dimension; where the distance is 0, it is 0."""
    if p == 0:
        return ns.zeros_like(apart)
    g, out = columns_of(ns, g), columns_of(ns, out)
    if p == 1:
        return g * ns.sign(apart)
    if p == math.inf:
        return ns.where(ns.abs(apart) == out, g * ns.sign(apart), 0)
    nowhere = out == 0
    out = ns.where(nowhere, 1, out)
    if p == 2:
        return ns.where(nowhere, 0, g / out) * apart
    share = ns.where(nowhere, 0, g / out ** (p - 1))
    size = ns.abs(apart)
    if p < 2:
        return share * ns.where(apart == 0, 0, ns.sign(apart) * size ** (p - 1))
    return share * apart * size ** (p - 2)


def _apart(ns: Any, a: Any, b: Any) -> Any:
    """a[i] - b[j], for all i and j."""
    return ns.unsqueeze(a, a.ndim - 1) - ns.unsqueeze(b, b.ndim - 2)


def _cdist_rule(ns: Any, g: Any, a: Any, b: Any, out: Any, p: float, summed: int) -> Any:
    pulls = _pull(ns, g, _apart(ns, a, b), out, p)
    return ns.sum_dim(pulls, (pulls.ndim - summed,), False)


def _euclidean(xp: Any, a: Any, b: Any) -> Any:
    """sqrt(|a|^2 - 2 a b + |b|^2), as one matrix product."""

    def with_square(x: Any, factor: float, first: bool) -> Any:
        square = (x * x).sum(-1, keepdims=True)
        ones = xp.ones_like(square)
        extra = (square, ones) if first else (ones, square)
        return xp.concatenate((factor * x, *extra), -1)

    squares = with_square(a, -2, True) @ with_square(b, 1, False).swapaxes(-1, -2)
    return xp.sqrt(xp.maximum(squares, 0))


def _euclidean_rule(ns: Any, g: Any, a: Any, b: Any, out: Any) -> Any:
    nowhere = out == 0
    share = ns.where(nowhere, 0, g / ns.where(nowhere, 1, out))
    across = ns.sum_dim(share, (share.ndim - 1,), True)
    return a * across - product(ns, share, b)


def _pdist(xp: Any, x: Any, p: float) -> Any:
    first, second = np.triu_indices(x.shape[0], 1)
    return _size(xp, x[first] - x[second], p)


def _square(xp: Any, x: Any, count: int) -> Any:
    """Numbers for each pair as a symmetric matrix with 0 on its diagonal."""
    first, second = np.triu_indices(count, 1)
    above = xp.zeros((count, count), x.dtype)
    above = xp.stored_at(above, (first, second), x)
    return above + above.T


# ---- rows kept short -------------------------------------------------------------------------

_LEAST = 1e-7
"""Added to a norm, so that a row of zeros divides by something."""


def _others(ndim: int, dim: int) -> tuple[int, ...]:
    return tuple(other for other in range(ndim) if other != dim)


def _renorm(xp: Any, x: Any, p: float, dim: int, maxnorm: float) -> Any:
    dims = _others(x.ndim, dim)
    size = abs(x)
    if p == math.inf:
        norm = size.max(dims, keepdims=True)
    else:
        norm = (size**p).sum(dims, keepdims=True) ** (1 / p)
    factor = xp.where(norm > maxnorm, maxnorm / (norm + _LEAST), 1)
    return (x * factor).astype(x.dtype)


def _renorm_rule(ns: Any, g: Any, x: Any, p: float, dim: int, maxnorm: float) -> Any:
    dims = _others(x.ndim, dim)
    norm = ns.norm(x, p, dims, True)
    along = conjugate(ns, x) * g
    along = ns.sum_dim(ns.real(along) if is_complex(x) else along, dims, True)
    inverse = 1 / (norm + _LEAST)
    size = ns.abs(x)
    if p == math.inf:
        attained = ns.where(size == norm, 1.0, 0.0)
        turn = direction(ns, x) * attained / ns.sum_dim(attained, dims, True)
    elif p == 2:
        turn = ns.where(norm == 0, 0, x / norm)
    else:
        power = ns.where(x == 0, 0, direction(ns, x) * size ** (p - 1))
        turn = ns.where(norm == 0, 0, power / norm ** (p - 1))
    shortened = maxnorm * inverse * (g - inverse * (along * turn))
    return ns.where(norm > maxnorm, shortened, g)


# ---- the rows --------------------------------------------------------------------------------

# fmt: off
op("cdist(a, b; p)",
   lambda xp, a, b, p: _size(xp, a[..., :, None, :] - b[..., None, :, :], p),
   check=lambda a, b, *p: broadcast_error(a[..., 0, 0], b[..., 0, 0]),
   estimate=lambda a, b, p: (
       *np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], *b.shape[-2:]),
   a=lambda ns, g, a, b, out, p, a_shape: fitted(
       ns, _cdist_rule(ns, g, a, b, out, p, 2), a_shape),
   b=lambda ns, g, a, b, out, p, b_shape: -fitted(
       ns, _cdist_rule(ns, g, a, b, out, p, 3), b_shape))
op("euclidean_dist(a, b)", _euclidean,
   a=_euclidean_rule,
   b=lambda ns, g, a, b, out: _euclidean_rule(ns, turned(ns, g), b, a, turned(ns, out)))
op("pdist(x; p)", _pdist,
   x=lambda ns, g, x, out, p: _cdist_rule(
       ns, ns.pairs_square(g, x.shape[0]), x, x, ns.pairs_square(out, x.shape[0]), p, 2))
op("pairs_square(x; count)", _square,
   x=lambda ns, g: ns.masked_select(g + ns.t(g), ns.triu(ns.ones_like(g), 1) == 1))
op("renorm(x; p, dim, maxnorm)", _renorm, holomorphic=False, x=_renorm_rule)
# fmt: on

# ---- functions -------------------------------------------------------------------------------

_MODES = (
    "use_mm_for_euclid_dist_if_necessary",
    "use_mm_for_euclid_dist",
    "donot_use_mm_for_euclid_dist",
)


@public("torch")
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = _MODES[0]) -> Tensor:
    """The p-norms of the differences of every row of x1 and every row of x2."""
    if compute_mode not in _MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    a, b = x1.array, x2.array
    for place, x in ((1, a), (2, b)):
        require(
            x.dtype.kind in "fV",
            f"cdist only supports floating-point dtypes, X{place} got: {kind(x)}",
        )
    for place, x in ((1, a), (2, b)):
        require(x.ndim >= 2, f"cdist only supports at least 2D tensors, X{place} got: {x.ndim}D")
    require(
        a.shape[-1] == b.shape[-1],
        f"X1 and X2 must have the same number of columns. X1: {a.shape[-1]} X2: {b.shape[-1]}",
    )
    require(p >= 0, "cdist only supports non-negative p values")
    require(a.dtype == b.dtype, f"expected scalar type {kind(a)} but found {kind(b)}")
    many = a.shape[-2] > 25 or b.shape[-2] > 25 or compute_mode == _MODES[1]
    if p == 2 and a.size and b.size and many and compute_mode != _MODES[2]:
        batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        if a.shape[:-2] != b.shape[:-2]:
            x1, x2 = (ops.expand(x, (*batch, *x.array.shape[-2:])) for x in (x1, x2))
        shape = (*batch, a.shape[-2], b.shape[-2])
        return ops.view(ops.euclidean_dist(x1, x2), shape)
    return ops.cdist(x1, x2, float(p))


@public("torch F")
def pdist(input: Tensor, p: float = 2) -> Tensor:
    """The p-norms of the differences of every two rows: those above cdist's diagonal."""
    array = input.array
    require(array.ndim == 2, f"pdist only supports 2D tensors, got: {array.ndim}D")
    require(array.dtype.kind in "fV", "pdist only supports floating-point dtypes")
    require(p >= 0, "pdist only supports non-negative p values")
    return ops.pdist(input, float(p))


@public("torch Tensor Tensor_")
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """input, each part along `dim` scaled down so that its p-norm is maxnorm at most."""
    array = input.array
    require(p > 0, "renorm: non-positive-norm not supported")
    require(maxnorm >= 0, f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    require(
        array.ndim >= 2, f"renorm: input needs at least 2 dimensions, got {array.ndim} dimensions"
    )
    place = wrap_dim(dim, array.ndim)
    checks.inexact("linalg.vector_norm", array)
    return ops.renorm(input, float(p), place, maxnorm)
