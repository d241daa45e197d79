"""The graph: nodes, and the edges that lead from one to the next.

A gradient travels along edges: to a Node, to one Output of a node with several, to a leaf Tensor
that collects it, or nowhere (None).
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, final

from engine.arrays.types import Array, DType, Params, Shape
from engine.graph.storage import View, next_rank
from engine.graph.tensor import INFERRED, LEAF, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.arrays.row import Op


@final
class Node:
    """One recorded operation: grad_fn.

    `edges` lead to what made each operand: a Node, an Output, a leaf Tensor, or None. `saved` is
    the tuple of arrays and parameters the rules need (`Freed` after backward). `restore` says which
    operands were broadcast or cast. `rank` runs down as nodes are made.
    """

    __slots__ = ("__weakref__", "edges", "hooks", "op", "rank", "restore", "saved", "trace")

    is_view = False
    op: Op
    edges: tuple[Edge, ...]
    saved: Any
    restore: tuple[tuple[Shape, DType] | None, ...] | None
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

    if TYPE_CHECKING:
        register_hook: Callable[..., Any]  # given by graph/hooks.py, like the next two
        register_prehook: Callable[..., Any]
        metadata: Any
        __call__: Callable[..., Any]  # by backward/grad_fn.py, with what it saved

    @property
    def shown(self) -> Any:
        """The object a user knows the node by: itself, or the context of an autograd.Function."""
        return self if self.op.context is None else self.op.context(self)

    def _sequence_nr(self) -> int:
        """A number that grows from node to node."""
        return -self.rank


def new_node(op: Op, edges: tuple[Edge, ...], saved: tuple[Any, ...]) -> Node:
    """A node of the next rank. `unary`, `binary` and `viewer` (fast_path.py) make theirs in place:
    one call more would cost a small operation 5 % of its time.
    """
    node = Node()
    node.op = op
    node.edges = edges
    node.saved = saved
    node.rank = next_rank()
    node.hooks = node.trace = node.restore = None
    return node


class Trace:
    """How a traced node was made.

    `args` are the operands as they were: what made them (a Node or Output), or the tensor itself
    for leaves and constants, or a number. `values` are the results' arrays. `cut` tells that
    gradients were off. `line` is the source line that ran; `name`, what the result was first bound
    to. `depth` counts the longest chain of traced operations that ends here.
    """

    __slots__ = ("__weakref__", "args", "cut", "depth", "line", "name", "params", "values")

    def __init__(
        self,
        args: tuple[Any, ...],
        params: Params,
        values: tuple[Array, ...],
        depth: int,
        cut: bool,
        line: int | None,
    ) -> None:
        self.args = args
        self.params = params
        self.values = values
        self.depth = depth
        self.cut = cut
        self.line = line
        self.name: str | None = None


@final
class Output:
    """The edge to one of several outputs of a node."""

    __slots__ = ("index", "node")
    is_view = False

    def __init__(self, node: Node, index: int) -> None:
        self.node = node
        self.index = index


class AccumulateGrad:
    """The node that adds to a leaf's .grad: shown by `next_functions`, met by no traversal."""

    __slots__ = ("__weakref__", "metadata", "variable")

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable
        self.metadata: dict[Any, Any] = {}

    next_functions: tuple[Any, ...] = ()

    if TYPE_CHECKING:  # graph/hooks.py gives these
        register_hook: Callable[..., Any]
        register_prehook: Callable[..., Any]

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

    array: Array
    edge: Edge


KnownEdge.__name__ = KnownEdge.__qualname__ = "GradientEdge"
for _class in (GradientEdge, KnownEdge):
    _class.__module__ = "torch.autograd.graph"


Edge: TypeAlias = "Node | Output | Tensor | None"
"""Where a gradient goes: see the module's text."""
Cotangent: TypeAlias = Any
"""A gradient on its way: an array or, under create_graph, a Tensor; for a node of several outputs
a list, with None for those that none reached.
"""


def edge_of(tensor: Tensor) -> Edge:
    """Where a gradient of the tensor goes: a Node, an Output, a leaf Tensor, or None."""
    edge = tensor.edge
    if edge is None or type(edge) is Node:
        return edge
    if edge is LEAF:
        return tensor
    if type(edge) is View:
        return edge.current()  # type: ignore[no-any-return]
    return None if edge is INFERRED else edge


def edge_at(place: GradientEdge) -> Edge:
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


def _function_of(edge: Edge) -> tuple[Any, int]:
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
