"""The largest and the smallest: their values, and where they are.

Where one is attained several times, the reductions without indices share its gradient equally and
those with an index give it to the first, as in PyTorch.
"""

from __future__ import annotations

from typing import Any

from engine.arrays.row import non_differentiable
from engine.arrays.types import Shape
from engine.dispatch.arguments import check_flag, wrap_dim
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.dispatch.results import named
from engine.dispatch.spelling import published
from engine.graph.tensor import Tensor
from engine.ops.reductions.sums import dims_of, spread

# ---- rows ------------------------------------------------------------------------------------


def divided(ns: Any, g: Any, mask: Any, dims: Shape) -> Any:
    """A gradient shared among the elements that a mask tells."""
    count = ns.sum_dim(ns.keep(ns.ones_like(g), mask), dims, True)
    return ns.keep(g, mask) / ns.expand(count, tuple(g.shape))


def shared_rule(ns: Any, g: Any, x: Any, out: Any, dims: Shape, keepdim: bool) -> Any:
    """Equal elements share the gradient."""
    shape = tuple(x.shape)
    mask = x == spread(ns, out, shape, dims, keepdim)
    return divided(ns, spread(ns, g, shape, dims, keepdim), mask, dims)


def shared_by_all(ns: Any, g: Any, x: Any, out: Any) -> Any:
    """Equal elements share the gradient; if one is nan, those that are."""
    mask = ns.attains(x, out)
    chosen = ns.keep(ns.ones_like(x), mask)
    return ns.keep(ns.expand(g, tuple(x.shape)), mask) / ns.sum(chosen)


def place_back(
    ns: Any, g: Any, x_shape: Shape, x_dtype: Any, out: Any, dim: int, keepdim: bool
) -> Any:
    """A gradient put where the elements chosen along `dim` came from."""
    if not x_shape:
        return g[0]
    g, index = g[0], out[1]
    if not keepdim:
        g, index = ns.unsqueeze(g, dim), ns.unsqueeze(index, dim)
    return ns.scatter(ns.zeros(x_shape, x_dtype), index, g, dim)


def _extreme_along(xp: Any, x: Any, dim: int, keepdim: bool, ufunc: str, where: str) -> Any:
    if not x.ndim:
        return xp.array(x), xp.asarray(0)
    values = getattr(xp, ufunc).reduce(x, dim, None, None, keepdim)
    return values, getattr(x, where)(axis=dim, keepdims=keepdim)


_SOFT_PLACE = {"smooth": "(softmax({x}, -1)*arange({x}.shape[-1])).sum(-1)"}

# fmt: off
op("attains(x, extreme)",
   lambda xp, x, extreme: (x == extreme) | (xp.isnan(x) & xp.isnan(extreme)),
   written="x == extreme", x=non_differentiable, extreme=non_differentiable)
for _name, _ufunc in (("max", "maximum"), ("min", "minimum")):
    op(f"a{_name}(x; dims, keepdim)",
       lambda xp, x, dims, keepdim, ufunc=_ufunc: getattr(xp, ufunc).reduce(
           x, dims, None, None, keepdim),
       written=f"x.a{_name}(dims, keepdim)", refuses={"c": f"{_name}_values_cpu"}, x=shared_rule)
    op(f"{_name}(x)", lambda xp, x, ufunc=_ufunc: getattr(xp, ufunc).reduce(x, None),
       written=f"x.{_name}()", node=f"{_name.capitalize()}Backward1",
       refuses={"c": f"{_name}_all"}, facts={"chooses": "elements"}, x=shared_by_all)
    op(f"{_name}_dim(x; dim, keepdim)",
       lambda xp, x, dim, keepdim, ufunc=_ufunc, where=f"arg{_name}": _extreme_along(
           xp, x, dim, keepdim, ufunc, where),
       outputs=2, written=f"x.{_name}(dim, keepdim)", node=f"{_name.capitalize()}Backward0",
       refuses={"c": (RuntimeError, f"{_name}(): does not support complex input")},
       facts={"chooses": "elements"}, x=place_back)
    op(f"arg{_name}(x; dim, keepdim)",
       lambda xp, x, dim, keepdim, name=f"arg{_name}": (
           getattr(x, name)(axis=dim, keepdims=keepdim) if x.ndim or dim is None
           else xp.asarray(0)),
       written=f"x.arg{_name}(dim, keepdim)",
       refuses={"c": (RuntimeError, f"arg{_name}(): does not support complex input")},
       facts=_SOFT_PLACE if _name == "max" else {}, x=non_differentiable)
# fmt: on

# ---- functions -------------------------------------------------------------------------------


def not_empty(name: str, array: Any, dims: Shape | None) -> None:
    """Raise PyTorch's error where there is nothing to choose from; dims are None for all."""
    if array.size:
        return
    if dims is None:
        message = f"{name}(): Expected reduction dim to be specified for input.numel() == 0."
        if name.startswith("arg"):
            raise IndexError(message)
        raise RuntimeError(f"{message} Specify the reduction dim with the 'dim' argument.")
    for dim in dims:
        if array.ndim and not array.shape[dim]:
            raise IndexError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")


def _extreme(name: str, adjective: str) -> Any:
    row, row_dim = getattr(ops, name), getattr(ops, f"{name}_dim")
    pairwise = getattr(ops, f"{name}imum")
    result = named(name, "values", "indices")

    @published(
        name,
        f"The {adjective} element; along a dimension, also where it is; of two Tensors, element "
        "by element.",
    )
    def extreme(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
        array = input.array
        if isinstance(dim, Tensor) or other is not None:
            return pairwise(input, dim if other is None else other)
        if dim is None:
            not_empty(name, array, None)
            return row(input)
        check_flag(keepdim)
        place = wrap_dim(dim, array.ndim)
        not_empty(name, array, (place,))
        return result(row_dim(input, place, keepdim))

    return extreme


def _extreme_over(name: str, adjective: str) -> Any:
    row = getattr(ops, name)

    @published(name, f"The {adjective} element over dimensions; equal ones share the gradient.")
    def extreme(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
        array = input.array
        dims = dims_of(dim, array.ndim)
        not_empty(name, array, None if dim == () else dims)
        return row(input, dims, keepdim)

    return extreme


def _place_of_extreme(name: str, adjective: str) -> Any:
    row = getattr(ops, name)

    @published(
        name, f"Where the {adjective} element is: counted through all, or along a dimension."
    )
    def place(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
        array = input.array
        check_flag(keepdim)
        along = None if dim is None else wrap_dim(dim, array.ndim)
        if array.dtype.kind == "b":
            raise RuntimeError(f"{name}(): does not support bool input")
        not_empty(name, array, None if along is None else (along,))
        return row(input, along, keepdim)

    return place


max, min = _extreme("max", "largest"), _extreme("min", "smallest")
amax, amin = _extreme_over("amax", "largest"), _extreme_over("amin", "smallest")
argmax, argmin = _place_of_extreme("argmax", "largest"), _place_of_extreme("argmin", "smallest")
