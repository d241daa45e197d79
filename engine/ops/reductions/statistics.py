"""Statistics: the middle and the most frequent element, quantiles, sums and means without nan."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.promotion import is_half
from engine.arrays.types import Shape
from engine.dispatch.arguments import check_flag, dtype_of, wrap_dim
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.dispatch.results import named
from engine.dispatch.spelling import published
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.creation.convert import converted
from engine.ops.reductions.extremes import not_empty, place_back, shared_by_all, shared_rule
from engine.ops.reductions.sums import dims_of, in_dtype, spread, whole_numbers

# ---- the smallest and the largest ------------------------------------------------------------


def _aminmax_rule(ns: Any, g: Any, x: Any, out: Any, dims: Shape, keepdim: bool) -> Any:
    parts = [
        shared_rule(ns, part, x, extreme, dims, keepdim)
        for part, extreme in zip(g, out, strict=False)
        if part is not None
    ]
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]


def _aminmax(xp: Any, x: Any, dims: Shape, keepdim: bool) -> Any:
    return tuple(f.reduce(x, dims, None, None, keepdim) for f in (xp.minimum, xp.maximum))


op(
    "aminmax(x; dims, keepdim)",
    _aminmax,
    outputs=2,
    holomorphic=False,
    refuses={"c": "aminmax_cpu"},
    x=_aminmax_rule,
)

_Both = named("aminmax", "min", "max")


@public()
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """The smallest and the largest element, of all or along a dimension."""
    array = input.array
    if dim is None:
        if not array.size:
            raise RuntimeError(
                "aminmax(): cannot compute aminmax over an empty dimension as the operation has "
                "no identity."
            )
        dims = tuple(range(array.ndim))
    else:
        dims = dims_of(wrap_dim(dim, array.ndim), array.ndim)
        if array.ndim and not array.shape[dims[0]]:
            raise IndexError(f"aminmax: Expected reduction dim {dims[0]} to have non-zero size.")
    return _Both(ops.aminmax(input, dims, keepdim))


# ---- the middle one --------------------------------------------------------------------------


def _nans(xp: Any, ordered: Any, dim: int, keepdims: bool = True) -> Any:
    return xp.add.reduce((ordered != ordered).astype(np.int64), dim, None, None, keepdims)


def _middle(xp: Any, ordered: Any, dim: int, ignore_nan: bool) -> Any:
    """Where the middle one of elements in order is (the lower of two), or the first nan."""
    size = ordered.shape[dim]
    nans = _nans(xp, ordered, dim)
    if ignore_nan:
        return xp.maximum(size - nans - 1, 0) // 2
    return xp.where(nans > 0, size - nans, (size - 1) // 2)


_NOTHING = {
    **dict.fromkeys(("float32", "float64", "float16", "bfloat16"), np.nan),
    "int32": -(2**31),
    "int64": -(2**63),
}
"""What nan becomes in a dtype: the middle of no elements."""


def _median(xp: Any, x: Any, ignore_nan: bool) -> Any:
    if not x.size:
        return xp.asarray(_NOTHING.get(x.dtype.name, 0), dtype=x.dtype)
    ordered = xp.sort(x.reshape(-1))
    return ordered[_middle(xp, ordered, 0, ignore_nan)].reshape(())


def _median_dim(xp: Any, x: Any, dim: int, keepdim: bool, ignore_nan: bool) -> Any:
    if not x.ndim:
        return xp.array(x, copy=True), xp.zeros((), np.int64)
    order = xp.argsort(x, dim, stable=True)
    ordered = xp.take_along_axis(x, order, dim)
    place = _middle(xp, ordered, dim, ignore_nan)
    values, places = (xp.take_along_axis(each, place, dim) for each in (ordered, order))
    return (values, places) if keepdim else (xp.squeeze(values, dim), xp.squeeze(places, dim))


for _name, _ignore in (("median", False), ("nanmedian", True)):
    op(
        f"{_name}(x)",
        lambda xp, x, ignore=_ignore: _median(xp, x, ignore),
        refuses={"bc": "median_cpu"},
        x=shared_by_all,
    )
    op(
        f"{_name}_dim(x; dim, keepdim)",
        lambda xp, x, dim, keepdim, ignore=_ignore: _median_dim(xp, x, dim, keepdim, ignore),
        outputs=2,
        written=f"{_name}(x, dim, keepdim)",
        node=f"{_name.capitalize()}Backward1",
        refuses={"bc": "median_out"},
        x=place_back,
    )


def _median_function(name: str, text: str) -> Any:
    row, along = getattr(ops, name), getattr(ops, f"{name}_dim")
    result = named(name, "values", "indices")

    @published(name, text)
    def median(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
        if dim is None:
            return row(input)
        array = input.array
        check_flag(keepdim)
        place = wrap_dim(dim, array.ndim)
        not_empty("median", array, (place,))
        return result(along(input, place, keepdim))

    return median


median = _median_function(
    "median",
    "The middle element, the lower of two, nan if there is one; along a dimension, also where.",
)
nanmedian = _median_function(
    "nanmedian",
    "The middle one of the elements that are not nan; along a dimension, also where it is.",
)

# ---- the most frequent one -------------------------------------------------------------------


def _mode(xp: Any, x: Any, dim: int, keepdim: bool) -> Any:
    """The smallest of the most frequent elements and, of equal ones, where the last is."""
    if not x.ndim:
        return xp.array(x, copy=True), xp.zeros((), np.int64)
    order = xp.moveaxis(xp.argsort(x, dim, stable=True), dim, -1)
    ordered = xp.take_along_axis(xp.moveaxis(x, dim, -1), order, -1)
    places = xp.broadcast_to(np.arange(x.shape[dim]), ordered.shape)
    fresh = xp.concatenate(
        (xp.ones_like(ordered[..., :1], dtype=bool), ordered[..., 1:] != ordered[..., :-1]), -1
    )
    runs = places - xp.maximum.accumulate(xp.where(fresh, places, 0), -1)
    longest = xp.argmax(runs, -1)[..., None]
    values, indices = (xp.take_along_axis(each, longest, -1) for each in (ordered, order))
    if keepdim:
        return xp.moveaxis(values, -1, dim), xp.moveaxis(indices, -1, dim)
    return values[..., 0], indices[..., 0]


op("mode(x; dim, keepdim)", _mode, outputs=2, refuses={"c": "mode_cpu"}, x=place_back)

_Mode = named("mode", "values", "indices")


@public()
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Any:
    """The most frequent element along a dimension (the smallest of several), and where it is."""
    array = input.array
    check_flag(keepdim)
    place = wrap_dim(dim, array.ndim)
    not_empty("mode", array, (place,))
    return _Mode(ops.mode(input, place, keepdim))


# ---- without nan -----------------------------------------------------------------------------


def _nansum(xp: Any, x: Any, dims: Shape, keepdim: bool) -> Any:
    zero = x.dtype.type(0)
    return xp.add.reduce(whole_numbers(xp.where(x == x, x, zero)), dims, None, None, keepdim)


def _nansum_rule(ns: Any, g: Any, x: Any, dims: Shape, keepdim: bool) -> Any:
    return spread(ns, g, tuple(x.shape), dims, keepdim) * (x == x)


op("nansum(x; dims, keepdim)", _nansum, x=_nansum_rule)


@public()
def nansum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum of the elements that are not nan, or over dimensions."""
    array = input.array
    wanted = dtype_of("nansum", dtype)
    if array.dtype.kind == "c":
        raise RuntimeError("nansum on CPU does not support complex inputs")
    if wanted is not None and wanted.kind in "biu" and array.dtype.kind in "fV":
        input = ops.masked_fill(input, ops.ne(input, input), 0)
    return ops.nansum(in_dtype(input, dtype, "nansum"), dims_of(dim, array.ndim), keepdim)


@public()
def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean of the elements that are not nan, or over dimensions."""
    array = input.array
    if array.dtype.kind not in "fcV":
        raise RuntimeError(
            "nanmean(): expected input to have floating point or complex dtype but got "
            f"{dtypes.of(array.dtype).scalar_name}"
        )
    wanted = dtype_of("nanmean", dtype)
    if wanted is not None and wanted.kind in "biu":
        raise RuntimeError(
            "nanmean(): could not infer output dtype. Optional dtype must be either a floating "
            f"point or complex dtype. Got: {dtypes.of(wanted).scalar_name}"
        )
    total = nansum(input, dim, keepdim, dtype=dtype)
    count = ops.sum_dim(ops.eq(input, input), dims_of(dim, array.ndim), keepdim)
    return total / count


# ---- quantiles -------------------------------------------------------------------------------

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _probabilities(input: Tensor, q: Any) -> Tensor:
    """The argument q as a tensor, after PyTorch's checks of it and of the input."""
    array = input.array
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"quantile() q must be in the range [0, 1] but got {q:g}")
        q = wrap(np.asarray(q, array.dtype if array.dtype.kind == "f" else np.float64))
    if not array.size:
        raise RuntimeError("quantile() input tensor must be non-empty")
    if q.array.ndim > 1:
        raise RuntimeError("quantile() q must be a scalar or 1D tensor")
    if array.dtype.kind != "f" or is_half(array.dtype):
        raise RuntimeError("quantile() input tensor must be either float or double dtype")
    if q.array.dtype != array.dtype:
        raise RuntimeError("quantile() q tensor must be same dtype as the input tensor")
    return q


def _ordered(input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    """The elements in order along a last dimension, the others as the result will have them."""
    array = input.array
    if dim is None:
        line = ops.sort(ops.reshape(input, (array.size,)), 0, False)[0]
        return ops.reshape(line, (1,) * array.ndim + (array.size,)) if keepdim else line
    if not array.ndim:
        return ops.reshape(input, (1,))
    moved = input
    if dim != array.ndim - 1:
        moved = ops.transpose(ops.unsqueeze(input, array.ndim), dim, array.ndim)
    ordered = ops.sort(moved, moved.array.ndim - 1, False)[0]
    if keepdim:
        return ops.unsqueeze(ordered, dim) if moved is input else ordered
    return ordered if moved is input else ops.squeeze_dim(ordered, dim)


def _ranks(ordered: Tensor, q: Tensor, ignore_nan: bool) -> Tensor:
    """Which places of the elements in order, not always whole ones, are asked for."""
    last = ordered.array.ndim - 1
    nan = ops.ne(ordered, ordered)
    if ignore_nan:
        count = ops.sum_dim(ops.logical_not(nan), (last,), True)
        ranks = q * (count - 1)
        return ops.masked_fill(ranks, ops.lt(ranks, 0), 0)
    size = ordered.array.shape[last] - 1
    ranks, any_nan = q * size, ops.any(nan, (last,), True)
    return ops.masked_fill(ranks, any_nan, size)


def _quantile(
    name: str, input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str
) -> Tensor:
    array = input.array
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, "
            f"but got {interpolation}"
        )
    place = None if dim is None else wrap_dim(dim, array.ndim)
    q = _probabilities(input, q)
    if not ((q.array >= 0) & (q.array <= 1)).all():
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    ordered = _ordered(input, place, keepdim)
    last = ordered.array.ndim - 1
    ranks = _ranks(ordered, q if q.array.ndim else ops.unsqueeze(q, 0), name == "nanquantile")
    rounding = {"lower": "floor", "higher": "ceil", "nearest": "round"}.get(interpolation)
    if rounding:
        ranks = getattr(ops, rounding)(ranks)
    below = converted(ranks, np.dtype(np.int64))
    values = ops.gather(ordered, below, last)
    if not rounding:
        above = converted(ops.ceil(ranks), np.dtype(np.int64))
        linear = interpolation == "linear"
        weights = ranks - below if linear else ops.fill(ops.zeros_like(ranks), 0.5)
        values = ops.lerp_tensor(values, ops.gather(ordered, above, last), weights)
    if not q.array.ndim:
        return values.squeeze_(-1)
    return ops.transpose(ops.unsqueeze(values, 0), 0, last + 1).squeeze_(-1)


@public()
def quantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """The elements below which the proportions q lie, of all or along a dimension.

    q: a number, or a tensor of them; a result for each along a new first dimension.
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation)


@public()
def nanquantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """quantile of the elements that are not nan."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation)
