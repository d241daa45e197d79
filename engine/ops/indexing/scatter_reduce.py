"""Several elements combined at one place: scatter_reduce and index_reduce.

Products, means and extremes of what is already there and what comes. The rules are PyTorch's
(FunctionsManual.cpp): a product's gradient is taken without dividing by zero, extremes share
theirs equally among equal elements.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays.reduction import AMAX, AMIN, MEAN, PROD, SUM
from engine.arrays.row import non_differentiable
from engine.dispatch.arguments import wrap_dim
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import IN_PLACE, op
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.indexing.gather_scatter import (
    check_places,
    check_vector,
    cut,
    places_along,
    whole_parts,
)

KINDS = (SUM, PROD, MEAN, AMAX, AMIN)


class _Places:
    """Where elements go: `scatter`'s places, one for each, or `index`'s, one for each part."""

    def __init__(self, ns: Any, row: str, index: Any, dim: int) -> None:
        self.ns, self.row, self.index, self.dim = ns, row, index, dim

    def read(self, x: Any) -> Any:
        """The elements of x at the places."""
        read = self.ns.gather if self.row == "scatter_reduce" else self.ns.index_select
        return read(x, self.index, self.dim)

    def add(self, x: Any, values: Any) -> Any:
        """x with values added at the places."""
        if self.row == "scatter_reduce":
            return self.ns.scatter_add(x, self.index, values, self.dim)
        return self.ns.index_add(x, self.index, values, self.dim, 1)

    def clear(self, x: Any) -> Any:
        """x with zeros at the places."""
        clear = self.ns.scatter_value if self.row == "scatter_reduce" else self.ns.index_fill
        return clear(x, self.index, self.dim, 0)

    def product(self, x: Any, src: Any, include_self: bool) -> Any:
        """The product of what is at each place."""
        return getattr(self.ns, self.row)(x, self.index, src, self.dim, PROD, include_self)

    def count(self, x: Any, src: Any, include_self: bool) -> Any:
        """How many elements each place combines, at least 1."""
        ns = self.ns
        counts = self.add(ns.ones_like(x) if include_self else ns.zeros_like(x), ns.ones_like(src))
        return ns.masked_fill(counts, counts == 0, 1)

    def share(self, g: Any, x: Any, src: Any, out: Any) -> Any:
        """g divided by how many elements of each place are the extreme one."""
        ns = self.ns
        mine = ns.keep(ns.ones_like(x), x == out)
        return g / self.add(mine, ns.keep(ns.ones_like(src), src == self.read(out)))


def _combined(xp: Any, x: Any, key: Any, src: Any, reduce: str, include_self: bool) -> Any:
    if not include_self:
        x = xp.stored_at(x, key, xp.asarray(_neutral(reduce, x.dtype), dtype=x.dtype))
    if reduce not in (SUM, MEAN):
        return xp.combined_at(x, key, src, reduce)
    total = xp.added_at(x, key, src)
    if reduce == SUM:
        return total
    counts = xp.ones(x.shape, x.dtype)
    if not include_self:
        counts = xp.stored_at(counts, key, xp.asarray(0, dtype=x.dtype))
    counts = xp.added_at(counts, key, xp.ones(src.shape, x.dtype))
    return total // counts if x.dtype.kind in "iu" else total / counts


def _neutral(reduce: str, dtype: Any) -> Any:
    if reduce in (SUM, MEAN, PROD):
        return int(reduce == PROD)
    if dtype.kind == "f":
        return -np.inf if reduce == AMAX else np.inf
    bounds = np.iinfo(dtype)
    return bounds.min if reduce == AMAX else bounds.max


def _row(name: str, key_of: Any) -> None:
    """A row that combines at the places that `key_of(x, index, dim)` gives."""

    def forward(
        xp: Any, x: Any, index: Any, src: Any, dim: int, reduce: str, include_self: bool
    ) -> Any:
        if x.ndim:
            return _combined(xp, x, key_of(x, index, dim), src, reduce, include_self)
        flat = (x.reshape(-1), index.reshape(-1), src.reshape(-1))
        return _combined(xp, *flat, reduce, include_self).reshape(())

    def own(
        ns: Any,
        g: Any,
        x: Any,
        index: Any,
        src: Any,
        out: Any,
        dim: int,
        reduce: str,
        include_self: bool,
    ) -> Any:
        at = _Places(ns, name, index, dim)
        if reduce == MEAN:
            g = g / at.count(x, src, include_self)
        elif reduce == PROD:
            nonzero = ns.masked_fill(x, x == 0, 1)
            g = g * at.product(nonzero, src, include_self) / nonzero
        elif reduce != SUM:
            g = ns.keep(at.share(g, x, src, out), x == out)
        return g if include_self else at.clear(g)

    def coming(
        ns: Any,
        g: Any,
        x: Any,
        index: Any,
        src: Any,
        out: Any,
        dim: int,
        reduce: str,
        include_self: bool,
    ) -> Any:
        at = _Places(ns, name, index, dim)
        if reduce == SUM:
            return at.read(g)
        if reduce == MEAN:
            return at.read(g / at.count(x, src, include_self))
        if reduce != PROD:
            return ns.keep(at.read(at.share(g, x, src, out)), src == at.read(out))
        zero = src == 0
        zeros = at.read(at.add(ns.zeros_like(x), ns.keep(ns.ones_like(src), zero)))
        single = zero & (zeros == 1)
        others = at.read(g * at.product(x, ns.masked_fill(src, single, 1), include_self))
        return ns.where(single, others, at.read(g * out) / ns.masked_fill(src, zero, 1))

    signature = f"{name}(x, index, src; dim, reduce, include_self)"
    written = f"{name}(x, dim, index, src, reduce)"
    op(signature, forward, written=written, x=own, index=non_differentiable, src=coming)


_row("scatter_reduce", places_along)
_row("index_reduce", lambda x, index, dim: whole_parts(dim, index.reshape(-1)))


@public(IN_PLACE)
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """input with the elements of src combined ('sum', 'prod', 'mean', 'amax', 'amin') at places."""
    array = input.array
    dim = wrap_dim(dim, array.ndim)
    places = check_places("scatter_reduce", array, dim, index)
    _check_kind("scatter_reduce", reduce, KINDS)
    return ops.scatter_reduce(input, index, cut(src, places.shape), dim, reduce, include_self)


@public(IN_PLACE)
def index_reduce(
    input: Tensor,
    dim: int,
    index: Tensor,
    source: Tensor,
    reduce: str,
    *,
    include_self: bool = True,
) -> Tensor:
    """input with the parts of source combined ('prod', 'mean', 'amax', 'amin') at indices."""
    array = input.array
    dim = wrap_dim(dim, array.ndim)
    check_vector("index_reduce", index, array.shape[dim] if array.ndim else 1)
    _check_kind("index_reduce", reduce, KINDS[1:])
    return ops.index_reduce(input, index, source, dim, reduce, include_self)


def _check_kind(name: str, reduce: str, kinds: tuple[str, ...]) -> None:
    if reduce not in kinds:
        raise RuntimeError(
            f"reduce argument must be either {', '.join(kinds[:-1])} or {kinds[-1]}, got {reduce}"
        )
