"""Which dtype an operation computes in, by PyTorch's rules.

Only categories (bool < integer < floating < complex) are raised by 0-dim tensors and Python
numbers; within a category the tensors with dimensions decide. Source: PyTorch's "Type promotion"
notes on tensor attributes and `torch.result_type`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from engine.arrays import dtypes
from engine.arrays.types import Array, DType, Number

_CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2, "V": 2, "c": 3}
_FLOAT32 = np.dtype(np.float32)
_NUMBERS: dict[type, DType] = {bool: np.dtype(bool), int: np.dtype(np.int64)}


def category(dtype: DType) -> int:
    """0 bool, 1 integer, 2 floating, 3 complex."""
    return _CATEGORY[dtype.kind]


def is_half(dtype: DType) -> bool:
    """Whether it is float16 or bfloat16."""
    return dtype.itemsize == 2 and dtype.kind in "fV"


@lru_cache(maxsize=512)
def promote(a: DType, b: DType) -> DType:
    """The dtype that holds both, as `torch.promote_types`: integers never widen a float.

    Raises RuntimeError for an unsigned integer wider than a byte and another integer.
    """
    if a == b:
        return a
    low, high = sorted((category(a), category(b)))
    if low < 2 and high > low:
        return a if category(a) == high else b
    for unsigned in (a, b):
        if unsigned.kind == "u" and unsigned.itemsize > 1 and low == 1:
            first, second = (dtypes.of(dtype).scalar_name for dtype in (a, b))
            raise RuntimeError(
                "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote "
                f"{first} and {second}"
            )
    if a.itemsize == b.itemsize == 2 and high == 2:
        return _FLOAT32  # float16 and bfloat16
    return np.promote_types(a, b)


def number_dtype(number: Number) -> DType:
    """The dtype a Python number stands for: the default one for floats, int64 for integers."""
    kind = type(number)
    if kind in _NUMBERS:
        return _NUMBERS[kind]
    default = dtypes.get_default_dtype().numpy
    if isinstance(number, complex):
        return np.promote_types(default, np.complex64)
    return default


def _combine(higher: DType | None, lower: DType | None) -> DType | None:
    """PyTorch's combine_categories: `lower` counts only where its category is higher."""
    if higher is None or lower is None:
        return lower if higher is None else higher
    if category(higher) == 3:
        return higher
    if category(higher) == 2:
        return np.promote_types(higher, np.complex64) if category(lower) == 3 else higher
    if category(higher) == 0 or category(lower) >= 2:
        return promote(higher, lower)
    return higher


def result_type(operands: Iterable[Array | Number], floats: bool = False) -> DType:
    """The dtype of an elementwise operation on arrays and Python numbers; see result_type_of."""
    return result_type_of(
        [
            (operand.ndim, operand.dtype)
            if isinstance(operand, np.ndarray)
            else (-1, number_dtype(operand))
            for operand in operands
        ],
        floats,
    )


def result_type_of(kinds: list[tuple[int, DType]], floats: bool = False) -> DType:
    """The same from pairs of a number of dimensions (-1 for a Python number) and a dtype.

    With `floats`, what would be integers is the default dtype. Raises TypeError for no operands.
    """
    dimensioned: DType | None = None
    zero_dim: DType | None = None
    numbers: DType | None = None
    for ndim, dtype in kinds:
        if ndim > 0:
            dimensioned = _join(dimensioned, dtype)
        elif ndim == 0:
            zero_dim = _join(zero_dim, dtype)
        else:
            numbers = _join(numbers, dtype)
    combined = _combine(dimensioned, _combine(zero_dim, numbers))
    if combined is None:
        raise TypeError("an operation needs at least one operand")
    if floats and combined.kind in "biu":
        return dtypes.get_default_dtype().numpy
    return combined


def _join(a: DType | None, b: DType) -> DType:
    return b if a is None else promote(a, b)
