"""The settings, and the values that each takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MEGABYTE = 1_000_000


class Settings:
    """The settings of a session."""

    __slots__ = ("lr", "notes", "precision", "seed", "undo", "width")

    def __init__(self) -> None:
        self.lr = 0.01
        self.notes = True
        self.precision = 4
        self.seed: int | None = None
        self.undo = 64
        self.width: int | None = None


def _number(value: Any) -> float:
    if type(value) not in (int, float):
        raise ValueError("a number")
    return value  # type: ignore[no-any-return]


def _switch(value: Any) -> bool:
    if type(value) is bool:  # as a saved session has it
        return value
    if value not in ("on", "off"):
        raise ValueError("on or off")
    return bool(value == "on")


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return value

    return check


CHECKS: dict[str, Callable[[Any], Any]] = {
    "lr": _number,
    "notes": _switch,
    "precision": _whole(0, 17),
    "seed": _whole(-(2**63), 2**64 - 1),
    "undo": _whole(0, 10_000),
    "width": _whole(20, 1000),
}
"""Setting → its check: returns the value, or raises ValueError with the kind that is wanted."""
