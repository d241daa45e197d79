"""The reading of a traced value: a simplified expression in the user's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.arrays.row import rows
from engine.transforms import recorded
from gradcli.explain.formula.algebra import apply_row
from gradcli.explain.formula.algebra.expression import Call, Expression, Literal, Name, Number

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
        if id(item) in self.names:
            return ()
        return tuple(arg for arg in recorded.operands(item) if arg is not None)

    def _make(self, item: Any) -> Expression:
        array = recorded.value(item)
        name = self.names.get(id(item))
        if name is not None:
            return name if isinstance(name, Expression) else Name(name, array.shape, array)
        node = recorded.made_by(item)
        if node is None:
            return _constant(item, array)
        args, params, part = self._args(node), recorded.params(node), recorded.part(item)
        if part is None:
            return apply_row(node.op, args, params, array.shape)
        if part == 0 and node.op.name in _FIRST:
            return Call(rows[_FIRST[node.op.name]], args, params, array.shape)
        if node.op.name == "unbind":
            dim = params[0] % (array.ndim + 1)
            return apply_row(rows["select"], args, (dim, part), array.shape)
        return Call(node.op, args, params, array.shape, part)

    def _args(self, node: recorded.Node) -> tuple[Expression | None, ...]:
        return tuple(
            None if arg is None else self._done[id(arg)] for arg in recorded.operands(node)
        )


def _constant(item: Any, array: np.ndarray[Any, Any]) -> Expression:
    label = recorded.name(item)
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
