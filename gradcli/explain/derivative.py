"""diff: the derivative as a formula in the user's names, beside its value."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import symbolic
from engine.format import tensor_text
from engine.record import source
from engine.symbolic import node_of
from engine.tensor import Tensor
from engine.tracing import tracing
from gradcli.explain.expression import Expression, Number
from gradcli.explain.rewrites import Reader
from gradcli.explain.writer import write

if TYPE_CHECKING:
    from gradcli.faults import Line

WIDTH = 80
LARGEST = 100
"""A formula of more parts than this is not written out."""


class Derivative:
    """d `of` / d `by`: a formula (None if too long to read) and a value, an array shaped like
    `by`.
    """

    __slots__ = ("by", "formula", "of", "value")

    def __init__(self, of: str, by: str, formula: str | None, value: np.ndarray[Any, Any]) -> None:
        self.of = of
        self.by = by
        self.formula = formula
        self.value = value

    def lines(self) -> list[Line]:
        """On one line where it fits, else the value below the formula."""
        left = f"d{self.of}/d{self.by}"
        value = tensor_text(self.value).split("\n")
        if self.formula is None:
            head: Line = [(left, "name"), (" = ", "plain"), (value[0], "value")]
            return [head, *([(" " * len(left) + f"   {line}", "value")] for line in value[1:])]
        known = self.formula == "0" or _is_number(self.formula)
        if len(left) + 3 + len(self.formula) > WIDTH:
            return self._wrapped(left, value)
        head = [(left, "name"), (" = ", "plain"), (self.formula, "formula")]
        if len(value) == 1 and (known or len(f"{left} = {self.formula} = {value[0]}") <= WIDTH):
            if self.value.ndim or not known:
                head += [(" = ", "plain"), (value[0], "value")]
            return [head]
        indent = " " * len(left)
        return [
            head,
            [(f"{indent} = ", "plain"), (value[0], "value")],
            *([(f"{indent}   {line}", "value")] for line in value[1:]),
        ]

    def _wrapped(self, left: str, value: list[str]) -> list[Line]:
        """A long formula over several lines, broken at its spaces."""
        indent = " " * len(left)
        formula = textwrap.wrap(self.formula or "", WIDTH - len(left) - 3)
        found: list[Line] = []
        for part in formula:
            sign: Line = (
                [(left, "name"), (" = ", "plain")] if not found else [(indent + "   ", "plain")]
            )
            found.append([*sign, (part, "formula")])
        found.append([(indent + " = ", "plain"), (value[0], "value")])
        return [*found, *([(f"{indent}   {line}", "value")] for line in value[1:])]


def derivative(y: Tensor, xs: Sequence[Tensor], names: Mapping[str, Any]) -> list[Derivative]:
    """The derivatives of y with respect to each of xs, written with `names` (name → value).

    A y that is not scalar counts as the sum of its elements, unless every step from x to y is
    element by element: then the derivative is too.
    """
    found = symbolic.derivative(y, xs)
    return [_one(y, x, g, names) for x, g in zip(xs, found, strict=True)]


def _one(y: Tensor, x: Tensor, g: Tensor | None, names: Mapping[str, Any]) -> Derivative:
    of, by = name_of(y, names) or "y", name_of(x, names) or "x"
    if y.array.ndim and not _elementwise(y, x):
        of = f"({of}.sum())"
    if g is None:
        return Derivative(of, by, "0", np.zeros(x.array.shape, x.array.dtype))
    expression = read(g, y, names)
    formula = write(expression) if expression.size <= LARGEST else None
    if formula is not None and len(formula) > 3 * WIDTH:
        formula = None
    value = np.broadcast_to(g.array, x.array.shape)
    return Derivative(of, by, formula, value)


def read(g: Tensor, y: Tensor, names: Mapping[str, Any]) -> Expression:
    """A traced value as an expression: in the names of leaves if that is short, else in all
    names.
    """
    bound = {
        id(source(v)): name for name, v in reversed(list(names.items())) if isinstance(v, Tensor)
    }
    bound.pop(id(source(y)), None)
    leaves = {
        id(source(v)): bound[id(source(v))]
        for v in names.values()
        if isinstance(v, Tensor) and id(source(v)) in bound and _given(v)
    }
    with tracing():
        short = Reader(leaves).read(source(g))
        if short.size <= LARGEST and len(write(short)) <= WIDTH - 20:
            return short
        return Reader(bound).read(source(g))


def _given(tensor: Tensor) -> bool:
    """Whether a value is a starting point of the formula: a leaf, or a constant with a name."""
    return node_of(source(tensor)) is None or not tensor.requires_grad


def name_of(tensor: Tensor, names: Mapping[str, Any]) -> str | None:
    """The user's name for a tensor, if one is bound to it or was."""
    for name, value in names.items():
        if value is tensor and name != "_":
            return name
    node = node_of(tensor.origin)
    if node is not None and node.trace is not None:
        return node.trace.name
    return tensor.label


def _elementwise(y: Tensor, x: Tensor) -> bool:
    """Whether every operation between x and y works element by element."""
    if x.array.shape != y.array.shape:
        return False
    return all(
        node.op.broadcasts and np.shape(node.trace.values[0]) == y.array.shape
        for node in symbolic.path(y, x)
        if node.trace is not None
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


__all__ = ["Derivative", "Number", "derivative", "name_of", "read"]
