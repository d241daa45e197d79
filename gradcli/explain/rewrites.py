"""From a traced value to a simplified expression: one rewrite per row that has one.

A rewrite takes a row's operands as expressions, its parameters and the result's shape, and gives
an equal expression, or None where it has nothing to say. Rows without a rewrite stay calls.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from engine.interpreters import NUMPY
from engine.node import Node, Output
from engine.op import rows
from engine.symbolic import node_of
from engine.tensor import Tensor
from gradcli.explain.expression import (
    Call,
    Expression,
    Literal,
    Name,
    Notation,
    Number,
    Product,
    Shape,
    Sum,
    is_number,
    product,
    scalar_of,
    scalars_of,
    scaled,
    times,
    total,
)

Rewrite = Callable[..., Expression | None]
REWRITES: dict[str, Rewrite] = {}


def rewrite(*rows: str) -> Callable[[Rewrite], Rewrite]:
    """Add a rewrite for the rows named."""

    def add(function: Rewrite) -> Rewrite:
        for row in rows:
            REWRITES[row] = function
        return function

    return add


# ---- arithmetic becomes sums and products ----------------------------------------------------

REWRITES["add"] = lambda shape, a, b: total([(a, 1), (b, 1)], shape)
REWRITES["sub"] = lambda shape, a, b: total([(a, 1), (b, -1)], shape)
REWRITES["rsub"] = lambda shape, x, other: total([(Number(other), 1), (x, -1)], shape)
REWRITES["neg"] = lambda shape, x: times(-1, x)
REWRITES["div"] = lambda shape, a, b: product([(a, 1), (b, -1)], shape)
REWRITES["reciprocal"] = lambda shape, x: product([(x, -1)], shape)
REWRITES["square"] = lambda shape, x: product([(x, 2)], shape)
REWRITES["rsqrt"] = lambda shape, x: product([(x, -0.5)], shape)
REWRITES["sqrt"] = lambda shape, x: product([(x, 0.5)], shape)
REWRITES["clone"] = REWRITES["to_copy"] = REWRITES["alias"] = lambda shape, x, *params: x
REWRITES["beside"] = lambda shape, g, x: g
REWRITES["zeros_like"] = lambda shape, x: Number(0.0, shape)
REWRITES["ones_like"] = lambda shape, x: Number(1.0, shape)


@rewrite("pow")
def _pow(shape: Shape, x: Expression, exponent: Any) -> Expression | None:
    # (x**2)**0.5 is |x|: only whole powers of a product may be multiplied out.
    if isinstance(x, Product) and not float(exponent).is_integer():
        return None
    return product([(x, exponent)], shape)


@rewrite("pow_tensor")
def _pow_tensor(shape: Shape, a: Expression, b: Expression) -> Expression | None:
    return product([(a, b.value)], shape) if isinstance(b, Number) else None


# ---- broadcasting and reductions -------------------------------------------------------------


@rewrite("expand", "reshape_like")
def _expand(shape: Shape, x: Expression, *params: Any) -> Expression:
    if isinstance(x, Number):
        return Number(x.value, shape)
    return product([(x, 1)], shape)


@rewrite("sum", "sum_dim")
def _sum(shape: Shape, x: Expression, *params: Any) -> Expression | None:
    if x.shape == shape:
        return x
    scalar = scalar_of(x)
    if scalar is not None:
        count = math.prod(x.shape) / max(math.prod(shape), 1)
        return product([(Number(count), 1), (scalar, 1)], shape)
    if isinstance(x, Call) and x.row.name in ("softmax", "one_hot"):
        last = len(x.shape) - 1
        along = x.params[0] % len(x.shape) if x.row.name == "softmax" else last
        if params[:1] == ((along,),) or (not params and not last):
            return Number(1.0, shape)
    if params and math.prod(shape) == 1:
        return product([(apply_row(rows["sum"], (x,), (), ()), 1)], shape)
    return _factors_out(shape, x, *params)


def _factors_out(shape: Shape, x: Expression, *params: Any) -> Expression | None:
    """The sum of a product, with the factors that are the same in every element before it."""
    same, rest = scalars_of(x)
    if not same:
        return _matrix_times_vector(shape, x, *params)
    inner = apply_row(rows["sum_dim" if params else "sum"], (rest,), params, shape)
    return product([*same, (inner, 1)], shape)


def _matrix_times_vector(shape: Shape, x: Expression, *params: Any) -> Expression | None:
    """(A * v).sum(1) is A @ v."""
    if len(x.shape) != 2 or not isinstance(x, Product) or params[:1] != ((1,),):
        return None
    for place, (factor, exponent) in enumerate(x.factors):
        vector = factor if len(factor.shape) == 1 else _vector_of(factor, 0)
        if vector is not None and exponent == 1:
            others = [*x.factors[:place], *x.factors[place + 1 :]]
            matrix = product([(Number(x.coefficient), 1), *others], x.shape)
            found = apply_row(rows["mv"], (matrix, vector), (), x.shape[:1])
            return apply_row(rows["unsqueeze"], (found,), (1,), shape) if params[1] else found
    return None


@rewrite("sum_to")
def _sum_to(shape: Shape, x: Expression, *params: Any) -> Expression | None:
    """A broadcast undone: the sum of everything, or over the leading dimensions, or as it is."""
    if x.shape == shape:
        return x
    if math.prod(shape) == 1:
        return product([(apply_row(rows["sum"], (x,), (), ()), 1)], shape)
    lead = len(x.shape) - len(shape)
    if x.shape[lead:] == shape:
        return apply_row(rows["sum_dim"], (x,), (tuple(range(lead)), False), shape)
    if not lead:
        dims = tuple(dim for dim, size in enumerate(shape) if size != x.shape[dim])
        return apply_row(rows["sum_dim"], (x,), (dims, True), shape)
    return _sum(shape, x) if scalar_of(x) is not None else None


@rewrite("mean", "mean_dim")
def _mean(shape: Shape, x: Expression, *params: Any) -> Expression | None:
    scalar = scalar_of(x)
    if scalar is not None:
        return product([(scalar, 1)], shape)
    if params and math.prod(shape) == 1:
        return product([(apply_row(rows["mean"], (x,), (), ()), 1)], shape)
    return None


_RESHAPES = (
    "reshape", "view", "squeeze", "squeezed", "squeeze_dim", "squeeze_dims", "unsqueeze",
    "unsafe_view",
)  # fmt: skip


@rewrite("flip")
def _flip(shape: Shape, x: Expression, *params: Any) -> Expression | None:
    return x if scalar_of(x) is not None else None


@rewrite(*_RESHAPES)
def _reshape(shape: Shape, x: Expression, *params: Any) -> Expression | None:
    if x.shape == shape:
        return x
    scalar = scalar_of(x)
    if scalar is not None:
        return product([(scalar, 1)], shape)
    if isinstance(x, Call) and x.row.name in _RESHAPES:
        inner = x.args[0]
        if inner is not None and inner.shape == shape:
            return inner
    if len(shape) == 1 and isinstance(x, Call) and x.row.name == "mm":
        row, matrix = x.args  # (v as a row) @ A, as a vector again: v @ A
        vector = _vector_of(row, 0)
        if vector is not None:
            return Call(rows["mv"], (vector, matrix), (), shape)
    return None


# ---- softmax and its losses ------------------------------------------------------------------

_ONE_HOT = Notation("one_hot", ("x",), "one_hot(x, classes)", ("classes",))


@rewrite("exp")
def _exp(shape: Shape, x: Expression) -> Expression | None:
    """exp(log_softmax(x)), and exp(x - logsumexp(x)), are softmax(x)."""
    if isinstance(x, Call) and x.row.name == "log_softmax":
        return Call(rows["softmax"], x.args, x.params, shape)
    if isinstance(x, Sum):
        for term, coefficient in x.terms:
            whole = _unwrapped(term)
            if coefficient == -1 and isinstance(whole, Call) and whole.row.name == "logsumexp":
                rest = total([(x, 1), (term, -1 * coefficient)], shape)
                if rest == whole.args[0] and len(whole.params[0]) == 1:
                    return Call(rows["softmax"], whole.args, whole.params[0], shape)
    return None


def _unwrapped(x: Expression) -> Expression:
    """What was repeated, or given a dimension of size 1, before it was."""
    while True:
        if isinstance(x, Call) and x.row.name == "unsqueeze" and x.args[0] is not None:
            x = x.args[0]
        elif isinstance(x, Product) and x.coefficient == 1 and [e for _, e in x.factors] == [1]:
            x = x.factors[0][0]
        else:
            return x


@rewrite("nll_loss_backward")
def _nll_loss_backward(
    shape: Shape, g: Expression, x: Expression, target: Expression, weight: Expression | None,
    reduction: str, ignored: int,
) -> Expression | None:  # fmt: skip
    """-g * one_hot(target), where no class has a weight and none is ignored."""
    classes = _array_of(target)
    scalar = scalar_of(g)
    if weight is not None or classes is None or scalar is None or len(shape) > 2:
        return None
    if not classes.size or (classes == ignored).any():
        return None
    if isinstance(target, Number):
        target = Literal(classes)
    share = -1 / classes.size if reduction == "mean" else -1.0
    hot = Call(_ONE_HOT, (target,), (shape[-1],), shape)
    return product([(Number(share), 1), (scalar, 1), (hot, 1)], shape)


def _array_of(x: Expression) -> np.ndarray[Any, Any] | None:
    if isinstance(x, Number):
        return np.full(x.shape, int(x.value))
    return x.array if isinstance(x, (Name, Literal)) else None


# ---- matrices --------------------------------------------------------------------------------

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


def _vector_of(x: Expression | None, dim: int) -> Expression | None:
    """The vector that a matrix of one row (dim 0) or one column (dim 1) was made of."""
    if isinstance(x, Call) and x.row.name == "unsqueeze" and x.params == (dim,):
        return x.args[0]
    if isinstance(x, Call) and x.row.name == "t":
        return _vector_of(x.args[0], 1 - dim)
    return None


@rewrite("mm")
def _mm(shape: Shape, a: Expression, b: Expression) -> Expression | None:
    column, row = _vector_of(a, 1), _vector_of(b, 0)
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


@rewrite("mul")
def _mul(shape: Shape, a: Expression, b: Expression) -> Expression:
    column, row = _vector_of(a, 1), _vector_of(b, 0)
    if column is not None and row is not None:
        return Call(_OUTER, (column, row), (), shape)
    return product([(a, 1), (b, 1)], shape)


# ---- conditions ------------------------------------------------------------------------------


@rewrite("where")
def _where(shape: Shape, condition: Expression, a: Expression, b: Expression) -> Expression | None:
    if isinstance(condition, Number):
        return product([(a if condition.value else b, 1)], shape)
    # PyTorch guards x**y, and a norm, where they have no derivative: a person writes none.
    if a == b or (is_number(a, 0) and _is_guard(condition)):
        return product([(b, 1)], shape)
    return None


def _is_guard(condition: Expression | None) -> bool:
    return isinstance(condition, Call) and condition.row.name in ("eq", "bitwise_and")


def _is_guarded(condition: Expression) -> bool:
    return isinstance(condition, Call) and condition.row.name == "bitwise_not" and _is_guard(
        condition.args[0]
    )


@rewrite("relu_backward")
def _relu_backward(shape: Shape, g: Expression, x: Expression) -> Expression:
    mask = apply_row(rows["gt"], (x, Number(0.0)), (), x.shape)
    return apply_row(rows["keep"], (g, mask), (), shape)


@rewrite("gt")
def _greater(shape: Shape, a: Expression, b: Expression) -> Expression | None:
    if isinstance(a, Call) and a.row.name == "relu" and is_number(b, 0):
        return Call(rows["gt"], (a.args[0], b), (), shape)
    return None


@rewrite("keep")
def _keep(shape: Shape, x: Expression, mask: Expression) -> Expression | None:
    if isinstance(mask, Number):
        return times(mask.value, x)
    if _is_guarded(mask):
        return x
    if isinstance(x, Call) and x.row.name == "keep" and x.args[1] == mask:
        return x
    if isinstance(x, Call) and x.row.name == "relu" and isinstance(mask, Call):
        return x if mask.row.name == "gt" and mask.args[0] == x.args[0] else None
    return Number(0.0, shape) if is_number(x, 0) else None


_LINEAR = {
    "sum": (0,), "sum_dim": (0,), "sum_to": (0,), "mean": (0,), "mean_dim": (0,), "reshape": (0,),
    "view": (0,), "t": (0,), "transpose": (0,), "permute": (0,), "mm": (0, 1), "mv": (0, 1),
    "bmm": (0, 1), "dot": (0, 1), "keep": (0,), "squeeze": (0,), "squeeze_dim": (0,),
    "unsqueeze": (0,), "unsafe_view": (0,), "flip": (0,), "index": (0,), "cumsum": (0,),
    "outer": (0, 1), "diag": (0,), "sum_to_size": (0,),
}  # fmt: skip
"""Rows that a number can be taken out of, and from which operands."""


def apply_row(
    row: Any, args: tuple[Expression | None, ...], params: Any, shape: Shape
) -> Expression:
    """A row applied to expressions, simplified."""
    change = REWRITES.get(row.name)
    if change is not None:
        changed = change(shape, *args, *params)
        if changed is not None:
            return changed
    if getattr(row, "broadcasts", False) and all(isinstance(arg, Number) for arg in args):
        return _folded(row, args, params, shape)
    coefficient = 1.0
    operands = list(args)
    for place in _LINEAR.get(row.name, ()):
        operand = operands[place]
        if operand is not None:
            factor, operands[place] = scaled(operand)
            coefficient *= factor
    if coefficient != 1:
        return times(coefficient, apply_row(row, tuple(operands), params, shape))
    return Call(row, tuple(operands), tuple(params), shape)


def _folded(row: Any, args: tuple[Any, ...], params: Any, shape: Shape) -> Number:
    """A function of numbers alone is a number: the language has no tanh(1), as PyTorch has none."""
    value = row.over(NUMPY)(*(np.asarray(arg.value) for arg in args), *params)
    return Number(np.asarray(value).item(), shape)


# ---- reading a trace -------------------------------------------------------------------------


_FIRST = {"inv_ex": "inv", "solve_ex": "solve"}
"""Rows whose first result is another row's, with a word on how it went beside it."""


class Reader:
    """Turns items of a trace into expressions; values with a name in `names` are not opened.

    `names` maps the identity of an item of the trace to the user's name for it, or to an expression
    that stands for it.
    """

    def __init__(self, names: Mapping[int, str | Expression]) -> None:
        self.names = names
        self._done: dict[int, Expression] = {}

    def read(self, item: Any) -> Expression:
        """The expression of an item; iterative, since graphs are deep."""
        stack = [item]
        while stack:
            current = stack[-1]
            if id(current) in self._done:
                stack.pop()
                continue
            waiting = [arg for arg in self._operands(current) if id(arg) not in self._done]
            if waiting:
                stack.extend(waiting)
            else:
                self._done[id(current)] = self._make(current)
                stack.pop()
        return self._done[id(item)]

    def _operands(self, item: Any) -> tuple[Any, ...]:
        node = node_of(item)
        if node is None or id(item) in self.names or node.trace is None:
            return ()
        return tuple(arg for arg in node.trace.args if arg is not None)

    def _make(self, item: Any) -> Expression:
        array = _array(item)
        name = self.names.get(id(item))
        if name is not None:
            return name if isinstance(name, Expression) else Name(name, array.shape, array)
        node = node_of(item)
        if node is None or node.trace is None:
            return _constant(item, array)
        args = tuple(None if arg is None else self._done[id(arg)] for arg in node.trace.args)
        if type(item) is Output and item.index == 0 and node.op.name in _FIRST:
            return Call(rows[_FIRST[node.op.name]], args, node.trace.params, array.shape)
        if type(item) is Output:
            return Call(node.op, args, node.trace.params, array.shape, item.index)
        return apply_row(node.op, args, node.trace.params, array.shape)


def _array(item: Any) -> np.ndarray[Any, Any]:
    if isinstance(item, Tensor):
        return item.array
    if isinstance(item, (Node, Output)):
        node = node_of(item)
        assert node is not None
        assert node.trace is not None
        return np.asarray(node.trace.values[getattr(item, "index", 0)])
    return np.asarray(item)


def _constant(item: Any, array: np.ndarray[Any, Any]) -> Expression:
    label = getattr(item, "label", None)
    if label is not None:
        return Name(label, array.shape, array)
    if array.dtype.kind == "c" and not array.imag.any():
        array = array.real
    if array.size and array.dtype.kind in "fiub" and (array == array.flat[0]).all():
        return Number(_plain(array.flat[0]), array.shape)
    return Literal(array)


def _plain(value: Any) -> float:
    """A float32 as the short decimal it was written as."""
    if isinstance(value, np.float32):
        return float(str(value))
    return float(value)
