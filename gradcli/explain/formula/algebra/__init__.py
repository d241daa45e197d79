"""Expressions in canonical form, and the rewrites that simplify them: one per row that has one.

A rewrite takes a row's operands as expressions, its parameters and the result's shape, and gives
an equal expression, or None where it has nothing to say. Rows without a rewrite stay calls.
"""

from gradcli.explain.formula.algebra import (
    conditions,
    matrix_products,
    reductions,
    softmax,
    subscripts,
    sums_and_products,
)
from gradcli.explain.formula.algebra.rewrites import apply_row

__all__ = [
    "apply_row",
    "conditions",
    "matrix_products",
    "reductions",
    "softmax",
    "subscripts",
    "sums_and_products",
]
