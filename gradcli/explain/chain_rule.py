"""trace: the chain rule walked step by step, from a value down to what it was computed from.

Each row is one edge of the graph: the local derivative in symbols and in numbers, times what came
from above, is what goes on below. The numbers are those of the backward the engine runs; the
symbols are the same rules read over names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from engine.graph.printing import values_text
from engine.graph.tensor import Tensor
from engine.transforms import recorded
from gradcli.base.faults import Line
from gradcli.explain.formula.algebra.expression import Expression, Name
from gradcli.explain.formula.from_trace import Reader
from gradcli.explain.formula.naming import Naming
from gradcli.explain.formula.writer import write

WIDTH = 80
LONGEST = 60
"""Rows; of a longer chain the middle is left out."""


class Link(NamedTuple):
    """One edge of the graph: what was computed, from what, and how much of the gradient passes.

    `formula` is the local derivative or, where the operation is not one by elements, what is sent
    below as a formula of g, the cotangent from above; `local` are its numbers, None in the second
    case. `remark` tells of a broadcast undone.
    """

    made: str
    how: str
    below: str
    formula: str
    local: Any
    incoming: Any
    sent: Any
    remark: str

    def cells(self) -> tuple[str, str, str, str]:
        """The value, its local derivative, the factor before it, and their product."""
        left = self.made if self.made == self.how else f"{self.made} = {self.how}"
        above, below = _fraction(self.made), _fraction(self.below)
        if self.local is None:
            return left, f"g d{above}/d{below} = {self.formula}", "", f"= {_numbers(self.sent)}"
        factors = f"{_numbers(self.incoming)} x {_numbers(self.local)}"
        times = "" if is_one(self.incoming) else factors
        return left, f"d{above}/d{below} = {self.formula}", times, f"= {_numbers(self.sent)}"

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "value": self.made,
            "computed": self.how,
            "operand": self.below,
            "derivative": self.formula,
            "local": _listed(self.local),
            "upstream": _listed(self.incoming),
            "contribution": _listed(self.sent),
            "remark": self.remark,
        }


class Meeting(NamedTuple):
    """Where several ways meet: the contributions, and their sum."""

    name: str
    parts: list[Any]
    total: Any

    def cells(self) -> tuple[str, str, str, str]:
        """The value, how many ways, the contributions, the sum."""
        parts = " + ".join(map(_numbers, self.parts))
        shown = parts if len(parts) <= 40 else ""
        return self.name, f"{len(self.parts)} ways meet", shown, f"= {_numbers(self.total)}"

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "value": self.name,
            "parts": [_listed(part) for part in self.parts],
            "sum": _listed(self.total),
        }


class Chain:
    """The chain rule from one value to another, top down."""

    __slots__ = ("_cells", "by", "left_out", "of", "rows", "stepwise")

    def __init__(self, of: str, by: str, rows: list[Link | Meeting], left_out: int) -> None:
        self.stepwise = False
        """Whether to show it a step at a time, where somebody sits before it."""
        self.of = of
        self.by = by
        self.rows = rows
        self._cells = [row.cells() for row in rows]
        self.left_out = left_out

    def lines(self) -> list[Line]:
        """A row a line, in columns where they fit."""
        return [line for page in self.pages() for line in page]

    def pages(self) -> list[list[Line]]:
        """The lines, step by step."""
        rows, cells, left_out = self.rows, self._cells, self.left_out
        if not rows:
            return []
        wide = [min(max(len(cell[i]) for cell in cells), limit) for i, limit in ((0, 24), (1, 34))]
        found: list[list[Line]] = []
        for place, (row, cell) in enumerate(zip(rows, cells, strict=True)):
            page = _line(cell, wide)
            if left_out > 0 and place == LONGEST // 2:
                page.insert(0, [(f"... {left_out:,} more steps", "dim")])
            if isinstance(row, Link) and row.remark:
                page.append([("  " + row.remark, "dim")])
            found.append(page)
        return found

    def facts(self) -> dict[str, Any]:
        """The rows, each an object."""
        steps = [row.facts() for row in self.rows]
        return {"of": self.of, "by": self.by, "steps": steps, "left_out": self.left_out}


def _line(cell: tuple[str, str, str, str], wide: list[int]) -> list[Line]:
    made, formula, times, result = cell
    first: Line = [(made.ljust(wide[0]) + "  ", "name"), (formula.ljust(wide[1]) + "  ", "formula")]
    rest: Line = [(f"{times} " if times else "", "plain"), (result, "value")]
    if sum(len(text) for text, _ in (*first, *rest)) <= WIDTH:
        return [[*first, *rest]]
    return [[first[0], (formula, "formula")], [("    ", "plain"), *rest]]


def _fraction(name: str) -> str:
    return name if name.isidentifier() else f"({name})"


def _numbers(array: Any) -> str:
    """Numbers in a word: one if they are all the same, a row if they are few, else their size."""
    array = np.asarray(array)
    if array.size and (array == array.flat[0]).all():
        return values_text(array.reshape(-1)[0])
    text = values_text(array)
    if array.size <= 4 and "\n" not in text:
        return text
    size = float(np.sqrt(np.square(np.abs(array.astype(np.float64))).sum()))
    return f"{'x'.join(map(str, array.shape))} numbers of norm {size:.4g}"


def _listed(array: Any) -> Any:
    return None if array is None else np.asarray(array).tolist()


def is_one(array: Any) -> bool:
    """Whether every number is 1."""
    return array is not None and bool((np.asarray(array) == 1).all())


def chain(y: Tensor, x: Tensor, names: Mapping[str, Any]) -> Chain:
    """The chain rule from y down to x; y's cotangent is 1 in every element."""
    return _Walk(y, x, names).chain()


class _Walk:
    """A backward from y walked again, and written down where it leads to x."""

    def __init__(self, y: Tensor, x: Tensor, names: Mapping[str, Any]) -> None:
        self.y, self.x = y, x
        self.naming = Naming(names)

    def chain(self) -> Chain:
        """The rows, in the order of backward; the middle of a long chain is left out."""
        y, x = self.y, self.x
        leading = set(recorded.path(y, x))
        target = recorded.key(recorded.source(x))
        g = np.ones(y.array.shape, y.array.dtype)
        rows: list[Callable[[], Link | Meeting]] = []
        arrived: dict[Any, list[Any]] = {}
        for step in recorded.steps([(recorded.source(y), g)]):
            if step.node not in leading:
                continue
            parts = arrived.pop((step.node.rank, 0), [])
            if step.node.op.outputs == 1 and len(parts) > 1:
                rows.append(partial(self._meeting, step.node, parts, step.incoming))
            for place, edge, sent in step.onward():
                at = recorded.key(edge)
                if at == target or recorded.made_by(edge) in leading:
                    rows.append(partial(self._link, step, place, edge, sent))
                    arrived.setdefault(at, []).append(sent)
        parts = arrived.get(target, [])
        if len(parts) > 1:
            rows.append(partial(self._meeting, recorded.source(x), parts, sum(parts[1:], parts[0])))
        left_out = max(len(rows) - LONGEST, 0)
        if left_out:
            rows = [*rows[: LONGEST // 2], *rows[-LONGEST // 2 :]]
        of, by = (self.naming.called(recorded.source(each)) for each in (y, x))
        return Chain(of, by, [make() for make in rows], left_out)

    def _meeting(self, item: Any, parts: list[Any], total: Any) -> Meeting:
        return Meeting(self.naming.called(item), parts, total)

    def _link(self, step: recorded.Step, place: int, edge: Any, sent: Any) -> Link:
        node = step.node
        formula, local = self._local(node, place)
        incoming = step.incoming if type(step.incoming) is not list else None
        remark = ""
        if recorded.broadcast(node, edge):
            shape = recorded.value(edge).shape
            remark = f"summed to shape {list(shape)}, from which it was broadcast"
        made, how, below = (
            self.naming.called(node),
            self.naming.written(node),
            self.naming.called(edge),
        )
        return Link(made, how, below, formula, local, incoming, sent, remark)

    def _local(self, node: recorded.Node, place: int) -> tuple[str, Any]:
        """The local derivative of a node for one operand: in symbols, and in numbers.

        The row is run again on its own operands, each standing for itself, so that nothing but
        them is in the formula.
        """
        named: dict[int, str | Expression] = {}
        with recorded.tracing():
            operands = [self._stands_for(arg, named) for arg in recorded.operands(node)]
            out = recorded.run_again(node, operands)
            shape = operands[place].array.shape
            plain = not out.array.ndim or (node.op.broadcasts and out.array.shape == shape)
            ones = np.ones(out.array.shape, out.array.dtype)
            g = recorded.traced_leaf(ones, None if plain else "g", requires_grad=False)
            (found,) = recorded.derivative(out, [operands[place]], g)
            if found is None:
                return "0", None
            expression = Reader(named).read(recorded.source(found))
        text = write(expression) if expression.size <= 40 else "..."
        return text, np.broadcast_to(found.array, shape) if plain else None

    def _stands_for(self, item: Any, named: dict[int, str | Expression]) -> Any:
        """A fresh leaf with an operand's numbers, written as the operand."""
        if not recorded.is_tensor(item):
            return item
        array = recorded.value(item)
        leaf = recorded.traced_leaf(array)
        name = self.naming.name(item)
        if name is None and recorded.made_by(item) is None and recorded.name(item) is None:
            return item  # a number
        expression = Name(name, array.shape) if name is not None else self.naming.expression(item)
        named[id(leaf)] = expression if expression.size <= 15 else Name("(...)", array.shape)
        return leaf
