"""What the rows and functions of linear algebra share: batches of matrices, and their mistakes.

A matrix is in the last two dimensions; those before count matrices. The formulas here run over any
namespace of rows.
"""

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


def is_complex(x: Any) -> bool:
    """Whether a Tensor, or an array of any namespace, is of complex numbers."""
    array = x.array if isinstance(x, Tensor) else x
    return bool(array.dtype.kind == "c")


# ---- formulas --------------------------------------------------------------------------------


def product(ns: Any, first: Any, *others: Any) -> Any:
    """first @ second @ ..., of matrices or batches of them."""
    for other in others:
        multiply = ns.mm if first.ndim == other.ndim == 2 else ns.matmul
        first = multiply(first, other)
    return first


def turned(ns: Any, x: Any) -> Any:
    """The transposes."""
    return ns.t(x) if x.ndim == 2 else ns.transpose(x, x.ndim - 2, x.ndim - 1)


def adjoint(ns: Any, x: Any) -> Any:
    """The conjugate transposes."""
    x = turned(ns, x)
    return ns.conj(x) if is_complex(x) else x


def conjugate(ns: Any, x: Any) -> Any:
    """The conjugate; x itself if it is real."""
    return ns.conj(x) if is_complex(x) else x


def diagonal(ns: Any, x: Any) -> Any:
    """The diagonals, as vectors."""
    return ns.diagonal(x, 0, x.ndim - 2, x.ndim - 1)


def diagonal_matrix(ns: Any, x: Any) -> Any:
    """The matrices with the vectors x on their diagonals."""
    return ns.diag_embed(x, 0, x.ndim - 1, x.ndim)


def identity(ns: Any, x: Any) -> Any:
    """The identity matrices of the size of the vectors x."""
    return diagonal_matrix(ns, ns.ones_like(x))


def halved_diagonal(ns: Any, x: Any) -> Any:
    """x with half its diagonal."""
    return x - diagonal_matrix(ns, diagonal(ns, x) / 2)


def rows_of(ns: Any, x: Any) -> Any:
    """Vectors as matrices of one row."""
    return ns.unsqueeze(x, x.ndim - 1)


def columns_of(ns: Any, x: Any) -> Any:
    """Vectors as matrices of one column."""
    return ns.unsqueeze(x, x.ndim)


def per_matrix(ns: Any, x: Any) -> Any:
    """A number for each matrix, so that it multiplies the matrices."""
    return columns_of(ns, columns_of(ns, x))


def part(ns: Any, x: Any, back: int, start: int, stop: int) -> Any:
    """x[..., start:stop] along the dimension `back` from the end; x itself if that is all."""
    dim = x.ndim - back
    return x if (start, stop) == (0, x.shape[dim]) else ns.slice(x, dim, start, stop, 1)


def total(ns: Any, x: Any) -> Any:
    """The sums of each matrix's elements."""
    return ns.sum_dim(x, (x.ndim - 2, x.ndim - 1), False)


def fitted(ns: Any, g: Any, shape: tuple[int, ...]) -> Any:
    """A gradient summed to the shape of an operand that was broadcast."""
    return g if tuple(g.shape) == shape else ns.sum_to(g, shape)


def real_for(ns: Any, g: Any, dtype: Any) -> Any:
    """A gradient as an operand of that dtype takes it."""
    return ns.real(g) if is_complex(g) and dtype.kind != "c" else g


# ---- arrays ----------------------------------------------------------------------------------


def array_turned(x: Any) -> Any:
    """The transposes of an array."""
    return x.swapaxes(-1, -2)


def array_adjoint(x: Any) -> Any:
    """The conjugate transposes of an array."""
    x = x.swapaxes(-1, -2)
    return x.conj() if x.dtype.kind == "c" else x


def real_dtype(dtype: Any) -> Any:
    """The dtype of a complex dtype's parts."""
    return np.zeros((), dtype).real.dtype


# ---- mistakes --------------------------------------------------------------------------------


def require(holds: object, otherwise: str) -> None:
    """Raise RuntimeError unless something holds, as PyTorch's TORCH_CHECK does."""
    if not holds:
        raise RuntimeError(otherwise)


def kind(array: Any) -> str:
    """What messages call an array's dtype."""
    return dtypes.of(array.dtype).scalar_name


def matrix_of(name: str, x: Tensor, argument: str = "A") -> Any:
    """The array of an argument that must be matrices; `name` is the function's in messages."""
    array = x.array
    require(
        array.ndim >= 2, f"{name}: The input tensor {argument} must have at least 2 dimensions."
    )
    return array


def check_square(name: str, array: Any) -> None:
    """Raise PyTorch's error for matrices that are not square."""
    rows, columns = array.shape[-2:]
    require(
        rows == columns,
        f"{name + ': ' if name else ''}A must be batches of square matrices, but they are {rows} "
        f"by {columns} matrices",
    )


def check_inexact(name: str, array: Any) -> None:
    """Raise PyTorch's error for whole numbers."""
    require(
        array.dtype.kind in "fcV",
        f"{name}: Expected a floating point or complex tensor as input. Got {kind(array)}",
    )


def check_floating(name: str, array: Any) -> None:
    """Raise PyTorch's error for whole numbers, and for numbers of half precision."""
    check_inexact(name, array)
    require(
        array.dtype.itemsize > 2, f"{name}: Low precision dtypes not supported. Got {kind(array)}"
    )


def check_kernel(kernel: str, array: Any) -> None:
    """Raise PyTorch's error for numbers that LAPACK has no routine for."""
    if array.dtype.kind not in "fc":
        raise no_kernel(kernel, array.dtype)


def square_of(name: str, x: Tensor) -> Any:
    """The array of an argument that must be square matrices of floating or complex numbers."""
    array = matrix_of(name, x)
    check_square(name, array)
    check_floating(name, array)
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
    check_square("", a)
    require(
        a.shape[-2] == b.shape[-2],
        f"Incompatible matrix sizes for {name}: each A matrix is {a.shape[-1]} by {a.shape[-1]} "
        f"but each b matrix is {b.shape[-2]} by {b.shape[-1]}",
    )


def check_info(name: str, info: Any, text: str, error: type[Exception] = LinAlgError) -> None:
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
    warn(text, UserWarning, stacklevel=3)


def successor(name: str, instead: str, rest: str, gap: str = " ") -> str:
    """What such a warning begins with, and the rest of it."""
    return (
        f"torch.{name} is deprecated in favor of {instead}{gap}and will be removed in a future "
        f"PyTorch release.\n{rest}"
    )
