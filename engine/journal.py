"""A record of every change, each entry able to exchange what it stored with what is there now.

Whoever wants changes back (a session's transactions, undo and redo) sets `current`; whoever is
about to change something notes it first. Swapping all entries, newest first, takes the changes
back; swapping them again, oldest first, makes them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

MISSING: Any = object()


class Journal:
    """The changes of one transaction.

    `size` is the memory held by the stored contents, in bytes.
    """

    __slots__ = ("entries", "size", "undone")

    def __init__(self) -> None:
        self.entries: list[Callable[[], None]] = []
        self.size = 0
        self.undone = False

    def slot(self, owner: Any, name: str) -> None:
        """Note that attribute `name` of `owner` is about to change."""
        value = getattr(owner, name, MISSING)

        def swap() -> None:
            nonlocal value
            now = getattr(owner, name, MISSING)
            if value is MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, value)
            value = now

        self._add(swap, 64)

    def contents(self, array: np.ndarray[Any, Any]) -> None:
        """Note that the numbers in `array` are about to be overwritten."""
        stored = array.copy()

        def swap() -> None:
            now = array.copy()
            np.copyto(array, stored)
            np.copyto(stored, now)

        self._add(swap, stored.nbytes)

    def container(self, owner: list[Any] | dict[Any, Any] | set[Any]) -> None:
        """Note that a list, dict or set is about to change."""
        stored = owner.copy()

        def swap() -> None:
            nonlocal stored
            now = owner.copy()
            owner.clear()
            owner.extend(stored) if isinstance(owner, list) else owner.update(stored)  # type: ignore[arg-type]
            stored = now

        self._add(swap, 64 + 8 * len(stored))

    def generator(self, generator: Any) -> None:
        """Note that a random generator is about to draw."""
        stored = generator.get_state()

        def swap() -> None:
            nonlocal stored
            now = generator.get_state()
            generator.set_state(stored)
            stored = now

        self._add(swap, 5056)

    def call(self, swap: Callable[[], None]) -> None:
        """Note a change that knows itself how to be exchanged."""
        self._add(swap, 64)

    def _add(self, swap: Callable[[], None], size: int) -> None:
        self.entries.append(swap)
        self.size += size

    def swap(self) -> None:
        """Take the changes back or, if they are taken back, make them again."""
        global current
        listening, current = current, None
        try:
            for entry in self.entries if self.undone else reversed(self.entries):
                entry()
        finally:
            current = listening
        self.undone = not self.undone

    def rollback(self) -> None:
        """Take the changes back for good."""
        self.swap()
        self.entries.clear()
        self.size = 0


current: Journal | None = None


def note_slot(owner: Any, name: str) -> None:
    """Note a change of an attribute, if anyone listens."""
    if current is not None:
        current.slot(owner, name)


def note_contents(array: np.ndarray[Any, Any]) -> None:
    """Note a change of an array's numbers, if anyone listens."""
    if current is not None:
        current.contents(array)
