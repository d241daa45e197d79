"""Every transcript under sessions/, those of the commands, and those in README.md, replayed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradcli.app import Calculator
from gradcli.base.outputs import plain
from gradcli.transcripts.replay import Report, files, replay

ROOT = Path(__file__).parents[2]
FILES = list(files([ROOT / "sessions", Path(__file__).parent / "commands"]))


def shown(report: Report) -> str:
    """What differs, to be read in a failing test."""
    parts = [
        "".join(f"{text}" for text, _ in line)
        for each in report.differences
        for line in each.lines()
    ]
    return "\n".join([*parts, plain(report.failure) if report.failure else ""])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_session(path: Path) -> None:
    report = replay(path, Calculator)
    assert report.passed, shown(report)
    assert report.examples


def test_there_are_sessions() -> None:
    assert {path.parent.name for path in FILES} >= {"seeds", "tutorials"}


BLOCKS = [
    block
    for block in re.findall(
        r"^```\w*\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    if block.startswith(">>> ")
]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.partition("\n")[0])
def test_readme(block: str, tmp_path: Path) -> None:
    """Each transcript of README.md is a session of its own."""
    path = tmp_path / "readme.grad"
    path.write_text(block)
    report = replay(path, Calculator)
    assert report.passed, shown(report)
    assert report.examples
