"""Why there is no gradient: backward was run, and failed."""

from __future__ import annotations

import ast

from gradcli.explain.why.answer import Answer
from gradcli.explain.why.facts import Facts
from gradcli.explain.why.situations import situation
from gradcli.session.program import Sentence, written_in_place


@situation
def overwritten(facts: Facts) -> Answer | None:
    """A value that backward needs was written over in place."""
    if facts.failed is None or "inplace operation" not in facts.failed[0].message:
        return None
    fault, line, text = facts.failed
    found = _overwriting(facts, fault.why or "")
    if found is None:
        return None
    sentence, name, instead = found
    start = next((s for s in facts.program.sentences if name in s.makes), sentence)
    lines = facts.program.again(start, facts.program.sentences[-1], {sentence: instead})
    return Answer(
        "overwritten",
        f"{facts.name}.grad is None because {name} was overwritten, and backward failed for it.",
        more=[f"the backward of line {line} needs the numbers that were there before."],
        quotes=[*facts.quoted(fault.node, "needs them"), *facts.quoted(sentence, "changed them")],
        fixes=[[*(each for each in lines if each != text), text]],
    )


def _overwriting(facts: Facts, why: str) -> tuple[Sentence, str, str] | None:
    """The last statement that wrote in place, into which name, and the same out of place.

    The name that the error tells of comes first.
    """
    found = [
        (sentence, *changed)
        for sentence in reversed(facts.program.sentences)
        if (changed := out_of_place(sentence.node)) is not None
    ]
    told = [each for each in found if why.startswith(f"{each[1]} ")]
    return next(iter([*told, *found]), None)


def out_of_place(node: ast.stmt) -> tuple[str, str] | None:
    """The name that a statement writes into, and the statement that binds it anew instead."""
    name = written_in_place(node)
    if name is None:
        return None
    again: ast.expr
    match node:
        case ast.AugAssign(target=ast.Name() as target):
            again = ast.BinOp(target, node.op, node.value)
        case ast.Expr(ast.Call(ast.Attribute(ast.Name() as owner, word), args, options)):
            again = ast.Call(ast.Attribute(owner, word[:-1], ast.Load()), args, options)
        case _:  # a part of it
            return name, f"{name} = {name}.clone()\n{ast.unparse(node)}"
    return name, f"{name} = {ast.unparse(again)}"
