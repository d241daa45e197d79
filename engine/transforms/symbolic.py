"""The symbolic reader: a gradient as a traced graph, to be printed, planned or compiled.

The same rules as in backward, run over traced Tensors: what comes out knows how it was made, down
to names and constants. It follows the trace and not the autograd edges, so that a derivative with
respect to an untracked name, or to an intermediate one, can be asked for too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from engine.arrays.promotion import is_half
from engine.arrays.row import Op
from engine.backward.traversal import restored, run_rule
from engine.dispatch.apply import source
from engine.dispatch.fast_path import TENSORS
from engine.graph import storage, walk
from engine.graph.grad_mode import enable_grad
from engine.graph.node import Node, Output
from engine.graph.node import node_of as node_of
from engine.graph.provenance import tracing
from engine.graph.tensor import Tensor, track, wrap
from engine.graph.walk import Cotangents
from engine.graph.walk import key as key


def tensor_of(item: Any, dtype: Any = None) -> Any:
    """The tensor that stands for an item of a trace (the inverse of `source`).

    A number's is 0-dim, of `dtype` if that is floating.
    """
    if isinstance(item, Tensor) or item is None:
        return item
    node, index = (item.node, item.index) if type(item) is Output else (item, 0)
    if type(node) is not Node:
        floating = dtype is not None and dtype.kind in "fcV"
        return wrap(
            np.asarray(
                item, np.float32 if floating and is_half(dtype) else dtype if floating else None
            )
        )
    assert node.trace is not None
    tensor = wrap(node.trace.values[index])
    tensor.origin = item
    if any(edge is not None for edge in node.edges) and node.op.differentiable:
        tensor.edge = item
    return tensor


def derivative(
    y: Tensor, xs: Sequence[Tensor], cotangent: Tensor | None = None
) -> list[Tensor | None]:
    """The gradient of `y` with respect to each of `xs`, as traced tensors; None where y does not
    depend on one. y need not be scalar: its cotangent is 1 in every element unless given.
    """
    wanted = [key(source(x)) for x in xs]
    if cotangent is None:
        cotangent = wrap(np.ones(y.array.shape, y.array.dtype))
    with tracing(), enable_grad():
        found = _flow(source(y), cotangent, set(wanted))
    return [found.get(each) for each in wanted]


def written_since(y: Tensor) -> list[Tensor]:
    """The tensors that were written in place after y was computed from them.

    The trace holds the values on the way as they were, and of these the ones that are now.
    """
    start = source(y)
    made = node_of(start)
    if made is None or storage.last_write > made.rank:
        return []
    found: dict[int, Tensor] = {}
    for node in walk.nodes(start):
        for item in walk.operands(node):
            if isinstance(item, Tensor):
                writes = storage.writes_of(item.array)
                if writes is not None and writes.seen_by(node.rank) != len(writes.ranks):
                    found[id(item)] = item
    return list(found.values())


def path(y: Tensor, x: Tensor) -> list[Node]:
    """The nodes on the ways from x to y, newest first."""
    found = walk.leading([source(y)], {key(source(x))}, walk.uncut)
    return sorted(found, key=attrgetter("rank"))


def _flow(start: Any, cotangent: Tensor, wanted: set[Any]) -> dict[Any, Tensor]:
    """Let the cotangent flow from `start`: what reaches the items wanted, by their keys."""
    found: dict[Any, Tensor] = {}
    leading = walk.leading([start], wanted, walk.uncut)
    flow = Cotangents()

    def send(item: Any, g: Tensor) -> None:
        at = key(item)
        if at in wanted:
            found[at] = found[at] + g if at in found else g
        if node_of(item) in leading:
            flow.add(item, g)

    send(start, cotangent)
    for node, parts in flow:
        for item, contribution in _contributions(node, parts, leading, wanted):
            send(item, contribution)
    return found


def _contributions(
    node: Node, parts: dict[int, Tensor], leading: set[Node], wanted: set[Any]
) -> Iterator[tuple[Any, Tensor]]:
    """The pairs (operand, its cotangent) that a node's rules give."""
    op, trace = node.op, node.trace
    assert trace is not None
    g: Any = parts[0] if op.outputs == 1 else [parts.get(i) for i in range(len(trace.values))]
    values = _values(node)
    fixed = len(op.operands) - op.variadic
    for position, item in enumerate(trace.args[:fixed]):
        if key(item) not in wanted and node_of(item) not in leading:
            continue
        pullback = op.pullbacks[position]
        if pullback.rule is None:
            continue
        contribution = run_rule(pullback, TENSORS, g, values)
        if op.broadcasts:
            operand = tensor_of(item).array
            contribution = restored(TENSORS, contribution, (operand.shape, operand.dtype))
        yield item, contribution
    if op.variadic and op.pullbacks[-1].rule is not None:
        contributions = run_rule(op.pullbacks[-1], TENSORS, g, values)
        yield from (
            (item, contribution)
            for item, contribution in zip(trace.args[fixed:], contributions, strict=True)
            if contribution is not None
        )


def _values(node: Node) -> list[Any]:
    """What the node's rules need, as traced tensors, in the order of `op.saves`."""
    op, trace = node.op, node.trace
    assert trace is not None
    dtype = np.asarray(trace.values[0]).dtype
    operands: list[Any] = [tensor_of(item, dtype) for item in trace.args]
    if op.variadic:
        fixed = len(op.operands) - 1
        operands = [*operands[:fixed], tuple(operands[fixed:])]
    if op.broadcasts and dtype.kind in "fcV":
        operands = [
            operand if operand is None or mask else _as_taken(op, place, operand, dtype)
            for place, (operand, mask) in enumerate(zip(operands, op.masks, strict=True))
        ]
    known: dict[str, Any] = dict(zip(op.operands, operands, strict=True))
    known.update(zip(op.params, trace.params, strict=True))
    if op.outputs == 1:
        known["out"] = tensor_of(node)
    else:
        known["out"] = tuple(tensor_of(Output(node, i)) for i in range(len(trace.values)))
    for name, operand in zip(op.operands, operands, strict=True):
        if type(operand) is tuple:
            known[f"{name}_shape"] = tuple(part.array.shape for part in operand)
            known[f"{name}_dtype"] = tuple(part.array.dtype for part in operand)
        elif operand is not None:
            known[f"{name}_shape"] = operand.array.shape
            known[f"{name}_dtype"] = operand.array.dtype
    return [known[name] for name in op.saves]


def _as_taken(row: Op, place: int, operand: Tensor, dtype: Any) -> Tensor:
    """An operand in the dtype that an elementwise row with results of `dtype` takes it in."""
    array = operand.array
    wanted = row.operand_dtype(place, array.ndim, dtype)
    if array.dtype == wanted or array.dtype.kind == "c":  # of which it is a real function
        return operand
    taken: Tensor = TENSORS.to_copy(operand, wanted)
    return taken


def traced_leaf(array: Any, label: str | None = None, requires_grad: bool = True) -> Tensor:
    """A leaf to trace a function with."""
    tensor = wrap(array)
    if requires_grad:
        track(tensor)
    if label is not None:
        tensor.label = label
    return tensor
