"""Limits that what is fine does not meet, and that what is not cannot get around."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from gradcli.base.faults import Fault
from gradcli.language.syntax.limits import Limits
from tests.gradcli.language.desk import Desk


def test_garbage_is_not_counted() -> None:
    desk = Desk()
    assert desk.run("for i in range(60): x = [0] * 10**6\nlen(x)") == ["1000000"]
    assert desk.run("s = 0\nfor i in range(300): s += len('a' * 10**6)\ns") == ["300000000"]


def test_what_is_alive_is_counted() -> None:
    desk = Desk()
    desk.run("x = []\nfor i in range(5): x.append([0] * 10**6)")
    assert desk.fault("for i in range(5): x.append([0] * 10**6)").kind == "MemoryError"
    desk.run("x.clear()\nfor i in range(5): x.append([0] * 10**6)")


def test_tensors_are_counted_together() -> None:
    desk = Desk()
    desk.walker.limits.resident = 150_000_000
    assert desk.fault("x = [ones(10**7) for i in range(100)]").kind == "MemoryError"
    desk.variables.clear()


def test_without_bounded_steps_the_process_may_grow() -> None:
    assert Limits().resident is None
    assert Limits(10).resident is not None


def test_steps_are_counted_for_each_input() -> None:
    desk = Desk(steps=1_000)
    for _ in range(3):
        desk.run("for i in range(300): pass")
    assert desk.fault("for i in range(2000): pass").kind == "TimeoutError"


def test_output_is_bounded() -> None:
    desk = Desk()
    desk.walker.limits.output = 1_000
    assert desk.fault("for i in range(100): print('a' * 100)").kind == "MemoryError"
    assert sum(map(len, desk.out)) <= 1_000


@pytest.mark.parametrize("frames", [0, 300, 600])
def test_recursion_has_the_same_depth_from_anywhere(frames: int) -> None:
    def deeper(count: int) -> Any:
        return deeper(count - 1) if count else reached()

    def reached() -> list[str]:
        desk = Desk()
        desk.run("def f(n): return 0 if n == 0 else 1 + f(n - 1)")
        assert desk.fault("f(10_000)").kind == "RecursionError"
        return desk.run("f(200)")

    limit = sys.getrecursionlimit()
    assert deeper(frames) == ["200"]
    assert sys.getrecursionlimit() == limit


def test_hooks_and_keys_may_be_functions_of_the_session() -> None:
    desk = Desk()
    assert desk.run(
        "a = param([1., 2.])\n"
        "def double(g):\n    if g.sum() > 1: return g * 2\n"
        "h = a.register_hook(double)\n"
        "(a * a).sum().backward()\n"
        "a.grad\n"
        "sorted([3, 1, 2], key=lambda v: -v)"
    ) == ["tensor([4., 8.])", "[3, 2, 1]"]


def test_a_fault_inside_a_hook_points_into_the_hook() -> None:
    desk = Desk()
    text = (
        "a = param([1.])\ndef hook(g):\n    return missing\nh = a.register_hook(hook)\na.backward()"
    )
    fault = desk.fault(text)
    assert (fault.kind, fault.span and fault.span.line) == ("NameError", 3)


def test_a_fault_in_a_function_of_an_earlier_input_points_at_the_call() -> None:
    desk = Desk()
    desk.run("x = 1\n\ndef f(v):\n    return v + missing")
    fault = desk.fault("y = f(3)")
    assert fault.span == (1, 4, 1, 8)
    assert fault.fact == "in f: return v + missing"


def test_mistakes_in_gradcli_pass_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Any, name: str, value: Any) -> None:
        raise AssertionError("a mistake")

    monkeypatch.setattr(Desk, "bound", broken)
    with pytest.raises(AssertionError, match="a mistake"):
        Desk().run("x = 1")


def test_faults_of_an_input_leave_the_walker_ready() -> None:
    desk = Desk()
    for text in ("def f(): return [g() for i in range(3)]\nf()", "[1, [2, missing]]"):
        assert desk.fault(text).kind == "NameError"
        assert (desk.walker.scope, desk.walker.building) == (None, [])
    with pytest.raises(Fault):
        desk.run("with no_grad(): missing")
    assert desk.run("(param([1.]) * 1).requires_grad") == ["True"]
