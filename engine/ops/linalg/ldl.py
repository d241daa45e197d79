"""LDL: a symmetric or Hermitian matrix as L @ D @ L.mT, where D has blocks of one or two rows.

One matrix at a time, as LAPACK's unblocked sytf2 and hetf2. PyTorch tracks the results, and cannot
differentiate them.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from engine.arrays.row import Rule, non_differentiable
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.dispatch.results import named
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.linalg import checks
from engine.ops.linalg.checks import kind, require

# ruff: noqa: N803 (PyTorch's names)

_BOUND = (1 + 17**0.5) / 8
"""Bunch and Kaufman's: how small a diagonal element may be beside its column."""


def _factored_one(a: Any, hermitian: bool) -> tuple[Any, Any, int]:
    """LAPACK's sytrf or hetrf for the lower triangle of one matrix: L and D, pivots, first zero.

    A pivot that counts from 1 stands for a 1 by 1 block of D; two negative ones for a 2 by 2 one.
    """
    size = len(a)
    s = np.tril(a) + _mirrored(np.tril(a, -1), hermitian)
    if hermitian:
        np.fill_diagonal(s, s.diagonal().real)
    pivots = np.zeros(size, np.int32)
    info = k = 0
    while k < size:
        other, step = _choose(s, k)
        if step == 0:
            info, step = info or k + 1, 1
            pivots[k] = k + 1
            k += step
            continue
        place = k + step - 1
        _exchange(s, k, place, other)
        block, below = s[k : k + step, k : k + step], s[k + step :, k : k + step]
        scaled = np.linalg.solve(block.T, below.T).T
        s[k + step :, k + step :] -= scaled @ _mirrored(below, hermitian)
        s[k + step :, k : k + step] = scaled
        pivots[k : k + step] = other + 1 if step == 1 else -(other + 1)
        k += step
    return np.tril(s), pivots, info


def _mirrored(x: Any, hermitian: bool) -> Any:
    return x.T.conj() if hermitian else x.T


def _size(x: Any) -> Any:
    return abs(x.real) + abs(x.imag) if x.dtype.kind == "c" else abs(x)


def _choose(s: Any, k: int) -> tuple[int, int]:
    """Which row to exchange with, and the size of the block of D; (k, 0) for a column of zeros."""
    here = float(_size(s[k, k]))
    column = _size(s[k + 1 :, k])
    largest = float(column.max()) if column.size else 0.0
    if max(here, largest) == 0 or np.isnan(here):
        return k, 0
    if here >= _BOUND * largest:
        return k, 1
    row = k + 1 + int(column.argmax())
    others = _size(s[row, k:]).copy()
    others[row - k] = 0
    across = float(others.max())
    if here >= _BOUND * largest * (largest / across):
        return k, 1
    return row, 1 if float(_size(s[row, row])) >= _BOUND * across else 2


def _exchange(s: Any, k: int, i: int, j: int) -> None:
    """Exchange rows and columns i and j of what is left from k on."""
    if i != j:
        s[[i, j], k:] = s[[j, i], k:]
        s[k:, [i, j]] = s[k:, [j, i]]


def _solved_one(ld: Any, pivots: Any, b: Any, hermitian: bool) -> Any:
    """x for A @ x = b, where A was factored by `_factored_one`."""
    x = np.array(b)
    steps = []
    k = 0
    while k < len(ld):
        step = 1 if pivots[k] > 0 else 2
        steps.append((k, step, abs(int(pivots[k])) - 1))
        k += step
    for k, step, other in steps:
        place = k + step - 1
        x[[place, other]] = x[[other, place]]
        x[k + step :] -= ld[k + step :, k : k + step] @ x[k : k + step]
    for k, step, _ in steps:
        block = ld[k : k + step, k : k + step]
        block = np.tril(block) + _mirrored(np.tril(block, -1), hermitian)
        x[k : k + step] = np.linalg.solve(block, x[k : k + step])
    for k, step, other in reversed(steps):
        place = k + step - 1
        below = ld[k + step :, k : k + step]
        x[k : k + step] -= _mirrored(below, hermitian) @ x[k + step :]
        x[[place, other]] = x[[other, place]]
    return x


def _factored(xp: Any, x: Any, hermitian: bool) -> tuple[Any, Any, Any]:
    flat = np.asarray(x).reshape(prod(x.shape[:-2]), *x.shape[-2:])
    out, info = np.zeros_like(flat), np.zeros(len(flat), np.int32)
    pivots = np.zeros(flat.shape[:-1], np.int32)
    for i, matrix in enumerate(flat):
        out[i], pivots[i], info[i] = _factored_one(matrix, hermitian)
    return out.reshape(x.shape), pivots.reshape(x.shape[:-1]), info.reshape(x.shape[:-2])


def _solved(xp: Any, packed: Any, pivots: Any, b: Any, hermitian: bool) -> Any:
    batch = np.broadcast_shapes(packed.shape[:-2], b.shape[:-2])
    out = np.array(np.broadcast_to(b, (*batch, *b.shape[-2:])))
    packed = np.broadcast_to(packed, (*batch, *packed.shape[-2:]))
    pivots = np.broadcast_to(pivots, (*batch, pivots.shape[-1]))
    for place in np.ndindex(batch):
        out[place] = _solved_one(packed[place], pivots[place], out[place], hermitian)
    return out


def _unknown(name: str) -> Rule:
    """The rule of what PyTorch tracks and cannot differentiate."""

    def rule(ns: Any, g: Any) -> Any:
        raise RuntimeError(f"derivative for aten::{name} is not implemented")

    return rule


op(
    "ldl_factor_ex(x; hermitian)",
    _factored,
    outputs=3,
    node="NotImplemented",
    x=_unknown("linalg_ldl_factor_ex"),
)
op(
    "ldl_solve(packed, pivots, b; hermitian)",
    _solved,
    node="NotImplemented",
    packed=_unknown("linalg_ldl_solve"),
    pivots=non_differentiable,
    b=_unknown("linalg_ldl_solve"),
)

_Ldl = named("linalg_ldl_factor", "LD", "pivots")
_LdlEx = named("linalg_ldl_factor_ex", "LD", "pivots", "info")
_ZERO = "The factor D has a zero block at {0}: the matrix is singular."


def _factors(A: Tensor, hermitian: bool) -> Any:
    array = checks.matrix("torch.linalg.ldl_factor_ex", A)
    checks.square("torch.linalg.ldl_factor_ex", array)
    checks.kernel("ldl_factor_kernel_cpu", array)
    return ops.ldl_factor_ex(A, hermitian)


@public("linalg")
def ldl_factor(A: Tensor, *, hermitian: bool = False) -> Any:
    """L and the block diagonal D packed into one matrix, and the pivots: A = L @ D @ L.mT."""
    packed, pivots, info = _factors(A, hermitian)
    checks.info("torch.linalg.ldl_factor", info.array, _ZERO)
    return _Ldl((packed, pivots))


@public("linalg")
def ldl_factor_ex(A: Tensor, *, hermitian: bool = False, check_errors: bool = False) -> Any:
    """L and D packed, the pivots, and where D is 0 first, from 1."""
    found = _factors(A, hermitian)
    if check_errors:
        checks.info("torch.linalg.ldl_factor_ex", found[2].array, _ZERO)
    return _LdlEx(found)


@public("linalg")
def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False) -> Tensor:
    """X with A @ X = B, from what ldl_factor gives for A."""
    name = "torch.linalg.ldl_solve"
    packed, swaps, right = checks.matrix(name, LD, "LD"), pivots.array, B.array
    checks.square(name, packed)
    require(
        right.ndim >= 2,
        f"{name}: Expected B to have at least 2 dimensions, but it has {right.ndim} dimensions "
        "instead",
    )
    require(
        packed.shape[:-1] == swaps.shape,
        f"{name}: Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with "
        f"shape {list(swaps.shape)} instead",
    )
    require(swaps.dtype.kind in "iu", f"{name}: Expected pivots to be integers. Got {kind(swaps)}")
    require(
        packed.dtype == right.dtype,
        f"{name}: LD dtype {kind(packed)} does not match b dtype {kind(right)}",
    )
    return ops.ldl_solve(LD, pivots, B, hermitian)
