"""Functions a user attaches to tensors and nodes, called as gradients pass.

A tensor's hooks see (and may replace) the gradient with respect to it; `retain_grad` keeps it; a
node's hooks see what goes in and what came out. Source: PyTorch, "Backward Hooks execution".
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from itertools import count
from typing import Any

from engine.arrays import dtypes, journal
from engine.graph.node import AccumulateGrad, Edge, Node, Output, edge_of
from engine.graph.tensor import LEAF, Tensor

Hook = Any
"""A function of gradients; a LeafNodeHook among a leaf's."""
on_leaves = False
"""Whether any leaf ever had a hook: as long as none had, no traversal asks."""


class Hooks:
    """All that is attached to a node: for each output, tensor hooks and the tensor to retain; node
    hooks, before and after; the user's notes (`metadata`).
    """

    __slots__ = ("after", "before", "metadata", "on_output", "retained")

    def __init__(self) -> None:
        self.on_output: dict[int, list[Hook]] = {}
        self.retained: dict[int, weakref.ref[Tensor]] = {}
        self.before: list[Hook] = []
        self.after: list[Hook] = []
        self.metadata: dict[Any, Any] = {}


_next_id = count().__next__


class RemovableHandle:
    """A registered hook; `remove()`, or the end of a `with` block, detaches it."""

    __slots__ = ("__weakref__", "_hook", "_hooks", "id")
    __module__ = "torch.utils.hooks"

    def __init__(self, hooks: list[Hook], hook: Hook, place: int | None = None) -> None:
        journal.note_container(hooks)
        hooks.insert(len(hooks) if place is None else place, hook)
        self._hooks = hooks
        self._hook = hook
        self.id = _next_id()

    def remove(self) -> None:
        """Detach the hook; nothing happens the second time."""
        if self._hook in self._hooks:
            journal.note_container(self._hooks)
            self._hooks.remove(self._hook)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


class LeafNodeHook:
    """A hook of the node that adds to a leaf's .grad; it waits behind the leaf's own."""

    __slots__ = ("hook",)

    def __init__(self, hook: Hook) -> None:
        self.hook = hook


def hooks_of(node: Node) -> Hooks:
    """The hooks and notes of a node, which it is given when they are first asked for."""
    if node.hooks is None:
        journal.note_slot(node, "hooks")
        node.hooks = Hooks()
    found: Hooks = node.hooks
    return found


def _output_of(edge: Any) -> tuple[Hooks, int]:
    node, index = (edge.node, edge.index) if type(edge) is Output else (edge, 0)
    return hooks_of(node), index


def _before_node_hooks(hooks: list[Hook]) -> int:
    """Where a leaf's own hooks end."""
    return sum(type(hook) is not LeafNodeHook for hook in hooks)


def register_hook(self: Tensor, hook: Hook) -> RemovableHandle:
    """Call hook(grad) when the gradient with respect to the tensor is known; what it returns, if
    not None, replaces the gradient. Raises RuntimeError for a tensor that does not require grad."""
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if self.edge is LEAF:
        hooks = _leaf_hooks(self, "hooks")
        return RemovableHandle(hooks, hook, _before_node_hooks(hooks))
    attached, index = _output_of(edge_of(self))
    return RemovableHandle(attached.on_output.setdefault(index, []), hook)


def _leaf_hooks(leaf: Tensor, slot: str) -> list[Hook]:
    global on_leaves
    on_leaves = True
    hooks: list[Hook] | None = getattr(leaf, slot)
    if hooks is None:
        journal.note_slot(leaf, slot)
        hooks = []
        setattr(leaf, slot, hooks)
    return hooks


def register_post_accumulate_grad_hook(self: Tensor, hook: Hook) -> RemovableHandle:
    """Call hook(tensor) after backward has added to a leaf's .grad. Raises RuntimeError for a
    tensor that is no leaf or does not require grad."""
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if self.edge is not LEAF:
        raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    hooks = _leaf_hooks(self, "post_hooks")
    return RemovableHandle(hooks, hook, _before_node_hooks(hooks))


def retain_grad(self: Tensor) -> None:
    """Keep .grad for a tensor that is no leaf. Raises RuntimeError if it does not require grad."""
    if not self.requires_grad:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    if self.is_leaf or self.retained:
        return
    retain_for(self, edge_of(self))


def retain_for(tensor: Tensor, edge: Edge) -> None:
    """Let the node or output at `edge` keep what reaches it as the tensor's .grad."""
    hooks, index = _output_of(edge)
    journal.note_container(hooks.retained)
    hooks.retained[index] = weakref.ref(tensor)
    journal.note_slot(tensor, "retained")
    tensor.retained = True
    tensor._grad = tensor._grad


def _register_node_hook(self: Node, hook: Hook) -> RemovableHandle:
    """Call hook(grad_inputs, grad_outputs) after the node has run; a tuple that it returns takes
    the place of grad_inputs.
    """
    return RemovableHandle(hooks_of(self).after, hook)


def _register_node_prehook(self: Node, hook: Hook) -> RemovableHandle:
    """Call hook(grad_outputs) before the node runs; a tuple that it returns takes their place."""
    return RemovableHandle(hooks_of(self).before, hook)


def _metadata(self: Node) -> dict[Any, Any]:
    """The user's own notes at the node."""
    return hooks_of(self).metadata


def _register_leaf_node_hook(self: AccumulateGrad, hook: Hook) -> RemovableHandle:
    """Call hook((), grad_outputs) after the leaf's .grad has received a gradient."""
    return RemovableHandle(_leaf_hooks(self.variable, "post_hooks"), LeafNodeHook(hook))


def _register_leaf_node_prehook(self: AccumulateGrad, hook: Hook) -> RemovableHandle:
    """Call hook(grad_outputs) before; a tuple that it returns takes their place."""
    return RemovableHandle(_leaf_hooks(self.variable, "hooks"), LeafNodeHook(hook))


Node.register_hook = _register_node_hook
Node.register_prehook = _register_node_prehook
Node.metadata = property(_metadata)
AccumulateGrad.register_hook = _register_leaf_node_hook
AccumulateGrad.register_prehook = _register_leaf_node_prehook


# ---- calling them ------------------------------------------------------------------------------


def run_tensor_hooks(hooks: Sequence[Hook], g: Tensor) -> Any:
    """Pass a gradient through a tensor's hooks; None if a hook of a leaf's node takes it away."""
    for hook in tuple(hooks):
        if type(hook) is LeafNodeHook:
            (g,) = replaced_by(hook.hook, (hook.hook((g,))), (g,))
            if g is None:
                return None
            continue
        replaced = hook(g)
        if replaced is not None:
            g = checked(hook, replaced, g)
    return g


def run_after_hooks(tensor: Tensor, g: Tensor) -> None:
    """Call the hooks that wait until a leaf's .grad has received g.

    Raises TypeError for one that returns something.
    """
    for hook in tuple(tensor.post_hooks or ()):
        if type(hook) is LeafNodeHook:
            hook.hook((), (g,))
        elif (replaced := hook(tensor)) is not None:
            raise TypeError(f"expected Variable, but hook returned '{type(replaced).__name__}'")


def replaced_by(hook: Hook, values: Any, before: tuple[Any, ...]) -> tuple[Any, ...]:
    """The gradients a node's hook gives in place of others, or those if it gave None.

    Raises TypeError and RuntimeError as PyTorch for what cannot replace them.
    """
    if values is None:
        return before
    if not isinstance(values, tuple):
        raise TypeError(f"expected tuple, but hook returned '{type(values).__name__}'")
    if len(values) != len(before):
        raise RuntimeError(
            f"hook '{_name(hook)}' has returned an incorrect number of values (got {len(values)}, "
            f"but expected {len(before)})"
        )
    return tuple(
        value if value is None else checked(hook, value, was)
        for value, was in zip(values, before, strict=True)
    )


def checked(hook: Hook, value: Any, was: Tensor | None) -> Tensor:
    """A gradient that a hook returned. Raises as PyTorch where it differs in kind."""
    if not isinstance(value, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(value).__name__}'")
    if was is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    if value.array.shape != was.array.shape:
        raise RuntimeError(f"hook '{_name(hook)}' has changed the size of value")
    if value.array.dtype != was.array.dtype:
        names = [dtypes.of(t.array.dtype).tensor_type for t in (was, value)]
        raise RuntimeError(
            f"hook '{_name(hook)}' has changed the type of value (was torch.{names[0]} got "
            f"torch.{names[1]})"
        )
    return value


def _name(hook: Hook) -> str:
    return str(getattr(hook, "__name__", None) or getattr(hook, "name", "<unknown>"))
