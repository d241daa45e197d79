"""A graph as a tree of text: labels, values and gradients in columns."""

from __future__ import annotations

from typing import Any, NamedTuple

from gradcli.base.faults import Line
from gradcli.base.outputs import shortened
from gradcli.explain.graph.graph_data import Graph, Vertex


class _Row(NamedTuple):
    branch: str
    label: str
    value: str
    gradient: str
    style: str
    band: str


class Tree:
    """A graph to be shown on a screen of so many columns."""

    __slots__ = ("graph", "width")

    def __init__(self, graph: Graph, width: int) -> None:
        self.graph = graph
        self.width = width

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return {"graph": self.graph.facts()}

    def lines(self) -> list[Line]:
        """A row a vertex; what comes again is not drawn again."""
        rows = _rows(self.graph)
        least = 12 + 2 + (16 + 3 if any(row.gradient for row in rows) else 0)
        rows = [_narrow(row, self.width - least) for row in rows]
        left = max(len(row.branch) + len(row.label) for row in rows if row.value)
        gradient = max(len(row.gradient) for row in rows)
        room = max(self.width - left - 2 - (gradient + 3 if gradient else 0), 12)
        rows = [row._replace(value=shortened(row.value, room)) for row in rows]
        middle = max(len(row.value) for row in rows)
        return [_line(row, left, middle, self.width) for row in rows]


def _rows(graph: Graph) -> list[_Row]:
    drawn: set[int] = set()
    rows: list[_Row] = []
    stack = [(root, "", "") for root in reversed(graph.roots)]
    while stack:
        place, branch, below = stack.pop()
        vertex = graph.vertices[place]
        if place in drawn:
            rows.append(_Row(branch, f"{vertex.label}  (above)", "", "", "dim", ""))
            continue
        drawn.add(place)
        rows.append(_row(vertex, branch))
        parts = graph.parts[place]
        for order, part in reversed(list(enumerate(parts))):
            last = order == len(parts) - 1
            stack.append(
                (part, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "))
            )
    if graph.left_out:
        text = f"... and {graph.left_out} more branches"
        rows.append(_Row("", text, "", "", "dim", ""))
    return rows


def _row(vertex: Vertex, branch: str) -> _Row:
    label = vertex.label
    if vertex.kind == "folded":
        return _Row(branch, label, "", "", "dim", "")
    what = vertex.operation if vertex.kind == "operation" else vertex.kind
    if vertex.kind != "operation" and vertex.operation:
        what += f", {vertex.operation}"
    if what and label != what:
        label = f"{label}  {what}"
    return _Row(branch, label, vertex.value, vertex.gradient, vertex.kind, vertex.band)


def _narrow(row: _Row, room: int) -> _Row:
    """A row whose name leaves its value and gradient a place."""
    if not row.value:
        return row
    return row._replace(label=shortened(row.label, max(room - len(row.branch), 6)))


def _line(row: _Row, left: int, middle: int, width: int) -> Line:
    if not row.value:
        label = shortened(row.label, max(width - len(row.branch), 12))
        return [(row.branch, "dim"), (label, row.style)]
    gap = " " * (left - len(row.branch) - len(row.label))
    line: Line = [(row.branch, "dim"), (row.label, row.style), (f"{gap}  {row.value}", "value")]
    if row.gradient:
        pad = " " * (middle - len(row.value))
        shown = shortened(row.gradient, max(width - left - 2 - middle - 3, 16))
        line.append((f"{pad}   {shown}", f"gradient.{row.band}" if row.band else "gradient"))
    return line
