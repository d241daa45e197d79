"""From a differential to a Jacobian: dy = J dx, read as an expression that is linear in dx.

A linear expression is a matrix times dx (or, for a number, a vector times dx). The matrix is built
from the inside out: that of dx is the identity, that of a product with something else has its rows
scaled, that of A @ f has A before it. The table is that of Magnus and Neudecker, "Matrix
Differential Calculus", chapter 9.
"""

from __future__ import annotations

from engine.arrays.row import rows
from gradcli.explain.formula.algebra import apply_row
from gradcli.explain.formula.algebra.expression import (
    Call,
    Expression,
    Number,
    Product,
    Sum,
    product,
    scalar_of,
    scalars_of,
    times,
    total,
)
from gradcli.explain.formula.algebra.matrix_products import diag, eye, outer, transposed


class _UnreadableError(Exception):
    """The expression is not one whose matrix can be written."""


def jacobian(differential: Expression, dx: Expression) -> Expression | None:
    """The matrix J with differential = J @ dx, both vectors; None if it cannot be written."""
    try:
        return _Reading(dx).matrix(differential)
    except _UnreadableError:
        return None


class _Reading:
    """Reads expressions that are linear in dx."""

    def __init__(self, dx: Expression) -> None:
        self.dx = dx
        self._depends: dict[Expression, bool] = {}

    def depends(self, e: Expression | None) -> bool:
        """Whether dx is in an expression."""
        if e is None:
            return False
        if e not in self._depends:
            self._depends[e] = e == self.dx or any(map(self.depends, _parts(e)))
        return self._depends[e]

    def matrix(self, e: Expression) -> Expression:
        """The matrix M of a vector e = M @ dx."""
        size = e.shape[0]
        shape = (size, self.dx.shape[0])
        if e == self.dx:
            return eye(size)
        if not self.depends(e):
            if isinstance(e, Number) and e.value == 0:
                return Number(0.0, shape)
            raise _UnreadableError
        scalar = scalar_of(e)
        if scalar is not None:
            return outer(Number(1.0, (size,)), self.row(scalar))
        if isinstance(e, Sum):
            return total([(self.matrix(_fitted(term, size)), c) for term, c in e.terms], shape)
        if isinstance(e, Product):
            inner, rest = self._split(e)
            if inner.shape == ():
                return outer(_fitted(rest, size), self.row(inner))
            return _scaled_rows(rest, self.matrix(inner))
        assert isinstance(e, Call)
        return self._of_call(e)

    def _of_call(self, e: Call) -> Expression:
        first, second = (*e.args, None, None)[:2]
        if e.row.name == "mv" and first is not None and second is not None:
            if len(first.shape) == 1:  # v @ A
                first, second = transposed(second), first
            if not self.depends(first):
                return _before(first, self.matrix(second))
        if e.row.name == "keep" and first is not None and not self.depends(second):
            mask = Call(e.row, (Number(1.0, first.shape), second), (), first.shape)
            return _scaled_rows(mask, self.matrix(first))
        raise _UnreadableError

    def row(self, e: Expression) -> Expression:
        """The vector r of a number e = dot(r, dx)."""
        size = self.dx.shape
        if isinstance(e, Sum):
            return total([(self.row(term), c) for term, c in e.terms], size)
        if isinstance(e, Product):
            inner, rest = self._split(e)
            return product([(rest, 1), (self.row(inner), 1)], size)
        if isinstance(e, Call) and e.row.name in ("sum", "mean"):
            vector = e.args[0]
            if vector is not None and len(vector.shape) == 1:
                row = _row_before(Number(1.0, vector.shape), self.matrix(vector))
                return row if e.row.name == "sum" else times(1 / vector.shape[0], row)
        if isinstance(e, Call) and e.row.name == "dot":
            one, other = sorted(e.args, key=self.depends)
            if one is not None and other is not None and not self.depends(one):
                return _row_before(one, self.matrix(other))
        raise _UnreadableError

    def _split(self, e: Product) -> tuple[Expression, Expression]:
        """A product as the one factor with dx in it, and the rest."""
        inner = [(f, exponent) for f, exponent in e.factors if self.depends(f)]
        if len(inner) != 1 or inner[0][1] != 1:
            raise _UnreadableError
        others = [(f, exponent) for f, exponent in e.factors if not self.depends(f)]
        return inner[0][0], product([(Number(e.coefficient), 1), *others])


def _parts(e: Expression) -> list[Expression]:
    if isinstance(e, Product):
        return [f for f, _ in e.factors]
    if isinstance(e, Sum):
        return [term for term, _ in e.terms]
    return [arg for arg in e.args if arg is not None] if isinstance(e, Call) else []


def _fitted(e: Expression, size: int) -> Expression:
    """A number, or a vector of one element, repeated over a vector."""
    return e if e.shape == (size,) else product([(e, 1)], (size,))


def _is(e: Expression, name: str) -> bool:
    return isinstance(e, Call) and e.row.name == name


def _scaled_rows(r: Expression, m: Expression) -> Expression:
    """diag(r) @ m."""
    if isinstance(m, Sum):
        return total([(_scaled_rows(r, term), c) for term, c in m.terms], m.shape)
    if r.shape == () or scalar_of(r) is not None:
        return product([(scalar_of(r) or r, 1), (m, 1)], m.shape)
    scalars, rest = scalars_of(m)
    if scalars:
        return product([*scalars, (_scaled_rows(r, rest), 1)], m.shape)
    if isinstance(m, Call) and m.args and m.args[0] is not None:
        first = m.args[0]
        if _is(m, "diag"):
            return diag(product([(r, 1), (first, 1)]))
        if _is(m, "outer") and m.args[1] is not None:
            return outer(product([(r, 1), (first, 1)]), m.args[1])
        if _is(m, "mm") and _is(first, "diag"):
            return apply_row(rows["mm"], (_scaled_rows(r, first), m.args[1]), (), m.shape)
    return apply_row(rows["mm"], (diag(r), m), (), m.shape)


def _before(a: Expression, m: Expression) -> Expression:
    """a @ m, bracketed from the left."""
    shape = (a.shape[0], m.shape[1])
    if isinstance(m, Sum):
        return total([(_before(a, term), c) for term, c in m.terms], shape)
    scalars, rest = scalars_of(m)
    if scalars:
        return product([*scalars, (_before(a, rest), 1)], shape)
    if isinstance(m, Call) and m.row.name in ("outer", "mm"):
        first, second = m.args
        if first is not None and second is not None:
            if m.row.name == "mm":
                return apply_row(rows["mm"], (_before(a, first), second), (), shape)
            return outer(apply_row(rows["mv"], (a, first), (), a.shape[:1]), second)
    return apply_row(rows["mm"], (a, m), (), shape)


def _row_before(a: Expression, m: Expression) -> Expression:
    """a @ m for a vector a: a row of sums."""
    shape = m.shape[1:]
    if isinstance(m, Sum):
        return total([(_row_before(a, term), c) for term, c in m.terms], shape)
    scalars, rest = scalars_of(m)
    if scalars:
        return product([*scalars, (_row_before(a, rest), 1)], shape)
    if _is(m, "eye"):
        return a
    if isinstance(m, Call) and m.args and m.args[0] is not None:
        first = m.args[0]
        if _is(m, "diag"):
            return product([(a, 1), (first, 1)], shape)
        if _is(m, "outer") and m.args[1] is not None:
            inner = apply_row(rows["dot"], (a, first), (), ())
            return product([(inner, 1), (m.args[1], 1)], shape)
    return apply_row(rows["mv"], (transposed(m), a), (), shape)
