"""Elements read from a place, or put back there: x[1], x[1:], x[mask]."""

from __future__ import annotations

from typing import Any

from engine.arrays.row import rows
from gradcli.explain.formula.algebra.expression import (
    Call,
    Expression,
    Literal,
    Name,
    Notation,
    Number,
    Product,
    Shape,
    Sum,
    is_number,
    product,
    scalar_of,
    scaled,
    times,
    total,
)
from gradcli.explain.formula.algebra.matrix_products import outer
from gradcli.explain.formula.algebra.rewrites import apply_row, rewrite

UNIT = Notation("unit", (), "eye(n)[i]", ("n", "i"))
"""The vector that is 1 at place i, and 0 at the other n - 1."""
_PAD = Notation("pad", ("x",), "pad(x, sides)", ("sides",))
_MASKED = Notation("masked", ("x", "mask"), "zeros(*shape).masked_scatter(mask, x)", ("shape",))
_SPREAD = Notation(
    "spread",
    ("x",),
    "zeros(*shape).slice_scatter(x, dim, start, stop, step)",
    ("shape", "dim", "start", "stop", "step"),
)
_PUT = Notation(
    "put",
    ("x", "indices"),
    "zeros(*shape).index_put(indices, x, accumulate)",
    ("shape", "accumulate"),
    variadic=True,
)
_MASKS = frozenset(
    "gt ge lt le eq ne isnan isinf isfinite logical_and logical_or logical_not bitwise_and "
    "bitwise_or bitwise_xor bitwise_not".split()
)
"""Rows that make a mask of floats, or of masks."""


@rewrite("slice", "index", "flip", "roll", "index_select", "gather", "diagonal")
def _moved(shape: Shape, x: Expression, *params: Any) -> Expression | None:
    """Of elements that are all the same, any are."""
    scalar = scalar_of(x)
    return None if scalar is None else product([(scalar, 1)], shape)


@rewrite("select")
def _select(shape: Shape, x: Expression, dim: int, index: int) -> Expression | None:
    """The element of a sum is the sum of the elements."""
    if isinstance(x, (Product, Sum)):
        parts = x.factors if isinstance(x, Product) else x.terms
        if any(part.shape not in ((), x.shape) for part, _ in parts):
            return _moved(shape, x)
        row = rows["select"]
        read = [
            (part if part.shape == () else apply_row(row, (part,), (dim, index), shape), number)
            for part, number in parts
        ]
        if isinstance(x, Sum):
            return total(read, shape)
        return times(x.coefficient, product(read, shape))
    if isinstance(x, Call) and x.row is UNIT:
        return Number(float(x.params[1] == index))
    if isinstance(x, Call) and x.row.name == "outer":
        return _of_outer(shape, x, dim, index)
    return _moved(shape, x)


def _of_outer(shape: Shape, x: Call, dim: int, index: int) -> Expression | None:
    """A row or a column of an outer product: one vector, times a number of the other."""
    numbers, rest = x.args[dim], x.args[1 - dim]
    if numbers is None or rest is None:
        return None
    number = apply_row(rows["select"], (numbers,), (0, index), ())
    return product([(number, 1), (rest, 1)], shape)


@rewrite("stack")
def _stack(shape: Shape, *rest: Any) -> Expression | None:
    """One part among zeros is that part, put in its place."""
    *parts, dim = rest
    others = [place for place, part in enumerate(parts) if not is_number(part, 0)]
    if len(others) != 1:
        return None
    return _select_backward(shape, parts[others[0]], shape, dim % len(shape), others[0])


@rewrite("select_backward")
def _select_backward(
    shape: Shape, x: Expression, whole: Shape, dim: int, index: int
) -> Expression | None:
    """x at one place of a vector, or in one row or column of a matrix."""
    unit = Call(UNIT, (), (shape[dim], index % shape[dim]), shape[dim : dim + 1])
    if len(shape) == 1:
        return product([(x, 1), (unit, 1)], shape)
    if len(shape) == 2:
        return outer(unit, x) if dim == 0 else outer(x, unit)
    return None


def picked(a: Expression, b: Expression) -> Expression:
    """b, where it is multiplied by a: if a is 0 but at one place, what b is there."""
    factors = [f for f, _ in a.factors] if isinstance(a, Product) else [a]
    for factor in factors:
        if isinstance(factor, Call) and factor.row is UNIT and b.shape == factor.shape:
            return apply_row(rows["select"], (b,), (0, factor.params[1]), ())
    return b


@rewrite("slice_backward")
def _slice_backward(
    shape: Shape, x: Expression, whole: Shape, dim: int, start: int, stop: int, step: int
) -> Expression | None:
    stop = min(stop, shape[dim])
    if step != 1:
        return _put(_SPREAD, (x,), (shape, dim, start, stop, step), shape)
    if stop - start == shape[dim]:
        return x
    sides = (0, 0) * (len(shape) - 1 - dim) + (start, shape[dim] - stop)
    return _put(_PAD, (x,), (sides,), shape)


def _put(
    notation: Notation, args: tuple[Expression, ...], params: tuple[Any, ...], shape: Shape
) -> Expression:
    """Numbers that multiply what is put in a place stand before it."""
    factor, x = scaled(args[0])
    return times(factor, Call(notation, (x, *args[1:]), params, shape))


@rewrite("index_backward")
def _index_backward(shape: Shape, x: Expression, *rest: Any) -> Expression | None:
    *indices, _, dims = rest
    mask = indices[0]
    if len(indices) == 1 and mask.shape == shape and _is_mask(mask):
        scalar = scalar_of(x)
        if scalar is None:
            return _put(_MASKED, (x, mask), (shape,), shape)
        return apply_row(rows["keep"], (product([(scalar, 1)], shape), mask), (), shape)
    if dims != tuple(range(len(dims))) or any(isinstance(index, Number) for index in indices):
        return None
    return _put(_PUT, (x, *indices), (shape, True), shape)


def _is_mask(index: Expression) -> bool:
    if isinstance(index, (Name, Literal)):
        return bool(index.array.dtype.kind == "b")
    return isinstance(index, Call) and index.row.name in _MASKS
