"""A graph in DOT, the language of Graphviz."""

from __future__ import annotations

from gradcli.base.outputs import shortened
from gradcli.explain.graph.graph_data import Graph, Vertex

_SHAPES = {
    "leaf": "box",
    "constant": "plaintext",
    "operation": "ellipse",
    "value": "plaintext",
    "folded": "plaintext",
}
WIDEST = 40
"""Characters of a line in a vertex."""
COLOURS = {
    "": "#7f7f7f",
    "zero": "#9e9e9e",
    "faint": "#4a86e8",
    "usual": "#8e44ad",
    "huge": "#e67e22",
    "broken": "#d62728",
}
"""Per band; each can be read on white and on black."""
MARK = "// gradcli graph"


def dot(graph: Graph) -> str:
    """The graph drawn upwards: what was given below, what was computed of it above."""
    lines = [
        MARK,
        "digraph gradcli {",
        '  rankdir="BT";',
        '  bgcolor="transparent";',
        '  node [fontname="monospace", fontcolor="#7f7f7f"];',
        '  edge [color="#7f7f7f"];',
    ]
    for place, vertex in enumerate(graph.vertices):
        colour = COLOURS[vertex.band]
        lines.append(
            f'  n{place} [label="{_label(vertex)}", shape="{_SHAPES[vertex.kind]}", '
            f'color="{colour}", fontcolor="{colour}"];'
        )
    lines += [f"  n{below} -> n{above};" for above, below in graph.edges()]
    if graph.left_out:
        lines.append(f'  more [label="... and {graph.left_out} more branches", shape="plaintext"];')
    return "\n".join([*lines, "}"])


def texts_of(vertex: Vertex) -> list[str]:
    """The text of a vertex, line by line."""
    head = f"{vertex.label}  {vertex.operation}" if vertex.operation else vertex.label
    return [shortened(text, WIDEST) for text in (head, vertex.value, vertex.gradient) if text]


def _label(vertex: Vertex) -> str:
    return r"\n".join(text.replace("\\", r"\\").replace('"', r"\"") for text in texts_of(vertex))
