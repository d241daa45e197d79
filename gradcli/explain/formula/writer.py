"""Writing an expression as a person would: the row's own notation, few brackets, numbers first.

What is written parses back in the language to the same value.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from gradcli.explain.formula.algebra.expression import (
    Call,
    Differential,
    Expression,
    Literal,
    Name,
    Notation,
    Number,
    Product,
    Shape,
    Sum,
    times,
)
from gradcli.explain.formula.precedence import ATOM, FACTOR, LOGIC, POWER, SIGN, TERM, Piece, within
from gradcli.language.evaluation.operators import SIGNS

_KNOWN = {math.log(2): "log(2)", math.log(10): "log(10)", math.pi: "pi", math.e: "e"}


def write(expression: Expression) -> str:
    """An expression as text."""
    return _write(expression, False)[0]


def number(value: float) -> Piece:
    """A number as text: 2, 0.1, 2/3, log(2)."""
    for constant, text in _KNOWN.items():
        if math.isclose(abs(value), constant, rel_tol=1e-12):
            return (text, ATOM) if value > 0 else (f"-{text}", SIGN)
    if not math.isfinite(value):
        return f"float('{value}')", ATOM
    if value == int(value) and abs(value) < 1e16:
        return str(int(value)), ATOM if value >= 0 else SIGN
    short = f"{value:.4g}"
    if math.isclose(float(short), value, rel_tol=1e-12):
        return short, ATOM if value >= 0 else SIGN
    fraction = _fraction(value)
    if fraction is not None:
        return f"{fraction.numerator}/{fraction.denominator}", FACTOR
    return repr(value), ATOM if value >= 0 else SIGN


def _fraction(value: float) -> Fraction | None:
    """The short fraction a number is: up to the rounding of a float32 if it is very short."""
    if not math.isfinite(value):
        return None
    for largest, tolerance in ((100, 6e-8), (1000, 1e-12)):
        fraction = Fraction(value).limit_denominator(largest)
        if math.isclose(float(fraction), value, rel_tol=tolerance):
            return fraction
    return None


def _write(expression: Expression | None, tight: bool) -> Piece:
    return _WRITERS[type(expression)](expression, tight)


def _literal(array: np.ndarray[Any, Any]) -> str:
    if array.size > 6:
        return f"<{'x'.join(map(str, array.shape))} values>"
    return f"tensor({array.tolist()})"


def _bracketed(expression: Expression | None, level: int, tight: bool = True) -> str:
    return within(_write(expression, tight), level)


def _sum(expression: Sum) -> str:
    """Positive terms first; the constant last in a polynomial, else first; A before A.T."""
    polynomial = not any(_is_call(term) for term, _ in expression.terms)

    def place(pair: tuple[Expression, float]) -> tuple[bool, bool, bool]:
        term, coefficient = pair
        turned = isinstance(term, Call) and term.row.name == "t"
        return coefficient < 0, isinstance(term, Number) == polynomial, turned

    terms = sorted(expression.terms, key=place)
    pieces: list[str] = []
    for term, coefficient in terms:
        whole = Product(abs(coefficient), ((term, 1.0),), term.shape)
        text = (
            number(abs(coefficient))[0]
            if isinstance(term, Number)
            else _bracketed(term, FACTOR)
            if abs(coefficient) == 1
            else _product(_joined(whole), True)[0]
        )
        sign = ("- " if coefficient < 0 else "+ ") if pieces else ("-" if coefficient < 0 else "")
        pieces.append(sign + text)
    return " ".join(pieces)


def _is_call(term: Expression) -> bool:
    if isinstance(term, Product):
        return any(isinstance(factor, Call) for factor, _ in term.factors)
    return isinstance(term, Call) and not _is_matrix_product(term)


def _joined(expression: Product) -> Product:
    """coefficient * (product) as one product."""
    (only, _), *_ = expression.factors
    if isinstance(only, Product):
        return Product(expression.coefficient * only.coefficient, only.factors, only.shape)
    return expression


def _product(expression: Product, tight: bool) -> Piece:
    above = [(f, e) for f, e in expression.factors if e > 0]
    below = [(f, -e) for f, e in expression.factors if e < 0]
    coefficient = expression.coefficient
    sign = "-" if coefficient < 0 else ""
    for constant, known in _KNOWN.items():
        if coefficient and math.isclose(abs(1 / coefficient), constant, rel_tol=1e-12):
            below.append((Name(known, ()), 1.0))
            coefficient = math.copysign(1.0, coefficient)
    found = _fraction(abs(coefficient))
    exact, fraction = found is not None, found or Fraction(1)
    numerator: list[str] = []
    denominator: list[str] = []
    wide = not tight and any(_is_matrix_product(f) for f, _ in above)
    alone = len(above) == 1 and _is_matrix_product(above[0][0])
    if (wide or alone) and exact and fraction.denominator != 1:
        numerator.append(f"{fraction.numerator}/{fraction.denominator}")
    elif exact and (
        fraction.numerator == 1 or float(f"{abs(coefficient):.4g}") != abs(coefficient)
    ):
        if fraction.numerator != 1 or not above:
            numerator.append(str(fraction.numerator))
        if fraction.denominator != 1:
            denominator.append(str(fraction.denominator))
    elif abs(coefficient) != 1:
        numerator.append(number(abs(coefficient))[0])
    above.sort(key=lambda pair: _place(pair[0]))
    lonely = len(above) == 1 and not any(_is_matrix_product(f) for f, _ in above[1:])
    for factor, exponent in above:
        level = FACTOR if lonely and numerator and (wide or alone) else None
        numerator.append(_power(factor, exponent, level, tight or level is None))
    denominator.extend(_power(factor, exponent, None, True) for factor, exponent in below)
    star, slash = (" * ", " / ") if wide else ("*", "/")
    text = star.join(numerator) or "1"
    if denominator:
        bottom = "*".join(denominator)
        text += slash + (f"({bottom})" if len(denominator) > 1 else bottom)
    if len(numerator) == 1 and not denominator and not sign:
        (factor, exponent), *_ = above
        return text, (ATOM if exponent == 1 else POWER)
    return sign + text, (SIGN if sign and len(numerator) + len(denominator) == 1 else FACTOR)


def _place(factor: Expression) -> int:
    """Where a factor stands: names, sums of names, functions, sums of those, a matrix product,
    a differential.
    """
    if isinstance(factor, Differential) or (
        isinstance(factor, Product) and any(isinstance(f, Differential) for f, _ in factor.factors)
    ):
        return 5
    if isinstance(factor, Call):
        return 4 if _is_matrix_product(factor) else 2
    if isinstance(factor, Sum):
        return 3 if any(_is_call(term) for term, _ in factor.terms) else 1
    return 0


def _is_matrix_product(expression: Expression) -> bool:
    return isinstance(expression, Call) and "@" in expression.row.written


def _power(base: Expression, exponent: float, level: int | None, tight: bool) -> str:
    if exponent == 1:
        return _bracketed(base, level or (POWER if _is_matrix_product(base) else SIGN), tight)
    if exponent == 0.5:
        return f"sqrt({write(base)})"
    text, binds = number(exponent)
    return f"{_bracketed(base, ATOM)}**{text if binds == ATOM else f'({text})'}"


# ---- rows in their own notation --------------------------------------------------------------


def _call(expression: Call, tight: bool) -> Piece:
    row = expression.row
    if row.name in _SUBSCRIPTS:
        return f"{_bracketed(expression.args[0], ATOM)}[{_subscript(expression)}]", ATOM
    tree = _template(row.written)
    fixed = len(row.operands) - row.variadic
    args = expression.args if _by_elements(row) else tuple(map(_whole, expression.args))
    names: dict[str, Any] = dict(zip(row.operands[:fixed], args[:fixed], strict=True))
    if row.variadic:
        names[row.operands[-1]] = args[fixed:]
    names.update((n, _Parameter(v)) for n, v in _parameters(expression).items())
    text, binds = _Filler(names, tight).visit(tree)
    return (text, binds) if expression.part is None else (f"{text}[{expression.part}]", ATOM)


_WRITERS: dict[type, Callable[[Any, bool], Piece]] = {
    type(None): lambda none, tight: ("None", ATOM),
    Number: lambda expression, tight: number(expression.value),
    Name: lambda expression, tight: (expression.text, ATOM),
    Differential: lambda expression, tight: (expression.text, ATOM),
    Literal: lambda expression, tight: (_literal(expression.array), ATOM),
    Sum: lambda expression, tight: (_sum(expression), TERM),
    Product: _product,
    Call: _call,
}
"""Kind of expression → what writes it."""
_SUBSCRIPTS = frozenset({"select", "slice", "index"})


def _subscript(expression: Call) -> str:
    """The place in x[0], x[:, 1:3] or x[:, i], what is left out left out."""
    x, *indices = expression.args
    if expression.row.name == "index":
        written = {d: write(i) for d, i in zip(expression.params[0], indices, strict=True) if i}
        return ", ".join(written.get(dim, ":") for dim in range(max(written) + 1))
    dim, *place = expression.params
    if len(place) == 1:
        return f"{':, ' * dim}{place[0]}"
    start, stop, step = place
    size = x.shape[dim] if x is not None else 0
    ends = f"{start or ''}:{'' if stop >= size else stop}" + (f":{step}" if step != 1 else "")
    return f"{':, ' * dim}{ends}"


_ZEROS = Notation("zeros", (), "zeros(*shape)", ("shape",))
_KEEP = Notation("keep", ("x", "mask"), "where(mask, x, 0.0)")
_ONES = Notation("ones", (), "ones(*shape)", ("shape",))
_EXPAND = Notation("expanded", ("x",), "x.expand(*shape)", ("shape",))


def _by_elements(row: Any) -> bool:
    return getattr(row, "broadcasts", False) or row.name in ("keep", "expanded")


def _whole(operand: Expression | None) -> Expression | None:
    """An operand whose shape matters: what is repeated in it is written as a whole array."""
    if operand is None or _shape_as_written(operand) == operand.shape:
        return _floating(operand)
    shape = operand.shape
    if isinstance(operand, Number):
        notation = _ONES if operand.value else _ZEROS
        return times(operand.value or 1.0, Call(notation, (), (shape,), shape))
    return Call(_EXPAND, (operand,), (shape,), shape)


def _floating(operand: Expression | None) -> Expression | None:
    """An operand whose dtype matters: where(mask, 1, 0) is of whole numbers."""
    if isinstance(operand, Call) and operand.row.name == "keep" and _is_number(operand.args[0]):
        return Call(_KEEP, operand.args, (), operand.shape)
    return operand


def _is_number(expression: Expression | None) -> bool:
    return isinstance(expression, Number)


def _shape_as_written(expression: Expression) -> Shape:
    """The shape that the text of an expression has: a number's is (), whatever it stands for."""
    if isinstance(expression, Number):
        return ()
    if isinstance(expression, (Product, Sum)):
        parts = expression.factors if isinstance(expression, Product) else expression.terms
        return np.broadcast_shapes(*(_shape_as_written(part) for part, _ in parts))
    if isinstance(expression, Call) and _by_elements(expression.row):
        shapes = [_shape_as_written(arg) for arg in expression.args if arg is not None]
        return np.broadcast_shapes(*shapes)
    return expression.shape


def _parameters(expression: Call) -> dict[str, Any]:
    """A row's parameters as they are written: those that say nothing are left out."""
    found = dict(zip(expression.row.params, expression.params, strict=True))
    ndim = len(expression.args[0].shape) if expression.args and expression.args[0] else -1
    dims = found.get("dims")
    if isinstance(dims, tuple):
        whole = len(dims) == ndim and not found.get("keepdim")
        if whole and expression.row.name in ("norm", "var", "std", "sum_dim", "mean_dim"):
            found["dims"] = None
            if found.get("p") == 2 or found.get("correction") == 1:
                found.update({key: None for key in ("p", "correction") if key in found})
        elif len(dims) == 1:
            found["dims"] = dims[0]
    return found


@cache
def _template(written: str) -> ast.expr:
    return ast.parse(written, mode="eval").body


class _Parameter:
    """A row's parameter, in a template."""

    def __init__(self, value: Any) -> None:
        self.value = value


_BINARY: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: ("+", TERM),
    ast.Sub: ("-", TERM),
    ast.Mult: ("*", FACTOR),
    ast.Div: ("/", FACTOR),
    ast.Mod: ("%", FACTOR),
    ast.FloorDiv: ("//", FACTOR),
    ast.MatMult: ("@", FACTOR),
    ast.Pow: ("**", POWER),
    ast.BitAnd: ("&", LOGIC),
    ast.BitOr: ("|", LOGIC),
    ast.BitXor: ("^", LOGIC),
}


class _Filler(ast.NodeVisitor):
    """Fills a row's template with its operands, bracketing by precedence."""

    def __init__(self, names: dict[str, Any], tight: bool) -> None:
        self.names = names
        self.tight = tight

    def generic_visit(self, tree: ast.AST) -> Piece:
        raise TypeError(f"a row's notation cannot hold {type(tree).__name__}")

    def visit_Constant(self, tree: ast.Constant) -> Piece:
        return repr(tree.value), ATOM

    def visit_UnaryOp(self, tree: ast.UnaryOp) -> Piece:
        sign = "~" if isinstance(tree.op, ast.Invert) else "-"
        return sign + self._at(tree.operand, SIGN), SIGN

    def visit_Compare(self, tree: ast.Compare) -> Piece:
        sign = SIGNS[type(tree.ops[0])]
        return f"{self._at(tree.left, TERM)} {sign} {self._at(tree.comparators[0], TERM)}", LOGIC

    def visit_Attribute(self, tree: ast.Attribute) -> Piece:
        return f"{self._at(tree.value, ATOM)}.{tree.attr}", ATOM

    def visit_Call(self, tree: ast.Call) -> Piece:
        arguments = [*self._arguments(tree.args), *self._keywords(tree.keywords)]
        return f"{self._at(tree.func, ATOM)}({', '.join(arguments)})", ATOM

    def visit_Subscript(self, tree: ast.Subscript) -> Piece:
        return f"{self._at(tree.value, ATOM)}[{self.visit(tree.slice)[0]}]", ATOM

    def visit_Name(self, tree: ast.Name) -> Piece:
        if tree.id not in self.names:
            return tree.id, ATOM
        value = self.names[tree.id]
        if isinstance(value, _Parameter):
            return (
                number(value.value)
                if type(value.value) is float
                else (_parameter(value.value), ATOM)
            )
        if isinstance(value, tuple):
            return f"[{', '.join(_write(part, True)[0] for part in value)}]", ATOM
        return _write(value, self.tight)

    def _at(self, tree: ast.expr, level: int) -> str:
        return within(self.visit(tree), level)

    def visit_BinOp(self, tree: ast.BinOp) -> Piece:
        sign, level = _BINARY[type(tree.op)]
        tight = self.tight
        right_level = SIGN if sign == "**" else level + 1
        left = self._at(tree.left, ATOM if sign == "**" else max(level, TERM))
        self.tight = tight or sign == "@"
        right = self._at(tree.right, right_level)
        self.tight = tight
        spaced = sign in "+-&|^" or (sign == "@" and not tight)
        return f"{left} {sign} {right}" if spaced else f"{left}{sign}{right}", level

    def _arguments(self, args: Iterable[ast.expr]) -> Iterable[str]:
        args = list(args)
        while args and isinstance(args[-1], ast.Name) and self._says_nothing(args[-1].id):
            args.pop()
        for arg in args:
            if isinstance(arg, ast.Starred) and isinstance(arg.value, ast.Name):
                value = self.names[arg.value.id]
                if isinstance(value, _Parameter):
                    yield from map(repr, value.value)
                else:
                    yield from (_write(part, False)[0] for part in value)
            else:
                yield self.visit(arg)[0]

    def _says_nothing(self, name: str) -> bool:
        value = self.names.get(name)
        return isinstance(value, _Parameter) and (value.value is None or value.value is False)

    def _keywords(self, keywords: Iterable[ast.keyword]) -> Iterable[str]:
        for keyword in keywords:
            yield f"{keyword.arg}={self.visit(keyword.value)[0]}"


def _parameter(value: Any) -> str:
    if isinstance(value, np.dtype):
        return f"torch.{value.name}"
    return repr(value)
