"""Ctrl-C, kept out of the moments that must not be cut in two, and never lost.

An exception that Python meets while it tidies up (in a __del__, in a weak reference's callback) is
reported and dropped. One Ctrl-C in a while falls there; so it is remembered, too, and asked for
before each statement.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

asked = False
"""Whether Ctrl-C was pressed since the present input began."""
_holding = 0
_waiting = False


class Held:
    """Inside, Ctrl-C waits until the end."""

    __slots__ = ()

    def __enter__(self) -> None:
        global _holding
        _holding += 1

    def __exit__(self, *error: object) -> None:
        global _holding, _waiting
        _holding -= 1
        if _waiting and not _holding:
            _waiting = False
            raise KeyboardInterrupt


class Listening:
    """Inside, Ctrl-C raises KeyboardInterrupt, unless it is held. For the main thread alone."""

    __slots__ = ("_dropped", "_handler")

    def __enter__(self) -> None:
        self._dropped = sys.unraisablehook
        sys.unraisablehook = self._drop
        self._handler = signal.signal(signal.SIGINT, _interrupt)

    def __exit__(self, *error: object) -> None:
        global asked, _waiting
        signal.signal(signal.SIGINT, self._handler)
        sys.unraisablehook = self._dropped
        asked = _waiting = False

    def _drop(self, dropped: Any) -> None:
        if dropped.exc_type is not KeyboardInterrupt:
            self._dropped(dropped)


def _interrupt(number: int, frame: FrameType | None) -> None:
    global asked, _waiting
    if _holding:
        _waiting = True
        return
    asked = True
    raise KeyboardInterrupt
