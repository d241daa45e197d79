"""What was computed, written out: it parses back to the same graph."""

from __future__ import annotations

from hypothesis import given, settings

from engine.dispatch.apply import source
from gradcli.app import Calculator
from gradcli.explain.formula.as_written import ForwardReader
from gradcli.explain.formula.writer import write
from tests.gradcli.explain.expressions import EXPRESSIONS


@settings(max_examples=200, deadline=None)
@given(EXPRESSIONS)
def test_what_is_written_is_the_same_graph(text: str) -> None:
    session = Calculator(lambda output: None)
    session.run("a = param([0.3, 0.8]); b = param([1.7, 0.6])")
    session.run(f"y = {text}")
    names = {id(source(session.variables[name])): name for name in ("a", "b")}
    first = ForwardReader(names).read(source(session.variables["y"]))
    session.run(f"z = {write(first)}")
    second = ForwardReader(names).read(source(session.variables["z"]))
    assert second == first, f"{text} was written {write(first)}"
