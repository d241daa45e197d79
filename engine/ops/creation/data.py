"""Tensors made from data: numbers, nested lists of them, arrays, other tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import dtypes, limits
from engine.arrays.promotion import number_dtype, promote
from engine.arrays.state import warn
from engine.arrays.types import DType, Shape
from engine.dispatch.arguments import dtype_of, on_cpu, warn_of_scalar
from engine.graph.registry import public
from engine.graph.tensor import Tensor, begun, wrap
from engine.ops.creation.convert import converted

_NUMBERS = frozenset((bool, int, float, complex))

_COPY = (
    "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
    "sourceTensor.detach().clone().requires_grad_(True), rather than {}(sourceTensor)."
)


@public("torch")
def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor with a copy of data: a number, nested lists of them, an array."""
    on_cpu(device)
    wanted = dtype_of("tensor", dtype)
    if isinstance(data, Tensor):
        warn(_COPY.format("torch.tensor"), UserWarning)
    return requiring(wrap(copied(data, wanted)), requires_grad)


@public("Tensor")
def new_tensor(
    self: Tensor,
    data: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor with a copy of data and the dtype of self."""
    on_cpu(device)
    if isinstance(data, Tensor):
        warn(_COPY.format("tensor.new_tensor"), UserWarning)
    wanted = dtype_of("new_tensor", dtype) or self.array.dtype
    return requiring(wrap(copied(data, wanted)), requires_grad)


def copied(data: Any, wanted: DType | None) -> Any:
    """A new array with these data."""
    if isinstance(data, (Tensor, np.ndarray)):
        array = data.array if isinstance(data, Tensor) else supported(data)
        return np.array(array, wanted, order="C")
    limits.check(_outer_shape(data), 8)
    kinds = _kinds(data, 0)
    if kinds <= _NUMBERS:
        if wanted is None:
            wanted = _number_kind(kinds)
        try:
            return np.array(data, wanted)
        except OverflowError as error:
            raise _overflow(wanted, "infinity" not in str(error)) from None
        except ValueError as error:
            if "NaN" in str(error):
                raise _overflow(wanted, False) from None
        except TypeError:  # a complex number as a real one, or a list where a number belongs
            if complex in kinds and wanted.kind != "c":
                raise RuntimeError(
                    f"value cannot be converted to type {dtypes.of(wanted).name} without overflow"
                ) from None
    return _slowly(data, wanted)


def _outer_shape(data: Any) -> Shape:
    shape: list[int] = []
    while type(data) in (list, tuple) and data and len(shape) < 64:
        shape.append(len(data))
        data = data[0]
    return tuple(shape)


def _kinds(data: Any, depth: int) -> set[type]:
    """The types of the elements of nested lists and tuples."""
    if type(data) not in (list, tuple):
        return {type(data)}
    if depth > 64:
        raise ValueError(f"too many dimensions '{type(data).__name__}'")
    kinds = set(map(type, data))
    for sequence in (list, tuple):
        if sequence in kinds:
            kinds.discard(sequence)
            for item in data:
                if type(item) is sequence:
                    kinds |= _kinds(item, depth + 1)
    return kinds


def _number_kind(kinds: set[type]) -> DType:
    for kind in (complex, float, int, bool):
        if kind in kinds:
            return number_dtype(kind(0))
    return dtypes.get_default_dtype().numpy


def _overflow(wanted: DType, too_large: bool) -> Exception:
    if wanted == np.int64 and too_large:
        return ValueError("Overflow when unpacking long long")
    return RuntimeError(
        f"value cannot be converted to type {dtypes.of(wanted).name} without overflow"
    )


def _slowly(data: Any, wanted: DType | None) -> Any:
    """The same for data with tensors, arrays, ranges or mistakes among them."""
    if isinstance(data, str):
        raise TypeError("new(): invalid data type 'str'")
    kind = _infer(data)
    shape: list[int] = []
    first = data
    while _is_sequence(first):
        shape.append(len(first))
        if not shape[-1]:
            break
        first = first[0]
        if isinstance(first, str):
            raise ValueError("too many dimensions 'str'")
    flat: list[Any] = []
    _collect(data, shape, 0, flat)
    dtype = kind if wanted is None else wanted
    dtype = dtypes.get_default_dtype().numpy if dtype is None else dtype
    try:
        return np.array(flat, dtype).reshape(shape)
    except (OverflowError, ValueError) as error:
        raise _overflow(dtype, "large" in str(error)) from None


def _is_sequence(data: Any) -> bool:
    if isinstance(data, np.ndarray):
        return data.ndim > 0
    return isinstance(data, (list, tuple, range, str))


def _infer(data: Any) -> DType | None:
    """The dtype for data; None if there is nothing in it."""
    if isinstance(data, Tensor):
        return data.array.dtype
    if isinstance(data, (np.ndarray, np.generic)):
        return supported(np.asarray(data)).dtype
    if isinstance(data, str):
        return None
    if _is_sequence(data):
        kind = None
        for item in data:
            if isinstance(item, str) and kind is not None:
                raise TypeError("new(): invalid data type 'str'")
            inner = _infer(item)
            kind = inner if kind is None else kind if inner is None else promote(kind, inner)
        return kind
    if isinstance(data, (bool, int, float, complex)):
        return number_dtype(data)
    raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")


def _collect(data: Any, shape: list[int], depth: int, flat: list[Any]) -> None:
    """Put the numbers of nested sequences of a regular shape into `flat`."""
    if depth == len(shape):
        flat.append(_number(data))
        return
    if not _is_sequence(data):
        raise TypeError("not a sequence")
    if len(data) != shape[depth]:
        raise ValueError(
            f"expected sequence of length {shape[depth]} at dim {depth} (got {len(data)})"
        )
    for item in data:
        _collect(item, shape, depth + 1, flat)


def _number(data: Any) -> Any:
    if isinstance(data, Tensor):
        if data.requires_grad:
            warn_of_scalar()
        if data.array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return data.array.item()
    if _is_sequence(data):
        raise TypeError(f"'{type(data).__name__}' object cannot be interpreted as an integer")
    return data


def supported(array: Any) -> Any:
    """The array, if PyTorch can hold it. Raises TypeError or ValueError as PyTorch does."""
    if array.dtype.kind not in "biufc":
        kind = f"{array.dtype.type.__module__}.{array.dtype.type.__name__}"
        raise TypeError(_unsupported(kind))
    dtypes.of(array.dtype)
    if any(stride < 0 for stride in array.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative "
            "strides are not currently supported. (You can probably work around this by making a "
            "copy of your array  with array.copy().) "
        )
    return array


def _unsupported(kind: str) -> str:
    return (
        f"can't convert np.ndarray of type {kind}. The only supported types are: float64, "
        "float32, float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, "
        "uint16, uint8, and bool."
    )


@public("torch")
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """data as a tensor, without a copy where it is a tensor or an array of this dtype already."""
    on_cpu(device)
    wanted = dtype_of("as_tensor", dtype)
    if isinstance(data, Tensor):
        return data if wanted is None else converted(data, wanted)
    if isinstance(data, np.ndarray) and wanted in (None, data.dtype):
        return wrap(supported(data))
    return wrap(copied(data, wanted))


@public("torch")
def from_numpy(ndarray: Any) -> Tensor:
    """A tensor that shares the memory of a NumPy array."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    return wrap(supported(ndarray))


def requiring(made: Tensor, requires_grad: bool, name: str = "tensor") -> Tensor:
    """A new tensor, a leaf that requires grad if asked for. Raises RuntimeError for integers."""
    if type(requires_grad) is not bool:
        raise TypeError(
            f"{name}(): argument 'requires_grad' must be bool, not {type(requires_grad).__name__}"
        )
    return begun(made, requires_grad)
