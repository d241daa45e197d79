"""The session: names, transactions, undo. No input and no output.

Each input is a transaction: what it changes is recorded by the engine's journal, taken back if the
input fails or is interrupted, and kept for undo if it does not. What an input shows is handed, as
data, to `emit`.
"""

from __future__ import annotations

import ast
import os
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import Context
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import numpy as np

import engine  # noqa: F401 - the catalog is complete once it is loaded
from engine.arrays import journal, modes
from engine.arrays.state import State, current, enter
from engine.graph import provenance
from engine.graph.printing import set_printoptions
from engine.graph.storage import next_rank
from engine.graph.tensor import Tensor
from engine.random.generator import default_generator
from gradcli.base import interrupts
from gradcli.base.faults import Fault, Span
from gradcli.base.interrupts import Held
from gradcli.base.outputs import Output, Printed, Value, Warned
from gradcli.base.settings import CHECKS, MEGABYTE, Settings
from gradcli.language.evaluation.protocol import NOTHING, Attempt, Operand
from gradcli.language.evaluation.text import quoted
from gradcli.language.evaluation.walker import Walker
from gradcli.language.read import read
from gradcli.language.syntax.limits import DEEP, Limits
from gradcli.language.syntax.source import CommandLine, Statement
from gradcli.session.program import Sentence

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")

ELEMENTS = 100_000_000
"""The most elements one tensor may have."""
MEMORY = min(4_000_000_000, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)
"""The most bytes the process may hold."""

STEPS = 500
"""The most inputs that can be taken back."""


class Leave(BaseException):
    """The session is over: raised by `exit`."""


class Untried(BaseException):
    """A trial would write a file: raised before it does."""


class Command(Protocol):
    """A command as the session calls it."""

    kinds: tuple[str, ...]
    """The kinds of its operands, and of options that are no expressions, for the parser."""
    alone: bool
    """Whether it must be a statement of its own."""

    def call(
        self,
        session: Any,
        operands: Sequence[Operand | str],
        options: dict[str, Operand | str],
        span: Span,
    ) -> object:
        """Run it."""


class UndoStep:
    """An input that changed something, and the records of its changes, oldest first."""

    __slots__ = ("journals", "size", "text", "undone")

    def __init__(self, text: str, journals: list[journal.Journal], size: int) -> None:
        self.text = text
        self.journals = journals
        self.size = size
        self.undone = False

    def swap(self) -> None:
        """Take the changes back or, if they are taken back, make them again."""
        for changes in self.journals if self.undone else reversed(self.journals):
            changes.swap()
        self.undone = not self.undone


class Session:
    """Variables, what was typed, and what can be taken back.

    `folder` is where relative file names are looked up; a `confined` session reads and writes
    nowhere else. What the session does not know itself, `gradcli.app` adds: its commands, and
    what is told of errors (`explain`) and of statements (`observe`).
    """

    commands: Mapping[str, Command] = {}

    def __init__(
        self,
        emit: Callable[[Output], None],
        *,
        folder: Path | None = None,
        confined: bool = False,
        bounds: Limits | None = None,
    ) -> None:
        self.emit = emit
        self.folder = folder
        self.confined = confined
        self.variables: dict[str, Any] = {}
        self.settings = Settings()
        self.past: list[UndoStep] = []
        self.future: list[UndoStep] = []
        self.inputs: list[tuple[int, str]] = []
        """The texts that were typed, each with the number of its first line."""
        self.sentences: list[Sentence] = []
        """The statements that took effect and were not taken back."""
        self.noted: set[str] = set()
        """The kinds of notes that were told."""
        self.last_fault: Fault | None = None
        """The last error, for `why` to tell again."""
        self.trying = False
        """Whether what runs is tried out, and taken back."""
        self.terminal = 80
        """The columns of the terminal, where there is one."""
        self.echo = True
        self.walker = Walker(self.variables, self, bounds)
        self.kinds = {word: command.kinds for word, command in self.commands.items()}
        """Word → the kinds of a command's operands, for the parser."""
        self._blocks: list[tuple[int, int, Sequence[str]]] = []
        self._lines = 0
        self._start = 1
        self._alone = False
        self._log: list[UndoStep] = []
        """The steps of this input: made, taken back or made again."""
        self._statement = ""
        self.state = State(ELEMENTS, MEMORY)
        self.state.quote, self.state.warned = self._quoted, self._warned
        self._context = Context()
        self._context.run(self._begin)

    # ---- running -----------------------------------------------------------------------------

    def _begin(self) -> None:
        """Set what holds in the session's context."""
        enter(self.state)
        modes.mode.set(modes.GRAD | modes.TRACE)
        np.seterr(all="ignore")

    def inside(self, function: Callable[..., T], *args: Any) -> T:
        """The result of a function in the session's context: whatever asks for a state gets its."""
        if current() is self.state:
            return function(*args)
        self._context.run(interrupts.hear, interrupts.current())
        return self._context.run(function, *args)

    def run(
        self, text: str, *, whole: bool = True, echo: bool = True, first_line: int | None = None
    ) -> None:
        """Run an input, as one transaction if it is `whole`, else as one for each statement.

        `echo` shows the values of bare expressions. Lines are numbered on from the last input,
        unless `first_line` says otherwise. Raises Fault, KeyboardInterrupt, Leave, or whatever
        is wrong inside gradcli; the changes of the transaction are taken back by then.
        """
        with DEEP:
            self.inside(self._run, text, whole, echo, first_line)

    def _run(self, text: str, whole: bool, echo: bool, first_line: int | None) -> None:
        self.echo = echo
        self.walker.limits.reset()
        number = self._lines + 1 if first_line is None else first_line
        try:
            statements = self._parsed(text)
        except Fault as fault:
            self._remember(text.split("\n"), number)
            raise self._placed(fault)  # noqa: B904 - the same error
        source = statements[0].source.lines if statements else text.split("\n")
        self._remember(source, number)
        self.inputs.append((number, text.strip("\n")))
        for part in [statements] if whole else [[each] for each in statements]:
            self._transaction(part)

    def _parsed(self, text: str) -> list[Statement]:
        statements = read(text, self.kinds, self.variables)
        taken = _bound_in(statements) & self.kinds.keys() - self.variables.keys()
        return read(text, self.kinds, {*self.variables, *taken}) if taken else statements

    def _transaction(self, statements: Sequence[Statement]) -> None:
        """Run statements; all of them take effect, or none."""
        past, future = self.past.copy(), self.future.copy()
        self._log = []
        line = statements[0].line if statements else 1
        self.state.started = self._start + line - 1
        try:
            for statement in statements:
                self._record(statement)
            with Held():
                self._join(statements)
        except BaseException:
            with Held():
                for step in reversed(self._log):
                    step.swap()
                self.past[:], self.future[:] = past, future
            raise

    def _join(self, statements: Sequence[Statement]) -> None:
        """Make one step of those the input made, unless it went back and forth among them."""
        made = self._log
        if len(made) > 1 and made == self.past[-len(made) :]:
            text = "\n".join(statement.text for statement in statements)
            journals = [changes for step in made for changes in step.journals]
            self.past[-len(made) :] = [UndoStep(text, journals, sum(step.size for step in made))]
        self._make_room()

    def _record(self, statement: Statement) -> None:
        """Run one statement; keep what it changed as a step, or take it back if it fails."""
        changes = journal.Journal()
        before = self.variables.copy()
        since = next_rank()
        changes.call(_swap_of(self.variables, before))
        mode = modes.mode.get()
        kept = False
        try:
            self.state.journal = changes
            self._run_statement(statement)
            with Held():
                self.state.journal = None
                kept = True
                if not self._alone:
                    self._keep(statement, changes, before, mode, since)
            if not self._alone and self.settings.notes and self.echo:  # a *.py file has no echo
                self.observe(statement.node, before, since)
        except BaseException as error:
            with Held():
                self.state.journal = None
                if not kept:
                    changes.rollback()
                    modes.mode.set(mode)
            if isinstance(error, Fault):
                raise self._placed(error)  # noqa: B904 - the same error
            raise

    def _keep(
        self,
        statement: Statement,
        changes: journal.Journal,
        before: dict[str, Any],
        mode: int,
        since: int,
    ) -> None:
        """Make a step of what a statement changed, if it changed anything."""
        if modes.mode.get() != mode:
            changes.call(_swap_of_mode(mode))
        now = self.variables
        lost = [
            value for name, value in before.items() if name != "_" and now.get(name) is not value
        ]
        if lost or now.keys() - before.keys() - {"_"} or len(changes) > 1:
            size = changes.size + sum(map(_bytes, lost))
            step = UndoStep(statement.text, [changes], size)
            self.past.append(step)
            self.future.clear()
            self._log.append(step)
            sentence = self._sentence(statement, since)
            changes.call(_sentence_swap(self.sentences, sentence))

    def observe(self, statement: ast.stmt, before: dict[str, Any], since: int) -> None:
        """Look at what a statement did: the names as they were `before`, the ranks of its nodes."""

    def _sentence(self, statement: Statement, since: int) -> Sentence:
        """A statement that took effect, with its lines."""
        start, number, _ = self._blocks[-1]
        node, place = statement.node, statement.line - 1
        end = (node.end_lineno or statement.line) - 1
        return Sentence(statement.text, node, number + place, start + place, start + end, since)

    def _run_statement(self, statement: Statement) -> None:
        self._alone = self._stands_alone(statement)
        self._statement = statement.text
        value = self.walker.run(statement)
        if value is NOTHING or statement.silent:
            return
        commanded = type(statement.node) is ast.Expr and type(statement.node.value) is CommandLine
        if commanded or (self.echo and value is not None):
            try:
                self.show(value)
            except Fault as fault:
                fault.span = fault.span or statement.source.span(statement.node)
                raise

    def _stands_alone(self, statement: Statement) -> bool:
        node = statement.node
        if type(node) is not ast.Expr or type(node.value) is not CommandLine:
            return False
        return self.commands[node.value.word].alone

    @contextmanager
    def trial(self, steps: int) -> Iterator[None]:
        """Inside, an input is run to see whether it runs: nothing is shown, nothing stays."""
        names = (
            "emit",
            "echo",
            "trying",
            "last_fault",
            "noted",
            "_blocks",
            "_lines",
            "_start",
            "_alone",
            "_log",
            "_statement",
            "inputs",
        )
        kept = {name: getattr(self, name) for name in names}
        past, future, most = self.past.copy(), self.future.copy(), self.walker.limits.steps
        mode = self.inside(modes.mode.get)
        last = {"_": self.variables["_"]} if "_" in self.variables else {}
        self.emit, self.trying, self.noted = _ignore, True, self.noted.copy()
        self._blocks, self.inputs, self._log = self._blocks.copy(), self.inputs.copy(), []
        self.walker.limits.steps = steps if most is None else min(steps, most)
        try:
            yield
            for step in reversed(self._log):
                self.inside(step.swap)
        finally:
            self.past[:], self.future[:], self.walker.limits.steps = past, future, most
            self.inside(modes.mode.set, mode)
            self.variables.pop("_", None)
            self.variables.update(last)
            for name, value in kept.items():
                setattr(self, name, value)

    # ---- undo --------------------------------------------------------------------------------

    def take_back(self) -> UndoStep | None:
        """Undo the last step; None if there is none."""
        return self._exchange(self.past, self.future)

    def make_again(self) -> UndoStep | None:
        """Redo the step that was undone last; None if there is none."""
        return self._exchange(self.future, self.past)

    def _exchange(self, source: list[UndoStep], target: list[UndoStep]) -> UndoStep | None:
        if not source:
            return None
        with Held():
            step = source.pop()
            step.swap()
            target.append(step)
            self._log.append(step)
        return step

    def _make_room(self) -> None:
        """Forget the oldest steps until the rest fit what undo may keep; the last one stays."""
        del self.past[:-STEPS]
        held = sum(step.size for step in self.past)
        while len(self.past) > 1 and held > self.settings.undo * MEGABYTE:
            held -= self.past.pop(0).size

    # ---- what the walker asks of its host ----------------------------------------------------

    def command(
        self,
        word: str,
        operands: list[Operand | str],
        options: dict[str, Operand | str],
        span: Span,
    ) -> object:
        """Run a command."""
        found = self.commands[word]
        if found.alone and not self._alone:
            raise Fault(
                "RuntimeError",
                f"{word} must be a statement of its own",
                span,
                why=f"{word} changes which statement was the last, and this one is not finished.",
            )
        return found.call(self, operands, options, span)

    def explain(self, fault: Fault, attempt: Attempt) -> None:
        """Fill in why an attempt failed, and what to type instead."""

    def write(self, text: str) -> None:
        """Show what print() made."""
        self.emit(Printed(text))

    def show(self, value: object) -> None:
        """Show a value, or what a command returned."""
        if hasattr(value, "lines"):
            self.emit(cast("Output", value))
        elif value is not None:
            self.emit(self.value(self._statement, value))

    def value(self, name: str, value: object) -> Value:
        """A value to show, with its text as of now."""
        return Value(name, value, quoted(self.walker, value))

    def bound(self, name: str, value: object) -> None:
        """Let a tensor remember the first name it is given."""
        if isinstance(value, Tensor):
            provenance.name(value, name)

    def at(self, line: int) -> None:
        """Let the nodes made from now on remember their line; hear a Ctrl-C that went unheard."""
        if interrupts.current().asked:
            raise KeyboardInterrupt
        self.state.line = self._start + line - 1

    def _warned(self, text: str, category: type[Warning]) -> None:
        self.emit(Warned(category.__name__, text))

    @property
    def columns(self) -> int:
        """The width that a view may take; a tensor takes PyTorch's 80 unless it is told."""
        return self.settings.width or self.terminal

    def change(self, name: str, value: Any) -> None:
        """Change a setting. Raises ValueError with the kind of value that is wanted."""
        self.inside(self._change, name, CHECKS[name](value))

    def _change(self, name: str, value: Any) -> None:
        journal.note_slot(self.settings, name)
        setattr(self.settings, name, value)
        if name == "seed":
            default_generator.manual_seed(value)
        elif name in ("precision", "width"):
            sizes = {"linewidth" if name == "width" else name: value}
            set_printoptions(**sizes, sci_mode=self.state.sci_mode)

    # ---- lines and faults --------------------------------------------------------------------

    def _remember(self, lines: Sequence[str], number: int) -> None:
        """Give an input its place in the numbering that nodes remember."""
        start = self._blocks[-1][0] + len(self._blocks[-1][2]) if self._blocks else 1
        self._start = start
        self._blocks.append((start, number, lines))
        self._lines = number + len(lines) - 1
        if len(lines) > 1 and not lines[-1].strip():
            self._lines -= 1

    def _quoted(self, remembered: int) -> str:
        number, text = self.line(remembered)
        return f"  line {number}\n    {text.strip()}\n"

    def line(self, remembered: int) -> tuple[int, str]:
        """The number and text of the line that a node remembers."""
        place = bisect_right(self._blocks, remembered, key=lambda block: block[0]) - 1
        start, number, lines = self._blocks[place]
        return number + remembered - start, lines[remembered - start]

    def _placed(self, fault: Fault) -> Fault:
        """A fault that knows its source, and the line that built the node at fault."""
        self.last_fault = fault
        _, fault.first_line, fault.source_lines = self._blocks[-1]
        made = getattr(getattr(fault.node, "trace", None), "line", None)
        if made is not None:
            here = fault.first_line + fault.span.line - 1 if fault.span else None
            built = self.line(made)
            if built[0] != here:
                fault.built = built
        return fault

    # ---- files -------------------------------------------------------------------------------

    def writable(self, name: str) -> Path:
        """Where a file called `name` is to be written. Raises Untried where nothing may stay."""
        if self.trying:
            raise Untried
        return self.path(name)

    def path(self, name: str) -> Path:
        """Where a file called `name` is. Raises Fault where a confined session may not look."""
        from pathlib import Path, PurePath

        folder = Path.cwd() if self.folder is None else self.folder
        path = folder / Path(name).expanduser() if not self.confined else folder / name
        if self.confined:
            outside = PurePath(name).is_absolute() or ".." in PurePath(name).parts
            if outside or not path.resolve().is_relative_to(folder.resolve()):
                raise Fault(
                    "PermissionError",
                    f"{name} is outside the folder of this session file",
                    why="a session file reads and writes in its own folder alone; at the prompt "
                    "any path may be named.",
                    fixes=(self._statement.replace(name, PurePath(name).name),),
                )
        return path


def _ignore(output: Output) -> None:
    """Show nothing."""


def _swap_of(variables: dict[str, Any], stored: dict[str, Any]) -> Callable[[], None]:
    """The change of what names are bound to."""

    def swap() -> None:
        nonlocal stored
        now = variables.copy()
        variables.clear()
        variables.update(stored)
        stored = now

    return swap


def _swap_of_mode(stored: int) -> Callable[[], None]:
    """The change of whether operations are recorded and watched."""

    def swap() -> None:
        nonlocal stored
        now = modes.mode.get()
        modes.mode.set(stored)
        stored = now

    return swap


def _sentence_swap(sentences: list[Sentence], sentence: Sentence) -> Callable[[], None]:
    """The change of what took effect: the newest statement comes or goes."""
    sentences.append(sentence)

    def swap() -> None:
        if sentences and sentences[-1] is sentence:
            sentences.pop()
        else:
            sentences.append(sentence)

    return swap


def _bound_in(statements: Sequence[Statement]) -> set[str]:
    """The names the statements assign or define."""
    names: set[str] = set()
    for statement in statements:
        if type(statement.node) is ast.Expr:
            continue
        for node in ast.walk(statement.node):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                names.add(node.id)
            elif isinstance(node, ast.FunctionDef):
                names.add(node.name)
    return names


def _bytes(value: object) -> int:
    """The memory of a value that only undo still holds."""
    return value.array.nbytes if isinstance(value, Tensor) else 64
