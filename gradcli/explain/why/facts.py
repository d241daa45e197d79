"""The facts to know before asking why: the last backward, the way from it to a tensor.

Everything is read off the graph the engine recorded and the program the session ran.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from engine.graph.tensor import Tensor
from engine.transforms import recorded
from gradcli.base.faults import Fault
from gradcli.explain.formula.naming import Naming
from gradcli.explain.why.answer import Quote
from gradcli.session.program import Program, Sentence
from gradcli.session.session import Session


class Facts:
    """The facts about one tensor `x` of a session, called `name`."""

    def __init__(self, session: Session, x: Tensor, name: str) -> None:
        self.session = session
        self.x = x
        self.name = name
        self.names = session.variables
        self.program = Program(session.sentences)
        self.item = x if _collects(x) else recorded.source(x)

    # ---- the backward ------------------------------------------------------------------------

    @property
    def run(self) -> recorded.Run | None:
        """The last backward."""
        return self.session.state.runs[-1] if self.session.state.runs else None

    @cached_property
    def ran(self) -> Sentence | None:
        """The statement that ran it."""
        return self.program.at(self.run.line, self.run.rank) if self.run is not None else None

    @cached_property
    def root(self) -> Any:
        """The root of the last backward: a Node or Output of the graph."""
        return self.run.roots[0][0] if self.run is not None and self.run.roots else None

    @cached_property
    def failed(self) -> tuple[Fault, int, str] | None:
        """The error of a backward that failed since the last one that ran, its line and text."""
        fault = self.session.last_fault
        if fault is None or fault.span is None or fault.span.line > len(fault.source_lines):
            return None
        line = fault.first_line + fault.span.line - 1
        text = fault.source_lines[fault.span.line - 1].strip()
        later = self.ran is None or line > self.ran.line
        return (fault, line, text) if later and "backward" in text and ";" not in text else None

    @property
    def root_name(self) -> str:
        """The user's name for it."""
        return self.called(self.root)

    @property
    def gradient(self) -> Any:
        """x.grad as an array, or None."""
        return None if self.x._grad is None else self.x._grad.array

    @cached_property
    def steps(self) -> list[recorded.Step]:
        """The last backward, walked again."""
        if self.run is None:
            return []
        return list(recorded.steps(self.run.roots))

    # ---- the way -----------------------------------------------------------------------------

    @cached_property
    def way(self) -> list[recorded.Hop] | None:
        """The shortest way from the root down to x along which a gradient passes, if there is one;
        else the shortest way of all; None if x has no part in the root.
        """
        if self.root is None:
            return None
        shortest = recorded.shortest
        return shortest(self.root, self.item) or shortest(self.root, self.item, through_cuts=True)

    @property
    def unreached(self) -> bool:
        """Whether backward ran, and x has no part in what it ran on."""
        return self.gradient is None and self.run is not None and self.way is None

    @property
    def cut(self) -> recorded.Hop | None:
        """Where the way is cut, the place nearest to x; what is untracked only follows from it."""
        cuts = [hop for hop in self.way or () if hop.cut is not None]
        real = [hop for hop in cuts if hop.cut != "untracked"]
        return (real or cuts)[-1] if cuts else None

    # ---- names and lines ---------------------------------------------------------------------

    @cached_property
    def naming(self) -> Naming:
        """The user's names for values."""
        return Naming(self.names)

    def called(self, item: Any) -> str:
        """The user's name for a value of the graph, else how it was computed."""
        name = self.naming.name(item)
        if name is not None:
            return name
        first = recorded.name(item) if recorded.part(item) is None else None
        if first is not None or recorded.made_by(item) is not None:
            return first or self.naming.written(item)
        return "a constant"

    def written(self, item: Any) -> str:
        """How a value was computed, in the user's names."""
        return self.naming.written(item)

    def line_of(self, item: Any) -> tuple[int, str] | None:
        """The number and text of the line that made a value."""
        made = recorded.line(item)
        return None if made is None else self.session.line(made)

    def quoted(self, made: Any, remark: str = "") -> list[Quote]:
        """The line of a statement, or the one that made a value, to be quoted; none if unknown."""
        if isinstance(made, Sentence):
            return [(made.line, made.text.split("\n")[0], remark)]
        line = self.line_of(made)
        return [] if line is None else [(*line, remark)]

    def sentence_of(self, item: Any) -> Sentence | None:
        """The statement that made a value."""
        node = recorded.made_by(item)
        return None if node is None else self.program.at(recorded.line(node), node.rank)

    def rebuild(
        self,
        start: Sentence | None,
        instead: Mapping[Sentence, str] = {},
        after: Mapping[Sentence, str] = {},
    ) -> list[str]:
        """The lines to run again, from a statement to the last backward, some of it changed."""
        if start is None or self.ran is None:
            return []
        others = [self.program.at(run.line, run.rank) for run in self.session.state.runs[:-1]]
        without = [s for s in others if s is not None and s is not self.ran and s is not start]
        lines = self.program.again(start, self.ran, instead, after, without)
        held = any(
            isinstance(value, Tensor) and value._grad is not None for value in self.names.values()
        )
        return ["zero", *lines] if held else lines


def _collects(tensor: Tensor) -> bool:
    """Whether a tensor is a leaf: it stands for itself in the graph."""
    return tensor.is_leaf and tensor.requires_grad


def finite(array: Any) -> bool:
    """Whether all of an array's numbers are."""
    return bool(np.isfinite(array).all())
