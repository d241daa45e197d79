"""What nodes saved, as rules are given it: freed, in a user's hands, written since, or Tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.backends import ARRAYS
from engine.arrays.modes import ANOMALY, mode
from engine.dispatch.fast_path import TENSORS
from engine.graph import storage
from engine.graph.node import Node, Output, Packed, at_node
from engine.graph.tensor import Tensor, wrap

SECOND_TIME = (
    "Trying to backward through the graph a second time (or directly access saved tensors after "
    "they have already been freed). Saved intermediate values of the graph are freed when you "
    "call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward "
    "through the graph a second time or if you need to access saved tensors after calling "
    "backward."
)

_UNWATCHED = (
    "enable anomaly detection to find the operation that failed to compute its gradient, with "
    "torch.autograd.set_detect_anomaly(True, check_nan=False)."
)
_WATCHED = (
    "the backtrace further above shows the operation that failed to compute its gradient. The "
    "variable in question was changed in there or anywhere later. Good luck!"
)


def opened(node: Node) -> tuple[Any, ...]:
    """A node's saved values, out of a user's hands. Raises RuntimeError if they are freed."""
    saved = node.saved
    if type(saved) is tuple:
        return saved
    if type(saved) is not Packed:
        raise at_node(node, RuntimeError(SECOND_TIME))
    return saved.opened()


def lifted(node: Node, saved: tuple[Any, ...]) -> list[Any]:
    """A node's saved values as Tensors that lead back to where they came from."""
    operands = node.op.operands
    values: list[Any] = []
    for name, value in zip(node.op.saves, saved, strict=True):
        if name == "out":
            values.append(_lift(value, node))
        elif name in operands:
            position = operands.index(name)
            if type(value) is tuple:
                edges = node.edges[position:]
                values.append(tuple(_lift(v, e) for v, e in zip(value, edges, strict=True)))
            else:
                was = None if node.restore is None else node.restore[position]
                values.append(_lift(value, node.edges[position], None if was is None else was[1]))
        else:
            values.append(value)
    return values


def _lift(value: Any, edge: Any, dtype: Any = None) -> Any:
    if type(value) is tuple:
        return tuple(_lift(part, Output(edge, i)) for i, part in enumerate(value))
    if not isinstance(value, np.ndarray):
        return value
    if dtype is not None and dtype != value.dtype:  # the operand was promoted
        return TENSORS.to_copy(_lift(ARRAYS.to_copy(value, dtype), edge), value.dtype)
    if isinstance(edge, Tensor) and edge.array is value:
        return edge
    tensor = wrap(value)
    tensor.edge = edge
    trace = getattr(getattr(edge, "node", edge), "trace", None)
    if trace is not None:
        tensor.origin = edge
    return tensor


def check_versions(node: Node) -> None:
    """Raise PyTorch's error if a value the node saved was written since."""
    for name, value in zip(node.op.saves, node.saved, strict=True):
        if not isinstance(value, np.ndarray):
            continue
        writes = storage.writes_of(value)
        if writes is None:
            continue
        seen, now = writes.seen_by(node.rank), len(writes.ranks)
        if seen != now:
            writer = node.op.node_name if name == "out" else writes.name_for(value)
            raise at_node(node, modified(value, writer, now, seen))


def modified(value: Any, writer: str | None, now: int, seen: int) -> RuntimeError:
    """PyTorch's error for a saved value that was written in place since."""
    made_by = f", which is output 0 of {_short_name(writer)}," if writer else ""
    return RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace "
        f"operation: [torch.{dtypes.of(value.dtype).tensor_type} {list(value.shape)}]{made_by} is "
        f"at version {now}; expected version {seen} instead. Hint: "
        f"{_WATCHED if mode.get() & ANOMALY else _UNWATCHED}"
    )


def _short_name(node_name: str) -> str:
    if "Backward" not in node_name:
        return f"torch::autograd::{node_name}"
    return node_name.partition("Backward")[0]
