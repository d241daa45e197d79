r"""A graph as a TikZ picture, for LaTeX: \usepackage{tikz}."""

from __future__ import annotations

from gradcli.explain.formula.latex import escaped
from gradcli.explain.graph.dot import texts_of
from gradcli.explain.graph.graph_data import Graph

_LETTER, _GAP, _HIGH = 0.19, 0.8, 1.8
"""Centimetres: a letter's width, what is free beside a vertex, and between rows."""
MARK = "% gradcli graph"


def tikz(graph: Graph) -> str:
    """The root on top, each vertex a row below the lowest that was computed of it."""
    labels = [texts_of(vertex) for vertex in graph.vertices]
    widths = [_LETTER * max(map(len, label)) + _GAP for label in labels]
    lines = [MARK, r"\begin{tikzpicture}[every node/.style={draw, rounded corners, align=center}]"]
    for place, (x, y) in enumerate(_places(graph, widths)):
        label = r" \\ ".join(rf"\texttt{{{escaped(text)}}}" for text in labels[place])
        style = "rectangle, sharp corners" if graph.vertices[place].kind == "leaf" else ""
        lines.append(f"  \\node[{style}] (n{place}) at ({x:g}, {y:g}) {{{label}}};")
    lines += [f"  \\draw[->] (n{below}) -- (n{above});" for above, below in graph.edges()]
    return "\n".join([*lines, r"\end{tikzpicture}"])


def _places(graph: Graph, widths: list[float]) -> list[tuple[float, float]]:
    """Where each vertex stands, side by side in its row, about below what was computed of it."""
    rows, x = _rows(graph), [0.0] * len(widths)
    above: list[list[int]] = [[] for _ in widths]
    for result, operand in graph.edges():
        above[operand].append(result)
    for row in range(max(rows, default=-1) + 1):
        beside = [place for place, its in enumerate(rows) if its == row]
        beside.sort(key=lambda place: sum(x[a] for a in above[place]) / max(len(above[place]), 1))
        left = -sum(widths[place] for place in beside) / 2
        for place in beside:
            x[place] = left + widths[place] / 2
            left += widths[place]
    return [(round(its, 2), -row * _HIGH + 0.0) for its, row in zip(x, rows, strict=True)]


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
