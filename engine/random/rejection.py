"""Counts of events and of successes, drawn by rejection: Poisson and binomial.

PyTorch's kernels work in double, one number after another, with libm's functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.arrays.types import Array
from engine.random.drawing import begin, check_floating, logarithm, rounded
from engine.random.generator import Generator


class _Uniforms:
    """Doubles in [0, 1), one at a time."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    def __call__(self) -> float:
        return float(self._generator.doubles(1)[0])


def poisson(generator: Generator, rates: Array) -> Array:
    """Counts of events, for an array of their rates."""
    check_floating(rates.dtype, "poisson_cpu")
    begin(generator, rates.shape, rates.dtype)
    draw = _Uniforms(generator)
    flat = rates.astype(np.float64).reshape(-1).tolist()
    counts = np.array([_poisson(rate, draw) for rate in flat], np.float64)
    return rounded(counts, rates.dtype).reshape(rates.shape)


def _poisson(rate: float, draw: Callable[[], float]) -> int:
    if not rate >= 0:
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    if rate >= 10:
        return _poisson_by_rejection(rate, draw)
    if rate == 0:
        return 0
    least, product, count = math.exp(-rate), 1.0, 0
    while True:
        product *= draw()
        if product <= least:
            return count
        count += 1


def _poisson_by_rejection(rate: float, draw: Callable[[], float]) -> int:
    """Hoermann's transformed rejection, PTRS (1993)."""
    log_rate = math.log(rate)
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    sure = 0.9277 - 3.6224 / (b - 2)
    while True:
        u = draw() - 0.5
        v = draw()
        us = 0.5 - abs(u)
        place = (2 * a / us + b) * u + rate + 0.43 if us else -1.0
        k = math.floor(place) if math.isfinite(place) else -(2**63)
        if us >= 0.07 and v <= sure:
            return k
        if k < 0 or (us < 0.013 and v > us):
            continue
        density = -rate + k * log_rate - math.lgamma(k + 1)
        if logarithm(v) + math.log(inverse_alpha) - math.log(a / (us * us) + b) <= density:
            return k


def binomial(generator: Generator, count: Array, prob: Array) -> Array:
    """Successes among `count` trials of probability `prob`, arrays of one shape and dtype."""
    check_floating(count.dtype, "binomial_cpu")
    begin(generator, count.shape, count.dtype)
    draw = _Uniforms(generator)
    kind = count.dtype.type
    pairs = zip(count.reshape(-1), prob.reshape(-1), strict=True)
    drawn = [_binomial(n, p, draw, kind) for n, p in pairs]
    return np.array(drawn, count.dtype).reshape(count.shape)


def _binomial(n: Any, p: Any, draw: Callable[[], float], kind: Any) -> Any:
    if n <= 0 or p <= 0:
        return 0
    if p >= 1:
        return n
    if not (p > 0.5 or p <= 0.5):
        return math.nan
    rarer = kind(1) - p if p > 0.5 else p
    sample = _binomial_by_rejection if n * rarer >= 10 else _binomial_by_gaps
    found = sample(n, rarer, draw, kind)
    return n - found if p > 0.5 else found


def _binomial_by_gaps(n: Any, p: Any, draw: Callable[[], float], kind: Any) -> Any:
    """The trials between two successes are geometric."""
    scale, trials, found = float(np.log1p(-p)), 0.0, 0
    while True:
        trials += math.ceil(logarithm(draw()) / scale)
        if trials > n:
            return kind(found)
        found += 1


def _binomial_by_rejection(n: Any, p: Any, draw: Callable[[], float], kind: Any) -> Any:
    """Hoermann's transformed rejection, BTRS (1993); what it holds in the dtype is held so here."""
    spread = float(np.sqrt(n * p * (kind(1) - p)))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * float(p)
    centre = float(n * p) + 0.5
    sure = 0.92 - 4.2 / b
    odds = float(p / (kind(1) - p))
    alpha = (2.83 + 5.1 / b) * spread
    mode = math.floor(float((n + kind(1)) * p))
    trials = float(n)
    while True:
        u = draw() - 0.5
        v = draw()
        us = 0.5 - abs(u)
        k = float(kind(math.floor((2 * a / us + b) * u + centre))) if us else -1.0
        if k < 0 or k > trials:
            continue
        if us >= 0.07 and v <= sure:
            return kind(k)
        rest = trials - k + 1
        bound = (
            (mode + 0.5) * math.log((mode + 1) / (odds * (trials - mode + 1)))
            + (trials + 1) * math.log((trials - mode + 1) / rest)
            + (k + 0.5) * math.log(odds * rest / (k + 1))
            + _tail(mode)
            + _tail(trials - mode)
            - _tail(k)
            - _tail(trials - k)
        )
        if logarithm(v * alpha / (a / (us * us) + b)) <= bound:
            return kind(k)


_TAILS = (
    0.0810614667953272,
    0.0413406959554092,
    0.0276779256849983,
    0.02079067210376509,
    0.0166446911898211,
    0.0138761288230707,
    0.0118967099458917,
    0.0104112652619720,
    0.00925546218271273,
    0.00833056343336287,
)


def _tail(k: float) -> float:
    """What Stirling's formula leaves of log k!."""
    if k < len(_TAILS):
        return _TAILS[int(k)]
    square = (k + 1) * (k + 1)
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)
