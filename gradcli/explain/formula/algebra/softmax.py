"""Softmax, and the losses made of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays.reduction import MEAN
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
    product,
    scalar_of,
    total,
)
from gradcli.explain.formula.algebra.rewrites import rewrite

_ONE_HOT = Notation("one_hot", ("x",), "one_hot(x, classes)", ("classes",))


@rewrite("exp")
def _exp(shape: Shape, x: Expression) -> Expression | None:
    """exp(log_softmax(x)), and exp(x - logsumexp(x)), are softmax(x)."""
    if isinstance(x, Call) and x.row.name == "log_softmax":
        return Call(rows["softmax"], x.args, x.params, shape)
    if isinstance(x, Sum):
        for term, coefficient in x.terms:
            whole = _unwrapped(term)
            if coefficient == -1 and isinstance(whole, Call) and whole.row.name == "logsumexp":
                rest = total([(x, 1), (term, -1 * coefficient)], shape)
                if rest == whole.args[0] and len(whole.params[0]) == 1:
                    return Call(rows["softmax"], whole.args, whole.params[0], shape)
    return None


def _unwrapped(x: Expression) -> Expression:
    """The expression that was repeated, or given a dimension of size 1."""
    while True:
        if isinstance(x, Call) and x.row.name == "unsqueeze" and x.args[0] is not None:
            x = x.args[0]
        elif isinstance(x, Product) and x.coefficient == 1 and [e for _, e in x.factors] == [1]:
            x = x.factors[0][0]
        else:
            return x


@rewrite("nll_loss_backward")
def _nll_loss_backward(
    shape: Shape,
    g: Expression,
    x: Expression,
    target: Expression,
    weight: Expression | None,
    reduction: str,
    ignored: int,
) -> Expression | None:
    """-g * one_hot(target), where no class has a weight and none is ignored."""
    classes = _array_of(target)
    scalar = scalar_of(g)
    if weight is not None or classes is None or scalar is None or len(shape) > 2:
        return None
    if not classes.size or (classes == ignored).any():
        return None
    if isinstance(target, Number):
        target = Literal(classes)
    share = -1 / classes.size if reduction == MEAN else -1.0
    hot = Call(_ONE_HOT, (target,), (shape[-1],), shape)
    return product([(Number(share), 1), (scalar, 1), (hot, 1)], shape)


def _array_of(x: Expression) -> np.ndarray[Any, Any] | None:
    if isinstance(x, Number):
        return np.full(x.shape, int(x.value))
    return x.array if isinstance(x, (Name, Literal)) else None
