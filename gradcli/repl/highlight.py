"""Colours in what is typed, from the language's own tokens."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterator

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import Lexer

from gradcli.language.evaluation.builtins import BARE
from gradcli.language.syntax.tokens import TOKEN, Found, Scan
from gradcli.session.session import Session

LONGEST = 20_000
"""A longer input stays plain."""


class Highlighting(Lexer):
    """Styles the input; one that cannot be read stays plain."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """A function from line numbers to styled text."""
        text = document.text
        try:
            lines = list(self._lines(text)) if len(text) <= LONGEST else []
        except Exception:
            lines = []
        plain = document.lines

        def line(number: int) -> StyleAndTextTuples:
            if number < len(lines):
                return lines[number]
            return [("", plain[number])] if number < len(plain) else []

        return line

    def _lines(self, text: str) -> Iterator[StyleAndTextTuples]:
        commands = {each.start for each in self._commands(text)}
        line: StyleAndTextTuples = []
        position = 0
        while token := TOKEN.match(text, position):
            style = self._style(token.lastgroup or "", token.group(), position in commands)
            position = token.end()
            first, *rest = token.group().split("\n")
            line.append((style, first))
            for part in rest:
                yield line
                line = [(style, part)]
        yield line

    def _commands(self, text: str) -> list[Found]:
        try:
            return Scan(text, self._session.kinds, self._session.variables, BARE).found
        except Exception:
            return []

    def _style(self, kind: str, text: str, command: bool) -> str:
        if command:
            return "class:command"
        if kind == "name":
            if keyword.iskeyword(text):
                return "class:keyword"
            known = text in BARE and text not in self._session.variables
            return "class:operation" if known else ""
        return f"class:{kind}" if kind in ("comment", "string", "number") else ""
