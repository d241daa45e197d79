"""Norms as PyTorch spells them: of elements as one vector, and of matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.state import warn
from engine.arrays.types import Shape
from engine.dispatch.arguments import dtype_of, wrap_dim, wrap_dims
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.elementwise.functions import direction
from engine.ops.linalg import checks
from engine.ops.linalg.checks import require
from engine.ops.reductions.extremes import divided
from engine.ops.reductions.sums import dims_of, in_dtype, spread
from engine.ops.views.shapes import contiguous, reshape

# ruff: noqa: N803, N806 (PyTorch's names)

# ---- rows ------------------------------------------------------------------------------------


def _norm(xp: Any, x: Any, p: float, dims: Shape | None, keepdim: bool) -> Any:
    def total(values: Any) -> Any:
        return xp.add.reduce(values, dims, None, None, keepdim)

    size = abs(x)
    if p in (math.inf, -math.inf):
        ufunc = xp.maximum if p > 0 else xp.minimum
        return ufunc.reduce(size, dims, None, None, keepdim, size.dtype.type(0) if p > 0 else None)
    if p == 0:
        return total((x != 0).astype(size.dtype))
    if p == 1:
        return total(size)
    return xp.sqrt(total(size * size)) if p == 2 else total(size**p) ** (1 / p)


def _norm_rule(ns: Any, g: Any, x: Any, out: Any, p: float, dims: Shape, keepdim: bool) -> Any:
    """Where the norm is 0 its derivative is taken as 0."""
    if p == 0:
        return None
    shape = tuple(x.shape)
    g, norm = spread(ns, g, shape, dims, keepdim), spread(ns, out, shape, dims, keepdim)
    if p == 1:
        return g * direction(ns, x)
    if p == 2:
        return g * ns.where(norm == 0, 0, x / norm)
    size = ns.abs(x)
    if abs(p) == math.inf:
        return direction(ns, x) * divided(ns, g, ns.attains(size, norm), dims)
    if p < 1:
        return ns.where(x == 0, 0, direction(ns, x) * size ** (p - 1)) * g * norm ** (1 - p)
    share = ns.where(norm == 0, 0, g / norm ** (p - 1))
    return (direction(ns, x) * size ** (p - 1) if p < 2 else x * size ** (p - 2)) * share


for _name, _node in (  # one norm under the names of three of PyTorch's nodes
    ("norm", "LinalgVectorNormBackward0"),
    ("norm_all", "NormBackward0"),
    ("norm_along", "NormBackward1"),
):
    _signature, _written = f"{_name}(x; p, dims, keepdim)", "x.norm(p, dims, keepdim)"
    op(_signature, _norm, written=_written, node=_node, x=_norm_rule)


def _dist_rule(ns: Any, g: Any, difference: Any, shape: Shape, out: Any, p: float) -> Any:
    g = _norm_rule(ns, g, difference, out, p, tuple(range(difference.ndim)), False)
    return g if g is None or tuple(difference.shape) == shape else ns.sum_to(g, shape)


op(
    "dist(a, b; p)",
    lambda xp, a, b, p: _norm(xp, a - b, p, None, False),
    elementwise=True,
    a=lambda ns, g, a, b, a_shape, out, p: _dist_rule(ns, g, a - b, a_shape, out, p),
    b=lambda ns, g, a, b, b_shape, out, p: _dist_rule(ns, g, b - a, b_shape, out, p),
)

# ---- functions -------------------------------------------------------------------------------


@public("linalg")
def vector_norm(
    x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The norm of the elements as one vector, or over dimensions: sum(|x|**ord)**(1/ord)."""
    array = x.array
    if not isinstance(ord, (int, float)):
        raise TypeError("an order is a number")
    checks.inexact("linalg.vector_norm", array)
    dims = dims_of(dim, array.ndim)
    if not array.size and (ord < 0 or ord == math.inf):
        _has_elements(ord, array, None if len(dims) == array.ndim else dims)
    return ops.norm(in_dtype(x, dtype, "linalg_vector_norm"), float(ord), dims, keepdim)


def _has_elements(ord: float, array: Any, dims: tuple[int, ...] | None) -> None:
    """Raise PyTorch's error where a largest or smallest is asked of nothing."""
    start = f"linalg.vector_norm cannot compute the {ord:g} norm on"
    require(dims, f"{start} an empty tensor because the operation does not have an identity")
    for dim in dims or ():
        require(
            array.shape[dim],
            f"{start} the dimension {dim}because this dimension is empty and the operation does "
            "not have an identity",
        )


@public("linalg")
def matrix_norm(
    A: Tensor,
    ord: Any = "fro",
    dim: Any = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: Any = None,
) -> Tensor:
    """The norm of matrices.

    'fro': of the elements as one vector; 1, -1, inf, -inf: the extreme of the columns' or rows'
    sums; 2, -2, 'nuc': the largest or smallest singular value, or their sum.
    """
    name = "linalg.matrix_norm"
    if ord not in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf):
        shown = ord if isinstance(ord, str) else f"{ord:g}"
        raise RuntimeError(f"{name}: Order {shown} not supported.")
    array = checks.matrix(name, A)
    checks.inexact(name, array)
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    require(len(dims) == 2, f"{name}: dim must be a 2-tuple. Got {' '.join(map(str, dims))}")
    rows, columns = (wrap_dim(each, array.ndim) for each in dims)
    require(rows != columns, f"{name}: dims must be different. Got ({dims[0]}, {dims[1]})")
    if ord == "fro":
        return vector_norm(A, 2, dims, keepdim, dtype=dtype)
    if ord in ("nuc", 2, -2):
        return _singular_norm(A, ord, (rows, columns), keepdim, dtype)
    summed, chosen = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = vector_norm(A, 1, summed, keepdim, dtype=dtype)
    if not keepdim and summed < chosen:
        chosen -= 1
    return (ops.amax if ord > 0 else ops.amin)(sums, (chosen,), keepdim)


def _singular_norm(A: Tensor, ord: Any, dims: tuple[int, int], keepdim: bool, dtype: Any) -> Tensor:
    """The norms that singular values make."""
    import engine.ops.linalg.svd  # noqa: F401 (a row that few programs need)

    array = A.array
    wanted = dtype_of("linalg_matrix_norm", dtype)
    if wanted is not None:
        names = [dtypes.of(each).scalar_name for each in (array.dtype, wanted)]
        require(
            np.promote_types(wanted, array.dtype) == wanted,
            f"linalg.matrix_norm: the dtype of the input ({names[0]}) should be convertible "
            f"without narrowing to the specified dtype ({names[1]})",
        )
    A = in_dtype(A, dtype, "linalg_matrix_norm")
    order = (*(dim for dim in range(array.ndim) if dim not in dims), *dims)
    values = ops.svd(ops.permute(A, order), False)[1]
    last = array.ndim - 2
    if ord == "nuc" or not values.array.shape[-1]:
        found = ops.sum_dim(values, (last,), keepdim)
    else:
        found = (ops.amax if ord > 0 else ops.amin)(values, (last,), keepdim)
    if not keepdim:
        return found
    back = tuple(sorted(range(array.ndim), key=order.__getitem__))
    return ops.permute(ops.unsqueeze(found, last + 1), back)


@public("linalg", "norm")
def _linalg_norm(
    A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The norm of a vector, or of a matrix where an order is given for two dimensions."""
    ndim = A.array.ndim
    if dim is not None:
        dim = (dim,) if isinstance(dim, int) else tuple(dim)
        require(
            len(dim) in (1, 2),
            f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dim)}",
        )
    elif ord is not None:
        require(
            ndim in (1, 2),
            "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
            f"{ndim}D.",
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
    array = input.array
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
    return ops.dist(input, other, float(p))


_LEFT = (
    "at::{} is deprecated and it is just left for JIT compatibility. It will be removed in a "
    "future PyTorch release. Please use `linalg.{}, dim, keepdim)` instead"
)


@public("torch")
def nuclear_norm(input: Tensor, dim: Any = (-2, -1), keepdim: bool = False) -> Tensor:
    """The sum of matrices' singular values."""
    warn(_LEFT.format("nuclear_norm", "matrix_norm(A, 'nuc'"), UserWarning)
    return matrix_norm(input, "nuc", (dim, dim) if isinstance(dim, int) else dim, keepdim)


@public("torch")
def frobenius_norm(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """The square root of the squares' sum over one or two dimensions."""
    array = input.array
    warn(_LEFT.format("frobenius_norm", "vector_norm(A, 2."), UserWarning)
    dims = dims_of(dim, array.ndim)
    require(
        len(dims) <= 2, f"Expected at most 2 dimensions, but got {len(dims)} dimensions instead."
    )
    return ops.norm_along(input, 2.0, dims, keepdim)


@public("torch")
def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The norm over all dimensions but one; over all of them for -1."""
    shape = v.array.shape
    last = len(shape) - 1
    if dim == -1:
        return ops.norm_all(v, float(pow), tuple(range(last + 1)), False)
    place = wrap_dim(dim, len(shape))
    if place == 0:
        norms = ops.norm_along(reshape(v, (shape[0], -1)), float(pow), (1,), False)
        return ops.view(norms, (shape[0], *(1,) * last))
    if place == last:
        norms = ops.norm_along(reshape(v, (-1, shape[last])), float(pow), (0,), False)
        return ops.view(norms, (*(1,) * last, shape[last]))
    swapped = contiguous(ops.transpose(v, 0, place))
    return ops.transpose(norm_except_dim(swapped, pow, 0), 0, place)
