"""What the engine asks of its surroundings: one `State` for the library, and one for each session.

A session runs its inputs in a context (of contextvars) of its own, where its state is the current
one: neither another session nor a program that uses the library sees what it sets.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any


class State:
    """What holds for all operations, and who listens to them.

    Attributes:
        journal: the Journal that hears of every change; None where nobody wants changes back.
        line: the number of the source line that new nodes remember; None outside a source.
        started: the line with which the transaction that runs began.
        quote: gives the line of a number as an entry of a traceback; None outside a source.
        runs: each backward that was traced, a Run, oldest first.
        running: the nodes that a watched backward is at, the innermost last.
        warned: takes a warning's text and class; None for Python's own warnings.
        elements: the most elements of one result; None for no limit.
        memory: the most bytes the process may hold; None for no limit.
        asked: the bytes of the results made since the process was last looked at.
        default_dtype: the dtype of tensors made from Python floats; None for float32.
        generator: the Generator that draws where none is named; None before the first draw.
        precision: the digits a number is printed with after its point.
        threshold: the most elements that are printed in full.
        edgeitems: how many are printed at each end of a dimension of larger tensors.
        linewidth: the columns of a line.
        sci_mode: whether numbers are printed with an exponent; None lets the numbers decide.
    """

    __slots__ = tuple(
        "asked default_dtype edgeitems elements generator journal line linewidth memory precision "
        "quote running runs sci_mode started threshold warned".split()
    )

    def __init__(self, elements: int | None = None, memory: int | None = None) -> None:
        self.journal: Any = None
        self.line: int | None = None
        self.started = 0
        self.quote: Callable[[int], str] | None = None
        self.runs: list[Any] = []
        self.running: list[Any] = []
        self.warned: Callable[[str, type[Warning]], None] | None = None
        self.elements, self.memory, self.asked = elements, memory, 0
        self.default_dtype: Any = None
        self.generator: Any = None
        self.precision, self.edgeitems, self.linewidth = 4, 3, 80
        self.threshold: float = 1000
        self.sci_mode: bool | None = None


LIBRARY = State()
_state: ContextVar[State] = ContextVar("state", default=LIBRARY)
current, enter = _state.get, _state.set
"""The state of this context, the library's at first; and what makes another one that."""


def warn(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn whoever is meant to hear it, of the line that called the engine."""
    warned = current().warned
    if warned is not None:
        warned(text, category)
        return
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_ENGINE):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, level)


_ENGINE = os.path.dirname(os.path.dirname(__file__)) + os.sep


@contextmanager
def unheard() -> Iterator[None]:
    """Inside, nobody is warned."""
    state = current()
    hears, state.warned = state.warned, lambda text, category: None
    try:
        yield
    finally:
        state.warned = hears
