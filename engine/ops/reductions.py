"""Reductions: the rows. Those over some dimensions take `dims`, a tuple counted from the front.

Where a maximum is attained several times, the reductions without indices share its gradient
equally and those with an index give it to the first, as in PyTorch.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.op import non_differentiable, op

Dims = tuple[int, ...]

# ---- sums and means --------------------------------------------------------------------------


def _spread(ns: Any, g: Any, shape: Dims, dims: Dims, keepdim: bool) -> Any:
    """A reduced value spread over the dimensions it was reduced from."""
    if not keepdim and len(shape) > len(dims):
        g = ns.reshape(g, tuple(1 if dim in dims else size for dim, size in enumerate(shape)))
    return ns.expand(g, shape)


def _count(shape: Dims, dims: Dims) -> int:
    return math.prod(shape[dim] for dim in dims)


def _sum(xp: Any, x: Any, dims: Dims | None = None, keepdim: bool = False) -> Any:
    if x.dtype.kind in "biu":
        x = x.astype(np.int64)
    return xp.add.reduce(x, axis=dims, keepdims=keepdim)


op("sum(x)", _sum, written="x.sum()", x=lambda ns, g, x_shape: ns.expand(g, x_shape))
op("sum_dim(x; dims, keepdim)", _sum, written="x.sum(dims, keepdim)", node="SumBackward1",
   x=lambda ns, g, x_shape, dims, keepdim: _spread(ns, g, x_shape, dims, keepdim))  # fmt: skip
op("sum_to(x; shape)", lambda xp, x, shape: xp.summed_to(x, shape), written="x.sum_to_size(shape)", node="SumBackward1",
   x=lambda ns, g, x_shape: ns.expand(g, x_shape))  # fmt: skip
op("mean(x)", lambda xp, x: xp.add.reduce(x, axis=None) / x.dtype.type(x.size), written="x.mean()",
   x=lambda ns, g, x_shape: ns.expand(g / math.prod(x_shape), x_shape))  # fmt: skip
op("mean_dim(x; dims, keepdim)", lambda xp, x, dims, keepdim: (
       xp.add.reduce(x, axis=dims, keepdims=keepdim) / x.dtype.type(_count(x.shape, dims))),
   written="x.mean(dims, keepdim)", node="MeanBackward1",
   x=lambda ns, g, x_shape, dims, keepdim: (
       _spread(ns, g, x_shape, dims, keepdim) / _count(x_shape, dims)))  # fmt: skip


# ---- products --------------------------------------------------------------------------------


def _products_of_others(ns: Any, x: Any, dim: int) -> Any:
    """For each element, the product of the others along `dim`: right with zeros, and to any order."""
    size = x.shape[dim]
    if size <= 1:
        return ns.ones_like(x) if size else x + 1
    ones = ns.ones_like(ns.slice(x, dim, 0, 1, 1))
    before = ns.cat((ones, ns.slice(x, dim, 0, size - 1, 1)), dim)
    after = ns.flip(ns.cat((ones, ns.flip(ns.slice(x, dim, 1, size, 1), (dim,))), dim), (dim,))
    # cumprod of what is before, times cumprod from the end of what is after
    right = ns.flip(ns.cumprod(ns.flip(after, (dim,)), dim), (dim,))
    return ns.cumprod(before, dim) * right


def _prod_rule(ns: Any, g: Any, x: Any) -> Any:
    flat = ns.reshape(x, (math.prod(x.shape),))
    return ns.expand(g, x.shape) * ns.reshape(_products_of_others(ns, flat, 0), tuple(x.shape))


def _prod(xp: Any, x: Any, **options: Any) -> Any:
    return xp.prod(x.astype(np.int64) if x.dtype.kind in "biu" else x, **options)


op("prod(x)", _prod, written="x.prod()", x=_prod_rule)
op("prod_dim(x; dim, keepdim)", lambda xp, x, dim, keepdim: _prod(xp, x, axis=dim, keepdims=keepdim),
   written="x.prod(dim, keepdim)", node="ProdBackward1",
   x=lambda ns, g, x, dim, keepdim: (
       _spread(ns, g, tuple(x.shape), (dim,), keepdim) * _products_of_others(ns, x, dim)))  # fmt: skip


def _cumsum(xp: Any, x: Any, dim: int) -> Any:
    return xp.cumsum(x.astype(np.int64) if x.dtype.kind in "biu" else x, axis=dim)


def _reverse_cumsum(ns: Any, g: Any, dim: int) -> Any:
    return ns.flip(ns.cumsum(ns.flip(g, (dim,)), dim), (dim,))


op("cumsum(x; dim)", _cumsum, x=lambda ns, g, dim: _reverse_cumsum(ns, g, dim))


def _cumprod_rule(ns: Any, g: Any, x: Any, dim: int) -> Any:
    """d out[k]/d x[j] is the product of x[0..k] without x[j]: one column of them for each j."""
    size = x.shape[dim]
    columns = []
    for j in range(size):
        without = ns.cat(
            (ns.slice(x, dim, 0, j, 1), ns.ones_like(ns.slice(x, dim, 0, 1, 1)),
             ns.slice(x, dim, j + 1, size, 1)), dim,
        )  # fmt: skip
        products = ns.slice(ns.cumprod(without, dim), dim, j, size, 1)
        columns.append(ns.sum_dim(products * ns.slice(g, dim, j, size, 1), (dim,), True))
    return ns.cat(tuple(columns), dim) if columns else ns.zeros_like(x)


op("cumprod(x; dim)",
   lambda xp, x, dim: xp.cumprod(x.astype(np.int64) if x.dtype.kind in "biu" else x, axis=dim),
   x=_cumprod_rule)  # fmt: skip

# ---- variance --------------------------------------------------------------------------------


def _degrees(shape: Dims, dims: Dims, correction: float) -> float:
    return max(_count(shape, dims) - correction, 0)


def _var(xp: Any, x: Any, dims: Dims, correction: float, keepdim: bool) -> Any:
    centred = x - xp.mean(x, axis=dims, keepdims=True)
    total = xp.sum(centred * centred, axis=dims, keepdims=keepdim)
    return total / x.dtype.type(_degrees(x.shape, dims, correction))


def _var_rule(ns: Any, g: Any, x: Any, dims: Dims, correction: float, keepdim: bool) -> Any:
    shape = tuple(x.shape)
    degrees = _degrees(shape, dims, correction)
    scale = 2 / degrees if degrees else math.inf
    return _spread(ns, g, shape, dims, keepdim) * scale * (x - ns.mean_dim(x, dims, True))


def _std_rule(
    ns: Any, g: Any, x: Any, out: Any, dims: Dims, correction: float, keepdim: bool
) -> Any:
    """Where the deviation is 0 its derivative is taken as 0."""
    slope = ns.where(out == 0, 0, g / (2 * out))
    return _var_rule(ns, slope, x, dims, correction, keepdim)


op("var(x; dims, correction, keepdim)", _var, written="x.var(dims, correction, keepdim)", x=_var_rule)
op("std(x; dims, correction, keepdim)", lambda xp, x, dims, correction, keepdim: (
       xp.sqrt(_var(xp, x, dims, correction, keepdim))),
   written="x.std(dims, correction, keepdim)", x=_std_rule)  # fmt: skip


def _var_mean(xp: Any, x: Any, dims: Dims, correction: float, keepdim: bool) -> Any:
    return _var(xp, x, dims, correction, keepdim), xp.mean(x, axis=dims, keepdims=keepdim)


def _std_mean(xp: Any, x: Any, dims: Dims, correction: float, keepdim: bool) -> Any:
    return xp.sqrt(_var(xp, x, dims, correction, keepdim)), xp.mean(x, axis=dims, keepdims=keepdim)


def _with_mean(rule: Any, needs_out: bool) -> Any:
    def both(ns: Any, g: Any, x: Any, out: Any, dims: Dims, correction: float, keepdim: bool) -> Any:
        shape = tuple(x.shape)
        parts = []
        if g[0] is not None:
            first = (out[0],) if needs_out else ()
            parts.append(rule(ns, g[0], x, *first, dims, correction, keepdim))
        if g[1] is not None:
            parts.append(_spread(ns, g[1], shape, dims, keepdim) / _count(shape, dims))
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]

    return both


op("var_mean(x; dims, correction, keepdim)", _var_mean, outputs=2, x=_with_mean(_var_rule, False))
op("std_mean(x; dims, correction, keepdim)", _std_mean, outputs=2, x=_with_mean(_std_rule, True))

# ---- extremes --------------------------------------------------------------------------------


def _shared_rule(ns: Any, g: Any, x: Any, out: Any, dims: Dims, keepdim: bool) -> Any:
    """Equal elements share the gradient."""
    shape = tuple(x.shape)
    mask = x == _spread(ns, out, shape, dims, keepdim)
    count = ns.sum_dim(ns.keep(ns.ones_like(x), mask), dims, True)
    return ns.keep(_spread(ns, g, shape, dims, keepdim) / ns.expand(count, shape), mask)


def _shared_all(ns: Any, g: Any, x: Any, out: Any) -> Any:
    return _shared_rule(ns, g, x, out, tuple(range(x.ndim)), False)


for _name in ("max", "min"):
    op(f"a{_name}(x; dims, keepdim)",
       lambda xp, x, dims, keepdim, name=_name: getattr(xp, name)(x, axis=dims, keepdims=keepdim),
       written=f"x.a{_name}(dims, keepdim)", x=_shared_rule)  # fmt: skip
    op(f"{_name}(x)", lambda xp, x, name=_name: getattr(xp, name)(x), written=f"x.{_name}()",
       node=f"{_name.capitalize()}Backward1", x=_shared_all)  # fmt: skip

    def _extreme(xp: Any, x: Any, dim: int, keepdim: bool, name: str = f"arg{_name}") -> Any:
        if x.ndim == 0:
            return xp.array(x), xp.asarray(0)
        index = xp.expand_dims(getattr(xp, name)(x, axis=dim), dim)
        values = xp.take_along_axis(x, index, dim)
        return (values, index) if keepdim else (xp.squeeze(values, dim), xp.squeeze(index, dim))

    op(f"{_name}_dim(x; dim, keepdim)", _extreme, outputs=2, written=f"x.{_name}(dim, keepdim)",
       node=f"{_name.capitalize()}Backward0",
       x=lambda ns, g, x_shape, out, dim, keepdim: place_back(ns, g[0], x_shape, out[1], dim, keepdim))  # fmt: skip
    op(f"arg{_name}(x; dim, keepdim)",
       lambda xp, x, dim, keepdim, name=_name: (
           getattr(xp, f"arg{name}")(x, axis=dim, keepdims=keepdim) if x.ndim or dim is None
           else xp.asarray(0)),
       written=f"x.arg{_name}(dim, keepdim)", x=non_differentiable)  # fmt: skip


def place_back(ns: Any, g: Any, shape: Dims, index: Any, dim: int, keepdim: bool) -> Any:
    """A gradient put where the elements at `index` along `dim` came from."""
    if not shape:
        return g
    if not keepdim:
        g, index = ns.unsqueeze(g, dim), ns.unsqueeze(index, dim)
    like = ns.expand(ns.sum_dim(ns.zeros_like(g), (dim,), True), shape)
    return ns.scatter_add(ns.zeros_like(like), index, g, dim)


# ---- norms -----------------------------------------------------------------------------------


def _norm(xp: Any, x: Any, p: float, dims: Dims, keepdim: bool) -> Any:
    size = abs(x)
    if p == math.inf:
        return xp.max(size, axis=dims, keepdims=keepdim)
    if p == -math.inf:
        return xp.min(size, axis=dims, keepdims=keepdim)
    if p == 0:
        return xp.sum((x != 0).astype(size.dtype), axis=dims, keepdims=keepdim)
    if p == 1:
        return xp.sum(size, axis=dims, keepdims=keepdim)
    if p == 2:
        return xp.sqrt(xp.sum(size * size, axis=dims, keepdims=keepdim))
    return xp.sum(size**p, axis=dims, keepdims=keepdim) ** (1 / p)


def _norm_rule(ns: Any, g: Any, x: Any, out: Any, p: float, dims: Dims, keepdim: bool) -> Any:
    shape = tuple(x.shape)
    if p == 0:
        return None
    g = _spread(ns, g, shape, dims, keepdim)
    if p == 1:
        return g * ns.sign(x)
    norm = _spread(ns, out, shape, dims, keepdim)
    if p == 2:
        return g * ns.where(norm == 0, 0, x / norm)
    if abs(p) == math.inf:
        mask = ns.abs(x) == norm
        count = ns.expand(ns.sum_dim(ns.keep(ns.ones_like(x), mask), dims, True), shape)
        return ns.keep(ns.sign(x) * g / count, mask)
    if p < 1:
        part = ns.where(x == 0, 0, ns.sign(x) * ns.abs(x) ** (p - 1))
        return g * part * norm ** (1 - p)
    if p < 2:
        return g * ns.where(norm == 0, 0, ns.sign(x) * ns.abs(x) ** (p - 1) / norm ** (p - 1))
    return g * ns.where(norm == 0, 0, x * ns.abs(x) ** (p - 2) / norm ** (p - 1))


op("norm(x; p, dims, keepdim)", _norm, written="x.norm(p, dims, keepdim)",
   node="LinalgVectorNormBackward0", x=_norm_rule)  # fmt: skip


def _logsumexp(xp: Any, x: Any, dims: Dims, keepdim: bool) -> Any:
    if x.size == 0:
        return xp.log(xp.sum(xp.exp(x), axis=dims, keepdims=keepdim))
    top = xp.max(x, axis=dims, keepdims=True)
    top = xp.where(xp.isfinite(top), top, top.dtype.type(0))
    out = xp.log(xp.sum(xp.exp(x - top), axis=dims, keepdims=True)) + top
    return out if keepdim else xp.squeeze(out, dims)


op("logsumexp(x; dims, keepdim)", _logsumexp, floats=True, written="logsumexp(x, dims, keepdim)",
   x=lambda ns, g, x, out, dims, keepdim: (
       _spread(ns, g, tuple(x.shape), dims, keepdim)
       * ns.exp(x - _spread(ns, out, tuple(x.shape), dims, keepdim))))  # fmt: skip

# ---- truth -----------------------------------------------------------------------------------

for _name in ("any", "all"):
    op(f"{_name}(x; dims, keepdim)",
       lambda xp, x, dims, keepdim, name=_name: getattr(xp, name)(x, axis=dims, keepdims=keepdim),
       written=f"x.{_name}(dims, keepdim)", x=non_differentiable)  # fmt: skip
op("count_nonzero(x; dims)", lambda xp, x, dims: xp.count_nonzero(x, axis=dims), x=non_differentiable)
