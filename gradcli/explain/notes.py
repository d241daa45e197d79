"""Notes: one line where PyTorch is silent and a person would want to know.

A note is one decorated function: it looks at what a statement did and gives a text, or None. Each
is told once in a session; `set notes off` silences them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import islice, takewhile
from typing import Any

import numpy as np

from engine.arrays.memory import same_memory
from engine.arrays.types import Array
from engine.graph.tensor import Tensor
from engine.transforms import recorded
from gradcli.language.syntax.source import CommandLine
from gradcli.session.program import written_in_place
from gradcli.session.session import Session

Note = Callable[["Done"], "str | None"]
NOTES: dict[str, Note] = {}
"""Kind → what finds it, in the order in which they are asked."""
MOST, WIDEST = 300, 74
"""How many nodes of one statement are looked at; how long a note is, where it can."""
_EXPLICIT = {
    "unsqueeze",
    "reshape",
    "view",
    "expand",
    "index",
    "permute",
    "transpose",
    "t",
    "mT",
    "select",
}
"""Operations that give a shape on purpose: broadcasting their results was meant."""


class Done:
    """The effects of a statement: names before and after, and its nodes (ranks below `since`)."""

    def __init__(
        self, session: Session, statement: ast.stmt, before: Mapping[str, Any], since: int
    ) -> None:
        self.session = session
        self.statement = statement
        self.before = before
        self.since = since
        self.names = session.variables

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """The variables that are tensors."""
        return (
            (name, value)
            for name, value in self.names.items()
            if isinstance(value, Tensor) and name != "_"
        )

    @cached_property
    def nodes(self) -> list[recorded.Node]:
        """The nodes that what the statement bound, or ran backward from, was made of by it."""
        starts = [
            recorded.source(value)
            for name, value in self.names.items()
            if isinstance(value, Tensor) and self.before.get(name) is not value
        ]
        starts += [edge for run in self.runs for edge, _ in run.roots]
        made = recorded.nodes(
            *starts, below=lambda node: recorded.operands(node) if node.rank <= self.since else ()
        )
        return list(islice((node for node in made if node.rank <= self.since), MOST))

    @cached_property
    def runs(self) -> list[recorded.Run]:
        """The backwards that the statement ran."""
        return list(takewhile(lambda run: run.rank < self.since, reversed(self.session.state.runs)))

    def parts(self) -> Iterator[ast.stmt]:
        """The statement; of a with block, what stands in it."""
        inside = [self.statement]
        while inside:
            part = inside.pop(0)
            if isinstance(part, ast.With):
                inside[:0] = part.body
            else:
                yield part

    def says(self, item: Any, text: str) -> str:
        """The user's name for a value, or how it was computed where that fits; then the text."""
        from gradcli.explain.formula.naming import Naming

        naming = Naming(self.names)
        name = naming.called(item)
        if naming.name(item) is None and len(name) + len(text) > WIDEST:
            name = "the result"
        return name + text


def note(kind: str) -> Callable[[Note], Note]:
    """Add a kind of note."""

    def add(find: Note) -> Note:
        NOTES[kind] = find
        return find

    return add


def notes(
    session: Session, statement: ast.stmt, before: Mapping[str, Any], since: int
) -> Iterator[tuple[str, str]]:
    """The notes on a statement that the session has not told yet: pairs of kind and text."""
    done = Done(session, statement, before, since)
    for kind, find in NOTES.items():
        if kind not in session.noted:
            text = find(done)
            if text is not None:
                session.noted.add(kind)
                yield kind, text


# ---- what PyTorch is silent about --------------------------------------------------------------


@note("rebound")
def rebound(done: Done) -> str | None:
    """W = W - lr*W.grad: the name is bound to what is no parameter."""
    for name, old in done.before.items():
        new = done.names.get(name)
        if new is old or not isinstance(old, Tensor) or not isinstance(new, Tensor) or name == "_":
            continue
        if not (old.is_leaf and old.requires_grad) or (new.is_leaf and new.requires_grad):
            continue
        if any(value is old for value in done.names.values()):
            continue  # another name keeps it
        operands = {id(arg) for node in done.nodes for arg in recorded.operands(node)}
        if id(old) not in operands:
            continue
        lost = "no leaf" if new.requires_grad else "untracked"
        moved = old._grad is not None and id(recorded.source(old._grad)) in operands
        cure = f"step {name} keeps it a leaf" if moved else "another name keeps the leaf"
        return f"{name} is {lost} now, computed from the old {name}; {cure}"
    return None


@note("accumulated")
def accumulated(done: Done) -> str | None:
    """backward added to a gradient that was there."""
    for run in done.runs:
        for name, leaf in done.tensors():
            if run.added_to(leaf):
                return (
                    f"backward added to the {name}.grad that was there; zero {name} starts afresh"
                )
    return None


@note("broadcast")
def broadcast(done: Done) -> str | None:
    """Both operands were repeated, though but for lengths of 1 they fit: (3, 1) with (3,)."""
    for node in done.nodes:
        operands = recorded.operands(node)
        if len(operands) != 2 or not all(recorded.broadcast(node, arg) for arg in operands):
            continue
        made = recorded.value(node).shape
        one, other = (recorded.value(arg).shape for arg in operands)
        if _longer(one) != _longer(other) or not _longer(one):
            continue
        if not any(map(_on_purpose, operands)):
            return done.says(
                node, f" is {made}: {one} and {other} both broadcast; squeeze() fits them"
            )
    return None


def _longer(shape: tuple[int, ...]) -> list[int]:
    return [length for length in shape if length != 1]


def _on_purpose(item: Any) -> bool:
    """Whether a value got its shape from an operation that gives one, or keeps a length of 1."""
    node = recorded.made_by(item)
    if node is None:
        return False
    made, args = recorded.value(node), list(map(recorded.value, recorded.operands(node)))
    kept = len(args) == 1 and args[0].ndim == made.ndim and args[0].size > made.size
    return kept or node.op.name in _EXPLICIT


@note("alias")
def written_through_an_alias(done: Done) -> str | None:
    """A write in place changed what another name shows."""
    for name in filter(None, map(written_in_place, done.parts())):
        value = done.names.get(name)
        if value is not done.before.get(name) or not isinstance(value, Tensor):
            continue
        for other, shown in done.tensors():
            if shown is not value and _overlap(shown.array, value.array):
                return f"{other} changed too: {name} is another name for its memory; clone() copies"
    return None


def _overlap(one: Array, other: Array) -> bool:
    return bool(one.size) and same_memory(one, other) and np.may_share_memory(one, other)


@note("tracked late")
def tracked_late(done: Done) -> str | None:
    """A value was computed from x before x was tracked."""
    for name in (name for part in done.parts() for name in _tracked(part)):
        x = done.names.get(name)
        if not isinstance(x, Tensor) or not x.requires_grad:
            continue
        for other, value in done.tensors():
            if value is not x and not value.requires_grad and _made_of(value, x):
                return (
                    f"{other} is older than track {name}: no gradient goes from it to {name}; "
                    f"build {other} again"
                )
    return None


def _tracked(node: ast.stmt) -> list[str]:
    value = node.value if isinstance(node, ast.Expr) else None
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
        target = node.targets[0]
        if target.attr == "requires_grad" and isinstance(target.value, ast.Name):
            return [target.value.id]
    if isinstance(value, CommandLine) and value.word == "track":
        return [part.id for part in value.operands if isinstance(part, ast.Name)]
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        owner = value.func.value
        if value.func.attr == "requires_grad_" and isinstance(owner, ast.Name):
            return [owner.id]
    return []


def _made_of(value: Any, x: Any) -> bool:
    """Whether a value was computed from another, or is it."""
    start = recorded.source(value)
    return start is x or any(
        node is x or any(item is x for item in recorded.operands(node))
        for node in islice(recorded.nodes(start), MOST)
    )


@note("cancelled")
def cancelled(done: Done) -> str | None:
    """A difference of almost equal numbers: few or none of its digits are right."""
    for node in done.nodes:
        if node.op.name == "sub" and _lost(node):
            kind = recorded.value(node).dtype
            kept = f"{kind.name} keeps about {np.finfo(kind).precision + 1}"
            better = "; double() keeps 16" if kind.itemsize < 8 else ""
            return done.says(node, f" has lost its digits: {kept}{better}")
    return None


def _lost(node: recorded.Node) -> bool:
    """Whether all of a difference is rounding: 0 counts where an operand had absorbed a number."""
    made = recorded.value(node)
    if made.dtype.kind != "f" or not made.size:
        return False
    one, other = map(recorded.value, recorded.operands(node))
    few = 4 * float(np.finfo(made.dtype).eps)
    m, a, b = (abs(float(array.flat[0])) for array in (made, one, other))
    if not m <= few * max(a, b):
        return False  # mostly the first number tells
    largest = np.maximum(np.abs(one), np.abs(other))
    if not (largest.any() and np.isfinite(largest).all() and (np.abs(made) <= few * largest).all()):
        return False
    left, right = recorded.operands(node)
    return bool(made.any()) or _absorbed(left, right) or _absorbed(right, left)


def _absorbed(item: Any, other: Any) -> bool:
    """Whether a sum is one of its operands again, and the other of the difference knows nothing."""
    node = recorded.made_by(item)
    if node is None or node.op.name not in ("add", "sub"):
        return False
    if _made_of(other, node):
        return False  # what the sum lost is missing on both sides: 0 is right
    made = recorded.value(node)
    one, term = map(recorded.value, recorded.operands(node))
    return bool(
        (np.array_equal(made, np.broadcast_to(one, made.shape)) and np.any(term))
        or (np.array_equal(made, np.broadcast_to(term, made.shape)) and np.any(one))
    )
