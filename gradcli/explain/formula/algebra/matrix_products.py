"""Products of matrices: transposes, outer products, diagonals, inverses."""

from __future__ import annotations

from engine.arrays.row import rows
from gradcli.explain.formula.algebra.expression import (
    Call,
    Expression,
    Notation,
    Shape,
    is_number,
    product,
    scalar_of,
    scalars_of,
    scaled,
    times,
)
from gradcli.explain.formula.algebra.rewrites import apply_row, rewrite

_OUTER = Notation("outer", ("a", "b"), "outer(a, b)")
_EYE = Notation("eye", (), "eye(n)", ("n",))
_DIAG = Notation("diag", ("x",), "diag(x)")


def eye(size: int) -> Expression:
    """The identity matrix."""
    return Call(_EYE, (), (size,), (size, size))


def diag(x: Expression) -> Expression:
    """The diagonal matrix of a vector."""
    size = x.shape[0]
    scalar = scalar_of(x)
    if scalar is not None:
        return product([(scalar, 1), (eye(size), 1)], (size, size))
    same, rest = scalars_of(x)
    return product([*same, (Call(_DIAG, (rest,), (), (size, size)), 1)], (size, size))


def outer(a: Expression, b: Expression) -> Expression:
    """The outer product of two vectors."""
    shape = (a.shape[0], b.shape[0])
    (first, a), (second, b) = scalars_of(a), scalars_of(b)
    return product([*first, *second, (Call(_OUTER, (a, b), (), shape), 1)], shape)


@rewrite("t")
def _t(shape: Shape, x: Expression) -> Expression | None:
    return transposed(x) if len(shape) == 2 else x


@rewrite("transpose")
def _transpose(shape: Shape, x: Expression, first: int, second: int) -> Expression | None:
    return transposed(x) if len(shape) == 2 and (first - second) % 2 else None


@rewrite("permute")
def _permute(shape: Shape, x: Expression, dims: tuple[int, ...]) -> Expression | None:
    if tuple(dim % len(shape) for dim in dims) == (1, 0):
        return transposed(x)
    return x if list(dims) == sorted(dims) else None


def transposed(x: Expression) -> Expression:
    """The transpose of a matrix: of a product, of the factors in turn."""
    shape = x.shape[::-1]
    scalar = scalar_of(x)
    if scalar is not None:
        return product([(scalar, 1)], shape)
    factor, rest = scaled(x)
    if factor != 1:
        return times(factor, transposed(rest))
    if isinstance(x, Call):
        one, *others = x.args or (None,)
        if x.row.name == "t" and one is not None:
            return one
        if x.row.name in ("eye", "diag"):
            return x
        if x.row.name == "inv" and one is not None and transposed(one) == one:
            return x
        if x.row.name == "outer":
            return Call(_OUTER, x.args[::-1], (), shape)
        if x.row.name == "mm" and one is not None and others[0] is not None:
            return apply_row(rows["mm"], (transposed(others[0]), transposed(one)), (), shape)
    return Call(rows["t"], (x,), (), shape)


def vector_of(x: Expression | None, dim: int) -> Expression | None:
    """The vector that a matrix of one row (dim 0) or one column (dim 1) was made of."""
    if isinstance(x, Call) and x.row.name == "unsqueeze" and x.params == (dim,):
        return x.args[0]
    if isinstance(x, Call) and x.row.name == "t":
        return vector_of(x.args[0], 1 - dim)
    return None


@rewrite("mm")
def _mm(shape: Shape, a: Expression, b: Expression) -> Expression | None:
    column, row = vector_of(a, 1), vector_of(b, 0)
    if column is not None and row is not None:
        return Call(_OUTER, (column, row), (), shape)
    if isinstance(a, Call) and a.row.name == "eye":
        return b
    return a if isinstance(b, Call) and b.row.name == "eye" else None


@rewrite("mv")
def _mv(shape: Shape, a: Expression, b: Expression) -> Expression | None:
    """A matrix times ones is the sums of its rows; a matrix of ones times a vector, its sum."""
    same = scalar_of(a)
    if same is not None:
        return product([(same, 1), (apply_row(rows["sum"], (b,), (), ()), 1)], shape)
    if len(a.shape) != 2 or not is_number(b, 1):
        return None
    if isinstance(a, Call) and a.row.name == "t":
        return apply_row(rows["sum_dim"], a.args, ((0,), False), shape)
    return apply_row(rows["sum_dim"], (a,), ((1,), False), shape)


@rewrite("dot")
def _dot(shape: Shape, a: Expression, b: Expression) -> Expression | None:
    for one, other in ((a, b), (b, a)):
        if is_number(one, 1):
            return apply_row(rows["sum"], (other,), (), ())
    return None


@rewrite("cofactor")
def _cofactor(shape: Shape, x: Expression) -> Expression | None:
    if len(shape) != 2:
        return None
    inverse = Call(rows["inv"], (x,), (), shape)
    return product([(Call(rows["det"], (x,), (), ()), 1), (transposed(inverse), 1)], shape)


@rewrite("diagonal_backward")
def _diagonal_backward(
    shape: Shape, x: Expression, whole: Shape, offset: int, *dims: int
) -> Expression | None:
    square = len(shape) == 2 and shape[0] == shape[1] and offset == 0
    return diag(x) if square else None
