"""One element at a time: what picks a row of a Jacobian, and what moves one number a little."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from engine.arrays.types import Array, Number
from engine.graph.tensor import Tensor, wrap

Result = TypeVar("Result")


def units(like: Tensor) -> Iterator[Tensor]:
    """Tensors of the shape and dtype of another: 1 in one element, in order, and 0 elsewhere."""
    for place in range(like.array.size):
        one = np.zeros(like.array.size, like.array.dtype)
        one[place] = 1
        yield wrap(one.reshape(like.array.shape))


def moved(
    array: Array, at: tuple[int, ...], steps: Sequence[Number], of: Callable[[], Result]
) -> list[Result]:
    """What `of` gives with the element `at` of an array moved by each of the steps; then the array
    is as it was.
    """
    before = array[at]
    found = []
    for step in steps:
        array[at] = before + step
        found.append(of())
        array[at] = before
    return found
