"""Fixes are tried: what is offered runs, and the trial leaves nothing behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.random.generator import default_generator
from gradcli.app import Calculator
from gradcli.base.faults import Fault
from gradcli.session import trial

START = "a = param([1., 2.]); y = a**2; w = ones(2, 3); n = 0"


def asked(session: Calculator, text: str) -> Fault:
    with pytest.raises(Fault) as caught:
        session.run(text)
    return caught.value


def state(session: Calculator) -> Any:
    names = session.variables
    return (
        {name: (id(value), str(value)) for name, value in names.items()},
        [value.grad for value in names.values() if hasattr(value, "grad_fn") and value.is_leaf],
        session.inside(default_generator.get_state).tolist(),
        len(session.past),
        len(session.inputs),
        session.state.runs.copy(),
        session.noted.copy(),
        session.settings.lr,
        session.last_fault,
    )


OFFERED = {
    "backward y": ["backward y.sum()", "backward y gradient=[1., 1.]"],
    "w @ a": ["w.T @ a"],
    "graph y depth=x": ["x = ..."],
    "graph y depth=-1": ["graph y depth=3"],
    "step a lrr=0.1": [],  # a has no gradient
    "grad a b": ["b = ..."],
    "y.sum(dimm=0)": ["y.sum(dim=0)"],
    "randn(2).backwards()": [],  # did you mean backward? It has nothing to go through.
    "x = 3\ny.backward()": ["y.sum().backward()", "y.backward(gradient=torch.ones_like(y))"],
    "def f(x):\n    return x @ w\nf(a.unsqueeze(1))": ["return x.T @ w"],
}
"""What is wrong, and what is offered for it."""


@pytest.mark.parametrize("text", OFFERED)
def test_what_is_offered_runs_and_leaves_nothing(text: str) -> None:
    shown: list[Any] = []
    session = Calculator(shown.append)
    session.run(START)
    before = state(session)
    fault = asked(session, text)
    assert list(fault.fixes) == OFFERED[text]
    assert shown == []
    assert session.last_fault is fault
    after = state(session)
    assert after[:4] + after[5:-1] == before[:4] + before[5:-1]
    assert after[4] == before[4] + 1


def test_a_trial_writes_no_file(tmp_path: Path) -> None:
    session = Calculator(lambda output: None, folder=tmp_path, confined=True)
    session.run(START)
    assert asked(session, "save ../model.npz").fixes == ("save model.npz",)
    assert list(tmp_path.iterdir()) == []


def test_a_trial_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Calculator(lambda output: None)
    session.run(START)
    session.run("def long(n):\n    while True: n = n + 1\n    return y")
    assert trial._runs(session, "y.sum()")
    assert not trial._runs(session, "long(1)")
    assert not trial._runs(session, "undo; nothing")
    assert "y" in session.variables
    monkeypatch.setattr(trial, "PATIENCE", -1.0)  # as after an input that took long
    assert asked(session, "y.sum(dimm=0)").fixes == ("y.sum(dim=0)",)


def test_a_trial_can_leave_or_go_back() -> None:
    session = Calculator(lambda output: None)
    session.run(START)
    before = state(session)
    for text in ("undo", "reset", "exit", "set lr=3", "manual_seed(5)", "a.grad = ones(2)"):
        assert trial._runs(session, text), text
        assert state(session) == before, text
