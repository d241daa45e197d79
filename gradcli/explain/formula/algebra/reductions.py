"""Sums and means, what is repeated, and what is given another shape."""

from __future__ import annotations

import math
from typing import Any

from engine.arrays.row import rows
from gradcli.explain.formula.algebra.expression import (
    Call,
    Expression,
    Number,
    Product,
    Shape,
    product,
    scalar_of,
    scalars_of,
)
from gradcli.explain.formula.algebra.matrix_products import vector_of
from gradcli.explain.formula.algebra.rewrites import apply_row, rewrite
from gradcli.explain.formula.algebra.subscripts import UNIT


@rewrite("expand", "reshape_like")
def _expand(shape: Shape, x: Expression, *params: Any) -> Expression:
    if isinstance(x, Number):
        return Number(x.value, shape)
    return product([(x, 1)], shape)


@rewrite("sum", "sum_dim")
def _sum(shape: Shape, x: Expression, *params: Any) -> Expression | None:
    if x.shape == shape:
        return x
    scalar = scalar_of(x)
    if scalar is not None:
        count = math.prod(x.shape) / max(math.prod(shape), 1)
        return product([(Number(count), 1), (scalar, 1)], shape)
    if isinstance(x, Call) and x.row is UNIT:
        return Number(1.0, shape)
    if isinstance(x, Call) and x.row.name in ("softmax", "one_hot"):
        last = len(x.shape) - 1
        along = x.params[0] % len(x.shape) if x.row.name == "softmax" else last
        if params[:1] == ((along,),) or (not params and not last):
            return Number(1.0, shape)
    if params and math.prod(shape) == 1:
        return product([(apply_row(rows["sum"], (x,), (), ()), 1)], shape)
    return _factors_out(shape, x, *params)


def _factors_out(shape: Shape, x: Expression, *params: Any) -> Expression | None:
    """The sum of a product, with the factors that are the same in every element before it."""
    same, rest = scalars_of(x)
    if not same:
        return _matrix_times_vector(shape, x, *params)
    inner = apply_row(rows["sum_dim" if params else "sum"], (rest,), params, shape)
    return product([*same, (inner, 1)], shape)


def _matrix_times_vector(shape: Shape, x: Expression, *params: Any) -> Expression | None:
    """(A * v).sum(1) is A @ v."""
    if len(x.shape) != 2 or not isinstance(x, Product) or params[:1] != ((1,),):
        return None
    for place, (factor, exponent) in enumerate(x.factors):
        vector = factor if len(factor.shape) == 1 else vector_of(factor, 0)
        if vector is not None and exponent == 1:
            others = [*x.factors[:place], *x.factors[place + 1 :]]
            matrix = product([(Number(x.coefficient), 1), *others], x.shape)
            found = apply_row(rows["mv"], (matrix, vector), (), x.shape[:1])
            return apply_row(rows["unsqueeze"], (found,), (1,), shape) if params[1] else found
    return None


@rewrite("sum_to")
def _sum_to(shape: Shape, x: Expression, *params: Any) -> Expression | None:
    """A broadcast undone: the sum of everything, or over the leading dimensions, or as it is."""
    if x.shape == shape:
        return x
    if math.prod(shape) == 1:
        return product([(apply_row(rows["sum"], (x,), (), ()), 1)], shape)
    lead = len(x.shape) - len(shape)
    if x.shape[lead:] == shape:
        return apply_row(rows["sum_dim"], (x,), (tuple(range(lead)), False), shape)
    if not lead:
        dims = tuple(dim for dim, size in enumerate(shape) if size != x.shape[dim])
        return apply_row(rows["sum_dim"], (x,), (dims, True), shape)
    return _sum(shape, x) if scalar_of(x) is not None else None


@rewrite("mean", "mean_dim")
def _mean(shape: Shape, x: Expression, *params: Any) -> Expression | None:
    scalar = scalar_of(x)
    if scalar is not None:
        return product([(scalar, 1)], shape)
    if params and math.prod(shape) == 1:
        return product([(apply_row(rows["mean"], (x,), (), ()), 1)], shape)
    return None


_RESHAPES = (
    "reshape",
    "view",
    "squeeze",
    "squeezed",
    "squeeze_dim",
    "squeeze_dims",
    "unsqueeze",
    "unsafe_view",
)


@rewrite(*_RESHAPES)
def _reshape(shape: Shape, x: Expression, *params: Any) -> Expression | None:
    if x.shape == shape:
        return x
    scalar = scalar_of(x)
    if scalar is not None:
        return product([(scalar, 1)], shape)
    if isinstance(x, Call) and x.row.name in _RESHAPES:
        inner = x.args[0]
        if inner is not None and inner.shape == shape:
            return inner
    if len(shape) == 1 and isinstance(x, Call) and x.row.name == "mm":
        row, matrix = x.args  # (v as a row) @ A, as a vector again: v @ A
        vector = vector_of(row, 0)
        if vector is not None:
            return Call(rows["mv"], (vector, matrix), (), shape)
    return None
