"""Errors as data: kind, message, span and facts; and the one place that lays it out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

Fragment = tuple[str, str]
"""Text and style: 'error', 'caret', 'why', 'fix', 'source' or 'plain'."""
Line = list[Fragment]

PURPOSE = (
    RuntimeError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    ImportError,
    OSError,
    StopIteration,
    BufferError,
)
"""Errors that operations raise on purpose; others are mistakes in gradcli, and pass as they are."""

WIDTH = 80
BETWEEN_FIXES = "    or    "
LONGEST_FIX = 70


class Span(NamedTuple):
    """A stretch of the input: 1-based lines, 0-based columns in characters, the end excluded."""

    line: int
    column: int
    end_line: int
    end_column: int


class Fault(Exception):  # noqa: N818 - it is the data of an error
    """An error in what was typed.

    `kind` and `message` are the exception class and first line Python or PyTorch would show;
    `fact` stands beside the caret; `built` is the line number and text of the line that built the
    node at fault, and `node` is that node. `source_lines` and `first_line` are the input that
    failed, once the session has placed it.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        span: Span | None = None,
        *,
        fact: str | None = None,
        why: str | None = None,
        fixes: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.span = span
        self.fact = fact
        self.why = why
        self.fixes = tuple(fixes)
        self.built: tuple[int, str] | None = None
        self.node: object = None
        self.source_lines: Sequence[str] = ()
        self.first_line = 1

    exit = 1

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}" if self.message else self.kind


def lines(fault: Fault, source_lines: Sequence[str], first_line: int = 1) -> list[Line]:
    """The fault as styled lines. `source_lines` are the input's, numbered from `first_line`."""
    out: list[Line] = [[(str(fault), "error")]]
    if fault.span is not None and fault.span.line <= len(source_lines):
        text = source_lines[fault.span.line - 1]
        out += _pointed(text, first_line + fault.span.line - 1, fault.span, fault.fact)
    elif fault.fact:
        out.append([("  " + fault.fact, "plain")])
    if fault.built is not None:
        number, text = fault.built
        shown, _ = _clip(text.rstrip(), 0, WIDTH - 24)
        gutter = f"{number:>3} | "
        out.append([(gutter, "plain"), (shown, "source"), ("    built it here", "plain")])
    if fault.why:
        out += _folded("why", [fault.why], " ")
    if fault.fixes:
        out += _folded("fix", fault.fixes, BETWEEN_FIXES)
    return out


def plain(fault: Fault, source_lines: Sequence[str], first_line: int = 1) -> str:
    """The fault as text without colour."""
    return "\n".join(
        "".join(text for text, _ in line) for line in lines(fault, source_lines, first_line)
    )


def _pointed(text: str, number: int, span: Span, fact: str | None) -> list[Line]:
    """The source line and, under it, the caret with the fact beside it."""
    text = text.rstrip().replace("\t", " ")
    end = span.end_column if span.end_line == span.line else len(text)
    end = max(min(end, len(text)), span.column + 1)
    text, cut = _clip(text, span.column, WIDTH - 8)
    start, end = span.column - cut, min(end - cut, WIDTH - 8)
    gutter = f"{number:>3} | "
    under = " " * (len(gutter) - 2) + "| " + " " * _cells(text[:start])
    caret = "^" * max(1, _cells(text[start:end]))
    out: list[Line] = [[(gutter, "plain"), (text, "source")], [(under, "plain"), (caret, "caret")]]
    if fact:
        if len(under) + len(caret) + 1 + len(fact) <= WIDTH:
            out[-1].append((" " + fact, "plain"))
        else:
            out.append([(" " * (len(gutter) - 2) + "  " + fact, "plain")])
    return out


def _clip(text: str, column: int, room: int) -> tuple[str, int]:
    """At most `room` characters of `text` that show `column`, and how many were cut in front."""
    if len(text) <= room:
        return text, 0
    cut = max(0, min(column - room // 2, len(text) - room))
    shown = text[cut : cut + room]
    if cut:
        shown = "..." + shown[3:]
    if cut + room < len(text):
        shown = shown[:-3] + "..."
    return shown, cut


def _cells(text: str) -> int:
    """How many terminal cells the text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(
        0 if combining(character) else 1 + (east_asian_width(character) in "WF")
        for character in text
    )


def _folded(label: str, parts: Sequence[str], joint: str) -> list[Line]:
    """`label: parts`, folded at 80 columns and indented under the label; a part stays whole if it
    can: fixes are there to be copied."""
    rows: list[str] = []
    for part in parts:
        for word in [part] if label == "fix" else part.split():
            if rows and len(rows[-1]) + len(joint) + len(word) <= WIDTH - 7:
                rows[-1] += joint + word
            else:
                rows.append(word)
    return [[((f"  {label}: " if not i else "       ") + row, label)] for i, row in enumerate(rows)]
