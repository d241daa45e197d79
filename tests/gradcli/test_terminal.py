"""The prompt in a real pseudo-terminal, as a person uses it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)

from tests.gradcli.terminal import COLUMNS, ENTER, PASTE, PASTED, TAB, UP, Terminal
from tests.gradcli.test_cli import ROOT

Open = Callable[..., Terminal]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Open]:
    opened: list[Terminal] = []

    def start(*args: str, **env: str) -> Terminal:
        opened.append(Terminal(tmp_path, *args, **env))
        return opened[-1]

    yield start
    for each in opened:
        each.process.close(force=True)


def test_a_session(terminal: Open) -> None:
    at = terminal()
    assert at.type("a = param([5., 4.])") == ""
    at.type("z = (a**2).mean()")
    assert at.type("z") == "tensor(20.5000, grad_fn=<MeanBackward0>)"
    at.sees("z  []  float32  MeanBackward0")  # the caption below the prompt
    at.type("backward z")
    assert at.type("grad a") == "tensor([5., 4.])"
    said = at.type("backward z")
    assert said.startswith("RuntimeError: Trying to backward through the graph a second time")
    assert "\n  fix: " in said
    at.sees("nothing has changed")
    assert at.type("undo") == "took back: backward z"
    assert at.leave() == 0


@pytest.mark.parametrize("word", ["exit", "quit", ":exit", "exit()", "x = 1; quit"])
def test_words_that_leave(terminal: Open, word: str) -> None:
    at = terminal()
    at.send(word + ENTER)
    assert at.ended() == 0


def test_history_is_kept_and_found_by_prefix(terminal: Open) -> None:
    at = terminal()
    for line in ("first = 11", "second = 22", "fir = first + 1"):
        at.type(line)
    at.leave()
    at = terminal()
    at.send("fi" + UP)
    at.sees(">>> fir = first + 1")
    at.send(UP)
    at.sees(">>> first = 11")
    at.type("")
    assert at.type("first") == "11"
    at.send("sec" + UP)
    at.sees(">>> second = 22")
    assert at.type("; second + 1") == "23"


COMPLETIONS = [
    ("backw", "ard", ""),
    ("grad weig", "hts", ""),
    ("weights.logsu", "mexp", ""),
    ("st", "", "Move leaves against"),
    ("step weights l", "", "how far, as a multiple"),
    ("weights.", "", "The dimensions reversed."),
    ("torch.nn.funct", "ional", ""),
    ("x = torch.logsu", "mexp", ""),
    ("help reta", "in", ""),
    ("backward weights retai", "n=", ""),
    ("backward weights ", "", "the weight of each element"),
    ("wei", "ghts", ""),
    ("weights.grad.numel", "", ""),
    ("1 + tenso", "r", ""),
    ("set no", "tes", ""),
]


def test_completion(terminal: Open) -> None:
    at = terminal()
    at.type("weights = param([1., 2.])")
    for typed, rest, meaning in COMPLETIONS:
        at.send(typed)
        at.sees(">>> " + typed.rstrip())
        at.send(TAB)
        at.sees(">>> " + (typed + rest).rstrip())
        if meaning:
            at.sees(meaning)
        at.interrupt()
    at.send("wei" + TAB)
    at.sees("weights")
    assert at.type(" + 2") == "tensor([3., 4.], grad_fn=<AddBackward0>)"


def test_trace_goes_a_step_for_each_enter(terminal: Open) -> None:
    at = terminal()
    at.type("a = param([1., 2.]); z = (a**2 + a).sum()")
    at.send("trace z a step" + ENTER)
    at.sees("dz/d(a**2 + a)")
    at.sees("Enter goes on, q ends")
    assert "d(a**2)/da" not in "".join(at.screen.rows)
    at.send(ENTER)
    at.sees("d(a**2 + a)/d(a**2)")
    at.send("q" + ENTER)
    at.ready(0)
    assert at.type("1 + 1") == "2"
    assert "ways meet" not in "".join(at.screen.rows)


def test_blocks_take_several_lines(terminal: Open) -> None:
    at = terminal()
    at.send("for i in range(3):" + ENTER)
    at.sees("\n...")
    at.send("print(i * 7)" + ENTER)
    at.sees("\n...     print(i * 7)\n...")
    assert at.type("") == "0\n7\n14"
    at.send("tensor([" + ENTER)
    at.sees("\n...")
    assert at.type("8.])") == "tensor([8.])"
    at.send("def f(x):" + ENTER + "if x:" + ENTER + "return 4" + ENTER)
    at.type("")
    assert at.type("f(1)") == "4"
    at.send(UP + UP)  # the whole definition, to be edited
    at.sees(">>> def f(x):\n...     if x:\n...         return 4")


def test_a_paste_is_one_input(terminal: Open) -> None:
    at = terminal()
    at.send(
        PASTE + ">>> a = 3\n>>> for i in range(2):\n...     print(a + i)\n...\n3\n4\n>>> a * 2\n6\n"
    )
    at.send(PASTED)
    at.sees("... a * 2")
    assert at.type("") == "3\n4\n6"
    at.send(PASTE + "b = 1\nb = 2\nb = 3\n" + PASTED)
    at.type("")
    assert at.type("undo") == "took back: b = 1 ..."
    assert "NameError: name 'b' is not defined" in at.type("b")
    at.send(PASTE + "if a:\n    for j in range(2):\n        print(j)\n" + PASTED)
    assert at.type("") == "0\n1"


def test_ctrl_c_clears_the_line(terminal: Open) -> None:
    at = terminal()
    at.send("a = 1 + (")
    at.sees("a = 1 + (")
    assert at.interrupt() == ""
    assert at.type("1 + 1") == "2"


def test_ctrl_c_stops_a_loop_and_takes_it_back(terminal: Open) -> None:
    at = terminal()
    at.type("x = zeros(2); xs = [1]; n = 0")
    at.send(
        "while True:" + ENTER + "x += 1; xs.append(2); n += 1" + ENTER + "if n == 5: print('on')"
    )
    at.send(ENTER + ENTER)
    at.sees("\non\n")
    time.sleep(0.3)
    said = at.interrupt()
    assert said.splitlines()[-2] == "KeyboardInterrupt"
    assert "Traceback" not in said
    assert at.type("x, xs, n") == "(tensor([0., 0.]), [1], 0)"
    for wait in (0.02, 0.05, 0.1, 0.15, 0.2):
        at.send("for i in range(10**6): x += 1; print('on' * (i == 9), end='')" + ENTER + ENTER)
        at.sees("\non")
        time.sleep(wait)
        assert "KeyboardInterrupt" in at.interrupt()
    assert at.type("x, x._version") == "(tensor([0., 0.]), 0)"
    assert at.leave() == 0


def test_colours(terminal: Open) -> None:
    at = terminal(NO_COLOR="1")
    at.type("a = tensor([5.5])")
    assert at.type("a") == "tensor([5.5000])"
    assert "\x1b[36m" not in at.screen.raw
    assert at.leave() == 0
    at = terminal()
    at.type("a = tensor([5.5])")
    assert at.type("a") == "tensor([5.5000])"
    assert "tensor([\x1b[36m5.5000\x1b[0m])" in at.screen.raw


def test_run_and_stay(terminal: Open, tmp_path: Path) -> None:
    file = tmp_path / "setup.grad"
    file.write_text("c = 41\n")
    at = terminal("run", "-i", str(file))
    assert at.type("c + 1") == "42"
    assert at.leave() == 0


def test_a_fault_in_completion_or_colours_ends_nothing(terminal: Open, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import gradcli.repl.complete as c, gradcli.repl.highlight as h\n"
        "def broken(*args): raise ZeroDivisionError\n"
        "c.Completion._candidates = broken\nh.Highlighting._lines = broken\n"
    )
    at = terminal(PYTHONPATH=f"{site}{os.pathsep}{ROOT}")
    at.send("1 +" + TAB)
    assert at.type(" 2") == "3"
    assert at.leave() == 0


def test_no_home_to_write_to(terminal: Open, tmp_path: Path) -> None:
    (tmp_path / "gradcli").write_text("a file where the folder should be")
    at = terminal()
    assert at.type("1 + 2") == "3"
    assert at.leave() == 0


def test_views_take_the_terminal_and_tensors_eighty_columns(terminal: Open) -> None:
    at = terminal()
    name = "a_name_" * 9
    at.type(f"{name} = linspace(0, 3, 12).exp(); z = 2*{name}")
    tree = [len(row) for row in at.type("graph z").split("\n")]
    assert 80 < max(tree) <= COLUMNS
    assert max(len(row) for row in at.type("z").split("\n")) <= 80
    at.type("set width=60")
    assert max(len(row) for row in at.type("graph z").split("\n")) <= 60
