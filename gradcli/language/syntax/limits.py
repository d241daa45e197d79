"""How much one input may take: steps, depth, digits, text and items; asked before it is taken."""

from __future__ import annotations

import sys
from threading import Lock

from gradcli.base.faults import Fault

SOURCE_CHARACTERS = 1_000_000
"""The longest input."""
SOURCE_TOKENS = 200_000
BRACKETS = 90
"""How deep brackets may nest in the source."""
BITS = 14_000
"""The largest integer: what Python still prints."""
DEPTH = 180
"""How deep the source may nest in all; left operands of a chain do not count."""
RECURSION = 9_000
"""Python's own recursion limit while the walker runs; it takes `FRAMES` at most of it."""
FRAMES = 5_000


class _Deep:
    """Inside, Python's recursion limit is RECURSION at least.

    The limit is the process's: it stays raised while any session is inside, since changing it while
    another thread is in `ast.parse` fails there (CPython 3.11).
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = self._before = 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._before = sys.getrecursionlimit()
                sys.setrecursionlimit(max(self._before, RECURSION))
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                sys.setrecursionlimit(self._before)


DEEP = _Deep()
MESSAGE = 1_500
"""The longest first line of an error."""
RESIDENT = 1_000_000_000
LOOK = 100_000_000
"""After how many bytes of new tensors the memory in use is looked at."""
HEAVY = 1_000
"""Tensors of fewer elements are not counted."""
BOUNDED = "a session keeps within bounds, so that it cannot run out of memory."
NESTED = frozenset({list, tuple, dict, range})
"""The types of containers whose size only a walk through them can tell."""
FORMAT_WIDTH = 10_000
"""The widest field a format may ask for."""


def too_deep() -> Fault:
    """The error for source that nests too deep to read."""
    return Fault(
        "RecursionError",
        "the expression is too long or too deeply nested",
        why="so many operators in one expression cannot be read; name its parts, one line each.",
    )


class Limits:
    """The bounds of a session, and how much of them the present input has used.

    `steps` counts statements, loop rounds and calls (None: no bound); `items` is the length of one
    list; `characters` of one text; `bits` of one integer; `memory` the bytes of the lists and
    texts that are alive, looked for whenever `look` bytes were `used`; `output` what print may
    write; `resident` the bytes the process may grow by (RESIDENT where steps are bounded, unless
    told).
    """

    __slots__ = (
        "bits",
        "characters",
        "frames",
        "items",
        "left",
        "look",
        "memory",
        "output",
        "printed",
        "resident",
        "steps",
        "used",
    )

    def __init__(
        self,
        steps: int | None = None,
        *,
        items: int = 1_000_000,
        characters: int = 1_000_000,
        bits: int = BITS,
        memory: int = 48_000_000,
        output: int = 10_000_000,
        resident: int | None = None,
    ) -> None:
        self.steps = steps
        self.items = items
        self.characters = characters
        self.bits = bits
        self.memory = memory
        self.output = output
        self.resident = RESIDENT if resident is None and steps is not None else resident
        self.frames = 0
        self.used = 0
        self.look = memory
        self.reset()

    def reset(self) -> None:
        """Start a new input: steps and output count from zero."""
        self.left = sys.maxsize if self.steps is None else self.steps
        self.printed = 0

    def step(self) -> None:
        """Take one step."""
        self.left -= 1
        if self.left < 0:
            raise Fault("TimeoutError", f"this takes more than {self.steps:,} steps")

    def check_items(self, count: int) -> None:
        """Refuse a list, tuple or loop too long to hold."""
        if count > self.items:
            raise Fault(
                "MemoryError",
                f"a list of {_amount(count)} items; at most {self.items:,}",
                why=BOUNDED,
            )

    def check_characters(self, count: int) -> None:
        """Refuse a text too long to hold."""
        if count > self.characters:
            raise Fault(
                "MemoryError",
                f"a text of {_amount(count)} characters; at most {self.characters:,}",
                why=BOUNDED,
            )

    def check_bits(self, count: int) -> None:
        """Refuse an integer too large to print."""
        if count > self.bits:
            digits, most = count * 3 // 10, self.bits * 3 // 10
            raise Fault(
                "OverflowError",
                f"a whole number of about {_amount(digits)} digits; at most {most:,}",
                why=BOUNDED,
            )

    def check_output(self, count: int) -> None:
        """Count what is printed."""
        self.printed += count
        if self.printed > self.output:
            raise Fault("MemoryError", f"more than {self.output:,} characters of output")


def _amount(count: int) -> str:
    """A count that may itself be too large to print."""
    return f"{count:,}" if count.bit_length() < 64 else f"2**{count.bit_length() - 1}"
