"""The parts put together: a session with its commands, explained errors, tried fixes and notes."""

from __future__ import annotations

import ast
from time import perf_counter
from typing import Any

from gradcli.base.faults import Fault
from gradcli.base.outputs import Noted
from gradcli.commands import autograd, session_control, understand  # noqa: F401 - each registers its own
from gradcli.commands.command import REGISTRY
from gradcli.language.evaluation.protocol import Attempt
from gradcli.session.session import Session


class Calculator(Session):
    """The session that all interfaces run. What is seldom needed is loaded when it is."""

    commands = REGISTRY

    def run(
        self, text: str, *, whole: bool = True, echo: bool = True, first_line: int | None = None
    ) -> None:
        """Run an input as a session does; of an error's fixes those are kept that run."""
        start = perf_counter()
        try:
            super().run(text, whole=whole, echo=echo, first_line=first_line)
        except Fault as fault:
            if fault.fixes and not self.trying:
                from gradcli.session.trial import offered

                fault.fixes = offered(self, fault, text, perf_counter() - start)
            raise

    def explain(self, fault: Fault, attempt: Attempt) -> None:
        """Fill in why an attempt failed, and what to type instead."""
        from gradcli.diagnostics import Case, explain

        explain(Case(fault, attempt, self.walker, self.sentences))

    def observe(self, statement: ast.stmt, before: dict[str, Any], since: int) -> None:
        """Say what PyTorch is silent about."""
        from gradcli.explain.notes import notes

        for kind, text in notes(self, statement, before, since):
            self.emit(Noted(kind, text))
