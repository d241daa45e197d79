"""graph: the tree of a value, shared parts once, large graphs folded."""

from __future__ import annotations

from gradcli.explain.graph import LONGEST, graph_of
from gradcli.session import Session


def drawn(session: Session, name: str) -> list[str]:
    tree = graph_of(session.variables[name], session.variables)
    return ["".join(piece for piece, _ in line).rstrip() for line in tree.lines()]


def test_names_operations_values_and_gradients() -> None:
    session = Session(lambda output: None)
    session.run("a = param([5., 4.]); b = tensor([6., 8.]); y = a**2 + 5*b; z = y.mean()")
    assert drawn(session, "z") == [
        "z  mean               55.5000",
        "└─ y  +               [55., 56.]",
        "   ├─ a**2            [25., 16.]",
        "   │  └─ a  leaf      [5., 4.]     no grad yet",
        "   └─ 5*b             [30., 40.]",
        "      └─ b  constant  [6., 8.]",
    ]
    session.run("backward z")
    assert drawn(session, "z")[1:4] == [
        "└─ y  +               [55., 56.]   grad [0.5000, 0.5000]",
        "   ├─ a**2            [25., 16.]   grad [0.5000, 0.5000]",
        "   │  └─ a  leaf      [5., 4.]     grad [5., 4.]",
    ]


def test_a_shared_value_is_drawn_once() -> None:
    session = Session(lambda output: None)
    session.run("a = param(2.); s = a * 3; y = s * s + s")
    tree = drawn(session, "y")
    assert sum("(above)" in line for line in tree) == 1
    assert sum(line.endswith("no grad yet") for line in tree) == 1


def test_a_deep_graph_is_folded() -> None:
    session = Session(lambda output: None)
    session.run("a = param(1.); y = a\nfor i in range(5000):\n    y = y * 1.0001")
    tree = drawn(session, "y")
    assert len(tree) <= LONGEST
    assert "more operations, down to a" in tree[-1]
    assert all(len(line) <= 80 for line in tree)


def test_a_wide_graph_is_folded() -> None:
    session = Session(lambda output: None)
    session.run("w = [param(float(i)) for i in range(100)]\ny = stack(w).sum()")
    assert len(drawn(session, "y")) <= LONGEST + 1
