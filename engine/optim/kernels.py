"""The array arithmetic of PyTorch's optimizers, rounded where its CPU kernels round.

Those fuse the last product with the sum, and read a number in the dtype of the array. Square roots
are the one step left to NumPy: they are rounded correctly here, and PyTorch's, from a vendor's
library, are now and then off by one in the last place. The names are PyTorch's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays.fma import fused
from engine.arrays.types import Array


def add(x: Array, y: Any, alpha: Any = 1) -> Array:
    """x + alpha*y"""
    if alpha == 1:
        return np.asarray(x + y)
    return _fused(x, y, x.dtype.type(alpha), x)


def addcmul(x: Array, a: Array, b: Array, value: Any = 1) -> Array:
    """x + value*a*b"""
    return _fused(x, x.dtype.type(value) * a, b, x)


def addcdiv(x: Array, a: Array, b: Array, value: Any = 1) -> Array:
    """x + value*a/b"""
    return np.asarray(x + x.dtype.type(value) * a / b)


def lerp(x: Array, end: Array, weight: float) -> Array:
    """x + weight*(end - x), counted from whichever end is nearer."""
    share = x.dtype.type(weight)
    if abs(share) < 0.5:
        return _fused(x, end - x, share, x)
    return _fused(x, x - end, x.dtype.type(1) - share, end)


def _fused(like: Array, a: Any, b: Any, c: Any) -> Array:
    """a*b + c, rounded once, in the dtype of `like`: the halves by way of float32."""
    if like.dtype.itemsize == 2:
        wide = [np.asarray(part).astype(np.float32) for part in (a, b, c)]
        return fused(*wide).astype(like.dtype)
    return fused(np.asarray(a), b, c)
