"""Pooling: averages are maps (taps.py), maxima pick an element of each window."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.dispatch.arguments import array_of
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import public
from engine.ops.nn.linear_maps import Map, cells, sampled

if TYPE_CHECKING:
    from engine.graph.tensor import Tensor

Sizes = tuple[int, ...]

for _count in (2, 3):
    sampled(f"avg_pool{_count}d", f"AvgPool{_count}DBackward0", beside=True)
    sampled(f"adaptive_avg_pool{_count}d", f"AdaptiveAvgPool{_count}DBackward0",
            beside=True)  # fmt: skip

# ---- maxima: rows ----------------------------------------------------------------------------


# `windows` are, for each dimension, the elements of each window, -1 for what lies outside.


def _index(windows: Any) -> list[Any]:
    """The windows of each dimension as an index array, kernel dimensions first."""
    arrays = [np.asarray(rows) for rows in windows]
    count = len(arrays)
    found = []
    for dim, array in enumerate(arrays):  # array is (outputs, kernel)
        shape = [1] * (2 * count)
        shape[dim], shape[count + dim] = array.shape[1], array.shape[0]
        found.append(array.T.reshape(shape))
    return found


def _max_pool(xp: Any, x: Any, windows: Any) -> Any:
    """The largest element of each window, and its place in the plane."""
    index = _index(windows)
    count = len(index)
    outside = np.logical_or.reduce(np.broadcast_arrays(*(i < 0 for i in index)))
    low = -math.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    seen = xp.where(outside, xp.asarray(low, dtype=x.dtype), x[(Ellipsis, *index)])
    sizes = x.shape[x.ndim - count :]
    flat: Any = np.zeros((), np.int64)
    for i, size in zip(index, sizes, strict=True):
        flat = flat * size + i
    kernel, out = flat.shape[:count], flat.shape[count:]
    seen = seen.reshape(*x.shape[: x.ndim - count], math.prod(kernel), *out)
    chosen = xp.argmax(seen, axis=x.ndim - count)
    values = xp.take_along_axis(seen, xp.expand_dims(chosen, x.ndim - count), x.ndim - count)
    values = values.reshape(*x.shape[: x.ndim - count], *out)
    flat = np.broadcast_to(flat, (*kernel, *out)).reshape(math.prod(kernel), math.prod(out))
    places = xp.asarray(flat)[chosen.reshape(-1, math.prod(out)), np.arange(math.prod(out))]
    return values, places.reshape(values.shape)


def _put_back(ns: Any, g: Any, x: Any, dtype: Any, out: Any, count: int) -> Any:
    """A gradient put where the maxima came from; what several windows share adds up."""
    g, index, shape = ns.beside(g[0], x), out[1], tuple(x.shape)
    lead, plane = tuple(shape[: len(shape) - count]), math.prod(shape[len(shape) - count :])
    many = math.prod(g.shape[len(lead) :])
    rows = ns.scatter_add(ns.zeros((*lead, plane), dtype), ns.reshape(index, (*lead, many)),
                          ns.reshape(g, (*lead, many)), len(lead))  # fmt: skip
    return ns.reshape(rows, tuple(shape))


def _max_row(name: str, count: int, node: str) -> None:
    op(f"{name}(x; windows)", _max_pool, outputs=2, node=node, written=f"{name}(x)",
       x=lambda ns, g, x, x_dtype, out: _put_back(ns, g, x, x_dtype, out, count))  # fmt: skip


for _count in (2, 3):
    _max_row(f"max_pool{_count}d_with_indices", _count, f"MaxPool{_count}DWithIndicesBackward0")
    _max_row(f"adaptive_max_pool{_count}d_rows", _count, f"AdaptiveMaxPool{_count}DBackward0")

# ---- arguments -------------------------------------------------------------------------------


def _sizes(name: str, argument: str, value: Any, count: int) -> Sizes:
    if isinstance(value, int):
        return (value,) * count
    values = tuple(int(v) for v in value)
    if len(values) not in (1, count):
        raise RuntimeError(
            f"{name}: {argument} must either be a single int, or a tuple of "
            f"{ {1: 'one int', 2: 'two ints', 3: 'three ints'}[count] }"
        )
    return values * count if len(values) == 1 else values


def _out(
    name: str, size: int, kernel: int, stride: int, padding: int, dilation: int, ceil: bool
) -> int:
    """How many windows there are; the last may begin before the end with ceil_mode."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (-(-room // stride) if ceil else room // stride) + 1
    if ceil and (count - 1) * stride >= size + padding:
        count -= 1
    return count


def _checked(name: str, x: Any, count: int, kernel: Sizes, padding: Sizes, stride: Sizes) -> None:
    if x.ndim not in (count + 1, count + 2):
        raise RuntimeError(
            f"{name}: Expected {count + 1}D or {count + 2}D input, but got {list(x.shape)}"
            if count == 1 else
            f"non-empty {count + 1}D or {count + 2}D (batch mode) tensor expected for input"
        )  # fmt: skip
    if any(s == 0 for s in stride):
        raise RuntimeError("stride should not be zero")
    for k, p in zip(kernel, padding, strict=True):
        if p > k // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, "
                f"kernel_size={k} and dilation=1"
            )


def _positive(x: Any, count: int, out: Sizes) -> None:
    if any(size < 1 for size in out):
        inner = "x".join(map(str, x.shape[-count - 1 :]))
        outer = "x".join(map(str, (x.shape[-count - 1], *out)))
        raise RuntimeError(
            f"Given input size: ({inner}). Calculated output size: ({outer}). Output size is too "
            "small"
        )


# ---- averages --------------------------------------------------------------------------------


def _average(
    count: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
    count_include_pad: bool, divisor: int | None,
) -> Tensor:  # fmt: skip
    name = f"avg_pool{count}d"
    x = array_of(name, input)
    kernel = _sizes(name, "kernel_size", kernel_size, count)
    given = stride is not None and stride != () and stride != []
    steps = _sizes(name, "stride", stride, count) if given else kernel
    border = _sizes(name, "padding", padding, count)
    _checked(name, x, count, kernel, border, steps)
    if divisor == 0:
        raise RuntimeError("divisor must be not zero")
    if count == 1:
        flat = ops.unsqueeze(input, x.ndim - 1)
        out = _average(2, flat, (1, *kernel), (1, *steps), (0, *border), ceil_mode,
                       count_include_pad, None)  # fmt: skip
        return ops.squeeze_dim(out, x.ndim - 1)
    maps, outs = [], []
    for dim in range(count):
        place = x.ndim - count + dim
        inner, k, s, p = x.shape[place], kernel[dim], steps[dim], border[dim]
        outs.append(_out(name, inner, k, s, p, 1, ceil_mode))
        scale = 1 / divisor if divisor is not None and dim == 0 else 1.0
        args = (k, s, p, divisor is None, count_include_pad, scale)
        maps.append(Map(place, "window", inner, max(outs[-1], 0), args))
    _positive(x, count, tuple(outs))
    return getattr(ops, name)(input, tuple(maps))


@public("F torch")
def avg_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """The mean of each window of input (batch, channels, length)."""
    return _average(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


@public("F")
def avg_pool2d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of each window of input (batch, channels, height, width)."""
    return _average(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad,
                    divisor_override)  # fmt: skip


@public("F")
def avg_pool3d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of each window of input (batch, channels, depth, height, width)."""
    return _average(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad,
                    divisor_override)  # fmt: skip


def _adaptive_sizes(x: Any, output_size: Any, count: int) -> Sizes:
    values = (
        (output_size,) * count
        if output_size is None or isinstance(output_size, int)
        else (tuple(output_size) * (count if len(output_size) == 1 else 1))
    )
    inner = x.shape[x.ndim - count :]
    return tuple(size if v is None else int(v) for v, size in zip(values, inner, strict=True))


def adaptive_avg_pool(input: Tensor, output_size: Any) -> Tensor:
    """The mean of each cell when the last dimensions are cut into so many."""
    count = len(output_size)
    x = input.array
    first = x.ndim - count
    sizes = _adaptive_sizes(x, output_size, count)
    if count == 1:
        flat = adaptive_avg_pool(ops.unsqueeze(input, first), (1, *sizes))
        return ops.squeeze_dim(flat, first)
    if all(size == 1 for size in sizes):
        return ops.mean_dim(input, tuple(range(first, x.ndim)), True)
    maps = tuple(Map(first + dim, "adaptive", x.shape[first + dim], size)
                 for dim, size in enumerate(sizes))  # fmt: skip
    return getattr(ops, f"adaptive_avg_pool{count}d")(input, maps)


def _make_adaptive(count: int) -> None:
    def average(input: Tensor, output_size: Any) -> Tensor:
        x = array_of(f"adaptive_avg_pool{count}d", input)
        return adaptive_avg_pool(input, _adaptive_sizes(x, output_size, count))

    average.__name__ = average.__qualname__ = f"adaptive_avg_pool{count}d"
    average.__doc__ = "The mean of each cell when the last dimensions are cut into so many."
    public("F torch" if count == 1 else "F")(average)

    def largest(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
        values, index = _adaptive_max(count, input, output_size)
        return (values, index) if return_indices else values

    largest.__name__ = largest.__qualname__ = f"adaptive_max_pool{count}d"
    largest.__doc__ = "The largest of each cell when the last dimensions are cut into so many."
    public("F", f"adaptive_max_pool{count}d")(largest)

    def both(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
        return _adaptive_max(count, input, output_size)

    both.__name__ = both.__qualname__ = f"adaptive_max_pool{count}d_with_indices"
    both.__doc__ = "The largest of each cell, and its place in the plane."
    public("F")(both)


# ---- maxima ----------------------------------------------------------------------------------


def _cells(inner: int, outer: int) -> tuple[Sizes, ...]:
    starts, ends = cells(inner, outer)
    most = int((ends - starts).max(initial=1))
    return tuple(
        tuple(min(start + k, end - 1) for k in range(most))
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    )


def _adaptive_max(count: int, input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    x = array_of(f"adaptive_max_pool{count}d", input)
    sizes = _adaptive_sizes(x, output_size, count)
    if count == 1:
        flat = ops.unsqueeze(input, x.ndim - 1)
        values, index = _adaptive_max(2, flat, (1, *sizes))
        return ops.squeeze_dim(values, x.ndim - 1), ops.squeeze_dim(index, x.ndim - 1)
    inner = x.shape[x.ndim - count :]
    windows = tuple(_cells(i, o) for i, o in zip(inner, sizes, strict=True))
    return getattr(ops, f"adaptive_max_pool{count}d_rows")(input, windows)


def _largest(
    count: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any,
    ceil_mode: bool,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    name = f"max_pool{count}d"
    x = array_of(name, input)
    kernel = _sizes(name, "kernel_size", kernel_size, count)
    given = stride is not None and stride != () and stride != []
    steps = _sizes(name, "stride", stride, count) if given else kernel
    border = _sizes(name, "padding", padding, count)
    spread = _sizes(name, "dilation", dilation, count)
    _checked(name, x, count, kernel, border, steps)
    if count == 1:
        flat = ops.unsqueeze(input, x.ndim - 1)
        values, index = _largest(
            2, flat, (1, *kernel), (1, *steps), (0, *border), (1, *spread), ceil_mode
        )
        return ops.squeeze_dim(values, x.ndim - 1), ops.squeeze_dim(index, x.ndim - 1)
    parts, outs = [], []
    for size, k, s, p, d in zip(
        x.shape[x.ndim - count :], kernel, steps, border, spread, strict=True
    ):
        out = _out(name, size, k, s, p, d, ceil_mode)
        outs.append(out)
        places = np.arange(max(out, 0))[:, None] * s - p + np.arange(k) * d
        inside = (places >= 0) & (places < size)
        parts.append(tuple(map(tuple, np.where(inside, places, -1).tolist())))
    _positive(x, count, tuple(outs))
    return getattr(ops, f"{name}_with_indices")(input, tuple(parts))


def _make_max(count: int) -> None:
    def largest(
        input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False, return_indices: bool = False,
    ) -> Any:  # fmt: skip
        values, index = _largest(count, input, kernel_size, stride, padding, dilation, ceil_mode)
        return (values, index) if return_indices else values

    def both(
        input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False, return_indices: bool = False,
    ) -> Any:  # fmt: skip
        return _largest(count, input, kernel_size, stride, padding, dilation, ceil_mode)

    largest.__name__ = largest.__qualname__ = f"max_pool{count}d"
    largest.__doc__ = "The largest of each window of the last dimensions."
    both.__name__ = both.__qualname__ = f"max_pool{count}d_with_indices"
    both.__doc__ = "The largest of each window, and its place in the plane."
    public("F torch")(largest)
    public("F torch" if count == 1 else "F")(both)


for _count in (1, 2, 3):
    _make_adaptive(_count)
    _make_max(_count)


# ---- norms of windows, and maxima put back ----------------------------------------------------


def _make_more(count: int) -> None:
    def lp_pool(
        input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None,
        ceil_mode: bool = False,
    ) -> Tensor:  # fmt: skip
        kernel = _sizes("lp_pool", "kernel_size", kernel_size, count)
        out = _average(count, input.pow(norm_type), kernel_size, stride, 0, ceil_mode, True, None)
        signed = ops.sign(out) * ops.relu(ops.abs(out))
        return (signed * math.prod(kernel)).pow(1.0 / norm_type)

    lp_pool.__name__ = lp_pool.__qualname__ = f"lp_pool{count}d"
    lp_pool.__doc__ = "The p-norm of each window of the last dimensions."
    public("F")(lp_pool)

    def max_unpool(
        input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
        output_size: Any = None,
    ) -> Tensor:  # fmt: skip
        x = input.array
        kernel = _sizes("max_unpool", "kernel_size", kernel_size, count)
        steps = kernel if stride is None else _sizes("max_unpool", "stride", stride, count)
        border = _sizes("max_unpool", "padding", padding, count)
        inner = x.shape[x.ndim - count :]
        sizes = tuple(
            (size - 1) * s + k - 2 * p
            for size, s, k, p in zip(inner, steps, kernel, border, strict=True)
        )
        if output_size is not None:
            sizes = tuple(output_size)[-count:]
        lead, many = x.shape[: x.ndim - count], math.prod(inner)
        rows = ops.scatter(
            ops.zeros((*lead, math.prod(sizes)), x.dtype), indices.reshape(*lead, many),
            input.reshape(*lead, many), len(lead),
        )  # fmt: skip
        return rows.reshape(*lead, *sizes)

    max_unpool.__name__ = max_unpool.__qualname__ = f"max_unpool{count}d"
    max_unpool.__doc__ = "The inverse of max_pool: values at their indices, 0 elsewhere."
    public("F")(max_unpool)


for _count in (1, 2, 3):
    _make_more(_count)
