"""The variance and the standard deviation, alone and with the mean."""

from __future__ import annotations

import math
from typing import Any

from engine.arrays.state import warn
from engine.arrays.types import Shape
from engine.dispatch.arguments import check_flag
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.dispatch.spelling import published
from engine.graph.tensor import Tensor
from engine.ops.reductions.sums import count_along, dims_of, mean_along, spread

# ---- rows ------------------------------------------------------------------------------------


def _degrees(shape: Shape, dims: Shape, correction: float) -> float:
    return max(count_along(shape, dims) - correction, 0)


def _var(xp: Any, x: Any, dims: Shape, correction: float, keepdim: bool) -> Any:
    centred = x - mean_along(xp, x, dims, count_along(x.shape, dims), True)
    squares = (centred * centred.conj()).real if x.dtype.kind == "c" else centred * centred
    total = xp.add.reduce(squares, dims, None, None, keepdim)
    return total / total.dtype.type(_degrees(x.shape, dims, correction))


def _std(xp: Any, x: Any, dims: Shape, correction: float, keepdim: bool) -> Any:
    return xp.sqrt(_var(xp, x, dims, correction, keepdim))


def _var_rule(ns: Any, g: Any, x: Any, dims: Shape, correction: float, keepdim: bool) -> Any:
    shape = tuple(x.shape)
    degrees = _degrees(shape, dims, correction)
    scale = 2 / degrees if degrees else math.inf
    return spread(ns, g, shape, dims, keepdim) * scale * (x - ns.mean_dim(x, dims, True))


def _std_rule(
    ns: Any, g: Any, x: Any, out: Any, dims: Shape, correction: float, keepdim: bool
) -> Any:
    """Where the deviation is 0 its derivative is taken as 0."""
    slope = ns.where(out == 0, 0, g / (2 * out))
    return _var_rule(ns, slope, x, dims, correction, keepdim)


def _with_mean(name: str, forward: Any, rule: Any) -> None:
    """The row of a spread and the mean together."""

    def both(xp: Any, x: Any, dims: Shape, correction: float, keepdim: bool) -> Any:
        mean = mean_along(xp, x, dims, count_along(x.shape, dims), keepdim)
        return forward(xp, x, dims, correction, keepdim), mean

    def pulled_back(
        ns: Any, g: Any, x: Any, out: Any, dims: Shape, correction: float, keepdim: bool
    ) -> Any:
        shape = tuple(x.shape)
        parts = []
        if g[0] is not None:
            values = (out[0],) if rule is _std_rule else ()
            parts.append(rule(ns, g[0], x, *values, dims, correction, keepdim))
        if g[1] is not None:
            parts.append(spread(ns, g[1], shape, dims, keepdim) / count_along(shape, dims))
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]

    op(f"{name}(x; dims, correction, keepdim)", both, outputs=2, holomorphic=False, x=pulled_back)


for _name, _forward, _rule in (("var", _var, _var_rule), ("std", _std, _std_rule)):
    _parameters = "dims, correction, keepdim"
    op(f"{_name}(x; {_parameters})", _forward, written=f"x.{_name}({_parameters})", x=_rule)
    _with_mean(f"{_name}_mean", _forward, _rule)

# ---- functions -------------------------------------------------------------------------------


def _variance(name: str, what: str) -> Any:
    """The function of a row over dimensions that divides by the count less a correction."""
    row = getattr(ops, name)
    kinds = "std and var" if name in ("std", "var") else name

    @published(name, f"The {what} of all elements, or over dimensions.")
    def variance(
        input: Tensor,
        dim: Any = None,
        unbiased: bool | None = None,
        keepdim: bool = False,
        *,
        correction: Any = None,
    ) -> Any:
        array = input.array
        if isinstance(dim, bool):  # x.var(False)
            dim, unbiased = None, dim
        if unbiased is not None:
            check_flag(unbiased)
        check_flag(keepdim)
        if array.dtype.kind not in "fcV":
            raise RuntimeError(f"{kinds} only support floating point and complex dtypes")
        if correction is None:
            correction = 0 if unbiased is False else 1
        dims = dims_of(dim, array.ndim)
        if correction >= count_along(array.shape, dims):
            warn(
                f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than "
                "the reduction factor (input numel divided by output numel)."
            )
        return row(input, dims, correction, keepdim)

    return variance


var = _variance("var", "variance (the squares' sum divided by n - correction)")
std = _variance("std", "standard deviation, the square root of the variance,")
var_mean = _variance("var_mean", "variance and the mean")
std_mean = _variance("std_mean", "standard deviation and the mean")
