"""The statements that a session ran, one by one: which line made a name, what it was made of.

The graph knows what was computed; the program knows what was written. Where a value left the graph
(through a Python number, say), only the program still shows the way; and a fix is a stretch of it
to be run again.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from gradcli.language.syntax.source import CommandLine


class Sentence(NamedTuple):
    """A statement that took effect.

    `line` is its number as the user sees it; `first` and `last` are the lines that nodes remember.
    Nodes that it made have ranks below `since`: it tells statements of one line apart.
    """

    text: str
    node: ast.stmt
    line: int
    first: int
    last: int
    since: int

    @property
    def makes(self) -> set[str]:
        """The names it binds, and those of tensors it writes into."""
        return _bound(self.node)

    @property
    def uses(self) -> set[str]:
        """The names it reads."""
        return {
            node.id
            for node in ast.walk(self.node)
            if isinstance(node, ast.Name)
            and (isinstance(node.ctx, ast.Load) or isinstance(self.node, ast.AugAssign))
        }


class Program:
    """The statements of a session, oldest first."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self.sentences = sentences

    def at(self, remembered: int | None, rank: int) -> Sentence | None:
        """The statement of a remembered line that was running when a rank was given."""
        if remembered is None:
            return None
        for sentence in reversed(self.sentences):
            if sentence.first <= remembered <= sentence.last and rank < sentence.since:
                return sentence
        return None

    def maker(self, name: str) -> Sentence | None:
        """The last statement that made a name."""
        return next((s for s in reversed(self.sentences) if name in s.makes), None)

    def first_use(self, name: str, start: Sentence | None = None) -> Sentence | None:
        """The first statement, from `start` on, that reads a name without making it anew."""
        after = self.sentences if start is None else self.since(start)
        return next((s for s in after if name in s.uses and name not in s.makes), None)

    def since(self, sentence: Sentence) -> Iterator[Sentence]:
        """A statement and those after it."""
        met = False
        for each in self.sentences:
            met = met or each is sentence
            if met:
                yield each

    def again(
        self,
        start: Sentence,
        end: Sentence,
        instead: Mapping[Sentence, str] = {},
        after: Mapping[Sentence, str] = {},
        without: Collection[Sentence] = (),
    ) -> list[str]:
        """The statements from `start` to `end` that depend on what `start` makes, to be run again.

        `instead` replaces some of them, `after` adds lines behind some; those are run in any case.
        Those `without` are left out.
        """
        changed = set(start.makes)
        lines: list[str] = []
        for sentence in self.since(start):
            if any(sentence is other for other in without):
                continue
            special = sentence in instead or sentence in after
            if special or sentence is start or sentence is end or sentence.uses & changed:
                changed |= sentence.makes
                lines += instead.get(sentence, sentence.text).split("\n")
                lines += [after[sentence]] if sentence in after else []
            if sentence is end:
                break
        return lines


def _bound(statement: ast.stmt) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, (ast.Subscript, ast.Attribute)):
            if not isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name):
                names.add(node.value.id)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr.endswith("_") and isinstance(node.func.value, ast.Name):
                names.add(node.func.value.id)  # written in place
        elif isinstance(node, CommandLine) and node.word in ("track", "untrack", "retain", "step"):
            names.update(part.id for part in node.operands if isinstance(part, ast.Name))
    return names


def written_in_place(statement: ast.stmt) -> str | None:
    """The name of the tensor that a statement writes into, if that is what it does."""
    target: ast.expr | None = None
    if isinstance(statement, ast.AugAssign):
        target = statement.target
    elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript):
        target = statement.targets[0]
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        func = statement.value.func
        if isinstance(func, ast.Attribute) and func.attr.endswith("_") and func.attr[-2:] != "__":
            target = func.value
    while isinstance(target, ast.Subscript):
        target = target.value
    return target.id if isinstance(target, ast.Name) else None


def calls(node: ast.AST) -> Iterable[tuple[ast.AST, str]]:
    """The calls and attributes in a statement that take a value out of the graph, and how."""
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            yield part, f".{part.func.attr}()"
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
            yield part, f"{part.func.id}()"
        elif isinstance(part, ast.Attribute):
            yield part, f".{part.attr}"
