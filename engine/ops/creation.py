"""Tensors made from data, and tensors of given sizes."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from engine import dtypes, limits
from engine.catalog import expose, public
from engine.ops.arguments import Shape, array_of, dtype_of, integers, on_cpu, wrong_type
from engine.promotion import number_dtype, promote
from engine.record import TENSORS as ops
from engine.tensor import LEAF, Tensor, leaf, wrap

DType = np.dtype[Any]
_NUMBERS = frozenset((bool, int, float, complex))

# ---- from data -------------------------------------------------------------------------------

_COPY = (
    "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
    "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor)."
)


@public("torch")
def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor with a copy of data: a number, nested lists of them, an array."""
    on_cpu(device)
    wanted = dtype_of("tensor", dtype)
    if isinstance(data, Tensor):
        warnings.warn(_COPY, UserWarning, stacklevel=2)
    made = leaf(_copied(data, wanted), False)
    return _requiring(made, requires_grad)


def _copied(data: Any, wanted: DType | None) -> Any:
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
        except OverflowError:
            raise _overflow(wanted) from None
        except ValueError as error:
            if "NaN" in str(error) or "infinity" in str(error):
                raise _overflow(wanted) from None
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


def _overflow(wanted: DType) -> Exception:
    if wanted == np.int64:
        return ValueError("Overflow when unpacking long long")
    return RuntimeError(
        f"value cannot be converted to type {dtypes.of(wanted).name} without overflow"
    )


def _slowly(data: Any, wanted: DType | None) -> Any:
    """The same for data with tensors, arrays, ranges or mistakes among them, as PyTorch reads it."""
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
    except (OverflowError, ValueError):
        raise _overflow(dtype) from None


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


def warn_of_scalar() -> None:
    """PyTorch's warning where a tracked tensor is read as a number."""
    warnings.warn(
        "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\n"
        "Consider using tensor.detach() first.", UserWarning, stacklevel=3,
    )  # fmt: skip


def supported(array: Any) -> Any:
    """The array, if PyTorch can hold it. Raises TypeError or ValueError as PyTorch does."""
    if array.dtype.kind not in "biufc":
        kind = f"{array.dtype.type.__module__}.{array.dtype.type.__name__}"
        raise TypeError(_unsupported(kind))
    dtypes.of(array.dtype)
    if any(stride < 0 for stride in array.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides "
            "are not currently supported. (You can probably work around this by making a copy of your "
            "array  with array.copy().) "
        )
    return array


def _unsupported(kind: str) -> str:
    return (
        f"can't convert np.ndarray of type {kind}. The only supported types are: float64, float32, "
        "float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, uint8, and "
        "bool."
    )


@public("torch")
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """data as a tensor, without a copy where it is a tensor or an array of this dtype already."""
    on_cpu(device)
    wanted = dtype_of("as_tensor", dtype)
    if isinstance(data, Tensor):
        from engine.ops.convert import converted

        return data if wanted is None else converted(data, wanted)
    if isinstance(data, np.ndarray) and wanted in (None, data.dtype):
        return wrap(supported(data))
    return wrap(_copied(data, wanted))


@public("torch")
def from_numpy(ndarray: Any) -> Tensor:
    """A tensor that shares the memory of a NumPy array."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    return wrap(supported(ndarray))


def _requiring(made: Tensor, requires_grad: bool) -> Tensor:
    if type(requires_grad) is not bool:
        raise TypeError(
            f"tensor(): argument 'requires_grad' must be bool, not {type(requires_grad).__name__}"
        )
    if requires_grad:
        if made.array.dtype.kind not in "fc":
            raise RuntimeError(
                "Only Tensors of floating point and complex dtype can require gradients"
            )
        made.edge = LEAF
    return made


@public("autograd", "Variable")
def variable(data: Any = None, requires_grad: bool = False, volatile: bool = False) -> Tensor:
    """A tensor over the storage of another: what tensors were called before PyTorch 0.4."""
    if data is None:
        return _requiring(zeros(0), requires_grad)
    if not isinstance(data, Tensor):
        raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
    return _requiring(wrap(data.array), requires_grad)


@public("torch", "complex")
def complex_of(real: Tensor, imag: Tensor) -> Tensor:
    """The complex numbers with these real and imaginary parts."""
    parts = array_of("complex", real, "real"), array_of("complex", imag, "imag", 2)
    return wrap(parts[0] + np.asarray(1j, np.result_type(parts[0].dtype, np.complex64)) * parts[1])


for _name, _dtype in (
    ("FloatTensor", "float32"), ("DoubleTensor", "float64"), ("LongTensor", "int64"),
    ("IntTensor", "int32"), ("BoolTensor", "bool"), ("ByteTensor", "uint8"),
):  # fmt: skip

    def _legacy(*data: Any, name: str = _name, dtype: Any = dtypes.names[_dtype]) -> Tensor:
        """A tensor of one dtype, from data or of given sizes."""
        if len(data) == 1 and isinstance(data[0], (list, tuple, Tensor, np.ndarray)):
            return wrap(_copied(data[0], dtype.numpy))
        return wrap(_allocated(name, np.zeros, integers(name, data), dtype.numpy))

    expose(_name, _legacy, "torch")

# ---- of given sizes --------------------------------------------------------------------------


def sizes_of(name: str, given: Any, size: Any) -> Shape:
    """Sizes given one by one, together, or by keyword."""
    if size is not None:
        given = (size,)
    elif not given:
        raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
    if len(given) == 1 and type(given[0]) is bool:
        raise wrong_type(name, "size", 1, "tuple of ints", given[0])
    shape = integers(name, given)
    if shape and min(shape) < 0:
        negative_size(name, shape)
    return shape


def negative_size(name: str, shape: Shape) -> None:
    """Raise PyTorch's error for sizes below zero."""
    if name == "zeros":
        raise RuntimeError("zeros: Dimension size must be non-negative.")
    first = next(size for size in shape if size < 0)
    raise RuntimeError(f"Trying to create tensor with negative dimension {first}: {list(shape)}")


def _allocated(name: str, make: Any, shape: Shape, dtype: DType, *more: Any) -> Any:
    """make(shape, ..., dtype), unless there is no memory for it."""
    limits.check(shape, dtype.itemsize)
    try:
        return make(shape, *more, dtype)
    except (MemoryError, ValueError):
        if math.prod(shape) * dtype.itemsize >= 2**63:
            raise RuntimeError(
                f"Storage size calculation overflowed with sizes={list(shape)}"
            ) from None
        raise limits.no_memory(shape, dtype.itemsize) from None


def _floating(name: str, dtype: Any) -> DType:
    return dtype_of(name, dtype) or dtypes.get_default_dtype().numpy


def _maker(name: str, make: Any, doc: str) -> Any:
    """zeros, ones, empty: sizes as numbers or as one sequence."""

    def made(
        *shape: Any, size: Any = None, out: Any = None, dtype: Any = None, layout: Any = None,
        device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
        memory_format: Any = None,
    ) -> Tensor:  # fmt: skip
        on_cpu(device)
        found = sizes_of(name, shape, size)
        array = _allocated(name, make, found, _floating(name, dtype))
        return _requiring(wrap(array), requires_grad)

    made.__name__ = made.__qualname__ = name
    made.__doc__ = doc
    expose(name, made, "torch")
    return made


zeros = _maker("zeros", np.zeros, "A tensor of zeros of a given size.")
ones = _maker("ones", np.ones, "A tensor of ones of a given size.")
empty = _maker("empty", np.zeros, "A tensor of a given size, of no particular values (zeros here).")


def _fill_dtype(value: Any) -> tuple[Any, DType]:
    """A fill value as a number, and the dtype it stands for."""
    if isinstance(value, Tensor) and value.array.ndim == 0:
        value = value.array.item()
    if not isinstance(value, (bool, int, float, np.number, np.bool_, complex)):
        raise wrong_type("full", "fill_value", 2, "Number", value)
    return value, number_dtype(value)


@public("torch")
def full(
    size: Any, fill_value: Any, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of a given size, every element the same."""
    on_cpu(device)
    if not isinstance(size, (tuple, list)):
        raise wrong_type("full", "size", 1, "tuple of ints", size)
    number, own = _fill_dtype(fill_value)
    shape = sizes_of("full", (size,), None)
    wanted = dtype_of("full", dtype) or own
    return _requiring(wrap(_allocated("full", np.full, shape, wanted, _as(number, wanted))), requires_grad)


def _as(number: Any, dtype: DType) -> Any:
    """The number as the dtype holds it. Raises RuntimeError if it is too large for an integer."""
    try:
        return np.array(number, dtype)
    except (OverflowError, ValueError):
        name = dtypes.of(dtype).name
        raise RuntimeError(
            f"value cannot be converted to type {name}_t without overflow"
        ) from None


@public("torch")
def scalar_tensor(
    s: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A 0-dim tensor of the default dtype."""
    return tensor(s, dtype=dtype or dtypes.get_default_dtype(), requires_grad=requires_grad)


@public("torch")
def eye(
    n: int, m: int | None = None, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The identity matrix of n rows and m columns."""
    on_cpu(device)
    for name, count in (("n", n), ("m", n if m is None else m)):
        if not hasattr(count, "__index__"):
            raise wrong_type("eye", name, 1 if name == "n" else 2, "int", count)
        if count < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {count}")
    shape = (int(n), int(n if m is None else m))
    wanted = _floating("eye", dtype)
    limits.check(shape, wanted.itemsize)
    return _requiring(wrap(np.eye(*shape, dtype=wanted)), requires_grad)


# ---- steps -----------------------------------------------------------------------------------


def _plain_number(name: str, argument: str, value: Any) -> Any:
    if isinstance(value, Tensor) and value.array.size == 1:
        return value.array.item()
    if isinstance(value, (int, float, np.number)):
        return int(value) if type(value) is bool else value
    raise wrong_type(name, argument, 1, "Number", value)


_ARANGE = """arange() received an invalid combination of arguments - got (), but expected one of:
 * (Number end, *, Tensor out = None, torch.dtype dtype = None, torch.layout layout = None, \
torch.device device = None, bool pin_memory = False, bool requires_grad = False)
 * (Number start, Number end, *, torch.dtype dtype = None, torch.layout layout = None, \
torch.device device = None, bool pin_memory = False, bool requires_grad = False)
 * (Number start, Number end, Number step = 1, *, Tensor out = None, torch.dtype dtype = None, \
torch.layout layout = None, torch.device device = None, bool pin_memory = False, \
bool requires_grad = False)
"""


@public("torch")
def arange(
    start: Any = None, end: Any = None, step: Any = 1, *, out: Any = None, dtype: Any = None,
    layout: Any = None, device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Numbers from start (0) to before end, a step apart."""
    on_cpu(device)
    if start is None and end is None:
        raise TypeError(_ARANGE)
    if end is None:
        start, end = 0, start
    bounds = [
        _plain_number("arange", name, 0 if value is None else value)
        for name, value in (("end", start), ("end", end), ("step", step))
    ]
    wanted = dtype_of("arange", dtype)
    if wanted is None:
        whole = all(isinstance(n, (int, np.integer)) for n in bounds)
        wanted = np.dtype(np.int64) if whole else dtypes.get_default_dtype().numpy
    low, high, apart = (int(n) if wanted.kind in "biu" else n for n in bounds)
    if apart == 0:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"unsupported range: {low} -> {high}")
    if (high - low) * apart < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    count = -((low - high) // apart) if wanted.kind in "biu" else math.ceil((high - low) / apart)
    if count >= 2**63:
        raise RuntimeError("invalid size, possible overflow?")
    limits.check((count,), wanted.itemsize)
    places = np.arange(count)
    if not isinstance(low, int) or not isinstance(apart, int):
        places = places.astype(np.float64)
    return _requiring(wrap((places * apart + low).astype(wanted)), requires_grad)


def _steps(name: str, start: Any, end: Any, steps: Any, dtype: Any) -> tuple[Any, DType]:
    """`steps` numbers evenly from start to end, computed from both ends towards the middle."""
    if steps is None or not hasattr(steps, "__index__"):
        got = ", ".join(type(v).__name__ for v in (start, end, steps) if v is not None)
        raise TypeError(_STEPS.format(name=name, got=got, base="" if name == "linspace" else _BASE))
    count = int(steps)
    if count < 0:
        raise RuntimeError("number of steps must be non-negative")
    low, high = (_plain_number(name, "start", value) for value in (start, end))
    wanted = _floating(name, dtype)
    limits.check((count,), wanted.itemsize)
    work = wanted if wanted.kind == "f" else np.dtype(np.float64)
    first, last = np.array(low, work), np.array(high, work)
    step = (last - first) / np.array(max(count - 1, 1), work)
    places = np.arange(count).astype(work)
    front = first + step * places
    back = last - step * places[::-1]
    return np.where(np.arange(count) < count // 2, front, back) if count != 1 else front, wanted


_BASE = " float base = 10.0,"
_REST = (
    " int steps,{base} *, Tensor out = None, torch.dtype dtype = None, torch.layout layout = None, "
    "torch.device device = None, bool pin_memory = False, bool requires_grad = False)\n"
)
_STEPS = (
    "{name}() received an invalid combination of arguments - got ({got}), but expected one of:\n"
    f" * (Tensor start, Tensor end,{_REST} * (Number start, Tensor end,{_REST}"
    f" * (Tensor start, Number end,{_REST} * (Number start, Number end,{_REST}"
)


@public("torch")
def linspace(
    start: Any, end: Any, steps: Any = None, *, out: Any = None, dtype: Any = None,
    layout: Any = None, device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """steps numbers evenly from start to end, both included."""
    on_cpu(device)
    array, wanted = _steps("linspace", start, end, steps, dtype)
    return _requiring(wrap(array.astype(wanted)), requires_grad)


@public("torch")
def logspace(
    start: Any, end: Any, steps: Any = None, base: float = 10.0, *, out: Any = None,
    dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """steps powers of base, the exponents evenly from start to end, both included."""
    on_cpu(device)
    array, wanted = _steps("logspace", start, end, steps, dtype)
    powers = np.power(np.array(base, array.dtype), array)
    return _requiring(wrap(powers.astype(wanted)), requires_grad)


# ---- like another ----------------------------------------------------------------------------


def _like(name: str, make: Any, doc: str) -> None:
    row = getattr(ops, "ones_like" if name == "ones" else "zeros_like")

    def like(
        input: Tensor, *, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False, memory_format: Any = None, pin_memory: bool = False,
    ) -> Tensor:  # fmt: skip
        on_cpu(device)
        array = array_of(f"{name}_like", input)
        if dtype is None and not requires_grad:
            return row(input)
        wanted = dtype_of(f"{name}_like", dtype) or array.dtype
        limits.check(array.shape, wanted.itemsize)
        return _requiring(wrap(make(array, wanted)), requires_grad)

    def new(
        self: Tensor, *shape: Any, size: Any = None, dtype: Any = None, layout: Any = None,
        device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
    ) -> Tensor:  # fmt: skip
        on_cpu(device)
        wanted = dtype_of(f"new_{name}", dtype) or self.array.dtype
        found = sizes_of(f"new_{name}", shape, size)
        plain = np.ones if name == "ones" else np.zeros
        return _requiring(wrap(_allocated(name, plain, found, wanted)), requires_grad)

    like.__name__, like.__doc__ = f"{name}_like", f"{doc} of the size of input."
    new.__name__, new.__doc__ = f"new_{name}", f"{doc} of a given size and the dtype of self."
    expose(like.__name__, like, "torch")
    expose(new.__name__, new, "Tensor")


_like("zeros", np.zeros_like, "A tensor of zeros")
_like("ones", np.ones_like, "A tensor of ones")
_like("empty", np.zeros_like, "A tensor of no particular values (zeros here)")


@public("torch")
def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """A tensor of the size of input, every element the same."""
    on_cpu(device)
    array = array_of("full_like", input)
    number, _ = _fill_dtype(fill_value)
    wanted = dtype_of("full_like", dtype) or array.dtype
    limits.check(array.shape, wanted.itemsize)
    return _requiring(wrap(np.full_like(array, _as(number, wanted), wanted)), requires_grad)


@public("Tensor")
def new_full(
    self: Tensor, size: Any, fill_value: Any, *, dtype: Any = None, layout: Any = None,
    device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of a given size and the dtype of self, every element the same."""
    wanted = dtype or dtypes.of(self.array.dtype)
    return full(size, fill_value, dtype=wanted, device=device, requires_grad=requires_grad)


@public("Tensor")
def new_tensor(
    self: Tensor, data: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor with a copy of data and the dtype of self."""
    wanted = dtype or dtypes.of(self.array.dtype)
    return tensor(data, dtype=wanted, device=device, requires_grad=requires_grad)
