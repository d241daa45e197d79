"""Norms as PyTorch spells them: of elements as one vector, and of matrices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from engine import dtypes
from engine.callers import TENSORS as ops
from engine.catalog import public
from engine.ops.arguments import array_of, wrap_dim, wrap_dims, wrong_type
from engine.ops.reduce import dims_of, in_dtype

if TYPE_CHECKING:
    from engine.tensor import Tensor


@public("linalg")
def vector_norm(
    x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The norm of the elements as one vector, or over dimensions: sum(|x|**ord)**(1/ord)."""
    array = array_of("linalg_vector_norm", x)
    if not isinstance(ord, (int, float)):
        raise wrong_type("linalg_vector_norm", "ord", 2, "Number", ord)
    if array.dtype.kind not in "fcV":
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{dtypes.of(array.dtype).scalar_name}"
        )
    dims = dims_of(dim, array.ndim)
    if not array.size and (ord < 0 or ord == math.inf):
        _has_elements(ord, array, None if len(dims) == array.ndim else dims)
    return ops.norm(in_dtype(x, dtype, "linalg_vector_norm"), float(ord), dims, keepdim)


def _has_elements(ord: float, array: Any, dims: tuple[int, ...] | None) -> None:
    """Raise PyTorch's error where a largest or smallest is asked of nothing."""
    start = f"linalg.vector_norm cannot compute the {ord:g} norm on"
    if dims is None:
        raise RuntimeError(
            f"{start} an empty tensor because the operation does not have an identity"
        )
    for dim in dims:
        if not array.shape[dim]:
            raise RuntimeError(
                f"{start} the dimension {dim}because this dimension is empty and the operation "
                "does not have an identity"
            )


@public("linalg")
def matrix_norm(
    A: Tensor,  # noqa: N803 (PyTorch's name)
    ord: Any = "fro",
    dim: Any = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: Any = None,
) -> Tensor:
    """The norm of matrices: 'fro', or 1, -1, inf, -inf: the extreme of the columns' or rows' sums.

    Raises:
        NotImplementedError: for 2, -2 and 'nuc', which need singular values.
    """
    if ord not in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf):
        shown = ord if isinstance(ord, str) else f"{ord:g}"
        raise RuntimeError(f"linalg.matrix_norm: Order {shown} not supported.")
    ndim = array_of("linalg_matrix_norm", A).ndim
    if ndim < 2:
        raise RuntimeError(
            "linalg.matrix_norm: The input tensor A must have at least 2 dimensions."
        )
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    if len(dims) != 2:
        raise RuntimeError(
            f"linalg.matrix_norm: dim must be a 2-tuple. Got {' '.join(map(str, dims))}"
        )
    rows, columns = (wrap_dim(each, ndim) for each in dims)
    if rows == columns:
        raise RuntimeError(
            f"linalg.matrix_norm: dims must be different. Got ({dims[0]}, {dims[1]})"
        )
    if ord == "fro":
        return vector_norm(A, 2, dims, keepdim, dtype=dtype)
    if ord in ("nuc", 2, -2):
        raise NotImplementedError(f"linalg.matrix_norm: order {ord} needs singular values")
    summed, chosen = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = vector_norm(A, 1, summed, keepdim, dtype=dtype)
    if not keepdim and summed < chosen:
        chosen -= 1
    return (ops.amax if ord > 0 else ops.amin)(sums, (chosen,), keepdim)


@public("linalg", "norm")
def _linalg_norm(
    A: Tensor,  # noqa: N803 (PyTorch's name)
    ord: Any = None,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: Any = None,
) -> Tensor:
    """The norm of a vector, or of a matrix where an order is given for two dimensions."""
    ndim = array_of("linalg_norm", A).ndim
    if dim is not None:
        dim = (dim,) if isinstance(dim, int) else tuple(dim)
        if len(dim) not in (1, 2):
            raise RuntimeError(
                f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dim)}"
            )
    elif ord is not None and ndim not in (1, 2):
        raise RuntimeError(
            "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
            f"{ndim}D."
        )
    if isinstance(ord, str):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    if ord is not None and (ndim if dim is None else len(dim)) == 2:
        return matrix_norm(A, ord, (0, 1) if dim is None else dim, keepdim, dtype=dtype)
    return vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype)


@public()
def norm(
    input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None
) -> Tensor:
    """The p-norm of the elements as one vector, or over dimensions; p = 2 by default."""
    array = array_of("norm", input)
    if isinstance(p, str):
        dims = tuple(range(array.ndim)) if dim is None else dim
        if p != "fro" or (dim is not None and not isinstance(dim, int) and len(dim) > 2):
            return matrix_norm(input, p, dims, keepdim, dtype=dtype)
        p = None
    if dim is not None and not isinstance(dim, int):
        dim = wrap_dims(dim, array.ndim)
    return vector_norm(input, 2.0 if p is None else p, dim, keepdim, dtype=dtype)


@public()
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of input - other."""
    array_of("dist", input), array_of("dist", other, "other", 2)
    return ops.dist(input, other, float(p))
