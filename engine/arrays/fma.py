"""Fused multiply-add: a*b + c rounded once, which NumPy has not and PyTorch's kernels use.

A double holds the exact product of two float32s, so in float32 only the last rounding, from
double, can go wrong: where the double sum fell on a midpoint between two float32s. In double the
product's error is found by Dekker's splitting, and the three parts are added as Boldo and
Melquiond do (Emulation of FMA and correctly rounded sums, 2008): all but the last sum is rounded
to odd, which makes the second rounding harmless.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays.types import Array

_BELOW_FLOAT32 = np.int64(0x1FFFFFFF)
_MIDPOINT = np.int64(0x10000000)
_SPLITTER = 134217729.0  # 2**27 + 1


def fused(a: Array, b: Array | float, c: Array | float) -> Array:
    """a*b + c with one rounding, in the dtype of `a`: float32 or float64."""
    if a.dtype == np.float32:
        return fused32(a, np.asarray(b, np.float32), np.asarray(c, np.float32))
    return fused64(a, b, c)


def fused32(a: Array, b: Array | np.float32, c: Array | np.float32) -> Array:
    """a*b + c with one rounding, in float32."""
    product = np.asarray(np.multiply(a, b, dtype=np.float64))
    total = np.asarray(product + c)
    doubtful = (total.view(np.int64) & _BELOW_FLOAT32) == _MIDPOINT
    if doubtful.any():
        addend = np.broadcast_to(np.asarray(c, np.float64), total.shape)
        total[doubtful] = _sum_to_odd(product[doubtful], addend[doubtful])
    return total.astype(np.float32)


def fused64(a: Array, b: Array | float, c: Array | float) -> Array:
    """a*b + c with one rounding, in float64."""
    # Powers of two bring the factors to where nothing overflows; they change no digit.
    (first, exponent), (second, more) = np.frexp(a), np.frexp(b)
    exponent = exponent + more
    high, low = _product(first, second)
    middle, lowest = _sum(np.ldexp(c, -exponent), low)
    highest, middle = _sum(high, middle)
    total = np.asarray(np.ldexp(highest + _sum_to_odd(middle, lowest), exponent))
    wild = ~np.isfinite(total)
    return np.where(wild, np.multiply(a, b) + c, total) if wild.any() else total


def _sum(a: Any, b: Any) -> tuple[Array, Array]:
    """a + b rounded, and the exact rest (Knuth)."""
    total = np.asarray(a + b)
    shown = total - a
    return total, (a - (total - shown)) + (b - shown)


def _product(a: Array, b: Array) -> tuple[Array, Array]:
    """a * b rounded, and the exact rest (Dekker)."""
    product = a * b
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    rest = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, rest


def _halves(a: Any) -> tuple[Any, Any]:
    """The upper and the lower 26 bits."""
    scaled = _SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high


def _sum_to_odd(a: Array, b: Array) -> Array:
    """a + b, where inexact rounded to the neighbour whose last bit is odd."""
    total, rest = _sum(a, b)
    even = (total.view(np.int64) & 1) == 0
    odd = np.nextafter(total, np.copysign(np.inf, rest))
    return np.where((rest != 0) & even, odd, total)
