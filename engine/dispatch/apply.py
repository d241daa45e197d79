"""Running a row and recording it.

`apply` does everything an operation needs: promotion, the forward, the node, views, tracing. The
common cases take a shorter way (fast_path.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.arrays import dtypes, journal, limits, promotion
from engine.arrays.backends import NUMPY
from engine.arrays.modes import GRAD, INFERENCE, TRACE, WATCH, mode
from engine.arrays.promotion import is_half
from engine.arrays.row import NO_PULLBACK, Op, rows
from engine.arrays.scalars import scalar
from engine.arrays.state import current
from engine.arrays.types import Array, DType, Number, Params
from engine.dispatch.dtype_variants import over_complex, over_halves
from engine.dispatch.errors.kinds import no_kernel, overflow, refuse
from engine.graph.grad_mode import enable_grad
from engine.graph.node import Edge, Node, Output, Trace, edge_of, new_node
from engine.graph.provenance import MAXIMUM_CONSTANT_DEPTH
from engine.graph.storage import Path, View, follow, note_shown
from engine.graph.tensor import INFERRED, LEAF, Tensor

_mode = mode.get
_asarray = np.asarray


def apply(op: Op, operands: tuple[Any, ...], params: Params = ()) -> Any:
    """Run a row on operands (Tensors, Python numbers where it broadcasts, None) and record it.

    Gives a Tensor, or a tuple of them for a row of several outputs. With the operands, a row takes
    exactly its parameters.

    Raises:
        TypeError: too many or few parameters, or an operand that is no Tensor.
        RuntimeError: the shapes do not fit, the result would be too large, or an inference tensor
            would have to be saved.
        NotImplementedError: the row is not for numbers of this dtype, or a tracked operand has a
            derivative that nobody has written.
    """
    if len(params) != len(op.params):
        count = len(op.operands)
        raise TypeError(
            f"{op.name}() takes {count} positional argument{'s' if count > 1 else ''} but "
            f"{len(operands) + len(params)} were given"
        )
    arrays = _arrays(op, operands)
    for array in arrays:
        if array is None:
            continue
        if array.dtype.kind in op.refuses:
            refuse(op, array.dtype.kind, array.dtype)
        if is_half(array.dtype):
            op = over_halves(op)
            break
    if op.ndims is not None and op.check is not None and not fit(op.ndims, arrays):
        op.check(*arrays, *params)
    if current().elements is not None:
        _check_size(op, arrays, params)
    try:
        out = op.bound(*op.gathered(arrays), *params)
    except OverflowError as error:
        raise overflow(arrays[0].dtype) from error
    except (ValueError, TypeError, IndexError) as error:
        if op.check is not None:
            op.check(*arrays, *params)
        if isinstance(error, TypeError) and op.broadcasts and arrays[0].dtype.kind == "c":
            raise no_kernel(f"{op.name}_cpu", arrays[0].dtype) from None
        if isinstance(error, ValueError):
            raise RuntimeError(str(error)) from error
        raise
    return record(op, operands, arrays, out, params)


def record(op: Op, operands: tuple[Any, ...], arrays: list[Any], out: Any, params: Params) -> Any:
    """Wrap a row's result as tensors, with a node if a gradient can reach them.

    `arrays` are the operands as the forward had them, promoted; `out` is what it gave, one array or
    several. While tracing, every result has a node, to remember how it was made.
    """
    out = _asarray(out) if op.outputs == 1 else tuple(map(_asarray, out))
    now = _mode()
    if now & INFERENCE:
        now &= ~GRAD
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
                node.trace = trace_of(args, params, out, not now & GRAD)
            if tracked and any(getattr(operand, "edge", None) is INFERRED for operand in operands):
                _refuse_inferred(operands, node.saved)
            if now & WATCH and tracked:
                note_new(node)
    if op.outputs == 1:
        return _wrap(op, out, node if tracked else None, node, operands, params)
    tensors = []
    for i, part in enumerate(out):
        origin = None if node is None else Output(node, i)
        edge = origin if tracked and part.dtype.kind in "fcV" else None
        tensors.append(_wrap(op, part, edge, origin, operands, (*params, i)))
    return tuple(tensors)


new_node_observers: list[Callable[[Node], None]] = []
"""Called with each new node while the mode has a bit of WATCH: anomaly detection, hooks on what is
saved. Each asks for its own bit.
"""


def note_new(node: Node) -> None:
    """Show a new node to those who observe."""
    for observe in new_node_observers:
        observe(node)


def _refuse_inferred(operands: tuple[Any, ...], saved: tuple[Any, ...]) -> None:
    """Raise PyTorch's error if a node saved a tensor that was made in inference mode."""
    kept = {id(part) for value in saved for part in (value if type(value) is tuple else (value,))}
    if any(o.edge is INFERRED and id(o.array) in kept for o in operands if isinstance(o, Tensor)):
        raise RuntimeError(
            "Inference tensors cannot be saved for backward. Please do not use Tensors created in "
            "inference mode in computation tracked by autograd. To work around this, you can make "
            "a clone to get a normal tensor and use it in autograd, or use `torch.no_grad()` "
            "instead of `torch.inference_mode()`."
        )


def _arrays(op: Op, operands: tuple[Any, ...]) -> list[Any]:
    """The operands' arrays, promoted to one dtype where the row is elementwise."""
    arrays: list[Any] = []
    for position, operand in enumerate(operands):
        if isinstance(operand, Tensor):
            arrays.append(operand.array)
        elif operand is None or (op.numbers and isinstance(operand, (bool, int, float, complex))):
            arrays.append(operand)
        else:
            raise TypeError(
                f"{op.name}(): argument '{op.called[position]}' (position {position + 1}) must be "
                f"Tensor, not {type(operand).__name__}"
            )
    if (
        op.numbers
        and not isinstance(operands[0], Tensor)
        and not (op.differentiable and any(isinstance(operand, Tensor) for operand in operands))
    ):
        from engine.dispatch.errors.calls import complaint, place_of

        error = complaint(*place_of(op.name), operands, {})
        if error is not None:
            raise error
    if op.broadcasts:
        dtype = promotion.result_type(
            [a for a, mask in zip(arrays, op.masks, strict=True) if a is not None and not mask],
            op.floats,
        )
        if is_half(dtype):
            taken = [op.operand_dtype(i, np.ndim(a), dtype) for i, a in enumerate(arrays)]
            return [
                a if a is None or mask else _cast(a, each)
                for a, mask, each in zip(arrays, op.masks, taken, strict=True)
            ]
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


def fit(ndims: tuple[int | None, ...], arrays: list[Any]) -> bool:
    """Whether the arrays have so many dimensions each, and hold numbers."""
    return arrays[-1].dtype.kind != "b" and all(
        ndim is None or array.ndim == ndim for array, ndim in zip(arrays, ndims, strict=True)
    )


def _cast(array: Array | Number, dtype: DType) -> Array:
    if not isinstance(array, np.ndarray):
        return scalar(array, dtype)
    return array if array.dtype == dtype else array.astype(dtype)


def _check_size(op: Op, arrays: list[Any], params: Params) -> None:
    """Ask for the result's size before it is made."""
    try:
        if op.estimate is not None:
            shape = op.estimate(*arrays, *params)
        elif op.broadcasts:
            shape = np.broadcast_shapes(*(a.shape for a in arrays if a is not None))
        else:
            return
    except (IndexError, ValueError):
        return  # the forward will fail, with a better message
    limits.check(shape)


def _edges(op: Op, operands: tuple[Any, ...]) -> tuple[Edge, ...]:
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
    edges: tuple[Edge, ...],
    operands: tuple[Any, ...],
    arrays: list[Any],
    out: Any,
    params: Params,
    tracked: bool,
) -> Node:
    if (out.dtype.kind == "c") if op.outputs == 1 else any(o.dtype.kind == "c" for o in out):
        op = over_complex(op)
    node = new_node(op, edges, saved_values(op, edges, arrays, out, params) if tracked else ())
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


def saved_values(
    op: Op, edges: tuple[Edge, ...], arrays: list[Any], out: Any, params: Params
) -> tuple[Any, ...]:
    """The values the rules of the tracked operands need, None for those that only others do."""
    if op.variadic:
        fixed = len(op.operands) - 1
        arrays = [*arrays[:fixed], tuple(arrays[fixed:])]
        last = next((edge for edge in edges[fixed:] if edge is not None), None)
        edges = (*edges[:fixed], last)
    tracked, bit = 0, 1
    for edge in edges:
        if edge is not None:
            tracked |= bit
        bit += bit
    places = op.kept.get(tracked)
    if places is None:
        places = op.kept[tracked] = _places_kept(op, edges)
    values = [*arrays, out, *params]
    if op.saves_facts:
        for array in arrays:
            values += _facts(array) if type(array) is not np.ndarray else (array.shape, array.dtype)
    return tuple([None if place is None else values[place] for place in places])


def _places_kept(op: Op, edges: tuple[Edge, ...]) -> list[int | None]:
    """Where each value the row saves is among all, None if no tracked operand needs it."""
    needed = set[int]().union(
        *(wants for wants, edge in zip(op.wants, edges, strict=True) if edge is not None)
    )
    return [place if i in needed else None for i, place in enumerate(op.places)]


def _facts(array: Any) -> tuple[Any, Any]:
    """The shape and dtype of each of many operands; None for one left out."""
    if type(array) is tuple:
        return tuple(a.shape for a in array), tuple(a.dtype for a in array)
    return None, None


def trace_of(args: tuple[Any, ...], params: Params, out: Any, cut: bool) -> Trace:
    """The trace of a new node from those of its operands; `out` is an array or a tuple of them."""
    depth = 0
    for origin in args:
        made = origin.node if type(origin) is Output else origin
        if type(made) is Node and made.trace is not None:
            depth = max(depth, made.trace.depth)
    values = out if type(out) is tuple else (out,)
    return Trace(args, params, values, depth + 1, cut, current().line)


def source(value: Any) -> Any:
    """The item for an operand in a trace: what made it, or a leaf, constant or number itself."""
    if isinstance(value, Tensor):
        origin = origin_of(value)
        return value if origin is None else origin
    return value


def _wrap(
    op: Op, array: Array, edge: Edge, origin: Any, operands: tuple[Any, ...], params: Params
) -> Tensor:
    tensor = Tensor()
    tensor.array = array
    tensor.edge = INFERRED if edge is None and _mode() & INFERENCE else edge
    if origin is not None:
        trace = (origin.node if type(origin) is Output else origin).trace
        if trace is not None and (edge is not None or trace.depth <= MAXIMUM_CONSTANT_DEPTH):
            tensor.bare_origin = origin
    if op.view and array.base is not None:
        if tensor.origin is not None:
            note_shown(array, getattr(origin, "node", origin))
        inferred = operands[0].edge is INFERRED
        tensor.edge = INFERRED if inferred else view_of(operands[0], op, params, edge)
    return tensor


def view_of(source: Tensor, op: Op, params: Params, edge: Edge) -> View:
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


def origin_of(tensor: Tensor) -> Node | Output | None:
    """The node or output that made a traced tensor; of a view whose base was written since, the one
    that made it anew. None for a leaf, and for a tensor that was not traced."""
    if tensor.edge is LEAF:
        return None
    view = tensor.edge
    if type(view) is View and view.base.origin is not view.base_origin and _mode() & TRACE:
        shown = _shown_anew(view.base, view.path)
        journal.note_slot(tensor, "origin")
        journal.note_slot(view, "base_origin")
        tensor.origin = shown.origin
        view.base_origin = view.base.origin
    return tensor.origin  # type: ignore[no-any-return]


def renew_view(base: Tensor, path: Path) -> Edge:
    """The edge of a view recorded anew from its base, after the base was written in place."""
    with enable_grad():
        shown = _shown_anew(base, path)
    edge: Edge = shown.edge.edge if type(shown.edge) is View else shown.edge
    return edge


def _shown_anew(base: Tensor, path: Path) -> Tensor:
    array = follow(NUMPY, base.array, path)
    shown: Tensor = record(rows["as_view"], (base,), [base.array], array, (path,))
    return shown
