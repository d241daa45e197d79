"""Two sessions in one process, and Python code beside them, behave as if each were alone."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from itertools import combinations_with_replacement, zip_longest
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine as torch
from gradcli.app import Calculator
from gradcli.base.faults import Fault
from gradcli.base.interrupts import Held, Listening
from gradcli.base.outputs import Failure, Output, plain
from tests.gradcli.prompt import facts


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fix is tried, however slow the machine: that is no part of what is compared."""
    monkeypatch.setattr("gradcli.session.trial.PATIENCE", 600.0)


SCRIPTS: dict[str, str] = {
    "default dtype": """
        x = tensor([1.5]) / 3
        torch.set_default_dtype(torch.float64)
        x = tensor([1.5]) / 3
        x, zeros(2), torch.get_default_dtype(), torch.finfo().eps
        undo
        undo
        tensor([0.1]) + 0.2, tensor(3) / 7
        redo
        torch.set_default_dtype(torch.float16); nothing
        tensor(0.1), 1j * tensor(2.)""",
    "print options": """
        x = param([[3.14159265, 2.], [1e-3, 7.]]); y = (x * tensor([1/3, 1.])).sum()
        torch.set_printoptions(precision=2, sci_mode=True)
        x
        undo
        set precision=6
        x; backward y; grad x
        diff y x
        vars
        trace y x
        torch.set_printoptions(profile="short"); nothing
        undo
        arange(2000.)
        info x""",
    "random numbers": """
        torch.manual_seed(3).initial_seed()
        x = rand(2)
        x = randn(3), torch.randperm(5), bernoulli(tensor([0.5, 0.5]))
        undo
        x = randn(3)
        x, torch.default_generator.initial_seed(), torch.get_rng_state().sum()
        rand(3); nothing
        rand(1), torch.default_generator is torch.manual_seed(3), randn(1)
        set seed=5
        undo
        torch.initial_seed(), torch.nn.init.normal_(zeros(2)), torch.nn.functional.dropout(ones(5))
        rand(1), torch.random.default_generator.initial_seed()""",
    "undo": """
        a = tensor([1., 2.]); b = a[0]; names = [1, 2]
        a += 1
        names.append(3); a[0] = 7.
        a, b, names
        undo
        a, b, names, a._version
        a.zero_(); a.add_(1); nothing
        a, b, a._version
        redo
        a, b, names, a._version
        w = param([1.]); o = torch.optim.SGD([w], lr=0.1); backward w**2
        o.step(); o.zero_grad()
        w, w.grad
        undo
        w, w.grad
        undo""",
    "lines": """
        W = param([1., 2.])
        y = W.exp()
        z = (y * 2).sum()
        with torch.no_grad():
            y.add_(1)
        backward z
        why W
        trace y W
        graph y
        u = W / 0
        v = u * 0; v.sum().backward(); why W""",
    "backwards": """
        a = param([5., 4.]); b = tensor([6., 8.])
        y = a**2 + 5*b; z = y.mean()
        why a
        backward z
        why a
        why b
        z = (a**2).mean(); backward z
        why a
        z = (a**3).mean(); backward z; grad a; why a
        flow z
        undo
        why a""",
    "notes": """
        x = param([1., 2.]); t = tensor([[1.], [2.]])
        y = ((x - t)**2).mean()
        backward y
        y = ((x - t)**2).mean(); backward y
        x = x - 0.1 * x.grad
        history
        y = ((x - t)**2).mean()""",
    "gradient mode": """
        torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        torch.set_grad_enabled(False);
        x = param(2.); y = x * 3
        y, torch.is_grad_enabled()
        undo
        undo
        x = param(2.); y = x * 3
        y, torch.is_grad_enabled()
        None + torch.set_grad_enabled(False)
        x * 2""",
    "anomalies": """
        torch.autograd.set_detect_anomaly(True);
        x = param([0.]); y = x.sqrt() * 0
        backward y.sum()
        undo
        torch.is_anomaly_enabled()
        x = param(2.); z = x * 2; z.grad""",
    "dual numbers": """
        torch.autograd.forward_ad.enter_dual_level()
        d = torch.autograd.forward_ad.make_dual(tensor(2.), tensor(1.))
        torch.autograd.forward_ad.unpack_dual(d**2).tangent
        torch.autograd.forward_ad.enter_dual_level()""",
    "limits": """
        x = zeros(200_000_000)
        x = ones(10_000, 1) * ones(1, 20_000)
        x = rand(3, 200_000_000)
        tensor([1., 2.]).expand(100_000_000, 2).sin()""",
    "errors": """
        x = ones(2, 3) @ ones(2, 3)
        why
        y = torch.tensor([1., 2.], requiers_grad=True)
        why
        ones(2).bckward()
        help sin
        ones(2).T, torch.tensor(ones(2))""",
}
PAIRS = [*combinations_with_replacement(SCRIPTS, 2)]
NEIGHBOURS = [*zip(SCRIPTS, [*SCRIPTS][1:] + [*SCRIPTS][:1], strict=True)]
Told = list[Any]


def statements(name: str) -> list[str]:
    """The inputs of a script."""
    lines = [line.removeprefix(" " * 8) for line in SCRIPTS[name].strip("\n").split("\n")]
    return (
        "\n".join(lines)
        .replace("\n    ", "\0")
        .replace("\n", "\1")
        .replace("\0", "\n    ")
        .split("\1")
    )


class Talk:
    """A session, and all that its inputs gave."""

    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self.session = Calculator(self.outputs.append)
        self.session.run("torch.manual_seed(0);")
        self.told: Told = []

    def say(self, text: str | None) -> None:
        """Type an input, and keep what it shows and leaves."""
        if text is None:
            return
        self.outputs.clear()
        failure = ""
        try:
            self.session.run(text)
        except Fault as fault:
            failure = plain(Failure(fault, fault.source_lines, fault.first_line))
        self.told.append((text, [*map(plain, self.outputs)], failure, self.names()))

    def names(self) -> Any:
        """The session's values, without what tells one object from another."""
        return {name: told(value) for name, value in self.session.variables.items()}


def told(value: Any) -> Any:
    """A value as what can be compared between sessions."""
    if isinstance(value, torch.Tensor):
        return (str(value.dtype), *facts(value)[2:])
    if isinstance(value, (list, tuple)):
        return [told(part) for part in value]
    return value if type(value) in (bool, int, float, str) else type(value).__name__


def alone(name: str) -> Told:
    """What a script gives in a session of its own."""
    if name not in KNOWN:
        talk = Talk()
        for text in statements(name):
            talk.say(text)
        KNOWN[name] = talk.told
    return KNOWN[name]


KNOWN: dict[str, Told] = {}


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_statement_by_statement(one: str, other: str) -> None:
    known = alone(one), alone(other)
    first, second = Talk(), Talk()
    for text, reply in zip_longest(statements(one), statements(other)):
        first.say(text)
        second.say(reply)
    assert (first.told, second.told) == known


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from([*SCRIPTS]), min_size=2, max_size=4), st.randoms())
def test_several_in_any_order(names: list[str], random: Any) -> None:
    known = [alone(name) for name in names]
    talks = [(Talk(), iter(statements(name))) for name in names]
    order = [place for place, name in enumerate(names) for _ in statements(name)]
    random.shuffle(order)
    for place in order:
        talk, texts = talks[place]
        talk.say(next(texts))
    assert [talk.told for talk, _ in talks] == known


@pytest.mark.parametrize(("one", "other"), NEIGHBOURS)
def test_one_inside_the_other(one: str, other: str) -> None:
    """The second is typed at while the first shows something."""
    known = alone(one), alone(other)
    first, second = Talk(), Talk()
    rest = iter(statements(other))

    def emit(output: Output) -> None:
        second.say(next(rest, None))
        first.outputs.append(output)

    first.session.emit = emit
    for text in statements(one):
        first.say(text)
    assert (first.told, second.told) == (known[0], known[1][: len(second.told)])


@pytest.mark.parametrize(("one", "other"), NEIGHBOURS)
def test_in_two_threads(one: str, other: str) -> None:
    known = alone(one), alone(other)
    told: dict[int, Told] = {}
    together = Barrier(2)

    def talked(place: int, name: str) -> None:
        talk = Talk()
        together.wait(60)
        for text in statements(name):
            talk.say(text)
        told[place] = talk.told

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [Thread(target=talked, args=pair) for pair in enumerate((one, other))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert (told.get(0), told.get(1)) == known


# ---- Python code beside a session --------------------------------------------------------------


def beside() -> Iterator[Callable[[], Any]]:
    """What a program does, step by step."""
    yield lambda: torch.manual_seed(1).initial_seed()
    yield lambda: torch.tensor([1.0]).dtype
    yield lambda: repr(torch.tensor([1 / 3, 2e-5, 7.0]))
    yield lambda: torch.rand(3).tolist()
    yield lambda: torch.set_default_dtype(torch.float64)
    yield lambda: torch.tensor([1.0]).dtype
    yield lambda: torch.empty(110_000_000, dtype=torch.int8).shape
    yield lambda: torch.default_generator.initial_seed()
    yield lambda: torch.set_printoptions(precision=3)
    yield lambda: repr(torch.tensor([1 / 3, 2e-5, 7.0]))
    yield lambda: torch.get_default_dtype()
    yield lambda: torch.set_default_dtype(torch.float32)
    yield lambda: torch.is_grad_enabled()
    yield lambda: torch.set_printoptions(profile="default")
    yield lambda: repr(torch.tensor([1 / 3], requires_grad=True) * 2)
    yield lambda: torch.randn(3).tolist()
    yield lambda: torch.get_rng_state().sum().item()
    yield warned_once
    yield warned_once


def warned_once() -> list[str]:
    """The warnings of a line that Python has not shown yet."""
    shown: list[str] = []
    show = warnings.showwarning
    warnings.showwarning = lambda text, *rest: shown.append(str(text))  # type: ignore[assignment]
    try:
        torch.tensor(torch.ones(2))
    finally:
        warnings.showwarning = show
    return shown


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_program_beside_a_session(name: str) -> None:
    given = alone(name)
    warnings.simplefilter("default")
    known = [step() for step in beside()]
    globals()["__warningregistry__"].clear()  # what Python has shown once
    talk = Talk()
    found = []
    for step, text in zip_longest(beside(), statements(name)):
        if step is not None:
            found.append(step())
        talk.say(text)
    assert found == known
    assert len(known[-2]) == 1
    assert known[-1] == []
    assert talk.told == given


# ---- Ctrl-C ------------------------------------------------------------------------------------


def test_an_interrupt_meant_for_one_session() -> None:
    """It waits while its own session holds it, whatever another does in another thread."""
    holds, pressed = Barrier(2), Barrier(2)
    reached: list[str] = []

    def other() -> None:
        try:
            with Held():
                holds.wait(60)
                pressed.wait(60)
            reached.append("the end")
        except KeyboardInterrupt:
            reached.append("an interrupt")

    thread = Thread(target=other)
    thread.start()
    holds.wait(60)
    met = False
    with Listening():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            for _ in range(1000):
                pass
        except KeyboardInterrupt:
            met = True
    pressed.wait(60)
    thread.join()
    assert met
    assert reached == ["the end"]


def test_listening_inside_listening() -> None:
    """What was asked of the outer input is not forgotten when an inner one ends."""
    first, second = Talk(), Talk()

    class Drops:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            for _ in range(1000):
                pass

    def emit(output: Output) -> None:
        Drops()  # Python drops what is raised there
        with Listening():
            second.say("1 + 1")

    first.session.emit = emit
    with Listening(), pytest.raises(KeyboardInterrupt):
        first.session.run("print(1)\nx = 2\nx = 3")
    assert "x" not in first.session.variables
    assert [outputs for _, outputs, _, _ in second.told] == [["2\n"]]
