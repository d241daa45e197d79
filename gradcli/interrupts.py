"""Ctrl-C, kept out of the moments that must not be cut in two."""

from __future__ import annotations

import signal
from types import FrameType

_holding = 0
_pending = False


class Held:
    """Inside, Ctrl-C waits until the end."""

    __slots__ = ()

    def __enter__(self) -> None:
        global _holding
        _holding += 1

    def __exit__(self, *error: object) -> None:
        global _holding, _pending
        _holding -= 1
        if _pending and not _holding:
            _pending = False
            raise KeyboardInterrupt


class Listening:
    """Inside, Ctrl-C raises KeyboardInterrupt, unless it is held. For the main thread alone."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGINT, _interrupt)

    def __exit__(self, *error: object) -> None:
        signal.signal(signal.SIGINT, self._before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    global _pending
    if _holding:
        _pending = True
        return
    raise KeyboardInterrupt
