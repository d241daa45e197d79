"""Tensors of given sizes and values: zeros, eye, arange, linspace and their like."""

from __future__ import annotations

import math
from operator import index
from typing import Any, NamedTuple

import numpy as np

from engine.arrays import dtypes, limits
from engine.arrays.promotion import number_dtype
from engine.arrays.row import non_differentiable, passed
from engine.arrays.types import DType, Shape
from engine.dispatch.arguments import dtype_of, integers, on_cpu
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.creation.data import requiring, tensor

# fmt: off
op("zeros_like(x)", "zeros_like", x=non_differentiable)
op("ones_like(x)", "ones_like", x=non_differentiable)
op("fill(x; value)", lambda xp, x, value: xp.full(x.shape, value, dtype=x.dtype),
   node="FillBackward2", x=lambda ns, g: ns.zeros_like(g))
op("zero(x)", "zeros_like", x=lambda ns, g: ns.zeros_like(g))
op("beside(g0, x)", lambda xp, g0, x: g0, written="g0",
   g0=passed, x=lambda ns, g, x: ns.zeros_like(x))
"""g0, a gradient whose node in PyTorch takes x as well: its derivative by x is 0, not missing."""
# fmt: on

# ---- of given sizes --------------------------------------------------------------------------


def sizes_of(name: str, given: Any, size: Any) -> Shape:
    """Sizes given one by one, together, or by keyword."""
    if size is not None:
        given = (size,)
    if len(given) == 1 and type(given[0]) is bool:
        raise TypeError("a size must be int, not bool")
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


def _allocated(make: Any, shape: Shape, dtype: DType) -> Any:
    """make(shape, dtype), unless there is no memory for it."""
    limits.check(shape, dtype.itemsize)
    try:
        return make(shape, dtype)
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
        *shape: Any,
        size: Any = None,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        memory_format: Any = None,
    ) -> Tensor:
        on_cpu(device)
        found = sizes_of(name, shape, size)
        array = _allocated(make, found, _floating(name, dtype))
        return requiring(wrap(array), requires_grad, name)

    made.__name__ = made.__qualname__ = name
    made.__doc__ = doc
    return public("torch", name)(made)


zeros = _maker("zeros", np.zeros, "A tensor of zeros of a given size.")
ones = _maker("ones", np.ones, "A tensor of ones of a given size.")
empty = _maker("empty", np.zeros, "A tensor of a given size, of no particular values (zeros here).")


def _fill_dtype(value: Any) -> tuple[Any, DType]:
    """A fill value as a number, and the dtype it stands for."""
    if isinstance(value, Tensor) and value.array.ndim == 0:
        value = value.array.item()
    if not isinstance(value, (bool, int, float, np.number, np.bool_, complex)):
        raise TypeError("a fill value must be a number")
    return value, number_dtype(value.item() if isinstance(value, np.generic) else value)


@public("torch")
def full(
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of a given size, every element the same."""
    on_cpu(device)
    if not isinstance(size, (tuple, list)):
        raise TypeError("sizes must be given together")
    number, own = _fill_dtype(fill_value)
    shape = sizes_of("full", (size,), None)
    wanted = dtype_of("full", dtype) or own
    array = _allocated(np.empty, shape, wanted)
    array.fill(_as(number, wanted))
    return requiring(wrap(array), requires_grad)


def _as(number: Any, dtype: DType) -> Any:
    """The number as the dtype holds it. Raises RuntimeError if it is too large for an integer."""
    try:
        return np.array(number, dtype)
    except (OverflowError, ValueError):
        name = dtypes.of(dtype).name
        raise RuntimeError(f"value cannot be converted to type {name}_t without overflow") from None


@public("torch")
def scalar_tensor(
    s: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A 0-dim tensor of the default dtype."""
    return tensor(s, dtype=dtype or dtypes.get_default_dtype(), requires_grad=requires_grad)


@public("torch")
def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The identity matrix of n rows and m columns."""
    on_cpu(device)
    shape = (index(n), index(n if m is None else m))
    for name, count in zip("nm", shape, strict=True):
        if count < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {count}")
    wanted = _floating("eye", dtype)
    limits.check(shape, wanted.itemsize)
    return requiring(wrap(np.eye(*shape, dtype=wanted)), requires_grad)


# ---- steps -----------------------------------------------------------------------------------


def _plain_number(value: Any) -> Any:
    if isinstance(value, Tensor) and value.array.size == 1:
        return value.array.item()
    if isinstance(value, (int, float, np.number)):
        return int(value) if type(value) is bool else value
    raise TypeError("a number is asked for")


@public("torch")
def arange(
    start: Any = None,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers from start (0) to before end, a step apart."""
    on_cpu(device)
    if end is None:
        start, end = 0, start
    bounds = [_plain_number(value) for value in (0 if start is None else start, end, step)]
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
    array = _arithmetic(low, apart, int(count), wanted)
    return requiring(wrap(array.astype(wanted, copy=False)), requires_grad)


def _arithmetic(start: Any, step: Any, count: int, dtype: DType) -> Any:
    """start + i * step, to the bit as PyTorch's kernel has it.

    Blocks of a vector register's length are counted from their own first number, which is rounded;
    what is left at the end is computed one by one. Products and sums are fused.
    """
    if float(start).is_integer() and float(step).is_integer():
        return np.arange(count) * int(step) + int(start)
    from engine.arrays.fma import fused64

    start, step = float(start), float(step)
    numbers = fused64(np.arange(count, dtype=np.float64), step, start)
    lanes = 32 // dtype.itemsize
    whole = count - count % (2 * lanes)
    if whole and dtype.itemsize >= 4:
        firsts = numbers[:whole:lanes].astype(dtype).astype(np.float64)
        blocks = firsts[:, None] + np.arange(lanes) * step
        if lanes == 4:  # only three times a double is inexact
            triple = 2 * step + step
            rest = (2 * step - triple) + step
            blocks[:, 3] = [math.fsum((first, triple, rest)) for first in firsts.tolist()]
        numbers[:whole] = blocks.reshape(-1)
    return numbers


class Ends(NamedTuple):
    """What linspace and logspace are given: the ends as the dtype has them, and how many steps."""

    first: Any
    last: Any
    steps: int
    dtype: DType


def _ends(name: str, start: Any, end: Any, steps: Any, dtype: Any) -> Ends:
    count = index(steps)
    if count < 0:
        raise RuntimeError("number of steps must be non-negative")
    low, high = _plain_number(start), _plain_number(end)
    wanted = _floating(name, dtype)
    limits.check((count,), wanted.itemsize)
    work = wanted if wanted.kind in "fV" else np.dtype(np.float64)
    return Ends(work.type(low), work.type(high), count, wanted)


@public("torch")
def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """steps numbers evenly from start to end, both included."""
    on_cpu(device)
    first, last, count, wanted = _ends("linspace", start, end, steps, dtype)
    numbers = _from_both_ends(first, last, count)
    return requiring(wrap(numbers.astype(wanted, copy=False)), requires_grad)


def _from_both_ends(first: Any, last: Any, count: int) -> Any:
    """Evenly spaced numbers, the second half counted back from the last; products are fused."""
    from engine.arrays.fma import fused

    if count == 1:
        return np.array([first])
    step = (last - first) / first.dtype.type(max(count - 1, 1))
    places = np.arange(count).astype(first.dtype)
    half = count // 2
    if first.dtype.itemsize == 2:
        back = last - step * places[: count - half][::-1]
        return np.concatenate((first + step * places[:half], back))
    back = fused(places[: count - half][::-1], -step, last)
    return np.concatenate((fused(places[:half], step, first), back))


@public("torch")
def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """steps powers of base, the exponents evenly from start to end, both included."""
    on_cpu(device)
    first, last, count, wanted = _ends("logspace", start, end, steps, dtype)
    low, high = float(first), float(last)
    step, half = (high - low) / max(count - 1, 1), count // 2
    exponents = [
        low + step * i if i < half or count == 1 else high - step * (count - 1 - i)
        for i in range(count)
    ]
    powers = np.array([_power(float(base), exponent) for exponent in exponents], np.float64)
    return requiring(wrap(powers.astype(wanted)), requires_grad)


def _power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


# ---- like another ----------------------------------------------------------------------------


def _like(name: str, make: Any, doc: str) -> None:
    row = getattr(ops, "ones_like" if name == "ones" else "zeros_like")

    def like(
        input: Tensor,
        *,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        memory_format: Any = None,
    ) -> Tensor:
        on_cpu(device)
        array = input.array
        if dtype is None and not requires_grad:
            return row(input)
        wanted = dtype_of(f"{name}_like", dtype) or array.dtype
        limits.check(array.shape, wanted.itemsize)
        return requiring(wrap(make(array, wanted)), requires_grad)

    def new(
        self: Tensor,
        *shape: Any,
        size: Any = None,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
    ) -> Tensor:
        on_cpu(device)
        wanted = dtype_of(f"new_{name}", dtype) or self.array.dtype
        found = sizes_of(f"new_{name}", shape, size)
        plain = np.ones if name == "ones" else np.zeros
        return requiring(wrap(_allocated(plain, found, wanted)), requires_grad)

    like.__name__, like.__doc__ = f"{name}_like", f"{doc} of the size of input."
    new.__name__, new.__doc__ = f"new_{name}", f"{doc} of a given size and the dtype of self."
    public("torch")(like)
    public("Tensor")(new)


_like("zeros", np.zeros_like, "A tensor of zeros")
_like("ones", np.ones_like, "A tensor of ones")
_like("empty", np.zeros_like, "A tensor of no particular values (zeros here)")


@public("torch")
def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor of the size of input, every element the same."""
    on_cpu(device)
    array = input.array
    number, _ = _fill_dtype(fill_value)
    wanted = dtype_of("full_like", dtype) or array.dtype
    limits.check(array.shape, wanted.itemsize)
    return requiring(wrap(np.full_like(array, _as(number, wanted), wanted)), requires_grad)


@public("Tensor")
def new_full(
    self: Tensor,
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of a given size and the dtype of self, every element the same."""
    wanted = dtype or dtypes.of(self.array.dtype)
    return full(size, fill_value, dtype=wanted, device=device, requires_grad=requires_grad)
