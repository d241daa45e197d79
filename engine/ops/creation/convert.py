"""What a tensor is, and what it can become: numbers, arrays, tensors of other dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import dtypes, journal, promotion
from engine.arrays.memory import owner_of
from engine.arrays.promotion import is_half
from engine.arrays.row import non_differentiable, passed
from engine.arrays.state import warn
from engine.dispatch.arguments import (
    Device,
    dtype_of,
    on_cpu,
    warn_of_scalar,
    wrap_dim,
    wrong_type,
)
from engine.dispatch.detached import detached
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.printing import tensor_text
from engine.graph.registry import attribute, expose, public
from engine.graph.storage import View
from engine.graph.tensor import Size, Tensor, set_requires_grad, wrap


def _cast(xp: Any, x: Any, dtype: Any) -> Any:
    if x.dtype.kind == "c" and dtype.kind not in "cb":
        x = x.real  # NumPy would warn, and once a call is no place for it
    if is_half(dtype) and x.dtype.itemsize > 4:
        x = x.astype(np.float32)  # PyTorch rounds twice
    return x.astype(dtype)


# fmt: off
op("clone(x)", lambda xp, x: xp.array(x, copy=True), x=passed)
op("to_copy(x; dtype)", _cast, written="x.to(dtype)",
   x=lambda ns, g, x_dtype: ns.to_copy(g, x_dtype))
op("cast(x; dtype)", _cast, written="x.to(dtype)", x=non_differentiable)
# fmt: on

# ---- copies and dtypes -----------------------------------------------------------------------


def converted(input: Tensor, dtype: Any, copy: bool = False) -> Tensor:
    """input in a NumPy dtype; integers and bools have no gradient."""
    if input.array.dtype == dtype:
        return ops.clone(input) if copy else input
    if input.array.dtype.kind == "c" and dtype.kind not in "cb":
        warn("Casting complex values to real discards the imaginary part", UserWarning)
    return ops.to_copy(input, dtype) if dtype.kind in "fcV" else ops.cast(input, dtype)


@public()
def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy of input, through which gradients flow."""
    return ops.clone(input)


def _caster(name: str, dtype: str) -> None:
    """x.float(), x.long(), ..."""
    wanted = dtypes.names[dtype]

    def cast(self: Tensor, *, memory_format: Any = None) -> Tensor:
        return converted(self, wanted.numpy)

    cast.__name__, cast.__doc__ = name, f"self in {wanted}."
    public("Tensor", name)(cast)


for _name in "float double half bfloat16 long int short bool cfloat cdouble chalf".split():
    _caster(_name, _name)
_caster("byte", "uint8")
_caster("char", "int8")


@public("Tensor")
def to(
    self: Tensor,
    *args: Any,
    dtype: Any = None,
    device: Any = None,
    other: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """self in another dtype, or in that of another tensor; itself if it is that already."""
    for arg in args:
        if isinstance(arg, Tensor):
            other = arg
        elif isinstance(arg, bool):
            copy = arg
        elif isinstance(arg, (str, Device)):
            device = arg
        elif arg is not None:
            dtype = arg
    if isinstance(device, str) and not device.replace(":", "").isalpha():
        raise RuntimeError(f"Invalid device string: '{device}'")
    on_cpu(device)
    if other is not None:
        return converted(self, other.array.dtype, copy)
    return converted(self, dtype_of("to", dtype) or self.array.dtype, copy)


@public("Tensor")
def type_as(self: Tensor, other: Tensor) -> Tensor:
    """self in the dtype of other."""
    return converted(self, other.array.dtype)


@public("Tensor")
def cpu(self: Tensor) -> Tensor:
    """self: everything is on the CPU."""
    return self


@public("Tensor")
def cuda(self: Tensor, device: Any = None) -> Tensor:
    """Raises PyTorch's error where there is no GPU."""
    on_cpu("cuda")
    return self


# ---- out of autograd -------------------------------------------------------------------------


@public()
def detach(input: Tensor) -> Tensor:
    """The same memory, outside autograd."""
    return detached(input)


@public()
def detach_(self: Tensor) -> Tensor:
    """In place: outside autograd from now on. Raises RuntimeError for a view."""
    if type(self.edge) is View and self.edge.edge is not None:
        raise RuntimeError(
            "Can't detach views in-place. Use detach() instead. If you are using "
            "DistributedDataParallel (DDP) for training, and gradient_as_bucket_view is set as "
            "True, gradients are views of DDP buckets, and hence detach_() cannot be called on "
            "these gradients. To fix this error, please refer to the Optimizer.zero_grad() "
            "function in torch/optim/optimizer.py as the solution."
        )
    journal.note_slot(self, "edge")
    self.edge = None
    return self


@public("Tensor")
def requires_grad_(self: Tensor, requires_grad: bool = True) -> Tensor:
    """In place: start or stop recording operations on self."""
    if type(requires_grad) is not bool:
        raise wrong_type("requires_grad_", "requires_grad", 1, "bool", requires_grad)
    set_requires_grad(self, requires_grad)
    return self


# ---- numbers and arrays ----------------------------------------------------------------------


@public("Tensor")
def item(self: Tensor) -> Any:
    """The only element as a Python number. Raises RuntimeError if there are others."""
    array = self.array
    if array.size != 1:
        raise RuntimeError(f"a Tensor with {array.size} elements cannot be converted to Scalar")
    return array.item()


@public("Tensor")
def tolist(self: Tensor) -> Any:
    """The elements as Python numbers in nested lists."""
    return self.array.tolist()


@public("Tensor")
def numpy(self: Tensor, *, force: bool = False) -> Any:
    """The elements as a NumPy array that shares memory; not for a tracked tensor."""
    if self.requires_grad and not force:
        raise RuntimeError(
            "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
        )
    if self.array.dtype.kind == "V":
        raise TypeError("Got unsupported ScalarType BFloat16")
    return self.array


def _scalar(self: Tensor) -> Any:
    if self.requires_grad:
        warn_of_scalar()
    if self.array.size != 1:
        raise ValueError("only one element tensors can be converted to Python scalars")
    return self.array.item()


def _real_scalar(self: Tensor, c_type: str) -> Any:
    number = _scalar(self)
    if type(number) is not complex:
        return number
    if number.imag:
        raise RuntimeError(f"value cannot be converted to type {c_type} without overflow")
    return number.real


def _truth(self: Tensor) -> bool:
    array = self.array
    if array.size != 1:
        amount = "more than one value" if array.size else "no values"
        raise RuntimeError(f"Boolean value of Tensor with {amount} is ambiguous")
    return bool(array)


def _index(self: Tensor) -> int:
    if self.array.ndim or self.array.dtype.kind not in "biu":
        raise TypeError("only integer tensors of a single element can be converted to an index")
    return int(self.array)


def _array(self: Tensor, dtype: Any = None, copy: bool | None = None) -> Any:
    array = numpy(self)
    return array if dtype is None else array.astype(dtype, copy=False)


def _contains(self: Tensor, element: Any) -> bool:
    if isinstance(element, (Tensor, int, float, complex)):
        value = element.array if isinstance(element, Tensor) else element
        return bool((self.array == value).any())
    raise RuntimeError(
        f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
    )


def _repr(self: Tensor) -> str:
    node = self.grad_fn
    name = None if node is None else node.name().rpartition("::")[2]
    text = tensor_text(self.array, requires_grad=self.requires_grad, grad_fn=name)
    return f"Parameter containing:\n{text}" if self.parameter else text


def _format(self: Tensor, spec: str) -> str:
    if self.array.ndim == 0 and not self.parameter:
        return format(self.array.item(), spec)
    return format(repr(self), "") if not spec else object.__format__(self, spec)


_SPECIAL: dict[str, Any] = {
    "__float__": lambda self: float(_real_scalar(self, "double")),
    "__int__": lambda self: int(_real_scalar(self, "int64_t")),
    "__complex__": lambda self: complex(_scalar(self)),
    "__bool__": _truth,
    "__index__": _index,
    "__array__": _array,
    "__contains__": _contains,
    "__repr__": _repr,
    "__format__": _format,
}
for _name, _method in _SPECIAL.items():
    setattr(Tensor, _name, _method)
Tensor.__array_priority__ = 1000  # type: ignore[attr-defined]

# ---- what it is ------------------------------------------------------------------------------


@public("Tensor")
def size(self: Tensor, dim: int | None = None) -> Any:
    """The sizes of the dimensions, or that of one."""
    shape = self.array.shape
    if dim is None:
        return Size(shape)
    if not shape:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    return shape[wrap_dim(dim, len(shape))]


@public("torch Tensor", "numel", "nelement")
def numel(input: Tensor) -> int:
    """The number of elements."""
    return int(input.array.size)


@public("Tensor", "dim", "ndimension")
def dim(self: Tensor) -> int:
    """The number of dimensions."""
    return self.array.ndim


@public("Tensor")
def element_size(self: Tensor) -> int:
    """The bytes of one element."""
    return self.array.itemsize


@public("Tensor")
def is_contiguous(self: Tensor, memory_format: Any = None) -> bool:
    """Whether the memory is in row-major order."""
    return self.array.flags.c_contiguous


@public("Tensor")
def stride(self: Tensor, dim: int | None = None) -> Any:
    """The steps in memory, in elements, from one index to the next, of each dimension or of one."""
    array = self.array
    strides = tuple([step // array.itemsize for step in array.strides])
    return strides if dim is None else strides[wrap_dim(dim, len(strides))]


@public("Tensor")
def storage_offset(self: Tensor) -> int:
    """How many elements into its storage the tensor begins."""
    return (data_ptr(self) - _address(owner_of(self.array))) // self.array.itemsize


@public("Tensor")
def data_ptr(self: Tensor) -> int:
    """The address of the first element."""
    return _address(self.array)


def _address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


@public()
def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is a floating one."""
    return input.array.dtype.kind in "fV"


@public()
def is_complex(input: Tensor) -> bool:
    """Whether the dtype is a complex one."""
    return input.array.dtype.kind == "c"


@public()
def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not zero."""
    return _truth(input)


@public("torch")
def is_tensor(obj: Any) -> bool:
    """Whether obj is a Tensor."""
    return isinstance(obj, Tensor)


# ---- comparing tensors as a whole ------------------------------------------------------------


@public()
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether sizes and elements are the same."""
    a, b = input.array, other.array
    return a.shape == b.shape and bool((a == b).all())


@public()
def isclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Tensor:
    """Where |input - other| <= atol + rtol * |other|."""
    a, b = input.array, other.array
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"{dtypes.of(a.dtype).scalar_name} did not match {dtypes.of(b.dtype).scalar_name}"
        )
    for name, value in (("rtol", rtol), ("atol", atol)):
        if value < 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {value:g}")
    return wrap(np.isclose(a, b, rtol, atol, equal_nan))


@public()
def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    """Whether |input - other| <= atol + rtol * |other| everywhere."""
    return bool(isclose(input, other, rtol, atol, equal_nan).array.all())


@public("torch")
def result_type(tensor1: Any, tensor2: Any) -> dtypes.dtype:
    """The dtype of an operation on the two, tensors or numbers."""
    operands = [t.array if isinstance(t, Tensor) else t for t in (tensor1, tensor2)]
    return dtypes.of(promotion.result_type(operands))


@public("torch")
def promote_types(type1: dtypes.dtype, type2: dtypes.dtype) -> dtypes.dtype:
    """The smallest dtype that holds both."""
    return dtypes.of(promotion.promote(type1.numpy, type2.numpy))


@public("torch")
def can_cast(from_: dtypes.dtype, to: dtypes.dtype) -> bool:
    """Whether a result of the first dtype may be stored in one of the second."""
    return promotion.category(from_.numpy) <= promotion.category(to.numpy)


attribute("device", lambda self: Device("cpu"), "The device it is on: the CPU.")
attribute("itemsize", element_size)
attribute("nbytes", lambda self: self.array.nbytes, "The bytes of all elements.")
attribute("is_cuda", lambda self: False, "False: every tensor is on the CPU.")
expose("device", Device, "torch")
expose("is_available", lambda: False, "torch.cuda")
