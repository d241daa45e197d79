"""The traversal: gradients flow from roots to leaves, newest node first.

Nodes are numbered as they are made, so every consumer of a value is newer than what made it: a
heap that yields the newest node with a gradient yields each node once, when its gradient is
complete. There is no recursion and no second pass. The same loop runs over arrays (plain
backward) and over Tensors (`create_graph=True`), where each step is recorded in turn.

Gradients of leaves are committed together at the end: a traversal that fails or is interrupted
leaves every `.grad` as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush, heappushpop
from itertools import chain
from sys import getrefcount
from typing import Any

import numpy as np

from engine.arrays import journal
from engine.arrays.backends import ARRAYS, Rows
from engine.arrays.modes import ANOMALY, GRAD, mode
from engine.arrays.row import Pullback, passed
from engine.arrays.state import current
from engine.arrays.types import DType, Shape
from engine.backward.saved_tensors import check_versions, lifted, opened
from engine.dispatch.fast_path import TENSORS
from engine.graph import hooks, storage, walk
from engine.graph.hooks import (
    Hook,
    Hooks,
    LeafNodeHook,
    replaced_by,
    run_after_hooks,
    run_tensor_hooks,
)
from engine.graph.node import Cotangent, Edge, Freed, Node, Output, at_node, edge_of
from engine.graph.tensor import LEAF, Tensor, wrap
from engine.graph.walk import place_of

FREED = Freed()
sent_observers: list[Callable[[Node, Sequence[Cotangent]], None]] = []
"""Called, while anomalies are looked for, with a node and what it sends to its operands."""
failure_observers: list[Callable[[Node], None]] = []
"""Called, while anomalies are looked for, with the node at which a traversal failed."""
_UNCHANGED = (None,) * 8
_ndarray, _asarray = np.ndarray, np.asarray


def _references() -> int:
    """How often an array in a table counts as referred to, by whom reads it there."""
    for _, g in {0: (None, np.empty(1))}.values():
        count = getrefcount(g)
    return count


_ALONE = _references()
"""No more: nobody but the table of leaves holds it."""


class Traversal:
    """One run over the graph: the gradients on their way, and those that arrived."""

    captures = False
    """For grad(): nothing will be added to any .grad."""
    roots: Sequence[tuple[Edge, Cotangent]] = ()
    needed: set[Any] | None = None
    wanted: dict[tuple[int, int], Cotangent] = {}  # noqa: RUF012 (replaced, never changed)
    hooked: frozenset[int] = frozenset()
    reached: set[Any] | None = None
    expected: dict[int, int] | None = None
    current: Traversal | None = None
    """The one whose tensor hooks are being called."""

    def __init__(self, create_graph: bool, keep: bool, captures: bool = False) -> None:
        if captures:
            self.captures = True
        self.create_graph = create_graph
        self.keep = keep
        self.ns = TENSORS if create_graph else ARRAYS
        self.heap: list[int] = []
        self.pending: dict[int, tuple[Node, Cotangent]] = {}
        self.leaves: dict[int, tuple[Tensor, Cotangent]] = {}

    # ---- which nodes to run ------------------------------------------------------------------

    def restrict(self, edges: Sequence[Edge]) -> None:
        """Run only the nodes that lead to these edges, and keep the gradients that reach them."""
        self.needed = set(map(place_of, edges))
        self.wanted = {walk.key(edge): None for edge in edges if not isinstance(edge, Tensor)}

    def reaches(self, edge: Edge) -> bool:
        """Whether this run computes the gradient of a tensor with this edge."""
        if self.needed is not None:
            return place_of(edge) in self.needed
        if self.reached is None:
            starts = [root for root, _ in self.roots]
            below = (edge for node in walk.nodes(*starts, below=walk.edges) for edge in node.edges)
            self.reached = {*map(place_of, starts), *map(place_of, below)}
        return place_of(edge) in self.reached

    # ---- the loop ----------------------------------------------------------------------------

    def run(self, roots: Sequence[tuple[Edge, Cotangent]]) -> None:
        """Let the gradients flow from the roots, pairs of an edge and its cotangent."""
        self.roots = roots
        if self.needed is not None:
            starts = [edge for edge, _ in roots]
            self.needed |= walk.leading(starts, frozenset(self.needed), walk.edges, place_of)
        now = mode.get()
        token = mode.set(now | GRAD if self.create_graph else now & ~GRAD)
        try:
            if len(roots) == 1 and type(roots[0][0]) is Node and self.needed is None:
                self._loop(*roots[0])
            else:
                for edge, g in roots:
                    self._send(edge, g)
                self._loop()
        except Exception as error:
            if now & ANOMALY and hasattr(error, "node"):
                for tell in failure_observers:
                    tell(error.node)
            raise
        finally:
            mode.reset(token)

    def _loop(self, ahead: Any = None, held: Any = None) -> None:
        """Run the nodes that wait; the gradient `held` of the node `ahead` waits outside the heap.

        Plainly, with `contributions` and `_send` written out (test_traversal.py has it whole):

            while pending:
                node, g = pending.pop(min(pending))
                for edge, part in zip(node.edges, contributions(ns, node, g, opened(node))):
                    send(edge, part)

        A chain of operations never touches the heap. A sum that waits is taken out of its table to
        be added to: nobody else holds it then, and NumPy adds to a large one in place.
        """
        heap, pending, leaves = self.heap, self.pending, self.leaves
        needed, ns, keep, send = self.needed, self.ns, self.keep, self._send
        special = self.create_graph or self.wanted or mode.get() & ANOMALY
        last_write, hooked, sum_to = storage.last_write, hooks.on_leaves, ns.sum_to
        edge: Any  # looked at by its type
        while True:
            if ahead is None:
                if not heap:
                    return
                node, g = pending.pop(heappop(heap))
            elif heap and heap[0] < ahead.rank:
                pending[ahead.rank] = (ahead, held)
                node, g = pending.pop(heappushpop(heap, ahead.rank))
                ahead = None
            else:
                node, g, ahead = ahead, held, None
            op = node.op
            if special or node.hooks is not None or op.variadic:
                self._visit(node, g)
                last_write, hooked = storage.last_write, hooks.on_leaves
                continue
            saved = node.saved
            if type(saved) is not tuple:
                saved = opened(node)
            elif last_write < node.rank:
                check_versions(node)
            for edge, (rule, count, pick), was in zip(  # noqa: B905 (as long as the edges)
                node.edges, op.steps, node.restore or _UNCHANGED
            ):
                if edge is None or (needed is not None and place_of(edge) not in needed):
                    continue
                if count == 1:
                    contribution = rule(ns, g, saved[pick])
                elif rule is passed:
                    contribution = g
                elif count == 0:
                    contribution = rule(ns, g)
                else:
                    contribution = rule(ns, g, *pick(saved))
                if contribution is None:
                    continue
                if was is not None:
                    if contribution.dtype is was[1]:
                        contribution = sum_to(contribution, was[0])
                    else:
                        contribution = restored(ns, contribution, was)
                kind = type(edge)
                if kind is Node:
                    if ahead is None and not pending:
                        ahead, held = edge, contribution
                    elif edge is ahead:
                        held = held + contribution
                    elif (rank := edge.rank) in pending:
                        pending[rank] = (edge, pending.pop(rank)[1] + contribution)
                    elif ahead is None:
                        ahead, held = edge, contribution
                    else:
                        pending[rank] = (edge, contribution)
                        heappush(heap, rank)
                elif kind is Tensor:
                    key = id(edge)
                    if key in leaves:
                        contribution = leaves.pop(key)[1] + contribution
                    leaves[key] = (edge, contribution)
                    if hooked and edge.hooks is not None:
                        self._arrived(edge)
                else:
                    send(edge, contribution)
            if op.frees and not keep:
                _let_go(node, saved)

    def _visit(self, node: Node, g: Cotangent) -> None:
        """Run a node with hooks, or asked for, or on Tensors, or of any number of operands."""
        if node.hooks is not None or self.wanted:
            g = self._before(node, g)
            if g is None:
                return
        saved = node.saved
        if type(saved) is not tuple:
            saved = opened(node)
        elif storage.last_write < node.rank:
            check_versions(node)
        self._send_all(node, g, lifted(node, saved) if self.create_graph else saved)
        if node.op.frees and not self.keep:
            _let_go(node, saved)

    def _send_all(self, node: Node, g: Cotangent, values: Sequence[Any]) -> None:
        """Run a node's rules, pass what comes out through its hooks, and send it on."""
        watched = mode.get() & ANOMALY
        run = _guarded if watched else contributions
        sent = run(self.ns, node, g, values)
        if node.hooks is not None and node.hooks.after:
            sent = self._through_after_hooks(node, sent, g)
        if watched:
            for look in sent_observers:
                look(node, sent)
        if node.op.context is not None and not self.keep:
            node.shown.release()
        for edge, contribution in zip(node.edges, sent, strict=False):
            if edge is not None and contribution is not None:
                self._send(edge, contribution)

    def _send(self, edge: Any, g: Cotangent) -> None:
        """Add a gradient to what is on its way to `edge`."""
        if edge is None or (self.needed is not None and place_of(edge) not in self.needed):
            return
        if isinstance(edge, Tensor):
            if id(edge) in self.leaves:
                g = self.leaves.pop(id(edge))[1] + g
            self.leaves[id(edge)] = (edge, g)
            if edge.hooks is not None:
                self._arrived(edge)
            return
        node = edge.node if type(edge) is Output else edge
        waiting = self.pending.pop(node.rank, None)
        if waiting is None:
            heappush(self.heap, node.rank)
        if type(edge) is Output:
            parts = [] if waiting is None else list(waiting[1])
            parts += [None] * (max(edge.index + 1, node.op.outputs) - len(parts))
            parts[edge.index] = g if parts[edge.index] is None else parts[edge.index] + g
            g = parts
        elif waiting is not None:
            g = waiting[1] + g
        self.pending[node.rank] = (node, g)

    # ---- hooks and captures ------------------------------------------------------------------

    def _before(self, node: Node, g: Cotangent) -> Cotangent:
        """Keep a node's incoming gradient if it was asked for, and pass it through its hooks.

        None if nothing beyond the node is needed. What is kept has been through the hooks only
        then: PyTorch calls them when the node runs.
        """
        asked = [key for key in self.wanted if key[0] == node.rank]
        ends = bool(asked) and not any(place_of(edge) in self.needed for edge in node.edges)  # type: ignore[operator]
        if not ends:
            self._keep(asked, g)
        if node.hooks is not None:
            g = self._through_tensor_hooks(node.hooks, g)
        if node.hooks is not None and node.hooks.before and not ends:
            g = self._through_before_hooks(node.hooks.before, g)
        if ends:
            self._keep(asked, g)
            return None
        return g

    def _keep(self, asked: Sequence[tuple[int, int]], g: Cotangent) -> None:
        for key in asked:
            self.wanted[key] = g if type(g) is not list else g[key[1]] if key[1] < len(g) else None

    def _held(self, g: Cotangent) -> Any:
        """A gradient as a user may see it: a Tensor or None."""
        return g if g is None or self.create_graph else wrap(g)

    def _bare(self, g: Any) -> Cotangent:
        """A gradient as the traversal has it."""
        return g if g is None or self.create_graph else g.array

    def _through_tensor_hooks(self, hooks: Hooks, g: Cotangent) -> Cotangent:
        parts = g if type(g) is list else [g]
        for index, part in enumerate(parts):
            if part is None:
                continue
            if index in hooks.on_output:
                parts[index] = self._hooked(hooks.on_output[index], part)
            retained = hooks.retained.get(index)
            tensor = retained() if retained is not None else None
            if tensor is not None:
                self.leaves[id(tensor)] = (tensor, parts[index])
        return parts if type(g) is list else parts[0]

    def _through_before_hooks(self, hooks: Sequence[Hook], g: Cotangent) -> Cotangent:
        """Show a node's hooks what came in; they may replace it."""
        held = tuple(map(self._held, g if type(g) is list else [g]))
        for hook in tuple(hooks):
            held = replaced_by(hook, hook(held), held)
        if all(part is None for part in held):
            return None
        return [*map(self._bare, held)] if type(g) is list else self._bare(held[0])

    def _through_after_hooks(
        self, node: Node, sent: list[Cotangent], g: Cotangent
    ) -> list[Cotangent]:
        """Show a node's hooks what goes out and what came in; they may replace what goes out."""
        incoming = tuple(map(self._held, g if type(g) is list else [g]))
        places = node.sends()
        held = tuple(
            None
            if self.needed is not None and place_of(node.edges[place]) not in self.needed
            else self._held(sent[place])
            for place in places
        )
        for hook in tuple(node.hooks.after):
            held = replaced_by(hook, hook(held, incoming), held)
        for place, part in zip(places, held, strict=True):
            sent[place] = self._bare(part)
        return sent

    def captured(self, edge: Edge) -> Tensor | None:
        """The gradient that reached a target of `restrict`; None if none did."""
        if isinstance(edge, Tensor):
            g = self.leaves.get(id(edge), (None, None))[1]
            if g is not None and edge.hooks:
                g = self._leaf_hooks(edge, g)
            if g is not None:
                g = restored(self.ns, g, (edge.array.shape, edge.array.dtype))
        else:
            g = self.wanted[walk.key(edge)]
        if g is None or self.create_graph:
            return g
        return wrap(g if g.base is None and getrefcount(g) <= _ALONE and g.ndim else g.copy())

    def _arrived(self, leaf: Tensor) -> None:
        """Call a leaf's hooks if this was the last gradient on its way there."""
        if self.expected is None:
            self.expected = self._count()
        left = self.expected[id(leaf)] = self.expected.get(id(leaf), 0) - 1
        if left == 0:
            self.leaves[id(leaf)] = (leaf, self._leaf_hooks(leaf, self.leaves[id(leaf)][1]))

    def _count(self) -> dict[int, int]:
        """How many gradients will arrive at each leaf with hooks."""
        expected: dict[int, int] = {}
        starts = self._followed(edge for edge, _ in self.roots)
        run = walk.nodes(*starts, below=lambda node: self._followed(node.edges))
        for edge in chain(starts, *(self._followed(node.edges) for node in run)):
            if isinstance(edge, Tensor) and edge.hooks is not None:
                expected[id(edge)] = expected.get(id(edge), 0) + 1
        return expected

    def _followed(self, edges: Iterable[Edge]) -> list[Edge]:
        """Those of some edges along which gradients go."""
        needed = self.needed
        return [e for e in edges if e is not None and (needed is None or place_of(e) in needed)]

    def _leaf_hooks(self, leaf: Tensor, g: Cotangent) -> Cotangent:
        """A leaf's gradient, passed through its hooks; once."""
        if id(leaf) in self.hooked:
            return g
        self.hooked |= {id(leaf)}
        own = leaf.hooks or []
        if self.captures:  # the node that adds to .grad does not run
            own = [hook for hook in own if type(hook) is not LeafNodeHook]
        return self._hooked(own, g)

    def _hooked(self, hooks: Sequence[Hook], g: Cotangent) -> Cotangent:
        before, Traversal.current = Traversal.current, self
        try:
            return self._bare(run_tensor_hooks(hooks, self._held(g)))
        finally:
            Traversal.current = before

    # ---- the end -----------------------------------------------------------------------------

    def commit(self, targets: Sequence[Tensor | None] | None) -> None:
        """Add the gradients that arrived to the leaves' `.grad`, all of them or none."""
        leaves = self.leaves
        for target in targets or ():
            if target is not None and target.edge is not LEAF:
                target._grad = target._grad
                g = self.wanted[walk.key(edge_of(target))]
                if g is not None:
                    leaves[id(target)] = (target, g)
        if hooks.on_leaves:
            for key, (tensor, g) in leaves.items():
                if tensor.hooks:
                    leaves[key] = (tensor, self._leaf_hooks(tensor, g))
        listening = current().journal
        for tensor, g in leaves.values():
            if hooks.on_leaves and tensor.post_hooks and g is not None:
                seen = self._held(g.copy() if type(g) is _ndarray else g)
                accumulate(tensor, g)
                run_after_hooks(tensor, seen)
            elif tensor.bare_grad is None and type(g) is _ndarray and g.dtype is tensor.array.dtype:
                if listening is not None:
                    listening.slot(tensor, "_grad")
                if g.base is not None or getrefcount(g) > _ALONE or not g.ndim:
                    g = g.copy()  # numbers are shared, and therefore read-only (scalars.py)
                tensor.bare_grad = first = Tensor()
                first.array = g
                first.edge = None
            elif g is not None:
                accumulate(tensor, g)


def accumulate(tensor: Tensor, g: Cotangent) -> None:
    """Add a gradient, an array or (under create_graph) a Tensor, to `tensor.grad`."""
    held = tensor._grad
    if type(g) is Tensor:
        if g.array.dtype != tensor.array.dtype:
            g = TENSORS.to_copy(g, tensor.array.dtype)
        journal.note_slot(tensor, "_grad")
        tensor._grad = g if held is None else held + g
        return
    if type(g) is not _ndarray:
        g = _asarray(g)
    if g.dtype is not tensor.array.dtype:
        g = ARRAYS.to_copy(g, tensor.array.dtype)
    if held is None or held.requires_grad:
        journal.note_slot(tensor, "_grad")
        tensor._grad = wrap(g.copy() if held is None else held.array + g)
    else:
        journal.note_contents(held.array)
        np.add(held.array, g, held.array)


def contributions(ns: Rows, node: Node, g: Cotangent, values: Sequence[Any]) -> list[Cotangent]:
    """The cotangents of a node's operands, None where there is none."""
    op, edges = node.op, node.edges
    fixed = len(op.pullbacks) - op.variadic
    found = [
        None if edge is None else run_rule(pullback, ns, g, values)
        for edge, pullback in zip(edges[:fixed], op.pullbacks, strict=False)
    ]
    if any(edge is not None for edge in edges[fixed:]):
        found.extend(run_rule(op.pullbacks[-1], ns, g, values))
    found += [None] * (len(edges) - len(found))
    if node.restore is not None:
        found = [
            part if part is None or was is None else restored(ns, part, was)
            for part, was in zip(found, node.restore, strict=True)
        ]
    return found


def _guarded(ns: Rows, node: Node, g: Cotangent, values: Sequence[Any]) -> list[Cotangent]:
    """The same while anomalies are looked for; an error knows at which node it happened."""
    running = current().running
    running.append(node)
    try:
        return contributions(ns, node, g, values)
    except Exception as error:
        raise at_node(node, error) from None
    finally:
        running.pop()


def run_rule(pullback: Pullback, ns: Rows, g: Cotangent, values: Sequence[Any]) -> Cotangent:
    """One rule on the values it needs."""
    rule, count, pick = pullback
    return rule(ns, g, *((values[pick],) if count == 1 else pick(values) if count else ()))


def restored(ns: Rows, g: Cotangent, was: tuple[Shape, DType]) -> Cotangent:
    """Undo an operand's broadcast and promotion: a gradient of the shape and dtype it had."""
    shape, dtype = was
    array = g.array if type(g) is Tensor else g
    if array.dtype is dtype:
        return g if array.shape == shape else ns.sum_to(g, shape)
    if array.dtype != dtype:
        if array.dtype.kind == "c" and dtype.kind != "c":
            g = ns.real(g)  # what a real operand can do about a complex result
        g = ns.to_copy(g, dtype)
    return g if array.shape == shape else ns.sum_to(g, shape)


def _let_go(node: Node, saved: tuple[Any, ...]) -> None:
    """Let go of what a node saved; a traced node is marked as used, and still shows it."""
    if node.trace is None:
        node.saved = FREED
    else:
        journal.note_slot(node, "saved")
        node.saved = Freed(saved)
