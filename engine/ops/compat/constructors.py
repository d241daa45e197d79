"""Further ways to make tensors: fill, range, of given strides, over the memory of others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.arrays import dtypes, limits
from engine.arrays.row import rows
from engine.arrays.state import warn
from engine.arrays.types import Shape
from engine.dispatch.arguments import dtype_of, integers, on_cpu
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import expose, public
from engine.graph.tensor import Tensor, wrap
from engine.ops.compat.as_strided import Layout
from engine.ops.creation.convert import converted, detach
from engine.ops.creation.data import copied, requiring
from engine.ops.creation.filled import arange
from engine.ops.indexing.getitem import check_number

# ---- every element the same ------------------------------------------------------------------

op(
    "filled(x; value)",
    rows["fill"].forward,
    written="fill(x, value)",
    node="FillBackward0",
    x=lambda ns, g: ns.zeros_like(g),
)
op(
    "filled_tensor(x, value)",
    rows["fill_tensor"].forward,
    written="fill(x, value)",
    node="FillBackward1",
    x=lambda ns, g: ns.zeros_like(g),
    value=rows["fill_tensor"].pullbacks[1].rule,
)


@public("torch")
def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor like input with every element `value`, a number or a 0-dim Tensor."""
    array = input.array
    if isinstance(value, Tensor):
        if value.array.ndim:
            raise RuntimeError(
                "fill_ only supports 0-dimension value tensor but got tensor with "
                f"{value.array.ndim} dimensions."
            )
        return ops.filled_tensor(input, value)
    if not isinstance(value, (bool, int, float, complex)):
        raise TypeError("a number is asked for")
    check_number(value, array.dtype)
    return ops.filled(input, value)


# ---- steps -----------------------------------------------------------------------------------


@public("torch")
def range(
    start: Any,
    end: Any,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers from start to end, which is one of them, a step apart. Deprecated: see arange."""
    warn(
        "torch.range is deprecated and will be removed in a future release because its behavior "
        "is inconsistent with Python's range builtin. Instead, use torch.arange, which produces "
        "values in [start, end).",
        UserWarning,
    )
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start:g} -> {end:g}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    wanted = dtype or dtypes.get_default_dtype()
    steps = math.floor((end - start) / step)
    limits.check((steps + 1,), wanted.itemsize)
    past = (1 if step > 0 else -1) if wanted.numpy.kind in "biu" else step / 2
    return arange(
        start,
        start + steps * step + past,
        step,
        dtype=wanted,
        device=device,
        requires_grad=requires_grad,
    )


# ---- of given strides ------------------------------------------------------------------------


def _strided(shape: Shape, strides: Shape, dtype: Any) -> Any:
    """Zeros of these sizes and strides, in elements."""
    if len(shape) != len(strides):
        raise RuntimeError(
            f"dimensionality of sizes ({len(shape)}) must match dimensionality of strides "
            f"({len(strides)})"
        )
    if min(strides, default=0) < 0:
        raise RuntimeError(
            f"Storage size calculation overflowed with sizes={list(shape)} and "
            f"strides={list(strides)}"
        )
    count = Layout(shape, strides, 0).end()
    limits.check((count,), dtype.itemsize)
    memory = np.zeros(count, dtype)
    return np.ndarray(shape, dtype, memory, 0, [step * dtype.itemsize for step in strides])


@public("torch")
def empty_strided(
    size: Any, stride: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of given sizes and strides, of no particular values (zeros here)."""
    on_cpu(device)
    shape = integers("empty_strided", (size,))
    strides = integers("empty_strided", (stride,), "stride", 2)
    wanted = dtype_of("empty_strided", dtype) or dtypes.get_default_dtype().numpy
    return requiring(wrap(_strided(shape, strides, wanted)), requires_grad)


@public("Tensor")
def new_empty_strided(
    self: Tensor,
    size: Any,
    stride: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of given sizes and strides and the dtype of self, of no particular values."""
    return empty_strided(
        size, stride, dtype=dtype or self.dtype, device=device, requires_grad=requires_grad
    )


@public("torch")
def empty_permuted(
    size: Any,
    physical_layout: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of given sizes whose dimensions lie in memory in the order physical_layout."""
    shape = integers("empty_permuted", (size,))
    order = integers("empty_permuted", (physical_layout,), "physical_layout", 2)
    if len(shape) != len(order):
        raise RuntimeError(
            "Number of dimensions in size does not match the length of the physical_layout; i.e. "
            f"len(size) = {len(shape)} is not equal to len(physical_layout) = {len(order)}"
        )
    strides = [0] * len(shape)
    seen: set[int] = set()
    for position, dim in enumerate(order):
        if not 0 <= dim < len(shape):
            raise RuntimeError(
                f"Dimension out of range (expected to be between 0 and {len(shape) - 1}, but got "
                f"{dim} at index {position}).  NB: negative dims not currently supported; file an "
                "issue if you want it."
            )
        if dim in seen:
            raise RuntimeError("Duplicate dim not allowed")
        seen.add(dim)
    step = 1
    for dim in reversed(order):
        strides[dim] = step
        step *= max(shape[dim], 1)
    return empty_strided(
        shape, tuple(strides), dtype=dtype, device=device, requires_grad=requires_grad
    )


# ---- over the memory of others ---------------------------------------------------------------

_KEEPS = (
    "torch.asarray: unspecified requires_grad now defaults to obj.requires_grad instead of False. "
    "Pass requires_grad=False explicitly to get the old behavior and silence this warning."
)


@public("torch")
def asarray(
    obj: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    copy: bool | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """obj as a tensor, over its memory where it can be, unless `copy` says otherwise."""
    on_cpu(device)
    wanted = dtype_of("asarray", dtype)
    if isinstance(obj, Tensor):
        return _of_tensor(obj, wanted, copy, requires_grad)
    if isinstance(obj, np.ndarray):
        shared = copy is not True and wanted in (None, obj.dtype)
        if copy is False and not shared:
            raise _no_alias(obj.dtype, wanted)
        made = wrap(obj if shared else copied(obj, wanted))
    elif copy is False:
        raise ValueError("can't alias arbitrary sequence into a tensor.")
    else:
        made = wrap(copied(obj, wanted))
    return requiring(made, bool(requires_grad))


def _no_alias(held: Any, wanted: Any) -> ValueError:
    return ValueError(
        f"can't alias tensor with dtype '{dtypes.of(held).scalar_name}' into dtype "
        f"'{dtypes.of(wanted).scalar_name}'."
    )


def _of_tensor(obj: Tensor, wanted: Any, copy: bool | None, requires_grad: bool | None) -> Tensor:
    if requires_grad is None and obj.requires_grad:
        warn(_KEEPS, UserWarning)
    held = obj.array.dtype
    if wanted is not None and wanted != held and copy is False:
        raise _no_alias(held, wanted)
    made = converted(obj, held if wanted is None else wanted, bool(copy))
    if requires_grad is False and made.requires_grad:
        return detach(made)
    if requires_grad and not made.requires_grad:
        return requiring(wrap(made.array), True)
    return made


@public("torch")
def frombuffer(
    buffer: Any,
    *,
    dtype: Any,
    count: int = -1,
    offset: int = 0,
    requires_grad: bool = False,
) -> Tensor:
    """A vector over the memory of bytes: `count` elements (all) from `offset` bytes on."""
    wanted = dtype_of("frombuffer", dtype)
    assert wanted is not None
    try:
        memory = memoryview(buffer)
    except TypeError:
        raise ValueError("object does not implement Python buffer protocol.") from None
    held, width = memory.nbytes, wanted.itemsize
    if not held or not count:
        raise ValueError(f"both buffer length ({held}) and count ({count}) must not be 0")
    if not 0 <= offset < held:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length "
            f"({held} bytes) minus 1"
        )
    if count < 0 and (held - offset) % width:
        raise ValueError(
            f"buffer length ({held - offset} bytes) after offset ({offset} bytes) must be a "
            f"multiple of element size ({width})"
        )
    if count > 0 and offset + count * width > held:
        raise ValueError(
            f"requested buffer length ({count} * {width} bytes) after offset ({offset} bytes) "
            f"must not be greater than actual buffer length ({held} bytes)"
        )
    if memory.readonly:
        warn(_READ_ONLY, UserWarning)
    return requiring(wrap(np.frombuffer(buffer, wanted, count, offset)), requires_grad)


_READ_ONLY = (
    "The given buffer is not writable, and PyTorch does not support non-writable tensors. This "
    "means you can write to the underlying (supposedly non-writable) buffer using the tensor. You "
    "may want to copy the buffer to protect its data or make it writable before converting it to "
    "a tensor. This type of warning will be suppressed for the rest of this program."
)


@public("torch")
def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor over the memory of another library's array, or of a capsule of to_dlpack."""
    if isinstance(ext_tensor, _Capsule):
        return wrap(ext_tensor.array)
    if isinstance(ext_tensor, Tensor):
        if ext_tensor.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        return wrap(ext_tensor.array)
    return wrap(np.from_dlpack(ext_tensor))


class _Capsule:
    """What to_dlpack gives: the memory of a tensor, for from_dlpack and for others' from_dlpack."""

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


@public("torch")
def to_dlpack(tensor: Tensor) -> Any:
    """The memory of a tensor for other libraries, by the DLPack protocol."""
    return _Capsule(tensor.array)


expose("__dlpack__", lambda self, **options: self.array.__dlpack__(**options), "Tensor")
expose("__dlpack_device__", lambda self: self.array.__dlpack_device__(), "Tensor")
