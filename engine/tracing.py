"""Tracing: what a session keeps of its operations beside what backward needs.

While tracing, every result remembers how it was made (`tensor.origin`), constants included: the
material of formulas, drawings, plans and of errors that quote the line that built a node.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine import journal
from engine.modes import TRACE, mode

line: int | None = None
"""The source line that new nodes remember."""

MAXIMUM_CONSTANT_DEPTH = 256
"""A longer history of untracked operations is folded: what comes out counts as a constant."""


class Trace:
    """How a traced node was made.

    `args` are the operands as they were: what made them (a Node or Output), or the tensor itself
    for leaves and constants, or a number. `values` are the results' arrays. `cut` tells that
    gradients were off. `name` is what the result was first bound to.
    """

    __slots__ = ("__weakref__", "args", "cut", "depth", "line", "name", "params", "values")

    def __init__(
        self,
        args: tuple[Any, ...],
        params: tuple[Any, ...],
        values: tuple[Any, ...],
        depth: int,
        cut: bool,
    ) -> None:
        self.args = args
        self.params = params
        self.values = values
        self.depth = depth
        self.cut = cut
        self.line = line
        self.name: str | None = None


def enable() -> None:
    """Trace from now on, in this context."""
    mode.set(mode.get() | TRACE)


def disable() -> None:
    """Stop tracing."""
    mode.set(mode.get() & ~TRACE)


@contextmanager
def tracing() -> Iterator[None]:
    """Trace inside a `with` block."""
    token = mode.set(mode.get() | TRACE)
    try:
        yield
    finally:
        mode.reset(token)


def name(tensor: Any, text: str) -> None:
    """Let a traced value remember the name it is bound to; the first name stays."""
    origin = tensor.origin
    if origin is None:
        if tensor.label is None:
            journal.note_slot(tensor, "label")
            tensor.label = text
        return
    trace = getattr(origin, "node", origin).trace
    if trace.name is None:
        journal.note_slot(trace, "name")
        trace.name = text
