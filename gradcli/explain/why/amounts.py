"""Why a gradient is zero, or not the size that was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine import flow, symbolic
from engine.format import values_text
from gradcli.explain.why.answer import Answer
from gradcli.explain.why.drawing import way
from gradcli.explain.why.table import situation

if TYPE_CHECKING:
    from gradcli.explain.why.facts import Facts

_FLAT = {"sign", "floor", "ceil", "round", "trunc", "div_floor", "div_trunc"}
_DEAD = {
    "relu": "is 0 below 0", "clamp": "is flat outside its bounds", "clamp_min": "is flat below",
    "clamp_max": "is flat above", "hardtanh": "is flat outside its bounds",
    "threshold": "is flat below it",
}  # fmt: skip
_SATURATED = {"sigmoid", "tanh", "softmax", "hardsigmoid"}


@situation
def accumulated(facts: Facts) -> Answer | None:
    """Several backwards added up."""
    if facts.gradient is None:
        return None
    parts: list[Any] = []
    for run in reversed(facts.session.runs):
        reached, g = run.gave(facts.x)
        if not reached:
            continue
        if g is None:
            return None
        parts.insert(0, g)
        if np.allclose(sum(parts), facts.gradient, 1e-5, equal_nan=True):
            break
    else:
        return None
    if len(parts) < 2:
        return None
    shown = " + ".join(_short(part) for part in parts[:4]) + (" + ..." if len(parts) > 4 else "")
    start = facts.sentence_of(facts.root)
    return Answer(
        "accumulated",
        f"{facts.name}.grad is the sum of {len(parts)} backwards: gradients add up until zeroed.",
        more=[f"{shown} = {_short(facts.gradient)}"], fixes=[facts.rebuild(start)],
    )  # fmt: skip


def _short(array: Any) -> str:
    text = values_text(np.asarray(array))
    return text if "\n" not in text and len(text) < 30 else text.split("\n")[0] + " ..."


@situation
def zero(facts: Facts) -> Answer | None:
    """The gradient is 0 everywhere: the first operation on the way that made it so."""
    if facts.gradient is None or not facts.gradient.size or facts.gradient.any():
        return None
    for step in facts.steps:
        if step.first is None or not np.any(step.first):
            continue
        for edge, sent in zip(step.node.edges, step.sent, strict=False):
            if edge is not None and sent is not None and not np.any(sent) and _leads(facts, edge):
                return _zeroed(facts, step.node, edge)
    return None


def _leads(facts: Facts, edge: Any) -> bool:
    """Whether the way to x goes through an edge."""
    key = symbolic.key(edge)
    return any(symbolic.key(hop.item) == key for hop in facts.way or ())


def _zeroed(facts: Facts, node: Any, edge: Any) -> Answer:
    name, op = facts.name, node.op.name
    below = facts.called(edge)
    value = np.asarray(flow.value_of(edge))
    if op in _FLAT:
        why = f"{op} is a staircase: its slope is 0 everywhere."
    elif op in _DEAD:
        why = f"{op} {_DEAD[op]}: 100% of the {value.size} elements of {below} are there."
    elif op in _SATURATED:
        why = f"{op} is saturated: {below} reaches {np.abs(value).max():g}, its slope is 0 there."
    elif op == "mul":
        why = f"{facts.written(node)} multiplies by 0."
    else:
        why = f"the slope of {facts.written(node)} by {below} is 0 here."
    return Answer(
        "zero", f"{name}.grad is 0 because nothing gets through {facts.written(node)}.",
        more=[why], quotes=facts.quoted(node), way=way(facts),
    )  # fmt: skip


@situation
def several_ways(facts: Facts) -> Answer | None:
    """x is used more than once: the contributions add up."""
    if facts.gradient is None:
        return None
    target = symbolic.key(facts.item)
    parts = [
        (step.node, sent)
        for step in facts.steps
        for edge, sent in zip(step.node.edges, step.sent, strict=False)
        if edge is not None and sent is not None and symbolic.key(edge) == target
    ]
    if len(parts) < 2:
        return None
    total = sum(np.asarray(sent) for _, sent in parts)
    if not np.allclose(total, facts.gradient, 1e-5, equal_nan=True):
        return None
    more = [f"{_short(sent)} through {facts.written(node)}" for node, sent in parts[:6]]
    return Answer(
        "several ways",
        f"{facts.name}.grad is the sum of {len(parts)} contributions: {facts.root_name} uses it "
        "so often.",
        more=[*more, f"together {_short(facts.gradient)}"],
    )  # fmt: skip


@situation
def broadcast(facts: Facts) -> Answer | None:
    """x was repeated: its gradient is the sum over the copies."""
    if facts.gradient is None or not facts.way:
        return None
    for hop in facts.way:
        made = np.shape(hop.node.trace.values[0]) if hop.node.trace is not None else ()
        shape = np.shape(flow.value_of(hop.item))
        if not hop.node.op.broadcasts or made == shape:
            continue
        times = int(np.prod(made)) // max(int(np.prod(shape)), 1)
        return Answer(
            "broadcast",
            f"{facts.name}.grad sums over {times} copies: {facts.called(hop.item)} of shape "
            f"{list(shape)} was broadcast to {list(made)}.",
            quotes=facts.quoted(hop.node, "broadcast here"),
        )  # fmt: skip
    return None
