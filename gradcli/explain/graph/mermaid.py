"""A graph as a Mermaid flowchart, which GitHub draws in Markdown."""

from __future__ import annotations

from gradcli.explain.graph.dot import COLOURS, texts_of
from gradcli.explain.graph.graph_data import BANDS, Graph, Vertex

_SHAPES = {
    "leaf": ('["', '"]'),
    "constant": ('("', '")'),
    "operation": ('(["', '"])'),
    "value": ('("', '")'),
    "folded": ('("', '")'),
}
MARK = "%% gradcli graph"


def mermaid(graph: Graph) -> str:
    """The graph drawn upwards, as dot does."""
    lines = ["flowchart BT", f"  {MARK}"]
    for place, vertex in enumerate(graph.vertices):
        opens, closes = _SHAPES[vertex.kind]
        style = f":::{vertex.band}" if vertex.band else ""
        lines.append(f"  n{place}{opens}{_label(vertex)}{closes}{style}")
    lines += [f"  n{below} --> n{above}" for above, below in graph.edges()]
    if graph.left_out:
        lines.append(f'  more("... and {graph.left_out} more branches")')
    used = {vertex.band for vertex in graph.vertices}
    lines += [f"  classDef {band} stroke:{COLOURS[band]}" for band in BANDS if band in used]
    return "\n".join(lines)


def _label(vertex: Vertex) -> str:
    """Mermaid reads Markdown and entities in a label: every sign of theirs becomes a number."""
    return "<br/>".join(
        "".join(f"#{ord(sign)};" if sign in '"#;`*_~\\<>&' else sign for sign in text)
        for text in texts_of(vertex)
    )
