"""A node as a user may use it: the values it saved, by PyTorch's names, and a call that runs it.

y = x.exp()
y.grad_fn._saved_result     # y
y.grad_fn(g)                # the gradient of x, for the gradient g of y
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.backward.saved_tensor_hooks import pack
from engine.backward.saved_tensors import lifted, opened
from engine.backward.traversal import contributions
from engine.dispatch.fast_path import TENSORS
from engine.graph.node import Node
from engine.graph.tensor import Tensor


class SavedTensor:
    """A place where a node saves a tensor: grad_fn._raw_saved_self."""

    __slots__ = ("_node", "_place")
    __module__ = "torch._C._autograd"

    def __init__(self, node: Node, place: int) -> None:
        self._node = node
        self._place = place

    def register_hooks(
        self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]
    ) -> None:
        """Pack the tensor with a pair of hooks."""
        pack(self._node, [self._place], (pack_hook, unpack_hook))


_NAMES = (
    "self input other exponent result mat1 mat2 vec vec1 vec2 batch1 batch2 tensor1 tensor2 weight "
    "bias target index indices mask src output value condition min max dim dims keepdim alpha beta "
    "self_sym_sizes other_sym_sizes input_sym_sizes"
).split()
"""PyTorch's names of what nodes save."""
_OPERANDS = {"self": 0, "input": 0, "other": 1, "mat2": 1, "exponent": 1}
"""The place of the operand they mean, where the row has another name for it."""


def _saved(node: Node, name: str) -> Any:
    """A value that a node saved, by PyTorch's name: _saved_self, _saved_result, _raw_saved_other.

    Raises AttributeError for what it does not save, RuntimeError if that is freed.
    """
    op = node.op
    key = name.removeprefix("_raw").removeprefix("_saved_")
    known = key
    if key == "result":
        known = "out"
    elif key.endswith("_sym_sizes"):
        known = f"{op.operands[0]}_shape"
    elif key not in op.saves and _OPERANDS.get(key, 9) < len(op.operands):
        known = op.operands[_OPERANDS[key]]
    if known not in op.saves:
        raise AttributeError(f"'{op.node_name}' object has no attribute '{name}'")
    place = op.saves.index(known)
    saved = opened(node)
    return SavedTensor(node, place) if name.startswith("_raw") else lifted(node, saved)[place]


def _named(name: str) -> property:
    return property(lambda node: _saved(node, name))


def _called(self: Node, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
    """The gradients with respect to the operands, for gradients of the results; Tensors."""
    g: Any = grads[0] if self.op.outputs == 1 else list(grads)
    sent = contributions(TENSORS, self, g, lifted(self, opened(self)))
    return tuple(sent[place] for place in self.sends())


# Properties: a class with __getattr__ is slower in all its attributes (CPython 3.11 to 3.13).
for _name in _NAMES:
    for _start in ("_saved_", "_raw_saved_"):
        setattr(Node, f"{_start}{_name}", _named(f"{_start}{_name}"))
Node.__call__ = _called  # type: ignore[method-assign]
