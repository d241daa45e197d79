"""why: each situation of sessions/why is told from the others, and its fix cures it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gradcli.app import Calculator
from gradcli.base.faults import Fault
from gradcli.explain.why import why
from gradcli.transcripts.transcript import inputs

if TYPE_CHECKING:
    from gradcli.explain.why.answer import Answer

FOLDER = Path(__file__).parents[3] / "sessions" / "why"
KINDS = {
    "not-run": "not run",
    "nothing-computed": "not run",
    "never-tracked": "never tracked",
    "not-a-leaf": "not a leaf",
    "whole-numbers": "integer",
    "cut-by-detach": "detach",
    "cut-by-data": "data",
    "cut-by-no-grad": "no_grad",
    "cut-by-item": "left the graph",
    "wrapped-again": "left the graph",
    "itself-detached": "itself cut",
    "argmax": "flat",
    "comparison": "flat",
    "not-an-ancestor": "not an ancestor",
    "built-later": "built later",
    "rebound": "rebound",
    "rebound-under-no-grad": "rebound",
    "earlier-namesake": "earlier namesake",
    "forgotten": "forgotten",
    "tracked-too-late": "untracked",
    "accumulated": "accumulated",
    "several-ways": "several ways",
    "broadcast": "broadcast",
    "nan-behind-where": "born",
    "sqrt-at-0": "born",
    "log-at-0": "value",
    "overflow-in-softmax": "value",
    "dead-relu": "zero",
    "saturated-sigmoid": "zero",
    "rounded": "zero",
    "times-zero": "zero",
    "all-is-well": "fine",
    "nan-in-a-leaf": "value",
    "norm-at-0": "born",
    "overwritten": "overwritten",
    "overwritten-by-a-method": "overwritten",
    "overwritten-element": "overwritten",
    "underflow": "underflow",
    "written-through-an-alias": "alias",
    "partly-dead-relu": "partly 0",
    "partly-saturated": "partly 0",
    "cast-to-integers": "flat",
    "one-way-detached": "one way is cut",
    "one-way-built-too-early": "one way is cut",
    "huge": "huge",
    "vanishing": "vanishing",
    "unused-elements": "partly 0",
    "divided-by-0": "value",
    "power-at-0": "born",
    "sign": "zero",
    "overflow-in-exp": "value",
}
CURED: dict[str, object] = {
    "accumulated": [2, 4],
    "argmax": [-0.5898, 0.5898],
    "built-later": [1, 2],
    "cast-to-integers": [6, 8],
    "comparison": [0.2350, 0.4700],
    "cut-by-data": [1, 2],
    "cut-by-detach": [1, 2],
    "cut-by-item": 3,
    "cut-by-no-grad": [3, 6],
    "dead-relu": [0.01, 0.01],
    "divided-by-0": [0, -0.125],
    "earlier-namesake": [2, 2],
    "forgotten": [10, 8],
    "itself-detached": [5, 4],
    "log-at-0": [0, 0.5],
    "nan-behind-where": [0, 0.3536],
    "never-tracked": [5, 4],
    "norm-at-0": [0, 0],
    "not-a-leaf": [1, 1],
    "not-an-ancestor": [10, 8],
    "not-run": [10, 8],
    "nothing-computed": [10, 8],
    "one-way-built-too-early": [6, 12],
    "one-way-detached": [2, 4],
    "overflow-in-exp": [0, 0],
    "overflow-in-softmax": [0, 0],
    "overwritten-by-a-method": [5.4366, 14.7781],
    "overwritten-element": [0, 0.1050],
    "overwritten": [4, 32],
    "partly-dead-relu": [1, 0.01, 1],
    "partly-saturated": [5e-3, 3.5325e-4],
    "power-at-0": [0, 0.25],
    "rebound-under-no-grad": [4.8, 6.4],
    "rebound": [4.8, 6.4],
    "rounded": [1, 1],
    "saturated-sigmoid": [3.01054e-3, 1.41302e-3],
    "sign": [0.7864, 0.4200],
    "sqrt-at-0": [0, 0.3536],
    "tracked-too-late": [1, 2],
    "underflow": [1e-60, 1e-60],
    "whole-numbers": [5, 4],
    "wrapped-again": [1, 2],
    "written-through-an-alias": [2, 4],
}
"""Situation → the gradient once its cause is broken: PyTorch 2.13's, for the program so mended."""
NOTHING_TO_BREAK = {
    "all-is-well": "nothing is wrong",
    "broadcast": "the sum over the copies is right",
    "several-ways": "the sum of the ways is right",
    "times-zero": "the derivative is 0",
    "huge": "the derivative is that large",
    "vanishing": "the derivative is that small",
    "unused-elements": "what is not used has no part",
    "nan-in-a-leaf": "the given number is nan",
}


def played(name: str) -> tuple[Calculator, str]:
    """The session before its `why`, and the name that is asked about."""
    session = Calculator(lambda output: None)
    text = (FOLDER / f"{name}.grad").read_text(encoding="utf-8")
    *typed, (_, last) = inputs(text)
    for _, line in typed:
        with suppress(Fault):  # a backward that fails is what some are about
            session.run(line)
    return session, last.split()[1]


def asked(session: Calculator, name: str) -> Answer:
    return why(session, session.variables[name], name)


def test_every_transcript_is_listed() -> None:
    assert {path.stem for path in FOLDER.glob("*.grad")} == set(KINDS)


@pytest.mark.parametrize("situation", KINDS)
def test_situation(situation: str) -> None:
    session, name = played(situation)
    assert asked(session, name).kind == KINDS[situation]


@pytest.mark.parametrize("situation", CURED)
def test_every_fix_breaks_the_cause(situation: str) -> None:
    """Each fix is run in a session of its own: the gradient is right, and why says so no more."""
    session, name = played(situation)
    before = asked(session, name)
    assert before.fixes
    for fix in before.fixes:
        session, name = played(situation)
        session.run("\n".join(fix))
        gradient = session.variables[name]._grad
        assert gradient is not None
        wanted = np.asarray(CURED[situation], float)
        np.testing.assert_allclose(gradient.array, wanted, rtol=1e-3, atol=0)
        assert asked(session, name).headline != before.headline


def test_every_situation_has_a_fix_or_needs_none() -> None:
    assert {*CURED, *NOTHING_TO_BREAK} == set(KINDS)
    assert not {*CURED} & {*NOTHING_TO_BREAK}


@pytest.mark.parametrize("situation", NOTHING_TO_BREAK)
def test_where_nothing_is_to_break_no_fix_is_told(situation: str) -> None:
    session, name = played(situation)
    assert asked(session, name).fixes == []


def test_an_answer_is_json_too() -> None:
    session, name = played("cut-by-detach")
    facts = asked(session, name).facts()
    assert facts["why"] == "detach"
    assert facts["fix"] == [["zero", "y = a * b", "z = y.sum()", "backward z"]]


def test_statements_of_one_line_are_told_apart() -> None:
    session = Calculator(lambda output: None)
    session.run("a = param([0., 2.]); b = sqrt(a); z = (b*0).sum(); backward z")
    found = asked(session, "a")
    assert [list(fix) for fix in found.fixes] == [
        ["zero", "b = sqrt(a.clamp(min=1e-12))", "z = (b*0).sum()", "backward z"]
    ]
