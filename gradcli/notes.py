"""Notes: one line where PyTorch is silent and a person would want to know.

A note is one decorated function: it looks at what a statement did and gives a text, or None. Each
is told once in a session; `set notes off` silences them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.memory import owner_of
from engine.node import Node, node_of
from engine.record import source
from engine.tensor import Tensor
from gradcli.language.source import Command

if TYPE_CHECKING:
    from gradcli.program import Sentence
    from gradcli.session import Session

Note = Callable[["Done"], "str | None"]
NOTES: dict[str, Note] = {}
"""Kind → what finds it, in the order in which they are asked."""
MOST = 300
"""How many nodes of one statement are looked at."""
_EXPLICIT = {
    "unsqueeze", "reshape", "view", "expand", "index", "permute", "transpose", "t", "mT", "select",
}  # fmt: skip
"""What gives a shape on purpose: broadcasting what comes out of it was meant."""


class Done:
    """What a statement did: names before and after, and the nodes it made."""

    def __init__(self, session: Session, sentence: Sentence, before: Mapping[str, Any]) -> None:
        self.session = session
        self.sentence = sentence
        self.before = before
        self.names = session.variables

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """The variables that are tensors."""
        return (
            (name, value) for name, value in self.names.items()
            if isinstance(value, Tensor) and name != "_"
        )  # fmt: skip

    @cached_property
    def nodes(self) -> list[Node]:
        """The nodes that what the statement bound, or ran backward from, was made of by it."""
        stack = [
            node_of(value.origin) for name, value in self.names.items()
            if isinstance(value, Tensor) and self.before.get(name) is not value
        ]  # fmt: skip
        if self.ran:
            stack += [node_of(edge) for edge, _ in self.session.runs[-1].roots]
        found: dict[int, Node] = {}
        while stack and len(found) < MOST:
            node = stack.pop()
            if node is None or node.trace is None or id(node) in found:
                continue
            if node.trace.line is None or node.trace.line < self.sentence.first:
                continue
            found[id(node)] = node
            stack.extend(map(node_of, node.trace.args))
        return list(found.values())

    @property
    def ran(self) -> bool:
        """Whether the statement ran backward."""
        runs = self.session.runs
        line = runs[-1].line if runs else None
        return line is not None and line >= self.sentence.first

    def called(self, item: Any) -> str:
        """What the user calls a value, or how it was computed."""
        from gradcli.explain.naming import Naming

        return Naming(self.names).called(item)


def note(kind: str) -> Callable[[Note], Note]:
    """Add a kind of note."""

    def add(find: Note) -> Note:
        NOTES[kind] = find
        return find

    return add


def notes(
    session: Session, sentence: Sentence, before: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """The notes on a statement that the session has not told yet: pairs of kind and text."""
    done = Done(session, sentence, before)
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
        if not any(arg is old for node in done.nodes for arg in node.trace.args):  # type: ignore[union-attr]
            continue
        lost = "no leaf" if new.requires_grad else "untracked"
        return f"{name} is {lost} now, computed from the old {name}; step {name} keeps it a leaf"
    return None


@note("accumulated")
def accumulated(done: Done) -> str | None:
    """backward added to a gradient that was there."""
    if not done.ran:
        return None
    for name, leaf in done.tensors():
        reached, g = done.session.runs[-1].gave(leaf)
        if not reached or g is None or leaf._grad is None:
            continue
        if not np.array_equal(g, leaf._grad.array, equal_nan=g.dtype.kind in "fc"):
            return f"backward added to the {name}.grad that was there; zero {name} starts afresh"
    return None


@note("broadcast")
def broadcast(done: Done) -> str | None:
    """Both operands were repeated: (3, 1) with (3,) is (3, 3)."""
    for node in done.nodes:
        if not node.op.broadcasts or node.trace is None or len(node.trace.args) != 2:
            continue
        made = np.shape(node.trace.values[0])
        shapes = [_array(arg).shape for arg in node.trace.args]
        if made in shapes or () in shapes or any(map(_on_purpose, node.trace.args)):
            continue
        one, other = shapes
        return f"{done.called(node)} is {made}: {one} and {other} were both broadcast"
    return None


def _array(item: Any) -> np.ndarray[Any, Any]:
    node = node_of(item)
    if node is not None and node.trace is not None:
        return np.asarray(node.trace.values[getattr(item, "index", 0)])
    return np.asarray(item.array if isinstance(item, Tensor) else item)


def _on_purpose(item: Any) -> bool:
    node = node_of(item)
    return node is not None and node.op.name in _EXPLICIT


@note("alias")
def written_through_an_alias(done: Done) -> str | None:
    """A write in place changed what another name shows."""
    name = _written(done.sentence.node)
    value = done.names.get(name or "")
    rebound = value is not done.before.get(name or "")
    if name is None or rebound or not isinstance(value, Tensor):
        return None
    memory = owner_of(value.array)
    for other, shown in done.tensors():
        if shown is not value and owner_of(shown.array) is memory and _overlap(shown, value):
            return f"{other} changed too: {name} is another name for its memory; clone() copies"
    return None


def _overlap(one: Tensor, other: Tensor) -> bool:
    return bool(one.array.size) and np.may_share_memory(one.array, other.array)


def _written(node: ast.stmt) -> str | None:
    """The name of the tensor that a statement writes into in place."""
    target: Any = None
    if isinstance(node, ast.AugAssign):
        target = node.target
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        target = node.targets[0]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        func = node.value.func
        if isinstance(func, ast.Attribute) and func.attr.endswith("_"):
            target = func.value
    while isinstance(target, ast.Subscript):
        target = target.value
    return target.id if isinstance(target, ast.Name) else None


@note("tracked late")
def tracked_late(done: Done) -> str | None:
    """A value was computed from x before x was tracked."""
    for name in _tracked(done.sentence.node):
        x = done.names.get(name)
        if not isinstance(x, Tensor) or not x.requires_grad:
            continue
        for other, value in done.tensors():
            if value is not x and not value.requires_grad and _made_of(value, x):
                return f"{other} is older than track {name}: no gradient goes from it to {name}"
    return None


def _tracked(node: ast.stmt) -> list[str]:
    value = node.value if isinstance(node, ast.Expr) else None
    if isinstance(value, Command) and value.word == "track":
        return [part.id for part in value.operands if isinstance(part, ast.Name)]
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        owner = value.func.value
        if value.func.attr == "requires_grad_" and isinstance(owner, ast.Name):
            return [owner.id]
    return []


def _made_of(value: Tensor, x: Tensor) -> bool:
    stack: list[Any] = [source(value)]
    seen: set[int] = set()
    while stack and len(seen) < MOST:
        item = stack.pop()
        node = node_of(item)
        if item is x:
            return True
        if node is None or node.trace is None or id(node) in seen:
            continue
        seen.add(id(node))
        stack.extend(node.trace.args)
    return False


@note("cancelled")
def cancelled(done: Done) -> str | None:
    """A difference of almost equal numbers: few or none of its digits are right."""
    for node in done.nodes:
        if node.op.name != "sub" or node.trace is None:
            continue
        made = np.asarray(node.trace.values[0])
        if made.dtype.kind != "f" or not made.size or not np.isfinite(made).all():
            continue
        one, other = map(_array, node.trace.args)
        largest = np.maximum(np.abs(one), np.abs(other))
        few = 4 * np.finfo(made.dtype).eps
        if not largest.any() or (np.abs(made) > few * largest).any():
            continue
        if made.any() or any(map(_absorbed, node.trace.args)):
            digits = np.finfo(made.dtype).precision + 1
            kept = f"{made.dtype.name} keeps about {digits}; double() keeps 16"
            return f"{done.called(node)} has lost its digits: {kept}"
    return None


def _absorbed(item: Any) -> bool:
    """Whether a sum is one of its operands again, though the other is not 0."""
    node = node_of(item)
    if node is None or node.trace is None or node.op.name not in ("add", "sub"):
        return False
    made = np.asarray(node.trace.values[0])
    one, other = (_array(arg) for arg in node.trace.args)
    return bool(
        (np.array_equal(made, np.broadcast_to(one, made.shape)) and np.any(other))
        or (np.array_equal(made, np.broadcast_to(other, made.shape)) and np.any(one))
    )
