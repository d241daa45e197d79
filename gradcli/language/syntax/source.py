"""The text of an input, and what stands in it: statements, command lines, raw words."""

from __future__ import annotations

import ast

from gradcli.base.faults import Span


class Source:
    """The text of one input."""

    __slots__ = ("lines", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")

    def column(self, line: int, offset: int) -> int:
        """The character column of a byte offset, as `ast` counts."""
        text = self.lines[line - 1]
        return offset if text.isascii() else len(text.encode()[:offset].decode(errors="ignore"))

    def span(self, node: ast.AST) -> Span:
        """Where a node stands."""
        line, end = node.lineno, node.end_lineno  # type: ignore[attr-defined]
        return Span(
            line,
            self.column(line, node.col_offset),  # type: ignore[attr-defined]
            end,
            self.column(end, node.end_col_offset),  # type: ignore[attr-defined]
        )

    def words(self, span: Span) -> str:
        """The text of a span."""
        first, column, last, end = span
        if first == last:
            return self.lines[first - 1][column:end]
        inner = self.lines[first : last - 1]
        return "\n".join([self.lines[first - 1][column:], *inner, self.lines[last - 1][:end]])


class Statement:
    """One statement of the input; `silent` if a `;` ends its line."""

    __slots__ = ("line", "node", "silent", "source", "text")

    def __init__(self, node: ast.stmt, source: Source) -> None:
        self.node = node
        self.source = source
        self.line = node.lineno
        self.text = source.words(source.span(node.value if type(node) is ast.Expr else node))
        self.silent = getattr(node, "silent", False)


class Raw(str):
    """An operand that is taken as it is written: a word or a path."""

    span: Span


class CommandLine(ast.expr):
    """A command line, where a statement's expression stands."""

    _fields = ("operands", "values")
    word: str
    operands: list[ast.expr | Raw]
    keys: list[str]
    values: list[ast.expr | Raw]
