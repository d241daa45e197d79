"""The pseudo-inverse, and systems with more or fewer equations than unknowns."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays.backends import NUMPY
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import broadcast_error, op
from engine.dispatch.results import named
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.linalg import checks
from engine.ops.linalg.checks import kind, require
from engine.ops.linalg.matrix import (
    adjoint,
    array_adjoint,
    columns_of,
    fitted,
    product,
    real_dtype,
    rows_of,
)

# ruff: noqa: N803, N806 (PyTorch's names)


def _reciprocals(xp: Any, values: Any, atol: Any, rtol: Any, like: Any) -> tuple[Any, Any]:
    """1 / values, 0 where they count as 0: up to max(atol, rtol * the largest); and which do not.

    `like` is the matrix, or a batch, that these are singular values or eigenvalues of.
    """
    least = 0.0 if atol is None else np.asarray(atol)
    if rtol is None:
        share = max(like.shape[-2:]) * np.finfo(real_dtype(like.dtype)).eps
        rtol = np.where(np.asarray(least) > 0, 0.0, share)
    sizes = abs(values)
    largest = sizes.max(-1) if sizes.shape[-1] else xp.zeros(sizes.shape[:-1], sizes.dtype)
    cutoff = xp.maximum(np.asarray(least), np.asarray(rtol) * largest)
    large = sizes > cutoff[..., None]
    return xp.where(large, 1 / xp.where(large, values, 1), 0).astype(values.dtype), large


def _pinv(xp: Any, x: Any, atol: Any, rtol: Any, hermitian: bool) -> Any:
    if not x.size:
        return xp.zeros((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype)
    if hermitian:
        values, right = xp.linalg.eigh(x)
        left = array_adjoint(right)
    else:
        u, values, v = xp.linalg.svd(x, full_matrices=False)
        right, left = array_adjoint(v), array_adjoint(u)
    return (right * _reciprocals(xp, values, atol, rtol, x)[0][..., None, :]) @ left


def _pinv_rule(ns: Any, g: Any, x: Any, out: Any) -> Any:
    """-P^H g P^H + (I - A P) g^H P P^H + P^H P g^H (I - P A)."""
    across = adjoint(ns, out)
    turned_g = adjoint(ns, g)
    first = product(ns, turned_g, out, across)
    second = product(ns, across, out, turned_g)
    found = first - product(ns, x, out, first) + second - product(ns, second, out, x)
    return found - product(ns, across, g, across)


_SHORT = (
    "The least squares solution could not be computed because the input matrix does not have full "
    "rank (error code: {0})."
)


def _lstsq(
    xp: Any, a: Any, b: Any, rcond: float | None, driver: str, vector: bool
) -> tuple[Any, Any, Any, Any]:
    b = b[..., None] if vector else b
    rows, columns = a.shape[-2:]
    left, values, right = xp.linalg.svd(a, full_matrices=False)
    inverse, large = _reciprocals(xp, values, None, rcond, a)
    rank = large.sum(-1).astype(xp.int64)
    if driver == "gels" and xp is NUMPY:
        short = np.where(rank < min(rows, columns), rank + 1, 0)
        checks.info("torch.linalg.lstsq", short, _SHORT)
    x = (array_adjoint(right) * inverse[..., None, :]) @ (array_adjoint(left) @ b)
    nothing = xp.zeros(0, values.dtype)
    residuals = nothing
    certain = driver == "gels" or xp is not NUMPY  # where numbers cannot decide about shapes
    if rows > columns and driver != "gelsy" and (certain or (rank == columns).all()):
        residuals = (abs(a @ x - b) ** 2).sum(-2)
    return (
        x[..., 0] if vector else x,
        residuals,
        xp.zeros(0, xp.int64) if driver == "gels" else rank,
        values if driver in ("gelsd", "gelss") else nothing,
    )


def _lstsq_rules(
    ns: Any, g: Any, a: Any, b: Any, out: Any, vector: bool, shapes: tuple[Any, Any]
) -> tuple[Any, Any]:
    """Those of pinv(a) @ b; and of the residuals, which do not change with the solution."""
    x, g_x = out[0], g[0]
    if vector:
        b, x = columns_of(ns, b), columns_of(ns, x)
        g_x = None if g_x is None else columns_of(ns, g_x)
    g_a = g_b = None
    if g_x is not None:
        inverse = ns.pinv(a, None, None, False)
        g_b = product(ns, adjoint(ns, inverse), g_x)
        g_a = _pinv_rule(ns, product(ns, g_x, adjoint(ns, b)), a, inverse)
    if g[1] is not None and out[1].ndim == a.ndim - 1 and out[1].shape[-1] == x.shape[-1]:
        missed = 2 * rows_of(ns, g[1]) * (product(ns, a, x) - b)
        more = product(ns, missed, adjoint(ns, x))
        g_a, g_b = (more, -missed) if g_a is None else (g_a + more, g_b - missed)
    if g_a is None or g_b is None:
        return None, None
    g_b = ns.reshape(g_b, tuple(g_b.shape[:-1])) if vector else g_b
    return fitted(ns, g_a, shapes[0]), fitted(ns, g_b, shapes[1])


# fmt: off
op("pinv(x; atol, rtol, hermitian)", _pinv, holomorphic=False, node="LinalgPinvBackward0",
   written="pinv(x)", x=_pinv_rule)
op("lstsq(a, b; rcond, driver, vector)", _lstsq, outputs=4, holomorphic=False,
   node="LinalgLstsqBackward0", written="lstsq(a, b)",
   check=lambda a, b, *params: broadcast_error(a[..., 0, 0], b[..., 0, 0]),
   a=lambda ns, g, a, b, out, vector, a_shape, b_shape:
       _lstsq_rules(ns, g, a, b, out, vector, (a_shape, b_shape))[0],
   b=lambda ns, g, a, b, out, vector, a_shape, b_shape:
       _lstsq_rules(ns, g, a, b, out, vector, (a_shape, b_shape))[1])
# fmt: on


def _tolerance(value: Any) -> Any:
    """A number, or nested tuples of them for a Tensor of several."""
    if isinstance(value, Tensor):
        value = value.detach().tolist()
    return tuple(map(_tolerance, value)) if isinstance(value, list) else value


@public("linalg")
def pinv(
    A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
) -> Tensor:
    """The Moore-Penrose inverse; singular values up to max(atol, rtol * the largest) count as 0."""
    array = A.array
    require(
        array.ndim >= 2 and array.dtype.kind in "fc",
        f"linalg.pinv({kind(array)}{{{list(array.shape)}}}): expected a tensor with 2 or more "
        "dimensions of float, double, cfloat or cdouble types",
    )
    if hermitian:
        checks.square("linalg.eigh", array)
    relative = _tolerance(rcond if rtol is None else rtol)
    return ops.pinv(A, _tolerance(atol), relative, hermitian)


@public()
def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The Moore-Penrose inverse, as torch.linalg.pinv."""
    return pinv(input, rcond)


_Lstsq = named("linalg_lstsq", "solution", "residuals", "rank", "singular_values")
_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


@public("linalg")
def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """X that makes |A @ X - B| smallest, the squares left over, A's rank and singular values."""
    name = "torch.linalg.lstsq"
    a, b = A.array, B.array
    require(a.ndim >= 2, f"{name}: input must have at least 2 dimensions.")
    require(b.ndim, f"{name}: other must have at least 1 dimension.")
    require(
        a.dtype == b.dtype,
        f"{name}: Expected input and other to have the same dtype, but got input's dtype "
        f"{kind(a)} and other's dtype {kind(b)}",
    )
    require(
        0 <= a.ndim - b.ndim <= 1,
        f"{name}: input.dim() must be greater or equal to other.dim() and (input.dim() - "
        "other.dim()) <= 1",
    )
    vector = b.ndim == a.ndim - 1 and b.shape == a.shape[:-1]
    require(
        vector or a.shape[-2] == b.shape[-2],
        f"{name}: input.size(-2) should match other.size(-2)",
    )
    require(
        driver is None or driver in _DRIVERS,
        f"{name}: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)",
    )
    require(a.dtype.kind in "fc", "This function doesn't handle types other than float and double")
    if a.ndim - b.ndim == 1 and not vector:  # PyTorch broadcasts as if these were vectors
        rows = np.broadcast_to(0, b.shape[:-1])
        broadcast_error(np.broadcast_to(0, a.shape[:-2]), rows)
        batch = np.broadcast_shapes(a.shape[:-2], rows.shape)
        A = ops.expand(A, (*batch, *a.shape[-2:]))
        B = ops.expand(B, (*batch, *b.shape[-2:]))
    *found, sizes = ops.lstsq(A, B, rcond, driver or "gelsy", vector)
    return _Lstsq((*found, ops.detach(sizes)))
