"""Element types, by PyTorch's names, over NumPy's.

NumPy has no bfloat16. The package ml_dtypes gives it one, and is imported when it is first used.
There are no complex numbers of half precision at all: complex32 is a name.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import journal
from engine.arrays.state import current
from engine.arrays.types import DType


class dtype:  # noqa: N801 (PyTorch's name)
    """An element type.

    `scalar_name` is what PyTorch's messages call it (Float, Long), `tensor_type` what they call a
    tensor of it (FloatTensor), `itemsize` the bytes of one element.
    """

    __slots__ = ("_numpy", "is_complex", "is_floating_point", "itemsize", "name", "scalar_name")

    def __init__(self, name: str, numpy: Any, scalar_name: str) -> None:
        self.name = name
        held = np.dtype(numpy)
        self._numpy: DType | None = held
        self.scalar_name = scalar_name
        self.itemsize = held.itemsize
        self.is_floating_point = held.kind == "f"
        self.is_complex = held.kind == "c"

    @property
    def numpy(self) -> DType:
        """NumPy's dtype."""
        assert self._numpy is not None
        return self._numpy

    @property
    def tensor_type(self) -> str:
        """The name of PyTorch's tensor class for this type."""
        return f"{self.scalar_name}Tensor"

    @property
    def c_name(self) -> str:
        """The C++ type of an element, as PyTorch's messages have it."""
        return _C_NAMES.get(self.name, self.name)

    @property
    def is_signed(self) -> bool:
        """Whether it holds negative numbers."""
        return self.is_floating_point or self.is_complex or self.name.startswith("int")

    def to_real(self) -> dtype:
        """The type of the real parts."""
        return names[_PARTS.get(self.name, self.name)]

    def to_complex(self) -> dtype:
        """The type of complex numbers with parts of this one. Raises RuntimeError for integers."""
        if self.is_complex:
            return self
        if not self.is_floating_point:
            raise RuntimeError(f"Unknown Complex ScalarType for {self.scalar_name}")
        return names[_COMPLEX[self.name]]

    def __repr__(self) -> str:
        return f"torch.{self.name}"


class _BFloat16(dtype):
    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("bfloat16", np.float16, "BFloat16")  # of float16's size
        self._numpy = None

    @property
    def numpy(self) -> DType:
        if self._numpy is None:
            try:
                import ml_dtypes
            except ImportError:
                raise RuntimeError(
                    "bfloat16 needs the package ml_dtypes: pip install 'gradcli[bfloat16]'"
                ) from None
            found: DType = np.dtype(ml_dtypes.bfloat16)
            self._numpy = found
            _of[found] = self
        return self._numpy


class _Complex32(dtype):
    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("complex32", np.complex64, "ComplexHalf")
        self.itemsize = 4

    @property
    def numpy(self) -> DType:
        raise TypeError("complex32 is not supported: NumPy has no complex numbers of half size")


float32 = dtype("float32", np.float32, "Float")
float64 = dtype("float64", np.float64, "Double")
bfloat16 = _BFloat16()
_ALL = (
    float32,
    float64,
    dtype("float16", np.float16, "Half"),
    dtype("int64", np.int64, "Long"),
    dtype("int32", np.int32, "Int"),
    dtype("int16", np.int16, "Short"),
    dtype("int8", np.int8, "Char"),
    dtype("uint8", np.uint8, "Byte"),
    dtype("uint16", np.uint16, "UInt16"),
    dtype("uint32", np.uint32, "UInt32"),
    dtype("uint64", np.uint64, "UInt64"),
    dtype("bool", np.bool_, "Bool"),
    dtype("complex64", np.complex64, "ComplexFloat"),
    dtype("complex128", np.complex128, "ComplexDouble"),
)
names: dict[str, dtype] = {each.name: each for each in (*_ALL, bfloat16, _Complex32())}
"""Every public name, aliases included."""
for _alias, _name in (
    ("float", "float32"),
    ("double", "float64"),
    ("half", "float16"),
    ("long", "int64"),
    ("int", "int32"),
    ("short", "int16"),
    ("cfloat", "complex64"),
    ("cdouble", "complex128"),
    ("chalf", "complex32"),
):
    names[_alias] = names[_name]
_C_NAMES = {
    "float32": "float",
    "float64": "double",
    "float16": "c10::Half",
    "bfloat16": "c10::BFloat16",
    "int64": "long int",
    "int32": "int",
    "int16": "short int",
    "int8": "signed char",
    "uint8": "unsigned char",
    "complex64": "c10::complex<float>",
    "complex128": "c10::complex<double>",
}
_PARTS = {"complex128": "float64", "complex64": "float32", "complex32": "float16"}
_COMPLEX = {
    "float64": "complex128",
    "float32": "complex64",
    "float16": "complex32",
    "bfloat16": "complex64",
}

_of: dict[DType, dtype] = {each.numpy: each for each in _ALL}


def of(numpy_dtype: DType) -> dtype:
    """The dtype of a NumPy one. Raises TypeError for one PyTorch has no name for."""
    try:
        return _of[numpy_dtype]
    except KeyError:
        if getattr(numpy_dtype, "name", None) == "bfloat16" and bfloat16.numpy == numpy_dtype:
            return bfloat16
        raise TypeError(
            f"can't convert np.ndarray of type {numpy_dtype}. The only supported types are: "
            "float64, float32, float16, complex64, complex128, int64, int32, int16, int8, "
            "uint64, uint32, uint16, uint8, and bool."
        ) from None


def get_default_dtype() -> dtype:
    """The dtype of tensors made from Python floats."""
    found: dtype = current().default_dtype or float32
    return found


def set_default_dtype(d: dtype) -> None:
    """Make floating `d` the default. Raises TypeError for any other."""
    if not isinstance(d, dtype) or not d.is_floating_point:
        problem = "" if isinstance(d, dtype) else "invalid dtype object: "
        raise TypeError(f"{problem}only floating-point types are supported as the default type")
    assert d.numpy  # it can be had
    journal.note_slot(current(), "default_dtype")
    current().default_dtype = d


def default_complex() -> dtype:
    """The dtype of tensors made from Python's complex numbers.

    Raises RuntimeError while the default dtype is bfloat16, which has no complex numbers.
    """
    if (default := get_default_dtype()) is bfloat16:
        raise RuntimeError("invalid default scalar type for complex")
    return names[_COMPLEX[default.name]]


# ---- limits ----------------------------------------------------------------------------------


class finfo:  # noqa: N801 (PyTorch's name)
    """The limits of a floating type, as torch.finfo. Raises TypeError for any other."""

    __slots__ = ("bits", "dtype", "eps", "max", "min", "resolution", "smallest_normal", "tiny")

    def __init__(self, type: Any = None) -> None:
        of_type = _type_given("finfo", get_default_dtype() if type is None else type).to_real()
        if not of_type.is_floating_point:
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle "
                "'torch.finfo'"
            )
        self.dtype = of_type.name
        self.bits = 8 * of_type.itemsize
        if of_type is bfloat16:
            self.eps, self.max, self.tiny = 2.0**-7, (2 - 2.0**-7) * 2.0**127, 2.0**-126
            self.resolution = 0.01
        else:
            limits = np.finfo(of_type.numpy)
            self.eps, self.max = float(limits.eps), float(limits.max)
            self.tiny = float(limits.smallest_normal)
            self.resolution = float(f"1e-{limits.precision}")
        self.min, self.smallest_normal = -self.max, self.tiny

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, "
            f"eps={self.eps:g}, smallest_normal={self.tiny:g}, tiny={self.tiny:g}, "
            f"dtype={self.dtype})"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)


class iinfo:  # noqa: N801 (PyTorch's name)
    """The limits of an integer type, as torch.iinfo. Raises TypeError for any other."""

    __slots__ = ("bits", "dtype", "max", "min")

    def __init__(self, type: Any) -> None:
        of_type = _type_given("iinfo", type)
        if of_type.is_floating_point or of_type.is_complex:
            raise TypeError(
                "torch.iinfo() requires an integer input type. Use torch.finfo to handle "
                "'torch.iinfo'"
            )
        if of_type.name == "bool":
            raise TypeError("torch.bool is not supported by torch.iinfo")
        limits = np.iinfo(of_type.numpy)
        self.dtype, self.bits = of_type.name, 8 * of_type.itemsize
        self.max, self.min = int(limits.max), int(limits.min)

    def __repr__(self) -> str:
        return f"iinfo(min={float(self.min):g}, max={float(self.max):g}, dtype={self.dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)


def _type_given(name: str, type: Any) -> dtype:
    if isinstance(type, dtype):
        return type
    raise TypeError(
        f"{name}(): argument 'type' (position 1) must be torch.dtype, not {type.__class__.__name__}"
    )
