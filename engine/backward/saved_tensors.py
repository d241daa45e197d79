"""The values that a node saved, as its rules are given them.

The values may be freed, packed by a user's hooks (saved_tensor_hooks.py), or out of date, written
since; for `create_graph=True` they become Tensors again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from engine.arrays import dtypes
from engine.arrays.backends import ARRAYS
from engine.arrays.modes import ANOMALY, mode
from engine.arrays.types import Array, DType
from engine.dispatch.fast_path import TENSORS
from engine.graph import storage
from engine.graph.node import Node, Output, at_node
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


class PackedTensor(NamedTuple):
    """Stands for a saved value: what the pack hook gave for it, and the hook that unpacks that."""

    kept: Any
    unpack: Callable[[Any], Tensor]

    def array(self) -> Array:
        """The value. Raises TypeError if the hook gives no Tensor."""
        found = self.unpack(self.kept)
        if not isinstance(found, Tensor):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"{type(found).__name__}"
            )
        return found.array


class Packed:
    """Stands in a node for its tuple of saved values when some of them are PackedTensors."""

    __slots__ = ("values",)

    def __init__(self, values: tuple[Any, ...]) -> None:
        self.values = values


def opened(node: Node) -> tuple[Any, ...]:
    """A node's saved values, unpacked. Raises RuntimeError if they are freed."""
    saved = node.saved
    if type(saved) is tuple:
        return saved
    if type(saved) is not Packed:
        raise at_node(node, RuntimeError(SECOND_TIME))
    values = list(saved.values)
    for place in order_of_use(node):
        values[place] = _unpacked(values[place])
    return tuple(values)


def order_of_use(node: Node) -> list[int]:
    """The places of what a node saved, in the order in which its rules name them."""
    op = node.op
    found = [op.saves.index(name) for needs in op.needs for name in needs]
    return list(dict.fromkeys(found))


def _unpacked(value: Any) -> Any:
    if type(value) is PackedTensor:
        return value.array()
    return tuple(map(_unpacked, value)) if type(value) is tuple else value


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


def _lift(value: Any, edge: Any, dtype: DType | None = None) -> Any:
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


def modified(value: Array, writer: str | None, now: int, seen: int) -> RuntimeError:
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
