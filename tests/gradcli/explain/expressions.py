"""Random expressions over two parameters, as text, for the tests of formulas and of the writer."""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b"])
NUMBERS = st.sampled_from(["2", "3", "0.5", "1.5"])
UNARY = st.sampled_from(["sin", "cos", "exp", "tanh", "sigmoid", "sqrt", "log", "atan", "-"])
BINARY = st.sampled_from(["+", "-", "*", "/", "**2 +", "**3 *"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    one = st.builds(lambda f, x: f"(-{x})" if f == "-" else f"{f}({x})", UNARY, inner)
    two = st.builds(lambda x, sign, y: f"({x}{sign}{y})", inner, BINARY, inner | NUMBERS)
    return one | two


EXPRESSIONS = st.recursive(NAMES, _grown, max_leaves=7)
