"""Reductions as PyTorch spells them, over the rows of reductions.py."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

import engine.ops.reductions  # noqa: F401 (its rows)
from engine import dtypes
from engine.callers import TENSORS as ops
from engine.catalog import public
from engine.ops.arguments import (
    ABSENT,
    array_of,
    count_of,
    dtype_of,
    numpy_names,
    wrap_dim,
    wrap_dims,
)
from engine.ops.results import named
from engine.tensor import Tensor

Dims = tuple[int, ...]


def _dims(dim: Any, ndim: int) -> Dims:
    """The dimensions to reduce, counted from the front: all of them for None or ()."""
    if dim is None or (not isinstance(dim, int) and len(dim) == 0):
        return tuple(range(ndim))
    wrapped = wrap_dims(dim, ndim)
    return wrapped if ndim else ()


def _in(input: Tensor, dtype: Any, name: str) -> Tensor:
    """The input cast to an argument `dtype`, if one was given."""
    wanted = dtype_of(name, dtype)
    if wanted is None or wanted == input.array.dtype:
        return input
    return ops.to_copy(input, wanted)


# ---- sums, means, products -------------------------------------------------------------------


@public()
@numpy_names
def sum(
    input: Tensor, dim: Any = ABSENT, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:  # fmt: skip
    """The sum of all elements, or over dimensions."""
    array = array_of("sum", input)
    if dtype is not None:
        input = _in(input, dtype, "sum")
    if dim is ABSENT:
        if not keepdim:
            return ops.sum(input)
        dim = None
    return ops.sum_dim(input, _dims(dim, array.ndim), keepdim)


def _floating(name: str, array: Any) -> None:
    if array.dtype.kind not in "fcV":
        raise RuntimeError(
            f"{name}(): could not infer output dtype. Input dtype must be either a floating point "
            f"or complex dtype. Got: {dtypes.of(array.dtype).scalar_name}"
        )


@public()
@numpy_names
def mean(
    input: Tensor, dim: Any = ABSENT, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:  # fmt: skip
    """The mean of all elements, or over dimensions."""
    array = array_of("mean", input)
    if dtype is not None:
        input = _in(input, dtype, "mean")
    elif array.dtype.kind != "f":
        _floating("mean", array)
    if dim is ABSENT:
        if not keepdim:
            return ops.mean(input)
        dim = None
    return ops.mean_dim(input, _dims(dim, array.ndim), keepdim)


@public()
@numpy_names
def prod(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The product of all elements, or along a dimension."""
    array = array_of("prod", input)
    input = _in(input, dtype, "prod")
    if dim is None:
        return ops.prod(input)
    return ops.prod_dim(input, wrap_dim(dim, array.ndim), keepdim)


@public()
@numpy_names
def cumsum(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """Sums of the elements so far along a dimension."""
    if dim is None:
        raise TypeError('cumsum() missing 1 required positional arguments: "dim"')
    place = wrap_dim(dim, array_of("cumsum", input).ndim)
    return ops.cumsum(_in(input, dtype, "cumsum"), place)


@public()
@numpy_names
def cumprod(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """Products of the elements so far along a dimension."""
    if dim is None:
        raise TypeError('cumprod() missing 1 required positional arguments: "dim"')
    place = wrap_dim(dim, array_of("cumprod", input).ndim)
    return ops.cumprod(_in(input, dtype, "cumprod"), place)


@public()
@numpy_names
def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """log(sum(exp(input))) over dimensions, without overflow."""
    return ops.logsumexp(input, _dims(dim, array_of("logsumexp", input).ndim), keepdim)


# ---- variance --------------------------------------------------------------------------------


def _spread_arguments(
    name: str, input: Tensor, dim: Any, unbiased: bool | None, correction: Any, keepdim: bool
) -> tuple[Dims, float, bool]:
    """Dimensions, correction and keepdim; `x.var(False)` means unbiased=False."""
    array = array_of(name, input)
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if array.dtype.kind not in "fc":
        raise RuntimeError("std and var only support floating point and complex dtypes")
    if correction is None:
        correction = 0 if unbiased is False else 1
    dims = _dims(dim, array.ndim)
    if count_of(array.shape[d] for d in dims) <= correction:
        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the "
            "reduction factor (input numel divided by output numel).",
            stacklevel=3,
        )
    return dims, correction, keepdim


@public()
@numpy_names
def var(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: Any = None,
) -> Tensor:  # fmt: skip
    """The variance of all elements, or over dimensions; divides by n - correction, 1 by default."""
    return ops.var(input, *_spread_arguments("var", input, dim, unbiased, correction, keepdim))


@public()
@numpy_names
def std(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: Any = None,
) -> Tensor:  # fmt: skip
    """The standard deviation of all elements, or over dimensions."""
    return ops.std(input, *_spread_arguments("std", input, dim, unbiased, correction, keepdim))


@public("torch")
@numpy_names
def var_mean(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: Any = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The variance and the mean."""
    return ops.var_mean(input, *_spread_arguments("var_mean", input, dim, unbiased, correction, keepdim))


@public("torch")
@numpy_names
def std_mean(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: Any = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The standard deviation and the mean."""
    return ops.std_mean(input, *_spread_arguments("std_mean", input, dim, unbiased, correction, keepdim))


# ---- extremes --------------------------------------------------------------------------------

_MAX, _MIN = named("max", "values", "indices"), named("min", "values", "indices")


def _not_empty(name: str, array: Any, dims: Dims | None) -> None:
    if array.size == 0 and (dims is None or 0 in (array.shape[dim] for dim in dims)):
        if dims is None:
            problem = f"{name}(): Expected reduction dim to be specified for input.numel() == 0."
            if name.startswith("arg"):
                raise IndexError(problem)
            raise RuntimeError(f"{problem} Specify the reduction dim with the 'dim' argument.")
        empty = next(dim for dim in dims if not array.shape[dim])
        raise IndexError(f"{name}(): Expected reduction dim {empty} to have non-zero size.")


@public()
@numpy_names
def max(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest element; with a dimension, also where it is; with a Tensor, elementwise."""
    array = array_of("max", input)
    if isinstance(dim, Tensor):
        return ops.maximum(input, dim)
    if dim is None:
        _not_empty("max", array, None)
        return ops.max(input)
    place = wrap_dim(dim, array.ndim)
    _not_empty("max", array, (place,) if array.ndim else ())
    return _MAX(ops.max_dim(input, place, keepdim))


@public()
@numpy_names
def min(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest element; with a dimension, also where it is; with a Tensor, elementwise."""
    array = array_of("min", input)
    if isinstance(dim, Tensor):
        return ops.minimum(input, dim)
    if dim is None:
        _not_empty("min", array, None)
        return ops.min(input)
    place = wrap_dim(dim, array.ndim)
    _not_empty("min", array, (place,) if array.ndim else ())
    return _MIN(ops.min_dim(input, place, keepdim))


@public()
@numpy_names
def amax(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
    """The largest element over dimensions; equal ones share the gradient."""
    dims = _dims(dim, array_of("amax", input).ndim)
    _not_empty("amax", input.array, dims)
    return ops.amax(input, dims, keepdim)


@public()
@numpy_names
def amin(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
    """The smallest element over dimensions; equal ones share the gradient."""
    dims = _dims(dim, array_of("amin", input).ndim)
    _not_empty("amin", input.array, dims)
    return ops.amin(input, dims, keepdim)


@public()
@numpy_names
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the largest element is: in the flattened tensor, or along a dimension."""
    array = array_of("argmax", input)
    place = None if dim is None else wrap_dim(dim, array.ndim)
    _not_empty("argmax", array, None if place is None else (place,) if array.ndim else ())
    return ops.argmax(input, place, keepdim)


@public()
@numpy_names
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest element is: in the flattened tensor, or along a dimension."""
    array = array_of("argmin", input)
    place = None if dim is None else wrap_dim(dim, array.ndim)
    _not_empty("argmin", array, None if place is None else (place,) if array.ndim else ())
    return ops.argmin(input, place, keepdim)


# ---- norms, truth ----------------------------------------------------------------------------


@public()
@numpy_names
def norm(
    input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None
) -> Tensor:
    """The p-norm of the elements as one vector, or over dimensions; p = 2 by default."""
    array = array_of("norm", input)
    if p in ("fro", None):
        p = 2.0
    if not isinstance(p, (int, float)):
        raise RuntimeError(f"norm(): unsupported norm {p!r}")
    input = _in(input, dtype, "norm")
    if array.dtype.kind not in "fc":
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{dtypes.of(array.dtype).scalar_name}"
        )
    return ops.norm(input, float(p), _dims(dim, array.ndim), keepdim)


@public("linalg")
@numpy_names
def vector_norm(
    x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The p-norm of the elements as one vector, or over dimensions."""
    return norm(x, ord, dim, keepdim, dtype)


def _truth(name: str, input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    array = array_of(name, input)
    result = getattr(ops, name)(input, _dims(dim, array.ndim), keepdim)
    return result if array.dtype != np.uint8 else ops.to_copy(result, array.dtype)


@public()
@numpy_names
def any(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether any element is true (not zero)."""
    return _truth("any", input, dim, keepdim)


@public()
@numpy_names
def all(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether every element is true (not zero)."""
    return _truth("all", input, dim, keepdim)


@public()
@numpy_names
def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements are not zero."""
    return ops.count_nonzero(input, _dims(dim, array_of("count_nonzero", input).ndim))


@public()
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of input - other."""
    return norm(input - other, p)

