"""A host for the walker in tests: it keeps what is shown and runs one command, `backward`."""

from __future__ import annotations

from typing import Any

from engine.arrays.modes import GRAD, TRACE, mode
from engine.arrays.state import current
from gradcli.base.faults import Fault, Span, plain
from gradcli.diagnostics import Case, explain
from gradcli.language.evaluation.protocol import NOTHING, Attempt, Operand
from gradcli.language.evaluation.text import quoted
from gradcli.language.evaluation.walker import Walker
from gradcli.language.read import read
from gradcli.language.syntax.limits import Limits

COMMANDS: dict[str, tuple[str, ...]] = {
    "backward": ("value*",),
    "diff": ("value", "value"),
    "exit": (),
    "grad": ("value*",),
    "help": ("name*",),
    "load": ("name", "path"),
    "set": ("name", "name"),
    "step": ("value*",),
    "trace": ("value*",),
}


class Desk:
    """Runs inputs and keeps what comes out as text, one item per line or value."""

    def __init__(self, steps: int | None = 100_000) -> None:
        self.variables: dict[str, Any] = {}
        self.echo = True
        self.out: list[str] = []
        self.calls: list[tuple[str, list[str], dict[str, str]]] = []
        self.names: list[str] = []
        self.walker = Walker(self.variables, self, Limits(steps))

    def run(self, text: str) -> list[str]:
        """What the input prints and shows. Raises Fault."""
        self.out = []
        self.walker.limits.reset()
        before, most = mode.set(GRAD | TRACE), current().elements
        current().elements = 10**8
        try:
            for statement in read(text, COMMANDS, self.variables):
                value = self.walker.run(statement)
                if value is not NOTHING and value is not None and not statement.silent:
                    self.show(value)
        finally:
            mode.reset(before)
            current().elements = most
        return self.out

    def text(self, text: str) -> str:
        """What the input shows, or its error, as one text."""
        try:
            return "\n".join(self.run(text))
        except Fault as fault:
            return "\n".join([*self.out, plain(fault, text.split("\n"))])

    def value(self, text: str) -> Any:
        """The value of the last statement."""
        value: Any = None
        for statement in read(text, COMMANDS, self.variables):
            value = self.walker.run(statement)
        return value

    def fault(self, text: str) -> Fault:
        """The error of an input that must have one."""
        try:
            self.run(text)
        except Fault as fault:
            return fault
        raise AssertionError(f"no error: {text[:80]!r} gave {self.out[:3]}")

    def command(
        self, word: str, operands: list[Operand | str], options: dict[str, Operand], span: Span
    ) -> object:
        texts = [part if isinstance(part, str) else part.text for part in operands]
        self.calls.append((word, texts, {key: option.text for key, option in options.items()}))
        if word == "backward":
            for part in operands:
                assert isinstance(part, Operand)
                part.value.backward()
        return None

    def explain(self, fault: Fault, attempt: Attempt) -> None:
        explain(Case(fault, attempt, self.walker))

    def write(self, text: str) -> None:
        self.out.append(text.removesuffix("\n"))

    def show(self, value: object) -> None:
        if value is not None:
            self.out.append(quoted(self.walker, value))

    def bound(self, name: str, value: object) -> None:
        self.names.append(name)

    def at(self, line: int) -> None:
        pass
