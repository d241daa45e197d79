"""Scans: what the elements so far come to, along a dimension."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays.types import Shape
from engine.dispatch.arguments import wrap_dim
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.dispatch.results import named
from engine.dispatch.spelling import published
from engine.graph.registry import public
from engine.graph.tensor import Tensor

# ---- the largest or smallest so far ----------------------------------------------------------


def _running_extreme(xp: Any, x: Any, dim: int, ufunc: str) -> Any:
    """The extreme so far and where it is: of equal ones the last, and nan wherever one was."""
    if not x.ndim:
        return xp.array(x, copy=True), xp.zeros((), np.int64)
    values = getattr(xp, ufunc).accumulate(x, dim)
    line = [1] * x.ndim
    line[dim] = x.shape[dim]
    places = xp.broadcast_to(np.arange(x.shape[dim]).reshape(line), x.shape)
    taken = xp.where((x == values) | (x != x), places, 0)
    return values, xp.maximum.accumulate(taken, dim)


def _running_rule(ns: Any, g: Any, x_shape: Shape, x_dtype: Any, out: Any, dim: int) -> Any:
    if not x_shape:
        return g[0]
    return ns.scatter_add(ns.zeros(x_shape, x_dtype), out[1], g[0], dim)


def _cumulative(name: str, ufunc: str, adjective: str) -> None:
    """The row of the extreme so far and where it is, and its function."""
    op(
        f"{name}(x; dim)",
        lambda xp, x, dim: _running_extreme(xp, x, dim, ufunc),
        outputs=2,
        refuses={"c": f"{name}_cpu"},
        x=_running_rule,
    )
    row, result = getattr(ops, name), named(name, "values", "indices")

    @published(name, f"The {adjective} of the elements so far along a dimension, and where.")
    def running(input: Tensor, dim: int) -> Any:
        return result(row(input, wrap_dim(dim, input.array.ndim)))


_cumulative("cummax", "maximum", "largest")
_cumulative("cummin", "minimum", "smallest")

# ---- log(sum(exp)) so far --------------------------------------------------------------------


def _logcumsumexp(xp: Any, x: Any, dim: int) -> Any:
    if not x.ndim:
        return xp.array(x, copy=True)
    if x.dtype.kind != "c":
        return xp.logaddexp.accumulate(x, dim)
    if not x.size:
        return xp.array(x, copy=True)
    top = xp.maximum.reduce(x.real, dim, None, None, True)
    top = xp.where(xp.isfinite(top), top, top.dtype.type(0))
    return xp.log(xp.cumsum(xp.exp(x - top), dim)) + top


def _from_the_end(ns: Any, x: Any, dim: int) -> Any:
    return ns.flip(ns.logcumsumexp(ns.flip(x, (dim,)), dim), (dim,))


def _logcumsumexp_rule(ns: Any, g: Any, x: Any, out: Any, x_dtype: Any, dim: int) -> Any:
    """sum of g[k] * exp(x[i] - out[k]) over k >= i, in logarithms: the exponentials overflow.

    What is negative has none of its own, so that both signs are summed apart.
    """
    if not x.shape:
        return g
    lowest = float(np.finfo(x_dtype).min)

    def part(weights: Any, chosen: Any) -> Any:
        logs = ns.where(chosen, ns.log(ns.where(chosen, weights, 1)), lowest)
        return ns.exp(_from_the_end(ns, logs - out, dim) + x)

    if x_dtype.kind == "c":
        return part(g, g != 0)
    return part(g, g > 0) - part(-g, g < 0)


op(
    "logcumsumexp(x; dim)",
    _logcumsumexp,
    refuses={"bi": "logcumsumexp_out_cpu"},
    x=_logcumsumexp_rule,
)


@public()
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """log(sum(exp)) of the elements so far along a dimension, without overflow."""
    return ops.logcumsumexp(input, wrap_dim(dim, input.array.ndim))
