"""Singular values and singular vectors. Of gradients of vectors, see eigen.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.dispatch.results import named
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.linalg import checks
from engine.ops.linalg.checks import require
from engine.ops.linalg.eigen import check_phase, differences
from engine.ops.linalg.matrix import (
    adjoint,
    columns_of,
    conjugate,
    diagonal,
    diagonal_matrix,
    is_complex,
    part,
    product,
    rows_of,
)

# ruff: noqa: N803 (PyTorch's names)


def _check(x: Any, *_: Any) -> None:
    """Raise PyTorch's error for numbers that are not finite."""
    if not np.isfinite(x).all():
        raise checks.LinAlgError(
            "linalg.svd: The algorithm failed to converge because the input matrix contained "
            "non-finite values."
        )


def _svd_rule(ns: Any, g: Any, out: Any) -> Any:
    left, values, right = out
    k = values.shape[-1]
    g_left = None if g[0] is None else part(ns, g[0], 1, 0, k)
    g_right = None if g[2] is None else part(ns, g[2], 2, 0, k)
    left, right = part(ns, left, 1, 0, k), part(ns, right, 2, 0, k)
    row, column = rows_of(ns, values), columns_of(ns, values)
    if g_left is None and g_right is None:
        return product(ns, left * rows_of(ns, g[1]), right)
    inner = _inner(ns, g_left, g_right, left, values, right)
    inner = inner if g[1] is None else inner + diagonal_matrix(ns, g[1])
    found = product(ns, left, inner, right)
    if g_left is not None and left.shape[-2] > k:
        outer = g_left / row
        outer = outer - product(ns, left, adjoint(ns, left), outer)
        found = found + product(ns, outer, right)
    if g_right is not None and right.shape[-1] > k:
        outer = g_right / column
        outer = outer - product(ns, outer, adjoint(ns, right), right)
        found = found + product(ns, left, outer)
    return found


def _inner(ns: Any, g_left: Any, g_right: Any, left: Any, values: Any, right: Any) -> Any:
    """The gradient that turning the vectors among themselves gives, in their own basis."""
    row, column = rows_of(ns, values), columns_of(ns, values)
    turn_left = None if g_left is None else _skew(ns, product(ns, adjoint(ns, left), g_left))
    turn_right = None if g_right is None else _skew(ns, product(ns, right, adjoint(ns, g_right)))
    _check_turns(ns, turn_left, turn_right)
    gaps = differences(ns, values * values)
    if turn_left is None:
        return column * (turn_right / gaps)
    if turn_right is None:
        return turn_left / gaps * row
    inner = (turn_left * row + column * turn_right) / gaps
    if is_complex(inner):
        inner = inner + diagonal_matrix(ns, diagonal(ns, turn_left) / (2 * values))
    return inner


def _skew(ns: Any, x: Any) -> Any:
    return x - adjoint(ns, x)


def _check_turns(ns: Any, left: Any, right: Any) -> None:
    both = right if left is None else left if right is None else left + right
    if is_complex(both):
        wrong = "this phase term, making it ill-defined."
        check_phase(diagonal(ns, both), "svd_backward", "singular vectors", wrong)


op(
    "svd(x; full)",
    lambda xp, x, full: tuple(xp.linalg.svd(x, full_matrices=full)),
    outputs=3,
    holomorphic=False,
    check=_check,
    node="LinalgSvdBackward0",
    x=_svd_rule,
)

_LinalgSvd = named("linalg_svd", "U", "S", "Vh")
_Svd = named("svd", "U", "S", "V")


def _singular(A: Tensor, full: bool, driver: str | None) -> Any:
    checks.floating("linalg.svd", checks.matrix("linalg.svd", A))
    require(
        driver is None,
        "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with "
        "cuSOLVER backend.",
    )
    return ops.svd(A, full)


@public("linalg", "svd")
def linalg_svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """U, S, Vh with A = U @ diag(S) @ Vh: singular values in falling order, and their vectors."""
    return _LinalgSvd(_singular(A, full_matrices, driver))


@public("linalg")
def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values in falling order."""
    found: Tensor = _singular(A, False, driver)[1]
    return found


@public()
def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """U, S, V with input = U @ diag(S) @ V.mH. Deprecated for torch.linalg.svd."""
    array = input.array
    require(
        array.ndim >= 2,
        f"linalg.svd: input should have at least 2 dimensions, but has {array.ndim} dimensions "
        "instead",
    )
    left, values, right = _singular(input, compute_uv and not some, None)
    if compute_uv:
        across = ops.transpose(right, array.ndim - 2, array.ndim - 1)
        return _Svd((left, values, conjugate(ops, across)))
    *batch, rows, columns = array.shape
    empty = [wrap(np.zeros((*batch, size, size), array.dtype)) for size in (rows, columns)]
    return _Svd((empty[0], values, empty[1]))
