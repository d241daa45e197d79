"""Covariances and correlations of variables, which are rows, of observations, which are columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays.state import warn
from engine.dispatch.fast_path import TENSORS as ops
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.linalg.checks import kind, require
from engine.ops.linalg.matrix import conjugate
from engine.ops.views.transposes import t


def _check_weights(what: str, weights: Tensor, wanted: str, kinds: str, count: int) -> None:
    array = weights.array
    start = f"cov(): expected {what} to have"
    require(
        array.ndim <= 1,
        f"{start} one or fewer dimensions but got {what} with {array.ndim} dimensions",
    )
    require(
        array.dtype.kind in kinds,
        f"{start} {wanted} dtype but got {what} with {kind(array)} dtype",
    )
    require(
        array.size == count,
        f"{start} the same numel as there are observations in the input but got {array.size} != "
        f"{count}",
    )
    require(not count or array.min() >= 0, f"cov(): {what} cannot be negative")


def _weighting(fweights: Any, aweights: Any, count: int) -> Tensor | None:
    """The weight of each observation; None if all count alike."""
    if fweights is not None:
        _check_weights("fweights", fweights, "integral", "iu", count)
    if aweights is None:
        return fweights
    _check_weights("aweights", aweights, "floating point", "f", count)
    return aweights if fweights is None else ops.mul(fweights, aweights)


def _freedom(weights: Any, aweights: Any, correction: int, total: Any) -> Any:
    """What the products' sum is divided by."""
    if weights is not None and aweights is not None and correction:
        square = ops.sum(ops.mul(weights, aweights))
        return ops.sub(total, ops.div(ops.mul(square, correction), total))
    return ops.sub(total, correction)


def _two_dimensions(name: str, array: Any) -> None:
    require(
        array.ndim <= 2,
        f"{name}(): expected input to have two or fewer dimensions but got an input with "
        f"{array.ndim} dimensions",
    )


@public()
def cov(
    input: Tensor, *, correction: int = 1, fweights: Any = None, aweights: Any = None
) -> Tensor:
    """The covariances of variables, which are rows, of observations, which are columns."""
    array = input.array
    _two_dimensions("cov", array)
    require(array.dtype.kind != "b", "cov(): bool dtype is not supported for input")
    x = input if array.ndim == 2 else ops.view(input, (1, array.size))
    count = x.array.shape[1]
    weights = _weighting(fweights, aweights, count)
    total = wrap(np.asarray(count)) if weights is None else ops.sum(weights)
    require(weights is None or total.array, "cov(): weights sum to zero, can't be normalized")
    sums = ops.sum_dim(x if weights is None else ops.mul(x, weights), (1,), False)
    average = ops.div(sums, total)
    divisor = _freedom(weights, aweights, correction, total)
    if not divisor.array > 0:
        warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number "
            "of observations.",
            UserWarning,
        )
        divisor = wrap(np.zeros_like(divisor.array))
    x = ops.sub(x, ops.unsqueeze(average, 1))
    other = conjugate(ops, t(x if weights is None else ops.mul(x, weights)))
    return ops.squeeze(ops.div(ops.mm(x, other), divisor))


@public()
def corrcoef(input: Tensor) -> Tensor:
    """The correlations of variables, which are rows."""
    _two_dimensions("corrcoef", input.array)
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
