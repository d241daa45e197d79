"""A graph as data: vertices, what each was computed from, and how large the gradient is there."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

BANDS = ("zero", "faint", "usual", "huge", "broken")
"""How large a gradient is, in a word; each has a style and a colour."""


class Vertex(NamedTuple):
    """A value of the graph, or what stands for a part of it.

    kind: leaf, constant, operation, value (of the forward pass, in a gradient's graph) or folded.
    value, gradient: as text. band: how large the gradient is, '' where there is none. line: where
    it was computed, counted in the session; None for what was given.
    """

    label: str
    operation: str
    kind: str
    shape: tuple[int, ...] | None = None
    value: str = ""
    gradient: str = ""
    band: str = ""
    line: int | None = None


class Graph(NamedTuple):
    """Vertices, the root first; `parts[i]` are the places of what vertex i was computed from.

    left_out: how many branches did not fit.
    """

    vertices: list[Vertex]
    parts: list[list[int]]
    roots: list[int]
    left_out: int

    def edges(self) -> list[tuple[int, int]]:
        """Pairs (what was computed, from what)."""
        return [(above, below) for above, parts in enumerate(self.parts) for below in parts]

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        vertices = [
            {"id": place, **vertex._asdict(), "shape": _listed(vertex.shape)}
            for place, vertex in enumerate(self.vertices)
        ]
        edges = [list(edge) for edge in self.edges()]
        return {"nodes": vertices, "edges": edges, "roots": self.roots, "left_out": self.left_out}


def _listed(shape: tuple[int, ...] | None) -> list[int] | None:
    return None if shape is None else list(shape)


def band(array: Any) -> str:
    """The word for the size of a gradient: its root mean square, against 1 at the output."""
    numbers = np.abs(np.asarray(array)).astype(np.float64)
    with np.errstate(over="ignore"):
        size = math.sqrt(float(np.square(numbers).mean())) if numbers.size else 0.0
    if not math.isfinite(size):
        return "broken"
    if size == 0:
        return "zero"
    return "faint" if size < 1e-3 else "huge" if size > 1e3 else "usual"
