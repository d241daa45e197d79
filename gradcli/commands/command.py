"""Commands: a decorated function each. How one is called, and its help, come from its signature.

    @command("autograd")
    def step(session, *tensors: Operand, lr: Operand | None = None):
        '''Move leaves against their gradients, in place.

        step W lr=0.001

        lr: how far, as a multiple of the gradient
        '''

A positional parameter is an operand; annotated Operand it is evaluated, Name or Path it is taken as
written. A keyword-only parameter is an option, and `option: text` in the docstring describes it; an
underscore after it is left out. With `**name` any other option is taken too.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Sequence
from typing import Any

from gradcli.base.faults import Fault, Span
from gradcli.base.outputs import counted
from gradcli.language.evaluation.protocol import Operand
from gradcli.session.session import Session

Name = str
"""A word taken as it is written."""
Path = str
"""A file's name, taken as it is written."""

Run = Callable[..., object]
_VARIADIC, _NAMED = 0x04, 0x08
_KINDS = {"Operand": "value", "Name": "name", "Path": "path"}
GROUPS = ("autograd", "understand", "session")


class Command:
    """A command: its word, its operands' kinds, its options and its help."""

    __slots__ = (
        "alone",
        "group",
        "kinds",
        "named",
        "names",
        "options",
        "required",
        "run",
        "variadic",
        "word",
    )

    def __init__(self, word: str, group: str, run: Any, alone: bool) -> None:
        code, defaults = run.__code__, run.__defaults__ or ()
        names = code.co_varnames
        count, keywords = code.co_argcount, code.co_kwonlyargcount
        self.word = word
        self.group = group
        self.run: Run = run
        self.alone = alone
        self.variadic = bool(code.co_flags & _VARIADIC)
        self.named = bool(code.co_flags & _NAMED)
        self.names = list(names[1:count])
        self.required = len(self.names) - len(defaults)
        options = names[count : count + keywords]
        self.options = tuple(name.rstrip("_") for name in options)
        if self.variadic:
            self.names.append(names[count + keywords])
        kinds = [_kind(run, name) for name in self.names]
        if self.variadic:
            kinds[-1] += "*"
        read = [(name, _kind(run, name)) for name in options]
        self.kinds = (
            *kinds,
            *(f"{name.rstrip('_')}={kind}" for name, kind in read if kind != "value"),
        )

    @property
    def summary(self) -> str:
        """Its purpose, in one line."""
        return (self.run.__doc__ or "").partition("\n")[0]

    @property
    def details(self) -> list[str]:
        """The rest of its help, less the options."""
        return [line for line in self._doc() if not self._describes(line)]

    def describe(self, option: str) -> str:
        """The meaning of an option, in one line."""
        for line in self._doc():
            if line.startswith(option + ": "):
                return line.partition(": ")[2]
        return ""

    def usage(self) -> str:
        """How it is written."""
        parts = [self.word]
        for place, name in enumerate(self.names):
            word = name.upper()
            if self.kinds[place].endswith("*"):
                word = f"[{word.removesuffix('S')}...]"
            elif place >= self.required:
                word = f"[{word}]"
            parts.append(word)
        return " ".join([*parts, *(f"[{option}=...]" for option in self.options)])

    def call(
        self,
        session: Session,
        operands: Sequence[Operand | str],
        options: dict[str, Operand | str],
        span: Span,
    ) -> object:
        """Run it. Raises Fault for operands or options it does not take."""
        most = None if self.variadic else len(self.names)
        if len(operands) < self.required or (most is not None and len(operands) > most):
            raise self._miscounted(len(operands), most, span)
        taken = {}
        for key, option in options.items():
            if key not in self.options and not self.named:
                raise self.unknown(key, option.span)  # type: ignore[union-attr]
            taken[f"{key}_" if keyword.iskeyword(key) else key] = option
        return self.run(session, *operands, **taken)

    def _doc(self) -> list[str]:
        return [line.strip() for line in (self.run.__doc__ or "").strip().split("\n")[2:]]

    def _describes(self, line: str) -> bool:
        return line.partition(": ")[0] in self.options

    def _miscounted(self, given: int, most: int | None, span: Span) -> Fault:
        if most == 0:
            takes = "no operands"
        elif most == self.required or most is None:
            takes = f"{'at least ' * (most is None)}{counted(self.required, 'operand')}"
        elif self.required == 0:
            takes = f"at most {counted(most, 'operand')}"
        else:
            takes = f"{self.required} to {most} operands"
        were = "was" if given == 1 else "were"
        return Fault(
            "TypeError",
            f"{self.word} takes {takes} but {given} {were} given",
            span,
            why=f"it is {self.usage()}.",
            fixes=(self.word, f"help {self.word}"),
        )

    def unknown(self, key: str, value: Span) -> Fault:
        """The error for an option that does not exist; `value` is where its value stands."""
        from difflib import get_close_matches

        start = value.column - len(key) - 1
        span = value._replace(
            column=max(start, 0), end_line=value.line, end_column=max(start + len(key), 1)
        )
        close = get_close_matches(key, self.options, 1, 0.5)
        return Fault(
            "TypeError",
            f"{self.word} has no option {key!r}",
            span,
            why=f"its options are {', '.join(self.options)}." if self.options else None,
            fixes=[f"{close[0]}=..." if close else f"help {self.word}"],
        )


def _kind(run: Any, name: str) -> str:
    return _KINDS[run.__annotations__[name].removesuffix(" | None")]


REGISTRY: dict[str, Command] = {}
"""Word → command; a second word for a command has an entry of its own."""


def command(group: str, *words: str, alone: bool = False) -> Callable[[Run], Run]:
    """Register a function as a command, under its own name or under `words`.

    One that is `alone` is an input of its own: it changes which input was the last.
    """

    def register(run: Run) -> Run:
        for word in words or (run.__name__.rstrip("_"),):
            REGISTRY[word] = Command(word, group, run, alone)
        return run

    return register
