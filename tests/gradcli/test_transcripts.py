"""Transcripts: how they are read, compared, rewritten and replayed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradcli.app import Calculator
from gradcli.base.faults import Fault
from gradcli.transcripts.compare import same
from gradcli.transcripts.replay import files, replay
from gradcli.transcripts.transcript import Transcript, inputs, without_prompts

AGREE = [
    ("tensor(55.5000)", "tensor(55.5000)"),
    ("tensor(55.5)", "tensor(55.5000)"),
    ("tensor(0.33)", "tensor(0.3333)"),
    ("tensor(-1.2e-05)", "tensor(-1.2345e-05)"),
    ("[0.33, 2.]", "[0.3333, 2.0000]"),
    ("a ... z", "a b c z"),
    ("...", "anything\nat all"),
    ("tensor([...])", "tensor([1., 2.])"),
    ("one\n...\nfour", "one\ntwo\nthree\nfour"),
    ("x ... y ... z", "x 1 y 2 y 3 z"),
    ("<MulBackward0>", "<MulBackward0>"),
    ("tensor([0.1, 10.])", "tensor([0.1000, 10.0000])"),
    ("[ 0.1]", "[  0.1000]"),
]
DIFFER = [
    ("tensor(55.5)", "tensor(55.6)"),
    ("tensor(0.34)", "tensor(0.3333)"),
    ("tensor(5)", "tensor(5.)"),
    ("tensor(5.)", "tensor(5.3)"),
    ("tensor(5)", "tensor(6)"),
    ("<MulBackward0>", "<MulBackward1>"),
    ("a ... z", "a b c"),
    ("x ... y ... z", "x 1 z"),
    ("... end", "end here"),
    ("a...a", "a"),
    ("one\ntwo", "one two"),
    ("[1., 2.]", "[1.,  2.]"),
    ("", "something"),
    ("-0.5", "0.5"),
    ("x1", "x2"),
]


@pytest.mark.parametrize(("expected", "actual"), AGREE)
def test_what_agrees(expected: str, actual: str) -> None:
    assert same(expected.split("\n"), actual.split("\n"))


@pytest.mark.parametrize(("expected", "actual"), DIFFER)
def test_what_differs(expected: str, actual: str) -> None:
    assert not same(expected.split("\n"), actual.split("\n"))


def test_tolerances() -> None:
    assert same(["tensor(1.0000)"], ["tensor(1.0020)"], rtol=1e-2)
    assert same(["5"], ["6"], atol=1)
    assert not same(["tensor(1.0000)"], ["tensor(1.0200)"], rtol=1e-2)


LESSON = """\
# A lesson
#: seed=1

>>> x = 3   # three
>>> for i in range(2):
...     print(i)
...
0
1
# about what follows

>>> f'''
... text'''
'\\ntext'
>>> x +
SyntaxError: invalid syntax
>>> x
3
"""


def test_reading() -> None:
    examples = Transcript(LESSON).examples
    assert [each.text for each in examples] == [
        "x = 3   # three",
        "for i in range(2):\n    print(i)\n",
        "f'''\ntext'''",
        "x +",
        "x",
    ]
    assert [each.line for each in examples] == [4, 5, 12, 15, 17]
    assert examples[0].settings == {"seed": 1}
    assert list(inputs("x = 1\ny = 2")) == [(1, "x = 1\ny = 2")]


def replayed(path: Path, text: str) -> tuple[bool, str | None]:
    path.write_text(text)
    report = replay(path, Calculator)
    return report.passed, report.updated


def test_a_lesson_passes(tmp_path: Path) -> None:
    assert replayed(tmp_path / "a.grad", LESSON) == (True, None)


FAILING = {
    "another value": (">>> 1 + 1\n3\n", ">>> 1 + 1\n2\n"),
    "no output": (">>> 1 + 1\n# c\n\n>>> 2\n2\n", ">>> 1 + 1\n2\n# c\n\n>>> 2\n2\n"),
    "too much": (">>> x = 1\n1\n\n# c\n>>> x\n1", ">>> x = 1\n\n# c\n>>> x\n1"),
    "comments in it": (">>> 1\n# a\n2\n# b\n\n# c\n", ">>> 1\n1\n# a\n# b\n\n# c\n"),
    "an error less": (">>> 1\nNameError: no\n", ">>> 1\n1\n"),
    "an unexpected error": (">>> assert 1 == 2, 'no'\n", None),
    "another error": (">>> assert 1 == 2, 'no'\nAssertionError: yes\n", None),
    "another why": (">>> y\nNameError: name 'y' is not defined\n  why: so.\n", None),
}


@pytest.mark.parametrize("case", FAILING)
def test_what_fails_and_is_rewritten(tmp_path: Path, case: str) -> None:
    text, wanted = FAILING[case]
    passed, updated = replayed(tmp_path / "a.grad", text)
    assert not passed
    assert updated is not None
    assert wanted is None or updated == wanted
    assert replayed(tmp_path / "a.grad", updated) == (True, None)


PASSING = {
    "message alone": ">>> y\nNameError: name 'y' is not defined\n",
    "message and fix": ">>> y\nNameError: name 'y' is not defined\n  fix: y = ...\n",
    "elided message": ">>> y\nNameError: ...\n",
    "another line number": (
        ">>> 1\n1\n>>> y\nNameError: name 'y' is not defined\n  9 | y\n    | ^\n"
    ),
    "printed before": ">>> for i in range(2):\n...     print(i)\n...     y\n0\nNameError: ...\n",
    "seed": "#: seed=3\n>>> a = rand(2)\n#: seed=3\n>>> (a == rand(2)).all()\ntensor(True)\n",
    "the same without a seed": ">>> torch.initial_seed()\n0\n",
    "atol": "#: atol=0.1\n>>> tensor([1.5])\ntensor([1.4500])\n",
    "width": "#: width=40\n>>> arange(12)\n"
    "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,\n         8,  9, 10, 11])\n",
    "undo": ">>> x = 1\n>>> x = 2\n>>> undo\ntook back: x = 2\n>>> x\n1\n",
    "a failing input takes nothing with it": (
        ">>> x = [1]\n>>> x.append(2); no\nNameError: ...\n>>> x\n[1]\n"
    ),
    "exit": ">>> 1\n1\n>>> exit\n>>> never\nrun",
    "blank lines inside": ">>> print('a\\n\\nb')\na\n\nb\n\n",
    "windows": ">>> 1\r\n1\r\n",
}


@pytest.mark.parametrize("case", PASSING)
def test_what_passes(tmp_path: Path, case: str) -> None:
    assert replayed(tmp_path / "a.grad", PASSING[case]) == (True, None)


@pytest.mark.parametrize("line", ["#: speed=3", "#: seed=x", "#: seed", "#: seed=1 rest"])
def test_a_wrong_directive(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.grad"
    path.write_text(f"# first\n{line}\n>>> 1\n1\n")
    report = replay(path, Calculator)
    assert report.failure is not None
    assert "#: line sets" in report.failure.fault.message
    assert report.failure.first_line == 2


def test_scripts(tmp_path: Path) -> None:
    assert replayed(tmp_path / "a.grad", "x = 1\nx + 1\n") == (True, None)
    assert replayed(tmp_path / "a.grad", "x = 1\ny\n") == (False, None)
    assert replayed(tmp_path / "a.py", "import torch\nprint(torch.ones(2))\n") == (True, None)


def test_a_file_cannot_run_on_and_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcli.transcripts.replay.STEPS", 10_000)
    path = tmp_path / "a.grad"
    path.write_text(">>> while True:\n...     pass\n...\n>>> 1\n1\n")
    [difference] = replay(path, Calculator).differences
    assert "10,000 steps" in difference.actual[0]


def test_folders_are_searched(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.grad").write_text(">>> 1\n1\n")
    (tmp_path / "a.grad").write_text(">>> 1\n1\n")
    (tmp_path / "script.grad").write_text("x = 1\n")
    (tmp_path / "other.txt").write_text(">>> 1\n1\n")
    found = list(files([tmp_path, tmp_path / "script.grad"]))
    assert [path.name for path in found] == ["a.grad", "b.grad", "script.grad"]


PASTES = {
    "x = 1\ny = 2": "x = 1\ny = 2",
    ">>> x = 1\n>>> x\n1\n>>> y = 2\n": "x = 1\nx\ny = 2",
    ">>> for i in x:\n...     i\n...\n0\n>>> 1": "for i in x:\n    i\n\n1",
    "    >>> x = 1\r\n    1\r\n": "x = 1",
    "if x >>> y": "if x >>> y",
    "": "",
}


@pytest.mark.parametrize("paste", PASTES, ids=repr)
def test_pastes_lose_their_prompts(paste: str) -> None:
    assert without_prompts(paste) == PASTES[paste]


def test_a_folder_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.grad").write_bytes(b">>> \xff\n")
    assert list(files([tmp_path])) == [tmp_path / "a.grad"]
    report = replay(tmp_path / "a.grad", Calculator)
    assert isinstance(report.failure and report.failure.fault, Fault)
