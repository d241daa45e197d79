"""Numbers with a fraction: uniform, normal, exponential, Cauchy, log-normal."""

from __future__ import annotations

import math

import numpy as np

from engine.arrays import dtypes
from engine.arrays.fma import fused, fused64
from engine.arrays.types import Array, DType, Shape
from engine.random import box_muller
from engine.random.box_muller import each
from engine.random.drawing import (
    C_NAMES,
    FLOAT32,
    FLOAT64,
    begin,
    check_floating,
    largest,
    rounded,
    unit,
    work_dtype,
)
from engine.random.generator import Generator


def uniform(
    generator: Generator, shape: Shape, dtype: DType, low: float = 0.0, high: float = 1.0
) -> Array:
    """Numbers from `low` up to `high`."""
    if dtype.kind == "c":
        return _complex(uniform(generator, (*shape, 2), _part(dtype), low, high))
    _check_uniform(dtype, low, high)
    count = begin(generator, shape, dtype)
    work = work_dtype(dtype)
    numbers = unit(generator, count, work)
    start, end = work.type(low), work.type(high)
    if count and (start, end) != (0, 1):
        numbers = fused(numbers, end - start, start)
    numbers = numbers.astype(dtype, copy=False).reshape(shape)
    first, beyond = rounded(np.array([start, end]), dtype)
    numbers[numbers == beyond] = first
    return numbers


def _check_uniform(dtype: DType, low: float, high: float) -> None:
    check_floating(dtype, "check_uniform_bounds")
    if (low, high) == (0, 1):
        return
    name, most = dtype.name, largest(dtype)
    for bound, number in (("from", low), ("to", high)):
        if not -most <= number <= most:
            raise RuntimeError(f"{bound} is out of bounds for {C_NAMES[name]}")
    if not low <= high:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}"
        )
    if high - low > most:
        raise RuntimeError(
            "uniform_ expects to-from <= "
            f"std::numeric_limits<{dtypes.of(dtype).scalar_name}>::max(), but found to={high:g} "
            f"and from={low:g} which result in to-from to exceed the limit"
        )


def normal(
    generator: Generator,
    shape: Shape,
    dtype: DType,
    mean: float = 0.0,
    std: float = 1.0,
    blocks: bool = True,
) -> Array:
    """Normal numbers; in `blocks`, where there are enough, unless for a memory with gaps."""
    if not std >= 0.0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    if dtype.kind == "c":
        return _complex(normal(generator, (*shape, 2), _part(dtype), mean, std / 2**0.5))
    check_floating(dtype, "normal_kernel_cpu")
    count = begin(generator, shape, dtype)
    if blocks and count >= box_muller.BLOCK:
        return _block_normals(generator, count, dtype, mean, std).reshape(shape)
    numbers = np.array(generator.normals(count), np.float64)
    if count and (mean, std) != (0, 1):
        numbers = fused64(numbers, std, mean)
    return rounded(numbers, dtype).reshape(shape)


def _block_normals(
    generator: Generator, count: int, dtype: DType, mean: float, std: float
) -> Array:
    """In blocks of sixteen; where `count` is no multiple, the last block is drawn once more."""
    block, work = box_muller.BLOCK, work_dtype(dtype)
    whole = count - count % block
    uniforms = unit(generator, whole if dtype.itemsize == 2 else count, work)
    numbers = np.empty(count, dtype)
    numbers[:whole] = box_muller.blocks(uniforms[:whole], mean, std)
    if whole != count:
        numbers[-block:] = box_muller.blocks(unit(generator, block, work), mean, std)
    return numbers


def _part(dtype: DType) -> DType:
    return FLOAT32 if dtype.itemsize == 8 else FLOAT64


def _complex(parts: Array) -> Array:
    return parts.view(np.promote_types(parts.dtype, np.complex64)).reshape(parts.shape[:-1])


def exponential(generator: Generator, shape: Shape, dtype: DType, rate: float = 1.0) -> Array:
    """Exponentially distributed numbers."""
    if not rate > 0.0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={rate:g}")
    if not dtypes.of(dtype).is_floating_point:
        raise RuntimeError(
            "Exponential distribution is a continuous probability distribution. dtype must be a "
            f"floating point but you specified {dtypes.of(dtype).scalar_name}"
        )
    uniforms = unit(generator, begin(generator, shape, dtype), FLOAT64)
    return rounded(-1.0 / rate * box_muller.each(math.log1p, -uniforms), dtype).reshape(shape)


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
