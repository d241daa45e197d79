"""An error to explain, and the table of what explains it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from engine.graph.tensor import Tensor
from gradcli.base.faults import LONGEST_FIX, Fault, Span
from gradcli.language.evaluation.protocol import Attempt
from gradcli.language.evaluation.walker import Walker
from gradcli.session.program import Sentence

LONG = 24
"""The longest expression that is quoted in an explanation."""


class Case:
    """An error to explain: what was attempted, where, and after which statements."""

    match: re.Match[str]

    def __init__(
        self,
        fault: Fault,
        attempt: Attempt,
        walker: Walker,
        sentences: Sequence[Sentence] = (),
    ) -> None:
        self.fault = fault
        self.operands, self.place, self.word, self.command, self.callee = attempt
        self.walker = walker
        self.sentences = sentences

    def point(self, index: int) -> None:
        """Put the caret under an operand."""
        if index < len(self.operands):
            self.fault.span = self.operands[index].span

    def tell(self, why: str | None = None, *fixes: str, fact: str | None = None) -> None:
        """Fill in the explanation."""
        fault = self.fault
        fault.why = why or fault.why
        fault.fixes = fixes or fault.fixes
        fault.fact = fact or fault.fact

    def text(self, index: int) -> str:
        """An operand as it was typed, if it is short enough to quote."""
        if index >= len(self.operands):
            return "it"
        text = self.operands[index].text
        if len(text) <= LONG and "\n" not in text:
            return text
        return "it" if index else "the left"

    def tensors(self) -> list[int]:
        """Which operands are tensors."""
        return [i for i, operand in enumerate(self.operands) if isinstance(operand.value, Tensor)]

    def shapes(self) -> str:
        """`a has shape [2], b has shape [3]`"""
        return ", ".join(self.shape(i) for i in self.tensors()[:2])

    def shape(self, index: int) -> str:
        """`a has shape [2]`"""
        return f"{self.text(index)} has shape {list(self.operands[index].value.shape)}"

    def put(self, index: int, text: str) -> str:
        """The line with other text in place of an operand: what to type instead."""
        if index >= len(self.operands):
            return text
        return self.instead(self.operands[index].span, text)

    def instead(self, span: Span, text: str) -> str:
        """The line with other text in place of a span; the text alone inside a function."""
        if self.walker.source is not self.walker.home or span.line != span.end_line:
            return text
        line = self.walker.source.lines[span.line - 1]
        whole = (line[: span.column] + text + line[span.end_column :]).strip()
        return whole if len(whole) <= LONGEST_FIX else text

    def whole(self, index: int) -> str:
        """All of an operand's text, bracketed where something is to follow it."""
        text = self.operands[index].text
        parts = r"[\w.]+((\([^()]*\)|\[[^\[\]]*\])(\.\w+)*)*"
        return text if re.fullmatch(parts, text) else f"({text})"

    def makers(self, name: str) -> str:
        """The statements that compute a variable from leaves, to be run again; '' if unknown."""
        wanted, found = {name}, []
        for sentence in reversed(self.sentences):
            made = sentence.makes & wanted
            values = [self.walker.variables.get(each) for each in made]
            if any(isinstance(v, Tensor) and (v.requires_grad and not v.is_leaf) for v in values):
                found.append(sentence.text)
                wanted |= sentence.uses
        return "; ".join(reversed(found)) if not any("\n" in text for text in found) else ""

    def call(self, index: int, rest: str) -> str:
        """How this operand, changed by `rest`, is given to what was called."""
        text = self.text(index)
        text = text if re.fullmatch(r"[\w.\[\]()]+", text) else f"({text})"
        return f"{self.word} {text}{rest}" if self.command else f"{text}{rest}.{self.word}()"


Teller = Callable[[Case], None]
TABLE: list[tuple[str, Teller]] = []
"""Pattern over `Class: message` → what explains it; the first that matches does."""


def explains(pattern: str) -> Callable[[Teller], Teller]:
    """Make the decorated function explain the errors whose `Class: message` match."""

    def enter(teller: Teller) -> Teller:
        TABLE.append((pattern, teller))
        return teller

    return enter


def explain(case: Case) -> None:
    """Fill in what is known about a fault."""
    if isinstance(case.place, int) and case.place >= 0:
        case.point(case.place)
    line = f"{case.fault.kind}: {case.fault.message}"
    for pattern, teller in TABLE:
        match = re.search(pattern, line)
        if match is not None:
            case.match = match
            teller(case)
            _inside(case)
            return


def _inside(case: Case) -> None:
    """Inside a function a fix is for its text, and no line to type: it is told with the reason."""
    fault = case.fault
    if fault.fixes and case.walker.source is not case.walker.home:
        fault.why = f"{fault.why or ''} there: {fault.fixes[0]}".strip()
        fault.fixes = ()
