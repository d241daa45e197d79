"""The walk from a value to its leaves that gives a graph as data; too much of it is folded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.dispatch.apply import source
from engine.graph.node import Freed, Node, Output
from engine.graph.printing import values_text
from engine.graph.tensor import LEAF, Tensor
from engine.transforms import symbolic
from engine.transforms.symbolic import node_of
from gradcli.explain.formula.as_written import ForwardReader
from gradcli.explain.formula.writer import write
from gradcli.explain.graph.data import Graph, Vertex, band

MOST_GRADIENTS = 400
"""Gradients are told of so many values, those next to the root."""


def graph_of(tensor: Tensor, names: Mapping[str, Any], deepest: int, most: int) -> Graph:
    """The graph of a traced tensor; `names` maps the user's names to values.

    What is deeper than `deepest` is folded into one vertex; of more than `most` branches the rest
    is counted.
    """
    walk = _Walk(names, deepest, most, _gradients(tensor))
    walk.written = {id(x) for x in symbolic.written_since(tensor)}
    return walk.run([source(tensor)])


def gradient_graph_of(
    y: Tensor,
    xs: Sequence[tuple[str, Tensor]],
    of: str,
    names: Mapping[str, Any],
    deepest: int,
    most: int,
) -> Graph:
    """What backward from y computes for each of xs, down to values of the forward pass."""
    found = symbolic.derivative(y, [x for _, x in xs])
    walk = _Walk(names, deepest, most, {})
    walk.forward = {symbolic.key(node) for x in (y,) for node in _nodes(source(x))}
    results = [(name, source(g)) for (name, _), g in zip(xs, found, strict=True) if g is not None]
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
        self.names = {id(source(value)): name for name, value in reversed(bound)}
        self.tensors = {id(source(value)): value for _, value in bound}
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
        """What an item was computed from, each once, numbers left out."""
        node = node_of(item)
        if node is None or node.trace is None or self._is_forward(item):
            return []
        seen: dict[int, Any] = {}
        for arg in node.trace.args:
            if isinstance(arg, (Tensor, Node, Output)) and not self._is_plain_number(arg):
                seen.setdefault(id(arg), arg)
        return list(seen.values())

    def _is_forward(self, item: Any) -> bool:
        return bool(self.forward) and symbolic.key(item) in self.forward

    def _is_plain_number(self, item: Any) -> bool:
        return (
            isinstance(item, Tensor)
            and item.array.ndim == 0
            and item.edge is None
            and id(item) not in self.names
            and item.label is None
        )

    def _fold(self, item: Any, place: int) -> Vertex:
        """What stands for a part of the graph that is too deep to show."""
        count = 0
        leaves: dict[int, str] = {}
        seen: set[int] = set()
        stack = [item]
        while stack:
            current = stack.pop()
            if id(current) in seen:
                continue
            seen.add(id(current))
            if node_of(current) is None:
                leaves[id(current)] = self._name(current)
            else:
                count += 1
                self.places.setdefault(id(current), place)
            stack.extend(self._operands(current))
        named = sorted(set(leaves.values()))
        shown = ", ".join(named[:4]) + (", ..." if len(named) > 4 else "")
        label = f"... {count:,} more operations" + (f", down to {shown}" if shown else "")
        return Vertex(label, "", "folded")

    def _name(self, item: Any) -> str:
        name = self.titles.get(id(item)) or self.names.get(id(item))
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

    def _vertex(self, item: Any) -> Vertex:
        node = node_of(item)
        if node is None or node.trace is None:
            kind = "leaf" if item.edge is LEAF else "constant"
            text, size = self._gradient(item) if kind == "leaf" else ("", "")
            shape, value = item.array.shape, values_text(item.array)
            since = "written since" if id(item) in self.written else ""
            return Vertex(self._name(item), since, kind, shape, value, text, size)
        array = np.asarray(node.trace.values[getattr(item, "index", 0)])
        text, size = self._gradient(item)
        kind = "value" if self._is_forward(item) else "operation"
        known = id(item) in self.names or id(item) in self.titles
        operation = _sign(node.op) if known and kind == "operation" else ""
        value = values_text(array)
        line = node.trace.line
        return Vertex(self._name(item), operation, kind, array.shape, value, text, size, line)

    def _gradient(self, item: Any) -> tuple[str, str]:
        """The gradient as text, and how large it is."""
        tensor = self.tensors.get(id(item), item)
        held = getattr(tensor, "_grad", None) if isinstance(tensor, Tensor) else None
        found = self.flows.get(id(item)) if held is None else held.array
        if found is None:
            return ("no grad yet" if isinstance(item, Tensor) and not self.forward else ""), ""
        return f"grad {values_text(found)}", band(found)


def _nodes(root: Any) -> list[Node]:
    """All nodes that a value was computed by."""
    seen: dict[int, Node] = {}
    stack = [node_of(root)]
    while stack:
        node = stack.pop()
        if node is not None and id(node) not in seen and node.trace is not None:
            seen[id(node)] = node
            stack.extend(node_of(arg) for arg in node.trace.args)
    return list(seen.values())


def _gradients(root: Tensor) -> dict[int, np.ndarray[Any, Any]]:
    """The gradients that backward from `root` sent through each value, if it was run."""
    if root.array.size != 1:
        return {}
    items: dict[int, Any] = {}
    went_backward = False
    stack = [source(root)]
    while stack and len(items) < MOST_GRADIENTS:
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


def _sign(op: Any) -> str:
    """An operation in a word: its operator, or its name."""
    for sign in ("**", "@", "+", "*", "/", "%", "=="):
        if f" {sign} " in op.written:
            return sign
    if " - " in op.written or op.written.startswith("-"):
        return "-"
    return str(op.name)
