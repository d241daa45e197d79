"""Arithmetic becomes sums and products in canonical form."""

from __future__ import annotations

from typing import Any

from gradcli.explain.formula.algebra.expression import (
    Expression,
    Number,
    Product,
    Shape,
    product,
    times,
    total,
)
from gradcli.explain.formula.algebra.matrix_products import outer, vector_of
from gradcli.explain.formula.algebra.rewrites import REWRITES, rewrite
from gradcli.explain.formula.algebra.subscripts import picked

REWRITES["add"] = lambda shape, a, b: total([(a, 1), (b, 1)], shape)
REWRITES["sub"] = lambda shape, a, b: total([(a, 1), (b, -1)], shape)
REWRITES["rsub"] = lambda shape, x, other: total([(Number(other), 1), (x, -1)], shape)
REWRITES["neg"] = lambda shape, x: times(-1, x)
REWRITES["div"] = lambda shape, a, b: product([(a, 1), (b, -1)], shape)
REWRITES["reciprocal"] = lambda shape, x: product([(x, -1)], shape)
REWRITES["square"] = lambda shape, x: product([(x, 2)], shape)
REWRITES["rsqrt"] = lambda shape, x: product([(x, -0.5)], shape)
REWRITES["sqrt"] = lambda shape, x: product([(x, 0.5)], shape)
REWRITES["clone"] = REWRITES["to_copy"] = REWRITES["alias"] = lambda shape, x, *params: x
REWRITES["beside"] = lambda shape, g, x: g
REWRITES["zeros_like"] = lambda shape, x: Number(0.0, shape)
REWRITES["zeros"] = lambda shape, *params: Number(0.0, shape)
REWRITES["ones_like"] = lambda shape, x: Number(1.0, shape)


@rewrite("pow")
def _pow(shape: Shape, x: Expression, exponent: Any) -> Expression | None:
    # (x**2)**0.5 is |x|: only whole powers of a product may be multiplied out.
    if isinstance(x, Product) and not float(exponent).is_integer():
        return None
    return product([(x, exponent)], shape)


@rewrite("pow_tensor")
def _pow_tensor(shape: Shape, a: Expression, b: Expression) -> Expression | None:
    return product([(a, b.value)], shape) if isinstance(b, Number) else None


@rewrite("mul")
def _mul(shape: Shape, a: Expression, b: Expression) -> Expression:
    column, row = vector_of(a, 1), vector_of(b, 0)
    if column is not None and row is not None:
        return outer(column, row)
    beside = picked(a, b)
    return product([(a if beside is not b else picked(b, a), 1), (beside, 1)], shape)
