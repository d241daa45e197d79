r"""A graph as a TikZ picture, for LaTeX: \usepackage{tikz}."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcli.explain.graph.dot import texts_of
from gradcli.explain.latex import escaped

if TYPE_CHECKING:
    from gradcli.explain.graph.data import Graph

_WIDE, _HIGH = 4.0, 1.8
"""Centimetres between vertices."""
MARK = "% gradcli graph"


def tikz(graph: Graph) -> str:
    """The root on top, each vertex a row below the lowest that was computed of it."""
    rows = _rows(graph)
    lines = [MARK, r"\begin{tikzpicture}[every node/.style={draw, rounded corners, align=center}]"]
    for place, vertex in enumerate(graph.vertices):
        row = rows[place]
        beside = [other for other in range(len(rows)) if rows[other] == row]
        x = (beside.index(place) - (len(beside) - 1) / 2) * _WIDE
        label = r" \\ ".join(rf"\texttt{{{escaped(text)}}}" for text in texts_of(vertex))
        style = "rectangle, sharp corners" if vertex.kind == "leaf" else ""
        lines.append(f"  \\node[{style}] (n{place}) at ({x:g}, {-row * _HIGH:g}) {{{label}}};")
    lines += [f"  \\draw[->] (n{below}) -- (n{above});" for above, below in graph.edges()]
    return "\n".join([*lines, r"\end{tikzpicture}"])


def _rows(graph: Graph) -> list[int]:
    """For each vertex its distance from the roots, by the longest way."""
    rows = [0] * len(graph.vertices)
    waiting = [0] * len(graph.vertices)
    for _, below in graph.edges():
        waiting[below] += 1
    ready = [place for place, count in enumerate(waiting) if not count]
    while ready:
        above = ready.pop()
        for below in graph.parts[above]:
            rows[below] = max(rows[below], rows[above] + 1)
            waiting[below] -= 1
            if not waiting[below]:
                ready.append(below)
    return rows
