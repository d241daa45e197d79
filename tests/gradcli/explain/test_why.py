"""why: each situation of sessions/why is told from the others, and its fix cures it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gradcli.explain.why import why
from gradcli.session import Session
from gradcli.transcript import inputs

if TYPE_CHECKING:
    from gradcli.explain.why.answer import Answer

FOLDER = Path(__file__).parents[3] / "sessions" / "why"
KINDS = {
    "not-run": "not run", "nothing-computed": "not run", "never-tracked": "never tracked",
    "not-a-leaf": "not a leaf", "whole-numbers": "integer", "cut-by-detach": "detach",
    "cut-by-data": "data", "cut-by-no-grad": "no_grad", "cut-by-item": "left the graph",
    "wrapped-again": "left the graph", "itself-detached": "itself cut", "argmax": "flat",
    "comparison": "flat", "not-an-ancestor": "not an ancestor", "built-later": "built later",
    "rebound": "rebound", "rebound-under-no-grad": "rebound",
    "earlier-namesake": "earlier namesake", "forgotten": "forgotten",
    "tracked-too-late": "untracked", "accumulated": "accumulated", "several-ways": "several ways",
    "broadcast": "broadcast", "nan-behind-where": "born", "sqrt-at-0": "born",
    "log-at-0": "value", "overflow-in-softmax": "value", "dead-relu": "zero",
    "saturated-sigmoid": "zero", "rounded": "zero", "times-zero": "zero", "all-is-well": "fine",
    "nan-in-a-leaf": "value", "norm-at-0": "born",
}  # fmt: skip
CURED = {"accumulated", "log-at-0", "nan-behind-where"} | {
    name for name, kind in KINDS.items()
    if kind not in ("flat", "several ways", "broadcast", "born", "value", "zero", "fine")
}  # fmt: skip


def played(name: str) -> tuple[Session, str]:
    """The session before its `why`, and the name that is asked about."""
    session = Session(lambda output: None)
    text = (FOLDER / f"{name}.grad").read_text(encoding="utf-8")
    *typed, (_, last) = inputs(text)
    for _, line in typed:
        session.run(line)
    return session, last.split()[1]


def asked(session: Session, name: str) -> Answer:
    return why(session, session.variables[name], name)


def test_every_transcript_is_listed() -> None:
    assert {path.stem for path in FOLDER.glob("*.grad")} == set(KINDS)


@pytest.mark.parametrize("situation", KINDS)
def test_situation(situation: str) -> None:
    session, name = played(situation)
    assert asked(session, name).kind == KINDS[situation]


@pytest.mark.parametrize("situation", sorted(CURED))
def test_the_fix_cures_it(situation: str) -> None:
    session, name = played(situation)
    before = asked(session, name)
    session.run("\n".join(before.fixes[0]))
    gradient = session.variables[name]._grad
    assert gradient is not None
    assert np.isfinite(gradient.array).all()
    assert asked(session, name).kind in ("fine", "several ways", "broadcast")


def test_an_answer_is_json_too() -> None:
    session, name = played("cut-by-detach")
    facts = asked(session, name).facts()
    assert facts["why"] == "detach"
    assert facts["fix"] == [["zero", "y = a * b", "z = y.sum()", "backward z"]]
