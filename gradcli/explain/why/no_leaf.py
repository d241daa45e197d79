"""Why there is no gradient: the tensor itself is not one that collects it."""

from __future__ import annotations

from itertools import islice

from engine.graph.tensor import Tensor
from engine.transforms import recorded
from gradcli.explain.why.answer import Answer
from gradcli.explain.why.detached import how
from gradcli.explain.why.facts import Facts
from gradcli.explain.why.situations import situation


@situation
def rebound(facts: Facts) -> Answer | None:
    """W = W - lr*W.grad made another W, which is no leaf (or, under no_grad, is not tracked)."""
    x, name = facts.x, facts.name
    node = recorded.made_by(recorded.source(x))
    if facts.gradient is not None or node is None or recorded.name(node) != name:
        return None
    if not _has_namesake(node, name, x):
        return None
    say = f"{name}.grad is None because this {name} is not the leaf that backward gave a gradient."
    more = (
        f"{name} = ... under no_grad made a new tensor, which is not tracked."
        if recorded.is_cut(node)
        else f"{name} = ... made a new tensor, computed from the old {name}: it is no leaf."
    )
    fix = [f"{name} = {name}.detach().requires_grad_()"]
    rebinding = facts.sentence_of(node)
    first = facts.program.first_use(name, rebinding) or facts.program.first_use(name)
    if first is not None and facts.ran is not None:
        fix += facts.program.again(first, facts.ran)
    quotes = facts.quoted(node, f"in place it stays a leaf:  step {name}")
    return Answer("rebound", say, more=[more], quotes=quotes, fixes=[fix])


@situation
def integer(facts: Facts) -> Answer | None:
    """Whole numbers have no gradient."""
    x, name = facts.x, facts.name
    if x.array.dtype.kind not in "biu" or facts.gradient is not None:
        return None
    dtype = str(x.dtype).removeprefix("torch.")
    maker = facts.program.maker(name)
    after = {maker: f"{name} = {name}.float().requires_grad_()"} if maker is not None else {}
    return Answer(
        "integer",
        f"{name}.grad is None because {name} holds {_kind(x)} ({dtype}).",
        more=["gradients are real numbers: only floating point tensors have one."],
        quotes=facts.quoted(maker),
        fixes=[facts.rebuild(maker, after=after)],
    )


@situation
def itself_cut(facts: Facts) -> Answer | None:
    """x is what came out of detach, .data, no_grad or an operation without a derivative."""
    x, name = facts.x, facts.name
    node = recorded.made_by(recorded.source(x))
    if facts.gradient is not None or x.requires_grad or node is None:
        return None
    above = next(filter(recorded.is_tracked, recorded.operands(node)), None)
    if above is None:
        return None
    what = facts.called(above)
    cut = how(node)
    sentence = facts.sentence_of(node)
    fix = facts.rebuild(sentence, after={sentence: f"{name}.requires_grad_()"}) if sentence else []
    return Answer(
        "itself cut",
        f"{name}.grad is None because {name} is cut off from the graph: {cut}.",
        more=[f"gradients go to {what}, not to {name}."],
        quotes=facts.quoted(node),
        fixes=[fix],
    )


@situation
def nevertracked(facts: Facts) -> Answer | None:
    """x is a constant."""
    x, name = facts.x, facts.name
    if facts.gradient is not None or x.requires_grad:
        return None
    maker = facts.program.maker(name)
    fix = [f"track {name}"]
    if maker is not None and facts.ran is not None:
        fix = facts.rebuild(maker, after={maker: f"track {name}"})
    return Answer(
        "never tracked",
        f"{name}.grad is None because {name} was never tracked.",
        quotes=facts.quoted(maker),
        fixes=[fix],
    )


@situation
def not_run(facts: Facts) -> Answer | None:
    """No backward yet."""
    if facts.gradient is not None or facts.run is not None:
        return None
    name = facts.name
    ends = [n for n, v in facts.names.items() if n not in ("_", name) and _depends(facts, v)]
    if not ends:
        say = f"{name}.grad is None because nothing was computed from {name} yet."
        return Answer("not run", say, fixes=[[f"backward ({name}**2).sum()"]])
    end = ends[-1]
    one = facts.names[end].array.size == 1
    fix = f"backward {end}" if one else f"backward {end}.sum()"
    fixes = [[f"retain {name}", fix]] if not facts.x.is_leaf else [[fix]]
    return Answer("not run", f"{name}.grad is None because backward was not run yet.", fixes=fixes)


@situation
def not_a_leaf(facts: Facts) -> Answer | None:
    """x was computed: backward passes through it and keeps nothing."""
    x, name = facts.x, facts.name
    if facts.gradient is not None or x.is_leaf or facts.way is None or facts.cut is not None:
        return None
    maker = facts.sentence_of(facts.item)
    fix = facts.rebuild(maker, after={maker: f"retain {name}"}) if maker is not None else []
    return Answer(
        "not a leaf",
        f"{name}.grad is None because {name} is not a leaf: it was computed.",
        more=["backward passed through it and kept the gradient of leaves alone."],
        quotes=facts.quoted(facts.item),
        fixes=[fix],
    )


# ---- what they share ---------------------------------------------------------------------------


def _has_namesake(node: recorded.Node, name: str, x: Tensor) -> bool:
    """Whether another leaf of the same name is among what made a value."""
    return any(
        isinstance(item, Tensor) and item is not x and item.label == name
        for item in islice(recorded.items(node), 1000)
    )


def _depends(facts: Facts, value: object) -> bool:
    """Whether a value was computed from x, with a gradient."""
    return (
        isinstance(value, Tensor)
        and value.requires_grad
        and not value.is_leaf
        and bool(recorded.path(value, facts.x))
    )


def _kind(x: Tensor) -> str:
    return "truth values" if x.array.dtype.kind == "b" else "whole numbers"
