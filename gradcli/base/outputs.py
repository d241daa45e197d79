"""The outputs of an input, as data: values, printed text, tables. Each has lines and facts.

`lines()` are styled fragments: their texts joined are the plain text, and a terminal adds colour.
`facts()` is the JSON object of `--json`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from gradcli.base.faults import Fault, Line

GAP = "  "


def shortened(text: str, room: int) -> str:
    """A text that has room for so many characters, its end left out if it is longer."""
    return text if len(text) <= room else text[: room - 3] + "..."


def first_line(text: str) -> str:
    """The first line of a text, with a sign that there are more."""
    first, _, rest = text.partition("\n")
    return first + " ..." if rest else first


def counted(count: int, what: str) -> str:
    """A number of things: 1 item, 2 items."""
    return f"{count} {what}{'' if count == 1 else 's'}"


class Output(Protocol):
    """Anything that can be shown."""

    def lines(self) -> list[Line]:
        """Styled lines."""

    def facts(self) -> dict[str, Any]:
        """The same as a JSON object."""


class Value:
    """A value, with the text it had when it was shown. `name` is what was typed for it."""

    __slots__ = ("name", "text", "value")

    def __init__(self, name: str, value: object, text: str) -> None:
        self.name = name
        self.value = value
        self.text = text

    def lines(self) -> list[Line]:
        """The text."""
        return [[(line, "value")] for line in self.text.split("\n")]

    def facts(self) -> dict[str, Any]:
        """Name and value; of a tensor its shape, dtype, requires_grad and grad_fn too."""
        return {"name": self.name, **value_facts(self.value, self.text)}


class Printed:
    """The text that print() wrote; the end of the line is part of the text."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def lines(self) -> list[Line]:
        """The text, its last line end left out."""
        return [[(line, "plain")] for line in self.text.removesuffix("\n").split("\n")]

    def facts(self) -> dict[str, Any]:
        """The text."""
        return {"printed": self.text}


class Notice:
    """Lines that a command says; `said` is its JSON object."""

    __slots__ = ("said", "styled")

    def __init__(self, styled: Sequence[Line], said: dict[str, Any]) -> None:
        self.styled = styled
        self.said = said

    def lines(self) -> list[Line]:
        """The lines."""
        return list(self.styled)

    def facts(self) -> dict[str, Any]:
        """The facts behind them."""
        return self.said


class Several:
    """Outputs one under the other; `what` is their name in JSON."""

    __slots__ = ("parts", "what")

    def __init__(self, what: str, parts: Sequence[Output]) -> None:
        self.what = what
        self.parts = parts

    def lines(self) -> list[Line]:
        """The lines of each."""
        return [line for part in self.parts for line in part.lines()]

    def facts(self) -> dict[str, Any]:
        """The objects of each, in a list."""
        return {self.what: [part.facts() for part in self.parts]}


def note(text: str, **said: Any) -> Notice:
    """A command's one line."""
    return Notice([[(line, "note")] for line in text.split("\n")], said or {"note": text})


def texts(lines: Sequence[Line]) -> list[str]:
    """Styled lines as plain ones."""
    return ["".join(text for text, _ in line) for line in lines]


class Warned:
    """A warning of the engine's."""

    __slots__ = ("kind", "message")

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        self.message = message

    def lines(self) -> list[Line]:
        """Kind and message, on one line as an error's."""
        return [[(f"{self.kind}: {self.message}", "warning")]]

    def facts(self) -> dict[str, Any]:
        """Kind and message."""
        return {"warning": self.kind, "message": self.message}


class Noted(Warned):
    """A note: what nobody asked, and a person would want to know."""

    __slots__ = ()

    def lines(self) -> list[Line]:
        """One line."""
        return [[(f"note: {self.message}", "note")]]

    def facts(self) -> dict[str, Any]:
        """Kind and text."""
        return {"note": self.kind, "message": self.message}


class Table:
    """Rows under heads. `styles` are the columns' styles; text columns stand left, others right."""

    __slots__ = ("empty", "heads", "rows", "styles", "what")

    def __init__(
        self,
        what: str,
        heads: Sequence[str],
        rows: Sequence[Sequence[str]],
        styles: Sequence[str],
        empty: str = "",
    ) -> None:
        self.what = what
        self.heads = heads
        self.rows = rows
        self.styles = styles
        self.empty = empty

    def lines(self) -> list[Line]:
        """Columns as wide as their widest cell; no heads where none are given."""
        if not self.rows:
            return [[(self.empty, "note")]] if self.empty else []
        shown = [self.heads, *self.rows] if any(self.heads) else list(self.rows)
        widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
        out: list[Line] = []
        for place, row in enumerate(shown):
            head = any(self.heads) and place == 0
            line: Line = []
            for column, cell in enumerate(row):
                last = column + 1 == len(row) or not any(row[column + 1 :])
                padded = cell if last else cell.ljust(widths[column])
                line.append((padded, "head" if head else self.styles[column]))
                if last:
                    break
                line.append((GAP, "plain"))
            out.append(line)
        return out

    def facts(self) -> dict[str, Any]:
        """The rows, each an object."""
        if not any(self.heads):
            return {self.what: {row[0]: row[1] for row in self.rows}}
        return {self.what: [dict(zip(self.heads, row, strict=True)) for row in self.rows]}


class Moved:
    """The effect of step: per name the numbers before and after."""

    __slots__ = ("moves", "width")

    def __init__(self, moves: Sequence[tuple[str, str, str]], width: int) -> None:
        self.moves = moves
        self.width = width

    def lines(self) -> list[Line]:
        """`W  old -> new`, side by side where they fit, else one under the other."""
        margin = max((len(name) for name, _, _ in self.moves), default=0)
        out: list[Line] = []
        for name, before, after in self.moves:
            old, new = before.split("\n"), after.split("\n")
            left = max(map(len, old))
            head = name.ljust(margin)
            if margin + 2 + left + 4 + max(map(len, new)) <= self.width and len(old) == len(new):
                for place, (a, b) in enumerate(zip(old, new, strict=True)):
                    start, arrow = (head, " -> ") if not place else (" " * margin, "    ")
                    out.append(
                        [
                            (start, "name"),
                            (GAP + a.ljust(left), "old"),
                            (arrow, "dim"),
                            (b, "value"),
                        ]
                    )
            else:
                out += [
                    [(head if not i else " " * margin, "name"), (GAP + "   " + a, "old")]
                    for i, a in enumerate(old)
                ]
                out += [
                    [
                        (" " * margin, "name"),
                        (GAP + ("-> " if not i else "   "), "dim"),
                        (b, "value"),
                    ]
                    for i, b in enumerate(new)
                ]
        return out

    def facts(self) -> dict[str, Any]:
        """Names, old and new texts."""
        return {"moved": [{"name": n, "old": old, "new": new} for n, old, new in self.moves]}


class Failure:
    """An error, with the source it points into."""

    __slots__ = ("fault", "first_line", "place", "source")

    def __init__(
        self, fault: Fault, source: Sequence[str] = (), first_line: int = 1, place: str = ""
    ) -> None:
        self.fault = fault
        self.source = source
        self.first_line = first_line
        self.place = place

    def lines(self) -> list[Line]:
        """Message, source, caret, why and fix; then the file it happened in."""
        from gradcli.base import faults

        lines = faults.lines(self.fault, self.source, self.first_line)
        if self.place:
            line = f":{self._line()}" if self.fault.span else ""
            lines.append([(f"  in {self.place}{line}", "dim")])
        return lines

    def facts(self) -> dict[str, Any]:
        """Kind, message, place, why and fix."""
        fault = self.fault
        facts: dict[str, Any] = {
            "error": fault.kind,
            "message": fault.message,
            "line": self._line() if fault.span else None,
            "column": fault.span.column + 1 if fault.span else None,
            "why": fault.why,
            "fix": list(fault.fixes),
        }
        return {**facts, "file": self.place} if self.place else facts

    def _line(self) -> int:
        assert self.fault.span is not None
        return self.first_line + self.fault.span.line - 1


def plain(output: Output) -> str:
    """An output as text without colour, with its line end."""
    if type(output) is Printed:
        return output.text
    return "".join(line + "\n" for line in texts(output.lines()))


# ---- facts of values ---------------------------------------------------------------------------


def value_facts(value: object, text: str) -> dict[str, Any]:
    """The JSON object for a value; `text` stands for what JSON cannot hold."""
    from engine.graph.tensor import Tensor

    if not isinstance(value, Tensor):
        return {"value": plain_value(value, text)}
    fn = value.grad_fn
    return {
        "value": numbers(value.array.tolist()),
        "shape": list(value.array.shape),
        "dtype": str(value.dtype).removeprefix("torch."),
        "requires_grad": value.requires_grad,
        "grad_fn": fn.name() if fn is not None else None,
    }


def plain_value(value: object, text: str) -> Any:
    """A value as JSON has it: numbers, texts, lists and dicts of them; anything else as text."""
    try:
        return numbers(value)
    except (TypeError, RecursionError):
        return text


def numbers(value: Any) -> Any:
    """A nested list of numbers as JSON has them: what is not finite as text, a complex as a pair.

    Raises TypeError for anything else.
    """
    kind = type(value)
    if kind is float:
        return value if value - value == 0 else str(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is complex:
        return [numbers(value.real), numbers(value.imag)]
    if isinstance(value, (list, tuple)):
        return [numbers(part) for part in value]
    if kind is dict and all(type(key) is str for key in value):
        return {key: numbers(part) for key, part in value.items()}
    from engine.graph.tensor import Tensor

    if isinstance(value, Tensor):
        return numbers(value.array.tolist())
    raise TypeError
