"""Running a row and recording it: the node, the grad modes, and the callers.

`apply` does everything an operation needs: promotion, the forward, the node, views, tracing.
`unary` and `binary` are the same for the common case (tensors of one floating dtype, gradients
on, no tracing), with everything that case does not need left out; whatever else comes along they
hand to `apply`. They are why an operation on small tensors costs little more than NumPy's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine import dtypes, journal, limits, promotion
from engine.interpreters import NUMPY, Rows
from engine.modes import GRAD, TRACE, mode
from engine.op import NO_PULLBACK, Op
from engine.storage import View, follow, next_rank, note_shown
from engine.tensor import LEAF, Tensor
from engine.tracing import MAXIMUM_CONSTANT_DEPTH, Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_mode = mode.get
_ndarray = np.ndarray
_asarray = np.asarray


class Node:
    """One recorded operation: grad_fn.

    `edges` lead to what made each operand: a Node, an Output, a leaf Tensor, or None. `saved` is
    the tuple of arrays and parameters the rules need (`Freed` after backward). `restore` says which
    operands were broadcast or cast. `rank` runs down as nodes are made.
    """

    __slots__ = ("__weakref__", "edges", "hooks", "op", "rank", "restore", "saved", "trace")

    is_view = False
    op: Op
    edges: tuple[Any, ...]
    saved: Any
    restore: tuple[Any, ...] | None
    rank: int
    hooks: Any
    trace: Trace | None

    def name(self) -> str:
        """The name PyTorch gives the node."""
        name = self.op.node_name
        return name if "Backward" in name else f"torch::autograd::{name}"

    def __repr__(self) -> str:
        return f"<{self.op.node_name} object at {id(self):#x}>"

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The nodes that gradients go to next, with the number of their output."""
        return tuple(_function_of(edge) for edge in self.edges)

    def register_hook(self, hook: Callable[..., Any]) -> Any:
        """Call hook(grad_inputs, grad_outputs) after the node has run."""
        from engine.hooks import add_node_hook

        return add_node_hook(self, hook)


class Output:
    """The edge to one of several outputs of a node."""

    __slots__ = ("index", "node")
    is_view = False

    def __init__(self, node: Node, index: int) -> None:
        self.node = node
        self.index = index


class AccumulateGrad:
    """What `next_functions` shows for a leaf: the node that adds to its .grad."""

    __slots__ = ("variable",)

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable

    next_functions: tuple[Any, ...] = ()

    def name(self) -> str:
        """The name PyTorch gives the node."""
        return "torch::autograd::AccumulateGrad"

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self.variable):#x}>"


class Freed:
    """Stands in a node for the values backward has used up; a session keeps them to show."""

    __slots__ = ("kept",)

    def __init__(self, kept: tuple[Any, ...] = ()) -> None:
        self.kept = kept


def edge_of(tensor: Tensor) -> Any:
    """Where a gradient of the tensor goes: a Node, an Output, a leaf Tensor, or None."""
    edge = tensor.edge
    if edge is None or type(edge) is Node:
        return edge
    if edge is LEAF:
        return tensor
    if type(edge) is View:
        return edge.current()
    return edge


def _function_of(edge: Any) -> tuple[Any, int]:
    if edge is None:
        return (None, 0)
    if type(edge) is Output:
        return (edge.node, edge.index)
    return (AccumulateGrad(edge), 0) if type(edge) is Tensor else (edge, 0)


# ---- numbers ---------------------------------------------------------------------------------

_F32, _F64 = np.dtype(np.float32), np.dtype(np.float64)
_singles: dict[Any, Any] = {}
_doubles: dict[Any, Any] = {}
_scalars = {_F32: _singles, _F64: _doubles}


def scalar(number: Any, dtype: Any) -> Any:
    """A Python number as a read-only 0-dim array, the common ones made once."""
    cache = _scalars.get(dtype)
    if cache is None:
        return _asarray(number, dtype)
    array = cache.get(number)
    if array is None:
        array = _asarray(number, dtype)
        array.flags.writeable = False
        if number != 0:  # 0.0 and -0.0 are one key
            if len(cache) > 256:
                cache.clear()
            cache[number] = array
    return array


# ---- the general case ------------------------------------------------------------------------


def apply(op: Op, operands: tuple[Any, ...], params: tuple[Any, ...] = ()) -> Any:
    """Run a row on operands (Tensors, Python numbers where it broadcasts, None) and record it."""
    arrays = _arrays(op, operands)
    if limits.elements is not None:
        _check_size(op, arrays, params)
    try:
        out = op.bound(*op.gathered(arrays), *params)
    except (ValueError, TypeError, IndexError) as error:
        if op.check is not None:
            op.check(*arrays, *params)
        if isinstance(error, ValueError):
            raise RuntimeError(str(error)) from error
        raise
    return record(op, operands, arrays, out, params)


def record(
    op: Op, operands: tuple[Any, ...], arrays: list[Any], out: Any, params: tuple[Any, ...]
) -> Any:
    """Wrap a row's result as tensors, with a node if a gradient can reach them."""
    out = _asarray(out) if op.outputs == 1 else tuple(map(_asarray, out))
    now = _mode()
    node: Node | None = None
    tracked = False
    if now and (op.differentiable or now & TRACE):
        # Before the node, since a view may have to be recorded anew.
        args = tuple(map(source, operands)) if now & TRACE else ()
        edges = _edges(op, operands) if now & GRAD else (None,) * len(operands)
        tracked = any(edge is not None for edge in edges)
        if tracked or now & TRACE:
            node = _node(op, edges, operands, arrays, out, params, tracked)
            if now & TRACE:
                node.trace = _trace(args, params, out, not now & GRAD)
    if op.outputs == 1:
        return _wrap(op, out, node if tracked else None, node, operands, params)
    tensors = []
    for i, part in enumerate(out):
        origin = None if node is None else Output(node, i)
        edge = origin if tracked and part.dtype.kind in "fc" else None
        tensors.append(_wrap(op, part, edge, origin, operands, (*params, i)))
    return tuple(tensors)


def _arrays(op: Op, operands: tuple[Any, ...]) -> list[Any]:
    """The operands' arrays, promoted to one dtype where the row is elementwise."""
    arrays: list[Any] = []
    for position, operand in enumerate(operands):
        if isinstance(operand, Tensor):
            arrays.append(operand.array)
        elif operand is None or (
            op.broadcasts and isinstance(operand, (bool, int, float, complex))
        ):
            arrays.append(operand)
        else:
            name = (
                ("input", "other", "third")[position]
                if op.broadcasts or position == 0
                else op.operands[-1]
            )
            raise TypeError(
                f"{op.name}(): argument '{name}' (position {position + 1}) must be Tensor, "
                f"not {type(operand).__name__}"
            )
    if op.broadcasts:
        dtype = promotion.result_type(
            [a for a, mask in zip(arrays, op.masks, strict=True) if a is not None and not mask]
        )
        if op.floats and dtype.kind in "biu":
            dtype = dtypes.get_default_dtype().numpy
        return [
            a if a is None or mask else _cast(a, dtype)
            for a, mask in zip(arrays, op.masks, strict=True)
        ]
    if op.floats and arrays[0].dtype.kind in "biu":
        arrays[0] = arrays[0].astype(dtypes.get_default_dtype().numpy)
    if op.check is not None and len(arrays) > 1:
        first = arrays[0].dtype
        if any(a is not None and a.dtype is not first for a in arrays):
            op.check(*arrays)
    return arrays


def _cast(array: Any, dtype: Any) -> Any:
    if not isinstance(array, np.ndarray):
        return scalar(array, dtype)
    return array if array.dtype == dtype else array.astype(dtype)


def _check_size(op: Op, arrays: list[Any], params: tuple[Any, ...]) -> None:
    """Ask for the result's size before it is made."""
    if op.estimate is not None:
        limits.check(op.estimate(*arrays, *params))
    elif op.broadcasts:
        try:
            limits.check(np.broadcast_shapes(*(a.shape for a in arrays if a is not None)))
        except ValueError:
            return  # the forward will fail, with a better message


def _edges(op: Op, operands: tuple[Any, ...]) -> tuple[Any, ...]:
    pullbacks = op.pullbacks
    if op.variadic:
        fixed = len(pullbacks) - 1
        pullbacks = (*pullbacks[:-1], *([pullbacks[-1]] * (len(operands) - fixed)))
    edges = []
    for operand, pullback, reason in zip(
        operands, pullbacks, (*op.reasons, *([None] * len(operands))), strict=False
    ):
        edge = edge_of(operand) if isinstance(operand, Tensor) else None
        if pullback is NO_PULLBACK and edge is not None:
            if reason is not None:
                raise NotImplementedError(
                    f"the derivative for '{op.name}' is not implemented: {reason}"
                )
            edge = None
        edges.append(edge)
    return tuple(edges)


def _node(
    op: Op,
    edges: tuple[Any, ...],
    operands: tuple[Any, ...],
    arrays: list[Any],
    out: Any,
    params: tuple[Any, ...],
    tracked: bool,
) -> Node:
    node = Node()
    node.op = op
    node.edges = edges
    node.rank = next_rank()
    node.hooks = node.trace = node.restore = None
    node.saved = _saved(op, edges, arrays, out, params) if tracked else ()
    if op.broadcasts and tracked:
        restore = tuple(
            (operand.array.shape, operand.array.dtype)
            if isinstance(operand, Tensor)
            and edge is not None
            and (operand.array.shape != out.shape or operand.array.dtype is not array.dtype)
            else None
            for operand, edge, array in zip(operands, edges, arrays, strict=True)
        )
        if any(restore):
            node.restore = restore
    return node


def _saved(
    op: Op, edges: tuple[Any, ...], arrays: list[Any], out: Any, params: tuple[Any, ...]
) -> tuple[Any, ...]:
    """The values the rules of the tracked operands need, None for those that only others do."""
    if op.variadic:
        fixed = len(op.operands) - 1
        arrays = [*arrays[:fixed], tuple(arrays[fixed:])]
        edges = (*edges[:fixed], any(edge is not None for edge in edges[fixed:]) or None)
    values = [*arrays, out, *params]
    if op.saves_facts:
        for array in arrays:
            values += _facts(array)
    kept = [values[place] for place in op.places]
    if any(edge is None for edge in edges):
        needed = set[int]().union(
            *(wants for wants, edge in zip(op.wants, edges, strict=True) if edge is not None)
        )
        kept = [value if place in needed else None for place, value in enumerate(kept)]
    return tuple(kept)


def _facts(array: Any) -> tuple[Any, Any]:
    """The shape and dtype of an operand, or of each of many."""
    if type(array) is tuple:
        return tuple(a.shape for a in array), tuple(a.dtype for a in array)
    return getattr(array, "shape", None), getattr(array, "dtype", None)


def _trace(args: tuple[Any, ...], params: tuple[Any, ...], out: Any, cut: bool) -> Trace:
    depth = 0
    for origin in args:
        made = origin.node if type(origin) is Output else origin
        if type(made) is Node and made.trace is not None:
            depth = max(depth, made.trace.depth)
    return Trace(args, params, out if type(out) is tuple else (out,), depth + 1, cut)


def source(value: Any) -> Any:
    """What stands for an operand in a trace: what made it, or a leaf, constant or number itself."""
    if isinstance(value, Tensor):
        origin = origin_of(value)
        return value if origin is None else origin
    return value


def _wrap(
    op: Op, array: Any, edge: Any, origin: Any, operands: tuple[Any, ...], params: tuple[Any, ...]
) -> Tensor:
    tensor = Tensor()
    tensor.array = array
    tensor.edge = edge
    if origin is not None:
        trace = (origin.node if type(origin) is Output else origin).trace
        if trace is not None and (edge is not None or trace.depth <= MAXIMUM_CONSTANT_DEPTH):
            tensor.origin = origin
    if op.view and array.base is not None:
        if tensor.origin is not None:
            note_shown(array, getattr(origin, "node", origin))
        tensor.edge = view_of(operands[0], op, params, edge)
    return tensor


def view_of(source: Tensor, op: Op, params: tuple[Any, ...], edge: Any) -> View:
    """The edge of a tensor that shows `source` through a view row."""
    made = ""
    if op.outputs != 1:
        made = f"Output {params[-1]} of {op.node_name.partition('Backward')[0]}"
    elif not _mode() & GRAD:
        made = "no_grad"
    if type(source.edge) is View:
        before = source.edge
        path = (*before.path, (op, params))
        return View(before.base, path, edge, renew_view, made or before.made)
    return View(source, ((op, params),), edge, renew_view, made)


def origin_of(tensor: Tensor) -> Any:
    """What made a traced tensor; of a view whose base was written since, what made it anew."""
    if tensor.edge is LEAF:
        return None
    view = tensor.edge
    if type(view) is View and view.base.origin is not view.base_origin and _mode() & TRACE:
        from engine.ops.views import AS_VIEW

        base, path = view.base, view.path
        shown = record(AS_VIEW, (base,), [base.array], follow(NUMPY, base.array, path), (path,))
        journal.note_slot(tensor, "origin")
        journal.note_slot(view, "base_origin")
        tensor.origin = shown.origin
        view.base_origin = base.origin
    return tensor.origin


def renew_view(base: Tensor, path: tuple[Any, ...]) -> Any:
    """Record a view anew from its base, after the base was written in place."""
    from engine.ops.views import AS_VIEW

    token = mode.set(_mode() | GRAD)
    try:
        shown = record(AS_VIEW, (base,), [base.array], follow(NUMPY, base.array, path), (path,))
    finally:
        mode.reset(token)
    return shown.edge.edge if type(shown.edge) is View else shown.edge


# ---- the common cases ------------------------------------------------------------------------


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


def unary(op: Op) -> Callable[..., Any]:
    """The caller of a row with one operand."""
    forward = op.bound
    keeps = op.saves
    keeps_input, keeps_out, keeps_nothing = keeps == ("x",), keeps == ("out",), keeps == ()
    names = ("x", "out", "x_shape", "x_dtype", *op.params)
    places = [names.index(name) for name in keeps]

    def call(x: Any, *params: Any) -> Any:
        if type(x) is not Tensor or (now := _mode()) > GRAD:
            return apply(op, (x,), params)
        array = x.array
        if array.dtype.kind != "f":
            return apply(op, (x,), params)
        try:
            out = forward(array, *params)
        except (ValueError, TypeError, IndexError):
            return apply(op, (x,), params)
        if type(out) is not _ndarray:
            out = _asarray(out)
        edge = x.edge
        if edge is not None and type(edge) is not Node:
            edge = x if edge is LEAF else edge_of(x)
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
        else:
            values = (array, out, array.shape, array.dtype, *params)
            node.saved = tuple([values[place] for place in places])
        return tensor

    return call


def viewer(op: Op) -> Callable[..., Any]:
    """The caller of a row whose result shows its one operand's memory."""
    forward = op.bound
    names = ("x", "out", "x_shape", "x_dtype", *op.params)
    places = [names.index(name) for name in op.saves]

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
        if edge is None:
            tensor.edge = View(base, path, None, renew_view, made)
            return tensor
        node = Node()
        node.op = op
        node.edges = (edge,)
        node.rank = next_rank()
        node.hooks = node.trace = node.restore = None
        if places:
            values = (None, None, array.shape, array.dtype, *params)
            node.saved = tuple([values[place] for place in places])
        else:
            node.saved = ()
        tensor.edge = View(base, path, node, renew_view, made)
        return tensor

    return call


def binary(op: Op, fallback: Callable[[Any, Any], Any] | None = None) -> Callable[..., Any]:
    """The caller of a row with two operands and no parameters: elementwise, or a matrix product."""
    forward = op.bound
    floats, broadcasts = op.floats, op.broadcasts
    crosswise = op.needs == ((op.operands[1],), (op.operands[0],))
    keeps_nothing = op.saves == ()
    general = fallback or (lambda a, b: apply(op, (a, b)))

    def call(a: Any, b: Any) -> Any:
        if type(a) is not Tensor or (now := _mode()) > GRAD:
            return general(a, b)
        x = a.array
        dtype = x.dtype
        edge_a = a.edge
        if edge_a is not None and type(edge_a) is not Node:
            edge_a = a if edge_a is LEAF else edge_of(a)
        if type(b) is Tensor:
            y = b.array
            if dtype is not y.dtype or (floats and dtype.kind != "f"):
                return general(a, b)
            edge_b = b.edge
            if edge_b is not None and type(edge_b) is not Node:
                edge_b = b if edge_b is LEAF else edge_of(b)
        elif (type(b) is float or type(b) is int) and broadcasts and dtype.kind == "f":
            y = (_singles if dtype is _F32 else _doubles).get(b)  # type: ignore[assignment]
            if y is None or dtype is not y.dtype:
                y = scalar(b, dtype)
            edge_b = None
        else:
            return general(a, b)
        try:
            out = forward(x, y)
        except (ValueError, TypeError):
            return general(a, b)
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
            node.saved = _saved(op, node.edges, [x, y], out, ())
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


def several(op: Op) -> Callable[..., Any]:
    """The caller of a row of some operands that are not promoted, and parameters: addmm, losses."""
    forward, checks, count = op.bound, op.check is not None, len(op.operands)
    facts = [
        (place, fact)
        for place, operand in enumerate(op.operands)
        for fact in ("shape", "dtype")
        if f"{operand}_{fact}" in op.saves
    ]
    names = [*op.operands, "out", *op.params, *(f"{op.operands[i]}_{fact}" for i, fact in facts)]
    plans: dict[int, list[int | None]] = {}  # by the set of tracked operands, as bits

    def call(*arguments: Any) -> Any:
        operands, params = arguments[:count], arguments[count:]
        if (now := _mode()) > GRAD:
            return apply(op, operands, params)
        arrays: list[Any] = []
        edges: list[Any] = []
        tracked, bit = 0, 1
        for operand, pullback in zip(operands, op.pullbacks):  # noqa: B905 (as many)
            array = edge = None
            if type(operand) is Tensor:
                array, edge = operand.array, operand.edge
                if checks and array.dtype is not operands[0].array.dtype:
                    return apply(op, operands, params)
                if edge is not None and type(edge) is not Node:
                    edge = operand if edge is LEAF else edge_of(operand)
                if edge is not None:
                    if pullback is NO_PULLBACK:
                        return apply(op, operands, params)
                    tracked |= bit
            elif operand is not None:
                return apply(op, operands, params)
            arrays.append(array)
            edges.append(edge)
            bit += bit
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
        tensor.edge = node = Node()
        node.op = op
        node.edges = tuple(edges)
        node.rank = next_rank()
        node.hooks = node.trace = node.restore = None
        plan = plans.get(tracked)
        if plan is None:
            plan = plans[tracked] = _plan(op, edges, names)
        values = [*arrays, out, *params]
        for place, fact in facts:
            values.append(getattr(arrays[place], fact, None))
        node.saved = tuple([None if place is None else values[place] for place in plan])
        return tensor

    return call


def _plan(op: Op, edges: Sequence[Any], names: Sequence[str]) -> list[int | None]:
    """For each value the row saves its place among `names`; None if no tracked operand needs it."""
    needed = {
        name
        for wanted, edge in zip(op.needs, edges, strict=True)
        if edge is not None
        for name in wanted
    }
    return [names.index(name) if name in needed else None for name in op.saves]
