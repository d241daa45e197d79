"""Comparing and choosing: truth values, the larger and the smaller, clamp, where, lerp."""

from __future__ import annotations

from functools import partial
from typing import Any

from engine.arrays import dtypes
from engine.arrays.row import non_differentiable, truth
from engine.arrays.scalars import zero_of
from engine.dispatch.errors.kinds import only_for
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import EVERYWHERE, IN_PLACE, broadcast_error, op
from engine.graph.registry import namespaces, public
from engine.graph.tensor import Tensor
from engine.ops.elementwise.arithmetic import widened

# ---- truth values ----------------------------------------------------------------------------

_of_two = partial(op, elementwise=True, a=non_differentiable, b=non_differentiable)
_of_one = partial(op, elementwise=True, x=non_differentiable)

_SMOOTH = {">": "sigmoid({a} - {b})", "<": "sigmoid({b} - {a})"}
for _name, _alias, _function, _mark in (
    ("eq", "", "equal", "=="),
    ("ne", "not_equal", "not_equal", "!="),
    ("lt", "less", "less", "<"),
    ("le", "less_equal", "less_equal", "<="),
    ("gt", "greater", "greater", ">"),
    ("ge", "greater_equal", "greater_equal", ">="),
):
    _of_two(
        f"{_name}(a, b)",
        _function,
        f"Where input {_mark} other.",
        where=IN_PLACE,
        names=f"{_name} {_alias}",
        numbers=True,
        written=f"a {_mark} b",
        refuses={} if _mark in ("==", "!=") else {"c": f"{_name}_cpu"},
        facts={"smooth": _SMOOTH[_mark[0]]} if _mark[0] in _SMOOTH else {},
    )


def _whole(function: str, kernel: str, kinds: str = "biu") -> Any:
    """A bitwise function, of whole numbers and (unless it shifts) truth values alone."""
    return only_for(kinds, f"{kernel}_cpu", lambda xp, *arrays: getattr(xp, function)(*arrays))


for _name, _mark in (("and", "&"), ("or", "|"), ("xor", "^")):
    _logical, _bitwise = f"logical_{_name}", f"bitwise_{_name}"
    _of_two(f"{_logical}(a, b)", _logical, f"input {_name} other, of their truth.", where=IN_PLACE)
    _of_two(
        f"{_bitwise}(a, b)",
        _whole(_bitwise, _bitwise),
        f"input {_mark} other, bit by bit.",
        where=IN_PLACE,
        numbers=True,
        written=f"a {_mark} b",
        refuses={"h": f"{_bitwise}_cpu"},
    )
for _name, _mark in (("left", "<<"), ("right", ">>")):
    _of_two(
        f"bitwise_{_name}_shift(a, b)",
        _whole(f"{_name}_shift", f"{_name[0]}shift", "iu"),
        f"input {_mark} other: its bits moved {_name}.",
        where=IN_PLACE,
        numbers=True,
        written=f"a {_mark} b",
        refuses={"h": f"{_name[0]}shift_cpu"},
    )
# fmt: off
_of_one("bitwise_not(x)", _whole("invert", "bitwise_not"), "~input, bit by bit.",
        where=IN_PLACE, written="~x")
_of_one("logical_not(x)", "logical_not", "Where input is 0.", where=IN_PLACE)
_of_one("isnan(x)", "isnan", "Where input is not a number.")
_of_one("isinf(x)", "isinf", "Where input is infinite.")
_of_one("isfinite(x)", "isfinite", "Where input is a finite number.")

_CHOOSES = {"chooses": "one of the operands"}

# ---- the larger and the smaller --------------------------------------------------------------

op("maximum(a, b)", "maximum", "The larger of input and other; equal ones share the gradient.",
   elementwise=True, facts=_CHOOSES,
   refuses={"c": (RuntimeError, "maximum not implemented for complex tensors.")},
   a=lambda ns, g, a, b: ns.where(a < b, 0, ns.where(a == b, g / 2, g)),
   b=lambda ns, g, a, b: ns.where(b < a, 0, ns.where(a == b, g / 2, g)))
op("minimum(a, b)", "minimum", "The smaller of input and other; equal ones share the gradient.",
   elementwise=True, facts=_CHOOSES,
   refuses={"c": (RuntimeError, "minimum not implemented for complex tensors.")},
   a=lambda ns, g, a, b: ns.where(a > b, 0, ns.where(a == b, g / 2, g)),
   b=lambda ns, g, a, b: ns.where(b > a, 0, ns.where(a == b, g / 2, g)))
# fmt: on


def _at_least(xp: Any, x: Any, low: Any) -> Any:
    return xp.maximum(x, xp.asarray(low, dtype=x.dtype))


def _at_most(xp: Any, x: Any, high: Any) -> Any:
    return xp.minimum(x, xp.asarray(high, dtype=x.dtype))


def _between(xp: Any, x: Any, low: Any, high: Any) -> Any:
    if low is not None:
        x = _at_least(xp, x, low)
    return x if high is None else _at_most(xp, x, high)


def _inside(x: Any, low: Any, high: Any) -> Any:
    if low is None:
        return x <= high
    return x >= low if high is None else (x >= low) & (x <= high)


UNORDERED = {"c": (NotImplementedError, "clamp is not supported for complex types")}
"""What functions that clamp refuse."""

# fmt: off
op("clamp(x; min, max)", _between, elementwise=True, node="ClampBackward1",
   facts={"dead": "is flat outside its bounds"},
   refuses={**UNORDERED, "b": "clamp_scalar_cpu"},
   x=lambda ns, g, x, min, max: ns.keep(g, _inside(x, min, max)))
op("clamp_min(x; min)", _at_least, elementwise=True, refuses=UNORDERED,
   facts={"dead": "is flat below"},
   x=lambda ns, g, x, min: ns.keep(g, x >= min))
op("clamp_max(x; max)", _at_most, elementwise=True, refuses=UNORDERED,
   facts={"dead": "is flat above"},
   x=lambda ns, g, x, max: ns.keep(g, x <= max))
op("clamp_tensor(x, low, high)", _between, elementwise=True, numbers=True, node="ClampBackward0",
   refuses={**UNORDERED, "b": "clamp_cpu"},
   x=lambda ns, g, x, low, high: ns.keep(g, _inside(x, low, high)),
   low=lambda ns, g, x, low, high: ns.keep(
       g, x < low if high is None else (x < low) & (low < high)),
   high=lambda ns, g, x, low, high: ns.keep(
       g, x > high if low is None else (x > high) | (low > high)))
op("clamp_min_tensor(x, bound)", "maximum", elementwise=True, node="ClampMinBackward1",
   written="clamp_min(x, bound)", refuses={"c": "maximum_cpu"},
   x=lambda ns, g, x, bound: ns.keep(g, x >= bound),
   bound=lambda ns, g, x, bound: ns.keep(g, x < bound))
op("clamp_max_tensor(x, bound)", "minimum", elementwise=True, node="ClampMaxBackward1",
   written="clamp_max(x, bound)", refuses={"c": "minimum_cpu"},
   x=lambda ns, g, x, bound: ns.keep(g, x <= bound),
   bound=lambda ns, g, x, bound: ns.keep(g, x > bound))
# fmt: on


@public(EVERYWHERE, "clamp", "clip")
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """input kept between min and max, each a number, a Tensor or None."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        return ops.clamp_tensor(input, min, max)
    if input.array.dtype.kind in "biu":
        for number in (min, max):
            input = input if number is None else widened(input, number)
    return ops.clamp(input, min, max)


@public(EVERYWHERE)
def clamp_min(input: Tensor, min: Any) -> Tensor:
    """input, but at least min."""
    if isinstance(min, Tensor):
        return ops.clamp_min_tensor(input, min)
    if input.array.dtype.kind not in "fV":
        return clamp(input, min=min)
    return ops.clamp_min(input, min)


@public(EVERYWHERE)
def clamp_max(input: Tensor, max: Any) -> Tensor:
    """input, but at most max."""
    if isinstance(max, Tensor):
        return ops.clamp_max_tensor(input, max)
    if input.array.dtype.kind not in "fV":
        return clamp(input, max=max)
    return ops.clamp_max(input, max)


# ---- where and lerp --------------------------------------------------------------------------


def _where(xp: Any, condition: Any, a: Any, b: Any) -> Any:
    return xp.where(condition, a, b)


def _lerp(xp: Any, a: Any, b: Any, weight: Any) -> Any:
    return a + weight * (b - a) if abs(weight) < 0.5 else b - (b - a) * (1 - weight)


def _lerp_tensor(xp: Any, a: Any, b: Any, weight: Any) -> Any:
    return xp.where(abs(weight) < 0.5, a + weight * (b - a), b - (b - a) * (1 - weight))


# fmt: off
op("keep(x, mask)", lambda xp, x, mask: xp.where(mask, x, zero_of(x)), written="where(mask, x, 0)",
   check=broadcast_error, facts=_CHOOSES, x=lambda ns, g, mask: ns.keep(g, mask), mask=truth)
op("where(condition, a, b)", _where, elementwise=True, numbers=True, facts=_CHOOSES,
   latex=r"\begin{cases} #2 & #1 \\ #3 & \text{else} \end{cases}",
   condition=truth,
   a=lambda ns, g, condition: ns.keep(g, condition),
   b=lambda ns, g, condition: ns.keep(g, ~condition))
op("lerp(a, b; weight)", only_for("fcV", "lerp_kernel_scalar", _lerp), elementwise=True,
   a=lambda ns, g, weight: g * (1 - weight),
   b=lambda ns, g, weight: g * weight)
op("lerp_tensor(a, b, weight)", only_for("fcV", "lerp_kernel_tensor", _lerp_tensor),
   elementwise=True, node="LerpBackward1",
   a=lambda ns, g, weight: g * (1 - weight),
   b=lambda ns, g, weight: g * weight,
   weight=lambda ns, g, a, b: g * (b - a))
# fmt: on


@public("torch")
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """input where condition holds, other elsewhere; alone: the indices where it holds."""
    if input is None and other is None:
        return namespaces["torch"]["nonzero"](condition, as_tuple=True)
    if not isinstance(condition, Tensor) or input is None or other is None:
        raise TypeError("one of them is no Tensor")
    if condition.array.dtype.kind != "b":
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{condition.dtype.scalar_name}"
        )
    return ops.where(condition, input, other)


@public("Tensor", "where")
def _where_method(self: Tensor, condition: Tensor, other: Any) -> Any:
    """self where condition holds, other elsewhere."""
    return where(condition, self, other)


@public(IN_PLACE)
def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """input + weight * (end - input)."""
    if input.array.dtype != end.array.dtype:
        wanted, got = (dtypes.of(t.array.dtype).scalar_name.lower() for t in (input, end))
        raise RuntimeError(f"expected dtype {wanted} for `end` but got dtype {got}")
    blend = ops.lerp_tensor if isinstance(weight, Tensor) else ops.lerp
    return blend(input, end, weight)
