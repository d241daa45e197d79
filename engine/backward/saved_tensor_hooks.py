"""What nodes save, in a user's hands: saved_tensors_hooks, and grad_fn._saved_self and its like.

While hooks are set, each value a new node saves is given to the first of them, and only what that
returns is kept; the second turns it back when backward needs it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from engine.backward.saved_tensors import lifted, opened
from engine.backward.traversal import contributions
from engine.dispatch.fast_path import TENSORS
from engine.graph.grad_mode import no_grad
from engine.graph.node import Node, Packed
from engine.graph.tensor import Tensor

Pair = tuple[Callable[[Tensor], Any], Callable[[Any], Tensor]]
pairs: ContextVar[tuple[Pair, ...]] = ContextVar("pairs", default=())
"""The hooks that are set, the innermost last."""


class Handed(NamedTuple):
    """A saved value in a user's hands: what the hook gave for it, and what turns that back."""

    packed: Any
    unpack: Callable[[Any], Tensor]

    def array(self) -> Any:
        """The value. Raises TypeError if the hook gives no Tensor."""
        found = self.unpack(self.packed)
        if not isinstance(found, Tensor):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"{type(found).__name__}"
            )
        return found.array


def pack(node: Node) -> None:
    """Give what a new node saved to the innermost hooks."""
    if node.saved and pairs.get():
        hand_over(node, _order(node), pairs.get()[-1])


def hand_over(node: Node, places: list[int], pair: Pair) -> None:
    """Give some of what a node saved to hooks."""
    values = list(opened(node))
    seen = lifted(node, tuple(values))
    for place in places:
        values[place] = _handed(values[place], seen[place], pair)
    node.saved = Packed(tuple(values), _order(node), _unpacked)


def _order(node: Node) -> list[int]:
    """The places of what a node saved, in the order in which its rules name them."""
    op = node.op
    found = [op.saves.index(name) for needs in op.needs for name in needs]
    return list(dict.fromkeys(found))


def _handed(value: Any, seen: Any, pair: Pair) -> Any:
    if type(value) is tuple:
        return tuple(_handed(part, s, pair) for part, s in zip(value, seen, strict=True))
    return handed(seen, pair) if isinstance(value, np.ndarray) else value


def handed(tensor: Tensor, pair: Pair) -> Handed:
    """A tensor in a user's hands. Raises RuntimeError if the hook writes into it."""
    before = tensor._version
    with no_grad():
        packed = pair[0](tensor)
    if tensor._version != before:
        raise RuntimeError(
            "A saved tensor pack hook is modifying its input in place. Tensors provided as input "
            "to pack hook cannot be modified by in-place operations as this can lead to "
            "unexpected side-effects. Please open an issue if you need to perform in-place "
            "operations on the input to a pack hook."
        )
    return Handed(packed, pair[1])


def _unpacked(value: Any) -> Any:
    if type(value) is Handed:
        return value.array()
    return tuple(map(_unpacked, value)) if type(value) is tuple else value


# ---- looking at it -----------------------------------------------------------------------------

_MEANT = {"self": 0, "input": 0, "other": 1, "mat2": 1, "exponent": 1}


class SavedTensor:
    """A place where a node saves a tensor: grad_fn._raw_saved_self."""

    __slots__ = ("_node", "_place")
    __module__ = "torch._C._autograd"

    def __init__(self, node: Node, place: int) -> None:
        self._node = node
        self._place = place

    def register_hooks(self, pack_hook: Any, unpack_hook: Any) -> None:
        """Give the tensor to a pair of hooks."""
        hand_over(self._node, [self._place], (pack_hook, unpack_hook))


def saved_as(node: Node, name: str) -> Any:
    """What a node saved, by PyTorch's name: _saved_self, _saved_result, _raw_saved_other.

    Raises AttributeError for what it does not save, RuntimeError if that is freed.
    """
    op = node.op
    key = name.removeprefix("_raw").removeprefix("_saved_")
    known = key
    if key == "result":
        known = "out"
    elif key.endswith("_sym_sizes"):
        known = f"{op.operands[0]}_shape"
    elif key not in op.saves and _MEANT.get(key, 9) < len(op.operands):
        known = op.operands[_MEANT[key]]
    if known not in op.saves:
        raise AttributeError(f"'{op.node_name}' object has no attribute '{name}'")
    place = op.saves.index(known)
    saved = opened(node)
    return SavedTensor(node, place) if name.startswith("_raw") else lifted(node, saved)[place]


def called(node: Node, grads: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a node sends to its operands for gradients of its results."""
    g: Any = grads[0] if node.op.outputs == 1 else list(grads)
    sent = contributions(TENSORS, node, g, lifted(node, opened(node)))
    return tuple(sent[place] for place in node.sends())
