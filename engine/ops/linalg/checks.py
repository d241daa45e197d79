"""What PyTorch asks of matrices, and what it says of those that are not so."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.state import warn
from engine.dispatch.errors.kinds import no_kernel
from engine.graph.registry import expose
from engine.graph.tensor import Tensor


class LinAlgError(RuntimeError):
    """A matrix is singular, not positive-definite, or has no decomposition that was found."""


LinAlgError.__name__ = LinAlgError.__qualname__ = "_LinAlgError"
LinAlgError.__module__ = "torch._C"
expose("LinAlgError", LinAlgError, "linalg")


def require(holds: object, otherwise: str) -> None:
    """Raise RuntimeError unless something holds, as PyTorch's TORCH_CHECK does."""
    if not holds:
        raise RuntimeError(otherwise)


def kind(array: Any) -> str:
    """What messages call an array's dtype."""
    return dtypes.of(array.dtype).scalar_name


def matrix(name: str, x: Tensor, argument: str = "A") -> Any:
    """The array of an argument that must be matrices; `name` is the function's in messages."""
    array = x.array
    require(
        array.ndim >= 2, f"{name}: The input tensor {argument} must have at least 2 dimensions."
    )
    return array


def square(name: str, array: Any) -> None:
    """Raise PyTorch's error for matrices that are not square."""
    rows, columns = array.shape[-2:]
    require(
        rows == columns,
        f"{name + ': ' if name else ''}A must be batches of square matrices, but they are {rows} "
        f"by {columns} matrices",
    )


def inexact(name: str, array: Any) -> None:
    """Raise PyTorch's error for whole numbers."""
    require(
        array.dtype.kind in "fcV",
        f"{name}: Expected a floating point or complex tensor as input. Got {kind(array)}",
    )


def floating(name: str, array: Any) -> None:
    """Raise PyTorch's error for whole numbers, and for numbers of half precision."""
    inexact(name, array)
    require(
        array.dtype.itemsize > 2, f"{name}: Low precision dtypes not supported. Got {kind(array)}"
    )


def kernel(kernel: str, array: Any) -> None:
    """Raise PyTorch's error for numbers that LAPACK has no routine for."""
    if array.dtype.kind not in "fc":
        raise no_kernel(kernel, array.dtype)


def square_matrix(name: str, x: Tensor) -> Any:
    """The array of an argument that must be square matrices of floating or complex numbers."""
    array = matrix(name, x)
    square(name, array)
    floating(name, array)
    return array


def same_dtype(name: str, a: Any, b: Any) -> None:
    """Raise PyTorch's error for a system whose sides have different dtypes."""
    require(
        a.dtype == b.dtype,
        f"{name}: Expected A and B to have the same dtype, but found A of type {kind(a)} and B of "
        f"type {kind(b)} instead",
    )


def sides_fit(name: str, a: Any, b: tuple[int, ...], left: bool) -> None:
    """Raise PyTorch's error for A X = B, or X A = B, where the shapes say there is no X."""
    require(
        a.shape[-2] == b[-2 if left else -1],
        f"{name}: Incompatible shapes of A and B for the equation {'AX' if left else 'XA'} = B "
        f"({a.shape[-2]}x{a.shape[-1]} and {b[-2]}x{b[-1]})",
    )


def older_sides_fit(name: str, b: Any, a: Any) -> None:
    """The same for the functions that came before torch.linalg."""
    require(
        a.dtype == b.dtype,
        f"Expected b and A to have the same dtype, but found b of type {kind(b)} and A of type "
        f"{kind(a)} instead.",
    )
    square("", a)
    require(
        a.shape[-2] == b.shape[-2],
        f"Incompatible matrix sizes for {name}: each A matrix is {a.shape[-1]} by {a.shape[-1]} "
        f"but each b matrix is {b.shape[-2]} by {b.shape[-1]}",
    )


def info(name: str, info: Any, text: str, error: type[Exception] = LinAlgError) -> None:
    """Raise an error if LAPACK's info is not 0 for some matrix: the first of its batch is told.

    `{0}` in the text is the info: where in the matrix it went wrong, from 1.
    """
    if info.any():
        first = int(np.flatnonzero(info)[0])
        batch = f"(Batch element {first}): " if info.ndim else ""
        raise error(f"{name}: {batch}{text.format(info.reshape(-1)[first])}")


SINGULAR = (
    "The diagonal element {0} is zero, the inversion could not be completed because the input "
    "matrix is singular."
)


def deprecated(text: str) -> None:
    """PyTorch's warning where a function has a successor."""
    warn(text, UserWarning)


def successor(name: str, instead: str, rest: str, gap: str = " ") -> str:
    """What such a warning begins with, and the rest of it."""
    return (
        f"torch.{name} is deprecated in favor of {instead}{gap}and will be removed in a future "
        f"PyTorch release.\n{rest}"
    )
