"""Normal numbers from uniform ones, with the bits of PyTorch's CPU kernels.

In float32 PyTorch takes blocks of sixteen through the Cephes polynomials for log, sin and cos, in
vector registers with fused multiply-adds. Every rounding of those is repeated here; which
products are fused is the compiler's choice and was found by comparing. In double it is libm's
functions, one number at a time: NumPy's own differ in the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.arrays.fma import fused, fused32
from engine.arrays.types import Array

BLOCK = 16
_CHUNK = 512  # blocks at a time: what they need stays in the processor's cache

_ONE = np.float32(1)
_HALF = np.float32(0.5)
_TWO_PI = np.float32(2 * math.pi)
_FOUR_OVER_PI = np.float32(1.27323954473516)
_SQRT_HALF = np.float32(0.707106781186547524)
_LN2_LOW, _LN2_HIGH = np.float32(-2.12194440e-4), np.float32(0.693359375)
_LOG = tuple(
    np.float32(c)
    for c in (
        7.0376836292e-2,
        -1.1514610310e-1,
        1.1676998740e-1,
        -1.2420140846e-1,
        1.4249322787e-1,
        -1.6668057665e-1,
        2.0000714765e-1,
        -2.4999993993e-1,
        3.3333331174e-1,
    )
)
_SIN = tuple(np.float32(c) for c in (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1))
_COS = tuple(
    np.float32(c) for c in (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
)
_MINUS_QUARTER_PI = tuple(
    np.float32(c) for c in (-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)
)


def blocks(uniforms: Array, mean: float, std: float) -> Array:
    """Blocks of sixteen uniforms, float32 or float64, made normal: eight pairs each."""
    out = np.empty_like(uniforms)
    pairs = _pairs32 if uniforms.dtype == np.float32 else _pairs64
    for start in range(0, len(uniforms), _CHUNK * BLOCK):
        chunk = slice(start, start + _CHUNK * BLOCK)
        split = uniforms[chunk].reshape(-1, 2, BLOCK // 2)
        normals = pairs(split[:, 0], split[:, 1])
        if (mean, std) != (0, 1):
            normals = tuple(fused(part, std, mean) for part in normals)
        np.stack(normals, 1, out=out[chunk].reshape(-1, 2, BLOCK // 2))
    return out


def pair(first: float, second: float) -> tuple[float, float]:
    """Two normal numbers from two uniform ones, as PyTorch makes fewer than sixteen."""
    radius = math.sqrt(-2.0 * math.log1p(-second))
    angle = 2.0 * math.pi * first
    return radius * math.cos(angle), radius * math.sin(angle)


def _pairs64(first: Array, second: Array) -> tuple[Array, ...]:
    radius = np.sqrt(-2.0 * each(math.log, 1.0 - first))
    angle = 2.0 * math.pi * second
    return radius * each(math.cos, angle), radius * each(math.sin, angle)


def each(function: Callable[[float], float], array: Array) -> Array:
    """A libm function of every number: NumPy's own differ in the last bit."""
    values = array.reshape(-1).tolist()
    return np.fromiter(map(function, values), np.float64, len(values)).reshape(array.shape)


def _pairs32(first: Array, second: Array) -> tuple[Array, ...]:
    radius = np.sqrt(np.float32(-2) * _log(_ONE - first))
    sine, cosine = _sine_cosine(_TWO_PI * second)
    return radius * cosine, radius * sine


def _polynomial(x: Array, coefficients: tuple[np.float32, ...]) -> Array:
    value: Any = coefficients[0]
    for coefficient in coefficients[1:]:
        value = fused32(value, x, coefficient)
    return np.asarray(value)


def _log(x: Array) -> Array:
    mantissa, exponent = np.frexp(x)  # 0.5 <= mantissa < 1
    small = mantissa < _SQRT_HALF
    x = (mantissa - _ONE) + np.where(small, mantissa, np.float32(0))
    e = (exponent - small).astype(np.float32)
    square = x * x
    y = fused32(_polynomial(x, _LOG) * x, square, e * _LN2_LOW)
    y = y - square * _HALF
    return fused32(e, _LN2_HIGH, x + y)


def _sine_cosine(x: Array) -> tuple[Array, Array]:
    """The sine and cosine of an angle between 0 and 2 pi."""
    octant = ((x * _FOUR_OVER_PI).astype(np.int32) + 1) & ~1
    y = octant.astype(np.float32)
    for part in _MINUS_QUARTER_PI:
        x = fused32(y, part, x)
    square = x * x
    cosine = fused32(_polynomial(square, _COS) * square, square, square * -_HALF) + _ONE
    sine = fused32(_polynomial(square, _SIN) * square, x, x)
    straight = (octant & 2) == 0
    return (
        _signed(np.where(straight, sine, cosine), (octant & 4) != 0),
        _signed(np.where(straight, cosine, sine), ((octant - 2) & 4) == 0),
    )


def _signed(x: Array, negative: Array) -> Array:
    return np.where(negative, -x, x)
