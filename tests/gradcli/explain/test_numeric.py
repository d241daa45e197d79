"""check: for random expressions the differences agree with the gradient that backward gives."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings

import engine as torch
from gradcli.app import Calculator
from gradcli.explain.finite_differences import check
from tests.gradcli.explain.expressions import EXPRESSIONS


@settings(max_examples=200, deadline=None)
@given(EXPRESSIONS)
def test_check_agrees_with_backward(text: str) -> None:
    session = Calculator(lambda output: None)
    session.run("a = param(tensor([0.3137, 0.8219], dtype=float64))")
    session.run("b = param(tensor([1.7351, 0.6173], dtype=float64))")
    session.run(f"z = ({text}).sum()")
    z = session.variables["z"]
    assume(bool(np.isfinite(z.item())))
    leaves = [(name, session.variables[name]) for name in ("a", "b")]
    wanted = torch.autograd.grad(z, [x for _, x in leaves], allow_unused=True, retain_graph=True)
    for (name, x), want, found in zip(leaves, wanted, check(z, leaves), strict=True):
        rule = np.zeros(2) if want is None else want.numpy()
        assume(np.isfinite(rule).all() and np.abs(rule).max() < 1e6)
        assert found.name == name
        np.testing.assert_allclose(found.by_rule, rule, rtol=1e-7, atol=1e-9)
        assert found.agrees, f"{text} by {name}: {found.by_rule} {found.by_differences} {x}"
