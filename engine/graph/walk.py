"""Walks over a recorded graph; none is recursive, since graphs are deep.

An *item* stands for a value: the Node that made it, one Output of a Node, or, where nothing was
recorded, the tensor or number itself. What a node was computed from are items, and there are two
ways down: the `operands` that a trace remembers, constants included, and the autograd `edges` that
gradients go along. Each walk is told which (`below`), looks at each node once and keeps one number
for it: its cost is the number of nodes and edges it meets. `leading` sorts the nodes, too; they
are numbered as they are made, so that their order is one of dependence.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from heapq import heappop, heappush
from operator import attrgetter
from typing import Any

from engine.graph.node import Node, Output, node_of

Below = Callable[[Node], Iterable[Any]]
"""The items below a node."""
edges: Below = attrgetter("edges")
"""Where a node's gradients go; None where none goes."""


def operands(item: Any) -> tuple[Any, ...]:
    """What a traced item was computed from, numbers and None included; nothing for another."""
    node = item.node if type(item) is Output else item
    return node.trace.args if type(node) is Node and node.trace is not None else ()


def uncut(node: Node) -> tuple[Any, ...]:
    """The operands of a node that was made while gradients were on; nothing for another."""
    return () if node.trace is None or node.trace.cut else node.trace.args


def place_of(item: Any) -> Any:
    """The node behind an item, whichever output it is, else the item itself."""
    return item.node if type(item) is Output else item


def key(item: Any) -> Any:
    """The mark of an item: a result's is its node's rank and the output's number, else identity."""
    if type(item) is Node:
        return item.rank, 0
    return (item.node.rank, item.index) if type(item) is Output else id(item)


def nodes(*starts: Any, below: Below = operands) -> Iterator[Node]:
    """The nodes that made the starts, and what these were computed from; depth first, the last
    operand first. Who has seen enough stops asking.
    """
    seen: set[int] = set()
    stack = list(starts)
    while stack:
        item = stack.pop()
        node = item.node if type(item) is Output else item
        if type(node) is Node and node.rank not in seen:
            seen.add(node.rank)
            yield node
            stack.extend(below(node))


def items(start: Any, below: Callable[[Any], Iterable[Any]] = operands) -> Iterator[Any]:
    """An item and all it was computed from, leaves and constants too, in the order of `nodes`."""
    seen: set[int] = set()
    stack = [start]
    while stack:
        item = stack.pop()
        if id(item) not in seen:
            seen.add(id(item))
            yield item
            stack.extend(below(item))


def leading(
    starts: Iterable[Any],
    targets: Container[Any],
    below: Below = operands,
    known_by: Callable[[Any], Any] = key,
) -> set[Node]:
    """The nodes on the ways from the starts down to a target; a target is on one only if a way
    leads on from it to another. `targets` holds what `known_by` gives for them.
    """
    found: set[Node | None] = set()
    reached = {node.rank: node for node in nodes(*starts, below=below)}
    for rank in sorted(reached, reverse=True):  # the oldest first: below before above
        node = reached[rank]
        for item in below(node):
            if node_of(item) in found or known_by(item) in targets:
                found.add(node)
                break
    return found  # type: ignore[return-value]


class Cotangents:
    """Cotangents on their way down a graph, given out node by node, the newest node first.

    Whoever iterates adds what a node sends on: every consumer of a value is newer than what made
    it, so a node comes up once, when all that can reach it has.
    """

    def __init__(self, roots: Iterable[tuple[Any, Any]] = ()) -> None:
        self._waiting: dict[int, tuple[Node, dict[int, Any]]] = {}
        self._ranks: list[int] = []
        for item, g in roots:
            self.add(item, g)

    def add(self, item: Any, g: Any) -> None:
        """Add to what waits for an item; nothing waits for what no node made."""
        node, index = (item.node, item.index) if type(item) is Output else (item, 0)
        if type(node) is not Node:
            return
        held = self._waiting.get(node.rank)
        if held is None:
            self._waiting[node.rank] = (node, {index: g})
            heappush(self._ranks, node.rank)
        else:
            parts = held[1]
            parts[index] = parts[index] + g if index in parts else g

    def __iter__(self) -> Iterator[tuple[Node, dict[int, Any]]]:
        """Pairs of a node and the cotangents that reached its outputs, by their number."""
        while self._ranks:
            yield self._waiting.pop(heappop(self._ranks))
