"""Reductions as PyTorch spells them, over the rows of reductions.py."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.ops.reductions.rows  # noqa: F401 (its rows)
from engine.arrays import dtypes
from engine.arrays.state import warn
from engine.dispatch.arguments import (
    ABSENT,
    check_flag,
    count_of,
    dtype_of,
    wrap_dim,
    wrap_dims,
)
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.results import named
from engine.graph.registry import public
from engine.graph.tensor import Tensor

Dims = tuple[int, ...]


def dims_of(dim: Any, ndim: int) -> Dims:
    """The dimensions to reduce, counted from the front: all of them for None or ()."""
    if dim is None or dim in ((), []):
        return tuple(range(ndim))
    wrapped = wrap_dims(dim if isinstance(dim, (tuple, list)) else (dim,), ndim)
    return wrapped if ndim else ()


def in_dtype(input: Tensor, dtype: Any, name: str) -> Tensor:
    """The input cast to an argument `dtype`, if one was given."""
    wanted = dtype_of(name, dtype)
    if wanted is None or wanted == input.array.dtype:
        return input
    return ops.to_copy(input, wanted)


# ---- sums, means, products -------------------------------------------------------------------


@public()
def sum(
    input: Tensor, dim: Any = ABSENT, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:  # fmt: skip
    """The sum of all elements, or over dimensions."""
    array = input.array
    if dtype is not None:
        input = in_dtype(input, dtype, "sum")
    if dim is ABSENT:
        if not keepdim:
            return ops.sum(input)
        dim = None
    check_flag(keepdim)
    return ops.sum_dim(input, dims_of(dim, array.ndim), keepdim)


def _floating(name: str, array: Any) -> None:
    if array.dtype.kind not in "fcV":
        raise RuntimeError(
            f"{name}(): could not infer output dtype. Input dtype must be either a floating point "
            f"or complex dtype. Got: {dtypes.of(array.dtype).scalar_name}"
        )


@public()
def mean(
    input: Tensor, dim: Any = ABSENT, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:  # fmt: skip
    """The mean of all elements, or over dimensions."""
    array = input.array
    if dtype is not None:
        input = in_dtype(input, dtype, "mean")
    elif array.dtype.kind not in "fV":
        _floating("mean", array)
    if dim is ABSENT and not keepdim:
        return ops.mean(input)
    dim = None if dim is ABSENT else dim
    check_flag(keepdim)
    return ops.mean_dim(input, dims_of(dim, array.ndim), keepdim)


@public()
def prod(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The product of all elements, or along a dimension."""
    array = input.array
    input = in_dtype(input, dtype, "prod")
    if dim is None:
        return ops.prod(input)
    check_flag(keepdim)
    return ops.prod_dim(input, wrap_dim(dim, array.ndim), keepdim)


@public("torch Tensor Tensor_")
def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Sums of the elements so far along a dimension."""
    place = wrap_dim(dim, input.array.ndim)
    return ops.cumsum(in_dtype(input, dtype, "cumsum"), place)


@public("torch Tensor Tensor_")
def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Products of the elements so far along a dimension."""
    place = wrap_dim(dim, input.array.ndim)
    return ops.cumprod(in_dtype(input, dtype, "cumprod"), place)


@public("torch Tensor special")
def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """log(sum(exp(input))) over dimensions, without overflow."""
    array = input.array
    if dim is None:
        raise TypeError("logsumexp() takes dimensions")
    check_flag(keepdim)
    return ops.logsumexp(input, dims_of(dim, array.ndim), keepdim)


# ---- variance --------------------------------------------------------------------------------


def _variance(name: str, what: str) -> Any:
    """The function of a row over dimensions that divides by the count less a correction."""
    row = getattr(ops, name)
    kinds = "std and var" if name in ("std", "var") else name

    def variance(
        input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
        correction: Any = None,
    ) -> Any:  # fmt: skip
        array = input.array
        if isinstance(dim, bool):  # x.var(False)
            dim, unbiased = None, dim
        if unbiased is not None:
            check_flag(unbiased)
        check_flag(keepdim)
        if array.dtype.kind not in "fcV":
            raise RuntimeError(f"{kinds} only support floating point and complex dtypes")
        if correction is None:
            correction = 0 if unbiased is False else 1
        dims = dims_of(dim, array.ndim)
        if correction >= count_of(array.shape[d] for d in dims):
            warn(
                f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than "
                "the reduction factor (input numel divided by output numel).",
                stacklevel=3,
            )
        return row(input, dims, correction, keepdim)

    return _published(name, f"The {what} of all elements, or over dimensions.", variance)


def _published(name: str, text: str, function: Any, where: str = "torch Tensor") -> Any:
    """A made function under its own name, with a text for help."""
    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    return public(where, name)(function)


var = _variance("var", "variance (the squares' sum divided by n - correction)")
std = _variance("std", "standard deviation, the square root of the variance,")
var_mean = _variance("var_mean", "variance and the mean")
std_mean = _variance("std_mean", "standard deviation and the mean")

# ---- extremes --------------------------------------------------------------------------------


def not_empty(name: str, array: Any, dims: Dims | None) -> None:
    """Raise PyTorch's error where there is nothing to choose from; dims are None for all."""
    if array.size:
        return
    if dims is None:
        arg = name.startswith("arg")
        message = f"{name}(): Expected reduction dim to be specified for input.numel() == 0."
        if arg:
            raise IndexError(message)
        raise RuntimeError(f"{message} Specify the reduction dim with the 'dim' argument.")
    for dim in dims:
        if array.ndim and not array.shape[dim]:
            raise IndexError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")


def _extreme(name: str, adjective: str) -> Any:
    row, row_dim = getattr(ops, name), getattr(ops, f"{name}_dim")
    pairwise = getattr(ops, f"{name}imum")
    result = named(name, "values", "indices")

    def extreme(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
        array = input.array
        if isinstance(dim, Tensor) or other is not None:
            return pairwise(input, dim if other is None else other)
        if dim is None:
            not_empty(name, array, None)
            return row(input)
        check_flag(keepdim)
        place = wrap_dim(dim, array.ndim)
        not_empty(name, array, (place,))
        return result(row_dim(input, place, keepdim))

    return _published(
        name, f"The {adjective} element; along a dimension, also where it is; of two Tensors, "
        "element by element.", extreme,
    )  # fmt: skip


def _extreme_over(name: str, adjective: str) -> Any:
    row = getattr(ops, name)

    def extreme(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
        array = input.array
        dims = dims_of(dim, array.ndim)
        not_empty(name, array, None if dim == () else dims)
        return row(input, dims, keepdim)

    return _published(
        name, f"The {adjective} element over dimensions; equal ones share the gradient.", extreme
    )


def _place_of_extreme(name: str, adjective: str) -> Any:
    row = getattr(ops, name)

    def place(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
        array = input.array
        check_flag(keepdim)
        along = None if dim is None else wrap_dim(dim, array.ndim)
        if array.dtype.kind == "b":
            raise RuntimeError(f"{name}(): does not support bool input")
        not_empty(name, array, None if along is None else (along,))
        return row(input, along, keepdim)

    return _published(
        name, f"Where the {adjective} element is: counted through all, or along a dimension.", place
    )


max, min = _extreme("max", "largest"), _extreme("min", "smallest")
amax, amin = _extreme_over("amax", "largest"), _extreme_over("amin", "smallest")
argmax, argmin = _place_of_extreme("argmax", "largest"), _place_of_extreme("argmin", "smallest")

# ---- truth -----------------------------------------------------------------------------------


def _truth(name: str, text: str) -> Any:
    row = getattr(ops, name)

    def truth(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
        array = input.array
        # Over no dimensions it is each element's own truth, unlike a sum.
        dims = () if dim == () else dims_of(dim, array.ndim)
        found = row(input, dims, keepdim)
        return found if array.dtype != np.uint8 else ops.to_copy(found, array.dtype)

    return _published(name, text, truth)


any = _truth("any", "Whether any element is true (not zero).")
all = _truth("all", "Whether every element is true (not zero).")


@public()
def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements are not zero."""
    return ops.count_nonzero(input, dims_of(dim, input.array.ndim))
