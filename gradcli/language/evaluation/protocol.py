"""The session as the walker needs it, and the data that they exchange: operands and attempts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from gradcli.base.faults import Fault, Span


class Nothing:
    """The value of a statement that has none."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING = Nothing()


class Operand:
    """A value and how it was written. `name` is set if it was a bare name."""

    __slots__ = ("name", "span", "text", "value")

    def __init__(self, value: Any, text: str, span: Span, name: str | None = None) -> None:
        self.value = value
        self.text = text
        self.span = span
        self.name = name


class Attempt(NamedTuple):
    """An operation that failed: `word` is the function, command or operator.

    `place` is the operand that the error itself names, if it does; `command` tells whether it was
    a command line.
    """

    operands: Sequence[Operand]
    place: object
    word: str
    command: bool
    callee: Any


class Host(Protocol):
    """The session, as the walker needs it."""

    variables: dict[str, Any]
    echo: bool
    """Whether the values of bare expressions are shown: not in a script."""

    def command(
        self,
        word: str,
        operands: list[Operand | str],
        options: dict[str, Operand | str],
        span: Span,
    ) -> object:
        """Run a command; operands and options of kind 'name' and 'path' are plain text."""

    def explain(self, fault: Fault, attempt: Attempt) -> None:
        """Fill in why an attempt failed, and what to type instead."""

    def write(self, text: str) -> None:
        """Take what print() makes."""

    def show(self, value: object) -> None:
        """Take the value of a command or a bare expression inside a block."""

    def bound(self, name: str, value: object) -> None:
        """Hear that a name was bound."""

    def at(self, line: int) -> None:
        """Hear the line of the next statement, counted in the input."""
