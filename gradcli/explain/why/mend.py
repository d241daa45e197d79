"""Statements written otherwise: the operation at fault guarded, smoothed or replaced.

A mend takes the source of an operation's operands and gives the source that stands in its place.
It is looked for in the statement that computed the node, by the operation's name or sign.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from gradcli.explain.why.facts import Facts

Mend = Callable[..., str]
_SIGNS: dict[type[ast.operator], str] = {
    ast.Pow: "pow",
    ast.Div: "div",
    ast.Mult: "mul",
    ast.Sub: "sub",
    ast.FloorDiv: "div_floor",
}
_COMPARED: dict[type[ast.cmpop], str] = {
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.Lt: "lt",
    ast.LtE: "le",
}
_MODULES = ("torch", "F", "torch.nn.functional")
_ALSO = {"pow_tensor": "pow", "rdiv": "div", "clamp_min": "clamp", "clamp_max": "clamp"}
TINY = "1e-12"


def _from_above(x: str, *rest: str) -> str:
    return f"{_tight(x)}.clamp(min={TINY})"


GUARDS: Mapping[str, tuple[int, Mend]] = {
    "sqrt": (0, _from_above),
    "rsqrt": (0, _from_above),
    "log": (0, _from_above),
    "log2": (0, _from_above),
    "log10": (0, _from_above),
    "pow": (0, _from_above),
    "div": (1, lambda x: f"where({x} == 0, 1.0, {x})"),
    "reciprocal": (0, lambda x: f"where({x} == 0, 1.0, {x})"),
    "asin": (0, lambda x: f"{_tight(x)}.clamp(-0.999999, 0.999999)"),
    "acos": (0, lambda x: f"{_tight(x)}.clamp(-0.999999, 0.999999)"),
    "exp": (0, lambda x: f"{_tight(x)} - {_tight(x)}.max()"),
}
"""Operation → the place of the operand to keep away from where the slope is not finite, and how."""

SMOOTH: Mapping[str, Mend] = {
    "relu": lambda x: f"leaky_relu({x}, 0.01)",
    "sign": lambda x: f"tanh({x})",
    "gt": lambda a, b: f"sigmoid({_tight(a)} - {_tight(b)})",
    "ge": lambda a, b: f"sigmoid({_tight(a)} - {_tight(b)})",
    "lt": lambda a, b: f"sigmoid({_tight(b)} - {_tight(a)})",
    "le": lambda a, b: f"sigmoid({_tight(b)} - {_tight(a)})",
    "argmax": lambda x, *dim: f"(softmax({x}, -1)*arange({_tight(x)}.shape[-1])).sum(-1)",
}
"""Operation → a smooth one in its place."""
STAIRS = frozenset(("round", "floor", "ceil", "trunc"))
"""What is passed straight through: computed as it is, with the slope of a straight line."""


def guarded(facts: Facts, node: Any) -> list[str]:
    """The lines to run with the operation of a node kept away from where it has no slope."""
    name = _ALSO.get(node.op.name, node.op.name)
    place, guard = GUARDS.get(name, (0, None))

    def change(found: _Found) -> _Change | None:
        if guard is None or place >= len(found.operands):
            return None
        x = ast.unparse(found.operands[place])
        safe = guard(x)
        for condition, branch in found.branches:
            safe = f"where({condition}, " + (f"{x}, 1.0)" if branch == 1 else f"1.0, {x})")
        return found.operands[place], safe

    return _changed(facts, node, name, change)


def stand_in(facts: Facts, node: Any) -> list[str]:
    """The lines to run with something smooth in place of an operation that has no slope."""
    name = _ALSO.get(node.op.name, node.op.name)
    smooth = SMOOTH.get(name)

    def change(found: _Found) -> _Change | None:
        texts = list(map(ast.unparse, found.operands))
        if smooth is not None:
            return found.tree, smooth(*texts)
        x = _tight(texts[0])
        return found.tree, f"{x} + ({ast.unparse(found.tree)} - {x}).detach()"

    return _changed(facts, node, name, change) if smooth or name in STAIRS else []


def scaled_down(facts: Facts, node: Any, largest: float) -> list[str]:
    """The lines to run with what goes into an operation made small enough for a slope."""

    def change(found: _Found) -> _Change:
        return found.operands[0], f"{_tight(ast.unparse(found.operands[0]))} / {largest / 4:.3g}"

    return _changed(facts, node, node.op.name, change)


def by_softmax(facts: Facts, node: Any) -> list[str]:
    """exp(x)/exp(x).sum() as softmax(x), which does not overflow; else exp of what is at most 0."""

    def change(found: _Found) -> _Change | None:
        above, below = found.operands
        inner, summed = _operands(above, "exp"), _operands(below, "sum")
        if not inner or not summed or ast.unparse(summed[0]) != ast.unparse(above):
            return None
        return found.tree, f"softmax({ast.unparse(inner[0])}, -1)"

    return _changed(facts, node, "div", change) or guarded(facts, node)


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
    facts: Facts, node: Any, name: str, change: Callable[[_Found], _Change | None]
) -> list[str]:
    """What to run again with the operation `name` changed in the statement that made a node."""
    sentence = facts.sentence_of(node)
    if sentence is None:
        return []
    text = ast.unparse(sentence.node)
    for found in _found(ast.parse(text), name, []):
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


def _found(tree: ast.AST, name: str, branches: list[tuple[str, int]]) -> Iterator[_Found]:
    """Every place of the operation `name`, inner ones first."""
    choice = isinstance(tree, ast.Call) and _word(tree) == "where" and len(tree.args) == 3
    for child in ast.iter_child_nodes(tree):
        inside = branches
        if choice and isinstance(tree, ast.Call) and child in tree.args[1:]:
            inside = [*branches, (ast.unparse(tree.args[0]), tree.args.index(child))]
        yield from _found(child, name, inside)
    operands = _operands(tree, name)
    if operands and isinstance(tree, ast.expr):
        yield _Found(tree, operands, branches)


def _operands(tree: ast.AST, name: str) -> list[ast.expr]:
    """The operands of an expression, if it is the operation `name`."""
    if isinstance(tree, ast.BinOp):
        return [tree.left, tree.right] if _SIGNS.get(type(tree.op)) == name else []
    if isinstance(tree, ast.Compare):
        return [tree.left, *tree.comparators] if _COMPARED.get(type(tree.ops[0])) == name else []
    if not isinstance(tree, ast.Call) or _word(tree) != name:
        return []
    if isinstance(tree.func, ast.Attribute) and ast.unparse(tree.func.value) not in _MODULES:
        return [tree.func.value, *tree.args]
    return tree.args


def _word(call: ast.Call) -> str:
    return getattr(call.func, "attr", "") or getattr(call.func, "id", "")


def _tight(text: str) -> str:
    """Source that can stand before a dot or beside a sign."""
    tree = ast.parse(text, mode="eval").body
    atom = isinstance(tree, (ast.Name, ast.Call, ast.Attribute, ast.Subscript, ast.Constant))
    return text if atom else f"({text})"
