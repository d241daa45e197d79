"""Arguments (tensors, dimensions, sizes, dtypes) as rows take them, or PyTorch's errors."""

from __future__ import annotations

from collections.abc import Iterable
from operator import index
from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.state import warn
from engine.arrays.types import Array, DType, Shape
from engine.graph.tensor import Tensor


class Absent:
    """The default of an argument where PyTorch tells None from nothing; help shows it as None."""

    def __repr__(self) -> str:
        return "None"


ABSENT: Any = Absent()


def array_of(name: str, value: Any, argument: str = "input", position: int = 1) -> Array:
    """The array of an argument that must be a Tensor. Raises TypeError for another."""
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


def check_flag(value: Any) -> None:
    """Raise TypeError for what is true, but not True: x.sum(0, 1) is not x.sum((0, 1))."""
    if type(value) is not bool:
        raise TypeError(f"a flag must be bool, not {type(value).__name__}")


def wrap_dim(dim: int, ndim: int) -> int:
    """The dimension counted from the front. Raises IndexError outside [-ndim, ndim - 1]."""
    if type(dim) is not int:
        if isinstance(dim, bool) or not hasattr(dim, "__index__"):
            raise TypeError(f"a dimension must be int, not {type(dim).__name__}")
        dim = index(dim)
    count = ndim or 1
    if 0 <= dim < count:
        return dim
    if -count <= dim < 0:
        return dim + count
    raise IndexError(
        f"Dimension out of range (expected to be in range of [{-count}, {count - 1}], but got "
        f"{dim})"
    )


def wrap_dims(dims: int | Iterable[int], ndim: int) -> Shape:
    """Distinct dimensions counted from the front. Raises as `wrap_dim`, and RuntimeError if one is
    named twice."""
    found: list[int] = []
    for dim in (dims,) if isinstance(dims, int) else dims:
        wrapped = wrap_dim(dim, ndim)
        if wrapped in found:
            raise RuntimeError(f"dim {wrapped} appears multiple times in the list of dims")
        found.append(wrapped)
    return tuple(found)


def integers(
    name: str, values: Any, argument: str = "size", position: int = 1, keyword: Any = None
) -> Shape:
    """Whole numbers given one by one, `f(2, 3)`, together, `f((2, 3))`, or as f(size=(2, 3)).

    Raises TypeError for anything else, or nothing.
    """
    if keyword is not None:
        values = (keyword,)
    elif not values:
        raise TypeError(f'{name}() missing 1 required positional arguments: "{argument}"')
    if len(values) == 1 and isinstance(values[0], (tuple, list)):
        values = values[0]
    for value in values:
        if type(value) is not int:
            break
    else:
        return tuple(values)
    try:
        return tuple([index(value) for value in values])
    except TypeError:
        place, wrong = next((i, v) for i, v in enumerate(values, 1) if not hasattr(v, "__index__"))
    if place == 1:
        raise wrong_type(name, argument, position, "tuple of ints", wrong)
    raise TypeError(
        f"{name}(): argument '{argument}' failed to unpack the object at pos {place} with error "
        f'"type must be tuple of ints,but got {type(wrong).__name__}"'
    )


def count_of(shape: Iterable[int]) -> int:
    """How many elements there are in `shape`."""
    count = 1
    for size in shape:
        count *= size
    return count


_PYTHON_TYPES = {int: np.dtype(np.int64), float: np.dtype(np.float64), bool: np.dtype(bool)}


def dtype_of(name: str, dtype: Any) -> DType | None:
    """NumPy's dtype for an argument `dtype`, a torch.dtype or a Python type; None for None.

    Raises TypeError for anything else.
    """
    if dtype is None:
        return None
    if isinstance(dtype, dtypes.dtype):
        return dtype.numpy
    if isinstance(dtype, type) and dtype in _PYTHON_TYPES:
        return _PYTHON_TYPES[dtype]
    raise TypeError(f"{name}(): argument 'dtype' must be torch.dtype, not {type(dtype).__name__}")


class Device:
    """Where a tensor's numbers are, as torch.device. Only the CPU can be used."""

    __slots__ = ("index", "type")

    def __init__(self, type: Any, index: int | None = None) -> None:
        kind, _, number = str(type).partition(":")
        if kind not in _DEVICES.split(", "):
            raise _no_device(type)
        self.type = kind
        self.index = int(number) if number else index

    def __repr__(self) -> str:
        return f"device(type='{self.type}'{'' if self.index is None else f', index={self.index}'})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


def _no_device(name: Any) -> RuntimeError:
    return RuntimeError(f"Expected one of {_DEVICES} device type at start of device string: {name}")


_DEVICES = (
    "cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, xla, lazy, vulkan, "
    "mps, meta, hpu, mtia, privateuseone"
)


def on_cpu(where: Any) -> None:
    """Raise PyTorch's error for an argument `device` that names no CPU."""
    if where is None:
        return
    kind = str(where).partition(":")[0]
    if kind == "cpu":
        return
    if kind == "cuda":
        raise AssertionError("Torch not compiled with CUDA enabled")
    if kind in _DEVICES.split(", "):
        raise RuntimeError(f"PyTorch is not linked with support for {kind} devices")
    raise _no_device(where)


def warn_of_scalar() -> None:
    """PyTorch's warning where a tracked tensor is read as a number."""
    warn(
        "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\n"
        "Consider using tensor.detach() first.",
        UserWarning,
    )
