"""A record of every change, each entry able to exchange what it stored with what is there now.

Whoever wants changes back (a session's transactions, undo and redo) sets the state's journal;
whoever is about to change something notes it first. Swapping all entries, newest first, takes the
changes back; swapping them again, oldest first, makes them anew.

What is noted again is stored once, and what nothing else leads to any more is forgotten: a loop of
a million steps, over values that come and go, costs no more than its first round.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.arrays.memory import address, owner_of
from engine.arrays.state import current
from engine.arrays.types import Array

MISSING: Any = object()
Swap = Callable[[], None]


class Journal:
    """The changes of one transaction.

    `size` is the memory held by the stored contents, in bytes.
    """

    __slots__ = ("__weakref__", "_entries", "size", "undone")

    def __init__(self) -> None:
        self._entries: dict[Any, tuple[Swap, int]] = {}
        self.size = 0
        self.undone = False

    def __len__(self) -> int:
        return len(self._entries)

    def slot(self, owner: Any, name: str) -> None:
        """Note that attribute `name` of `owner` is about to change."""
        key = (id(owner), name)
        if key in self._entries:
            return
        value = getattr(owner, name, MISSING)
        find = self._finder(owner, key)

        def swap() -> None:
            nonlocal value
            there = find()
            if there is None:
                return
            now = getattr(there, name, MISSING)
            if value is MISSING:
                delattr(there, name)
            else:
                setattr(there, name, value)
            value = now

        self._add(key, swap, 64)

    def contents(self, array: Array) -> None:
        """Note that the numbers in `array` are about to be overwritten."""
        owner = owner_of(array)
        where = (array.shape, array.strides, array.dtype)
        start = address(array) - address(owner)
        key = (id(owner), start, where)
        if key in self._entries:
            return
        stored = array.copy()
        find = self._finder(owner, key)

        def swap() -> None:
            memory = find()
            if memory is None:
                return
            shape, strides, dtype = where
            there = np.ndarray(shape, dtype, memory.ravel("K"), start, strides)
            now = there.copy()
            np.copyto(there, stored)
            np.copyto(stored, now)

        self._add(key, swap, stored.nbytes)

    def container(self, owner: list[Any] | dict[Any, Any] | set[Any]) -> None:
        """Note that a list, dict or set is about to change."""
        if id(owner) in self._entries:
            return
        stored = owner.copy()

        def swap() -> None:
            nonlocal stored
            now = owner.copy()
            owner.clear()
            owner.extend(stored) if isinstance(owner, list) else owner.update(stored)
            stored = now

        self._add(id(owner), swap, 64 + 8 * len(stored))

    def generator(self, generator: Any) -> None:
        """Note that a random generator is about to draw."""
        if id(generator) in self._entries:
            return
        stored = generator.raw_state()

        def swap() -> None:
            nonlocal stored
            now = generator.raw_state()
            generator.set_state(stored)
            stored = now

        self._add(id(generator), swap, 5056)

    def call(self, swap: Swap) -> None:
        """Note a change that knows itself how to be exchanged."""
        self._add(swap, swap, 64)

    def change(self, owner: Any, exchange: Callable[[Any], None]) -> None:
        """Note a change of an object that `exchange(owner)` exchanges; its first alone counts."""
        if id(owner) in self._entries:
            return
        find = self._finder(owner, id(owner))

        def swap() -> None:
            there = find()
            if there is not None:
                exchange(there)

        self._add(id(owner), swap, 64)

    def _finder(self, owner: Any, key: Any) -> Callable[[], Any]:
        """A function that gives the owner, or None when it is gone; its entry goes with it."""
        journal = weakref.ref(self)

        def forget(gone: object) -> None:
            living = journal()
            if living is not None:
                _, size = living._entries.pop(key, (None, 0))
                living.size -= size

        try:
            return weakref.ref(owner, forget)
        except TypeError:
            return lambda: owner

    def _add(self, key: Any, swap: Swap, size: int) -> None:
        self._entries[key] = (swap, size)
        self.size += size

    def swap(self) -> None:
        """Take the changes back or, if they are taken back, make them again."""
        state = current()
        listening, state.journal = state.journal, None
        entries = [swap for swap, _ in self._entries.values()]
        try:
            for entry in entries if self.undone else reversed(entries):
                entry()
        finally:
            state.journal = listening
        self.undone = not self.undone

    def rollback(self) -> None:
        """Take the changes back for good."""
        self.swap()
        self._entries.clear()
        self.size = 0


def note_slot(owner: Any, name: str) -> None:
    """Note a change of an attribute, if anyone listens."""
    journal = current().journal
    if journal is not None:
        journal.slot(owner, name)


def note_contents(array: Array) -> None:
    """Note a change of an array's numbers, if anyone listens."""
    journal = current().journal
    if journal is not None:
        journal.contents(array)


def note_container(container: list[Any] | dict[Any, Any]) -> None:
    """Note a change of a list or dict, if anyone listens."""
    journal = current().journal
    if journal is not None:
        journal.container(container)
