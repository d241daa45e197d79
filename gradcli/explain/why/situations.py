"""The table of situations, each module's in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Callable

from gradcli.explain.why.answer import Answer
from gradcli.explain.why.facts import Facts

Situation = Callable[["Facts"], "Answer | None"]
SITUATIONS: dict[str, list[Situation]] = {}
"""Module → its situations."""


def situation(ask: Situation) -> Situation:
    """Add a situation behind those its module has."""
    SITUATIONS.setdefault(ask.__module__, []).append(ask)
    return ask
