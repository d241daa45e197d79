"""The last look at an expression before it is written: what a person would still tidy up.

The canonical form of sums and products keeps equal things equal, which the rewrites need, and is
not always what a textbook prints: a sum of fractions over one base goes over one denominator,
sin**2 + cos**2 is 1, and A @ v + B @ v is (A + B) @ v.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.arrays.row import rows
from gradcli.explain.formula.algebra import apply_row
from gradcli.explain.formula.algebra.expression import (
    Call,
    Expression,
    Name,
    Number,
    Product,
    Sum,
    product,
    scaled,
    times,
    total,
)
from gradcli.explain.formula.algebra.matrix_products import transposed

Term = tuple[Expression, float]


def polished(expression: Expression) -> Expression:
    """The expression, tidied from the inside out."""
    return _polished(expression, {})


def _polished(expression: Expression, done: dict[Expression, Expression]) -> Expression:
    if expression not in done:
        done[expression] = _tidied(expression, done)
    return done[expression]


def _tidied(expression: Expression, done: dict[Expression, Expression]) -> Expression:
    if isinstance(expression, Product):
        factors = [(_polished(factor, done), e) for factor, e in _rows_as_vectors(expression)]
        return product([(Number(expression.coefficient), 1), *factors], expression.shape)
    if isinstance(expression, Sum):
        terms = [(_polished(term, done), c) for term, c in expression.terms]
        return _of_sum(total(terms, expression.shape))
    if isinstance(expression, Call) and expression.args:
        args = tuple(None if arg is None else _polished(arg, done) for arg in expression.args)
        return Call(expression.row, args, expression.params, expression.shape, expression.part)
    return expression


def _rows_as_vectors(expression: Product) -> Iterable[Term]:
    """The factors; a vector as a row beside a matrix is broadcast without saying so."""
    whole = any(f.shape == expression.shape for f, _ in expression.factors)
    for factor, exponent in expression.factors:
        row = isinstance(factor, Call) and factor.row.name == "unsqueeze" and factor.params == (0,)
        inner = factor.args[0] if whole and row and isinstance(factor, Call) else None
        yield (inner if inner is not None and len(inner.shape) == 1 else factor), exponent


def _of_sum(expression: Expression) -> Expression:
    coefficient, inner = scaled(expression)
    if not isinstance(inner, Sum):
        return expression
    for change in (_squares, _one_matrix, _one_fraction, _one_factor):
        changed = change(inner)
        if changed is not None:
            return times(coefficient, changed)
    return expression


def _squares(expression: Sum) -> Expression | None:
    """sin(x)**2 + cos(x)**2 is 1."""
    found: dict[Expression, dict[str, float]] = {}
    for term, c in expression.terms:
        if isinstance(term, Product) and len(term.factors) == 1 and term.factors[0][1] == 2:
            call = term.factors[0][0]
            if isinstance(call, Call) and call.row.name in ("sin", "cos") and call.args[0]:
                found.setdefault(call.args[0], {})[call.row.name] = c * term.coefficient
    for x, pair in found.items():
        if len(pair) == 2 and pair["sin"] == pair["cos"]:
            squares = [
                (product([(Call(rows[name], (x,), (), x.shape), 2)]), -c)
                for name, c in pair.items()
            ]
            terms = [*expression.terms, *squares, (Number(pair["sin"]), 1.0)]
            return total(terms, expression.shape)
    return None


# ---- one matrix ------------------------------------------------------------------------------


def _one_matrix(expression: Sum) -> Expression | None:
    """A @ v + B @ v is (A + B) @ v; v @ A stands for A.T @ v."""
    by_vector: dict[Expression, list[Term]] = {}
    rest: list[Term] = []
    for term, c in expression.terms:
        pair = _matrix_and_vector(term)
        if pair is None:
            rest.append((term, c))
        else:
            by_vector.setdefault(pair[1], []).append((pair[0], c))
    if all(len(matrices) == 1 for matrices in by_vector.values()):
        return None
    for vector, matrices in by_vector.items():
        matrix = total(matrices)
        rest.append((apply_row(rows["mv"], (matrix, vector), (), expression.shape), 1))
    return total(rest, expression.shape)


def _matrix_and_vector(term: Expression) -> tuple[Expression, Expression] | None:
    if not isinstance(term, Call) or not _is_row(term, "mv"):
        return None
    left, right = term.args
    if left is None or right is None:
        return None
    return (left, right) if len(left.shape) == 2 else (transposed(right), left)


def _is_row(expression: Expression, name: str) -> bool:
    return isinstance(expression, Call) and expression.row.name == name


# ---- one fraction ----------------------------------------------------------------------------


def _one_fraction(expression: Sum) -> Expression | None:
    """The sum over one denominator, where that reads better."""
    terms = [(*_fraction(term), c) for term, c in expression.terms]
    common: dict[Expression, float] = {}
    for _, below, _ in terms:
        for base, exponent in below.items():
            common[base] = max(common.get(base, 0), exponent)
    if not common or any(base.shape != expression.shape for base in common):
        return None
    raised = [
        (product([(above, 1), *_missing(common, below)], expression.shape), c)
        for above, below, c in terms
    ]
    numerator = total(raised, expression.shape)
    changed = _squares(numerator) if isinstance(numerator, Sum) else None
    numerator = numerator if changed is None else changed
    whole = product([(numerator, 1), *((b, -e) for b, e in common.items())], expression.shape)
    if whole.size < expression.size or (len(terms) > 1 and _belongs(terms, common)):
        return whole
    return None


def _fraction(term: Expression) -> tuple[Expression, dict[Expression, float]]:
    """A term as what is above the line, and what is below it with which exponents."""
    if not isinstance(term, Product):
        return term, {}
    above = [(f, e) for f, e in term.factors if e > 0]
    below = {f: -e for f, e in term.factors if e < 0}
    return product([(Number(term.coefficient), 1), *above], term.shape), below


def _missing(common: dict[Expression, float], below: dict[Expression, float]) -> Iterable[Any]:
    return [(base, e - below.get(base, 0)) for base, e in common.items() if e > below.get(base, 0)]


def _one_factor(expression: Sum) -> Expression | None:
    """The sum with a function that is a factor of every term before it."""
    shared: dict[Expression, float] | None = None
    for term, _ in expression.terms:
        factors = dict(term.factors) if isinstance(term, Product) else {term: 1.0}
        found: dict[Expression, float] = {
            f: e for f, e in factors.items() if isinstance(f, Call) and e > 0
        }
        shared = (
            found
            if shared is None
            else {f: min(e, found[f]) for f, e in shared.items() if f in found}
        )
    if not shared:
        return None
    below = [(f, -e) for f, e in shared.items()]
    rest = [(product([(term, 1), *below], expression.shape), c) for term, c in expression.terms]
    whole = product([(total(rest, expression.shape), 1), *shared.items()], expression.shape)
    return whole if whole.size < expression.size else None


def _belongs(terms: list[Any], common: dict[Expression, float]) -> bool:
    """Whether the quotient rule made this sum: every term is over the one base, in other powers.

    A number over a mere name stays a term of its own: s/sigma**3 - n/sigma.
    """
    if len(common) != 1 or any(set(below) != set(common) for _, below, _ in terms):
        return False
    if len({next(iter(below.values())) for _, below, _ in terms}) == 1:
        return False
    (base,) = common
    number = any(isinstance(above, Number) for above, _, _ in terms)
    return not (isinstance(base, Name) and number)
