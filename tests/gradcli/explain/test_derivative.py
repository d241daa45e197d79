"""diff: the formulas a person would have written, and formulas that give the engine's numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings

import engine as torch
from gradcli.explain.derivative import derivative
from gradcli.session import Session
from tests.gradcli.explain.expressions import EXPRESSIONS

ELEMENTWISE = {
    "a**2 + 5*b": "2*a",
    "a*b": "b",
    "a/b": "1/b",
    "b/a": "-b/a**2",
    "1/a": "-1/a**2",
    "a*a*a": "3*a**2",
    "(a + b)*(a - b)": "2*a",
    "(a - b)**2": "2*(a - b)",
    "5 - a": "-1",
    "0.1*a": "0.1",
    "a/7": "1/7",
    "sin(a**2)": "2*a*cos(a**2)",
    "a*sin(a)": "sin(a) + a*cos(a)",
    "sin(a)/a": "cos(a)/a - sin(a)/a**2",
    "exp(-a*b)": "-b*exp(-a*b)",
    "log(a)": "1/a",
    "log2(a)": "1/(a*log(2))",
    "sqrt(a)": "1/(2*sqrt(a))",
    "2**a": "log(2)*2**a",
    "a**b": "b*a**(b - 1)",
    "tanh(a)": "1 - tanh(a)**2",
    "sigmoid(a)": "sigmoid(a)*(1 - sigmoid(a))",
    "log(1 + exp(a))": "exp(a)/(1 + exp(a))",
    "relu(a)": "where(a > 0, 1, 0)",
    "abs(a)": "sign(a)",
    "atan2(a, b)": "b/(a**2 + b**2)",
    "asin(a)": "1/sqrt(1 - a**2)",
}


@pytest.mark.parametrize("text", ELEMENTWISE)
def test_elementwise_formula(text: str) -> None:
    session = started()
    assert formula(session, text, "a") == ELEMENTWISE[text]


MATRICES = {
    ("((x @ W + b - y)**2).mean()", "W"): "1/2 * x.T @ (x@W + b - y)",
    ("((x @ W + b - y)**2).mean()", "b"): "(x@W + b - y).sum()/2",
    ("((x @ W - y)**2).sum()", "W"): "2 * x.T @ (x@W - y)",
    ("v @ A @ v", "v"): "v@A + v@A.T",
    ("v @ A @ v", "A"): "outer(v, v)",
    ("(v**2).sum()", "v"): "2*v",
    ("v.mean()", "v"): "1/3",
    ("v.norm()", "v"): "v/v.norm()",
    ("logsumexp(v, 0)", "v"): "exp(v - logsumexp(v, 0))",
    ("dot(v, u)", "v"): "u",
}


@pytest.mark.parametrize(("text", "name"), MATRICES)
def test_matrix_formula(text: str, name: str) -> None:
    session = Session(lambda output: None)
    run(session, "x = randn(4, 3); y = randn(4, 1); W = param(zeros(3, 1)); b = param(zeros(1))")
    run(session, "A = param(randn(3, 3)); v = param(randn(3)); u = randn(3)")
    assert formula(session, text, name) == MATRICES[text, name]


def test_what_does_not_depend_is_zero() -> None:
    session = started()
    assert lines(session, "a * 2", "b") == ["dy/db = 0 = tensor([0., 0.], dtype=torch.float64)"]


def test_a_vector_counts_as_its_sum_unless_every_step_is_elementwise() -> None:
    session = Session(lambda output: None)
    run(session, "W = param(ones(2, 2)); x = ones(2)")
    assert lines(session, "W @ x", "W")[0].startswith("d(y.sum())/dW = ")


def test_a_formula_nobody_would_read_is_left_out() -> None:
    session = started()
    run(session, "y = a\nfor i in range(300):\n    y = sin(y)*b + y")
    (found,) = derivative(session.variables["y"], [session.variables["a"]], session.variables)
    assert found.formula is None


@settings(max_examples=150, deadline=None)
@given(EXPRESSIONS)
def test_every_formula_gives_the_engines_number(text: str) -> None:
    session = started()
    run(session, f"y = {text}")
    y = session.variables["y"]
    for name in ("a", "b"):
        x = session.variables[name]
        (found,) = derivative(y, [x], session.variables)
        assume(found.formula is not None)
        (want,) = torch.autograd.grad(y.sum(), x, retain_graph=True, allow_unused=True)
        wanted = np.zeros(2) if want is None else want.numpy()
        assume(np.isfinite(wanted).all())
        run(session, f"told = ({found.formula}) + 0*{name}")
        told = session.variables["told"]
        np.testing.assert_allclose(told.detach().numpy(), wanted, rtol=1e-7, atol=1e-9)


def started() -> Session:
    session = Session(lambda output: None)
    run(session, "a = param(tensor([0.3137, 0.8219], dtype=float64))")
    run(session, "b = param(tensor([1.7351, 0.6173], dtype=float64))")
    return session


def run(session: Session, text: str) -> None:
    session.run(text)


def lines(session: Session, text: str, name: str) -> list[str]:
    run(session, f"y = {text}")
    (found,) = derivative(session.variables["y"], [session.variables[name]], session.variables)
    return ["".join(piece for piece, _ in line) for line in found.lines()]


def formula(session: Session, text: str, name: str) -> str | None:
    run(session, f"y = {text}")
    (found,) = derivative(session.variables["y"], [session.variables[name]], session.variables)
    return found.formula
