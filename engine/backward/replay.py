"""A backward walked again for its own sake: what reached each node, and what it sent on.

The rules, edges and saved values are those that backward used (a session keeps them after the graph
is freed), run over arrays; nothing is accumulated anywhere. Explanations are drawn from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from engine.arrays.backends import ARRAYS
from engine.arrays.types import Array
from engine.backward.saved_tensors import opened
from engine.backward.traversal import contributions
from engine.graph.node import Cotangent, Edge, Freed, Node
from engine.graph.walk import Cotangents


class Step(NamedTuple):
    """The part of one node in a backward.

    `incoming` is the cotangent that reached it, an array (a list with None for what none reached,
    if the node has several outputs); `sent` are its contributions to its operands, one for each
    edge, None where none went.
    """

    node: Node
    incoming: Cotangent
    sent: Sequence[Cotangent]

    def onward(self) -> Iterator[tuple[int, Edge, Array]]:
        """What went on: the operand's place, the edge it went along, and the contribution."""
        for place, (edge, g) in enumerate(zip(self.node.edges, self.sent, strict=False)):
            if edge is not None and g is not None:
                yield place, edge, g

    @property
    def first(self) -> Array | None:
        """The cotangent of the first output, an array or None."""
        g: Array | None = self.incoming[0] if type(self.incoming) is list else self.incoming
        return g


def steps(roots: Sequence[tuple[Edge, Cotangent]]) -> Iterator[Step]:
    """The steps of a backward from `roots`, pairs of an edge and its cotangent, in their order."""
    flow = Cotangents(roots)
    for node, parts in flow:
        one = node.op.outputs == 1
        incoming = parts[0] if one else [parts.get(i) for i in range(_outputs(node))]
        sent = contributions(ARRAYS, node, incoming, saved_by(node))
        yield Step(node, incoming, sent)
        for edge, g in zip(node.edges, sent, strict=False):
            if g is not None:
                flow.add(edge, g)


def saved_by(node: Node) -> Sequence[Any]:
    """The values a node saved for its rules, used up or not."""
    return node.saved.kept if isinstance(node.saved, Freed) else opened(node)


def _outputs(node: Node) -> int:
    if node.op.outputs:
        return node.op.outputs
    return len(node.trace.values) if node.trace is not None else 1
