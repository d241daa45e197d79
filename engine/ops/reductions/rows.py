"""Reductions: the rows. Those over some dimensions take `dims`, a tuple counted from the front.

Where a maximum is attained several times, the reductions without indices share its gradient
equally and those with an index give it to the first, as in PyTorch.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.arrays.row import non_differentiable
from engine.arrays.scalars import scalar
from engine.dispatch.operation import op
from engine.ops.elementwise.functions import direction

Dims = tuple[int, ...]
_SMALL = 1024

# ---- sums and means --------------------------------------------------------------------------


def spread(ns: Any, g: Any, shape: Dims, dims: Dims, keepdim: bool) -> Any:
    """A reduced value spread over the dimensions it was reduced from."""
    if not keepdim and len(shape) > len(dims):
        g = ns.reshape(g, tuple(1 if dim in dims else size for dim, size in enumerate(shape)))
    return ns.expand(g, shape)


def _count(shape: Dims, dims: Dims) -> int:
    return math.prod(shape[dim] for dim in dims)


def whole_numbers(x: Any) -> Any:
    """Whole numbers and truth values as int64, in which PyTorch adds and multiplies them."""
    return x.astype(np.int64) if x.dtype.kind in "biu" else x


def _sum(xp: Any, x: Any, dims: Dims | None = None, keepdim: bool = False) -> Any:
    return xp.add.reduce(whole_numbers(x), dims, None, None, keepdim)


def _mean(xp: Any, x: Any, dims: Dims | None, count: int, keepdim: bool) -> Any:
    if x.dtype.char == "e":  # its own sums would overflow, and lose digits
        return _mean(xp, x.astype(np.float32), dims, count, keepdim).astype(x.dtype)
    return xp.add.reduce(x, dims, None, None, keepdim) / count


def _mean_of_all(xp: Any, x: Any) -> Any:
    if x.dtype.char == "e":
        return _mean(xp, x, None, x.size, False)
    return xp.add.reduce(x, None) / x.size


def _mean_rule(ns: Any, g: Any, x_shape: Dims) -> Any:
    """g / n everywhere: recorded as PyTorch does it, dividing last; of numbers, first."""
    count = math.prod(x_shape)
    if type(g) is not np.ndarray:
        return ns.expand(g, x_shape) / count
    if count > _SMALL:
        return ns.expand(g / count, x_shape)
    out = np.empty(x_shape, g.dtype)  # what follows is twice as fast with this as with a view
    out.fill(g / scalar(count, g.dtype))
    return out


op("sum(x)", lambda xp, x: xp.add.reduce(x if x.dtype.kind == "f" else whole_numbers(x), None),
   written="x.sum()", latex=r"\sum #1", x=lambda ns, g, x_shape: ns.expand(g, x_shape))  # fmt: skip
op("sum_dim(x; dims, keepdim)", _sum, written="x.sum(dims, keepdim)", node="SumBackward1",
   latex=r"\operatorname{sum}_{#2}\left(#1\right)",
   x=lambda ns, g, x_shape, dims, keepdim: spread(ns, g, x_shape, dims, keepdim))  # fmt: skip
op("sum_to(x; shape)", "summed_to", written="x.sum_to_size(shape)", node="SumBackward1",
   x=lambda ns, g, x_shape: ns.expand(g, x_shape))  # fmt: skip
op("mean(x)", _mean_of_all, written="x.mean()",
   x=_mean_rule)  # fmt: skip
op("mean_dim(x; dims, keepdim)",
   lambda xp, x, dims, keepdim: _mean(xp, x, dims, _count(x.shape, dims), keepdim),
   written="x.mean(dims, keepdim)", node="MeanBackward1",
   x=lambda ns, g, x_shape, dims, keepdim: (
       spread(ns, g, x_shape, dims, keepdim) / _count(x_shape, dims)))  # fmt: skip


def _running(xp: Any, x: Any, dim: int, name: str) -> Any:
    x = whole_numbers(x)
    return getattr(xp, name)(x, axis=dim) if x.ndim else xp.array(x)


def _reverse_cumsum(ns: Any, g: Any, dim: int) -> Any:
    return ns.flip(ns.cumsum(ns.flip(g, (dim,)), dim), (dim,))


op("cumsum(x; dim)", lambda xp, x, dim: _running(xp, x, dim, "cumsum"),
   x=lambda ns, g, x_shape, dim: _reverse_cumsum(ns, g, dim) if x_shape else g)  # fmt: skip

# ---- products --------------------------------------------------------------------------------


def _others(xp: Any, x: Any, dim: int) -> Any:
    """For each element the product of the others along `dim`, without dividing by it."""
    before, after = (
        xp.cumprod(xp.concatenate((xp.ones_like(part[:1]), part[:-1])), axis=0)
        for part in (xp.moveaxis(x, dim, 0), xp.flip(xp.moveaxis(x, dim, 0), 0))
    )
    return xp.moveaxis(before * xp.flip(after, 0), 0, dim)


def _others_rule(ns: Any, g: Any, x: Any, dim: int) -> Any:
    """The others are cumprod(before) * flip(cumprod(after)): each gives x a part, moved by one."""
    size = x.shape[dim]
    if size <= 1:
        return ns.zeros_like(x)

    def turned(a: Any) -> Any:
        return ns.flip(a, (dim,))

    def moved(a: Any) -> Any:
        one = ns.ones_like(ns.slice(a, dim, 0, 1, 1))
        return ns.cat((one, ns.slice(a, dim, 0, size - 1, 1)), dim)

    def back(a: Any) -> Any:
        zero = ns.zeros_like(ns.slice(a, dim, 0, 1, 1))
        return ns.cat((ns.slice(a, dim, 1, size, 1), zero), dim)

    before, after = moved(x), moved(turned(x))
    g_before = g * turned(ns.cumprod(after, dim))
    g_after = turned(g * ns.cumprod(before, dim))
    return back(_cumprod_rule(ns, g_before, before, dim)) + turned(
        back(_cumprod_rule(ns, g_after, after, dim))
    )


def _flat(ns: Any, x: Any) -> Any:
    return ns.reshape(x, (math.prod(x.shape),))


def _cumprod_rule(ns: Any, g: Any, x: Any, dim: int) -> Any:
    """d out[k]/d x[j] is the product of x[0..k] without x[j]: one column of them for each j."""
    if not x.ndim:
        return g
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


op("cumprod(x; dim)", lambda xp, x, dim: _running(xp, x, dim, "cumprod"), x=_cumprod_rule)
op("prod(x)", lambda xp, x: xp.multiply.reduce(whole_numbers(x), None), written="x.prod()",
   x=lambda ns, g, x: ns.expand(g, tuple(x.shape)) * ns.prod_others(x))  # fmt: skip
op("prod_others(x)", lambda xp, x: _others(xp, x.reshape(-1), 0).reshape(x.shape),
   written="x.prod() / x", x=lambda ns, g, x: ns.reshape(
       _others_rule(ns, _flat(ns, g), _flat(ns, x), 0), tuple(x.shape)))  # fmt: skip
op("prod_dim(x; dim, keepdim)",
   lambda xp, x, dim, keepdim: xp.multiply.reduce(
       whole_numbers(x), dim if x.ndim else None, None, None, keepdim),
   written="x.prod(dim, keepdim)", node="ProdBackward1",
   x=lambda ns, g, x, dim, keepdim: (
       spread(ns, g, tuple(x.shape), (dim,), keepdim) * ns.prod_dim_others(x, dim)
       if x.ndim else g))  # fmt: skip
op("prod_dim_others(x; dim)", _others, written="x.prod(dim, True) / x", x=_others_rule)

# ---- variance --------------------------------------------------------------------------------


def _degrees(shape: Dims, dims: Dims, correction: float) -> float:
    return max(_count(shape, dims) - correction, 0)


def _var(xp: Any, x: Any, dims: Dims, correction: float, keepdim: bool) -> Any:
    centred = x - _mean(xp, x, dims, _count(x.shape, dims), True)
    squares = (centred * centred.conj()).real if x.dtype.kind == "c" else centred * centred
    total = xp.add.reduce(squares, dims, None, None, keepdim)
    return total / total.dtype.type(_degrees(x.shape, dims, correction))


def _var_rule(ns: Any, g: Any, x: Any, dims: Dims, correction: float, keepdim: bool) -> Any:
    shape = tuple(x.shape)
    degrees = _degrees(shape, dims, correction)
    scale = 2 / degrees if degrees else math.inf
    return spread(ns, g, shape, dims, keepdim) * scale * (x - ns.mean_dim(x, dims, True))


def _std_rule(
    ns: Any, g: Any, x: Any, out: Any, dims: Dims, correction: float, keepdim: bool
) -> Any:
    """Where the deviation is 0 its derivative is taken as 0."""
    slope = ns.where(out == 0, 0, g / (2 * out))
    return _var_rule(ns, slope, x, dims, correction, keepdim)


op("var(x; dims, correction, keepdim)", _var, written="x.var(dims, correction, keepdim)",
   x=_var_rule)  # fmt: skip
op("std(x; dims, correction, keepdim)",
   lambda xp, x, dims, correction, keepdim: xp.sqrt(_var(xp, x, dims, correction, keepdim)),
   written="x.std(dims, correction, keepdim)", x=_std_rule)  # fmt: skip


def _with_mean(name: str, rule: Any) -> None:
    """The row of a spread and the mean together."""

    def forward(xp: Any, x: Any, dims: Dims, correction: float, keepdim: bool) -> Any:
        spread = _var(xp, x, dims, correction, keepdim)
        mean = _mean(xp, x, dims, _count(x.shape, dims), keepdim)
        return (spread if name == "var" else xp.sqrt(spread)), mean

    def both(
        ns: Any, g: Any, x: Any, out: Any, dims: Dims, correction: float, keepdim: bool
    ) -> Any:
        shape = tuple(x.shape)
        parts = []
        if g[0] is not None:
            values = (out[0],) if name == "std" else ()
            parts.append(rule(ns, g[0], x, *values, dims, correction, keepdim))
        if g[1] is not None:
            parts.append(spread(ns, g[1], shape, dims, keepdim) / _count(shape, dims))
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]

    op(f"{name}_mean(x; dims, correction, keepdim)", forward, outputs=2, holomorphic=False,
       x=both)  # fmt: skip


_with_mean("var", _var_rule)
_with_mean("std", _std_rule)

# ---- extremes --------------------------------------------------------------------------------


def _divided(ns: Any, g: Any, mask: Any, dims: Dims) -> Any:
    """A gradient shared among the elements that a mask tells."""
    count = ns.sum_dim(ns.keep(ns.ones_like(g), mask), dims, True)
    return ns.keep(g, mask) / ns.expand(count, tuple(g.shape))


def shared_rule(ns: Any, g: Any, x: Any, out: Any, dims: Dims, keepdim: bool) -> Any:
    """Equal elements share the gradient."""
    shape = tuple(x.shape)
    mask = x == spread(ns, out, shape, dims, keepdim)
    return _divided(ns, spread(ns, g, shape, dims, keepdim), mask, dims)


op("attains(x, extreme)", lambda xp, x, extreme: (
       (x == extreme) | (xp.isnan(x) & xp.isnan(extreme))),
   written="x == extreme", x=non_differentiable, extreme=non_differentiable)  # fmt: skip


def shared_by_all(ns: Any, g: Any, x: Any, out: Any) -> Any:
    """Equal elements share the gradient; if one is nan, those that are."""
    mask = ns.attains(x, out)
    chosen = ns.keep(ns.ones_like(x), mask)
    return ns.keep(ns.expand(g, tuple(x.shape)), mask) / ns.sum(chosen)


def _extreme(xp: Any, x: Any, dim: int, keepdim: bool, ufunc: str, where: str) -> Any:
    if not x.ndim:
        return xp.array(x), xp.asarray(0)
    values = getattr(xp, ufunc).reduce(x, dim, None, None, keepdim)
    return values, getattr(x, where)(axis=dim, keepdims=keepdim)


def place_back(ns: Any, g: Any, shape: Dims, dtype: Any, out: Any, dim: int, keepdim: bool) -> Any:
    """A gradient put where the extremes along `dim` came from."""
    if not shape:
        return g[0]
    g, index = g[0], out[1]
    if not keepdim:
        g, index = ns.unsqueeze(g, dim), ns.unsqueeze(index, dim)
    return ns.scatter(ns.zeros(shape, dtype), index, g, dim)


_SOFT_PLACE = {"smooth": "(softmax({x}, -1)*arange({x}.shape[-1])).sum(-1)"}
for _name, _ufunc in (("max", "maximum"), ("min", "minimum")):
    op(f"a{_name}(x; dims, keepdim)",
       lambda xp, x, dims, keepdim, ufunc=_ufunc: getattr(xp, ufunc).reduce(
           x, dims, None, None, keepdim),
       written=f"x.a{_name}(dims, keepdim)", refuses={"c": f"{_name}_values_cpu"}, x=shared_rule)  # fmt: skip
    op(f"{_name}(x)", lambda xp, x, ufunc=_ufunc: getattr(xp, ufunc).reduce(x, None),
       written=f"x.{_name}()", node=f"{_name.capitalize()}Backward1",
       refuses={"c": f"{_name}_all"}, facts={"chooses": "elements"}, x=shared_by_all)  # fmt: skip
    op(f"{_name}_dim(x; dim, keepdim)",
       lambda xp, x, dim, keepdim, ufunc=_ufunc, where=f"arg{_name}": _extreme(
           xp, x, dim, keepdim, ufunc, where),
       outputs=2, written=f"x.{_name}(dim, keepdim)", node=f"{_name.capitalize()}Backward0",
       refuses={"c": (RuntimeError, f"{_name}(): does not support complex input")},
       facts={"chooses": "elements"},
       x=lambda ns, g, x_shape, x_dtype, out, dim, keepdim: place_back(
           ns, g, x_shape, x_dtype, out, dim, keepdim))  # fmt: skip
    op(f"arg{_name}(x; dim, keepdim)",
       lambda xp, x, dim, keepdim, name=f"arg{_name}": (
           getattr(x, name)(axis=dim, keepdims=keepdim) if x.ndim or dim is None
           else xp.asarray(0)),
       refuses={"c": (RuntimeError, f"arg{_name}(): does not support complex input")},
       facts=_SOFT_PLACE if _name == "max" else {},
       written=f"x.arg{_name}(dim, keepdim)", x=non_differentiable)  # fmt: skip

# ---- norms -----------------------------------------------------------------------------------


def _norm(xp: Any, x: Any, p: float, dims: Dims | None, keepdim: bool) -> Any:
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


def _norm_rule(ns: Any, g: Any, x: Any, out: Any, p: float, dims: Dims, keepdim: bool) -> Any:
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
        return direction(ns, x) * _divided(ns, g, ns.attains(size, norm), dims)
    if p < 1:
        return ns.where(x == 0, 0, direction(ns, x) * size ** (p - 1)) * g * norm ** (1 - p)
    share = ns.where(norm == 0, 0, g / norm ** (p - 1))
    return (direction(ns, x) * size ** (p - 1) if p < 2 else x * size ** (p - 2)) * share


for _name, _node in (  # one norm under the names of three of PyTorch's nodes
    ("norm", "LinalgVectorNormBackward0"),
    ("norm_all", "NormBackward0"),
    ("norm_along", "NormBackward1"),
):
    op(f"{_name}(x; p, dims, keepdim)", _norm, written="x.norm(p, dims, keepdim)", node=_node,
       x=_norm_rule)  # fmt: skip


def _dist_rule(ns: Any, g: Any, difference: Any, shape: Dims, out: Any, p: float) -> Any:
    g = _norm_rule(ns, g, difference, out, p, tuple(range(difference.ndim)), False)
    return g if g is None or tuple(difference.shape) == shape else ns.sum_to(g, shape)


op("dist(a, b; p)", lambda xp, a, b, p: _norm(xp, a - b, p, None, False), elementwise=True,
   a=lambda ns, g, a, b, a_shape, out, p: _dist_rule(ns, g, a - b, a_shape, out, p),
   b=lambda ns, g, a, b, b_shape, out, p: _dist_rule(ns, g, b - a, b_shape, out, p))  # fmt: skip


def _logsumexp(xp: Any, x: Any, dims: Dims, keepdim: bool) -> Any:
    if x.size == 0:
        return xp.log(xp.add.reduce(x, dims, None, None, keepdim))
    top = xp.maximum.reduce(x.real, dims, None, None, True)
    top = xp.where(xp.isfinite(top), top, top.dtype.type(0))
    out = xp.log(xp.add.reduce(xp.exp(x - top), dims, None, None, True)) + top
    return out if keepdim else xp.squeeze(out, dims)


op("logsumexp(x; dims, keepdim)", _logsumexp, floats=True, written="logsumexp(x, dims, keepdim)",
   x=lambda ns, g, x, out, dims, keepdim: (
       spread(ns, g, tuple(x.shape), dims, keepdim)
       * ns.exp(x - spread(ns, out, tuple(x.shape), dims, keepdim))))  # fmt: skip

# ---- truth -----------------------------------------------------------------------------------

for _name in ("any", "all"):
    op(f"{_name}(x; dims, keepdim)",
       lambda xp, x, dims, keepdim, name=_name: getattr(xp, name)(x, axis=dims, keepdims=keepdim),
       written=f"x.{_name}(dims, keepdim)", x=non_differentiable)  # fmt: skip
op("count_nonzero(x; dims)", lambda xp, x, dims: xp.count_nonzero(x, axis=dims),
   x=non_differentiable)  # fmt: skip
