"""A traced value as an expression: numbers, names, and operations on expressions.

Elementwise sums and products are kept in one canonical form each (a term's coefficient, a factor's
exponent), so that equal things are equal and simplification is mostly construction: making a sum
adds the coefficients of like terms, making a product adds the exponents of like factors. The table
of rewrites for everything else is in table.py; writing is in formula/writer.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import count
from typing import Any, NamedTuple

import numpy as np

Shape = tuple[int, ...]


_numbers: dict[Any, int] = {}
_counter = count()


class Expression:
    """An immutable expression of a known shape.

    Equal expressions have equal `uid`s: the number of what they are made of, which names their
    parts by number in turn, so that comparing never walks a tree. `size` is how many parts the
    expression has when it is written out.
    """

    __slots__ = ("shape", "size", "uid")

    shape: Shape
    size: int
    uid: int

    def _is(self, size: int, *key: Any) -> None:
        if len(_numbers) > 100_000:
            _numbers.clear()
        self.uid = _numbers.setdefault(key, next(_counter))
        self.size = size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.uid == other.uid

    def __hash__(self) -> int:
        return self.uid


class Number(Expression):
    """One number, in every element of its shape."""

    __slots__ = ("value",)

    def __init__(self, value: float, shape: Shape = ()) -> None:
        self.value = value
        self.shape = shape
        self._is(1, "number", value, shape)


class Name(Expression):
    """A value the user has a name for; its array, where a rewrite may ask for it."""

    __slots__ = ("array", "text")

    def __init__(self, text: str, shape: Shape, array: Any = None) -> None:
        self.text = text
        self.shape = shape
        self.array = array
        self._is(1, "name", text)


class Differential(Name):
    """A small change of a value: written last in a product."""

    __slots__ = ()


class Literal(Expression):
    """An array without a name."""

    __slots__ = ("array",)

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.array = array
        self.shape = array.shape
        self._is(1, "literal", array.tobytes(), array.shape)


class Product(Expression):
    """coefficient * factor ** exponent * ..., broadcast to its shape."""

    __slots__ = ("coefficient", "factors")

    def __init__(
        self, coefficient: float, factors: tuple[tuple[Expression, float], ...], shape: Shape
    ) -> None:
        self.coefficient = coefficient
        self.factors = factors
        self.shape = shape
        size = 1 + sum(f.size for f, _ in factors)
        self._is(size, "product", coefficient, frozenset((f.uid, e) for f, e in factors), shape)


class Sum(Expression):
    """coefficient * term + ..., broadcast to its shape."""

    __slots__ = ("terms",)

    def __init__(self, terms: tuple[tuple[Expression, float], ...], shape: Shape) -> None:
        self.terms = terms
        self.shape = shape
        size = 1 + sum(t.size for t, _ in terms)
        self._is(size, "sum", frozenset((t.uid, c) for t, c in terms), shape)


class Call(Expression):
    """A row applied to expressions (None for an operand left out) and parameters."""

    __slots__ = ("args", "params", "part", "row")

    def __init__(
        self,
        row: Any,
        args: tuple[Expression | None, ...],
        params: tuple[Any, ...],
        shape: Shape,
        part: int | None = None,
    ) -> None:
        self.row = row
        self.args = args
        self.params = params
        self.shape = shape
        self.part = part
        uids = tuple(None if arg is None else arg.uid for arg in args)
        size = 1 + sum(arg.size for arg in args if arg is not None)
        self._is(size, "call", row.name, uids, repr(params), part, shape)


class Notation(NamedTuple):
    """A way of writing that no row has."""

    name: str
    operands: tuple[str, ...]
    written: str
    params: tuple[str, ...] = ()
    variadic: bool = False


# ---- making sums and products ----------------------------------------------------------------


def broadcast(expressions: Iterable[Expression]) -> Shape:
    """The shape that expressions combined element by element have."""
    return np.broadcast_shapes(*(e.shape for e in expressions))


def product(parts: Iterable[tuple[Expression, float]], shape: Shape | None = None) -> Expression:
    """The product of part ** exponent, in canonical form."""
    parts = list(parts)
    if shape is None:
        shape = broadcast(part for part, _ in parts)
    coefficient = 1.0
    factors: dict[Expression, float] = {}
    for part, exponent in _flat_factors(parts):
        if isinstance(part, Number) and _has_power(part.value, exponent):
            coefficient *= part.value**exponent
        else:
            factors[part] = factors.get(part, 0) + exponent
    factors = {factor: exponent for factor, exponent in factors.items() if exponent}
    if coefficient == 0 or not factors:
        return Number(coefficient, shape)
    if len(factors) == 1:
        (only, exponent), *_ = factors.items()
        if only.shape == shape and exponent == 1:
            if coefficient == 1:
                return only
            if isinstance(only, Sum) and coefficient == -1:
                return total([(term, -c) for term, c in only.terms], shape)
    return Product(coefficient, tuple(factors.items()), shape)


def _flat_factors(parts: Iterable[tuple[Expression, float]]) -> Iterable[tuple[Expression, float]]:
    for part, exponent in parts:
        whole = float(exponent).is_integer()
        if isinstance(part, Product) and (whole or part.coefficient > 0):
            yield Number(part.coefficient), exponent
            if whole:
                yield from ((factor, e * exponent) for factor, e in part.factors)
            else:
                yield Product(1.0, part.factors, part.shape), exponent
        else:
            yield part, exponent


def _has_power(value: float, exponent: float) -> bool:
    return (value >= 0 or float(exponent).is_integer()) and (value != 0 or exponent > 0)


def total(parts: Iterable[tuple[Expression, float]], shape: Shape | None = None) -> Expression:
    """The sum of coefficient * part, in canonical form."""
    parts = list(parts)
    if shape is None:
        shape = broadcast(part for part, _ in parts)
    constant = 0.0
    terms: dict[Expression, float] = {}
    for part, c in _flat_terms(parts):
        if isinstance(part, Number):
            constant += c * part.value
        else:
            terms[part] = terms.get(part, 0) + c
    terms = {term: c for term, c in terms.items() if c}
    if not terms:
        return Number(constant, shape)
    if constant:
        terms[Number(1.0)] = constant
    elif len(terms) == 1:
        (only, c), *_ = terms.items()
        return product([(Number(c), 1), (only, 1)], shape)
    common = _common(terms.values())
    if common != 1:
        inner = Sum(tuple((term, c / common) for term, c in terms.items()), shape)
        return Product(common, ((inner, 1),), shape)
    return Sum(tuple(terms.items()), shape)


def _common(coefficients: Iterable[float]) -> float:
    """The number that a sum has in common: the greatest whole divisor, or a common fraction."""
    sizes = [abs(float(c)) for c in coefficients]
    if all(size.is_integer() and size < 1e9 for size in sizes):
        return float(math.gcd(*map(int, sizes)))
    return sizes[0] if all(math.isclose(size, sizes[0]) for size in sizes) else 1.0


def _flat_terms(parts: Iterable[tuple[Expression, float]]) -> Iterable[tuple[Expression, float]]:
    for part, c in parts:
        if isinstance(part, Sum):
            yield from ((term, c * inner) for term, inner in part.terms)
        elif isinstance(part, Product) and part.coefficient != 1:
            rest = product(part.factors, part.shape)
            yield from _flat_terms([(rest, c * part.coefficient)])
        else:
            yield part, c


def scaled(expression: Expression) -> tuple[float, Expression]:
    """An expression as a number times the rest."""
    if isinstance(expression, Number):
        return expression.value, Number(1.0, expression.shape)
    if isinstance(expression, Product) and expression.coefficient != 1:
        return expression.coefficient, product(expression.factors, expression.shape)
    return 1.0, expression


def times(coefficient: float, expression: Expression) -> Expression:
    """A number times an expression."""
    return product([(Number(coefficient), 1), (expression, 1)], expression.shape)


def is_number(expression: Expression | None, value: float) -> bool:
    """Whether an expression is this number everywhere."""
    return isinstance(expression, Number) and math.isclose(expression.value, value, rel_tol=1e-12)


def scalar_of(expression: Expression) -> Expression | None:
    """The 0-dim expression that this one repeats in every element, if it is made so."""
    if expression.shape == ():
        return expression
    if isinstance(expression, Number):
        return Number(expression.value)
    if isinstance(expression, Product) and all(f.shape == () for f, _ in expression.factors):
        return product([(Number(expression.coefficient), 1), *expression.factors], ())
    if isinstance(expression, Sum):
        parts = [(scalar_of(term), c) for term, c in expression.terms]
        if all(part is not None for part, _ in parts):
            return total([(part, c) for part, c in parts if part is not None], ())
    return None


def scalars_of(x: Expression) -> tuple[list[tuple[Expression, float]], Expression]:
    """A product as its 0-dim factors, the coefficient among them, and the rest."""
    if not isinstance(x, Product):
        return [], x
    same = [(f, e) for f, e in x.factors if f.shape == ()]
    if x.coefficient != 1:
        same.append((Number(x.coefficient), 1.0))
    if not same:
        return [], x
    return same, product([(f, e) for f, e in x.factors if f.shape != ()], x.shape)
