"""One rewrite per row that has one: from a call of it to a simpler expression.

A rewrite takes a row's operands as expressions, its parameters and the result's shape, and gives
an equal expression, or None where it has nothing to say. Rows without a rewrite stay calls.
"""

from gradcli.explain.formula.algebra import (
    arithmetic,
    conditions,
    losses,
    matrices,
    places,
    reductions,
)
from gradcli.explain.formula.algebra.table import apply_row

__all__ = ["apply_row", "arithmetic", "conditions", "losses", "matrices", "places", "reductions"]
