"""Formulas as LaTeX: read as they are meant, brackets where they are needed and only there."""

from __future__ import annotations

import pytest

from gradcli.explain.formula.latex import latex, name, quotient

WRITTEN = {
    "2*x": r"2 x",
    "x*y": r"x \odot y",
    "n*x": r"n x",
    "x*3": r"x \cdot 3",
    "-x*y": r"-x \odot y",
    "-x**2/2": r"-\frac{x^{2}}{2}",
    "a - -x*y": r"a - \left(-x \odot y\right)",
    "(a + b)*x": r"\left(a + b\right) \odot x",
    "A@B*x": r"A B \odot x",
    "A@(B*x)": r"A \left(B \odot x\right)",
    "(2*x)@y": r"2 x y",
    "n*(x*y)@A": r"\left(n x \odot y\right) A",
    "(x*y).T": r"\left(x \odot y\right)^\top",
    "a - (b + c)": r"a - \left(b + c\right)",
    "a - b*c": r"a - b \odot c",
    "sum(x*y)": r"\sum x \odot y",
    "sum(x)*y": r"\left(\sum x\right) y",
    "2*sum(x)": r"2 \sum x",
    "n*sum(x) + 1": r"n \sum x + 1",
    "(x + y).sum()": r"\sum \left(x + y\right)",
    "x.sum(1)": r"\operatorname{sum}_{1}\left(x\right)",
    "exp(-x)": r"e^{-x}",
    "exp(x)**2": r"\left(e^{x}\right)^{2}",
    "log(x)/sqrt(y)": r"\frac{\log\left(x\right)}{\sqrt{y}}",
    "sigmoid(x)": r"\sigma\left(x\right)",
    "inverse(A).T": r"A^{-\top}",
    "dot(x, y)": r"x^\top y",
    "abs(x) > 1": r"\left|x\right| > 1",
    "where(x > 0, x, 0)": r"\begin{cases} x & x > 0 \\ 0 & \text{else} \end{cases}",
    "1.5e-07*x": r"1.5 \cdot 10^{-7} x",
    "x[0]*A[0, 1:]": r"x_{0} \odot A_{0,1:}",
    "W1[0]": "{W_{1}}_{0}",
    "x[0]*eye(3)[1]": r"x_{0} e_{1}",
    "(x/y)**2": r"\left(\frac{x}{y}\right)^{2}",
    "x[x > 0]": r"\texttt{x[x > 0]}",
    "x[0]_%": r"\texttt{x[0]\_\%}",
    "torch.exp(x)": "e^{x}",
    "torch.linalg.inverse(A)": "A^{-1}",
    "x.sum(dim=1)": r"\operatorname{sum}_{1}\left(x\right)",
    "where(x)": r"\operatorname{where}\left(x\right)",
}


@pytest.mark.parametrize("formula", WRITTEN)
def test_a_formula_is_written_as_in_a_book(formula: str) -> None:
    assert latex(formula, frozenset({"n"})) == WRITTEN[formula]


def test_a_deep_product_is_written_once() -> None:
    depth = 40  # written twice a level, it would never end
    assert latex("x*(y*" * depth + "z" + ")" * depth).count("z") == 1
    assert latex("n*(n*" * depth + "n" + ")" * depth, frozenset({"n"})).count("n") == 2 * depth + 1


def test_names_and_quotients() -> None:
    names = ["x", "sigma", "W1", "loss", "y_pred", "x_1", "h2_old"]
    assert [name(text) for text in names] == [
        "x",
        r"\sigma",
        "W_{1}",
        r"\mathrm{loss}",
        r"y_{\mathrm{pred}}",
        "x_{1}",
        r"h_{\mathrm{2, old}}",
    ]
    assert quotient("z", ["a", "b", "a"]) == (
        r"\frac{\partial^{3} z}{\partial a^{2} \, \partial b}"
    )
