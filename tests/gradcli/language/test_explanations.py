"""Every mistake in faults.txt is answered with exactly the text that stands there; the fix runs."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from gradcli.app import Calculator
from gradcli.base.faults import Fault
from gradcli.transcripts.transcript import inputs
from tests.gradcli.language.desk import Desk
from tests.gradcli.language.programs import sections

FILE = sections("faults.txt")
SETUP = FILE.pop("setup")
MISTAKES = dict(
    part.split("\n", 1) for part in FILE.pop("mistakes").removeprefix(">>> ").split("\n>>> ")
)
FOLDER = Path(__file__).parents[3] / "sessions" / "errors"


@pytest.mark.parametrize("text", MISTAKES)
def test_mistake(text: str) -> None:
    desk = Desk()
    desk.run(SETUP)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert desk.text(text) == MISTAKES[text]


# ---- every error has a why, and a fix that runs ------------------------------------------------

WHAT_WAS_MEANT = "only the user knows what was meant"
UNMENDED = {
    "y.sum().backward()": "the cut may be meant",
    "backward z": "the cut may be meant",
    "backward x.argmax().float()": "argmax has no derivative",
    "torch.autograd.gradcheck(lambda x: x.detach()*x, (x,))": "it is to fail",
    "sin('x')": WHAT_WAS_MEANT,
    "int('a')": WHAT_WAS_MEANT,
    "assert x.sum() == 7, f'got {x.sum()}'": "what is asserted is to fail",
    "assert 1 == 2": "what is asserted is to fail",
    "raise ValueError": "it is to fail",
    "assert a.sum() == 4, 'the sum is not 4'": "what is asserted is to fail",
    "global x": WHAT_WAS_MEANT,
    "if x": "it runs on a value of one element",
    "else: 1": WHAT_WAS_MEANT,
    "ones(10**6, 10**6)": WHAT_WAS_MEANT,
    "f(x)": "the mistake is inside a function",
    "loss(m.T)": "the mistake is inside a function",
    "torch.ones(2, 3).expnd(2)": "the argument is wrong too",
    "x.grad_fn.name()": WHAT_WAS_MEANT,
    "break": WHAT_WAS_MEANT,
    "cat([])": WHAT_WAS_MEANT,
    "@double\ndef f(x):\n    return x\n": WHAT_WAS_MEANT,
    "einsum('ij,jk->ik', ones(2, 3), ones(2, 3))": WHAT_WAS_MEANT,
    "einsum('ijk', ones(2, 3))": WHAT_WAS_MEANT,
    "'{0.__class__}'.format(a)": "it is not allowed",
    "class A: pass": "it is not in the language",
    "x.sum().backward(retain_grap=True)": "x is not tracked either",
    "load x nothing.csv": "there is no such file",
    "load x ../secret.csv": "it is not allowed",
    "load x /etc/passwd": "it is not allowed",
    "try: 1/0\nexcept: pass": "it is to fail",
    "().__class__": "it is not allowed",
    "torch.__builtins__": "it is not allowed",
    "a.__reduce__()": "it is not allowed",
    "tensor([[1., 2.], [3.]])": WHAT_WAS_MEANT,
    "cat([ones(2, 2), ones(3, 3)])": WHAT_WAS_MEANT,
    "step W lr=0.1": "there is nothing to go backward from",
    "torch.nn.functional.cross_entropy(ones(2, 3), tensor([0, 5]))": WHAT_WAS_MEANT,
    "f(1)": "the function never ends",
    "[0]*10**10": WHAT_WAS_MEANT,
    "'a'*10**10": WHAT_WAS_MEANT,
    "2**2**2**2**2**2": WHAT_WAS_MEANT,
    "f'{1:>1000000000}'": WHAT_WAS_MEANT,
    "bakward a": "a holds more than one number",
}
"""Mistakes without a fix that runs as it stands, and why there is none."""


def failing() -> dict[tuple[str, ...], str]:
    """Inputs before a mistake → the mistake: those of faults.txt, and of sessions/errors."""
    found = {(SETUP, text): text for text in MISTAKES}
    for path in sorted(FOLDER.glob("*.grad")):
        typed = [text for _, text in inputs(path.read_text(encoding="utf-8"))]
        session = started(())
        for place, text in enumerate(typed):
            if fault_of(session, text) is not None:
                found[(*typed[:place], text)] = text
    return found


def started(before: tuple[str, ...]) -> Calculator:
    session = Calculator(lambda output: None, folder=FOLDER, confined=True)
    for text in before:
        fault_of(session, text)
    return session


def fault_of(session: Calculator, text: str) -> Fault | None:
    try:
        session.run(text, whole=text != SETUP)
    except Fault as fault:
        return fault
    return None


FAILING = failing()


@pytest.mark.parametrize("inputs", FAILING, ids=lambda inputs: repr(inputs[-1])[:60])
def test_an_error_tells_why_and_its_fixes_run(inputs: tuple[str, ...]) -> None:
    *before, text = inputs
    fault = fault_of(started(tuple(before)), text)
    assert fault is not None
    assert fault.why
    assert fault.fixes or text in UNMENDED
    for fix in fault.fixes:
        if fix.startswith("save "):  # it would write into the folder of the transcripts
            continue
        again = fault_of(started(tuple(before)), fix)
        assert again is None, f"{fix}: {again}"


def test_only_what_has_no_fix_is_excused() -> None:
    assert set(UNMENDED) <= set(FAILING.values())
    assert len(FAILING) - len(UNMENDED) >= 183
