"""Text to statements: guarded before `ast` reads it, and never compiled."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Container, Mapping, Sequence
from threading import Lock
from typing import Any

from gradcli.base.faults import Fault, Span
from gradcli.language.syntax import limits
from gradcli.language.syntax.source import CommandLine, Raw, Source, Statement
from gradcli.language.syntax.tokens import TOKEN, Found, Piece, Scan

_DOUBTFUL = re.compile(r"\\|\d\w*(?:and|else|for|if|in|is|not|or)")
"""The warnings of Python when it parses: a bad escape, or a word right after a number."""
_ALONE = Lock()
"""Held by the thread that parses: what it tells Python to be silent of holds for all threads, and
Python 3.11 counts how deep `ast.parse` is for all of them together.
"""


def parse(
    text: str,
    commands: Mapping[str, tuple[str, ...]],
    bound: Container[str] = (),
    functions: Container[str] = (),
) -> list[Statement]:
    """The statements of `text`.

    `commands`: word → the kinds of its operands, 'value', 'name' or 'path'; the last may end in
    '*'; 'to=name' is the kind of an option. `bound`: the names of variables; `functions`: those
    that are there from the start. Raises Fault.
    """
    text = _clean(text)
    source = Source(text)
    scan = Scan(text, commands, bound, functions)
    python = _without_commands(source, scan.found)
    # An indented paste is read as the body of a block; `shift` is that block's own line.
    shift = 1 if re.match(r"(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]+[^\s#]", python) else 0
    tree = _tree("if 1:\n" + python if shift else python, source, shift, commands)
    body = tree.body
    if shift and body:
        body = [*body[0].body, *body[1:]]  # type: ignore[attr-defined]
        for node in body:
            ast.increment_lineno(node, -shift)
    _settle(body, source, scan)
    return [Statement(node, source) for node in body]


def incomplete(text: str) -> bool:
    """Whether a prompt should wait for more lines: a bracket, a string or a block is open."""
    text = text.replace("\r\n", "\n")
    try:
        scan = Scan(text, {}, (), ())
    except Fault:
        return False
    quote = _open_quote(text)
    if quote is not None:
        return len(quote) == 3
    if scan.depth or text.endswith("\\"):
        return True
    return scan.block and bool(text.rpartition("\n")[2].strip())


def _open_quote(text: str) -> str | None:
    """The quote of a string that is not closed: one sign, or three of a string of many lines."""
    last = ("", -1)
    for token in TOKEN.finditer(text):
        if token.lastgroup == "op" and token.group() in "'\"":
            triple = last[0] == token.group() * 2 and last[1] == token.start()
            return token.group() * (3 if triple else 1)
        last = (token.group()[-2:], token.end())
    return None


def _clean(text: str) -> str:
    """The text with plain line ends, guarded against what `ast` cannot take."""
    if len(text) > limits.SOURCE_CHARACTERS:
        raise Fault(
            "MemoryError",
            f"the input has {len(text):,} characters; at most {limits.SOURCE_CHARACTERS:,}",
            fixes=("keep data in a file: load x data.csv",),
        )
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ")
    strange = re.search("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]", text)
    if strange:
        start = strange.start()
        line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start) - 1
        raise Fault(
            "SyntaxError",
            f"the input holds a character that is no text: U+{ord(strange[0]):04X}",
            Span(line, column, line, column + 1),
        )
    return text


def _without_commands(source: Source, found: Sequence[Found]) -> str:
    """The text with each command line replaced by a constant of the same size."""
    out, position = [], 0
    for command in found:
        out.append(source.text[position : command.start])
        line = source.text[command.start : command.end]
        size = len(line.encode())
        if "\n" in line:
            blank = "".join("\n" if c == "\n" else " " * len(c.encode()) for c in line)
            out.append("(0" + blank[2:-1] + ")")
        else:
            out.append("0" + " " * (size - 1))
        position = command.end
    return "".join([*out, source.text[position:]])


def _tree(
    text: str, source: Source, shift: int, commands: Mapping[str, object], column: int = 0
) -> ast.Module:
    """The tree that `ast` makes of the text; its errors as faults. `shift` and `column` are how
    many lines and characters stand before the text that do not in the source."""
    try:
        with _ALONE:
            if not _DOUBTFUL.search(text):
                return ast.parse(text)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(text)
    except SyntaxError as error:
        line = min(max((error.lineno or 1) - shift, 1), len(source.lines))
        before = -column if error.lineno == 1 else 0
        start = max((error.offset or 1) - 1 + before, 0)
        end = (error.end_offset or 0) - 1 + before
        same = (error.end_lineno or 0) - shift == line and end > start
        span = Span(line, start, line, end if same else start + 1)
        from gradcli.language.syntax.misread import misread

        raise misread(type(error).__name__, error.msg, span, source, commands) from None
    except (RecursionError, MemoryError):
        raise limits.too_deep() from None
    except ValueError as error:
        raise Fault("SyntaxError", str(error)) from None


def _settle(body: list[ast.stmt], source: Source, scan: Scan) -> None:
    """Put the command lines in their places and mark the silenced expressions."""
    if not scan.found and not scan.semicolons:
        return
    text = source.text
    commands = {}
    for command in scan.found:
        at = _place(source, command.start)
        commands[at] = command
    silent = {text.count("\n", 0, position) + 1 for position in scan.semicolons}
    blocks: list[list[ast.stmt]] = [body]
    while blocks:
        block = blocks.pop()
        for index, node in enumerate(block):
            if type(node) is ast.Expr:
                found = commands.get((node.lineno, node.col_offset))
                if found is not None:
                    node.value = _command(found, source, node)
                last = index + 1 == len(block) or block[index + 1].lineno > (node.end_lineno or 0)
                if last and node.end_lineno in silent:
                    node.silent = True  # type: ignore[attr-defined]
            for name in ("body", "orelse", "finalbody"):
                inner = getattr(node, name, None)
                if inner:
                    blocks.append(inner)


def _place(source: Source, position: int) -> tuple[int, int]:
    """Line and byte offset of a position in the text."""
    start = source.text.rfind("\n", 0, position) + 1
    line = source.text.count("\n", 0, position) + 1
    return line, len(source.text[start:position].encode())


def _command(found: Found, source: Source, at: ast.Expr) -> CommandLine:
    """The node of a command line."""
    command = CommandLine()
    command.word = found.word
    line, offset = _place(source, found.end)
    command.lineno, command.col_offset = at.lineno, at.col_offset
    command.end_lineno, command.end_col_offset = line, offset
    command.operands = [_operand(p, source) for p in found.pieces if p.key is None]
    options = [piece for piece in found.pieces if piece.key is not None]
    command.keys = [piece.key or "" for piece in options]
    command.values = [_switch(_operand(piece, source)) for piece in options]
    return command


def _switch(value: ast.expr | Raw) -> ast.expr | Raw:
    """The value of an option, `true` and `false` being Python's."""
    if isinstance(value, ast.Name) and value.id in ("true", "false"):
        return ast.copy_location(ast.Constant(value.id == "true"), value)
    return value


def _operand(piece: Piece, source: Source) -> ast.expr | Raw:
    if piece.kind == "value":
        return _expression(piece, source)
    text = source.text[piece.start : piece.end]
    if len(text) > 1 and text[0] in "'\"" and text[-1] == text[0]:
        text = text[1:-1]
    raw = Raw(text)
    start, end = source.text.rfind("\n", 0, piece.start) + 1, piece.end - piece.start
    line = source.text.count("\n", 0, piece.start) + 1
    column = piece.start - start
    raw.span = Span(line, column, line, column + end)
    return raw


def _expression(piece: Piece, source: Source) -> ast.expr:
    """An operand's expression, standing where it was typed."""
    text = source.text[piece.start : piece.end]
    line, offset = _place(source, piece.start)
    if text.isidentifier() and text not in ("None", "True", "False", "lambda"):
        name = ast.Name(text, ast.Load())
        name.lineno = name.end_lineno = line
        name.col_offset, name.end_col_offset = offset, offset + len(text.encode())
        return name
    column = piece.start - source.text.rfind("\n", 0, piece.start) - 1
    tree = _tree(f"({text}\n)", source, 1 - line, {}, 1 - column)
    statement = tree.body[0]
    assert type(statement) is ast.Expr
    node: Any
    for node in ast.walk(statement.value):
        if hasattr(node, "lineno"):
            if node.lineno == 1:
                node.col_offset += offset - 1
            if node.end_lineno == 1:
                node.end_col_offset += offset - 1
            node.lineno += line - 1
            node.end_lineno += line - 1
    return statement.value
