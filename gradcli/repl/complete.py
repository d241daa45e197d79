"""Completion: names, operations, methods, commands and their options, each with a description."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from prompt_toolkit.completion import CompleteEvent, Completer
from prompt_toolkit.completion import Completion as Candidate
from prompt_toolkit.document import Document

from engine.graph import registry
from engine.graph.tensor import Tensor
from gradcli.base.outputs import shortened
from gradcli.base.settings import CHECKS
from gradcli.commands.command import REGISTRY
from gradcli.language.evaluation import values
from gradcli.language.evaluation.builtins import BARE
from gradcli.language.evaluation.objects import Namespace
from gradcli.repl.caption import caption
from gradcli.session.session import Session

_MEMBER = re.compile(r"((?:[^\W\d]\w*\.)+)(\w*)$")
_WORD = re.compile(r"[^\W\d]\w*$")
_COMMAND = re.compile(r"(?:^|[\n;])[ \t]*:?([^\W\d]\w*)[ \t]+[^\n;]*$")
_START = re.compile(r"(?:^|[\n;:])[ \t]*:?\w*$")
_OPEN = re.compile(r"=[ \t]*\S*$")
WIDEST = 60
Found = tuple[str, str]


class Completion(Completer):
    """The candidates for where the cursor is; none at all if that cannot be told."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Candidate]:
        """The candidates, those that begin with what is typed."""
        try:
            prefix, found = self._candidates(document.text_before_cursor)
            fit = {name: meaning for name, meaning in found if name.startswith(prefix)}
        except Exception:
            return
        if not prefix.startswith("_"):
            fit = {name: meaning for name, meaning in fit.items() if not name.startswith("_")}
        for name, meaning in fit.items():
            yield Candidate(name, -len(prefix), display_meta=shortened(meaning, WIDEST))

    def _candidates(self, before: str) -> tuple[str, Iterator[Found]]:
        member = _MEMBER.search(before)
        if member:
            return member[2], self._members(member[1].rstrip(".").split("."))
        word = _WORD.search(before)
        prefix = word.group() if word else ""
        command = _COMMAND.search(before)
        if command and command[1] in REGISTRY:
            if command[1] == "help":
                return prefix, self._explained()
            return prefix, self._operands(command[1], bool(_OPEN.search(before)))
        if not prefix and before.strip():
            return prefix, self._variables()
        return prefix, self._names(bool(_START.search(before)))

    def _names(self, start: bool) -> Iterator[Found]:
        if start:
            yield from ((word, each.summary) for word, each in REGISTRY.items())
        yield from self._variables()
        yield from _described(BARE.everything())
        yield from ((word, "") for word in sorted(keyword.kwlist))

    def _variables(self) -> Iterator[Found]:
        for name, value in self._session.variables.items():
            yield name, describe(value)

    def _operands(self, word: str, in_option: bool) -> Iterator[Found]:
        command = REGISTRY[word]
        if word == "set":
            yield from ((name, "a setting") for name in CHECKS)
            return
        if "path" in command.kinds and not in_option:
            yield from _files()
        if not in_option:
            yield from ((f"{option}=", command.describe(option)) for option in command.options)
        yield from self._variables()
        if command.kinds[:1] != ("path",):
            yield from _described(BARE.everything())

    def _explained(self) -> Iterator[Found]:
        registry.complete()
        for names in registry.namespaces.values():
            yield from _described(names)
        yield from ((word, each.summary) for word, each in REGISTRY.items())

    def _members(self, path: list[str]) -> Iterator[Found]:
        owner = self._owner(path)
        for name in values.names_of(owner):
            if isinstance(owner, Namespace):
                meaning = describe(owner.contents.get(name))
            else:
                meaning = _first_line(getattr(type(owner), name, None))
            yield name, meaning

    def _owner(self, path: list[str]) -> Any:
        """The value of a dotted name. Nothing is computed: of a tensor's attributes only those
        that are tensors again are followed."""
        first, *rest = path
        variables = self._session.variables
        owner = variables[first] if first in variables else BARE[first]
        for name in rest:
            if isinstance(owner, Namespace):
                owner = values.member(owner, name)
            elif not isinstance(owner, Tensor) or name not in ("grad", "data", "T"):
                raise AttributeError(name)
        return owner


def _files() -> Iterator[Found]:
    """The files here that a session reads and writes."""
    for path in sorted(Path.cwd().iterdir()):
        if path.suffix in (".csv", ".npy", ".npz"):
            yield path.name, "a file"


def _described(things: dict[str, Any]) -> Iterator[Found]:
    return ((name, describe(value)) for name, value in sorted(things.items()))


def describe(value: Any) -> str:
    """A value in one line: a tensor's shape and kind, a function's purpose."""
    if isinstance(value, Tensor):
        return caption("", value).strip()
    if value is None or isinstance(value, (bool, int, float, str, list, tuple, dict)):
        return type(value).__name__ if value is not None else ""
    if isinstance(value, type) and value.__module__ == "builtins":
        return f"make a {value.__name__}"
    return _first_line(getattr(value, "run", value))


def _first_line(thing: Any) -> str:
    return (getattr(thing, "__doc__", None) or "").strip().partition("\n")[0]
