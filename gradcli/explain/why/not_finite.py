"""Why a gradient is not a number, or infinite: where it was born, and what it was born of."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays.row import rows
from engine.transforms import recorded
from gradcli.explain.formula.naming import element
from gradcli.explain.why import repair
from gradcli.explain.why.answer import Answer
from gradcli.explain.why.facts import Facts, finite
from gradcli.explain.why.situations import situation


def _first(array: Any) -> tuple[int, ...]:
    """Where the first number that is not finite stands."""
    return tuple(int(i) for i in np.argwhere(~np.isfinite(np.asarray(array)))[0])


@situation
def value_is_broken(facts: Facts) -> Answer | None:
    """A value of the forward pass is not finite: the gradient only shows it."""
    if facts.gradient is None or finite(facts.gradient):
        return None
    if not finite(facts.x.array):
        place = _first(facts.x.array)
        held = f"{element(facts.name, place)} = {float(facts.x.array[place])}"
        say = f"{facts.name}.grad is not finite because {facts.name} is not: {held}."
        return Answer("value", say)
    for step in reversed(facts.steps):
        node = step.node
        if all(map(finite, recorded.values(node))):
            continue
        operands = filter(recorded.is_tensor, recorded.operands(node))
        if not all(finite(recorded.value(arg)) for arg in operands):
            continue
        out = recorded.value(node)
        place = _first(out)
        made, what = facts.called(node), str(float(out[place]))
        return Answer(
            "value",
            f"{facts.name}.grad is not finite because {made} is {what} already.",
            more=[
                f"{element(made, place)} = {what}: the operation is {node.op.name}, "
                "and what went into it was finite."
            ],
            quotes=facts.quoted(node),
            fixes=[_mended(facts, node)],
        )
    return None


@situation
def born_in_backward(facts: Facts) -> Answer | None:
    """A finite gradient went into a node, and one that is not finite came out."""
    if facts.gradient is None or finite(facts.gradient):
        return None
    for step in facts.steps:
        if step.first is None or not finite(step.first):
            continue
        for _, edge, sent in step.onward():
            if not finite(sent):
                return _born(facts, step.node, edge, step.first, sent)
    return None


def _born(facts: Facts, node: Any, edge: Any, incoming: Any, sent: Any) -> Answer:
    """The element where it happened, and what met there."""
    place = _first(sent)
    below = facts.called(edge)
    value = recorded.value(edge)
    held = value[place] if place else value
    what = "nan" if np.isnan(facts.gradient).any() else "inf"
    more = [f"{element(below, place)} = {held:g}, where the slope of {node.op.name} is not finite."]
    upstream = np.asarray(incoming)
    if upstream.shape == np.shape(sent) and upstream[place] == 0:
        more.append("0 came from above, and 0 * inf is nan: a where() around it does not help.")
        more.append(f"keep {below} away from there before {node.op.name} sees it.")
    return Answer(
        "born",
        f"{facts.name}.grad is {what} from {facts.written(node)} on.",
        more=more,
        quotes=facts.quoted(node),
        fixes=[repair.guarded(facts, node)],
    )


def _mended(facts: Facts, node: Any) -> list[str]:
    return repair.by_softmax(facts, node) if node.op is rows["exp"] else repair.guarded(facts, node)
