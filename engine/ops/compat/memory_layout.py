"""Which memory a tensor shows and how: set_, resize_, dim_order; functions of each element."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import dtypes, journal, limits
from engine.arrays.memory import owner_of
from engine.arrays.state import warn
from engine.arrays.types import Shape
from engine.dispatch.arguments import array_of, count_of, integers
from engine.dispatch.detached import detached
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.inplace import assign, check_inplace
from engine.dispatch.operation import op
from engine.graph.grad_mode import no_grad
from engine.graph.registry import expose, public
from engine.graph.tensor import Tensor, wrap
from engine.ops.compat.as_strided import Layout, layout_of, shown
from engine.ops.compat.storages import UntypedStorage
from engine.ops.creation.convert import data_ptr
from engine.ops.creation.tensor_classes import CALLABLE_TENSOR, Parameter

op(
    "resize(x; shape)",
    lambda xp, x, shape: x.reshape(shape),
    written="x.resize(shape)",
    node="ResizeBackward",
    x=lambda ns, g, x_shape: ns.reshape(g, x_shape),
)

# ---- other memory ----------------------------------------------------------------------------


def _packed(shape: Shape) -> Shape:
    """The strides of elements that lie next to each other."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


def _becomes(self: Tensor, array: Any) -> Tensor:
    """self shows another array, and is no longer what it was made as."""
    for slot in ("array", "edge", "origin"):
        journal.note_slot(self, slot)
    self.array, self.edge, self.origin = array, None, None
    return self


@public("Tensor")
def set_(
    self: Tensor, source: Any = None, storage_offset: int = 0, size: Any = None, stride: Any = None
) -> Tensor:
    """In place: self shows the memory of source, a tensor or a storage (nothing without one)."""
    check_inplace(self)
    dtype = self.array.dtype
    if source is None:
        return _becomes(self, np.zeros(0, dtype))
    memory = source.array
    if isinstance(source, Tensor):
        if memory.dtype != dtype:
            raise RuntimeError(
                f"Could not set tensor of type {dtypes.of(memory.dtype).c_name} to a tensor of "
                f"type {dtypes.of(dtype).c_name}"
            )
        if size is None:
            return _becomes(self, memory[...])
    elif not isinstance(source, UntypedStorage):
        raise TypeError(
            f"set_(): argument 'source' (position 1) must be Tensor, not {type(source).__name__}"
        )
    elements = owner_of(memory).nbytes // dtype.itemsize
    shape = (elements,) if size is None else integers("set_", (size,))
    strides = _packed(shape) if stride is None else integers("set_", (stride,), "stride", 4)
    return _becomes(self, shown(memory, Layout(shape, strides, storage_offset), dtype))


@public("Tensor")
def resize_(self: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
    """In place: other sizes over the same storage, or over a larger copy of it.

    Where it grows, other tensors over the old storage go on showing that.
    """
    if self.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    shape = integers("resize_", sizes)
    if min(shape, default=0) < 0:
        raise RuntimeError("numel: integer multiplication overflow")
    return _resized(self, shape)


def _resized(self: Tensor, shape: Shape) -> Tensor:
    array, held = self.array, layout_of(self.array)
    if array.shape == shape:
        return self
    wanted = Layout(shape, _packed(shape), held.offset)
    owner = owner_of(array)
    if wanted.end() * array.itemsize > owner.nbytes:
        limits.check((wanted.end(),), array.itemsize)
        grown = np.zeros(wanted.end(), array.dtype)
        bytes_of = UntypedStorage(owner)._numbers()
        grown.view(np.uint8)[: bytes_of.size] = bytes_of
        array = grown
    return _becomes(self, shown(array, wanted))


@public("torch Tensor")
def resize_as_(input: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Tensor:
    """In place: the sizes of another tensor; see resize_."""
    return resize_(input, the_template.array.shape)


@public("Tensor")
def resize(self: Tensor, *sizes: Any) -> Tensor:
    """The same elements in other sizes. Deprecated: see reshape."""
    warn("non-inplace resize is deprecated", UserWarning)
    return _reshaped(self, integers("resize", sizes))


@public("Tensor")
def resize_as(self: Tensor, tensor: Tensor) -> Tensor:
    """The same elements in the sizes of another tensor. Deprecated: see reshape_as."""
    warn("non-inplace resize_as is deprecated", UserWarning)
    return _reshaped(self, array_of("resize_as", tensor, "tensor").shape)


def _reshaped(self: Tensor, shape: Shape) -> Tensor:
    held = self.array.shape
    if count_of(shape) != self.array.size:
        raise RuntimeError(
            f"requested resize to {'x'.join(map(str, shape))} ({count_of(shape)} elements in "
            f"total), but the given tensor has a size of {'x'.join(map(str, held))} "
            f"({self.array.size} elements). autograd's resize can only change the shape of a "
            "given tensor, while preserving the number of elements. "
        )
    return ops.resize(self, shape)


# ---- what memory it is -----------------------------------------------------------------------


@public("Tensor")
def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether another tensor shows the same memory in the same way."""
    other = tensor.array
    same = owner_of(self.array) is owner_of(other)
    return same and layout_of(self.array) == layout_of(other)


@public("Tensor")
def dim_order(self: Tensor, *, ambiguity_check: Any = False) -> Shape:
    """The dimensions from the outermost in memory to the innermost."""
    held = layout_of(self.array)
    order = sorted(range(len(held.shape)), key=lambda dim: -held.strides[dim])
    if ambiguity_check and len(set(held.strides)) < len(held.strides):
        raise RuntimeError(
            "The tensor does not have unique dim order, or cannot map to exact one of the given "
            "memory formats."
        )
    return tuple(order)


expose("const_data_ptr", data_ptr, "Tensor")


@public("Tensor")
def share_memory_(self: Tensor) -> Tensor:
    """self: there are no other processes to share it with."""
    return self


# ---- functions of each element ---------------------------------------------------------------


def _mapped(name: str, self: Tensor, others: tuple[Any, ...], function: Any) -> Tensor:
    """In place: each element becomes function(it, the others' elements there)."""
    if any(each.requires_grad for each in (self, *others)):
        raise RuntimeError(
            f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() "
            "instead."
        )
    array = self.array
    for position, other in enumerate(others):
        if other.array.dtype != array.dtype:
            argument = ("other", "y")[position] if len(others) == 1 else ("x", "y")[position]
            raise TypeError(
                f"{name}: expected torch.{self.dtype.tensor_type} for '{argument}' (got "
                f"torch.{other.dtype.tensor_type})"
            )
    if not callable(function):
        raise TypeError(f"'{type(function).__name__}' object is not callable")
    columns = [array, *(np.broadcast_to(other.array, array.shape) for other in others)]
    values = [function(*each) for each in zip(*(c.ravel().tolist() for c in columns), strict=True)]
    with no_grad():
        return assign(self, wrap(np.array(values, array.dtype).reshape(array.shape)))


@public("Tensor")
def apply_(self: Tensor, callable: Any) -> Tensor:
    """In place: each element becomes callable(element)."""
    return _mapped("apply_", self, (), callable)


@public("Tensor")
def map_(self: Tensor, tensor: Tensor, callable: Any) -> Tensor:
    """In place: each element becomes callable(element, the element of tensor there)."""
    return _mapped("map_", self, (tensor,), callable)


@public("Tensor")
def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Any) -> Tensor:
    """In place: each element becomes callable(element, those of x and y there)."""
    return _mapped("map2_", self, (x, y), callable)


# ---- for modules and subclasses --------------------------------------------------------------


@public("Tensor")
def module_load(self: Tensor, other: Tensor, assign: bool = False) -> Tensor:
    """What a module's parameter self becomes when other is loaded into it."""
    if assign:
        return detached(other)
    return detached(self.copy_(other))


@public("Tensor")
def as_subclass(self: Tensor, cls: Any) -> Tensor:
    """self as a Tensor or a Parameter, the classes there are."""
    if cls not in (CALLABLE_TENSOR, Tensor, Parameter):
        raise TypeError(
            "Creating a Tensor subclass from a class that does not inherit from Tensor is not "
            "possible. Make sure your class inherits from Tensor."
        )
    alias: Tensor = ops.alias(self)
    if cls is Parameter:
        alias.parameter = True
    return alias


@public("torch")
def typename(obj: Any) -> str:
    """The name of a type, or of that of an object: torch.FloatTensor for tensors."""
    if isinstance(obj, Tensor):
        return f"torch.{dtypes.of(obj.array.dtype).tensor_type}"
    kind = obj if isinstance(obj, type) else type(obj)
    module = kind.__module__
    if module in ("builtins", "__builtin__"):
        return kind.__qualname__
    if module.startswith("engine"):
        module = "torch"
    return f"{module}.{kind.__qualname__}"
