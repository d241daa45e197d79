"""graph: the tree of a value, shared parts once, large graphs folded."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from gradcli.app import Calculator
from gradcli.base.faults import Fault
from gradcli.base.outputs import texts
from gradcli.explain.graph.formats import TEXTS
from gradcli.explain.graph.graph_data import Graph, Vertex
from gradcli.explain.graph.tree import Tree
from gradcli.explain.graph.walk import graph_of
from tests.gradcli.explain.expressions import EXPRESSIONS

LONGEST = 40


def drawn(session: Calculator, name: str) -> list[str]:
    tree = Tree(graph_of(session.variables[name], session.variables, 12, LONGEST), 80)
    return ["".join(piece for piece, _ in line).rstrip() for line in tree.lines()]


def test_names_operations_values_and_gradients() -> None:
    session = Calculator(lambda output: None)
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
    session = Calculator(lambda output: None)
    session.run("a = param(2.); s = a * 3; y = s * s + s")
    tree = drawn(session, "y")
    assert sum("(above)" in line for line in tree) == 1
    assert sum(line.endswith("no grad yet") for line in tree) == 1


def test_a_deep_graph_is_folded() -> None:
    session = Calculator(lambda output: None)
    session.run("a = param(1.); y = a\nfor i in range(5000):\n    y = y * 1.0001")
    tree = drawn(session, "y")
    assert len(tree) <= LONGEST
    assert "more operations, down to a" in tree[-1]
    assert all(len(line) <= 80 for line in tree)


def test_a_wide_graph_is_folded() -> None:
    session = Calculator(lambda output: None)
    session.run("w = [param(float(i)) for i in range(100)]\ny = stack(w).sum()")
    assert len(drawn(session, "y")) <= LONGEST + 1


NASTY = ['a"b', "x\\y", "[0]", "{1}", "é", "a|b", "<b>", "a;b", "#1", "50%", "a_b^2", "$~&"]


@settings(max_examples=100, deadline=None)
@given(EXPRESSIONS)
def test_every_format_has_every_vertex_and_edge(text: str) -> None:
    session = Calculator(lambda output: None)
    session.run(f"a = param([0.3, 0.8]); b = param([1.7, 0.6]); y = {text}; s = y.sum()")
    graph = graph_of(session.variables["s"], session.variables, 40, 400)
    assert not graph.left_out
    told = {
        "dot": re.findall(r"^  n(\d+) -> n(\d+);$", TEXTS["dot"](graph), re.M),
        "mermaid": re.findall(r"^  n(\d+) --> n(\d+)$", TEXTS["mermaid"](graph), re.M),
        "latex": re.findall(r"\(n(\d+)\) -- \(n(\d+)\);$", TEXTS["latex"](graph), re.M),
        "json": [(str(b), str(a)) for a, b in json.loads(TEXTS["json"](graph))["edges"]],
    }
    assert set(map(str, told.values())) == {str([(str(b), str(a)) for a, b in graph.edges()])}
    assert {end for edge in graph.edges() for end in edge} <= set(range(len(graph.vertices)))
    count = len(graph.vertices)
    assert len(re.findall(r"^  n\d+ \[", TEXTS["dot"](graph), re.M)) == count
    assert len(re.findall(r"\\node\[", TEXTS["latex"](graph))) == count
    assert graph.vertices[0].label == "s"


def test_in_latex_no_vertex_covers_another() -> None:
    session = Calculator(lambda output: None)
    session.run("w = [param([0.1, i, 1e9]) for i in range(9)]; y = stack(w).sigmoid().sum()")
    text = TEXTS["latex"](graph_of(session.variables["y"], session.variables, 40, 400))
    rows: dict[str, list[tuple[float, float]]] = {}
    for x, y, label in re.findall(r"at \(([-\d.]+), ([-\d.]+)\) \{(.*)\};", text):
        letters = max(map(len, re.findall(r"\\texttt\{([^}]*)\}", label)))
        rows.setdefault(y, []).append((float(x), 0.185 * letters))  # Computer Modern at 10 points
    assert max(map(len, rows.values())) == 9
    for row in rows.values():
        row.sort()
        for (x, width), (beside, its_width) in itertools.pairwise(row):
            assert beside - x > (width + its_width) / 2


def test_labels_are_quoted() -> None:
    vertices = [Vertex(text, "", "leaf", (), "1.") for text in NASTY]
    graph = Graph(vertices, [[] for _ in NASTY], list(range(len(NASTY))), 0)
    labels = re.findall(r'label="((?:[^"\\]|\\.)*)", shape', TEXTS["dot"](graph))
    read = [re.sub(r"\\(.)", r"\1", label.removesuffix(r"\n1.")) for label in labels]
    assert read == NASTY
    assert [v["label"] for v in json.loads(TEXTS["json"](graph))["nodes"]] == NASTY
    for line in TEXTS["mermaid"](graph).split("\n")[2:]:
        assert re.fullmatch(r'  n\d+\["[^"]*<br/>1\."\]', line), line
    for line in TEXTS["latex"](graph).split("\n")[2:-1]:
        assert not re.search(r"(?<!\\)[%$&#_]", line.partition("{")[2]), line


def test_a_picture_is_drawn_by_graphviz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\necho "drawn with $1 by gradcli"; cat\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    session = Calculator(lambda output: None)
    session.run("a = param(2.); z = a*a; graph z save=z.svg")
    assert (tmp_path / "z.svg").read_text().startswith("drawn with -Tsvg")
    session.run("graph z save=z.svg")  # over its own
    (tmp_path / "mine.svg").write_text("not a graph")
    with pytest.raises(Fault, match="no graph of gradcli's"):
        session.run("graph z save=mine.svg")
    program.write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(Fault, match="could not draw"):
        session.run("graph z to=svg")


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_itself_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session = Calculator(lambda output: None)
    session.run("x = param([2., 3.]); z = where(x > 2, x*x, x).sum(); backward z")
    session.run("graph z save=z.svg; graph z save=z.png")
    drawn = (tmp_path / "z.svg").read_text()
    assert drawn.count('class="node"') == 5
    assert drawn.count('class="edge"') == 6
    assert (tmp_path / "z.png").read_bytes().startswith(b"\x89PNG")


def test_without_graphviz_there_is_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    shown: list[Any] = []
    session = Calculator(shown.append)
    session.run("a = param(2.); z = a*a; graph z to=svg")
    told = texts(shown[-1].lines())
    assert "Graphviz is not installed" in told[0]
    assert told[2] == "digraph gradcli {"
    with pytest.raises(Fault, match="no svg can be drawn"):
        session.run("graph z save=z.svg")


def test_a_wide_screen_shows_more() -> None:
    session = Calculator(lambda output: None)
    session.run("W = param(randn(30, 30)); y = tanh(tanh(W @ W) @ W).sum(); backward y")
    graph = graph_of(session.variables["y"], session.variables, 12, 40)
    narrow, wide = (texts(Tree(graph, width).lines()) for width in (80, 120))
    assert max(map(len, narrow)) <= 80 < max(map(len, wide)) <= 120
