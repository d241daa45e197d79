"""Choices by a condition: where, and the guards that PyTorch puts in gradients."""

from __future__ import annotations

from engine.arrays.row import rows
from gradcli.explain.formula.algebra.expression import (
    Call,
    Expression,
    Number,
    Shape,
    is_number,
    product,
    times,
)
from gradcli.explain.formula.algebra.rewrites import apply_row, rewrite


@rewrite("where")
def _where(shape: Shape, condition: Expression, a: Expression, b: Expression) -> Expression | None:
    if isinstance(condition, Number):
        return product([(a if condition.value else b, 1)], shape)
    # PyTorch guards x**y, and a norm, where they have no derivative: a person writes none.
    if a == b or (is_number(a, 0) and _is_guard(condition)):
        return product([(b, 1)], shape)
    return None


def _is_guard(condition: Expression | None) -> bool:
    return isinstance(condition, Call) and condition.row.name in ("eq", "bitwise_and")


def _is_guarded(condition: Expression) -> bool:
    return (
        isinstance(condition, Call)
        and condition.row.name == "bitwise_not"
        and _is_guard(condition.args[0])
    )


@rewrite("relu_backward")
def _relu_backward(shape: Shape, g: Expression, x: Expression) -> Expression:
    mask = apply_row(rows["gt"], (x, Number(0.0)), (), x.shape)
    return apply_row(rows["keep"], (g, mask), (), shape)


@rewrite("gt")
def _greater(shape: Shape, a: Expression, b: Expression) -> Expression | None:
    if isinstance(a, Call) and a.row.name == "relu" and is_number(b, 0):
        return Call(rows["gt"], (a.args[0], b), (), shape)
    return None


@rewrite("keep")
def _keep(shape: Shape, x: Expression, mask: Expression) -> Expression | None:
    if isinstance(mask, Number):
        return times(mask.value, x)
    if _is_guarded(mask):
        return x
    if isinstance(x, Call) and x.row.name == "keep" and x.args[1] == mask:
        return x
    if isinstance(x, Call) and x.row.name == "relu" and isinstance(mask, Call):
        return x if mask.row.name == "gt" and mask.args[0] == x.args[0] else None
    return Number(0.0, shape) if is_number(x, 0) else None
