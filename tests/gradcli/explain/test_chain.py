"""trace and check: the chain rule and central differences give the engine's gradient."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings

import engine as torch
from gradcli.app import Calculator
from gradcli.explain.chain_rule import Link, chain
from gradcli.explain.finite_differences import check
from gradcli.explain.gradient_flow import sizes
from tests.gradcli.explain.expressions import EXPRESSIONS


def started(*lines: str) -> Calculator:
    session = Calculator(lambda output: None)
    session.run("a = param(tensor([0.3137, 0.8219], dtype=float64))")
    session.run("b = param(tensor([1.7351, 0.6173], dtype=float64))")
    for line in lines:
        session.run(line)
    return session


def texts(lines: list[list[tuple[str, str]]]) -> list[str]:
    return ["".join(part for part, _ in line) for line in lines]


@settings(max_examples=200, deadline=None)
@given(EXPRESSIONS)
def test_trace_and_check_agree_with_the_engine(text: str) -> None:
    session = started(f"y = {text}", "z = y.sum()")
    z, names = session.variables["z"], session.variables
    assume(z.requires_grad)
    for name in ("a", "b"):
        x = names[name]
        (want,) = torch.autograd.grad(z, x, retain_graph=True, allow_unused=True)
        assume(want is not None and np.isfinite(want.numpy()).all())
        assume(np.abs(want.numpy()).max() < 1e6)
        rows = [r for r in chain(z, x, names).rows if isinstance(r, Link) and r.below == name]
        np.testing.assert_allclose(sum(row.sent for row in rows), want.numpy(), 1e-9, 1e-12)
        for row in rows:
            if row.local is not None and row.incoming is not None:
                np.testing.assert_allclose(row.incoming * row.local, row.sent, 1e-9, 1e-12)
        (compared,) = check(z, [(name, x)])
        assert compared.agrees or compared.kinks, compared


def test_a_broadcast_and_a_product_of_matrices() -> None:
    session = started(
        "W = param(ones(2, 3)); c = param(zeros(3)); x = ones(4, 2)", "z = (x @ W + c).sum()"
    )
    names = session.variables
    rows = chain(names["z"], names["W"], names).rows
    assert isinstance(rows[-1], Link)
    assert rows[-1].formula == "x.T @ g"
    last = chain(names["z"], names["c"], names).rows[-1]
    assert isinstance(last, Link)
    assert "broadcast" in last.remark


def test_check_finds_what_detach_hides() -> None:
    session = started("z = (a * a.detach()).sum()")
    (found,) = check(session.variables["z"], [("a", session.variables["a"])])
    assert not found.agrees
    assert found.error > 0.4


def test_check_leaves_kinks_out() -> None:
    session = started("q = param([0., 2., -1.]); z = relu(q).sum()")
    (found,) = check(session.variables["z"], [("q", session.variables["q"])])
    assert found.agrees
    assert found.kinks == [(0,)]


def test_check_of_second_order() -> None:
    session = started("z = (a**3).sum()")
    (found,) = check(session.variables["z"], [("a", session.variables["a"])], 2)
    assert found.agrees
    np.testing.assert_allclose(found.by_rule, 6 * session.variables["a"].array, 1e-9)


def test_flow_tells_where_a_gradient_broke_or_vanished() -> None:
    session = started("q = param([0., 2.]); z = sqrt(q).sum()")
    shown = texts(sizes(session.variables["z"], session.variables, 80).lines())
    assert shown[-1].startswith("q")
    assert shown[-1].endswith("50% not finite from here")
    session = started("v = a\nfor i in range(100):\n    v = v * 0.1", "z = v.sum()")
    flow = sizes(session.variables["z"], session.variables, 80)
    assert [size.remark for size in flow.sizes if size.remark] == ["vanished here"]


def test_a_large_graph_is_folded() -> None:
    session = started("v = a", "for i in range(3000):\n    v = v * 1.0001", "z = v.sum()")
    names = session.variables
    assert len(sizes(names["z"], names, 80).lines()) < 50
    assert len(chain(names["z"], names["a"], names).lines()) < 200
