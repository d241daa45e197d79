"""PyTorch's CPU generator: the same numbers for the same seed.

The functions draw from a Generator what PyTorch draws, bit for bit, as arrays: how many words a
number takes, which of its bits count and in which order is all part of the answer. The
facts were read off PyTorch 2.13 on x86 with AVX2; there `uniform` and `normal` fuse the multiply
and the add at their end.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from engine.arrays import dtypes, limits
from engine.arrays.fma import fused, fused64
from engine.arrays.types import Array, DType, Shape
from engine.graph.registry import namespaces
from engine.random import box_muller
from engine.random.generator import Generator, default_generator, initial_seed, manual_seed, seed

__all__ = [
    "Generator",
    "bernoulli",
    "default_generator",
    "exponential",
    "initial_seed",
    "integers",
    "manual_seed",
    "multinomial",
    "normal",
    "permutation",
    "seed",
    "uniform",
]

_C_NAMES = {
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
_DIGITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}


def digits_of(dtype: DType) -> int:
    """How many binary digits a number of the dtype has; 64 for integers."""
    return _DIGITS.get(dtype.name, 64)


# ---- numbers with a fraction -----------------------------------------------------------------

_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)


def uniform(
    generator: Generator, shape: Shape, dtype: DType, low: float = 0.0, high: float = 1.0
) -> Array:
    """Numbers from `low` up to `high`."""
    if dtype.kind == "c":
        return _complex(uniform(generator, (*shape, 2), _part(dtype), low, high))
    _check_uniform(dtype, low, high)
    count = begin(generator, shape, dtype)
    work = _work(dtype)
    numbers = _unit(generator, count, work)
    start, end = work.type(low), work.type(high)
    if count and (start, end) != (0, 1):
        numbers = fused(numbers, end - start, start)
    numbers = numbers.astype(dtype, copy=False).reshape(shape)
    first, beyond = rounded(np.array([start, end]), dtype)
    numbers[numbers == beyond] = first
    return numbers


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
    block, work = box_muller.BLOCK, _work(dtype)
    whole = count - count % block
    uniforms = _unit(generator, whole if dtype.itemsize == 2 else count, work)
    numbers = np.empty(count, dtype)
    numbers[:whole] = box_muller.blocks(uniforms[:whole], mean, std)
    if whole != count:
        numbers[-block:] = box_muller.blocks(_unit(generator, block, work), mean, std)
    return numbers


def exponential(generator: Generator, shape: Shape, dtype: DType, rate: float = 1.0) -> Array:
    """Exponentially distributed numbers."""
    if not rate > 0.0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={rate:g}")
    if not dtypes.of(dtype).is_floating_point:
        raise RuntimeError(
            "Exponential distribution is a continuous probability distribution. dtype must be a "
            f"floating point but you specified {dtypes.of(dtype).scalar_name}"
        )
    uniforms = _unit(generator, begin(generator, shape, dtype), _FLOAT64)
    return rounded(-1.0 / rate * box_muller.each(math.log1p, -uniforms), dtype).reshape(shape)


def bernoulli(generator: Generator, p: float | Array, shape: Shape) -> Array:
    """Booleans, each true with probability `p`: an array that broadcasts to `shape`, or a number.

    Only an array of less than double precision is compared with float32 numbers.
    """
    if not isinstance(p, np.ndarray):
        if not 0 <= p <= 1:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
        return _unit(generator, begin(generator, shape), _FLOAT64).reshape(shape) < p
    check_floating(p.dtype, "bernoulli_tensor_cpu_p_")
    if not ((p >= 0) & (p <= 1)).all():
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error "
            "message be improved?  If so, please report an enhancement request to PyTorch.)"
        )
    work = _work(p.dtype)
    return _unit(generator, begin(generator, shape), work).reshape(shape) < p.astype(work)


def _unit(generator: Generator, count: int, dtype: DType) -> Array:
    """Numbers in [0, 1)."""
    return generator.floats(count) if dtype == _FLOAT32 else generator.doubles(count)


def begin(generator: Generator, shape: Shape, dtype: DType = _FLOAT32) -> int:
    """How many numbers to draw; whoever wants them undone is told."""
    limits.check(shape, dtype.itemsize)
    generator.note()
    count = 1
    for size in shape:
        count *= size
    return count


def _work(dtype: DType) -> DType:
    """The dtype PyTorch computes in: float32 for the halves."""
    return _FLOAT32 if dtype.itemsize == 2 and dtype.kind in "fV" else dtype


def rounded(numbers: Array, dtype: DType) -> Array:
    """Numbers in `dtype`: to the halves by way of float32."""
    return numbers.astype(_work(dtype)).astype(dtype)


def _part(dtype: DType) -> DType:
    return _FLOAT32 if dtype.itemsize == 8 else _FLOAT64


def _complex(parts: Array) -> Array:
    return parts.view(np.promote_types(parts.dtype, np.complex64)).reshape(parts.shape[:-1])


def check_floating(dtype: DType, kernel: str) -> None:
    """Raise PyTorch's error for a dtype that the kernel of that name does not take."""
    kind = dtypes.of(dtype)
    if not kind.is_floating_point:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{kind.scalar_name}'")


def _check_uniform(dtype: DType, low: float, high: float) -> None:
    check_floating(dtype, "check_uniform_bounds")
    if (low, high) == (0, 1):
        return
    name, most = dtype.name, _largest(dtype)
    for bound, number in (("from", low), ("to", high)):
        if not -most <= number <= most:
            raise RuntimeError(f"{bound} is out of bounds for {_C_NAMES[name]}")
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


def _largest(dtype: DType) -> float:
    return 3.3895313892515355e38 if dtype.name == "bfloat16" else float(np.finfo(dtype).max)


# ---- integers --------------------------------------------------------------------------------

_INT64 = np.dtype(np.int64)


def integers(
    generator: Generator, low: int, high: int, shape: Shape, dtype: DType = _INT64
) -> Array:
    """Integers from `low` up to, not including, `high`, as numbers of any dtype."""
    if low >= high:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    low, high = _representable(low, high, dtype)
    count = begin(generator, shape, dtype)
    span = high - low
    words = generator.double_words(count) if span >= 2**28 else generator.words(count)
    numbers = words.astype(np.uint64) % np.uint64(span) + np.uint64(low % 2**64)
    return rounded(numbers.view(np.int64).reshape(shape), dtype)


def _representable(low: int, high: int, dtype: DType) -> tuple[int, int]:
    """The range moved inwards to where `dtype` has bounds. Raises RuntimeError if it has none."""
    kind, name = dtypes.of(dtype), dtype.name
    if kind.is_complex:
        raise RuntimeError(
            "check_random_bounds handles only integral, floating-point and boolean types"
        )
    least, most = _bounds(dtype)
    if kind.is_floating_point:
        low, high = _inner_low(low, dtype), _inner_high(high, dtype)
        if low >= high:
            raise RuntimeError(
                "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, "
                f"but got from={low} >= to={high}"
            )
    for bound, number in (("from", low), ("to - 1", high - 1)):
        if not least <= number <= most:
            raise RuntimeError(f"{bound} is out of bounds for {_C_NAMES[name]}")
        digits = digits_of(dtype)
        if abs(number) > 2**digits:
            warnings.warn(
                f"{bound} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision "
                f"limitations {_C_NAMES[name]} can support discrete uniform distribution only "
                "within this range. This warning will become an error in version 1.7 release, "
                "please fix the code in advance",
                UserWarning,
                stacklevel=4,
            )
    return low, high


def _bounds(dtype: DType) -> tuple[float, float]:
    if dtype.kind == "b":
        return 0, 1
    if dtype.kind in "ui":
        return int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    return -_largest(dtype), _largest(dtype)


def _inner_low(low: int, dtype: DType) -> int:
    shown = _shown(low + 1, dtype)
    return low if shown >= low else shown + _gap(low + 1, dtype)


def _inner_high(high: int, dtype: DType) -> int:
    shown = _shown(high - 1, dtype)
    return high if shown < high else shown - _gap(high - 1, dtype)


def _shown(number: int, dtype: DType) -> int:
    """The integer nearest `number` that `dtype` has; beyond 64 bits the least, as C gives."""
    nearest = float(rounded(np.array(number, np.int64), dtype))
    return int(nearest) if abs(nearest) < 2**63 else -(2**63)


def _gap(number: int, dtype: DType) -> int:
    """The distance of `dtype`'s numbers around `number`."""
    return 1 << (abs(number).bit_length() - digits_of(dtype))


def permutation(generator: Generator, n: int) -> Array:
    """The numbers below `n` in random order."""
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    begin(generator, (n,), _INT64)
    order = list(range(n))
    left = np.arange(n, 1, -1, dtype=np.uint32)
    for index, step in enumerate((generator.words(len(left)) % left).tolist()):
        other = index + step
        order[index], order[other] = order[other], order[index]
    return np.array(order, np.int64)


def multinomial(
    generator: Generator, weights: Array, samples: int, replacement: bool = False
) -> Array:
    """Indices drawn by weight, for each row of `weights`."""
    _check_multinomial(weights, samples, replacement)
    shape = (*weights.shape[:-1], samples)
    if 0 in shape:
        return np.empty(shape, np.int64)
    replacement = replacement and samples > 1
    _check_weights(weights, replacement)
    weights = weights.astype(_work(weights.dtype), copy=False)
    if not replacement:
        scores = weights / exponential(generator, weights.shape, weights.dtype)
        return np.argsort(-scores, axis=-1, kind="stable")[..., :samples]
    uniforms = _unit(generator, begin(generator, shape, _FLOAT64), _FLOAT64)
    rows = weights.reshape(-1, weights.shape[-1])
    drawn = [
        np.searchsorted(_cumulative(row), row_uniforms)
        for row, row_uniforms in zip(rows, uniforms.reshape(-1, samples), strict=True)
    ]
    return np.array(drawn, np.int64).reshape(shape)


def _cumulative(row: Array) -> Array:
    sums = np.cumsum(row, dtype=row.dtype)
    sums /= sums[-1]
    sums[-1] = 1
    return sums.astype(np.float64)


def _check_multinomial(weights: Array, samples: int, replacement: bool) -> None:
    if weights.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    kind = dtypes.of(weights.dtype)
    if not kind.is_floating_point:
        raise RuntimeError(
            f"multinomial only supports floating-point dtypes for input, got: {kind.scalar_name}"
        )
    if samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and samples > weights.shape[-1]:
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
        )


def _check_weights(weights: Array, replacement: bool) -> None:
    if not (weights >= 0).all() or not (weights < np.inf).all():
        if not replacement:
            raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
        entry = "= infinity or NaN" if (weights == np.inf).any() else "< 0"
        raise RuntimeError(
            f"invalid multinomial distribution (encountering probability entry {entry})"
        )
    if (weights.sum(-1) == 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")


def __getattr__(name: str) -> Any:
    """The names of torch.random, which this module is as well."""
    try:
        return namespaces["torch.random"][name]
    except KeyError:
        raise AttributeError(f"module 'torch.random' has no attribute '{name}'") from None
