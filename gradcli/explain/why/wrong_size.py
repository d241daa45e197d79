"""Why a gradient is zero, or not the size that was expected."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.graph.printing import values_text
from engine.transforms import recorded
from gradcli.explain.formula.naming import element
from gradcli.explain.why import repair
from gradcli.explain.why.answer import Answer
from gradcli.explain.why.facts import Facts, finite
from gradcli.explain.why.path import way
from gradcli.explain.why.situations import situation


@situation
def accumulated(facts: Facts) -> Answer | None:
    """Several backwards added up."""
    if facts.gradient is None:
        return None
    parts: list[Any] = []
    for run in reversed(facts.session.state.runs):
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
        more=[f"{shown} = {_short(facts.gradient)}"],
        fixes=[facts.rebuild(start)],
    )


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
        for _, edge, sent in step.onward():
            if not np.any(sent) and _leads(facts, edge):
                return _zeroed(facts, step.node, edge)
    return None


def _leads(facts: Facts, edge: Any) -> bool:
    """Whether the way to x goes through an edge."""
    key = recorded.key(edge)
    return any(recorded.key(hop.item) == key for hop in facts.way or ())


def _zeroed(facts: Facts, node: Any, edge: Any) -> Answer:
    name, op, says = facts.name, node.op.name, node.op.facts
    below = facts.called(edge)
    value = recorded.value(edge)
    fix: list[str] = repair.stand_in(facts, node)
    if _underflowed(facts, node, edge):
        smallest = np.finfo(value.dtype).smallest_subnormal
        dtype = str(facts.x.dtype).removeprefix("torch.")
        return Answer(
            "underflow",
            f"{name}.grad is 0 because it underflows at {facts.written(node)}.",
            more=[
                f"what came from above, times the slope here, is below {smallest:.2g},",
                f"the smallest number of {dtype}.",
            ],
            quotes=facts.quoted(node),
            way=way(facts),
            fixes=[_in_double(facts)],
        )
    if "stairs" in says:
        why = f"{op} is a staircase: its slope is 0 everywhere."
    elif "dead" in says:
        why = f"{op} {says['dead']}: 100% of the {value.size} elements of {below} are there."
    elif "saturates" in says:
        why = f"{op} is saturated: {below} reaches {np.abs(value).max():g}, its slope is 0 there."
        fix = repair.scaled_down(facts, node, float(np.abs(value).max()))
    elif says.get("scales") == "times":
        why = f"{facts.written(node)} multiplies by 0."
    else:
        why = f"the slope of {facts.written(node)} by {below} is 0 here."
    return Answer(
        "zero",
        f"{name}.grad is 0 because nothing gets through {facts.written(node)}.",
        more=[why],
        quotes=facts.quoted(node),
        way=way(facts),
        fixes=[fix],
    )


def _underflowed(facts: Facts, node: Any, edge: Any) -> bool:
    """Whether the same step in double precision gives something."""
    step = next(step for step in facts.steps if step.node is node)
    scales = node.op.facts.get("scales")
    if scales is None or step.first is None:
        return False
    whole = np.asarray(step.first, np.float64)
    others = [arg for arg in recorded.operands(node) if recorded.key(arg) != recorded.key(edge)]
    slopes = [recorded.value(other).astype(np.float64) for other in others]
    if scales == "over":
        slopes = [1 / slope for slope in slopes]
    return any(np.any(whole * slope) for slope in slopes)


def _in_double(facts: Facts) -> list[str]:
    name = facts.name
    first = facts.program.first_use(name)
    if first is None or facts.ran is None or not facts.x.is_leaf:
        return []
    lines = facts.program.again(first, facts.ran)
    return [f"{name} = {name}.detach().double().requires_grad_()", *lines]


@situation
def partly_flat(facts: Facts) -> Answer | None:
    """Some elements of the gradient are 0: a relu that is dead there, or never used."""
    g = facts.gradient
    if g is None or not g.size or g.all() or not finite(g):
        return None
    for step in facts.steps:
        for _, edge, sent in step.onward():
            if step.first is None or not _leads(facts, edge):
                continue
            zeros = np.asarray(sent) == 0
            if not zeros.any() or zeros.shape != g.shape or not (zeros <= (g == 0)).all():
                continue
            return _partly(facts, step.node, edge, zeros)
    return None


def _partly(facts: Facts, node: Any, edge: Any, zeros: Any) -> Answer | None:
    name, op, below, says = facts.name, node.op.name, facts.called(edge), node.op.facts
    place = element(name, tuple(int(i) for i in np.argwhere(zeros)[0]))
    fix: list[str] = []
    if "dead" in says:
        why = f"{op} {says['dead']}: {zeros.mean():.0%} of {below} are there."
        fix = repair.stand_in(facts, node)
    elif "saturates" in says:
        value = recorded.value(edge)
        why = f"{op} is saturated for {zeros.mean():.0%} of {below}: its slope is 0 there."
        fix = repair.scaled_down(facts, node, float(np.abs(value).max()))
    elif "chooses" in says:
        why = f"{facts.written(node)} takes no notice of {zeros.mean():.0%} of {below}."
    else:
        return None
    return Answer(
        "partly 0",
        f"{name}.grad is 0 in {int(zeros.sum())} of {zeros.size} elements, {place} the first.",
        more=[why],
        quotes=facts.quoted(node),
        fixes=[fix],
    )


@situation
def out_of_scale(facts: Facts) -> Answer | None:
    """The gradient is huge, or next to nothing: where it became so."""
    if facts.gradient is None or not facts.way or not finite(facts.gradient):
        return None
    size = _size(facts.gradient)
    if not size or 1e-6 < size < 1e6:
        return None
    steps = {recorded.key(step.node): step for step in facts.steps}
    jumps: list[tuple[float, Any]] = []
    for hop in facts.way:
        step = steps.get(recorded.key(hop.node))
        if step is None or step.first is None or hop.place >= len(step.sent):
            continue
        sent = step.sent[hop.place]
        before, after = _size(step.first), 0.0 if sent is None else _size(sent)
        if before and after:
            jumps.append((math.log10(after / before), hop.node))
    if not jumps:
        return None
    power, node = (max if size > 1 else min)(jumps, key=lambda jump: jump[0])
    what = "huge" if size > 1 else "next to nothing"
    return Answer(
        "huge" if size > 1 else "vanishing",
        f"{facts.name}.grad is {what} ({size:.3g}), most of it through {facts.written(node)}.",
        more=[
            f"it changes by a factor of {10**power:.3g} there, of {len(jumps)} steps in all.",
            f"flow {facts.root_name}  shows it step by step.",
        ],
        quotes=facts.quoted(node),
        way=way(facts),
    )


def _size(array: Any) -> float:
    """The root mean square."""
    numbers = np.asarray(array, np.float64)
    return float(np.sqrt(np.square(numbers).mean())) if numbers.size else 0.0


@situation
def several_ways(facts: Facts) -> Answer | None:
    """x is used more than once: the contributions add up."""
    if facts.gradient is None:
        return None
    target = recorded.key(facts.item)
    parts = [
        (step.node, sent)
        for step in facts.steps
        for _, edge, sent in step.onward()
        if recorded.key(edge) == target
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
    )


@situation
def broadcast(facts: Facts) -> Answer | None:
    """x was repeated: its gradient is the sum over the copies."""
    if facts.gradient is None or not facts.way:
        return None
    for hop in facts.way:
        if not recorded.broadcast(hop.node, hop.item):
            continue
        made, shape = recorded.value(hop.node).shape, recorded.value(hop.item).shape
        times = int(np.prod(made)) // max(int(np.prod(shape)), 1)
        return Answer(
            "broadcast",
            f"{facts.name}.grad sums over {times} copies: {facts.called(hop.item)} of shape "
            f"{list(shape)} was broadcast to {list(made)}.",
            quotes=facts.quoted(hop.node, "broadcast here"),
        )
    return None
