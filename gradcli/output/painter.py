"""Styled lines as coloured text."""

from __future__ import annotations

from typing import Any, TextIO

from rich.console import Console
from rich.text import Text
from rich.theme import Theme

from gradcli.output.number_colours import NumberHighlighter
from gradcli.output.visible import visible

THEME = Theme(
    {
        "plain": "none",
        "value": "none",
        "name": "bold",
        "leaf": "bold",
        "constant": "none",
        "operation": "none",
        "formula": "cyan",
        "gradient": "magenta",
        "gradient.zero": "dim",
        "gradient.faint": "dim magenta",
        "gradient.usual": "magenta",
        "gradient.huge": "yellow",
        "gradient.broken": "bold red",
        "old": "dim",
        "dim": "dim",
        "note": "dim",
        "head": "bold",
        "kind": "dim",
        "source": "none",
        "error": "bold red",
        "warning": "yellow",
        "caret": "bold red",
        "why": "none",
        "fix": "green",
        "missing": "red",
        "found": "green",
        "tensor.number": "cyan",
        "tensor.fact": "dim",
    }
)
_highlight = NumberHighlighter()


class Painter:
    """Writes outputs to a stream in colour."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(
            file=stream,
            theme=THEME,
            force_terminal=True,
            color_system="standard",
            no_color=False,
            soft_wrap=True,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )

    def write(self, output: Any) -> None:
        """Write an output and its line end."""
        for line in output.lines():
            self._console.print(painted(line), end="\n")


def painted(line: list[tuple[str, str]]) -> Text:
    """A styled line as rich's text."""
    text = Text(end="")
    for fragment, style in line:
        part = Text(
            visible(fragment.expandtabs()), style if style in THEME.styles else "none", end=""
        )
        if style == "value":
            _highlight.highlight(part)
        text.append_text(part)
    return text
