"""The graph: nodes, and the edges that lead from one to the next.

A gradient travels along edges: to a Node, to one Output of a node with several, to a leaf Tensor
that collects it, or nowhere (None).
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.graph.storage import View
from engine.graph.tensor import INFERRED, LEAF, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.arrays.row import Op
    from engine.graph.provenance import Trace


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
        return tuple(_function_of(self.edges[place]) for place in self.sends())

    def sends(self) -> list[int]:
        """The places of the operands that have a derivative."""
        pullbacks = self.op.pullbacks
        last = len(pullbacks) - 1
        return [
            place
            for place in range(len(self.edges))
            if pullbacks[min(place, last)].rule is not None
        ]

    @property
    def shown(self) -> Any:
        """What a user knows the node as: itself, or the context of an autograd.Function."""
        return self if self.op.context is None else self.op.context(self)

    @property
    def metadata(self) -> dict[Any, Any]:
        """What the user wants to note."""
        from engine.graph.hooks import hooks_of

        return hooks_of(self).metadata

    def register_hook(self, hook: Callable[..., Any]) -> Any:
        """Call hook(grad_inputs, grad_outputs) after the node has run; a tuple that it returns
        takes the place of grad_inputs.
        """
        from engine.graph.hooks import add_node_hook

        return add_node_hook(self, hook)

    def register_prehook(self, hook: Callable[..., Any]) -> Any:
        """Call hook(grad_outputs) before the node runs; what it returns, a tuple, replaces them."""
        from engine.graph.hooks import add_node_hook

        return add_node_hook(self, hook, before=True)

    def _sequence_nr(self) -> int:
        """A number that grows from node to node."""
        return -self.rank

    def __call__(self, *grads: Any) -> Any:
        """The gradients with respect to the operands, for gradients of the results."""
        from engine.backward.saved_tensor_hooks import called

        return called(self, grads)


_SAVED = (
    "self input other exponent result mat1 mat2 vec vec1 vec2 batch1 batch2 tensor1 tensor2 weight "
    "bias target index indices mask src output value condition min max dim dims keepdim alpha beta "
    "self_sym_sizes other_sym_sizes input_sym_sizes"
).split()
"""PyTorch's names of what nodes save."""


def _saved(name: str) -> property:
    """What a node saved under one of PyTorch's names; AttributeError where it does not."""

    def read(node: Node) -> Any:
        from engine.backward.saved_tensor_hooks import saved_as

        return saved_as(node, name)

    return property(read)


# Properties: a class with __getattr__ is slower in all its attributes (CPython 3.11 to 3.13).
for _name in _SAVED:
    for _start in ("_saved_", "_raw_saved_"):
        setattr(Node, f"{_start}{_name}", _saved(f"{_start}{_name}"))


class Output:
    """The edge to one of several outputs of a node."""

    __slots__ = ("index", "node")
    is_view = False

    def __init__(self, node: Node, index: int) -> None:
        self.node = node
        self.index = index


class AccumulateGrad:
    """What `next_functions` shows for a leaf: the node that adds to its .grad."""

    __slots__ = ("__weakref__", "metadata", "variable")

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable
        self.metadata: dict[Any, Any] = {}

    next_functions: tuple[Any, ...] = ()

    def register_hook(self, hook: Callable[..., Any]) -> Any:
        """Call hook((), grad_outputs) after the leaf's .grad has received a gradient."""
        from engine.graph.hooks import add_node_hook

        return add_node_hook(self, hook)

    def register_prehook(self, hook: Callable[..., Any]) -> Any:
        """Call hook(grad_outputs) before; a tuple that it returns takes their place."""
        from engine.graph.hooks import add_node_hook

        return add_node_hook(self, hook, before=True)

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


class GradientEdge(NamedTuple):
    """Where the gradient of a tensor goes: a node, and which of its outputs the tensor is."""

    node: Any
    output_nr: int
    ownership_token: Any = None


class KnownEdge(GradientEdge):
    """An edge that knows its tensor's array, and where in the graph it leads."""

    array: Any
    edge: Any


KnownEdge.__name__ = KnownEdge.__qualname__ = "GradientEdge"
for _class in (GradientEdge, KnownEdge):
    _class.__module__ = "torch.autograd.graph"


class Packed:
    """Stands in a node for values that are in a user's hands (saving.py)."""

    __slots__ = ("_open", "_order", "values")

    def __init__(
        self, values: tuple[Any, ...], order: list[int], open_one: Callable[[Any], Any]
    ) -> None:
        self.values = values
        self._order = order
        self._open = open_one

    def opened(self) -> tuple[Any, ...]:
        """The values; the hooks are called in order."""
        found = list(self.values)
        for place in self._order:
            found[place] = self._open(found[place])
        return tuple(found)


def edge_of(tensor: Tensor) -> Any:
    """Where a gradient of the tensor goes: a Node, an Output, a leaf Tensor, or None."""
    edge = tensor.edge
    if edge is None or type(edge) is Node:
        return edge
    if edge is LEAF:
        return tensor
    if type(edge) is View:
        return edge.current()
    return None if edge is INFERRED else edge


def edge_at(place: GradientEdge) -> Any:
    """Where in the graph a user's edge leads."""
    if isinstance(place, KnownEdge):
        return place.edge
    node = place.node
    if isinstance(node, AccumulateGrad):
        return node.variable
    node = getattr(node, "_node", node)  # of an autograd.Function
    return node if node.op.outputs == 1 else Output(node, place.output_nr)


_accumulators: weakref.WeakValueDictionary[int, AccumulateGrad] = weakref.WeakValueDictionary()


def accumulator(leaf: Tensor) -> AccumulateGrad:
    """The node that adds to a leaf's .grad: always the same, as long as anyone holds it."""
    node = _accumulators.get(id(leaf))
    if node is None:
        node = _accumulators[id(leaf)] = AccumulateGrad(leaf)
    return node


def _function_of(edge: Any) -> tuple[Any, int]:
    if edge is None:
        return (None, 0)
    if type(edge) is Output:
        return (edge.node.shown, edge.index)
    return (accumulator(edge), 0) if type(edge) is Tensor else (edge.shown, 0)


def at_node(node: Node, error: Exception) -> Exception:
    """The error, knowing at which node it happened."""
    error.node = node  # type: ignore[attr-defined]
    return error


def node_of(item: Any) -> Node | None:
    """The node behind an item of a trace; None for leaves, constants and numbers."""
    node = item.node if type(item) is Output else item
    return node if type(node) is Node else None
