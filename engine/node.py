"""The graph: nodes, and the edges that lead from one to the next.

A gradient travels along edges: to a Node, to one Output of a node with several, to a leaf Tensor
that collects it, or nowhere (None).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.storage import View
from engine.tensor import LEAF, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.op import Op
    from engine.tracing import Trace


class Node:
    """One recorded operation: grad_fn.

    `edges` lead to what made each operand: a Node, an Output, a leaf Tensor, or None. `saved` is
    the tuple of arrays and parameters the rules need (`Freed` after backward). `restore` says which
    operands were broadcast or cast. `rank` runs down as nodes are made.
    """

    __slots__ = ("__weakref__", "edges", "hooks", "op", "rank", "restore", "saved", "trace")

    is_view = False
    op: Op
    edges: tuple[Any, ...]
    saved: Any
    restore: tuple[Any, ...] | None
    rank: int
    hooks: Any
    trace: Trace | None

    def name(self) -> str:
        """The name PyTorch gives the node."""
        name = self.op.node_name
        return name if "Backward" in name else f"torch::autograd::{name}"

    def __repr__(self) -> str:
        return f"<{self.op.node_name} object at {id(self):#x}>"

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The nodes that gradients go to next, with the number of their output."""
        pullbacks = self.op.pullbacks
        return tuple(
            _function_of(edge)
            for place, edge in enumerate(self.edges)
            if pullbacks[min(place, len(pullbacks) - 1)].rule is not None
        )

    def register_hook(self, hook: Callable[..., Any]) -> Any:
        """Call hook(grad_inputs, grad_outputs) after the node has run."""
        from engine.hooks import add_node_hook

        return add_node_hook(self, hook)


class Output:
    """The edge to one of several outputs of a node."""

    __slots__ = ("index", "node")
    is_view = False

    def __init__(self, node: Node, index: int) -> None:
        self.node = node
        self.index = index


class AccumulateGrad:
    """What `next_functions` shows for a leaf: the node that adds to its .grad."""

    __slots__ = ("variable",)

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable

    next_functions: tuple[Any, ...] = ()

    def name(self) -> str:
        """The name PyTorch gives the node."""
        return "torch::autograd::AccumulateGrad"

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self.variable):#x}>"


class Freed:
    """Stands in a node for the values backward has used up; a session keeps them to show."""

    __slots__ = ("kept",)

    def __init__(self, kept: tuple[Any, ...] = ()) -> None:
        self.kept = kept


def edge_of(tensor: Tensor) -> Any:
    """Where a gradient of the tensor goes: a Node, an Output, a leaf Tensor, or None."""
    edge = tensor.edge
    if edge is None or type(edge) is Node:
        return edge
    if edge is LEAF:
        return tensor
    if type(edge) is View:
        return edge.current()
    return edge


def _function_of(edge: Any) -> tuple[Any, int]:
    if edge is None:
        return (None, 0)
    if type(edge) is Output:
        return (edge.node, edge.index)
    return (AccumulateGrad(edge), 0) if type(edge) is Tensor else (edge, 0)
