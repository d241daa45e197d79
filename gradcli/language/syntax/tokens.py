"""Tokens, and the command lines among them.

A command is WORD followed by operands: `backward z`, `step W lr=0.001`. Command lines are found
here, cut into operands, and replaced by a constant that takes up the same space, so that what `ast`
reads afterwards is Python and every position stays true. The rules, at the start of a statement:

    WORD name | number | string     a command: two adjacent operands are never Python
    WORD                            a command, unless a variable has that name
    WORD (…   WORD […   WORD -x     a command, unless a variable has that name
    WORD(…)                         a command, unless a variable or a function has that name
    :WORD …                         always a command

Operands are expressions separated by blanks (or commas) outside brackets; a minus with a blank
before it and none after it starts a new operand. `key=value` is an option.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import NamedTuple

from gradcli.base.faults import Fault, Span
from gradcli.language.syntax import limits

TOKEN = re.compile(
    r"""(?P<space>[ \t]+|\\\n)
      | (?P<newline>\n)
      | (?P<comment>\#[^\n]*)
      | (?P<string>(?:[rR][bBfF]?|[bBfF][rR]?|[uU])?
            (?:'''[^'\\]*+(?:(?:\\[\s\S]|'(?!''))[^'\\]*+)*'''
              |\"\"\"[^"\\]*+(?:(?:\\[\s\S]|"(?!""))[^"\\]*+)*\"\"\"
              |'(?!'')[^'\\\n]*+(?:\\[\s\S][^'\\\n]*+)*' | "(?!"")[^"\\\n]*+(?:\\[\s\S][^"\\\n]*+)*"
              |'' | \"\"))
      | (?P<number>(?:0[xXoObB][\da-fA-F_]+|(?:\d[\d_]*\.?(?:\d[\d_]*)?|\.\d[\d_]*)
            (?:[eE][-+]?\d[\d_]*)?)[jJ]?)
      | (?P<name>\w+)
      | (?P<op>\.\.\.|\*\*=?|//=?|<<=?|>>=?|->|:=|[-+*/%@&|^=!<>]=?|[\s\S])""",
    re.VERBOSE,
)
"""Its strings repeat no group possessively: Python before 3.11.5 matches those wrongly."""
COMPOUND = frozenset("if elif else for while with def class try except finally async match".split())
"""Words whose statement opens a block."""
CONTINUES = frozenset("and or not in is if else for async".split())
"""Words that go on with an expression."""
_STATEMENT_WORDS = COMPOUND | frozenset(
    "return import from del assert pass break continue global nonlocal raise yield await".split()
)
_OPTION = re.compile(r"([^\W\d]\w*)\s*=(?!=)[ \t]*")
_AT = re.compile(r"at[ \t]+(?=[^\W\d]\w*[ \t]*=(?!=))")
"""`at` before options reads well and says nothing: `diff z a at a=2`."""
_RAW = re.compile(r"""'[^'\n]*'|"[^"\n]*"|[^\s;,]+""")
_ASSIGNS = re.compile(r"(?:=|\*\*=|//=|<<=|>>=|[-+*/%@&|^]=|,|:)")


class Piece(NamedTuple):
    """An operand of a command: where it stands, and how it is to be read."""

    kind: str
    start: int
    end: int
    key: str | None = None


class Found(NamedTuple):
    """A command line."""

    word: str
    start: int
    end: int
    pieces: list[Piece]


class Scan:
    """One pass over the text: command lines, silenced lines, and whether it ends complete."""

    def __init__(
        self,
        text: str,
        commands: Mapping[str, tuple[str, ...]],
        bound: Container[str],
        functions: Container[str],
    ) -> None:
        self.text = text
        self.commands = commands
        self.bound = bound
        self.functions = functions
        self.found: list[Found] = []
        self.semicolons: list[int] = []
        """Where a `;` ends a line."""
        self.depth = 0
        self.block = False
        """Whether the last line at the margin opened a block."""
        self._run()

    def _run(self) -> None:
        text, match = self.text, TOKEN.match
        position, end, count = 0, len(text), 0
        depth = lambdas = 0
        fresh = margin = True
        compound = False
        semicolon = -1
        while position < end:
            token = match(text, position)
            assert token is not None
            kind, start, position = token.lastgroup, position, token.end()
            if kind == "space" or kind == "comment":
                continue
            if kind == "newline":
                if not depth:
                    if semicolon >= 0:
                        self.semicolons.append(semicolon)
                    fresh, margin, compound, lambdas, semicolon = True, True, False, 0, -1
                continue
            count += 1
            if count > limits.SOURCE_TOKENS:
                raise Fault("MemoryError", f"more than {limits.SOURCE_TOKENS:,} words and signs")
            semicolon = -1
            word = token.group()
            if fresh:
                fresh = False
                found = self._command(token)
                if found is not None:
                    self.found.append(found)
                    position = found.end
                    if margin:
                        margin = self.block = False
                    continue
                compound = word in COMPOUND
                if margin:
                    margin = False
                    if start == 0 or text[start - 1] == "\n":
                        self.block = compound or word == "@"
            if kind == "op":
                if word in "([{":
                    depth += 1
                    if depth > limits.BRACKETS:
                        self.depth = depth
                        raise _at(
                            text,
                            start,
                            "SyntaxError",
                            "too many nested brackets",
                            f"at most {limits.BRACKETS} may be open at once",
                        )
                elif word in ")]}":
                    depth = max(depth - 1, 0)
                elif not depth:
                    if word == ";":
                        fresh, compound, semicolon = True, False, start
                    elif word == ":":
                        if lambdas:
                            lambdas -= 1
                        elif compound:
                            fresh, compound = True, False
            elif word == "lambda" and not depth:
                lambdas += 1
        if semicolon >= 0:
            self.semicolons.append(semicolon)
        self.depth = depth

    def _command(self, token: re.Match[str]) -> Found | None:
        """The command line that starts with `token`, if it is one."""
        text, start = self.text, token.start()
        forced = token.group() == ":"
        if forced:
            following = TOKEN.match(text, token.end())
            if following is None or following.lastgroup != "name":
                return None
            token = following
        elif token.lastgroup != "name":
            return None
        word = token.group()
        if word not in self.commands:
            if forced:
                raise unknown_command(text, token.start(), word, self.commands)
            return None
        after = token.end()
        if forced or self._is_command(word, after):
            pieces, end = self._operands(word, after)
            return Found(word, start, end, pieces)
        if text[after : after + 1] == "(" and word not in self.bound and word not in self.functions:
            pieces, end = self._operands(word, after + 1, call=True)
            if end >= 0:
                return Found(word, start, end, pieces)
        return None

    def _is_command(self, word: str, after: int) -> bool:
        """Whether what follows WORD makes it a command."""
        position = _skip(self.text, after)
        token = TOKEN.match(self.text, position)
        sign = token.group() if token else ""
        if token is None or sign in ("\n", ";") or sign.startswith("#"):
            return word not in self.bound
        if token.lastgroup == "name":
            return sign not in CONTINUES
        if token.lastgroup in ("number", "string"):
            return True
        if word in self.bound or position == after or _ASSIGNS.match(self.text, position):
            return False
        if self.commands[word] and self.commands[word][0].rstrip("*") != "value":
            return True
        return sign in ("(", "[", "{", "...") or _is_sign(self.text, position)

    def _operands(self, word: str, position: int, call: bool = False) -> tuple[list[Piece], int]:
        """The operands from `position` on, and where the line ends; -1 if a call goes on."""
        text = self.text
        kinds = [kind for kind in self.commands[word] if "=" not in kind]
        pieces: list[Piece] = []
        end, index = position, 0
        while True:
            position = _skip(text, position, call)
            token = TOKEN.match(text, position)
            sign = token.group() if token else ""
            if call and sign == ")":
                end = position + 1
                rest = TOKEN.match(text, _skip(text, end))
                ends = rest is None or rest.group()[0] in "\n;#"
                return pieces, end if ends else -1
            if token is None or sign in ("\n", ";") or token.lastgroup == "comment":
                return pieces, -1 if call else end
            if sign == ",":
                position += 1
                continue
            at = _AT.match(text, position)
            if at is not None:
                position = at.end()
                continue
            option = _OPTION.match(text, position)
            if option is not None:
                position = option.end()
                kind = self._kind(word, option[1])
                raw = None if kind == "value" else _RAW.match(text, position)
                end = _expression_end(text, position) if raw is None else raw.end()
                if raw is not None and call and raw[0][-1] == ")":
                    end -= 1
                pieces.append(Piece(kind, position, end, option[1]))
            else:
                kind = kinds[min(index, len(kinds) - 1)] if kinds else "value"
                kind = kind.rstrip("*") if index < len(kinds) or kind.endswith("*") else "value"
                index += 1
                raw = _RAW.match(text, position)
                if kind != "value" and raw is not None:
                    end = raw.end()
                    if call and text[end - 1] == ")" and raw[0][0] not in "'\"":
                        end -= 1
                else:
                    end = _expression_end(text, position)
                pieces.append(Piece(kind, position, end))
            if end == position:
                raise _at(
                    text,
                    position,
                    "SyntaxError",
                    "invalid syntax",
                    f"{word} takes operands separated by blanks",
                )
            position = end

    def _kind(self, word: str, option: str) -> str:
        """How the value of an option is read."""
        given = (kind.partition("=") for kind in self.commands[word])
        return next((kind for name, _, kind in given if kind and name == option), "value")


def unknown_command(text: str, start: int, word: str, commands: Mapping[str, object]) -> Fault:
    """The error for a command word that does not exist."""
    from difflib import get_close_matches

    fault = _at(text, start, "NameError", f"no command is called {word!r}", None)
    rest = text[start:].partition("\n")[0].partition(word)[2]
    close = get_close_matches(word, commands, 1)
    fault.why = "help lists the commands." if not close else f"did you mean {close[0]}?"
    fault.fixes = tuple(f"{known}{rest}"[:70] for known in close) or ("help",)
    return fault


def _at(text: str, position: int, kind: str, message: str, why: str | None) -> Fault:
    """A fault that points at one character of the text."""
    line = text.count("\n", 0, position)
    column = position - (text.rfind("\n", 0, position) + 1)
    return Fault(kind, message, Span(line + 1, column, line + 1, column + 1), why=why)


def _skip(text: str, position: int, newlines: bool = False) -> int:
    """The position after blanks (and, inside brackets, ends of lines and comments)."""
    while True:
        token = TOKEN.match(text, position)
        if token is None or not (
            token.lastgroup == "space" or (newlines and token.lastgroup in ("newline", "comment"))
        ):
            return position
        position = token.end()


def _is_sign(text: str, position: int) -> bool:
    """Whether a sign stands here that belongs to what follows: `-x`, not `- x`."""
    return text[position] in "-+~" and text[position + 1 : position + 2].strip() not in ("", "=")


def _expression_end(text: str, position: int) -> int:
    """Where the expression that starts at `position` ends."""
    end = position
    depth = lambdas = 0
    operand = blank = False  # the last token ends an operand; a blank follows it
    while True:
        token = TOKEN.match(text, position)
        if token is None:
            return end
        kind, sign = token.lastgroup, token.group()
        if kind == "space" or (depth and kind in ("newline", "comment")):
            blank, position = True, token.end()
            continue
        if not depth:
            if kind in ("newline", "comment") or sign == ";":
                return end
            if kind == "op":
                opens = sign in "([{"
                if sign in ")]}" or (sign == "," and not lambdas):
                    return end
                if operand and blank and (opens or _is_sign(text, position)):
                    return end
                if sign == ":":
                    if not lambdas:
                        return end
                    lambdas -= 1
                if sign == "..." and operand:
                    return end
                operand = sign == "..."
                depth = int(opens)
            elif kind == "name" and sign in CONTINUES:
                operand = False
            elif operand:
                return end
            else:
                operand = sign != "lambda"
                lambdas += not operand
        elif sign in "([{" and kind == "op":
            depth += 1
            if depth > limits.BRACKETS:
                raise _at(text, position, "SyntaxError", "too many nested brackets", None)
        elif sign in ")]}" and kind == "op":
            depth -= 1
            operand = not depth
        blank = False
        end = position = token.end()
