"""vars, history, undo, redo, reset, save, load, set, help, exit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gradcli.base.faults import Fault
from gradcli.base.outputs import Notice, Table, counted, first_line, note, texts
from gradcli.base.settings import CHECKS
from gradcli.commands.command import GROUPS, REGISTRY, Command, Name, Path, command
from gradcli.language.evaluation.protocol import Operand
from gradcli.session.session import Session, UndoStep


@command("session", "vars")
def variables(session: Session) -> Table:
    """List the variables.

    vars
    """
    from engine.graph.printing import values_text
    from engine.graph.tensor import Tensor
    from gradcli.commands.understand import kind_of

    rows = []
    for name, value in session.variables.items():
        if name == "_":
            continue
        if isinstance(value, Tensor):
            shape, dtype = str(list(value.array.shape)), str(value.dtype).removeprefix("torch.")
            rows.append((name, shape, dtype, kind_of(value), first_line(values_text(value.array))))
        else:
            text = first_line(session.value(name, value).text)
            rows.append((name, "", type(value).__name__.lower(), "", text))
    taken = sum(max(len(row[column]) for row in rows) + 2 for column in range(4)) if rows else 0
    room = max(session.columns - taken, 12)
    rows = [(*row[:4], _cut(row[4], room)) for row in rows]
    return Table(
        "vars",
        ("name", "shape", "dtype", "kind", "value"),
        rows,
        ("name", "plain", "plain", "kind", "value"),
        "no variables yet",
    )


@command("session")
def history(session: Session) -> Notice:
    """List what was typed, with its line numbers.

    history
    """
    lines: list[list[tuple[str, str]]] = []
    for number, text in session.inputs[:-1]:
        for place, line in enumerate(text.split("\n")):
            lines.append([(f"{number + place:>3} | ", "dim"), (line, "source")])
    said = {"history": [{"line": number, "input": text} for number, text in session.inputs[:-1]]}
    return Notice(lines, said)


@command("session", alone=True)
def undo(session: Session) -> Notice:
    """Take back the last input that changed something.

    undo
    """
    return _told("took back", "nothing to take back", session.take_back())


@command("session", alone=True)
def redo(session: Session) -> Notice:
    """Make again what undo took back.

    redo
    """
    return _told("made again", "nothing was taken back", session.make_again())


@command("session")
def reset(session: Session) -> None:
    """Forget all variables; undo brings them back.

    reset
    """
    session.variables.clear()


@command("session")
def save(session: Session, file: Path) -> Notice:
    """Write variables, gradients and random state to a file.

    save model        to model.npz; `load model` brings it back
    """
    from gradcli.session.save_file import save_session

    with _at(file):
        path = session.writable(file if file.endswith(".npz") else file + ".npz")
        left_out = save_session(session, path)
    count = len(session.variables.keys() - {"_"}) - len(left_out)
    text = f"saved {counted(count, 'variable')} to {path.name}"
    if left_out:
        text += f"\nnot saved: {', '.join(left_out)}"
    return note(text, saved=count, file=str(path), left_out=left_out)


@command("session")
def load(
    session: Session, name: Path, file: Path | None = None, *, array: Operand | None = None
) -> Notice:
    """Read a tensor from a file of numbers, or a whole saved session.

    load x data.csv   a tensor from .csv, .npy or .npz
    load model        the session that `save model` wrote

    array: which array of an .npz file, if it holds several
    """
    if file is None:
        from gradcli.session.save_file import load_session

        with _at(name):
            path = session.path(name if name.endswith(".npz") else name + ".npz")
            names = load_session(session, path)
        return note(f"loaded {', '.join(names) or 'no variables'}", loaded=names)
    if not name.isidentifier():
        with _at(name):
            raise Fault("SyntaxError", f"{name!r} is not a name", fixes=("load x data.csv",))
    from gradcli.session.data_files import read_tensor

    which = None if array is None else str(array.value)
    with _at(file):
        value = read_tensor(session.path(file), which)
    session.variables[name] = value
    session.bound(name, value)
    shape, dtype = list(value.array.shape), str(value.dtype).removeprefix("torch.")
    return note(f"{name}  {shape}  {dtype}", name=name, shape=shape, dtype=dtype)


@command("session", "set")
def set_(
    session: Session,
    notes: Name | None = None,
    switch: Name | None = None,
    *,
    lr: Operand | None = None,
    precision: Operand | None = None,
    seed: Operand | None = None,
    undo: Operand | None = None,
    width: Operand | None = None,
) -> Table | None:
    """Change settings, or list them.

    set lr=0.1 seed=0
    set notes off
    set

    lr: what step takes when it is given none
    precision: digits shown after the point
    seed: where random numbers start, as torch.manual_seed
    undo: megabytes that undo may keep
    width: columns of tensors (80) and of views (the terminal's)
    """
    if notes is not None:
        _switched(session, notes, switch)
        return None
    given = {"lr": lr, "precision": precision, "seed": seed, "undo": undo, "width": width}
    changed = {name: option for name, option in given.items() if option is not None}
    for name, option in changed.items():
        try:
            session.change(name, option.value)
        except ValueError as error:
            message = f"{name} is {error}, not {option.text}"
            raise Fault("ValueError", message, option.span) from None
    if changed:
        return None
    me = REGISTRY["set"]
    rows = [(name, _shown(getattr(session.settings, name)), me.describe(name)) for name in given]
    rows.append(("notes", "on" if session.settings.notes else "off", "what PyTorch does not say"))
    return Table("settings", ("name", "value", "meaning"), rows, ("name", "value", "dim"))


def _switched(session: Session, name: Name, switch: Name | None) -> None:
    """set notes on, set notes off."""
    if name != "notes":
        raise Fault(
            "ValueError",
            f"set has no switch {name}",
            name.span,  # type: ignore[attr-defined]
            why="notes are switched on and off; the rest is set to a value.",
            fixes=("help set" if name in CHECKS else "set notes off",),
        )
    try:
        session.change("notes", switch)
    except ValueError as error:
        raise Fault(
            "ValueError",
            f"notes are {error}, not {switch or 'nothing'}",
            getattr(switch, "span", name.span),  # type: ignore[attr-defined]
            fixes=("set notes off",),
        ) from None


@command("session", "help")
def help_(session: Session, name: Name | None = None) -> Notice:
    """List the commands, or explain one command or operation.

    help step
    help sin
    """
    if name is None:
        return _overview()
    if name in REGISTRY:
        return _of_command(REGISTRY[name])
    from gradcli.explain.operation_help import describe

    found = describe(name)
    if found is not None:
        lines = found.lines()
        return Notice(lines, {"help": texts(lines)})
    raise _no_help(name)


@command("session", "exit", "quit")
def exit_(session: Session) -> None:
    """Leave.

    exit              also quit, and Ctrl-D
    """
    from gradcli.session.session import Leave

    raise Leave


# ---- what they share ---------------------------------------------------------------------------


def _told(done: str, nothing: str, step: UndoStep | None) -> Notice:
    if step is None:
        return note(nothing, step=None)
    first, _, rest = step.text.partition("\n")
    return note(f"{done}: {first}{' ...' if rest else ''}", step=step.text)


def _overview() -> Notice:
    """All commands by group, each with its line."""
    words: dict[str, list[str]] = {}
    for word, each in REGISTRY.items():
        words.setdefault(each.summary, []).append(word)
    margin = max(len(", ".join(same)) for same in words.values())
    lines: list[list[tuple[str, str]]] = []
    for group in GROUPS:
        lines += [[(group, "head")]]
        for same in words.values():
            if REGISTRY[same[0]].group == group:
                lines.append(
                    [
                        ("  " + ", ".join(same).ljust(margin), "name"),
                        ("  " + REGISTRY[same[0]].summary, "plain"),
                    ]
                )
    lines += [
        [("", "plain")],
        [("Anything else is Python with PyTorch's names: ", "plain"), ("y = a**2 + 5*b", "source")],
    ]
    lines += [[("help WORD", "source"), (" tells more of a command or an operation.", "plain")]]
    return Notice(lines, {"commands": {word: each.summary for word, each in REGISTRY.items()}})


def _of_command(each: Command) -> Notice:
    """Usage, meaning, examples, options."""
    blank = [("", "plain")]
    lines = [[(each.usage(), "source")], [("  " + each.summary, "plain")], blank]
    lines += [[("  " + line, "plain")] for line in each.details if line]
    margin = max(map(len, each.options), default=0) + 3
    if each.options:
        lines.append(blank)
    for option in each.options:
        lines.append([(f"  {option}=".ljust(margin + 2), "name"), (each.describe(option), "plain")])
    return Notice(lines, {"usage": each.usage(), "help": each.summary})


def _no_help(word: Name) -> Fault:
    from difflib import get_close_matches

    from engine.graph import registry

    registry.complete()
    known = {*REGISTRY, *registry.methods, *registry.attributes}.union(
        *registry.namespaces.values()
    )
    close = get_close_matches(word, known, 2)
    return Fault(
        "NameError",
        f"no command or operation is called {word!r}",
        getattr(word, "span", None),
        fixes=[f"help {each}" for each in close] or ["help"],
    )


@contextmanager
def _at(word: str) -> Iterator[None]:
    """Errors inside point at `word`, as it was typed."""
    try:
        yield
    except Fault as fault:
        fault.span = fault.span or getattr(word, "span", None)
        raise


def _shown(value: Any) -> str:
    return "not set" if value is None else str(value)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 4] + " ..."
