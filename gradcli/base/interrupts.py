"""Ctrl-C, kept out of the moments that must not be cut in two, and never lost.

An exception that Python meets while it tidies up (in a __del__, in a weak reference's callback) is
reported and dropped. One Ctrl-C in a while falls there; so it is remembered, too, and asked for
before each statement.
"""

from __future__ import annotations

import signal
import sys
from contextvars import ContextVar
from types import FrameType
from typing import Any


class Listening:
    """Inside, Ctrl-C raises KeyboardInterrupt, unless it is held. For the main thread alone.

    `asked` tells whether it was pressed, `holding` how many parts hold it now, `waiting` whether
    it was pressed meanwhile.
    """

    __slots__ = ("_dropped", "_handler", "_token", "asked", "holding", "waiting")

    def __init__(self) -> None:
        self.asked = self.waiting = False
        self.holding = 0

    def __enter__(self) -> None:
        self._token = _current.set(self)
        self._dropped = sys.unraisablehook
        sys.unraisablehook = self._drop
        self._handler = signal.signal(signal.SIGINT, self._interrupt)

    def __exit__(self, *error: object) -> None:
        signal.signal(signal.SIGINT, self._handler)
        sys.unraisablehook = self._dropped
        _current.reset(self._token)

    def _drop(self, dropped: Any) -> None:
        if dropped.exc_type is not KeyboardInterrupt:
            self._dropped(dropped)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.holding:
            self.waiting = True
            return
        self.asked = True
        raise KeyboardInterrupt


NOBODY = Listening()
_current: ContextVar[Listening] = ContextVar("listening", default=NOBODY)
current, hear = _current.get, _current.set
"""Who listens in this context, at first one that never hears anything; and what sets another."""


class Held:
    """Inside, Ctrl-C waits until the end."""

    __slots__ = ("_listening",)

    def __enter__(self) -> None:
        self._listening = current()
        self._listening.holding += 1

    def __exit__(self, *error: object) -> None:
        listening = self._listening
        listening.holding -= 1
        if listening.waiting and not listening.holding:
            listening.waiting = False
            raise KeyboardInterrupt
