"""Element types, by PyTorch's names, over NumPy's.

NumPy has no bfloat16: `dtypes.bfloat16` is there where the package ml_dtypes is, which is
imported only when asked for.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from engine import journal


class dtype:  # noqa: N801 (PyTorch's name)
    """An element type.

    `scalar_name` is what PyTorch's messages call it (Float, Long), `tensor_type` what they call a
    tensor of it (FloatTensor), `itemsize` the bytes of one element.
    """

    __slots__ = ("is_complex", "is_floating_point", "itemsize", "name", "numpy", "scalar_name")

    def __init__(self, name: str, numpy: Any, scalar_name: str) -> None:
        self.name = name
        self.numpy: np.dtype[Any] = np.dtype(numpy)
        self.scalar_name = scalar_name
        self.itemsize = self.numpy.itemsize
        self.is_floating_point = self.numpy.kind in "fV"
        self.is_complex = self.numpy.kind == "c"

    @property
    def tensor_type(self) -> str:
        """The name of PyTorch's tensor class for this type."""
        return f"{self.scalar_name}Tensor"

    @property
    def is_signed(self) -> bool:
        """Whether it holds negative numbers."""
        return self.numpy.kind in "ifcV"

    def __repr__(self) -> str:
        return f"torch.{self.name}"


float32 = dtype("float32", np.float32, "Float")
float64 = dtype("float64", np.float64, "Double")
_ALL = (
    float32,
    float64,
    dtype("float16", np.float16, "Half"),
    dtype("int64", np.int64, "Long"),
    dtype("int32", np.int32, "Int"),
    dtype("int16", np.int16, "Short"),
    dtype("int8", np.int8, "Char"),
    dtype("uint8", np.uint8, "Byte"),
    dtype("bool", np.bool_, "Bool"),
    dtype("complex64", np.complex64, "ComplexFloat"),
    dtype("complex128", np.complex128, "ComplexDouble"),
)
names: dict[str, dtype] = {each.name: each for each in _ALL}
"""Every public name, aliases included."""
for _alias, _name in (
    ("float", "float32"), ("double", "float64"), ("half", "float16"), ("long", "int64"),
    ("int", "int32"), ("short", "int16"), ("cfloat", "complex64"), ("cdouble", "complex128"),
):  # fmt: skip
    names[_alias] = names[_name]

_of: dict[Any, dtype] = {each.numpy: each for each in _ALL}
_default = float32


def of(numpy_dtype: Any) -> dtype:
    """The dtype of a NumPy one. Raises TypeError for one PyTorch has no name for."""
    try:
        return _of[numpy_dtype]
    except KeyError:
        if getattr(numpy_dtype, "name", None) == "bfloat16":
            return _bfloat16()
        raise TypeError(
            f"can't convert np.ndarray of type {numpy_dtype}. The only supported types are: "
            "float64, float32, float16, complex64, complex128, int64, int32, int16, int8, "
            "uint64, uint32, uint16, uint8, and bool."
        ) from None


def refuse_complex_half() -> None:
    """Raise TypeError: PyTorch's complex32 cannot be had."""
    raise TypeError("complex32 is not supported: NumPy has no complex numbers of half precision")


def _bfloat16() -> dtype:
    from ml_dtypes import bfloat16

    found = dtype("bfloat16", bfloat16, "BFloat16")
    return _of.setdefault(found.numpy, found)


def __getattr__(name: str) -> dtype:
    if name == "bfloat16":
        try:
            return _bfloat16()
        except ImportError:
            raise AttributeError("bfloat16 needs the package ml_dtypes") from None
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def get_default_dtype() -> dtype:
    """The dtype of tensors made from Python floats."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Make floating `d` the default. Raises TypeError for any other."""
    global _default
    if not isinstance(d, dtype) or not d.is_floating_point:
        problem = "" if isinstance(d, dtype) else "invalid dtype object: "
        raise TypeError(f"{problem}only floating-point types are supported as the default type")
    journal.note_slot(sys.modules[__name__], "_default")
    _default = d


def default_complex() -> dtype:
    """The dtype of tensors made from Python's complex numbers."""
    return names["complex128" if _default is float64 else "complex64"]
