"""Where a gradient's way ends, though what lies before is tracked: detach, no_grad, argmax."""

from __future__ import annotations

from engine.transforms import recorded


def how(node: recorded.Node) -> str:
    """The operation, or mode, that cut a result off from its tracked operands."""
    if node.op.name == "detach":
        return "detach() cut it"
    if node.op.name == "data":
        return ".data cut it"
    if recorded.is_cut(node):
        return "it was computed under no_grad"
    return f"{node.op.name} has no derivative"
