"""Fused multiply-add, against exact rational arithmetic."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arrays.fma import fused, fused32, fused64

singles = st.floats(width=32, allow_nan=False, min_value=-(2.0**60), max_value=2.0**60)
doubles = st.floats(allow_nan=False, min_value=-(2.0**500), max_value=2.0**500)


def rounded(exact: Fraction, kind: type[Any]) -> Any:
    """The number of `kind` nearest to `exact`, of two the one with an even last bit."""
    near = kind(float(exact))
    around = (np.nextafter(near, kind(-np.inf)), near, np.nextafter(near, kind(np.inf)))
    integer = f"i{near.dtype.itemsize}"
    return min(
        (each for each in around if np.isfinite(each)),
        key=lambda each: (abs(Fraction(float(each)) - exact), int(each.view(integer)) & 1),
    )


@settings(max_examples=300, deadline=None)
@given(a=singles, b=singles, c=singles)
def test_single(a: float, b: float, c: float) -> None:
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    tiny = 0 < abs(exact) < Fraction(2) ** -120
    if abs(exact) < 2**120 and not tiny:
        found = fused32(np.array([a], np.float32), np.float32(b), np.float32(c))
        assert found.dtype == np.float32
        assert found[0] == rounded(exact, np.float32)


@settings(max_examples=300, deadline=None)
@given(a=st.floats(-10, 10, allow_subnormal=False), b=doubles, c=doubles)
def test_double(a: float, b: float, c: float) -> None:
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    largest = max(abs(Fraction(b)), abs(Fraction(c)))
    subnormal = 0 < abs(exact) < Fraction(np.finfo(np.float64).tiny)  # no draw comes near
    if not 0 < abs(exact) < largest / 2**400 and not subnormal:
        assert fused64(np.array([a]), b, c)[0] == rounded(exact, np.float64)


@pytest.mark.parametrize("offset", [0.0, 2.0**-110, -(2.0**-110)])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("kind", "bits"), [(np.float32, (12, 12)), (np.float64, (26, 27))])
def test_a_sum_beside_a_midpoint_goes_to_its_own_side(
    kind: type[Any], bits: tuple[int, int], sign: int, offset: float
) -> None:
    """(1 + g) * (1 + h), where g*h is half a unit in the last place: midway between two numbers."""
    a, b = (1 + 2.0**-bit for bit in bits)
    exact = Fraction(a) * Fraction(sign * b) + Fraction(offset)
    assert fused(np.array([a], kind), sign * b, offset)[0] == rounded(exact, kind)


def test_what_is_not_finite_stays_so() -> None:
    numbers = np.array([0.5, 2.0])
    assert fused64(numbers, float("inf"), 1.0).tolist() == [float("inf")] * 2
    assert fused64(numbers, 1.0, float("-inf")).tolist() == [float("-inf")] * 2
    assert np.isnan(fused64(numbers, float("inf"), float("-inf"))).all()
