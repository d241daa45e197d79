"""The walk from a value to its leaves that gives a graph as data; too much of it is folded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.graph.printing import values_text
from engine.graph.tensor import LEAF, Tensor
from engine.transforms import recorded
from gradcli.explain.formula.as_written import ForwardReader
from gradcli.explain.formula.writer import write
from gradcli.explain.graph.graph_data import Graph, Vertex, band

MOST_GRADIENTS = 400
"""Gradients are told of so many values, those next to the root."""


def graph_of(tensor: Tensor, names: Mapping[str, Any], deepest: int, most: int) -> Graph:
    """The graph of a traced tensor; `names` maps the user's names to values.

    What is deeper than `deepest` is folded into one vertex; of more than `most` branches the rest
    is counted.
    """
    walk = _Walk(names, deepest, most, _gradients(tensor))
    walk.written = {id(x) for x in recorded.written_since(tensor)}
    return walk.run([recorded.source(tensor)])


def gradient_graph_of(
    y: Tensor,
    xs: Sequence[tuple[str, Tensor]],
    of: str,
    names: Mapping[str, Any],
    deepest: int,
    most: int,
) -> Graph:
    """The gradient of y with respect to each of xs, down to values of the forward pass."""
    found = recorded.derivative(y, [x for _, x in xs])
    walk = _Walk(names, deepest, most, {})
    walk.forward = {recorded.key(node) for node in recorded.nodes(recorded.source(y))}
    results = [
        (name, recorded.source(g)) for (name, _), g in zip(xs, found, strict=True) if g is not None
    ]
    for name, item in results:
        known = walk.names.get(id(item))
        walk.titles[id(item)] = f"d{of}/d{name}" + (f" = {known}" if known else "")
    return walk.run([item for _, item in results])


class _Walk:
    """Depth first, in the order a person reads; an explicit stack, since graphs are deep."""

    def __init__(
        self, names: Mapping[str, Any], deepest: int, most: int, flows: dict[int, Any]
    ) -> None:
        bound = [(n, v) for n, v in names.items() if isinstance(v, Tensor) and n != "_"]
        self.names = {id(recorded.source(value)): name for name, value in reversed(bound)}
        self.tensors = {id(recorded.source(value)): value for _, value in bound}
        self.titles: dict[int, str] = {}
        self.forward: set[Any] = set()
        self.written: set[int] = set()
        self.reader = ForwardReader(self.names)
        self.deepest = deepest
        self.most = most
        self.flows = flows
        self.vertices: list[Vertex] = []
        self.parts: list[list[int]] = []
        self.places: dict[int, int] = {}
        self.left_out = 0

    def run(self, roots: Sequence[Any]) -> Graph:
        """The graph of some items of the trace."""
        stack: list[tuple[Any, int | None, int]] = [(root, None, 0) for root in reversed(roots)]
        found: list[int] = []
        rows = 0
        while stack:
            item, above, depth = stack.pop()
            if rows >= self.most:
                self.left_out += 1
                continue
            rows += 1
            new = id(item) not in self.places
            place = self._add(item, depth) if new else self.places[id(item)]
            if above is None:
                found.append(place)
            else:
                self.parts[above].append(place)
            if new and self.vertices[place].kind != "folded":
                below = self._operands(item)
                stack += [(operand, place, depth + 1) for operand in reversed(below)]
        return Graph(self.vertices, self.parts, found, self.left_out)

    def _add(self, item: Any, depth: int) -> int:
        place = self.places[id(item)] = len(self.vertices)
        folded = depth >= self.deepest and self._operands(item)
        self.vertices.append(self._fold(item, place) if folded else self._vertex(item))
        self.parts.append([])
        return place

    def _operands(self, item: Any) -> list[Any]:
        """The operands of an item, each once, numbers left out."""
        if self._is_forward(item):
            return []
        seen: dict[int, Any] = {}
        for arg in recorded.operands(item):
            if recorded.is_tensor(arg) and not self._is_plain_number(arg):
                seen.setdefault(id(arg), arg)
        return list(seen.values())

    def _is_forward(self, item: Any) -> bool:
        return bool(self.forward) and recorded.key(item) in self.forward

    def _is_plain_number(self, item: Any) -> bool:
        return (
            isinstance(item, Tensor)
            and item.array.ndim == 0
            and item.edge is None
            and id(item) not in self.names
            and item.label is None
        )

    def _fold(self, item: Any, place: int) -> Vertex:
        """The vertex for a part of the graph that is too deep to show."""
        count = 0
        leaves: dict[int, str] = {}
        for current in recorded.items(item, self._operands):
            if isinstance(current, Tensor):
                leaves[id(current)] = self._name(current)
            else:
                count += 1
                self.places.setdefault(id(current), place)
        named = sorted(set(leaves.values()))
        shown = ", ".join(named[:4]) + (", ..." if len(named) > 4 else "")
        label = f"... {count:,} more operations" + (f", down to {shown}" if shown else "")
        return Vertex(label, "", "folded")

    def _name(self, item: Any) -> str:
        name = self.titles.get(id(item)) or self.names.get(id(item))
        if name is not None:
            return name
        node = recorded.made_by(item)
        if node is None:
            return recorded.name(item) or "constant"
        expression = self.reader.read(item)
        if expression.size > 12:
            return str(node.op.name)
        text = write(expression)
        return text if len(text) <= 30 else str(node.op.name)

    def _vertex(self, item: Any) -> Vertex:
        array = recorded.value(item)
        value = values_text(array)
        node = recorded.made_by(item)
        if node is None:
            kind = "leaf" if item.edge is LEAF else "constant"
            text, size = self._gradient(item) if kind == "leaf" else ("", "")
            since = "written since" if id(item) in self.written else ""
            return Vertex(self._name(item), since, kind, array.shape, value, text, size)
        text, size = self._gradient(item)
        kind = "value" if self._is_forward(item) else "operation"
        known = id(item) in self.names or id(item) in self.titles
        operation = _sign(node.op) if known and kind == "operation" else ""
        line = recorded.line(node)
        return Vertex(self._name(item), operation, kind, array.shape, value, text, size, line)

    def _gradient(self, item: Any) -> tuple[str, str]:
        """The gradient as text, and how large it is."""
        tensor = self.tensors.get(id(item), item)
        held = getattr(tensor, "_grad", None) if isinstance(tensor, Tensor) else None
        found = self.flows.get(id(item)) if held is None else held.array
        if found is None:
            return ("no grad yet" if isinstance(item, Tensor) and not self.forward else ""), ""
        return f"grad {values_text(found)}", band(found)


def _gradients(root: Tensor) -> dict[int, np.ndarray[Any, Any]]:
    """The gradients that backward from `root` sent through each value, if it was run."""
    if root.array.size != 1:
        return {}
    made: list[Any] = []
    went_backward = False
    for item in recorded.items(recorded.source(root)):
        node = recorded.made_by(item)
        if node is None:
            went_backward |= isinstance(item, Tensor) and item._grad is not None
            continue
        went_backward |= recorded.is_used_up(node)
        made.append(item)
        if len(made) == MOST_GRADIENTS:
            break
    if not went_backward:
        return {}
    tensors = [recorded.tensor_of(item) for item in made]
    found = recorded.derivative(root, tensors)
    return {
        id(item): np.broadcast_to(g.array, t.array.shape)
        for item, t, g in zip(made, tensors, found, strict=True)
        if g is not None and t is not tensors[0] and t.edge is not None
    }


def _sign(op: Any) -> str:
    """An operation in a word: its operator, or its name."""
    for sign in ("**", "@", "+", "*", "/", "%", "=="):
        if f" {sign} " in op.written:
            return sign
    if " - " in op.written or op.written.startswith("-"):
        return "-"
    return str(op.name)
