"""Python numbers as 0-dim arrays: a ufunc takes those twice as fast, and of the right dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays.types import Array, DType, Number

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)
singles: dict[Number, Array] = {}
doubles: dict[Number, Array] = {}
_scalars = {F32: singles, F64: doubles}


_ZEROS = {dtype: np.zeros((), dtype) for dtype in (F32, F64)}


def zero_of(x: Any) -> Any:
    """0 of the dtype of an array; the common ones made once."""
    zero = _ZEROS.get(x.dtype)
    return x.dtype.type(0) if zero is None else zero


def scalar(number: Number, dtype: DType) -> Array:
    """A Python number as a read-only 0-dim array, the common ones made once."""
    cache = _scalars.get(dtype)
    if cache is None:
        try:
            return np.asarray(number, dtype)
        except OverflowError:  # of whole numbers the last bits remain
            return np.asarray(number).astype(dtype)
    array = cache.get(number)
    if array is None:
        array = np.asarray(number, dtype)
        array.flags.writeable = False
        if number != 0:  # 0.0 and -0.0 are one key
            if len(cache) > 256:
                cache.clear()
            cache[number] = array
    return array
