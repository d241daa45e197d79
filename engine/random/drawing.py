"""What all draws have in common: how numbers are taken from a generator, and in which dtype.

The functions of this folder draw from a Generator what PyTorch draws, bit for bit, as arrays: how
many words a number takes, which of its bits count and in which order is all part of the answer. The
facts were read off PyTorch 2.13 on x86 with AVX2; there `uniform` and `normal` fuse the multiply
and the add at their end.
"""

from __future__ import annotations

import math

import numpy as np

from engine.arrays import dtypes, limits
from engine.arrays.types import Array, DType, Shape
from engine.random.generator import Generator

FLOAT32, FLOAT64, INT64 = np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.int64)
C_NAMES = {
    "float32": "float",
    "float64": "double",
    "float16": "c10::Half",
    "bfloat16": "c10::BFloat16",
    "int64": "long",
    "int32": "int",
    "int16": "short",
    "int8": "signed char",
    "uint8": "unsigned char",
    "bool": "bool",
}
"""What PyTorch's messages call the dtypes."""
_DIGITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}


def digits_of(dtype: DType) -> int:
    """How many binary digits a number of the dtype has; 64 for integers."""
    return _DIGITS.get(dtype.name, 64)


def begin(generator: Generator, shape: Shape, dtype: DType = FLOAT32) -> int:
    """How many numbers to draw; whoever wants them undone is told."""
    limits.check(shape, dtype.itemsize)
    generator.note()
    count = 1
    for size in shape:
        count *= size
    return count


def unit(generator: Generator, count: int, dtype: DType) -> Array:
    """Numbers in [0, 1)."""
    return generator.floats(count) if dtype == FLOAT32 else generator.doubles(count)


def work_dtype(dtype: DType) -> DType:
    """The dtype PyTorch computes in: float32 for the halves."""
    return FLOAT32 if dtype.itemsize == 2 and dtype.kind in "fV" else dtype


def rounded(numbers: Array, dtype: DType) -> Array:
    """Numbers in `dtype`: to the halves by way of float32."""
    return numbers.astype(work_dtype(dtype)).astype(dtype)


def check_floating(dtype: DType, kernel: str) -> None:
    """Raise PyTorch's error for a dtype that the kernel of that name does not take."""
    kind = dtypes.of(dtype)
    if not kind.is_floating_point:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{kind.scalar_name}'")


def largest(dtype: DType) -> float:
    return 3.3895313892515355e38 if dtype.name == "bfloat16" else float(np.finfo(dtype).max)


def logarithm(x: float) -> float:
    """log(x) as C has it, -inf at 0."""
    return math.log(x) if x else -math.inf
