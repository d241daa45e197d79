"""diff: the formulas a person would have written, and formulas that give the engine's numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import engine as torch
from gradcli.app import Calculator
from gradcli.base.outputs import texts
from gradcli.explain.formula.derivative import ENTRIES, Derivative, derivative
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
    "sin(a)/a": "(a*cos(a) - sin(a))/a**2",
    "a**2/(a + 1)": "(2*a*(a + 1) - a**2)/(a + 1)**2",
    "sin(a)/cos(a)": "1/cos(a)**2",
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
    ("((x @ W + b - y0)**2).mean()", "W"): "1/2 * x.T @ (x@W + b - y0)",
    ("((x @ W + b - y0)**2).mean()", "b"): "(x@W + b - y0).sum()/2",
    ("((x @ W - y0)**2).sum()", "W"): "2 * x.T @ (x@W - y0)",
    ("v @ A @ v", "v"): "(A + A.T) @ v",
    ("v @ A @ v", "A"): "outer(v, v)",
    ("v @ A @ v", "v v"): "A + A.T",
    ("(v**2).sum()", "v"): "2*v",
    ("(v**2).sum()", "v v"): "2*eye(3)",
    ("(v**3).sum()", "v v"): "6*diag(v)",
    ("(v**3).sum()", "v v v"): "6*dv**2",
    ("((x @ v)**2).sum()", "v v"): "2 * x.T @ x",
    ("v.mean()", "v"): "1/3",
    ("v.norm()", "v"): "v/v.norm()",
    ("v.norm()", "v v"): "eye(3)/v.norm() - outer(v, v)/v.norm()**3",
    ("logsumexp(v, 0)", "v"): "softmax(v, 0)",
    ("logsumexp(v, 0)", "v v"): "diag(softmax(v, 0)) - outer(softmax(v, 0), softmax(v, 0))",
    ("softmax(v, 0)", "v"): "diag(softmax(v, 0)) - outer(softmax(v, 0), softmax(v, 0))",
    ("dot(v, u)", "v"): "u",
    ("dot(v, u)", "v v"): "0",
    ("A @ u", "A"): "dA @ u",
    ("A @ v", "v"): "A",
    ("v @ A", "v"): "A.T",
    ("(A @ v) * v", "v"): "diag(A@v) + diag(v)@A",
    ("x @ A", "A"): "x @ dA",
    ("tanh(A @ v)", "v"): "diag(1 - tanh(A@v)**2) @ A",
    ("u * (v @ v)", "v"): "2*outer(u, v)",
    ("relu(A @ v)", "v"): "diag(where(A @ v > 0, 1, 0.0)) @ A",
    ("(x @ v).mean()", "v"): "x.sum(0)/4",
    ("outer(v, u).sum()", "v"): "u.sum()",
    ("logdet(A @ A.T)", "A"): "2 * inverse(A @ A.T) @ A",
    ("trace(A @ B)", "A"): "B.T",
    ("trace(A.T @ A)", "A"): "2*A",
    ("(A @ B).sum()", "A"): "ones(3, 3) @ B.T",
    ("cross_entropy(A, k)", "A"): "(softmax(A, 1) - one_hot(k, 3))/3",
    ("v.std()", "v"): "(v - v.mean())/(2*v.std())",
    ("v.var()", "v"): "v - v.mean()",
    ("v.prod()", "v"): "v.prod()/v",
    ("(c * v).sum()", "c"): "v.sum()",
    ("c * v", "c"): "v",
    ("exp(c) * v", "c c"): "v*exp(c)",
    ("(exp(c) * v).sum()", "c c v"): "exp(c)",
}
"""What is differentiated, by which names in turn, and the formula."""


PLACES = {
    ("v[0]*v[1]", "v"): "v[0]*eye(3)[1] + v[1]*eye(3)[0]",
    ("v[0]**2 + v[1]", "v"): "eye(3)[1] + 2*v[0]*eye(3)[0]",
    ("(1 - v[0])**2 + 100*(v[1] - v[0]**2)**2", "v v"): "",
    ("v[-1]**3", "v v"): "",
    ("softmax(v, 0)[0]", "v"): "softmax(v, 0)*(eye(3)[0] - softmax(v, 0)[0])",
    ("log_softmax(v, 0)[1]", "v"): "eye(3)[1] - softmax(v, 0)",
    ("A[0].sum()", "A"): "outer(eye(3)[0], ones(3))",
    ("A[:, 1] @ u", "A"): "outer(u, eye(3)[1])",
    ("A[1] @ A[2]", "A"): "outer(eye(3)[2], A[1]) + outer(eye(3)[1], A[2])",
    ("A[0, 1]*c", "A"): "",
    ("v[:2].sum()", "v"): "pad(ones(2), (0, 1))",
    ("(v[1:]*v[:-1]).sum()", "v"): "pad(v[1:], (0, 1)) + pad(v[:2], (1, 0))",
    ("((v[1:] - v[:-1])**2).sum()", "v v"): "",
    ("(A[:, 1:]**2).sum()", "A"): "2*pad(A[:, 1:], (1, 0))",
    ("A[:2, 1:].prod()", "A"): "",
    ("v[::2] @ v[::2]", "v"): "",
    ("v[v > 0].sum()", "v"): "where(v > 0, 1, 0)",
    ("(v[v > -9]**2).sum()", "v"): "2*zeros(3).masked_scatter(v > -9, v[v > -9])",
    ("v[[0, 2, 0]].prod()", "v"): "",
    ("A[k].sum()", "A"): "zeros(3, 3).index_put([k], ones(3, 3), True)",
    ("cat([v, v**2]).sum()", "v"): "2*v + 1",
    ("stack([v, 2*v])[1] @ u", "v"): "2*u",
    ("stack([v[0], v[2]]).prod()", "v"): "",
    ("v.flip(0) @ u", "v"): "flip(u, 0)",
    ("v.max()", "v"): "",
    ("v.unbind()[1]*v.sum()", "v"): "v[1] + v.sum()*eye(3)[1]",
    ("v.split(2)[0].prod()", "v"): "",
    ("v.narrow(0, 1, 2).sum()", "v"): "pad(ones(2), (1, 0))",
    ("A.diagonal().sum()", "A"): "eye(3)",
    ("A.select(0, 1).sum()*v[0]", "v"): "A[1].sum()*eye(3)[0]",
}
"""Indexing: its formulas, or "" where only the number matters."""


@pytest.mark.parametrize(("text", "by"), PLACES)
def test_formulas_of_places(text: str, by: str) -> None:
    found = derived(with_matrices(), text, by).formula
    assert found is not None
    assert PLACES[text, by] in ("", found)
    gives_the_engines_number(with_matrices(), text, by)


@pytest.mark.parametrize(("text", "by"), MATRICES)
def test_matrix_formula(text: str, by: str) -> None:
    assert derived(with_matrices(), text, by).formula == MATRICES[text, by]


@pytest.mark.parametrize(("text", "by"), MATRICES)
def test_a_matrix_formula_gives_the_engines_number(text: str, by: str) -> None:
    gives_the_engines_number(with_matrices(), text, by)


def gives_the_engines_number(
    session: Calculator, text: str, by: str, suppose: Callable[[bool], object] = bool
) -> None:
    """The value is that of backward run as often; so is the formula's, differentials included.

    `suppose` drops what is not finite, where a formula leaves out what PyTorch guards.
    """
    found = derived(session, text, by)
    suppose(bool(np.isfinite(session.variables["y"].detach().numpy()).all()))
    names = by.split()
    want = by_backward(session.variables["y"], [session.variables[name] for name in names])
    suppose(bool(np.isfinite(want).all()))
    assert (found.value is None) == (want.size > ENTRIES)
    if found.value is not None:
        np.testing.assert_allclose(found.value, want, rtol=1e-7, atol=1e-9)
    suppose(found.formula is not None)
    for name in names[len(names) - found.differentials :]:
        change = np.random.default_rng(5).normal(size=session.variables[name].shape)
        session.variables[f"d{name}"] = torch.tensor(change.tolist(), dtype=torch.float64)
    for name in names[len(names) - found.differentials :][::-1]:
        change = session.variables[f"d{name}"].numpy()
        want = np.tensordot(want, change, change.ndim)
    run(session, f"told = ({found.formula})")
    told = session.variables["told"]
    told = told.detach().numpy() if isinstance(told, torch.Tensor) else told
    np.testing.assert_allclose(np.broadcast_to(told, want.shape), want, rtol=1e-7, atol=1e-9)


def by_backward(y: torch.Tensor, xs: list[torch.Tensor]) -> np.ndarray:
    """The derivative of shape (of y, of each of xs ...), each row by a backward of its own."""
    shape = (*y.shape, *(size for x in xs for size in x.shape))
    for x in xs:
        rows = [
            torch.autograd.grad(one, x, create_graph=True, allow_unused=True)[0]
            if one.requires_grad
            else None
            for one in y.reshape(-1)
        ]
        y = torch.stack([torch.zeros_like(x) if row is None else row for row in rows])
    return y.detach().numpy().reshape(shape)


@pytest.mark.parametrize("text", ["a*log(b - b)", "sqrt(a - a)*a", "(a[0]*log(a - a)[1]).exp()"])
def test_what_is_not_finite_is_written_all_the_same(text: str) -> None:
    assert lines(started(), text, "a")


def test_what_does_not_depend_is_zero() -> None:
    session = started()
    assert lines(session, "a * 2", "b") == ["dy/db = 0 = tensor([0., 0.], dtype=torch.float64)"]


def test_a_formula_nobody_would_read_is_left_out() -> None:
    session = started()
    run(session, "y = a\nfor i in range(300):\n    y = sin(y)*b + y")
    assert derived(session, "y", "a").formula is None


def test_a_formula_uses_the_names_on_the_way_where_that_is_shorter() -> None:
    session = with_matrices()
    run(session, "h = tanh(x @ W); out = (h @ u[:1]).unsqueeze(1)")
    text = "((out - y0)**2).mean()"
    assert derived(session, text, "W").formula == "1/2 * x.T @ ((out - y0)*(1 - h**2)*u[:1])"


@settings(max_examples=200, deadline=None)
@given(EXPRESSIONS)
def test_every_formula_gives_the_engines_number(text: str) -> None:
    session = started()
    for name in ("a", "b"):
        found = derived(session, text, name)
        assume(found.formula is not None)
        y, x = session.variables["y"], session.variables[name]
        (want,) = torch.autograd.grad(y.sum(), x, retain_graph=True, allow_unused=True)
        wanted = np.zeros(2) if want is None else want.numpy()
        assume(np.isfinite(wanted).all())
        run(session, f"told = ({found.formula}) + 0*{name}")
        told = session.variables["told"]
        np.testing.assert_allclose(told.detach().numpy(), wanted, rtol=1e-7, atol=1e-9)


@settings(max_examples=200, deadline=None)
@given(EXPRESSIONS, st.sampled_from(["a a", "a b a", "c c", "c a c"]))
def test_every_formula_of_a_higher_order_gives_the_engines_number(text: str, by: str) -> None:
    session = started()
    run(session, "c = param(tensor(0.7, dtype=float64))")
    gives_the_engines_number(session, f"(c*{text}).sum()", by, assume)


@settings(max_examples=100, deadline=None)
@given(EXPRESSIONS, st.sampled_from(["a", "b"]))
def test_every_jacobian_gives_the_engines_number(text: str, by: str) -> None:
    session = started()
    run(session, "A = tensor([[0.3, 1.2], [0.9, -0.4]], dtype=float64)")
    gives_the_engines_number(session, f"A @ ({text} + {by})", by, assume)


PLACED = [
    "({0})[0]*({1})[1]",
    "(({0})[1:]*({1})[:-1]).sum()",
    "({0})[({1}) > 0.9].sum()",
    "(cat([{0}, {1}])[1:]*cat([{1}, {0}])[:3]).sum()",
    "(stack([{0}, {1}])[:, 1]**2).sum()",
    "stack([{0}, {1}]).flip(0).max()",
    "({0})[[1, 0, 1]].prod() * ({1}).sum()",
    "outer({0}, {1})[1] @ ({0})",
    "(A @ ({0}))[0]*({1}).norm()",
    "where({0} > {1}, {0}, 0.).sum()",
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PLACED), EXPRESSIONS, EXPRESSIONS, st.sampled_from(["a", "b", "a a"]))
def test_every_formula_with_places_gives_the_engines_number(
    text: str, first: str, second: str, by: str
) -> None:
    session = started()
    run(session, "A = tensor([[0.3, 1.2], [0.9, -0.4]], dtype=float64)")
    gives_the_engines_number(session, text.format(first, second), by, assume)


def test_at_gives_the_value_elsewhere() -> None:
    session = started()
    run(session, "y = (a**3*b).sum()")
    place = np.array([2.0, -1.0])
    found = asked(session, "a a", at={"a": place})
    b = session.variables["b"].detach().numpy()
    assert found.formula == "6*diag(a*b)"
    assert found.value is not None
    np.testing.assert_allclose(found.value, np.diag(6 * place * b))


def started() -> Calculator:
    session = Calculator(lambda output: None)
    run(session, "a = param(tensor([0.3137, 0.8219], dtype=float64))")
    run(session, "b = param(tensor([1.7351, 0.6173], dtype=float64))")
    return session


def run(session: Calculator, text: str) -> None:
    session.run(text)


def with_matrices() -> Calculator:
    session = Calculator(lambda output: None)
    run(session, "manual_seed(1); torch.set_default_dtype(float64)")
    run(session, "x = randn(4, 3); y0 = randn(4, 1); W = param(zeros(3, 1)); b = param(zeros(1))")
    run(session, "A = param(randn(3, 3)); B = randn(3, 3); v = param(randn(3)); u = randn(3)")
    run(session, "c = param(0.7); k = tensor([0, 2, 1])")
    return session


def derived(session: Calculator, text: str, by: str) -> Derivative:
    run(session, f"y = {text}")
    return asked(session, by)


def asked(session: Calculator, by: str, **options: Any) -> Derivative:
    names = session.variables
    xs = [(name, names[name]) for name in by.split()]
    return session.inside(partial(derivative, **options), names["y"], xs, names)


def lines(session: Calculator, text: str, by: str) -> list[str]:
    return texts(derived(session, text, by).lines())


def formula(session: Calculator, text: str, by: str) -> str | None:
    return derived(session, text, by).formula
