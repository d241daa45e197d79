"""What arguments may be, tensors, dimensions and sizes, and what PyTorch says where they are not."""

from __future__ import annotations

from collections.abc import Iterable
from operator import index
from typing import Any

from engine.tensor import Tensor

Shape = tuple[int, ...]


def array_of(name: str, value: Any, argument: str = "input", position: int = 1) -> Any:
    """The array of an argument that must be a Tensor."""
    if type(value) is Tensor or isinstance(value, Tensor):
        return value.array
    raise wrong_type(name, argument, position, "Tensor", value)


def wrong_type(name: str, argument: str, position: int, wanted: str, value: Any) -> TypeError:
    """PyTorch's error for an argument of another type."""
    got = value.__name__ if isinstance(value, type) else type(value).__name__
    error = TypeError(
        f"{name}(): argument '{argument}' (position {position}) must be {wanted}, not {got}"
    )
    error.operand = position - 1  # type: ignore[attr-defined]
    return error


def wrap_dim(dim: int, ndim: int) -> int:
    """The dimension counted from the front. Raises IndexError outside [-ndim, ndim - 1]."""
    count = ndim or 1
    if 0 <= dim < count:
        return dim
    if -count <= dim < 0:
        return dim + count
    raise IndexError(
        f"Dimension out of range (expected to be in range of [{-count}, {count - 1}], but got {dim})"
    )


def wrap_dims(dims: int | Iterable[int], ndim: int) -> Shape:
    """Distinct dimensions counted from the front."""
    found: list[int] = []
    for dim in (dims,) if isinstance(dims, int) else dims:
        wrapped = wrap_dim(dim, ndim)
        if wrapped in found:
            raise RuntimeError(f"dim {wrapped} appears multiple times in the list of dims")
        found.append(wrapped)
    return tuple(found)


def integers(name: str, values: Any, argument: str = "size", position: int = 1) -> Shape:
    """Whole numbers given one by one, `f(2, 3)`, or together, `f((2, 3))`."""
    if len(values) == 1 and isinstance(values[0], (tuple, list)):
        values = values[0]
    try:
        return tuple([v if type(v) is int else index(v) for v in values])
    except TypeError:
        wrong = next(v for v in values if not hasattr(v, "__index__"))
        raise wrong_type(name, argument, position, "tuple of ints", wrong) from None


def count_of(shape: Iterable[int]) -> int:
    """How many elements there are in `shape`."""
    count = 1
    for size in shape:
        count *= size
    return count
