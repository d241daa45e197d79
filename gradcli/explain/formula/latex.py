r"""A written formula as LaTeX: 2/3 * X.T @ (X@W - y) is \frac{2}{3} X^\top (X W - y).

It reads the same text that a person reads, so that the two cannot say different things. Between
two tensors, `*` is \odot; with a number beside it, it is left out as in a book.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from inspect import signature
from typing import TypeGuard

from engine.arrays.row import rows
from engine.graph.registry import arrives
from gradcli.explain.formula.precedence import (
    ATOM,
    BIG_SUM,
    FACTOR,
    LOGIC,
    POWER,
    PRODUCT,
    TERM,
    Piece,
    within,
)

_GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)
_SIGNS: dict[type[ast.cmpop], str] = {
    ast.Gt: ">",
    ast.Lt: "<",
    ast.GtE: r"\ge",
    ast.LtE: r"\le",
    ast.Eq: "=",
    ast.NotEq: r"\ne",
}
_BRACKETS = r"\left({}\right)"
_REDUCED = frozenset("sum mean norm item prod max min dot det trace logdet logsumexp".split())


def latex(formula: str, scalars: frozenset[str] = frozenset()) -> str:
    """A formula as LaTeX; `scalars` are the names of 0-dim values."""
    try:
        tree = ast.parse(formula, mode="eval").body
    except SyntaxError:  # with numbers that have no name
        return rf"\texttt{{{escaped(formula)}}}"
    return _Writer(scalars).at(tree, LOGIC)


def quotient(of: str, by: list[str]) -> str:
    r"""\frac{\partial^2 z}{\partial a\,\partial b}."""
    above = rf"\partial{order(len(by))} {called(of)}"
    below = r" \, ".join(rf"\partial {called(x)}{order(by.count(x))}" for x in dict.fromkeys(by))
    return rf"\frac{{{above}}}{{{below}}}"


def order(count: int) -> str:
    """The order of a derivative, where it is not the first."""
    return "" if count == 1 else f"^{{{count}}}"


def called(text: str) -> str:
    """The name of a value that is differentiated, or differentiated by."""
    return name(text) if text.isidentifier() else rf"\left({latex(text)}\right)"


def name(text: str) -> str:
    r"""A variable: sigma is \sigma, W1 is W_{1}, y_pred is y_{\mathrm{pred}}, dx is \mathrm{d}x."""
    stem, _, below = text.partition("_")
    digits = re.fullmatch(r"([^\W\d]+)(\d+)", stem)
    if digits is not None:
        stem, below = digits[1], ", ".join(filter(None, (digits[2], below)))
    head = rf"\{stem}" if stem in _GREEK else stem if len(stem) == 1 else _upright(stem)
    if not below:
        return head
    return rf"{head}_{{{below if len(below) == 1 or below.isdigit() else _upright(below)}}}"


def _upright(text: str) -> str:
    return rf"\mathrm{{{escaped(text)}}}"


def escaped(text: str) -> str:
    """Text with LaTeX's own signs made harmless."""
    signs = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
    return "".join(signs.get(c, rf"\{c}" if c in "&%$#_{}" else c) for c in text)


class _Writer(ast.NodeVisitor):
    """Writes a tree of Python's, piece by piece."""

    def __init__(self, scalars: frozenset[str]) -> None:
        self.scalars = scalars

    def generic_visit(self, tree: ast.AST) -> Piece:
        """A tree without a notation of its own, as it is typed."""
        return rf"\texttt{{{escaped(ast.unparse(tree))}}}", ATOM

    def visit_UnaryOp(self, tree: ast.UnaryOp) -> Piece:
        sign = r"\lnot " if isinstance(tree.op, (ast.Invert, ast.Not)) else "-"
        return sign + self.at(tree.operand, BIG_SUM), TERM

    def visit_Compare(self, tree: ast.Compare) -> Piece:
        sign = _SIGNS.get(type(tree.ops[0]), "?")
        return f"{self.at(tree.left, TERM)} {sign} {self.at(tree.comparators[0], TERM)}", LOGIC

    def visit_Attribute(self, tree: ast.Attribute) -> Piece:
        if tree.attr not in ("T", "mT"):
            return self.generic_visit(tree)
        if _called_as(tree.value) == "inverse":
            return f"{self.at(tree.value.args[0], ATOM)}^{{-\\top}}", POWER  # type: ignore[attr-defined]
        return rf"{self.at(tree.value, ATOM)}^\top", POWER

    def at(self, tree: ast.expr, level: int) -> str:
        """A tree, in brackets if it binds less tightly."""
        return within(self.visit(tree), level, _BRACKETS)

    def visit_Name(self, tree: ast.Name) -> Piece:
        text = tree.id
        if re.fullmatch(r"d[^\W\d_]\w*", text) and text not in self.scalars:
            return rf"\mathrm{{d}}{name(text[1:])}", ATOM
        return name(text), ATOM

    def visit_Constant(self, tree: ast.Constant) -> Piece:
        mantissa, _, exponent = str(tree.value).partition("e")
        if exponent:
            return rf"{mantissa} \cdot 10^{{{int(exponent)}}}", ATOM
        return escaped(mantissa), ATOM

    def visit_BinOp(self, tree: ast.BinOp) -> Piece:
        left, right = tree.left, tree.right
        if isinstance(tree.op, (ast.Add, ast.Sub)):
            sign = "+" if isinstance(tree.op, ast.Add) else "-"
            after = TERM if sign == "+" else BIG_SUM
            return f"{self.at(left, TERM)} {sign} {self.at(right, after)}", TERM
        if isinstance(tree.op, (ast.Mult, ast.Div)) and _is_negative(left):
            positive = ast.BinOp(left.operand, tree.op, right)
            return f"-{self.at(positive, BIG_SUM)}", TERM
        if isinstance(tree.op, ast.Div):
            return rf"\frac{{{self.visit(left)[0]}}}{{{self.visit(right)[0]}}}", FACTOR
        if isinstance(tree.op, ast.Pow):
            return f"{self.at(left, ATOM)}^{{{self.visit(right)[0]}}}", POWER
        if isinstance(tree.op, ast.MatMult):
            return f"{self.at(left, FACTOR)} {self.at(right, FACTOR)}", FACTOR
        if isinstance(tree.op, ast.Mult):
            return self._product(left, right)
        sign = {ast.BitAnd: r"\land", ast.BitOr: r"\lor"}.get(type(tree.op), r"\bmod")
        return f"{self.at(left, ATOM)} {sign} {self.at(right, ATOM)}", LOGIC

    def _product(self, left: ast.expr, right: ast.expr) -> Piece:
        """Element by element, or by a number, which stands beside what it multiplies."""
        a, b = self.visit(left), self.visit(right)
        first, second = within(a, PRODUCT, _BRACKETS), within(b, BIG_SUM, _BRACKETS)
        binds = max(min(b[1], PRODUCT), BIG_SUM)
        if isinstance(right, ast.Constant):
            return rf"{first} \cdot {second}", PRODUCT
        if self.is_scalar(left) or self.is_scalar(right) or _is_unit(left) or _is_unit(right):
            return f"{first} {second}", FACTOR if min(a[1], b[1]) >= FACTOR else binds
        return rf"{first} \odot {second}", binds

    def is_scalar(self, tree: ast.expr) -> bool:
        """Whether a tree is a number, or made of numbers."""
        if isinstance(tree, ast.Constant):
            return True
        if isinstance(tree, ast.Name):
            return tree.id in self.scalars or tree.id == "pi"
        if isinstance(tree, ast.BinOp):
            return self.is_scalar(tree.left) and self.is_scalar(tree.right)
        if isinstance(tree, ast.UnaryOp):
            return self.is_scalar(tree.operand)
        if isinstance(tree, ast.Call):
            called = _called_as(tree)
            if called in _REDUCED:
                return len(tree.args) <= 1 or called in ("dot", "logsumexp")
            return bool(tree.args) and all(map(self.is_scalar, tree.args))
        return False

    def visit_Subscript(self, tree: ast.Subscript) -> Piece:
        """x[0] is x_{0}, and eye(3)[0] the unit vector e_{0}."""
        place = ast.unparse(tree.slice).strip("()")
        if not re.fullmatch(r"[\w:, -]+", place):
            return self.generic_visit(tree)
        whole = "e" if _called_as(tree.value) == "eye" else self.at(tree.value, ATOM)
        below = escaped(place.replace(" ", ""))
        return (f"{whole}_{{{below}}}" if "_" not in whole else f"{{{whole}}}_{{{below}}}"), ATOM

    def visit_Call(self, tree: ast.Call) -> Piece:
        args = [*tree.args, *(keyword.value for keyword in tree.keywords)]
        if isinstance(tree.func, ast.Attribute) and not _is_module(tree.func.value):
            args = [tree.func.value, *args]
        word = _called_as(tree)
        own = getattr(self, f"_of_{word}", None)
        if own is not None and _takes(own, len(args)):
            found: Piece = own(*args)
            return found
        notation = _notation(word, len(args))
        if "#" in notation:
            return self._filled(notation, args)
        inner = ", ".join(self.visit(arg)[0] for arg in args)
        return rf"{notation}\left({inner}\right)", ATOM

    def _filled(self, notation: str, args: list[ast.expr]) -> Piece:
        """A row's notation with its operands: what nothing encloses binds as its place asks."""
        bare = 0

        def put(place: re.Match[str]) -> str:
            nonlocal bare
            operand, before = args[int(place[1]) - 1], notation[: place.start()]
            if notation.startswith(("^", "_"), place.end()):
                level = ATOM
            elif before.count("{") > before.count("}") or r"\left" in before or r"\begin" in before:
                return self.at(operand, LOGIC)
            else:
                level = FACTOR
            bare += 1
            return self.at(operand, BIG_SUM if before.endswith(r"\sum ") else level)

        text = re.sub(r"#(\d)", put, notation)
        if notation.startswith(r"\sum"):
            return text, BIG_SUM
        return text, FACTOR if bare > 1 else POWER if re.match(r"(#\d|\w)\^", notation) else ATOM

    # ---- what has a notation of its own -------------------------------------------------------

    def _of_norm(self, x: ast.expr, *more: ast.expr) -> Piece:
        below = f"_{{{self.visit(more[0])[0]}}}" if more else ""
        return rf"\left\lVert {self.visit(x)[0]} \right\rVert{below}", ATOM

    def _of_unsqueeze(self, x: ast.expr, dim: ast.expr) -> Piece:
        row = isinstance(dim, ast.Constant) and dim.value == 0
        return (rf"{self.at(x, ATOM)}^\top", POWER) if row else self.visit(x)

    def _of_outer(self, a: ast.expr, b: ast.expr) -> Piece:
        return rf"{self.at(a, FACTOR)} {self.at(b, ATOM)}^\top", FACTOR

    def _of_eye(self, n: ast.expr) -> Piece:
        return f"I_{{{self.visit(n)[0]}}}", ATOM


def _notation(word: str, count: int) -> str:
    """How the rows that are written as `word`, with so many operands, are written in LaTeX."""
    arrives(word)
    found = [row.latex for row in rows.values() if row.latex and word in (row.name, row.word)]
    fitting = [notation for notation in found if notation.count("#") <= count]
    other = rf"\operatorname{{{escaped(word)}}}"
    return max(fitting, key=lambda notation: notation.count("#"), default=other)


def _is_negative(tree: ast.expr) -> TypeGuard[ast.UnaryOp]:
    return isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub)


def _is_unit(tree: ast.expr) -> bool:
    """Whether a tree is eye(n)[i]: what stands beside it is one number."""
    return isinstance(tree, ast.Subscript) and _called_as(tree.value) == "eye"


def _is_module(tree: ast.expr) -> bool:
    """Whether a tree is torch, torch.linalg or the like."""
    while isinstance(tree, ast.Attribute):
        tree = tree.value
    return isinstance(tree, ast.Name) and tree.id in ("torch", "F")


def _takes(function: Callable[..., Piece], count: int) -> bool:
    """Whether a function can be called with so many operands."""
    try:
        signature(function).bind(*range(count))
    except TypeError:
        return False
    return True


def _called_as(tree: ast.expr) -> str:
    if not isinstance(tree, ast.Call):
        return ""
    called = tree.func
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
