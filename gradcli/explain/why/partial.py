"""Why a gradient is only a part of the derivative: a way was cut, or numbers were changed."""

from __future__ import annotations

import ast
from itertools import islice

from engine.arrays.memory import same_memory
from engine.graph.tensor import Tensor
from engine.transforms import recorded
from gradcli.explain.why.answer import Answer
from gradcli.explain.why.facts import Facts
from gradcli.explain.why.not_reached import mended
from gradcli.explain.why.situations import situation
from gradcli.session.program import Sentence, written_in_place

_CUT = {
    "no_grad": "{made}, computed under no_grad",
    "detach": "{x}.detach()",
    "data": "{x}.data",
    "untracked": "{made}, built before {x} was tracked",
    "flat": "{made}, which has no derivative",
}


@situation
def written_through_an_alias(facts: Facts) -> Answer | None:
    """x was changed through another name for the same memory."""
    for other, value in facts.names.items():
        if not isinstance(value, Tensor) or value is facts.x or value.requires_grad or other == "_":
            continue
        if not same_memory(value.array, facts.x.array):
            continue
        maker, wrote = _alias_of(facts, other), _write_into(facts, other)
        if maker is None or wrote is None:
            continue
        start = facts.program.maker(facts.name)
        text = ast.unparse(maker.node)
        copied = text.replace(".detach()", ".detach().clone()").replace(".data", ".data.clone()")
        fix = [] if start is None or copied == text else facts.rebuild(start, {maker: copied})
        return Answer(
            "alias",
            f"{facts.name} itself was changed: {other} is another name for its memory.",
            more=[f"detach copies nothing: backward saw the new numbers of {facts.name}."],
            quotes=[*facts.quoted(maker), *facts.quoted(wrote, "written here")],
            fixes=[fix],
        )
    return None


def _alias_of(facts: Facts, name: str) -> Sentence | None:
    """The statement that made a name for memory that others have names for."""
    return next(
        (
            s
            for s in facts.program.sentences
            if name in s.makes and (".detach()" in s.text or ".data" in s.text)
        ),
        None,
    )


def _write_into(facts: Facts, name: str) -> Sentence | None:
    """The last statement that wrote into a tensor in place."""
    sentences = reversed(facts.program.sentences)
    return next((s for s in sentences if written_in_place(s.node) == name), None)


@situation
def one_way_is_cut(facts: Facts) -> Answer | None:
    """x has a gradient, and one more way down to it lets none pass."""
    if facts.gradient is None or facts.run is None or facts.way is None:
        return None
    hop = _cut_beside(facts)
    if hop is None:
        return None
    made, x = facts.called(hop.node), facts.called(hop.item)
    what = _CUT[str(hop.cut)].format(made=made, x=x)
    return Answer(
        "one way is cut",
        f"{facts.name}.grad leaves out what goes through {what}.",
        more=["the other ways count; if the cut is meant, all is well."],
        quotes=facts.quoted(hop.node),
        fixes=[mended(facts, hop.node, str(hop.cut))],
    )


def _cut_beside(facts: Facts) -> recorded.Hop | None:
    """A cut between x and something that the root was made of."""
    target = recorded.key(facts.item)
    for node in islice(recorded.nodes(facts.root), recorded.FARTHEST):
        for hop in recorded.hops(node):
            if hop.cut is not None and recorded.key(hop.item) == target and not _decides(node):
                return hop
    return None


def _decides(node: recorded.Node) -> bool:
    """Whether a node only asks where x is: a comparison, an index."""
    return recorded.value(node).dtype.kind == "b" or "arg" in node.op.name
