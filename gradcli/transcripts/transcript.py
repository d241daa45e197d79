"""Transcripts: what a terminal showed, kept as text.

    # a comment
    #: seed=1 rtol=1e-3
    >>> for i in range(2):
    ...     print(i)
    ...
    0
    1

Output runs to the next prompt. A line that starts with `#` is a comment wherever it stands, one
that starts with `#:` sets seed, width, rtol or atol for what follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gradcli.base.faults import Fault, Span
from gradcli.language.syntax.parse import incomplete

PROMPT, MORE = ">>>", "..."
_DIRECTIVE = re.compile(r"(\w+)\s*=\s*(\S+)")
DIRECTIVES = {"seed": int, "width": int, "rtol": float, "atol": float}


class Example:
    """One input and the output it is said to give. `line` is the number of its first line; lines
    `start` to `end` of the file (from 0, the end excluded) are its output and what follows it.
    `settings` are what `#:` lines before it set."""

    __slots__ = ("end", "expected", "line", "settings", "start", "text")

    def __init__(self, line: int, text: str, start: int, settings: dict[str, float]) -> None:
        self.line = line
        self.text = text
        self.start = self.end = start
        self.settings = settings
        self.expected: list[str] = []
        """The output and the comments in it."""


class Transcript:
    """A file's lines, and the examples in it."""

    def __init__(self, text: str) -> None:
        self.lines = text.replace("\r\n", "\n").split("\n")
        self.examples = list(self._read())

    def _read(self) -> Iterator[Example]:
        lines, place = self.lines, 0
        settings: dict[str, float] = {}
        example: Example | None = None
        while place < len(lines):
            line = lines[place]
            if _is_prompt(line, PROMPT):
                number = place + 1
                text, place = self._input(place)
                example = Example(number, text, place, settings)
                settings = {}
                yield example
                continue
            if line.startswith("#:"):
                settings = {**settings, **_directives(line, place + 1)}
            place += 1
            if example is not None:
                example.end = place
                example.expected.append(line)

    def _input(self, place: int) -> tuple[str, int]:
        """The input that starts at a prompt, and the line after it."""
        rows = [self.lines[place][4:]]
        place += 1
        while place < len(self.lines) and _is_prompt(self.lines[place], MORE):
            line = self.lines[place]
            if line.rstrip() == MORE and not incomplete("\n".join(rows)):
                break
            rows.append(line[4:])
            place += 1
        return "\n".join(rows), place

    def updated(self, outputs: dict[int, Sequence[str]]) -> str:
        """The file's text with the outputs of some examples (by line) replaced; comments stay."""
        rows: list[str] = []
        place = 0
        for example in self.examples:
            if example.line not in outputs:
                continue
            rows += self.lines[place : example.start]
            block = self.lines[example.start : example.end]
            last = max((i for i, line in enumerate(block, 1) if _is_output(line)), default=0)
            rows += outputs[example.line]
            rows += [line for line in block[:last] if line.startswith("#")]
            rows += block[last:]
            place = example.end
        return "\n".join(rows + self.lines[place:])


def is_transcript(text: str) -> bool:
    """Whether the text has prompts."""
    return re.search(r"^>>>(?: |$)", text, re.MULTILINE) is not None


def inputs(text: str) -> Iterator[tuple[int, str]]:
    """The inputs of a transcript with their line numbers, or the text itself if it is none."""
    if is_transcript(text):
        yield from ((each.line, each.text) for each in Transcript(text).examples)
    else:
        yield 1, text


def trimmed(lines: Sequence[str]) -> list[str]:
    """Lines without comments, blank ends of lines, and blank lines before and after."""
    kept = [line.rstrip() for line in lines if not line.startswith("#")]
    while kept and not kept[-1]:
        kept.pop()
    while kept and not kept[0]:
        kept.pop(0)
    return kept


def without_prompts(text: str) -> str:
    """A paste as an input: if it has prompts, the inputs alone, without them."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not re.search(r"^\s*>>>(?: |$)", text, re.MULTILINE):
        return text
    rows: list[str] = []
    for line in text.split("\n"):
        line = line.lstrip()
        if _is_prompt(line, PROMPT) or (rows and _is_prompt(line, MORE)):
            rows.append(line[4:])
    return "\n".join(rows)


def _is_prompt(line: str, prompt: str) -> bool:
    return line.startswith(prompt + " ") or line.rstrip() == prompt


def _is_output(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _directives(line: str, number: int) -> dict[str, float]:
    """The settings of a `#:` line. Raises Fault for anything it may not."""
    found: dict[str, float] = {}
    for key, value in _DIRECTIVE.findall(line[2:]):
        try:
            found[key] = DIRECTIVES[key](value)
        except (KeyError, ValueError):
            raise _misdirected(line, number) from None
    if not found or _DIRECTIVE.sub("", line[2:]).strip(" ,"):
        raise _misdirected(line, number)
    return found


def _misdirected(line: str, number: int) -> Fault:
    fault = Fault(
        "SyntaxError",
        "a #: line sets seed, width, rtol or atol to a number",
        Span(1, 0, 1, len(line)),
        fixes=("#: seed=1 atol=1e-4",),
    )
    fault.source_lines, fault.first_line = (line,), number
    return fault
