"""Distributions beyond the uniform and the normal: the numbers PyTorch's CPU kernels draw.

As in random.py, arrays come out, and how many words each number takes is part of the answer. The
kernels work in double, one number after another, with libm's functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.fma import fused64
from engine.arrays.types import Array, DType, Shape
from engine.random.box_muller import each
from engine.random.seeding import begin, check_floating, digits_of, rounded

if TYPE_CHECKING:
    from engine.random.generator import Generator

_INT64 = np.dtype(np.int64)


# ---- by a formula ----------------------------------------------------------------------------


def cauchy(
    generator: Generator, shape: Shape, dtype: DType, median: float = 0.0, sigma: float = 1.0
) -> Array:
    """Numbers of the Cauchy distribution."""
    if not sigma > 0.0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    kind = dtypes.of(dtype)
    if not kind.is_floating_point:
        raise RuntimeError(
            "Cauchy distribution is a continuous probability distribution. dtype must be a "
            f"floating point but you specified {kind.c_name}"
        )
    uniforms = generator.doubles(begin(generator, shape, dtype))
    slopes = each(math.tan, math.pi * (uniforms - 0.5))
    return rounded(fused64(slopes, sigma, median), dtype).reshape(shape)


def log_normal(
    generator: Generator, shape: Shape, dtype: DType, mean: float = 1.0, std: float = 2.0
) -> Array:
    """Numbers whose logarithms are normal."""
    if not std > 0.0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
    check_floating(dtype, "log_normal_cpu")
    normals = np.array(generator.normals(begin(generator, shape, dtype)), np.float64)
    return rounded(each(_exp, fused64(normals, std, mean)), dtype).reshape(shape)


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def geometric(generator: Generator, shape: Shape, dtype: DType, p: float) -> Array:
    """How many trials of probability `p` it takes to succeed, as numbers of any dtype."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    if dtype.kind in "bc":
        name = dtypes.of(dtype).scalar_name
        raise NotImplementedError(f"\"geometric_cpu\" not implemented for '{name}'")
    uniforms = generator.doubles(begin(generator, shape, dtype))
    trials = np.ceil(each(_log, uniforms) / math.log1p(-p)).reshape(shape)
    if dtype.kind in "iu":
        return trials.astype(_INT64).astype(dtype)
    return rounded(trials, dtype)


def _log(x: float) -> float:
    return math.log(x) if x else -math.inf


def any_integers(generator: Generator, shape: Shape, dtype: DType, low: int | None = None) -> Array:
    """Integers over all that `dtype` can count, from `low` on if it is given."""
    name, kind = dtype.name, dtypes.of(dtype)
    if kind.is_complex:
        raise NotImplementedError(f"\"random_kernel_cpu\" not implemented for '{kind.scalar_name}'")
    count = begin(generator, shape, dtype)
    wide = name in ("int64", "float64")
    if low is not None:
        wide = wide or (name == "float32" and low == -(2**63))
    words = generator.double_words(count) if wide else generator.words(count).astype(np.uint64)
    if dtype.kind == "b":
        return (words & np.uint64(1)).astype(bool).reshape(shape)
    if low == -(2**63):
        return rounded(words.view(np.int64), dtype).reshape(shape)
    most = 2 ** digits_of(dtype) if kind.is_floating_point else int(np.iinfo(dtype).max)
    numbers = words % np.uint64(most + 1)
    return rounded(numbers.view(np.int64), dtype).reshape(shape)


# ---- by rejection ----------------------------------------------------------------------------


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
        if _log(v) + math.log(inverse_alpha) - math.log(a / (us * us) + b) <= density:
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
        trials += math.ceil(_log(draw()) / scale)
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
        if _log(v * alpha / (a / (us * us) + b)) <= bound:
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
