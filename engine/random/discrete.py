"""Numbers that are counted: truth values, trials, integers, permutations, indices by weight."""

from __future__ import annotations

import math

import numpy as np

from engine.arrays import dtypes
from engine.arrays.state import warn
from engine.arrays.types import Array, DType, Shape
from engine.random.box_muller import each
from engine.random.continuous import exponential
from engine.random.drawing import (
    C_NAMES,
    FLOAT64,
    INT64,
    begin,
    check_floating,
    digits_of,
    largest,
    logarithm,
    rounded,
    unit,
    work_dtype,
)
from engine.random.generator import Generator


def bernoulli(generator: Generator, p: float | Array, shape: Shape) -> Array:
    """Booleans, each true with probability `p`: an array that broadcasts to `shape`, or a number.

    Only an array of less than double precision is compared with float32 numbers.
    """
    if not isinstance(p, np.ndarray):
        if not 0 <= p <= 1:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
        return unit(generator, begin(generator, shape), FLOAT64).reshape(shape) < p
    check_floating(p.dtype, "bernoulli_tensor_cpu_p_")
    if not ((p >= 0) & (p <= 1)).all():
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error "
            "message be improved?  If so, please report an enhancement request to PyTorch.)"
        )
    work = work_dtype(p.dtype)
    return unit(generator, begin(generator, shape), work).reshape(shape) < p.astype(work)


def geometric(generator: Generator, shape: Shape, dtype: DType, p: float) -> Array:
    """How many trials of probability `p` it takes to succeed, as numbers of any dtype."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    if dtype.kind in "bc":
        name = dtypes.of(dtype).scalar_name
        raise NotImplementedError(f"\"geometric_cpu\" not implemented for '{name}'")
    uniforms = generator.doubles(begin(generator, shape, dtype))
    trials = np.ceil(each(logarithm, uniforms) / math.log1p(-p)).reshape(shape)
    if dtype.kind in "iu":
        return trials.astype(INT64).astype(dtype)
    return rounded(trials, dtype)


# ---- integers --------------------------------------------------------------------------------


def integers(
    generator: Generator, low: int, high: int, shape: Shape, dtype: DType = INT64
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
            raise RuntimeError(f"{bound} is out of bounds for {C_NAMES[name]}")
        digits = digits_of(dtype)
        if abs(number) > 2**digits:
            warn(
                f"{bound} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision "
                f"limitations {C_NAMES[name]} can support discrete uniform distribution only "
                "within this range. This warning will become an error in version 1.7 release, "
                "please fix the code in advance",
                UserWarning,
            )
    return low, high


def _bounds(dtype: DType) -> tuple[float, float]:
    if dtype.kind == "b":
        return 0, 1
    if dtype.kind in "ui":
        return int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    return -largest(dtype), largest(dtype)


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


def permutation(generator: Generator, n: int) -> Array:
    """The numbers below `n` in random order."""
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    begin(generator, (n,), INT64)
    order = list(range(n))
    left = np.arange(n, 1, -1, dtype=np.uint32)
    for index, step in enumerate((generator.words(len(left)) % left).tolist()):
        other = index + step
        order[index], order[other] = order[other], order[index]
    return np.array(order, np.int64)


# ---- indices by weight -----------------------------------------------------------------------


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
    weights = weights.astype(work_dtype(weights.dtype), copy=False)
    if not replacement:
        scores = weights / exponential(generator, weights.shape, weights.dtype)
        return np.argsort(-scores, axis=-1, kind="stable")[..., :samples]
    uniforms = unit(generator, begin(generator, shape, FLOAT64), FLOAT64)
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
