"""Special functions in NumPy alone, for where SciPy is not installed: to about 1e-13.

Each is computed in float64 by the method its docstring names; references are to the NIST Digital
Library of Mathematical Functions. They bear SciPy's names, so that one module can stand for the
other. Bessel functions of other kinds and Airy's are SciPy's alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any

_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
"""B_2, B_4, ..."""
_FAR = 12.0
"""From here on the sums with Bernoulli's numbers are exact to the last digit or so."""
_FARTHEST = 100_000
"""How many steps up to `_FAR` are taken at most; the answer is nan beyond."""


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise ModuleNotFoundError(
        f"{name} needs SciPy, which is not installed: pip install 'gradcli[special]'"
    )


def _each(function: Callable[[float], float], x: Array) -> Array:
    """A function of Python's `math` over an array."""
    x = np.asarray(x)
    values = np.fromiter(map(function, x.ravel().tolist()), np.float64, x.size)
    return values.reshape(x.shape)


# ---- the gamma function ----------------------------------------------------------------------


def _lgamma(x: float) -> float:
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):  # at a pole; too large
        return math.inf


def gammaln(x: Array) -> Array:
    """log|gamma(x)|."""
    return _each(_lgamma, x)


def digamma(x: Array) -> Array:
    """The derivative of gammaln: reflected to x >= 0, moved up, then its series (5.11.2)."""
    x = np.asarray(x, np.float64)
    low = x < 0
    z, total = np.where(low, 1 - x, x), np.zeros_like(x)
    for _ in range(int(_FAR)):
        near = z < _FAR
        total, z = total - np.where(near, 1 / z, 0), z + near
    square = 1 / (z * z)
    series = np.zeros_like(z)
    for k in reversed(range(len(_BERNOULLI))):
        series = square * (series + _BERNOULLI[k] / (2 * k + 2))
    total = total + np.log(z) - 0.5 / z - series
    pole = low & (x == np.floor(x))
    found = np.where(low, total - math.pi / np.tan(math.pi * np.fmod(x, 1.0)), total)
    found = np.where(x == math.inf, math.inf, found)
    return np.where(pole | (x == -math.inf), math.nan, found)


def zeta(s: Array, q: Array) -> Array:
    """Hurwitz's zeta function: the first terms, then Euler and Maclaurin's sum (25.11.5)."""
    s, q = np.broadcast_arrays(np.asarray(s, np.float64), np.asarray(q, np.float64))
    pole = (q <= 0) & (q == np.floor(q))
    z, total = np.where(pole | (q < -_FARTHEST), math.nan, q), np.zeros_like(q)
    while (near := z < _FAR).any():
        total, z = total + np.where(near, z**-s, 0), z + near
    power = z**-s
    total = total + power * (z / (s - 1) + 0.5)
    factor = s * power / z
    for k, number in enumerate(_BERNOULLI, 1):
        total = total + factor * (number / math.factorial(2 * k))
        factor = factor * (s + 2 * k - 1) * (s + 2 * k) / (z * z)
    total = np.where((q == math.inf) & (s > 1), 0.0, np.where(pole, math.inf, total))
    return np.where(s == 1, math.inf, np.where(s < 1, math.nan, total))


def gammainc(a: Array, x: Array) -> Array:
    """The regularized lower incomplete gamma function."""
    return _incomplete(a, x)[0]


def gammaincc(a: Array, x: Array) -> Array:
    """The regularized upper incomplete gamma function."""
    return _incomplete(a, x)[1]


def _incomplete(a: Array, x: Array) -> tuple[Array, Array]:
    """Both: where x is small against a by a series (8.7.1), else by a fraction (8.9.2)."""
    a, x = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(x, np.float64))
    inside = (a > 0) & (x > 0) & np.isfinite(a) & np.isfinite(x)
    b, y = np.where(inside, a, 1.0), np.where(inside, x, 1.0)
    lower = y < b + 1
    weight = np.exp(b * np.log(y) - y - gammaln(b))
    small = weight * _lower_series(b, np.where(lower, y, 0.5 * b))
    large = weight * _upper_fraction(b, np.where(lower, b + 2, y))
    p, q = np.where(lower, small, 1 - large), np.where(lower, 1 - small, large)
    nothing = (a > 0) & (x == 0) | (a == math.inf) & (x >= 0) & (x < math.inf)
    everything = (a == 0) & (x > 0) | (a >= 0) & (a < math.inf) & (x == math.inf)
    edge = np.where(nothing, 0.0, np.where(everything, 1.0, math.nan))
    return np.where(inside, p, edge), np.where(inside, q, 1 - edge)


def _lower_series(a: Array, x: Array) -> Array:
    term = total = 1 / a
    n = 0
    while (term > 1e-17 * total).any() and n < _FARTHEST:
        n += 1
        term = term * x / (a + n)
        total = total + term
    return total


def _upper_fraction(a: Array, x: Array) -> Array:
    """Lentz's way of summing a continued fraction from the front."""
    b = x + 1 - a
    c, d = np.full_like(x, math.inf), 1 / b
    total, n = d, 0
    step = np.zeros_like(x)
    while (abs(step - 1) > 1e-16).any() and n < _FARTHEST:
        n += 1
        numerator, b = n * (a - n), b + 2
        d, c = 1 / (numerator * d + b), b + numerator / c
        step = c * d
        total = total * step
    return total


# ---- error functions -------------------------------------------------------------------------

_ROOT_PI, _ROOT_2 = math.sqrt(math.pi), math.sqrt(2)


def erfc(x: Array) -> Array:
    """1 - erf(x)."""
    return _each(math.erfc, x)


def erfcx(x: Array) -> Array:
    """exp(x**2) * erfc(x): as it stands up to 2, then by a continued fraction (7.9.1)."""
    x = np.asarray(x, np.float64)
    near, far = np.minimum(x, 2.0), np.maximum(x, 2.0)
    fraction = far
    for n in range(80, 0, -1):
        fraction = far + n / 2 / fraction
    return np.where(x < 2, np.exp(near * near) * erfc(near), 1 / (fraction * _ROOT_PI))


def ndtr(x: Array) -> Array:
    """The normal distribution's cumulative function."""
    return erfc(-np.asarray(x, np.float64) / _ROOT_2) / 2


def log_ndtr(x: Array) -> Array:
    """Its logarithm, which erfcx gives where the function itself is too small."""
    x = np.asarray(x, np.float64)
    low = np.minimum(x, -1.0)
    tail = np.log(erfcx(-low / _ROOT_2) / 2) - low * low / 2
    return np.where(x < -1, tail, np.log1p(-erfc(x / _ROOT_2) / 2))


def erfinv(y: Array) -> Array:
    """The inverse of erf."""
    y = np.asarray(y, np.float64)
    size = abs(y)
    return np.copysign(_inverse(size, 1 - size), y)


def ndtri(p: Array) -> Array:
    """The inverse of ndtr."""
    p = np.asarray(p, np.float64)
    tail = np.minimum(p, 1 - p)
    found = _ROOT_2 * _inverse(1 - 2 * tail, 2 * tail)
    return np.where(p < 0.5, -found, found)


def _inverse(y: Array, rest: Array) -> Array:
    """x where erf(x) = y and erfc(x) = rest: Winitzki's guess, then Halley's steps."""
    inside = (rest > 0) & (y > 0)
    y, rest = np.where(inside, y, 0.5), np.where(inside, rest, np.where(rest == 0, 0.0, 0.5 - y))
    known = np.where(inside, rest, 0.5)
    log = np.log(known * (1 + y))
    middle = 2 / (math.pi * 0.147) + log / 2
    x = np.sqrt(np.sqrt(middle * middle - log / 0.147) - middle)
    for _ in range(4):
        slope = 2 / _ROOT_PI * np.exp(-x * x)
        error = np.where(y < 0.5, _each(math.erf, x) - y, known - erfc(x)) / slope
        x = x - error / (1 + x * error)
    return np.where(inside, x, np.where(rest == 0, math.inf, np.where(rest == 0.5, 0.0, math.nan)))


# ---- modified Bessel functions of the first kind ---------------------------------------------


def i0(x: Array) -> Array:
    """Of order 0."""
    return _bessel(0, x) * np.exp(abs(np.asarray(x, np.float64)))


def i1(x: Array) -> Array:
    """Of order 1."""
    return _bessel(1, x) * np.exp(abs(np.asarray(x, np.float64)))


def i0e(x: Array) -> Array:
    """Of order 0, times exp(-|x|)."""
    return _bessel(0, x)


def i1e(x: Array) -> Array:
    """Of order 1, times exp(-|x|)."""
    return _bessel(1, x)


def _bessel(order: int, x: Array) -> Array:
    """Up to 30 the integral over an angle (10.32.2), exact with few points; then 10.40.1."""
    x = np.asarray(x, np.float64)
    size = abs(x)
    near, far = np.minimum(size, 30.0), np.maximum(size, 30.0)
    points, total = 40, np.zeros_like(x)
    for k in range(points + 1):
        angle = math.pi * k / points
        weight = math.sin(angle) ** 2 if order else 1.0
        end = 0.5 if k in (0, points) else 1.0
        total = total + end * weight / points * np.exp(near * (math.cos(angle) - 1))
    total = total * near if order else total
    series = term = np.ones_like(x)
    for k in range(1, 20):
        term = term * ((2 * k - 1) ** 2 - 4 * order) / (8 * k * far)
        series = series + term
    found = np.where(size > 30, series / np.sqrt(2 * math.pi * far), total)
    return np.copysign(found, x) if order else found
