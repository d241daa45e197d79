"""Why a gradient has the value it has."""

from __future__ import annotations

from gradcli.explain.why.answer import Answer
from gradcli.explain.why.facts import Facts
from gradcli.explain.why.path import way
from gradcli.explain.why.situations import situation


@situation
def as_it_should_be(facts: Facts) -> Answer:
    """Nothing is wrong."""
    from engine.graph.printing import values_text

    name, root = facts.name, facts.root_name
    shown = values_text(facts.gradient).split("\n")[0]
    return Answer(
        "fine",
        f"{name}.grad is {shown}, the derivative of {root} with respect to {name}.",
        way=way(facts) if facts.way else (),
    )
