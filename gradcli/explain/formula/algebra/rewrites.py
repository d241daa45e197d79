"""The table of rewrites, and the application of a row by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.arrays.backends import NUMPY
from gradcli.explain.formula.algebra.expression import (
    Call,
    Expression,
    Number,
    Shape,
    scaled,
    times,
)

Rewrite = Callable[..., Expression | None]
REWRITES: dict[str, Rewrite] = {}


def rewrite(*rows: str) -> Callable[[Rewrite], Rewrite]:
    """Add a rewrite for the rows named."""

    def add(function: Rewrite) -> Rewrite:
        for row in rows:
            REWRITES[row] = function
        return function

    return add


_LINEAR = {
    "sum": (0,),
    "sum_dim": (0,),
    "sum_to": (0,),
    "mean": (0,),
    "mean_dim": (0,),
    "reshape": (0,),
    "view": (0,),
    "t": (0,),
    "transpose": (0,),
    "permute": (0,),
    "mm": (0, 1),
    "mv": (0, 1),
    "bmm": (0, 1),
    "dot": (0, 1),
    "keep": (0,),
    "squeeze": (0,),
    "squeeze_dim": (0,),
    "unsqueeze": (0,),
    "unsafe_view": (0,),
    "flip": (0,),
    "index": (0,),
    "cumsum": (0,),
    "outer": (0, 1),
    "diag": (0,),
    "sum_to_size": (0,),
}
"""Rows that a number can be taken out of, and from which operands."""


def apply_row(
    row: Any, args: tuple[Expression | None, ...], params: Any, shape: Shape
) -> Expression:
    """A row applied to expressions, simplified."""
    change = REWRITES.get(row.name)
    if change is not None:
        changed = change(shape, *args, *params)
        if changed is not None:
            return changed
    if getattr(row, "broadcasts", False) and all(isinstance(arg, Number) for arg in args):
        return _folded(row, args, params, shape)
    coefficient = 1.0
    operands = list(args)
    for place in _LINEAR.get(row.name, ()):
        operand = operands[place]
        if operand is not None:
            factor, operands[place] = scaled(operand)
            coefficient *= factor
    if coefficient != 1:
        return times(coefficient, apply_row(row, tuple(operands), params, shape))
    return Call(row, tuple(operands), tuple(params), shape)


def _folded(row: Any, args: tuple[Any, ...], params: Any, shape: Shape) -> Number:
    """A function of numbers alone is a number: the language has no tanh(1), as PyTorch has none."""
    value = row.over(NUMPY)(*(np.asarray(arg.value) for arg in args), *params)
    return Number(np.asarray(value).item(), shape)
