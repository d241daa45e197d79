"""Products: of all elements, along a dimension, and of the elements so far."""

from __future__ import annotations

import math
from typing import Any

from engine.dispatch.arguments import check_flag, wrap_dim
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import IN_PLACE, op
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.reductions.sums import in_dtype, running, spread, whole_numbers

# ---- rows ------------------------------------------------------------------------------------


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
        before, after = ns.slice(x, dim, 0, j, 1), ns.slice(x, dim, j + 1, size, 1)
        without = ns.cat((before, ns.ones_like(ns.slice(x, dim, 0, 1, 1)), after), dim)
        products = ns.slice(ns.cumprod(without, dim), dim, j, size, 1)
        columns.append(ns.sum_dim(products * ns.slice(g, dim, j, size, 1), (dim,), True))
    return ns.cat(tuple(columns), dim) if columns else ns.zeros_like(x)


# fmt: off
op("cumprod(x; dim)", lambda xp, x, dim: running(xp, x, dim, "cumprod"), x=_cumprod_rule)
op("prod(x)", lambda xp, x: xp.multiply.reduce(whole_numbers(x), None), written="x.prod()",
   x=lambda ns, g, x: ns.expand(g, tuple(x.shape)) * ns.prod_others(x))
op("prod_others(x)", lambda xp, x: _others(xp, x.reshape(-1), 0).reshape(x.shape),
   written="x.prod() / x",
   x=lambda ns, g, x: ns.reshape(
       _others_rule(ns, _flat(ns, g), _flat(ns, x), 0), tuple(x.shape)))
op("prod_dim(x; dim, keepdim)",
   lambda xp, x, dim, keepdim: xp.multiply.reduce(
       whole_numbers(x), dim if x.ndim else None, None, None, keepdim),
   written="x.prod(dim, keepdim)", node="ProdBackward1",
   x=lambda ns, g, x, dim, keepdim: (
       spread(ns, g, tuple(x.shape), (dim,), keepdim) * ns.prod_dim_others(x, dim)
       if x.ndim else g))
op("prod_dim_others(x; dim)", _others, written="x.prod(dim, True) / x", x=_others_rule)
# fmt: on

# ---- functions -------------------------------------------------------------------------------


@public()
def prod(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The product of all elements, or along a dimension."""
    array = input.array
    input = in_dtype(input, dtype, "prod")
    if dim is None:
        return ops.prod(input)
    check_flag(keepdim)
    return ops.prod_dim(input, wrap_dim(dim, array.ndim), keepdim)


@public(IN_PLACE)
def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Products of the elements so far along a dimension."""
    place = wrap_dim(dim, input.array.ndim)
    return ops.cumprod(in_dtype(input, dtype, "cumprod"), place)
