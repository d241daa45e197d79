"""out=: the results of a function written into tensors that are there already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.arrays import dtypes, journal
from engine.arrays.modes import GRAD, mode
from engine.arrays.promotion import category
from engine.arrays.state import warn
from engine.arrays.types import Shape
from engine.dispatch.inplace import assign
from engine.dispatch.results import named
from engine.graph.grad_mode import no_grad
from engine.graph.tensor import Tensor

_IN_THE_DTYPE_OF_OUT = frozenset(("sum", "mean", "prod", "nansum", "nanmean", "cumsum", "cumprod"))
"""Those that compute in the dtype of `out`, whatever it is; others must be able to store in it."""


def into(
    out: Any,
    function: Callable[..., Any],
    name: str,
    args: tuple[Any, ...],
    options: dict[str, Any],
) -> Any:
    """function(*args, **options) written into `out`, a Tensor, or a tuple of them.

    `name` is what PyTorch calls the function in its messages.

    Raises:
        TypeError: there are not as many results.
        RuntimeError: something requires grad, or `out` cannot hold the results' dtype.
    """
    several = isinstance(out, (tuple, list))
    targets = tuple(out) if several else (out,)
    if mode.get() & GRAD and any(
        isinstance(value, Tensor) and value.requires_grad
        for value in (*targets, *args, *options.values())
    ):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic "
            "differentiation, but one of the arguments requires grad."
        )
    if name in _IN_THE_DTYPE_OF_OUT and options.get("dtype") is None:
        options = {**options, "dtype": targets[0].dtype}
    with no_grad():
        results = function(*args, **options)
        found = tuple(results) if isinstance(results, tuple) else (results,)
        if len(found) != len(targets):
            raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
        for target, result in zip(targets, found, strict=True):
            _write(target, result)
    fields = getattr(results, "_fields", None)
    if fields is not None:
        return named(f"{name}_out", *fields)(targets)
    return targets if several else out


def _write(target: Tensor, result: Tensor) -> None:
    """Give `target` the shape and the values of `result`."""
    held, wanted = target.array.dtype, result.array.dtype
    if wanted == np.int64 and held.kind not in "iu":
        raise RuntimeError(
            f"Expected out tensor to have dtype long int, but got {_C_NAMES.get(held.name, held)} "
            "instead"
        )
    if category(wanted) > category(held):
        raise RuntimeError(
            f"result type {dtypes.of(wanted).scalar_name} can't be cast to the desired output "
            f"type {dtypes.of(held).scalar_name}"
        )
    resize_out(target, result.array.shape)
    assign(target, result)


_C_NAMES = {
    "float32": "float",
    "float64": "double",
    "float16": "c10::Half",
    "bool": "bool",
    "complex64": "c10::complex<float>",
    "complex128": "c10::complex<double>",
    "bfloat16": "c10::BFloat16",
}


def resize_out(target: Tensor, shape: Shape) -> None:
    """Give `target` another shape, with PyTorch's warning if it has elements."""
    array = target.array
    if array.shape == shape:
        return
    if array.size:
        warn(
            f"An output with one or more elements was resized since it had shape "
            f"{list(array.shape)}, which does not match the required output shape {list(shape)}. "
            "This behavior is deprecated, and in a future PyTorch release outputs will not be "
            "resized unless they have zero elements. You can explicitly reuse an out tensor t by "
            "resizing it, inplace, to zero elements with t.resize_(0).",
            UserWarning,
        )
    journal.note_slot(target, "array")
    target.array = np.empty(shape, array.dtype)
