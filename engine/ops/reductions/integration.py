"""Finite differences and integrals by trapezoids: no rows of their own, as in PyTorch."""

from __future__ import annotations

from typing import Any

from engine.dispatch.arguments import wrap_dim, wrap_dims
from engine.dispatch.fast_path import TENSORS as ops
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.creation.convert import converted
from engine.ops.views.joining import cat

# ---- differences -----------------------------------------------------------------------------


def _part(x: Any, dim: int, start: int, stop: int | None = None) -> Any:
    """x[start:stop] along a dimension."""
    places = range(*slice(start, stop).indices(x.array.shape[dim]))
    return ops.slice(x, dim, places.start, max(places.start, places.stop), 1)


def _apart(x: Tensor, dim: int) -> Tensor:
    """Each element less the one before."""
    later, earlier = _part(x, dim, 1), _part(x, dim, 0, -1)
    if x.array.dtype.kind == "b":
        return ops.logical_xor(later, earlier)
    return ops.sub(later, earlier)


def _check_joined(shape: tuple[int, ...], joined: Any, dim: int) -> None:
    other = joined.array.shape
    if len(other) != len(shape):
        raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    for i, (size, found) in enumerate(zip(shape, other, strict=True)):
        if size != found and i != dim:
            raise RuntimeError(
                "diff expects the shape of tensor to prepend or append to match that of input "
                f"except along the differencing dimension; input.size({i}) = {size}, but got "
                f"tensor.size({i}) = {found}"
            )


@public()
def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None
) -> Tensor:
    """Each element less the one before along a dimension, n times over."""
    shape = input.array.shape
    if not shape:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    place = wrap_dim(dim, len(shape))
    for joined in (prepend, append):
        if joined is not None:
            _check_joined(shape, joined, place)
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if n == 0:
        return ops.copy(ops.zeros_like(input), input)
    if prepend is not None or append is not None:
        input = cat([part for part in (prepend, input, append) if part is not None], place)
    for _ in range(min(n, input.array.shape[place])):
        input = _apart(input, place)
    return input


# ---- integrals -------------------------------------------------------------------------------


def _refuse_truth(name: str, array: Any, argument: str) -> None:
    if array.dtype.kind == "b":
        raise RuntimeError(
            f"{name}: received a bool input for `{argument}`, but bool is not supported"
        )


def _halved(x: Tensor) -> Tensor:
    return x / 2 if x.array.dtype.kind in "biu" else ops.div_number(x, 2.0)


def _placed(name: str, y: Any, x: Any, dx: Any, dim: Any) -> tuple[int, Any]:
    """The dimension to integrate along and, if x is given, how far its points are apart there."""
    array = y.array
    if not array.ndim:
        if name == "trapezoid":
            raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        wrap_dim(dim, 0)
        _refuse_truth(name, array, "y")
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    place = wrap_dim(dim, array.ndim)
    _refuse_truth(name, array, "y")
    if x is not None and dx is not None:
        raise TypeError(f"{name}() takes x or dx")
    if x is None:
        return place, None
    points = x.array
    _refuse_truth(name, points, "x")
    if points.ndim == 1:
        if points.size != array.shape[place]:
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        x = ops.reshape(x, tuple(points.size if i == place else 1 for i in range(array.ndim)))
    elif points.ndim < array.ndim:
        x = ops.reshape(x, (1,) * (array.ndim - points.ndim) + points.shape)
    return place, ops.sub(_part(x, place, 1), _part(x, place, 0, -1))


@public("torch", "trapezoid", "trapz")
def trapezoid(y: Tensor, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral of y along a dimension by trapezoids, its points dx (1) apart or at x."""
    place, apart = _placed("trapezoid", y, x, dx, dim)
    if not y.array.shape[place]:
        return converted(ops.sum_dim(ops.zeros_like(y), (place,), False), y.array.dtype)
    if apart is None:
        ends = ops.select(y, place, 0) + ops.select(y, place, y.array.shape[place] - 1)
        inside = ops.sum_dim(y, (place,), False) - ends * 0.5
        return ops.mul_number(inside, _number(1 if dx is None else dx))
    sums = _part(y, place, 0, -1) + _part(y, place, 1)
    return _halved(ops.sum_dim(sums * apart, (place,), False))


@public("torch")
def cumulative_trapezoid(y: Tensor, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integrals of y so far along a dimension by trapezoids, as trapezoid."""
    place, apart = _placed("cumulative_trapezoid", y, x, dx, dim)
    sums = _part(y, place, 0, -1) + _part(y, place, 1)
    if apart is None:
        return ops.cumsum(sums * (_number(1 if dx is None else dx) / 2.0), place)
    return _halved(ops.cumsum(sums * apart, place))


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, Tensor) else value


# ---- slopes ----------------------------------------------------------------------------------


@public("torch")
def gradient(
    input: Tensor, *, spacing: Any = None, dim: Any = None, edge_order: int = 1
) -> tuple[Tensor, ...]:
    """The slopes of input along dimensions (all), from the elements on both sides of each.

    spacing: how far the elements are apart (1), a number, or one for each dimension, or a tensor of
    coordinates for each. At the ends the slope is taken from the first or last two elements or,
    of edge_order 2, three.
    """
    array = input.array
    spacing = 1 if spacing is None else spacing
    several = isinstance(spacing, (list, tuple))
    _check_slopes(array, len(spacing) if several else None, dim, edge_order)
    dims = tuple(range(array.ndim)) if dim is None else wrap_dims(dim, array.ndim)
    for place in dims:
        if array.shape[place] < edge_order + 1:
            raise RuntimeError(
                "torch.gradient expected each dimension size to be at least edge_order+1"
            )
    spaces = spacing if several else [_number(spacing)] * len(dims)
    return tuple(
        _uneven(input, place, space, edge_order)
        if several and isinstance(space, Tensor)
        else _even(input, place, space, edge_order)
        for place, space in zip(dims, spaces, strict=True)
    )


def _check_slopes(array: Any, spacings: int | None, dim: Any, edge_order: int) -> None:
    if array.dtype.name == "uint8":
        raise RuntimeError("torch.gradient does not support uint8 input.")
    if spacings is not None and dim is None and spacings != array.ndim:
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar, or a list of length "
            f"equal to 'self.dim() = {array.ndim}', since dim argument was not given, but got a "
            f"list of length {spacings}"
        )
    count = 1 if isinstance(dim, int) else len(dim) if dim is not None else spacings
    if spacings is not None and dim is not None and spacings != count:
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim "
            f"arguments to have the same length, but got a spacing argument of length {spacings} "
            f"and a dim argument of length {count}."
        )
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")


def _joined(first: Tensor, between: Tensor, last: Tensor, dim: int) -> Tensor:
    return cat([first, between, last], dim)


def _even(x: Tensor, dim: int, space: Any, edge_order: int) -> Tensor:
    """Slopes of elements that are all as far apart."""
    between = (_part(x, dim, 2) - _part(x, dim, 0, -2)) / space
    if edge_order == 1:
        first = (_part(x, dim, 1, 2) - _part(x, dim, 0, 1)) / space
        last = (_part(x, dim, -1) - _part(x, dim, -2, -1)) / space
    else:
        first = (
            _part(x, dim, 0, 1) * -1.5 + _part(x, dim, 1, 2) * 2 - _part(x, dim, 2, 3) * 0.5
        ) / space
        last = (
            _part(x, dim, -3, -2) * 0.5 - _part(x, dim, -2, -1) * 2 + _part(x, dim, -1) * 1.5
        ) / space
    return _joined(first, between / 2, last, dim)


def _uneven(x: Tensor, dim: int, at: Tensor, edge_order: int) -> Tensor:
    """Slopes of elements at these coordinates."""
    if at.array.ndim != 1:
        raise RuntimeError(
            "torch.gradient expected each element of spacing to have one dimension, but got an "
            f"element with {at.array.ndim} dimensions!"
        )
    gaps = diff(at)
    before, after = _part(gaps, 0, 0, -1), _part(gaps, 0, 1)
    a, b, c = (
        ops.reshape(
            weight, tuple(weight.array.size if i == dim else 1 for i in range(x.array.ndim))
        )
        for weight in (
            -after / (before * (before + after)),
            (after - before) / (before * after),
            before / (after * (before + after)),
        )
    )
    between = a * _part(x, dim, 0, -2) + b * _part(x, dim, 1, -1) + c * _part(x, dim, 2)
    if edge_order == 1:
        first = (_part(x, dim, 1, 2) - _part(x, dim, 0, 1)) / gaps[0]
        last = (_part(x, dim, -1) - _part(x, dim, -2, -1)) / gaps[-1]
    else:
        first = _three(gaps[0], gaps[1], [_part(x, dim, i, i + 1) for i in range(3)], -1)
        ends = [_part(x, dim, -1), _part(x, dim, -2, -1), _part(x, dim, -3, -2)]
        last = _three(gaps[-1], gaps[-2], ends, 1)
    return _joined(first, between, last, dim)


def _three(near: Tensor, far: Tensor, elements: list[Tensor], sign: int) -> Tensor:
    """The slope at the first of three elements; `near` and `far` are the gaps between them."""
    a = (near * 2 + far) / (near * (near + far)) * sign
    b = (near + far) / (near * far) * -sign
    c = near / (far * (near + far)) * sign
    return a * elements[0] + b * elements[1] + c * elements[2]
