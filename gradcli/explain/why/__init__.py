"""why x: why a gradient is None, zero, not finite, or not what was expected.

A situation is one decorated function: it takes the facts and gives an Answer, or None if it is not
the one. They are asked in the order of MODULES and of each module's text; the first that answers
is right.
"""

from __future__ import annotations

from engine.graph.tensor import Tensor
from gradcli.explain.why import (
    as_expected,
    failed_backward,
    no_leaf,
    not_finite,
    not_reached,
    partial,
    wrong_size,
)
from gradcli.explain.why.answer import Answer
from gradcli.explain.why.facts import Facts
from gradcli.explain.why.situations import SITUATIONS
from gradcli.session.session import Session

MODULES = (failed_backward, no_leaf, not_reached, not_finite, partial, wrong_size, as_expected)


def why(session: Session, x: Tensor, name: str) -> Answer:
    """The answer for a tensor that the user calls `name`."""
    facts = Facts(session, x, name)
    for module in MODULES:
        for ask in SITUATIONS[module.__name__]:
            answer = ask(facts)
            if answer is not None:
                return answer
    raise AssertionError("the last situation always answers")
