"""Tracing: what a session keeps of its operations beside what backward needs.

While tracing, every result remembers how it was made (`tensor.origin`), constants included: the
material of formulas, drawings, plans and of errors that quote the line that built a node. Every
backward is remembered too (`runs`), with what it gave to each leaf.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from engine.arrays import journal
from engine.arrays.modes import TRACE, mode
from engine.arrays.state import current
from engine.arrays.types import Array
from engine.graph.node import Cotangent, Edge, Node
from engine.graph.tensor import LEAF, Tensor

MAXIMUM_CONSTANT_DEPTH = 256
"""A longer history of untracked operations is folded: what comes out counts as a constant."""


class Given(NamedTuple):
    """The gradient `g` that a backward gave a leaf; None if it had more than KEPT numbers.

    `leaf` is a weak reference. `onto` tells that the leaf held a gradient that was not 0.
    """

    leaf: weakref.ref[Tensor]
    g: Array | None
    onto: bool


class Run(NamedTuple):
    """One backward: where it started, and what it gave.

    `roots` are pairs of an edge and its cotangent, an array; of all but the last run they are let
    go, with their graph. `rank` tells which nodes are older (larger).
    """

    roots: tuple[tuple[Edge, Array], ...]
    rank: int
    given: list[Given]
    line: int | None

    def gave(self, leaf: Tensor) -> tuple[bool, Array | None]:
        """Whether it reached the leaf, and with what."""
        for given in self.given:
            if given.leaf() is leaf:
                return True, given.g
        return False, None

    def added_to(self, leaf: Tensor) -> bool:
        """Whether it added to a gradient that the leaf held."""
        return any(given.onto and given.leaf() is leaf for given in self.given)


RUNS, KEPT = 64, 1000
"""How many runs are remembered, and how many numbers of one gradient."""


def holding(leaves: Mapping[int, tuple[Tensor, Cotangent]]) -> set[int]:
    """Which leaves hold a gradient that is not 0: what reaches them now is added to it."""
    return {
        key
        for key, (leaf, _) in leaves.items()
        if leaf._grad is not None and leaf._grad.array.any()
    }


def note_run(
    roots: list[tuple[Edge, Cotangent]],
    rank: int,
    leaves: Mapping[int, tuple[Tensor, Cotangent]],
    held: set[int],
) -> None:
    """Remember a backward.

    `leaves` are pairs of a leaf and the gradient that reached it; `held`, those that held one.
    """
    given = []
    for key, (leaf, g) in leaves.items():
        array: Any = getattr(g, "array", g)
        kept = array.copy() if array.size <= KEPT else None
        given.append(Given(weakref.ref(leaf), kept, key in held))
    state, runs = current(), current().runs
    journal.note_container(runs)
    if runs:
        runs[-1] = runs[-1]._replace(roots=())
    del runs[: -RUNS + 1]
    starts: Any = tuple((edge, getattr(g, "array", g)) for edge, g in roots)
    runs.append(Run(starts, rank, given, state.line))


@contextmanager
def tracing() -> Iterator[None]:
    """Trace inside a `with` block."""
    token = mode.set(mode.get() | TRACE)
    try:
        yield
    finally:
        mode.reset(token)


def name(tensor: Tensor, text: str) -> None:
    """Let a traced value remember the name it is bound to; the first name stays."""
    try:
        origin = tensor.bare_origin
    except AttributeError:
        origin = None
    if origin is None or tensor.edge is LEAF:
        if tensor.label is None:
            journal.note_slot(tensor, "label")
            tensor.label = text
        return
    trace: Any = origin.trace if type(origin) is Node else origin.node.trace
    if trace.name is None:
        if (
            trace.line is None or trace.line < current().started
        ):  # else taking it back lets the node go
            journal.note_slot(trace, "name")
        trace.name = text
