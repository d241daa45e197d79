"""Distances between rows of matrices, what keeps rows short, covariance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.arrays.state import warn
from engine.dispatch.arguments import wrap_dim
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import broadcast_error, op
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.linalg.matrix import columns_of, fitted, is_complex, kind, product, turned
from engine.ops.views.shape import t

# ---- rows: distances -------------------------------------------------------------------------


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


def _difference(a: Any, b: Any) -> Any:
    return a[..., :, None, :] - b[..., None, :, :]


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


op(
    "cdist(a, b; p)",
    lambda xp, a, b, p: _size(xp, _difference(a, b), p),
    check=lambda a, b, *p: broadcast_error(a[..., 0, 0], b[..., 0, 0]),
    estimate=lambda a, b, p: (
        *np.broadcast_shapes(a.shape[:-2], b.shape[:-2]),
        a.shape[-2],
        *b.shape[-2:],
    ),
    a=lambda ns, g, a, b, out, p, a_shape: fitted(ns, _cdist_rule(ns, g, a, b, out, p, 2), a_shape),
    b=lambda ns, g, a, b, out, p, b_shape: (
        -fitted(ns, _cdist_rule(ns, g, a, b, out, p, 3), b_shape)
    ),
)


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


op(
    "euclidean_dist(a, b)",
    _euclidean,
    a=lambda ns, g, a, b, out: _euclidean_rule(ns, g, a, b, out),
    b=lambda ns, g, a, b, out: _euclidean_rule(ns, turned(ns, g), b, a, turned(ns, out)),
)


def _pairs(count: int) -> tuple[Any, Any]:
    return np.triu_indices(count, 1)


def _pdist(xp: Any, x: Any, p: float) -> Any:
    first, second = _pairs(x.shape[0])
    return _size(xp, x[first] - x[second], p)


def _square(xp: Any, x: Any, count: int) -> Any:
    """Numbers for each pair as a symmetric matrix with 0 on its diagonal."""
    first, second = _pairs(count)
    above = xp.zeros((count, count), x.dtype)
    above = xp.stored_at(above, (first, second), x)
    return above + above.T


op(
    "pdist(x; p)",
    _pdist,
    x=lambda ns, g, x, out, p: _cdist_rule(
        ns, ns.pairs_square(g, x.shape[0]), x, x, ns.pairs_square(out, x.shape[0]), p, 2
    ),
)
op(
    "pairs_square(x; count)",
    _square,
    x=lambda ns, g: ns.masked_select(g + ns.t(g), ns.triu(ns.ones_like(g), 1) == 1),
)

# ---- rows: rows kept short -------------------------------------------------------------------


def _rest(ndim: int, dim: int) -> tuple[int, ...]:
    return tuple(other for other in range(ndim) if other != dim)


_LEAST = 1e-7
"""Added to a norm, so that a row of zeros divides by something."""


def _sizes(xp: Any, x: Any, p: float, dims: tuple[int, ...]) -> Any:
    size = abs(x)
    if p == math.inf:
        return size.max(dims, keepdims=True)
    return (size**p).sum(dims, keepdims=True) ** (1 / p)


def _renorm(xp: Any, x: Any, p: float, dim: int, maxnorm: float) -> Any:
    norm = _sizes(xp, x, p, _rest(x.ndim, dim))
    factor = xp.where(norm > maxnorm, maxnorm / (norm + _LEAST), 1)
    return (x * factor).astype(x.dtype)


def _renorm_rule(ns: Any, g: Any, x: Any, p: float, dim: int, maxnorm: float) -> Any:
    dims = _rest(x.ndim, dim)
    norm = ns.norm(x, p, dims, True)
    along = ns.conj(x) * g if is_complex(x) else x * g
    along = ns.sum_dim(ns.real(along) if is_complex(x) else along, dims, True)
    inverse = 1 / (norm + _LEAST)
    size = ns.abs(x)
    direction = ns.sgn(x) if is_complex(x) else ns.sign(x)
    if p == math.inf:
        attained = ns.where(size == norm, 1.0, 0.0)
        turn = direction * attained / ns.sum_dim(attained, dims, True)
    elif p == 2:
        turn = ns.where(norm == 0, 0, x / norm)
    else:
        power = ns.where(x == 0, 0, direction * size ** (p - 1))
        turn = ns.where(norm == 0, 0, power / norm ** (p - 1))
    shortened = maxnorm * inverse * (g - inverse * (along * turn))
    return ns.where(norm > maxnorm, shortened, g)


op(
    "renorm(x; p, dim, maxnorm)",
    _renorm,
    holomorphic=False,
    x=lambda ns, g, x, p, dim, maxnorm: _renorm_rule(ns, g, x, p, dim, maxnorm),
)

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
        if x.dtype.kind not in "fV":
            raise RuntimeError(
                f"cdist only supports floating-point dtypes, X{place} got: {kind(x)}"
            )
    for place, x in ((1, a), (2, b)):
        if x.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, X{place} got: {x.ndim}D")
    if a.shape[-1] != b.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {a.shape[-1]} X2: {b.shape[-1]}"
        )
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    if a.dtype != b.dtype:
        raise RuntimeError(f"expected scalar type {kind(a)} but found {kind(b)}")
    many = a.shape[-2] > 25 or b.shape[-2] > 25
    if (
        p == 2
        and a.size
        and b.size
        and compute_mode != _MODES[2]
        and (many or compute_mode == _MODES[1])
    ):
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
    if array.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {array.ndim}D")
    if array.dtype.kind not in "fV":
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    return ops.pdist(input, float(p))


@public("torch Tensor Tensor_")
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """input, each part along `dim` scaled down so that its p-norm is maxnorm at most."""
    array = input.array
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    if array.ndim < 2:
        raise RuntimeError(
            f"renorm: input needs at least 2 dimensions, got {array.ndim} dimensions"
        )
    place = wrap_dim(dim, array.ndim)
    if array.dtype.kind not in "fcV":
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{kind(array)}"
        )
    return ops.renorm(input, float(p), place, maxnorm)


# ---- covariance ------------------------------------------------------------------------------


def _weights(name: str, what: str, weights: Any, count: int) -> Any:
    """The array of an argument of weights, checked."""
    array = weights.array
    if array.ndim > 1:
        raise RuntimeError(
            f"{name}(): expected {what} to have one or fewer dimensions but got {what} with "
            f"{array.ndim} dimensions"
        )
    wanted, kinds = ("integral", "iu") if what == "fweights" else ("floating point", "f")
    if array.dtype.kind not in kinds:
        raise RuntimeError(
            f"{name}(): expected {what} to have {wanted} dtype but got {what} with {kind(array)} "
            "dtype"
        )
    if array.size != count:
        raise RuntimeError(
            f"{name}(): expected {what} to have the same numel as there are observations in the "
            f"input but got {array.size} != {count}"
        )
    if count and array.min() < 0:
        raise RuntimeError(f"{name}(): {what} cannot be negative")
    return array


def _weighting(fweights: Any, aweights: Any, count: int) -> Tensor | None:
    """The weight of each observation; None if all count alike."""
    if fweights is not None:
        _weights("cov", "fweights", fweights, count)
    if aweights is None:
        return fweights
    _weights("cov", "aweights", aweights, count)
    return aweights if fweights is None else ops.mul(fweights, aweights)


def _freedom(weights: Any, aweights: Any, correction: int, total: Any) -> Any:
    """What the products' sum is divided by."""
    if weights is not None and aweights is not None and correction:
        square = ops.sum(ops.mul(weights, aweights))
        return ops.sub(total, ops.div(ops.mul(square, correction), total))
    return ops.sub(total, correction)


@public()
def cov(
    input: Tensor, *, correction: int = 1, fweights: Any = None, aweights: Any = None
) -> Tensor:
    """The covariances of variables, which are rows, of observations, which are columns."""
    array = input.array
    if array.ndim > 2:
        raise RuntimeError(
            "cov(): expected input to have two or fewer dimensions but got an input with "
            f"{array.ndim} dimensions"
        )
    if array.dtype.kind == "b":
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = input if array.ndim == 2 else ops.view(input, (1, array.size))
    count = x.array.shape[1]
    weights = _weighting(fweights, aweights, count)
    total = wrap(np.asarray(count)) if weights is None else ops.sum(weights)
    if weights is not None and not total.array:
        raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    sums = ops.sum_dim(x if weights is None else ops.mul(x, weights), (1,), False)
    average = ops.div(sums, total)
    divisor = _freedom(weights, aweights, correction, total)
    if not divisor.array > 0:
        warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number "
            "of observations.",
            UserWarning,
            stacklevel=2,
        )
        divisor = wrap(np.zeros_like(divisor.array))
    x = ops.sub(x, ops.unsqueeze(average, 1))
    other = t(x if weights is None else ops.mul(x, weights))
    other = ops.conj(other) if other.array.dtype.kind == "c" else other
    return ops.squeeze(ops.div(ops.mm(x, other), divisor))


@public()
def corrcoef(input: Tensor) -> Tensor:
    """The correlations of variables, which are rows."""
    array = input.array
    if array.ndim > 2:
        raise RuntimeError(
            "corrcoef(): expected input to have two or fewer dimensions but got an input with "
            f"{array.ndim} dimensions"
        )
    c = cov(input)
    if not c.array.ndim:
        return ops.div(c, c)
    variances = ops.diagonal(c, 0, 0, 1)
    spread = ops.sqrt(ops.real(variances) if c.array.dtype.kind == "c" else variances)
    count = spread.array.size
    c = ops.div(c, ops.view(spread, (count, 1)))
    c = ops.div(c, ops.view(spread, (1, count)))
    if c.array.dtype.kind == "c":
        parts = (ops.clamp(f(c), -1, 1) for f in (ops.real, ops.imag))
        return ops.complex(*parts)
    return ops.clamp(c, -1, 1)
