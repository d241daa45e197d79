"""Draws the pictures of README.md anew: `python -m tests.pictures`.

Each is what a terminal of 80 columns shows for a short session, in rich's SVG: once as a dark
terminal has it, once as a light one.
"""

from __future__ import annotations

import io
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, SVG_EXPORT_THEME, TerminalTheme

from gradcli.app import Calculator
from gradcli.output.painter import THEME, painted

if TYPE_CHECKING:
    from gradcli.base.outputs import Output

FOLDER = Path(__file__).parents[1] / "sessions" / "pictures"
START = ["a = param([5., 4.]); b = tensor([6., 8.])", "y = a**2 + 5*b; z = y.mean()", "backward z"]
PICTURES = {
    "graph": [*START, "graph z"],
    "trace": [*START, "trace z a"],
    "flow": [
        "x = param([1., 2.]); y = x\nfor i in range(6):\n    y = sigmoid(y)*0.1",
        "flow y.sum()",
    ],
    "why": [
        "a = param([0., 2.])",
        "z = where(a > 0, sqrt(a), 0.).sum()",
        "backward z",
        "why a",
    ],
    "check": ["a = param([1., 2.])", "z = (a * a.detach()).sum()", "check z"],
    "diff": [
        "X = randn(3, 2); y = ones(3); w = param(zeros(2))",
        "loss = ((X @ w - y)**2).sum()",
        "diff loss w",
        "diff loss w w",
    ],
}
"""Picture → what is typed; the last inputs are shown with what they say."""


THEMES = {"": SVG_EXPORT_THEME, "-light": DEFAULT_TERMINAL_THEME}
"""End of a file's name → the terminal's colours."""


def draw(typed: list[str], colours: TerminalTheme) -> str:
    """A session as SVG."""
    console = Console(record=True, width=80, theme=THEME, file=io.StringIO(), highlight=False)

    def show(output: Output) -> None:
        for line in output.lines():
            console.print(painted(line))

    session = Calculator(show)
    session.run("manual_seed(0);")
    for text in typed:
        for place, line in enumerate(text.split("\n")):
            console.print(f"{'...' if place else '>>>'} {line}", style="bold", markup=False)
        session.run(text)
    return console.export_svg(title="gradcli", theme=colours, unique_id="gradcli")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for (name, typed), (light, colours) in itertools.product(PICTURES.items(), THEMES.items()):
        (FOLDER / f"{name}{light}.svg").write_text(draw(typed, colours), encoding="utf-8")
