"""Pooling: averages are linear maps, maxima pick an element of each window."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import engine.ops.activations.rectifiers  # noqa: F401 (its rows)
from engine.arrays.types import Shape
from engine.dispatch.arguments import array_of
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.dispatch.spelling import by_dimensions
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.nn.linear_maps import Map, cells, sampled

# ---- rows ------------------------------------------------------------------------------------

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
    index, g = ns.reshape(index, (*lead, many)), ns.reshape(g, (*lead, many))
    return ns.reshape(ns.scatter_add(ns.zeros((*lead, plane), dtype), index, g, len(lead)), shape)


def _rows_for(count: int) -> None:
    def rule(ns: Any, g: Any, x: Any, x_dtype: Any, out: Any) -> Any:
        return _put_back(ns, g, x, x_dtype, out, count)

    for kind, largest in (("", "_with_indices"), ("adaptive_", "_rows")):
        node = f"{'Adaptive' if kind else ''}{{}}Pool{count}D{{}}Backward0"
        sampled(f"{kind}avg_pool{count}d", node.format("Avg", ""), beside=True)
        op(
            f"{kind}max_pool{count}d{largest}(x; windows)",
            _max_pool,
            outputs=2,
            node=node.format("Max", "" if kind else "WithIndices"),
            written=f"{kind}max_pool{count}d{largest}(x)",
            x=rule,
        )


_rows_for(2)
_rows_for(3)

# ---- arguments -------------------------------------------------------------------------------


def _sizes(name: str, argument: str, value: Any, count: int) -> Shape:
    if isinstance(value, int):
        return (value,) * count
    values = tuple(int(v) for v in value)
    if len(values) not in (1, count):
        raise RuntimeError(
            f"{name}: {argument} must either be a single int, or a tuple of "
            f"{ {1: 'one int', 2: 'two ints', 3: 'three ints'}[count] }"
        )
    return values * count if len(values) == 1 else values


def _out(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil: bool) -> int:
    """How many windows there are; the last may begin before the end with ceil_mode."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (-(-room // stride) if ceil else room // stride) + 1
    if ceil and (count - 1) * stride >= size + padding:
        count -= 1
    return count


def _windows(
    name: str, x: Any, count: int, kernel_size: Any, stride: Any, padding: Any
) -> tuple[Shape, Shape, Shape]:
    """The sizes of windows, the steps from one to the next, and the width of the border."""
    kernel = _sizes(name, "kernel_size", kernel_size, count)
    steps = kernel if stride in (None, (), []) else _sizes(name, "stride", stride, count)
    border = _sizes(name, "padding", padding, count)
    if x.ndim not in (count + 1, count + 2):
        raise RuntimeError(
            f"{name}: Expected {count + 1}D or {count + 2}D input, but got {list(x.shape)}"
            if count == 1
            else f"non-empty {count + 1}D or {count + 2}D (batch mode) tensor expected for input"
        )
    if any(s == 0 for s in steps):
        raise RuntimeError("stride should not be zero")
    for k, p in zip(kernel, border, strict=True):
        if p > k // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, "
                f"kernel_size={k} and dilation=1"
            )
    return kernel, steps, border


def _positive(x: Any, count: int, out: Shape) -> None:
    if any(size < 1 for size in out):
        inner = "x".join(map(str, x.shape[-count - 1 :]))
        outer = "x".join(map(str, (x.shape[-count - 1], *out)))
        raise RuntimeError(
            f"Given input size: ({inner}). Calculated output size: ({outer}). Output size is too "
            "small"
        )


# ---- averages --------------------------------------------------------------------------------


@by_dimensions("avg_pool{}d", "F", (2, 3))
def avg_pool(
    count: int,
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of the last {} dimensions."""
    name = f"avg_pool{count}d"
    x = array_of(name, input)
    kernel, steps, border = _windows(name, x, count, kernel_size, stride, padding)
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    if count == 1:
        flat, border = ops.unsqueeze(input, x.ndim - 1), (0, *border)
        out = avg_pool(2, flat, (1, *kernel), (1, *steps), border, ceil_mode, count_include_pad)
        return ops.squeeze_dim(out, x.ndim - 1)
    maps, outs = [], []
    for dim in range(count):
        place = x.ndim - count + dim
        inner, k, s, p = x.shape[place], kernel[dim], steps[dim], border[dim]
        outs.append(_out(inner, k, s, p, 1, ceil_mode))
        scale = 1 / divisor_override if divisor_override is not None and dim == 0 else 1.0
        args = (k, s, p, divisor_override is None, count_include_pad, scale)
        maps.append(Map(place, "window", inner, max(outs[-1], 0), args))
    _positive(x, count, tuple(outs))
    return getattr(ops, name)(input, tuple(maps))


@public("F torch")
def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of input (batch, channels, length)."""
    return avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


@by_dimensions("lp_pool{}d", "F")
def lp_pool(
    count: int,
    input: Tensor,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The p-norm of each window of the last dimensions."""
    kernel = _sizes("lp_pool", "kernel_size", kernel_size, count)
    out = avg_pool(count, input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    signed = ops.sign(out) * ops.relu(ops.abs(out))
    return (signed * math.prod(kernel)).pow(1.0 / norm_type)


def _adaptive_sizes(x: Any, output_size: Any, count: int) -> Shape:
    if output_size is None or isinstance(output_size, int):
        output_size = (output_size,)
    values = tuple(output_size) * (count if len(output_size) == 1 else 1)
    inner = x.shape[x.ndim - count :]
    return tuple(size if v is None else int(v) for v, size in zip(values, inner, strict=True))


@by_dimensions("adaptive_avg_pool{}d", "F", torch=(1,))
def adaptive_avg_pool(count: int, input: Tensor, output_size: Any) -> Tensor:
    """The mean of each cell when the last dimensions are cut into so many."""
    x = array_of(f"adaptive_avg_pool{count}d", input)
    first = x.ndim - count
    sizes = _adaptive_sizes(x, output_size, count)
    if count == 1:
        flat = adaptive_avg_pool(2, ops.unsqueeze(input, first), (1, *sizes))
        return ops.squeeze_dim(flat, first)
    if all(size == 1 for size in sizes):
        return ops.mean_dim(input, tuple(range(first, x.ndim)), True)
    maps = tuple(
        Map(first + dim, "adaptive", x.shape[first + dim], size) for dim, size in enumerate(sizes)
    )
    return getattr(ops, f"adaptive_avg_pool{count}d")(input, maps)


# ---- maxima ----------------------------------------------------------------------------------


def _cells(inner: int, outer: int) -> tuple[Shape, ...]:
    starts, ends = cells(inner, outer)
    most = int((ends - starts).max(initial=1))
    return tuple(
        tuple(min(start + k, end - 1) for k in range(most))
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    )


@by_dimensions("adaptive_max_pool{}d_with_indices", "F")
def adaptive_max_pool(
    count: int, input: Tensor, output_size: Any, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """The largest of each cell, and its place in the plane."""
    x = array_of(f"adaptive_max_pool{count}d", input)
    sizes = _adaptive_sizes(x, output_size, count)
    if count == 1:
        flat = ops.unsqueeze(input, x.ndim - 1)
        values, index = adaptive_max_pool(2, flat, (1, *sizes))
        return ops.squeeze_dim(values, x.ndim - 1), ops.squeeze_dim(index, x.ndim - 1)
    inner = x.shape[x.ndim - count :]
    windows = tuple(_cells(i, o) for i, o in zip(inner, sizes, strict=True))
    return getattr(ops, f"adaptive_max_pool{count}d_rows")(input, windows)


@by_dimensions("adaptive_max_pool{}d", "F")
def _adaptive_largest(
    count: int, input: Tensor, output_size: Any, return_indices: bool = False
) -> Any:
    """The largest of each cell when the last dimensions are cut into so many."""
    found = adaptive_max_pool(count, input, output_size)
    return found if return_indices else found[0]


@by_dimensions("max_pool{}d_with_indices", "F", torch=(1,))
def max_pool(
    count: int,
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """The largest of each window, and its place in the plane."""
    name = f"max_pool{count}d"
    x = array_of(name, input)
    kernel, steps, border = _windows(name, x, count, kernel_size, stride, padding)
    spread = _sizes(name, "dilation", dilation, count)
    if count == 1:
        flat, spread = ops.unsqueeze(input, x.ndim - 1), (1, *spread)
        values, index = max_pool(
            2, flat, (1, *kernel), (1, *steps), (0, *border), spread, ceil_mode
        )
        return ops.squeeze_dim(values, x.ndim - 1), ops.squeeze_dim(index, x.ndim - 1)
    parts, outs = [], []
    for size, k, s, p, d in zip(
        x.shape[x.ndim - count :], kernel, steps, border, spread, strict=True
    ):
        out = _out(size, k, s, p, d, ceil_mode)
        outs.append(out)
        places = np.arange(max(out, 0))[:, None] * s - p + np.arange(k) * d
        inside = (places >= 0) & (places < size)
        parts.append(tuple(map(tuple, np.where(inside, places, -1).tolist())))
    _positive(x, count, tuple(outs))
    return getattr(ops, f"{name}_with_indices")(input, tuple(parts))


@by_dimensions("max_pool{}d", "F", torch=(1, 2, 3))
def _largest(
    count: int,
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest of each window of the last dimensions."""
    found = max_pool(count, input, kernel_size, stride, padding, dilation, ceil_mode)
    return found if return_indices else found[0]


@by_dimensions("max_unpool{}d", "F")
def max_unpool(
    count: int,
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """The inverse of max_pool: values at their indices, 0 elsewhere."""
    x = input.array
    kernel = _sizes("max_unpool", "kernel_size", kernel_size, count)
    steps = kernel if stride is None else _sizes("max_unpool", "stride", stride, count)
    border = _sizes("max_unpool", "padding", padding, count)
    lead, inner = x.shape[: x.ndim - count], x.shape[x.ndim - count :]
    sizes = tuple(
        (size - 1) * s + k - 2 * p
        for size, s, k, p in zip(inner, steps, kernel, border, strict=True)
    )
    if output_size is not None:
        sizes = tuple(output_size)[-count:]
    flat = (*lead, math.prod(inner))
    empty = ops.zeros((*lead, math.prod(sizes)), x.dtype)
    rows = ops.scatter(empty, indices.reshape(flat), input.reshape(flat), len(lead))
    return rows.reshape(*lead, *sizes)
