"""Statements written otherwise: the operation at fault guarded, smoothed or replaced.

A repair takes the source of an operation's operands and gives the source that stands in its place.
It is looked for in the statement that computed the node, by the operation's name or sign.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from engine.arrays.row import Op, rows
from gradcli.explain.why.facts import Facts

_MODULES = ("torch", "F", "torch.nn.functional")


def guarded(facts: Facts, node: Any) -> list[str]:
    """The lines to run with the operation of a node kept away from where it has no slope."""
    row = node.op
    guard = row.facts.get("guard", "")
    place = next((i for i, x in enumerate(row.operands) if f"{{{x}}}" in guard), 0)

    def change(found: _Found) -> _Change | None:
        if not guard or place >= len(found.operands):
            return None
        x = ast.unparse(found.operands[place])
        safe = guard.format(**{row.operands[place]: _tight(x)})
        for condition, branch in found.branches:
            safe = f"where({condition}, " + (f"{x}, 1.0)" if branch == 1 else f"1.0, {x})")
        return found.operands[place], safe

    return _changed(facts, node, row, change)


def stand_in(facts: Facts, node: Any) -> list[str]:
    """The lines to run with something smooth in place of an operation that has no slope.

    A staircase with none is passed straight through: computed as it is, with the slope of a
    straight line.
    """
    row = node.op
    smooth = row.facts.get("smooth")

    def change(found: _Found) -> _Change | None:
        texts = [_tight(ast.unparse(operand)) for operand in found.operands]
        if smooth is not None:
            return found.tree, smooth.format(**dict(zip(row.operands, texts, strict=False)))
        return found.tree, f"{texts[0]} + ({ast.unparse(found.tree)} - {texts[0]}).detach()"

    straight = "stairs" in row.facts and len(row.operands) == 1
    return _changed(facts, node, row, change) if smooth or straight else []


def scaled_down(facts: Facts, node: Any, largest: float) -> list[str]:
    """The lines to run with what goes into an operation made small enough for a slope."""

    def change(found: _Found) -> _Change:
        return found.operands[0], f"{_tight(ast.unparse(found.operands[0]))} / {largest / 4:.3g}"

    return _changed(facts, node, node.op, change)


def by_softmax(facts: Facts, node: Any) -> list[str]:
    """exp(x)/exp(x).sum() as softmax(x), which does not overflow; else exp of what is at most 0."""

    def change(found: _Found) -> _Change | None:
        above, below = found.operands
        inner, summed = _operands(above, node.op), _operands(below, rows["sum"])
        if not inner or not summed or ast.unparse(summed[0]) != ast.unparse(above):
            return None
        return found.tree, f"softmax({ast.unparse(inner[0])}, -1)"

    return _changed(facts, node, rows["div"], change) or guarded(facts, node)


# ---- finding it ------------------------------------------------------------------------------


class _Found(NamedTuple):
    """An operation in a statement: its expression, its operands, and the branches of where() that
    it stands in: the condition's source, and 1 or 2.
    """

    tree: ast.expr
    operands: list[ast.expr]
    branches: list[tuple[str, int]]


_Change = tuple[ast.expr, str]
"""An expression, and the source to stand in its place."""


def _changed(
    facts: Facts, node: Any, row: Op, change: Callable[[_Found], _Change | None]
) -> list[str]:
    """The lines to run again, a row's operation changed in the statement that made a node."""
    sentence = facts.sentence_of(node)
    if sentence is None:
        return []
    text = ast.unparse(sentence.node)
    for found in _found(ast.parse(text), row, []):
        changed = change(found)
        if changed is not None:
            new = ast.unparse(ast.parse(_put(text, changed[0], f"({changed[1]})")))
            return facts.rebuild(sentence, {sentence: new})
    return []


def _put(text: str, old: ast.expr, new: str) -> str:
    """A text with other source in place of an expression."""
    lines = text.encode().split(b"\n")
    first, last = old.lineno - 1, (old.end_lineno or old.lineno) - 1
    head, tail = lines[first][: old.col_offset], lines[last][old.end_col_offset :]
    lines[first : last + 1] = [head + new.encode() + tail]
    return b"\n".join(lines).decode()


def _found(tree: ast.AST, row: Op, branches: list[tuple[str, int]]) -> Iterator[_Found]:
    """Every place of the operation, inner ones first."""
    choice = isinstance(tree, ast.Call) and _word(tree) == "where" and len(tree.args) == 3
    for child in ast.iter_child_nodes(tree):
        inside = branches
        if choice and isinstance(tree, ast.Call) and child in tree.args[1:]:
            inside = [*branches, (ast.unparse(tree.args[0]), tree.args.index(child))]
        yield from _found(child, row, inside)
    operands = _operands(tree, row)
    if operands and isinstance(tree, ast.expr):
        yield _Found(tree, operands, branches)


def _operands(tree: ast.AST, row: Op) -> list[ast.expr]:
    """The operands of an expression, if it is the operation of a row: by its sign or its name."""
    written = ast.parse(row.written, mode="eval").body
    if isinstance(tree, ast.BinOp):
        same = isinstance(written, ast.BinOp) and type(written.op) is type(tree.op)
        return [tree.left, tree.right] if same else []
    if isinstance(tree, ast.Compare):
        same = isinstance(written, ast.Compare) and type(written.ops[0]) is type(tree.ops[0])
        return [tree.left, *tree.comparators] if same else []
    if not isinstance(tree, ast.Call) or _word(tree) not in (row.name, _word(written)):
        return []
    if isinstance(tree.func, ast.Attribute) and ast.unparse(tree.func.value) not in _MODULES:
        return [tree.func.value, *tree.args]
    return tree.args


def _word(tree: ast.expr) -> str:
    """The name of what is called."""
    called = getattr(tree, "func", None)
    return getattr(called, "attr", "") or getattr(called, "id", "")


def _tight(text: str) -> str:
    """Source that can stand before a dot or beside a sign."""
    tree = ast.parse(text, mode="eval").body
    atom = isinstance(tree, (ast.Name, ast.Call, ast.Attribute, ast.Subscript, ast.Constant))
    return text if atom else f"({text})"
