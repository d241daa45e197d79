"""Names that are classes in PyTorch: Tensor, FloatTensor and its kin, Variable, nn.Parameter.

Here there is one class, `engine.graph.tensor.Tensor`, so that the short ways can ask for it. These
stand for it: calling one makes a Tensor, and `isinstance` asks what the Tensor is.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import dtypes, limits
from engine.arrays.state import warn
from engine.dispatch.arguments import dtype_of, integers, on_cpu
from engine.dispatch.fast_path import TENSORS as ops
from engine.graph import registry
from engine.graph.registry import expose, public
from engine.graph.tensor import Size, Tensor, wrap
from engine.ops.creation.convert import converted
from engine.ops.creation.data import copied, requiring
from engine.ops.creation.filled import negative_size

Tensor.__module__ = "torch"


class _Kind(type):
    """A class of tensors: `dtype` is theirs; None is the default one, and any for isinstance."""

    _dtype: str | None

    @property
    def dtype(cls) -> dtypes.dtype:
        """The element type of the tensors it makes."""
        name = cls._dtype
        if name is None:
            return dtypes.get_default_dtype()
        found = dtypes.names[name]
        return found

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and (cls._dtype is None or instance.dtype is cls.dtype)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, Tensor) if cls._dtype is None else cls is other

    def __eq__(cls, other: object) -> bool:
        return cls is other or (cls._dtype is None and other is Tensor)

    def __hash__(cls) -> int:
        return hash(Tensor)

    def __call__(cls, *data: Any, size: Any = None, device: Any = None, **named: Any) -> Tensor:
        return made(cls.dtype, data, size, device, named, cls._dtype is not None)


def made(
    dtype: dtypes.dtype,
    data: tuple[Any, ...],
    size: Any,
    device: Any,
    named: dict[str, Any],
    strict: bool,
) -> Tensor:
    """A tensor of given sizes (of no particular values: zeros here), with a copy of data, or
    over the memory of another tensor.
    """
    on_cpu(device)
    if named or (len(data) > 1 and not hasattr(data[0], "__index__")):
        raise TypeError(_mistake(data, named))
    if size is None and len(data) == 1 and not isinstance(data[0], Size):
        only = data[0]
        if isinstance(only, Tensor):
            if strict and only.dtype is not dtype:
                raise TypeError(f"expected {_options(dtype)} (got {_options(only.dtype)})")
            alias: Tensor = ops.alias(only)
            return alias
        if isinstance(only, str):
            raise TypeError("new(): invalid data type 'str'")
        if isinstance(only, (list, tuple, range, np.ndarray)):
            return wrap(copied(only, dtype.numpy))
        if type(only) is not int and not isinstance(only, np.integer):
            raise TypeError(f"new(): data must be a sequence (got {type(only).__name__})")
    shape = integers("new", data or (0,), keyword=size)
    if min(shape, default=0) < 0:
        negative_size("new", shape)
    limits.check(shape, dtype.itemsize)
    return wrap(np.zeros(shape, dtype.numpy))


def _mistake(data: tuple[Any, ...], named: dict[str, Any]) -> str:
    given = [type(value).__name__ for value in data]
    given += [f"{name}={_type_name(value)}" for name, value in named.items()]
    why = ""
    if len(data) < 3:
        keywords = f"some of the keywords were incorrect: {', '.join(named)}"
        wrong = ", ".join(f"!{type(value).__name__}!" for value in data)
        types = f"some of the arguments have invalid types: ({wrong})"
        why = f"      didn't match because {keywords if named else types}\n"
    return (
        f"new() received an invalid combination of arguments - got ({', '.join(given)}), but "
        f"expected one of:\n * (*, torch.device device = None)\n{why} * (torch.Storage storage)\n"
        " * (Tensor other)\n * (tuple of ints size, *, torch.device device = None)\n"
        " * (object data, *, torch.device device = None)\n"
    )


def _type_name(value: Any) -> str:
    return "torch.dtype" if isinstance(value, dtypes.dtype) else type(value).__name__


def _options(dtype: dtypes.dtype) -> str:
    return (
        f"TensorOptions(dtype={dtype.c_name}, device=cpu, layout=Strided, requires_grad=false "
        "(default), pinned_memory=false (default), memory_format=(nullopt))"
    )


_KINDS = {
    "FloatTensor": "float32",
    "DoubleTensor": "float64",
    "HalfTensor": "float16",
    "BFloat16Tensor": "bfloat16",
    "LongTensor": "int64",
    "IntTensor": "int32",
    "ShortTensor": "int16",
    "CharTensor": "int8",
    "ByteTensor": "uint8",
    "BoolTensor": "bool",
}


def _kind(name: str, dtype: str | None) -> Any:
    doc = "A tensor of one element type, from data or of given sizes."
    body = {"__slots__": (), "_dtype": dtype, "__module__": "torch", "__doc__": doc}
    return _Kind(name, (Tensor,), body)


for _name, _dtype in _KINDS.items():
    expose(_name, _kind(_name, _dtype), "torch")
expose("Tensor", Tensor, "torch")

CALLABLE_TENSOR = _kind("Tensor", None)
"""What `engine.Tensor` is: Tensor itself, if it were not called a million times a second."""


def kind_dtype(kind: Any) -> dtypes.dtype:
    """The dtype of a class of tensors or of its name, "torch.FloatTensor".

    Raises ValueError for another.
    """
    if isinstance(kind, str):
        name = kind.removeprefix("torch.") if kind.startswith("torch.") else ""
        kind = registry.namespaces["torch"].get(name, kind)
    if kind is Tensor:
        kind = CALLABLE_TENSOR
    if not isinstance(kind, _Kind):
        raise ValueError(f"invalid type: '{kind}'")
    return kind.dtype


@public("Tensor", "type")
def type_of(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """self in another dtype; alone: the name of its type."""
    if dtype is None:
        return f"torch.{self.dtype.tensor_type}"
    if isinstance(dtype, str) or (isinstance(dtype, type) and issubclass(dtype, Tensor)):
        dtype = kind_dtype(dtype)
    elif not isinstance(dtype, (type, dtypes.dtype)):
        raise TypeError("dtype must be a type, str, or dtype object")
    return converted(self, dtype_of("type", dtype))


@public("Tensor")
def new(self: Tensor, *data: Any, size: Any = None, device: Any = None) -> Tensor:
    """A tensor of the dtype of self, from data or of given sizes."""
    return made(self.dtype, data, size, device, {}, True)


@public("torch")
def set_default_tensor_type(t: Any) -> None:
    """Make the dtype of a class of tensors (or of its name) the default."""
    warn(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use "
        "torch.set_default_dtype() and torch.set_default_device() as alternatives.",
        UserWarning,
    )
    try:
        wanted = kind_dtype(t)
    except ValueError:
        raise TypeError(
            "invalid type object: only floating-point types are supported as the default type"
        ) from None
    dtypes.set_default_dtype(wanted)


class _IsTensor(type):
    """`isinstance(x, Variable)` holds for every Tensor."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_IsTensor):
    """A tensor over the storage of another: what tensors were called before PyTorch 0.4."""

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: bool = False) -> Any:
        if data is None:
            data = wrap(np.zeros(0, dtypes.get_default_dtype().numpy))
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return requiring(wrap(data.array), requires_grad)


expose("Variable", Variable, "autograd")


class _IsParameter(type):
    """`isinstance(x, Parameter)` holds for the tensors that Parameter made."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and instance.parameter


class Parameter(Tensor, metaclass=_IsParameter):
    """A leaf over the memory of a tensor, shown as a parameter; it requires grad unless told."""

    __slots__ = ()
    __module__ = "torch.nn.parameter"

    def __new__(cls, data: Any = None, requires_grad: Any = True) -> Any:
        if data is None:
            data = wrap(np.zeros(0, dtypes.get_default_dtype().numpy))
        if not isinstance(data, Tensor):
            raise AttributeError(f"'{type(data).__name__}' object has no attribute 'detach'")
        if type(requires_grad) is not bool:
            raise TypeError(
                "_make_subclass(): argument 'require_grad' (position 3) must be bool, not "
                f"{type(requires_grad).__name__}"
            )
        made = requiring(wrap(data.array), requires_grad)
        made.parameter = True
        return made


expose("Parameter", Parameter, "torch.nn torch.nn.parameter")
