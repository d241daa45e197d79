"""diff: derivatives of any order as formulas in the user's names, beside their values.

A derivative is taken name after name on the traced graph, by the engine's own rules. While what is
differentiated is a number, or works element by element, the result is a tensor like the name it is
taken by. From there on it would have more dimensions: of a vector by a vector it is written as a
matrix (jacobian.py), of anything else as a differential, dy = dW @ x.
"""

from __future__ import annotations

import ast
import math
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from engine.arrays.dtypes import get_default_dtype
from engine.graph import registry
from engine.graph.printing import tensor_text
from engine.graph.tensor import Tensor, wrap
from engine.transforms import recorded
from gradcli.base.faults import Line
from gradcli.explain.formula import latex
from gradcli.explain.formula.algebra.expression import Differential, Expression
from gradcli.explain.formula.from_trace import Reader
from gradcli.explain.formula.jacobian import jacobian
from gradcli.explain.formula.tidy import polished
from gradcli.explain.formula.writer import write
from gradcli.language.evaluation.builtins import BARE

WIDTH = 80
LARGEST = 100
"""A formula of more parts than this is not written out."""
SHORT = 40
"""Up to this length a formula is written in the names of leaves, not of values on the way."""
ENTRIES = 64
"""A derivative of more dimensions than the name it is taken by, and more numbers, has no value."""

Named = tuple[str, Tensor]


class Derivative:
    """The derivative of `of` by the names `by`, one after the other.

    The formula is None where it is too long to read, or cannot be said in the language; the value
    is None where it has too many numbers. With `differentials` the last so many of `by` are not
    divided by: `d(dz/dW) = ... dW`.
    """

    __slots__ = ("by", "differentials", "formula", "of", "scalars", "text", "value")

    def __init__(self, of: str, by: Sequence[str]) -> None:
        self.of = of
        self.by = by
        self.formula: str | None = "0"
        self.show(None)
        self.differentials = 0
        self.scalars: frozenset[str] = frozenset()
        """The names of 0-dim values: LaTeX leaves out the sign before them."""

    def show(self, value: np.ndarray[Any, Any] | None) -> None:
        """Take the value, and its lines as it is printed now."""
        self.value = value
        self.text = [] if value is None else tensor_text(value).split("\n")

    @property
    def left(self) -> str:
        """The left side of the equation."""
        done = self.by[: len(self.by) - self.differentials]
        inner = quotient(self.of, done) if done else self.of
        if not self.differentials:
            return inner
        name = inner if inner.isidentifier() else f"({inner})"
        return f"d{_raised(self.differentials)}{name}"

    def lines(self) -> list[Line]:
        """On one line where it fits, else the value below the formula."""
        value, left = self.text, self.left
        if self.differentials:
            above = [] if self.formula is None else self._wrapped(left, [])
            return [*above, *_beside(quotient(self.of, self.by), value)]
        if self.formula is None:
            return _beside(left, value or ["a formula and numbers too long to write here"])
        if len(left) + 3 + len(self.formula) > WIDTH or not value:
            return self._wrapped(left, value)
        known = self.formula == "0" or _is_number(self.formula)
        head = [(left, "name"), (" = ", "plain"), (self.formula, "formula")]
        if len(value) == 1 and (known or len(f"{left} = {self.formula} = {value[0]}") <= WIDTH):
            if (self.value is not None and self.value.ndim) or not known:
                head += [(" = ", "plain"), (value[0], "value")]
            return [head]
        return [head, *_below(left, value)]

    def _wrapped(self, left: str, value: list[str]) -> list[Line]:
        """A long formula over several lines."""
        indent = " " * len(left)
        found: list[Line] = []
        for part in _broken(self.formula or "", WIDTH - len(left) - 3):
            sign: Line = (
                [(left, "name"), (" = ", "plain")] if not found else [(indent + "   ", "plain")]
            )
            found.append([*sign, (part, "formula")])
        return [*found, *_below(left, value)]

    def latex(self) -> str:
        """The formula in LaTeX, with what stands left of it."""
        done = list(self.by[: len(self.by) - self.differentials])
        left = latex.quotient(self.of, done) if done else latex.called(self.of)
        if self.differentials:
            left = rf"\mathrm{{d}}{latex.order(self.differentials)} {left}"
        if self.formula is None:
            return rf"{left} = \text{{a formula too long to write here}}"
        return f"{left} = {latex.latex(self.formula, self.scalars)}"

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        value = self.value
        return {
            "of": self.of,
            "by": list(self.by),
            "order": len(self.by),
            "left": self.left,
            "formula": self.formula,
            "latex": self.latex(),
            "value": None if value is None else value.tolist(),
            "shape": None if value is None else list(value.shape),
        }


def _broken(formula: str, width: int) -> list[str]:
    """A formula in lines: broken before a sign outside of brackets if that is enough."""
    depth, marked = 0, ""
    for place, sign in enumerate(formula):
        depth += (sign in "([") - (sign in ")]")
        before = formula[place - 1 : place]
        keep = sign == " " and (depth or before in "+-*/@")
        marked += "\0" if keep else sign
    lines = textwrap.wrap(marked, width, break_long_words=False, break_on_hyphens=False)
    if any(len(line) > width for line in lines):
        return textwrap.wrap(formula, width, break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines]


def _beside(left: str, value: list[str]) -> list[Line]:
    first, *others = value or [""]
    head: Line = [(left, "name"), (" = ", "plain"), (first, "value")]
    below: list[Line] = [[(" " * len(left) + "   " + line, "value")] for line in others]
    return [head, *below] if value else []


def _below(left: str, value: list[str]) -> list[Line]:
    indent = " " * len(left)
    return [
        [(f"{indent} {' ' if place else '='} ", "plain"), (line, "value")]
        for place, line in enumerate(value)
    ]


def quotient(of: str, by: Sequence[str]) -> str:
    """dz/da, d²z/da², d²z/(da db)."""
    counts = [(name, by.count(name)) for name in dict.fromkeys(by)]
    below = " ".join(f"d{name}{_raised(count)}" for name, count in counts)
    above = of if of.isidentifier() else f"({of})"
    return f"d{_raised(len(by))}{above}/{below if len(counts) == 1 else f'({below})'}"


def _raised(order: int) -> str:
    return "" if order == 1 else str(order).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


# ---- which derivatives -----------------------------------------------------------------------


def wanted_by(xs: Sequence[Named], order: int | None) -> list[list[Named]]:
    """The names to differentiate by, derivative by derivative.

    Different names ask for one derivative each; a name that comes again for one derivative by all
    of them in turn; an order for all derivatives of that order.
    """
    if order is not None:
        return [list(names) for names in combinations_with_replacement(xs, order)]
    if len({name for name, _ in xs}) < len(xs):
        return [list(xs)]
    return [[x] for x in xs]


def derivative(
    y: Tensor,
    xs: Sequence[Named],
    names: Mapping[str, Any],
    of: str | None = None,
    at: Mapping[str, np.ndarray[Any, Any]] | None = None,
) -> Derivative:
    """The derivative of y by each of xs in turn, written with `names` (name → value).

    `at` gives other values for some of the names. What was written in place since y was computed
    counts as it is now, wherever y was computed from it.
    """
    found = Derivative(of or name_of(y, names) or "y", [name for name, _ in xs])
    found.scalars = frozenset(
        name for name, value in names.items() if isinstance(value, Tensor) and not value.array.ndim
    )
    closed, count = _closed(y, [x for _, x in xs])
    if closed is None:
        found.show(np.zeros(_shape(y, [x for _, x in xs]), y.array.dtype))
        return found
    rest = xs[count:]
    places = [(names[name], array) for name, array in (at or {}).items()]
    given = {id(x) for x, _ in places}
    places += [(x, x.array) for x in recorded.written_since(y) if id(x) not in given]
    found.show(_value(closed, [x for _, x in rest], places))
    if rest:
        _open(closed, y, rest, names, found)
    else:
        found.formula = formula(closed, y, names)
    return found


def _closed(y: Tensor, xs: Sequence[Tensor]) -> tuple[Tensor | None, int]:
    """The derivative by as many of xs as leave a tensor like y or like one of xs; how many.

    None where one derivative is 0. A vector that works element by element has one derivative an
    element; that of a number by a vector, its gradient, does not.
    """
    g, single = y, True
    for count, x in enumerate(xs):
        if g.array.ndim == 0:
            single = x.array.ndim == 0
            (found,) = recorded.derivative(g, [x])
        elif x.array.ndim == 0:
            found = _along(g, x, wrap(np.ones((), x.array.dtype)))
        elif single and _elementwise(g, x):
            (found,) = recorded.derivative(g, [x])
        else:
            return g, count
        if found is None:
            return None, count
        g = found
    return g, len(xs)


def _along(g: Tensor, x: Tensor, dx: Tensor) -> Tensor | None:
    """The differential of g where x changes by dx; None if it does not depend on x.

    The vector-Jacobian product is linear in its cotangent; its derivative by that is the
    Jacobian-vector product (Townsend, "A new trick for calculating Jacobian vector products").
    """
    cotangent = recorded.traced_leaf(np.ones(g.array.shape, g.array.dtype))
    (pulled,) = recorded.derivative(g, [x], cotangent)
    if pulled is None:
        return None
    (along,) = recorded.derivative(pulled, [cotangent], dx)
    return along


def _open(
    closed: Tensor, y: Tensor, rest: Sequence[Named], names: Mapping[str, Any], found: Derivative
) -> None:
    """Write the formula where the derivative has more dimensions than the names it is taken by."""
    g = closed
    written: dict[int, Expression] = {}
    kept: list[Tensor] = []  # an id is only good while its object lives
    for name, x in rest:
        label = f"d{name}" if name.isidentifier() else "dx"
        while label in names:
            label += "_"
        dx = recorded.traced_leaf(np.ones(x.array.shape, x.array.dtype))
        written[id(dx)] = change = Differential(label, dx.array.shape)
        kept.append(dx)
        along = _along(g, x, dx)
        if along is None:
            return
        g = along
    if len(rest) == 1 and closed.array.ndim == dx.array.ndim == 1:
        found.formula = formula(g, y, names, written, lambda e: jacobian(e, change))
        if found.formula is not None:
            return
    found.formula, found.differentials = formula(g, y, names, written), len(rest)


# ---- numbers ---------------------------------------------------------------------------------


def _value(
    closed: Tensor, rest: Sequence[Tensor], at: Sequence[tuple[Tensor, np.ndarray[Any, Any]]]
) -> np.ndarray[Any, Any] | None:
    """The derivative's numbers, of shape (of `closed`, of each of `rest` ...)."""
    shape = sum((x.array.shape for x in rest), closed.array.shape)
    if rest and math.prod(shape) > ENTRIES:
        return None
    parts = [closed]
    for x in rest:
        parts = [row for part in parts for row in _rows(part, x)]
    if at:
        with np.errstate(all="ignore"):
            arrays = recorded.Plan([x for x, _ in at], parts).numpy(*(array for _, array in at))
    else:
        arrays = [part.array for part in parts]
    like = rest[-1].array.shape if rest else shape
    value: np.ndarray[Any, Any] = np.stack([np.broadcast_to(a, like) for a in arrays])
    return value.reshape(shape)


def _rows(g: Tensor, x: Tensor) -> Iterator[Tensor]:
    """The derivative by x of each element of g."""
    for one in recorded.units(g):
        (row,) = recorded.derivative(g, [x], one)
        yield wrap(np.zeros(x.array.shape, x.array.dtype)) if row is None else row


def _shape(y: Tensor, xs: Sequence[Tensor]) -> tuple[int, ...]:
    """The shape of a derivative that is 0."""
    shapes: list[tuple[int, ...]] = [x.array.shape for x in xs]
    alike = all(shape in ((), y.array.shape) for shape in shapes)
    shape: tuple[int, ...] = y.array.shape
    return shape if shape and alike else sum(shapes, shape)


def _elementwise(y: Tensor, x: Tensor) -> bool:
    """Whether every operation between x and y works element by element."""
    if x.array.shape != y.array.shape:
        return False
    return all(
        node.op.broadcasts and recorded.value(node).shape == y.array.shape
        for node in recorded.path(y, x)
    )


# ---- formulas --------------------------------------------------------------------------------


def formula(
    item: Tensor,
    y: Tensor,
    names: Mapping[str, Any],
    written: Mapping[int, Expression] | None = None,
    change: Callable[[Expression], Expression | None] | None = None,
) -> str | None:
    """A traced value as text: in the names of leaves if that is short, else in the shorter way.

    None if it is too long to read, or not of the language. `written` are expressions for further
    items of the trace; `change` makes another expression of what was read, or None.
    """
    found: list[str] = []
    for read in _readings(item, y, names, written or {}):
        expression = read if change is None or read.size > LARGEST else change(read)
        if expression is None or expression.size > LARGEST:
            continue
        text = write(polished(expression))
        if not _of_language(text):
            continue
        text = _in_dtype(text, y)
        if len(text) <= SHORT:
            return text
        found.append(text)
    best = min(found, key=len, default=None)
    return best if best is not None and len(best) <= 3 * WIDTH else None


_MADE = re.compile(r"\b(ones|full|zeros|eye)\(((?:[^()]|\([^()]*\))*)\)")


def _in_dtype(text: str, y: Tensor) -> str:
    """A formula makes its values in the dtype of y, where that is not the default."""
    if y.dtype == get_default_dtype():
        return text
    name = str(y.dtype).removeprefix("torch.")
    return _MADE.sub(rf"\1(\2, dtype={name})", text)


def _readings(
    item: Tensor, y: Tensor, names: Mapping[str, Any], written: Mapping[int, Expression]
) -> Iterator[Expression]:
    """A traced value in the names of leaves, then in all names but that of y."""
    bound = {
        id(recorded.source(v)): name
        for name, v in reversed(list(names.items()))
        if isinstance(v, Tensor) and name != "_"
    }
    bound.pop(id(recorded.source(y)), None)
    leaves = {
        id(recorded.source(v)): bound[id(recorded.source(v))]
        for v in names.values()
        if isinstance(v, Tensor) and id(recorded.source(v)) in bound and _given(v)
    }
    for known in (leaves, bound):
        with recorded.tracing():
            expression = Reader({**known, **written}).read(recorded.source(item))
        yield expression


def _given(tensor: Tensor) -> bool:
    """Whether a value is a starting point of the formula: a leaf, or a constant with a name."""
    return recorded.made_by(recorded.source(tensor)) is None or not tensor.requires_grad


def _of_language(text: str) -> bool:
    """Whether a session can compute what is written: some of the rules' own steps have no word."""
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:  # numbers that nobody gave a name: <3x4 values>
        return True
    return all(_is_known(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))


def _is_known(called: ast.expr) -> bool:
    if isinstance(called, ast.Attribute):
        return registry.of_tensors(called.attr)
    return isinstance(called, ast.Name) and called.id in BARE


def name_of(tensor: Tensor, names: Mapping[str, Any]) -> str | None:
    """The user's name for a tensor, if one is bound to it or was."""
    for name, value in names.items():
        if value is tensor and name != "_":
            return name
    return recorded.name(recorded.source(tensor))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
