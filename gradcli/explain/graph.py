"""graph: what a value was made of, as a tree with names, operations, values and gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine import symbolic
from engine.format import values_text
from engine.node import Freed, Node, Output
from engine.record import source
from engine.symbolic import node_of
from engine.tensor import LEAF, Tensor
from gradcli.explain.expression import Call, Expression, Name, Number
from gradcli.explain.rewrites import Reader
from gradcli.explain.writer import write

if TYPE_CHECKING:
    from gradcli.faults import Line

WIDTH = 80
DEEPEST = 12
LONGEST = 40
"""A tree deeper than this, or of more lines, is folded."""


class Row(NamedTuple):
    """One line of the tree."""

    branch: str
    label: str
    value: str
    gradient: str
    style: str


class Graph:
    """The tree of a value, one row a line."""

    __slots__ = ("rows",)

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows

    def lines(self) -> list[Line]:
        """Labels, values and gradients in columns."""
        left = max(len(row.branch) + len(row.label) for row in self.rows)
        middle = max(len(row.value) for row in self.rows)
        found: list[Line] = []
        for row in self.rows:
            gap = " " * (left - len(row.branch) - len(row.label))
            line: Line = [(row.branch, "dim"), (row.label, row.style)]
            if row.value:
                line.append((f"{gap}  {row.value}", "value"))
            if row.gradient:
                pad = " " * (middle - len(row.value) + (0 if row.value else len(gap) + 2))
                line.append((f"{pad}   {row.gradient}", "gradient"))
            found.append(line)
        return found


def graph_of(tensor: Tensor, names: Mapping[str, Any]) -> Graph:
    """The graph of a traced tensor; `names` maps the user's names to values."""
    return Graph(_Drawing(tensor, names).draw(source(tensor)))


class _Drawing:
    """A walk from a value to its leaves, keeping what was drawn already."""

    def __init__(self, root: Tensor, names: Mapping[str, Any]) -> None:
        bound = [(n, v) for n, v in names.items() if isinstance(v, Tensor) and n != "_"]
        self.names = {id(source(value)): name for name, value in reversed(bound)}
        self.tensors = {id(source(value)): value for _, value in bound}
        self.reader = ForwardReader(self.names)
        self.root = root
        self.flows = _gradients(root)
        self.drawn: set[int] = set()
        self.rows: list[Row] = []
        self.folded = 0

    def draw(self, item: Any) -> list[Row]:
        """The rows, depth first; an explicit stack, since graphs are deep."""
        stack: list[tuple[Any, str, str]] = [(item, "", "")]
        while stack:
            current, branch, below = stack.pop()
            if len(self.rows) >= LONGEST:
                self.folded += 1
                continue
            if id(current) in self.drawn:
                self.rows.append(Row(branch, f"{self._name(current)}  (above)", "", "", "dim"))
                continue
            self.drawn.add(id(current))
            children = self._children(current)
            if children and len(below) >= 3 * DEEPEST:
                self.rows.append(Row(branch, self._fold(current), "", "", "dim"))
                continue
            self.rows.append(self._row(current, branch))
            for place, child in reversed(list(enumerate(children))):
                last = place == len(children) - 1
                stack.append(
                    (child, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "))
                )
        if self.folded:
            self.rows.append(Row("", f"... and {self.folded} more branches", "", "", "dim"))
        return self.rows

    def _children(self, item: Any) -> list[Any]:
        node = node_of(item)
        if node is None or node.trace is None:
            return []
        seen: dict[int, Any] = {}
        for arg in node.trace.args:
            if isinstance(arg, (Tensor, Node, Output)) and not self._is_plain_number(arg):
                seen.setdefault(id(arg), arg)
        return list(seen.values())

    def _is_plain_number(self, item: Any) -> bool:
        return (
            isinstance(item, Tensor) and item.array.ndim == 0 and item.edge is None
            and id(item) not in self.names and item.label is None
        )  # fmt: skip

    def _fold(self, item: Any) -> str:
        """What stands for a part of the tree that is too deep to draw."""
        count = 0
        leaves: dict[int, str] = {}
        seen: set[int] = set()
        stack = [item]
        while stack:
            current = stack.pop()
            if id(current) in seen:
                continue
            seen.add(id(current))
            children = self._children(current)
            if node_of(current) is None:
                leaves[id(current)] = self._name(current)
            else:
                count += 1
                self.drawn.add(id(current))
            stack.extend(children)
        named = sorted(set(leaves.values()))
        shown = ", ".join(named[:4]) + (", ..." if len(named) > 4 else "")
        return f"... {count:,} more operations" + (f", down to {shown}" if shown else "")

    def _name(self, item: Any) -> str:
        name = self.names.get(id(item))
        if name is not None:
            return name
        node = node_of(item)
        if node is None:
            return item.label or "constant"
        expression = self.reader.read(item)
        if expression.size > 12:
            return str(node.op.name)
        text = write(expression)
        return text if len(text) <= 30 else str(node.op.name)

    def _row(self, item: Any, branch: str) -> Row:
        node = node_of(item)
        array = item.array if node is None else node.trace.values[getattr(item, "index", 0)]  # type: ignore[union-attr]
        value = values_text(np.asarray(array))
        if node is None:
            kind = "leaf" if item.edge is LEAF else "constant"
            label = self._name(item)
            label = f"{label}  {kind}" if label != kind else kind
            gradient = self._gradient(item) if item.edge is LEAF else ""
            return Row(branch, label, value, gradient, kind)
        label = self._name(item)
        if id(item) in self.names:
            label = f"{label}  {_sign(node.op)}"
        return Row(branch, label, value, self._gradient(item), "operation")

    def _gradient(self, item: Any) -> str:
        tensor = self.tensors.get(id(item), item)
        held = getattr(tensor, "_grad", None) if isinstance(tensor, Tensor) else None
        if held is not None:
            return f"grad {values_text(held.array)}"
        if isinstance(item, Tensor):
            return "no grad yet"
        g = self.flows.get(id(item))
        return "" if g is None else f"grad {values_text(g)}"


def _gradients(root: Tensor) -> dict[int, np.ndarray[Any, Any]]:
    """The gradients that backward from `root` sent through each value, if it was run."""
    if root.array.size != 1:
        return {}
    items: dict[int, Any] = {}
    went_backward = False
    stack = [source(root)]
    while stack and len(items) < 10 * LONGEST:
        item = stack.pop()
        made_by = node_of(item)
        went_backward |= isinstance(item, Tensor) and item._grad is not None
        if id(item) in items or made_by is None or made_by.trace is None:
            continue
        went_backward |= isinstance(made_by.saved, Freed)
        items[id(item)] = item
        stack.extend(made_by.trace.args)
    if not went_backward:
        return {}
    tensors = [symbolic.tensor_of(item) for item in items.values()]
    found = symbolic.derivative(root, tensors)
    return {
        key: np.broadcast_to(g.array, t.array.shape)
        for key, t, g in zip(items, tensors, found, strict=True)
        if g is not None and t is not tensors[0] and t.edge is not None
    }


class ForwardReader(Reader):
    """Reads what was computed as it was written, nothing simplified."""

    def _make(self, item: Any) -> Expression:
        node = node_of(item)
        if node is None or node.trace is None or id(item) in self.names:
            made = super()._make(item)
            if node is None and isinstance(item, Tensor) and not isinstance(made, (Name, Number)):
                return Name("constant", made.shape)
            return made
        return self._computed(item, node)

    def opened(self, item: Any) -> Expression:
        """How a value was computed, though it has a name."""
        node = node_of(item)
        if node is None or node.trace is None:
            return self.read(item)
        for arg in node.trace.args:
            if arg is not None:
                self.read(arg)
        return self._computed(item, node)

    def _computed(self, item: Any, node: Node) -> Expression:
        assert node.trace is not None
        args = tuple(None if arg is None else self._done[id(arg)] for arg in node.trace.args)
        if node.op.name == "mul" and isinstance(args[1], Number):
            args = args[::-1]  # 5*b, as it was typed: PyTorch turns it round
        part = item.index if type(item) is Output else None
        return Call(node.op, args, node.trace.params, np.shape(node.trace.values[part or 0]), part)


def _sign(op: Any) -> str:
    """An operation in a word: its operator, or its name."""
    for sign in ("**", "@", "+", "*", "/", "%", "=="):
        if f" {sign} " in op.written:
            return sign
    if " - " in op.written or op.written.startswith("-"):
        return "-"
    return str(op.name)
