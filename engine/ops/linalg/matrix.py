"""What the rows and functions of linear algebra share: batches of matrices, and their mistakes.

A matrix is in the last two dimensions; those before count matrices. The formulas here run over any
namespace of rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.graph.tensor import Tensor


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
