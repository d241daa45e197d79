"""Functions a user attaches to tensors and nodes, called as gradients pass.

A tensor's hooks see (and may replace) the gradient with respect to it; `retain_grad` keeps it; a
node's hooks see what went in and came out. Source: PyTorch, "Backward Hooks execution".
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from engine import journal
from engine.node import Node, Output, edge_of
from engine.tensor import LEAF, Tensor

Hook = Callable[..., Any]


class Hooks:
    """What is attached to a node: per output, tensor hooks and the tensor to retain; node hooks."""

    __slots__ = ("after", "on_output", "retained")

    def __init__(self) -> None:
        self.on_output: dict[int, list[Hook]] = {}
        self.retained: dict[int, weakref.ref[Tensor]] = {}
        self.after: list[Hook] = []


class RemovableHandle:
    """What registering a hook returns; `remove()` detaches it."""

    __slots__ = ("_hook", "_hooks")
    __module__ = "torch.utils.hooks"

    def __init__(self, hooks: list[Hook], hook: Hook) -> None:
        journal.note_container(hooks)
        hooks.append(hook)
        self._hooks = hooks
        self._hook = hook

    def remove(self) -> None:
        """Detach the hook; nothing happens the second time."""
        if self._hook in self._hooks:
            journal.note_container(self._hooks)
            self._hooks.remove(self._hook)


def _hooks_of(edge: Any) -> tuple[Hooks, int]:
    node, index = (edge.node, edge.index) if type(edge) is Output else (edge, 0)
    if node.hooks is None:
        journal.note_slot(node, "hooks")
        node.hooks = Hooks()
    return node.hooks, index


def register_hook(self: Tensor, hook: Hook) -> RemovableHandle:
    """Call hook(grad) when the gradient with respect to the tensor is known; what it returns, if
    not None, replaces the gradient. Raises RuntimeError for a tensor that does not require grad."""
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if self.edge is LEAF:
        if self.hooks is None:
            journal.note_slot(self, "hooks")
            self.hooks = []
        return RemovableHandle(self.hooks, hook)
    hooks, index = _hooks_of(edge_of(self))
    return RemovableHandle(hooks.on_output.setdefault(index, []), hook)


def register_post_accumulate_grad_hook(self: Tensor, hook: Hook) -> RemovableHandle:
    """Call hook(tensor) after backward has added to a leaf's .grad."""
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if self.edge is not LEAF:
        raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    if self.post_hooks is None:
        journal.note_slot(self, "post_hooks")
        self.post_hooks = []
    return RemovableHandle(self.post_hooks, hook)


def retain_grad(self: Tensor) -> None:
    """Keep .grad for a tensor that is no leaf. Raises RuntimeError if it does not require grad."""
    if not self.requires_grad:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    if self.is_leaf or self.retained:
        return
    retain_for(self, edge_of(self))


def retain_for(tensor: Tensor, edge: Any) -> None:
    """Let the node at `edge` keep what reaches it as the tensor's .grad."""
    hooks, index = _hooks_of(edge)
    journal.note_container(hooks.retained)
    hooks.retained[index] = weakref.ref(tensor)
    journal.note_slot(tensor, "retained")
    tensor.retained = True


def add_node_hook(node: Node, hook: Hook) -> RemovableHandle:
    """Call hook(grad_inputs, grad_outputs) after the node has run."""
    hooks, _ = _hooks_of(node)
    return RemovableHandle(hooks.after, hook)


def run_tensor_hooks(hooks: list[Hook], g: Tensor) -> Tensor:
    """Pass a gradient through a tensor's hooks."""
    for hook in tuple(hooks):
        replaced = hook(g)
        if replaced is not None:
            if not isinstance(replaced, Tensor):
                raise TypeError(f"expected Variable, but hook returned '{type(replaced).__name__}'")
            if replaced.array.shape != g.array.shape:
                name = getattr(hook, "__name__", type(hook).__name__)
                raise RuntimeError(f"hook '{name}' has changed the size of value")
            g = replaced
    return g
