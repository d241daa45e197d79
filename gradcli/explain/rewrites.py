"""From a traced value to a simplified expression: one rewrite per row that has one.

A rewrite takes a row's operands as expressions, its parameters and the result's shape, and gives
an equal expression, or None where it has nothing to say. Rows without a rewrite stay calls.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

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
    Number,
    Product,
    Shape,
    is_number,
    product,
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
    if isinstance(x, Number):
        return Number(x.value * math.prod(x.shape) / max(math.prod(shape), 1), shape)
    if isinstance(x, Product) and len(x.factors) == 1 and x.factors[0][0].shape == shape == ():
        return product(
            [(Number(float(math.prod(x.shape))), 1), (Number(x.coefficient), 1), *x.factors], ()
        )
    return None


@rewrite("sum_to")
def _sum_to(shape: Shape, x: Expression, *params: Any) -> Expression | None:
    """A broadcast undone: the sum of everything, or over the leading dimensions, or as it is."""
    simpler = _sum(shape, x)
    if simpler is not None:
        return simpler
    if math.prod(shape) == 1:
        return apply_row(rows["sum"], (x,), (), shape)
    lead = len(x.shape) - len(shape)
    if x.shape[lead:] == shape:
        return apply_row(rows["sum_dim"], (x,), (tuple(range(lead)), False), shape)
    return None


@rewrite("mean", "mean_dim")
def _mean(shape: Shape, x: Expression, *params: Any) -> Expression | None:
    if isinstance(x, Number):
        return Number(x.value, shape)
    return x if x.shape == shape == () else None


@rewrite(
    "reshape",
    "view",
    "squeeze",
    "squeezed",
    "squeeze_dim",
    "squeeze_dims",
    "unsqueeze",
    "unsafe_view",
)
def _reshape(shape: Shape, x: Expression, *params: Any) -> Expression | None:
    if x.shape == shape:
        return x
    if len(shape) == 1 and isinstance(x, Call) and x.row.name == "mm":
        row, matrix = x.args  # (v as a row) @ A, as a vector again: v @ A
        vector = _vector_of(row, 0)
        if vector is not None:
            return Call(rows["mv"], (vector, matrix), (), shape)
    return Number(x.value, shape) if isinstance(x, Number) else None


# ---- matrices --------------------------------------------------------------------------------

_TRANSPOSES = {"t", "transpose", "permute", "mT"}


@rewrite(*_TRANSPOSES)
def _transpose(shape: Shape, x: Expression, *params: Any) -> Expression | None:
    if isinstance(x, Number):
        return Number(x.value, shape)
    if isinstance(x, Call) and x.row.name in _TRANSPOSES and len(shape) == 2:
        return x.args[0]
    return None


def _vector_of(x: Expression | None, dim: int) -> Expression | None:
    """The vector that a matrix of one row (dim 0) or one column (dim 1) was made of."""
    if isinstance(x, Call) and x.row.name == "unsqueeze" and x.params == (dim,):
        return x.args[0]
    if isinstance(x, Call) and x.row.name in _TRANSPOSES:
        return _vector_of(x.args[0], 1 - dim)
    return None


class Notation(NamedTuple):
    """A way of writing that no row has."""

    name: str
    operands: tuple[str, ...]
    written: str
    params: tuple[str, ...] = ()
    variadic: bool = False


_OUTER = Notation("outer", ("a", "b"), "outer(a, b)")


@rewrite("mm")
def _mm(shape: Shape, a: Expression, b: Expression) -> Expression | None:
    column, row = _vector_of(a, 1), _vector_of(b, 0)
    if column is not None and row is not None:
        return Call(_OUTER, (column, row), (), shape)
    return None


@rewrite("mul")
def _mul(shape: Shape, a: Expression, b: Expression) -> Expression:
    column, row = _vector_of(a, 1), _vector_of(b, 0)
    if column is not None and row is not None:
        return Call(_OUTER, (column, row), (), shape)
    return product([(a, 1), (b, 1)], shape)


@rewrite("where")
def _where(shape: Shape, condition: Expression, a: Expression, b: Expression) -> Expression | None:
    # PyTorch guards x**y at 0 with where(y == 0, 0, ...): a person writes the power alone.
    guard = isinstance(condition, Call) and condition.row.name in ("eq", "bitwise_and")
    if isinstance(condition, Number):
        return product([(a if condition.value else b, 1)], shape)
    return b if a == b or (guard and is_number(a, 0)) else None


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
    return Number(0.0, shape) if is_number(x, 0) else None


_LINEAR = {
    "sum": (0,), "sum_dim": (0,), "sum_to": (0,), "mean": (0,), "mean_dim": (0,), "reshape": (0,),
    "view": (0,), "t": (0,), "transpose": (0,), "permute": (0,), "mm": (0, 1), "mv": (0, 1),
    "bmm": (0, 1), "dot": (0, 1), "keep": (0,), "squeeze": (0,), "squeeze_dim": (0,),
    "unsqueeze": (0,), "unsafe_view": (0,), "flip": (0,), "index": (0,), "cumsum": (0,),
    "outer": (0, 1),
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
        if operand is not None and not isinstance(operand, Number):
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
            return name if isinstance(name, Expression) else Name(name, array.shape)
        node = node_of(item)
        if node is None or node.trace is None:
            return _constant(item, array)
        args = tuple(None if arg is None else self._done[id(arg)] for arg in node.trace.args)
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
        return Name(label, array.shape)
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
