"""Where a gradient's way ends, though what lies before is tracked: detach, no_grad, argmax."""

from __future__ import annotations

from typing import Any

from engine.graph.node import node_of
from engine.graph.tensor import Tensor


def tracked(item: Any) -> bool:
    """Whether gradients could have gone on to an operand."""
    node = node_of(item)
    if node is None:
        return isinstance(item, Tensor) and item.requires_grad
    return any(edge is not None for edge in node.edges)


def how(node: Any) -> str:
    """What cut an untracked result off from its tracked operands."""
    if node.op.name == "detach":
        return "detach() cut it"
    if node.op.name == "data":
        return ".data cut it"
    if node.trace.cut:
        return "it was computed under no_grad"
    return f"{node.op.name} has no derivative"
