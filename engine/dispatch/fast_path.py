"""The short ways: a row's function of Tensors, for the common case.

`unary`, `binary`, `viewer` and `several` do what `apply` does for tensors of one floating
dtype with no tracing, with everything that case does not need left out; whatever else comes along
they hand to `apply`. They are why an operation on small tensors costs little more than NumPy's.
Plainly, each of them computes

    arrays = [operand.array for operand in operands]
    edges = tuple(edge_of(operand) for operand in operands)
    tensor = wrap(op.bound(*arrays, *params))
    if recording and any(edge is not None for edge in edges):
        tensor.edge = new_node(op, edges, saved_values(op, edges, arrays, tensor.array, params))

and notes in `restore` what was broadcast; `viewer` wraps the node in a View.
`traced` lets `unary` and `binary` serve a session as well: their result is given its trace after.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.arrays import limits
from engine.arrays.backends import NUMPY, Rows
from engine.arrays.modes import GRAD, TRACE, mode
from engine.arrays.row import NO_PULLBACK, Op
from engine.arrays.scalars import F32, F64, doubles, scalar, singles
from engine.arrays.types import Params
from engine.dispatch.apply import apply, fit, renew_view, saved_values, source, trace_of
from engine.graph.node import Node, edge_of, new_node
from engine.graph.provenance import MAXIMUM_CONSTANT_DEPTH
from engine.graph.storage import View, next_rank
from engine.graph.tensor import INFERRED, LEAF, Tensor

_mode = mode.get
_ndarray = np.ndarray
_asarray = np.asarray
_TRACED = GRAD | TRACE
SMALL = 1024
"""Operands of more elements go through `apply`, which asks for a result's memory before it is."""


def caller(op: Op) -> Callable[..., Any]:
    """The function of Tensors that a row stands for: f(operands..., parameters...).

    A last operand that stands for many is passed as one sequence.
    """
    op.bound = op.over(NUMPY)
    count = len(op.operands)
    if op.variadic:
        fixed = count - 1
        return lambda *arguments: apply(
            op, (*arguments[:fixed], *arguments[fixed]), arguments[fixed + 1 :]
        )
    if op.outputs == 1 and op.differentiable:
        if op.operands == ("x",):
            return viewer(op) if op.view else unary(op)
        if count == 2 and not op.params and not op.saves_facts and not any(op.masks):
            return binary(op)
        if not (op.broadcasts or op.floats or op.view):
            return several(op)
    return lambda *arguments: apply(op, arguments[:count], arguments[count:])


TENSORS = Rows(caller)
"""The table of rows over Tensors: `TENSORS.sin(x)` runs and records the row."""


def traced(op: Op, call: Callable[..., Any], operands: tuple[Any, ...], params: Params) -> Tensor:
    """The result of `call`, a short way, given the trace that it does not keep."""
    args = tuple([source(operand) for operand in operands])
    token = mode.set(GRAD)
    try:
        tensor: Tensor = call(*operands, *params)
    finally:
        mode.reset(token)
    limits.check(tensor.array.shape)
    node = tensor.edge
    if node is None:
        node = new_node(op, (None,) * len(operands), ())
    node.trace = trace_of(args, params, tensor.array, False)
    if tensor.edge is not None or node.trace.depth <= MAXIMUM_CONSTANT_DEPTH:
        tensor.bare_origin = node
    return tensor


def unary(op: Op) -> Callable[..., Any]:
    """The caller of a row with one operand."""
    forward = op.bound
    bounded = op.estimate is None
    keeps, places = op.saves, op.places
    keeps_input, keeps_out, keeps_nothing = keeps == ("x",), keeps == ("out",), keeps == ()
    keeps_shape, keeps_given = keeps == ("x_shape",), keeps == ("x", *op.params)

    def call(input: Any = None, *params: Any) -> Any:
        try:
            array = input.array
            edge = input.edge
        except AttributeError:
            if input is None:
                raise TypeError(
                    f'{op.name}() missing 1 required positional arguments: "input"'
                ) from None
            return apply(op, (input,), params)
        if (now := _mode()) > GRAD:
            if now == _TRACED and bounded and _small(input):
                return traced(op, call, (input,), params)
            return apply(op, (input,), params)
        dtype = array.dtype
        if dtype is not F32 and dtype is not F64:
            return apply(op, (input,), params)
        try:
            out = forward(array, *params) if params else forward(array)
        except (ValueError, TypeError, IndexError):
            return apply(op, (input,), params)
        if type(out) is not _ndarray:
            out = _asarray(out)
        if edge is not None and type(edge) is not Node:
            edge = input if edge is LEAF else edge_of(input)
        tensor = Tensor()
        tensor.array = out
        if edge is None or not now:
            tensor.edge = None
            return tensor
        tensor.edge = node = Node()
        node.op = op
        node.edges = (edge,)
        node.rank = next_rank()
        node.hooks = node.trace = node.restore = None
        if keeps_input:
            node.saved = (array,)
        elif keeps_out:
            node.saved = (out,)
        elif keeps_nothing:
            node.saved = ()
        elif keeps_shape:
            node.saved = (array.shape,)
        elif keeps_given:
            node.saved = (array, *params)
        else:
            values = (array, out, *params, array.shape, array.dtype)
            node.saved = tuple([values[place] for place in places])
        return tensor

    return call


def _small(tensor: Tensor) -> bool:
    array = tensor.array
    return array.size <= SMALL and (array.dtype is F32 or array.dtype is F64)


def viewer(op: Op) -> Callable[..., Any]:
    """The caller of a row whose result shows its one operand's memory."""
    forward, places = op.bound, op.places

    def call(x: Any, *params: Any) -> Any:
        if type(x) is not Tensor or _mode() != GRAD:
            return apply(op, (x,), params)
        array = x.array
        try:
            out = forward(array, *params)
        except (ValueError, TypeError, IndexError):
            return apply(op, (x,), params)
        if out.base is None:
            return apply(op, (x,), params)
        tensor = Tensor()
        tensor.array = out
        edge = x.edge
        step = (op, params)
        if type(edge) is View:
            base, path, made, edge = edge.base, (*edge.path, step), edge.made, edge.current()
        else:
            base, path, made = x, (step,), ""
            if edge is LEAF:
                edge = x
            elif edge is INFERRED:
                return apply(op, (x,), params)
        if edge is None:
            tensor.edge = View(base, path, None, renew_view, made)
            return tensor
        node = Node()
        node.op = op
        node.edges = (edge,)
        node.rank = next_rank()
        node.hooks = node.trace = node.restore = None
        if places:
            values = (None, None, *params, array.shape, array.dtype)
            node.saved = tuple([values[place] for place in places])
        else:
            node.saved = ()
        tensor.edge = View(base, path, node, renew_view, made)
        return tensor

    return call


def binary(op: Op, fallback: Callable[[Any, Any], Any] | None = None) -> Callable[..., Any]:
    """The caller of a row with two operands and no parameters: elementwise, or a matrix product."""
    forward = op.bound
    floats, broadcasts, numbers = op.floats, op.broadcasts, op.numbers
    crosswise = op.needs == ((op.operands[1],), (op.operands[0],))
    keeps_nothing = op.saves == ()
    ndim_a, ndim_b = op.ndims or (None, None)
    kinds = {*("iu" if op.ndims else "iub")}.difference(op.refuses)
    general = fallback or (lambda a, b: apply(op, (a, b)))

    def call(input: Any, other: Any) -> Any:
        try:
            x = input.array
            edge_a = input.edge
        except AttributeError:
            return general(input, other)
        if (now := _mode()) > GRAD:
            if now == _TRACED and broadcasts and _small(input):
                second = type(other)
                if second is Tensor:
                    plain = _small(other) and other.array.dtype is input.array.dtype
                else:
                    plain = numbers and (second is float or second is int)
                if plain:
                    return traced(op, call, (input, other), ())
            return general(input, other)
        dtype = x.dtype
        if edge_a is not None and type(edge_a) is not Node:
            if edge_a is INFERRED:
                return general(input, other)
            edge_a = input if edge_a is LEAF else edge_of(input)
        if type(other) is Tensor:
            y = other.array
            if dtype is not y.dtype or (
                dtype is not F32 and dtype is not F64 and (floats or dtype.kind not in kinds)
            ):
                return general(input, other)
            edge_b = other.edge
            if edge_b is LEAF:
                edge_b = other
            elif edge_b is not None and type(edge_b) is not Node:
                if edge_b is INFERRED:
                    return general(input, other)
                edge_b = edge_of(other)
        elif (
            (type(other) is float or type(other) is int)
            and numbers
            and (dtype is F32 or dtype is F64)
        ):
            y = (singles if dtype is F32 else doubles).get(other)  # type: ignore[assignment]
            if y is None or dtype is not y.dtype:
                y = scalar(other, dtype)
            edge_b = None
        else:
            return general(input, other)
        if ndim_a is not None and (x.ndim != ndim_a or y.ndim != ndim_b):
            return general(input, other)
        try:
            out = forward(x, y)
        except (ValueError, TypeError):
            return general(input, other)
        if type(out) is not _ndarray:
            out = _asarray(out)
        tensor = Tensor()
        tensor.array = out
        if (edge_a is None and edge_b is None) or not now:
            tensor.edge = None
            return tensor
        tensor.edge = node = Node()
        node.op = op
        node.edges = (edge_a, edge_b)
        node.rank = next_rank()
        node.hooks = node.trace = node.restore = None
        if crosswise:
            node.saved = (
                None if edge_b is None else x,
                None if edge_a is None else y,
            )
        elif keeps_nothing:
            node.saved = ()
        else:
            node.saved = saved_values(op, node.edges, [x, y], out, ())
        if broadcasts and (edge_b is not None or y.ndim):
            shape_a, shape_b = x.shape, y.shape
            if shape_a != shape_b:
                shape = out.shape
                keep_a = edge_a is None or shape_a == shape
                keep_b = edge_b is None or shape_b == shape
                if not (keep_a and keep_b):
                    node.restore = (
                        None if keep_a else (shape_a, dtype),
                        None if keep_b else (shape_b, dtype),
                    )
        return tensor

    return call


def by_number(op: Op, call: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """`call`, for `number * x` and its like, with a shorter way where nothing is recorded.

    An optimiser's step is this case, and nothing else.
    """
    forward = op.bound

    def reflected(self: Tensor, number: Any) -> Any:
        if self.edge is None and type(number) is float and _mode() <= GRAD:
            array, scale = self.array, singles.get(number)
            if scale is not None and array.dtype is F32 and array.ndim:
                tensor = Tensor()
                tensor.array = forward(array, scale)
                tensor.edge = None
                return tensor
        return call(self, number)

    return reflected


def several(op: Op) -> Callable[..., Any]:
    """The caller of a row of some operands that are not promoted, and parameters: addmm, losses."""
    forward, checks, count = op.bound, op.check is not None, len(op.operands)
    slow = {*"cV", *op.refuses}

    def call(*arguments: Any) -> Any:
        operands, params = arguments[:count], arguments[count:]
        if (now := _mode()) > GRAD:
            return apply(op, operands, params)
        arrays: list[Any] = []
        edges: list[Any] = []
        tracked = False
        for operand, pullback in zip(operands, op.pullbacks):  # noqa: B905 (as many)
            array = edge = None
            if type(operand) is Tensor:
                array, edge = operand.array, operand.edge
                dtype = array.dtype
                if (checks and dtype is not operands[0].array.dtype) or (
                    dtype is not F32 and (dtype.kind in slow or dtype.itemsize == 2)
                ):
                    return apply(op, operands, params)
                if edge is not None and type(edge) is not Node:
                    if edge is INFERRED:
                        return apply(op, operands, params)
                    edge = operand if edge is LEAF else edge_of(operand)
                if edge is not None:
                    if pullback is NO_PULLBACK:
                        return apply(op, operands, params)
                    tracked = True
            elif operand is not None:
                return apply(op, operands, params)
            arrays.append(array)
            edges.append(edge)
        if op.ndims is not None and not fit(op.ndims, arrays):
            return apply(op, operands, params)
        try:
            out = forward(*arrays, *params)
        except (ValueError, TypeError, IndexError):
            return apply(op, operands, params)
        if type(out) is not _ndarray:
            out = _asarray(out)
        tensor = Tensor()
        tensor.array = out
        if not tracked or not now:
            tensor.edge = None
            return tensor
        sources = tuple(edges)
        tensor.edge = new_node(op, sources, saved_values(op, sources, arrays, out, params))
        return tensor

    return call
