"""Memory that tensors share: views, and the record of writes that version checks read.

A tensor's version is the number of times its storage was written in place. The record is kept per
storage, beside the arrays and not in them: nothing is paid until something is written. Nodes and
writes are numbered by one counter that runs down (`next_rank`), so whether a write came after a
node was recorded is one comparison, and a traversal can skip all checks for nodes that are
younger than the last write.
"""

from __future__ import annotations

import weakref
from array import array as int_array
from bisect import bisect_left
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np

from engine.arrays import journal
from engine.arrays.backends import ArrayNamespace
from engine.arrays.memory import owner_of
from engine.arrays.row import Op
from engine.arrays.state import current
from engine.arrays.types import Array, Params

next_rank: Callable[[], int] = count(0, -1).__next__
"""Numbers nodes and writes; later ones are smaller, as a heap wants them."""


Path = tuple[tuple[Op, Params], ...]
"""A chain of view rows and their parameters, from a base to what is shown of it."""


class Writes:
    """The in-place writes of one storage: their ranks (negated, so that they grow).

    `writer` is the name of the node that made what was written last, `written` the identity of
    the array it was written through.
    """

    __slots__ = ("__weakref__", "owner", "ranks", "writer", "written")

    def __init__(self, owner: weakref.ref[Array]) -> None:
        self.owner = owner
        self.ranks = int_array("q")
        self.writer: str | None = None
        self.written = 0

    def seen_by(self, rank: int) -> int:
        """The version that a node of this rank saw."""
        return bisect_left(self.ranks, 1 - rank)

    def name_for(self, array: Array) -> str | None:
        """PyTorch's name of the node that `array` comes from since the last recorded write."""
        if self.writer is None or id(array) == self.written:
            return self.writer
        return "AsStridedBackward0"


_writes: dict[int, Writes] = {}
last_write = 1
"""The rank of the newest write; 1, older than every node, when there was none."""


def writes_of(array: Array) -> Writes | None:
    """The record of writes to the memory `array` shows; None when there were none."""
    return _writes.get(id(owner_of(array)))


def version(array: Array) -> int:
    """How often the memory `array` shows was written in place."""
    writes = writes_of(array)
    return 0 if writes is None else len(writes.ranks)


def note_write(array: Array, rank: int | None = None, writer: str | None = None) -> None:
    """Record that the memory of `array` was written, by a node of the name `writer`.

    It was written at `rank`; now, unless that is told.
    """
    global last_write
    last_write = rank = next_rank() if rank is None else rank
    writes = _writes.get(id(array))
    if writes is None:
        writes = _writes_to(owner_of(array))
    if (listening := current().journal) is not None:
        listening.change(writes, _exchange(len(writes.ranks), writes))
    writes.ranks.append(-rank)
    writes.writer = writer
    if writer is not None:
        writes.written = id(array)


def _writes_to(owner: Array) -> Writes:
    """The record of writes to the memory of `owner`, begun if there is none."""
    key = id(owner)
    if key not in _writes:
        _writes[key] = Writes(weakref.ref(owner, lambda _: _writes.pop(key, None)))
    return _writes[key]


def _exchange(count: int, before: Writes) -> Callable[[Writes], None]:
    """The change "more than `count` writes, the last by another writer", to be taken back."""
    later = int_array("q")
    last = (before.writer, before.written)

    def exchange(writes: Writes) -> None:
        nonlocal later, last
        now = writes.ranks[count:]
        del writes.ranks[count:]
        writes.ranks.extend(later)
        later = now
        (writes.writer, writes.written), last = last, (writes.writer, writes.written)

    return exchange


_shown: dict[int, list[weakref.ref[Any]]] = {}


def note_shown(array: Array, node: Any) -> None:
    """Remember that a traced node shows the memory of `array` as its value."""
    owner = owner_of(array)
    key = id(owner)
    if key not in _shown:
        _shown[key] = []
        weakref.finalize(owner, _shown.pop, key, None)
    refs = _shown[key]
    if len(refs) % 256 == 255:
        refs[:] = [ref for ref in refs if ref() is not None]
    refs.append(weakref.ref(node))


def keep_shown(array: Array, *nodes: Any) -> None:
    """Let traced nodes go on showing the values that memory has now, before it is written."""
    owner = owner_of(array)
    remembered = [ref() for ref in _shown.pop(id(owner), ())]
    for node in (*remembered, *nodes):
        trace = None if node is None else getattr(node, "node", node).trace
        if trace is not None:
            trace.values = tuple(
                value.copy()
                if isinstance(value, np.ndarray) and owner_of(value) is owner
                else value
                for value in trace.values
            )


class View:
    """How a tensor shows part of another: the edge of a tensor that is a view.

    `path` is the chain of view rows and their parameters that leads from `base` (never a view
    itself) to the tensor. When `base` is written in place through autograd, the recorded `edge`
    is out of date and is recorded anew from the base's, the first time it is asked for. `made`
    says why it may not be written through autograd ("no_grad", or which of several outputs it is).
    """

    __slots__ = ("base", "base_edge", "base_origin", "edge", "made", "path", "renew", "stale")
    is_view = True

    def __init__(
        self, base: Any, path: Path, edge: Any, renew: Callable[..., Any], made: str = ""
    ) -> None:
        self.made = made
        self.stale = False
        self.base = base
        self.base_edge = base.edge
        self.base_origin = base.origin
        self.path = path
        self.edge = edge
        self.renew = renew

    def current(self) -> Any:
        """The edge now: None, a node or an output of one."""
        moved = self.base.edge is not self.base_edge and hasattr(self.base.edge, "edges")
        if moved or self.stale:
            journal.note_slot(self, "stale")
            self.stale = False
            journal.note_slot(self, "edge")
            journal.note_slot(self, "base_edge")
            self.edge = self.renew(self.base, self.path)
            self.base_edge = self.base.edge
        return self.edge


def follow(xp: ArrayNamespace, array: Any, path: Path) -> Any:
    """The part of `array`, one of xp's, that a chain of view rows shows."""
    for row, params in path:
        array = row.over(xp)(array, *params)
    return array
