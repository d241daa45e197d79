"""A recorded graph, as whoever explains it asks for it: the one door from the language to it.

An *item* stands for a value of the graph: the Node that made it, one Output of a Node, or, for
leaves, constants and numbers, the tensor or number itself; `source` gives the item of a tensor. Of
an item there is what made it (`made_by`), its operands, items again, its value as it was then, the
name it was first bound to and the line that made it; of a node also where a gradient cannot pass
(`blocked`). A node's `op` is its row. What was written in place since is told by `written_since`.

The way from one value to another is a `path`; a backward over the graph is replayed by `steps`, a
derivative is a graph itself (`derivative`), and any graph can be run on other numbers as a `Plan`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.arrays.types import Array, Params
from engine.backward.replay import Step, steps
from engine.dispatch.apply import source
from engine.dispatch.fast_path import TENSORS
from engine.graph.node import Freed, Node, Output, Trace
from engine.graph.provenance import Run, tracing
from engine.graph.tensor import Tensor
from engine.graph.walk import items, key, nodes, operands, place_of
from engine.transforms.elements import moved, units
from engine.transforms.plan import Plan
from engine.transforms.symbolic import derivative, path, tensor_of, traced_leaf, written_since

FARTHEST = 200_000
"""How many items a search looks at."""

__all__ = [
    "Node",
    "Output",
    "Plan",
    "Run",
    "Step",
    "derivative",
    "items",
    "key",
    "moved",
    "nodes",
    "operands",
    "path",
    "source",
    "steps",
    "tensor_of",
    "traced_leaf",
    "tracing",
    "units",
    "written_since",
]


# ---- what made a value -------------------------------------------------------------------------


def made_by(item: Any) -> Node | None:
    """The node that made an item; None for leaves, constants and numbers, and what is untraced."""
    node = place_of(item)
    return node if type(node) is Node and node.trace is not None else None


def is_tensor(item: Any) -> bool:
    """Whether an item stands for a tensor, and not for a number or an operand left out."""
    return isinstance(item, (Tensor, Node, Output))


def part(item: Any) -> int | None:
    """Which of its node's results an item is; None if it is the only one, or no node's."""
    return item.index if type(item) is Output else None


def value(item: Any) -> Array:
    """The numbers of an item: those it had when it was made; of a leaf, those it has."""
    if isinstance(item, Tensor):
        return item.array
    node = made_by(item)
    return np.asarray(item if node is None else _trace(node).values[part(item) or 0])


def values(node: Node) -> tuple[Any, ...]:
    """The numbers of all of a node's results."""
    return () if node.trace is None else node.trace.values


def params(node: Node) -> Params:
    """What a node's row was given beside the operands, as dims and flags."""
    return _trace(node).params


def name(item: Any) -> str | None:
    """The name an item was first bound to, if it ever was."""
    node = made_by(item)
    label: str | None = getattr(item, "label", None)
    return label if node is None else _trace(node).name


def line(item: Any) -> int | None:
    """The number of the source line that made an item, if it is known."""
    node = made_by(item)
    return None if node is None else _trace(node).line


def run_again(node: Node, given: Sequence[Any]) -> Tensor:
    """What a node's operation makes of other operands; the first of several results."""
    fixed = len(node.op.operands) - node.op.variadic
    grouped = (*given[:fixed], tuple(given[fixed:])) if node.op.variadic else given
    made = getattr(TENSORS, node.op.name)(*grouped, *params(node))
    first: Tensor = made[0] if isinstance(made, tuple) else made
    return first


def _trace(node: Node) -> Trace:
    assert node.trace is not None
    return node.trace


# ---- which way gradients go --------------------------------------------------------------------


def is_tracked(item: Any) -> bool:
    """Whether a gradient that comes to an item is of use: it is a leaf, or leads to one."""
    if isinstance(item, Tensor):
        return item.requires_grad
    node = made_by(item)
    return node is not None and any(edge is not None for edge in node.edges)


def is_cut(node: Node) -> bool:
    """Whether a node was made while gradients were off."""
    return _trace(node).cut


def is_used_up(node: Node) -> bool:
    """Whether a backward went through a node, and was not told to keep the graph."""
    return isinstance(node.saved, Freed)


def broadcast(node: Node, item: Any) -> bool:
    """Whether a node repeated an operand to fit it to the others."""
    return bool(node.op.broadcasts) and value(node).shape != value(item).shape


def blocked(node: Node, place: int) -> str | None:
    """Why a node passes no gradient on to the operand at `place`; None if it does.

    "detach" or "data", "no_grad", "flat" (it has no derivative), or "untracked".
    """
    if node.op.name in ("detach", "data"):
        return node.op.name
    if node.trace is not None and node.trace.cut:
        return "no_grad"
    pullback = node.op.pullbacks[min(place, len(node.op.pullbacks) - 1)]
    if pullback.rule is None:
        return "flat"
    return None if place < len(node.edges) and node.edges[place] is not None else "untracked"


class Hop(NamedTuple):
    """One step of a way down: the node, its operand and that one's place, and what `blocked` says
    of it.
    """

    node: Node
    place: int
    item: Any
    cut: str | None


def hops(item: Any) -> Iterator[Hop]:
    """The steps from an item down to the tensors that it was computed from."""
    node = made_by(item)
    if node is not None:
        for place, arg in enumerate(operands(node)):
            if is_tensor(arg):
                yield Hop(node, place, arg, blocked(node, place))


def shortest(start: Any, target: Any, through_cuts: bool = False) -> list[Hop] | None:
    """The shortest way from an item down to another: one along which gradients pass, unless
    `through_cuts`. None if there is none, or none among the nearest FARTHEST items.
    """
    goal = key(target)
    came: dict[Any, tuple[Any, Hop] | None] = {key(start): None}
    queue = deque([start])
    while queue and len(came) < FARTHEST:
        above = queue.popleft()
        for hop in hops(above):
            at = key(hop.item)
            if at in came or (hop.cut is not None and not through_cuts):
                continue
            came[at] = key(above), hop
            if at == goal:
                return _unrolled(came, goal)
            queue.append(hop.item)
    return None


def _unrolled(came: Mapping[Any, tuple[Any, Hop] | None], at: Any) -> list[Hop]:
    """The steps that led to an item, from the start on."""
    found: list[Hop] = []
    while (step := came[at]) is not None:
        at, hop = step
        found.append(hop)
    return found[::-1]
