"""torch.autograd.graph: edges as values, and hooks on several gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

from engine.backward.traversal import Traversal
from engine.graph import node as nodes
from engine.graph import storage
from engine.graph.hooks import RemovableHandle, register_hook
from engine.graph.node import AccumulateGrad, GradientEdge, KnownEdge, accumulator, edge_of
from engine.graph.registry import expose
from engine.graph.tensor import LEAF, Tensor


class _IsNode(type):
    """`isinstance(x, Node)` holds for every grad_fn."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, (nodes.Node, AccumulateGrad)) or hasattr(
            type(instance), "_forward_cls"
        )


class Node(metaclass=_IsNode):
    """A recorded operation, as grad_fn is; for isinstance alone."""

    __module__ = "torch.autograd.graph"


# ---- edges -------------------------------------------------------------------------------------


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The edge of a tensor; grad and backward take it in place of the tensor. Raises RuntimeError
    for one that does not require grad."""
    if not tensor.requires_grad:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require "
            "gradients"
        )
    node = accumulator(tensor) if tensor.edge is LEAF else tensor.grad_fn
    found = KnownEdge(node, tensor.output_nr)
    found.array, found.edge = tensor.array, edge_of(tensor)
    return found


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Count a write that was made behind the engine's back."""
    for each in (tensor,) if isinstance(tensor, Tensor) else tensor:
        storage.note_write(each.array)


# ---- several gradients -------------------------------------------------------------------------


class _Handles(RemovableHandle):
    __slots__ = ("_handles",)

    def __init__(self, handles: Sequence[RemovableHandle]) -> None:
        self._handles = tuple(handles)

    def remove(self) -> None:
        """Detach all the hooks."""
        for handle in self._handles:
            handle.remove()


def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[..., None], *, mode: str = "all"
) -> RemovableHandle:
    """Call fn when the gradients of several tensors are known.

    With mode "all", fn(gradients) once all are known that a backward computes, None for the
    others; with "any", fn(gradient) for the first. Raises ValueError for another mode.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    if mode == "any":
        return _Handles(_any(tensors, fn))
    return _Handles(_all(tensors, fn))


def _any(tensors: Sequence[Tensor], fn: Callable[..., None]) -> list[RemovableHandle]:
    last: list[Any] = [None]

    @wraps(fn)
    def first(gradient: Tensor) -> None:
        if last[0] is not Traversal.current:
            last[0] = Traversal.current
            fn(gradient)

    return [register_hook(tensor, first) for tensor in tensors if tensor.requires_grad]


def _all(tensors: Sequence[Tensor], fn: Callable[..., None]) -> list[RemovableHandle]:
    edges = [edge_of(tensor) for tensor in tensors]
    last: Any = None
    gradients: list[Tensor | None] = []
    missing = 0

    def hook_of(place: int) -> Callable[[Tensor], None]:
        def hook(gradient: Tensor) -> None:
            nonlocal last, gradients, missing
            now = Traversal.current
            assert now is not None
            if now is not last:
                last, gradients = now, [None] * len(edges)
                missing = sum(now.reaches(edge) for edge in edges)
            gradients[place] = gradient
            missing -= 1
            if missing == 0:
                last = None
                fn(gradients)

        return hook

    return [register_hook(tensor, hook_of(place)) for place, tensor in enumerate(tensors)]


_WHERE = "torch.autograd.graph"
for _thing in (
    Node,
    GradientEdge,
    get_gradient_edge,
    increment_version,
    register_multi_grad_hook,
):
    expose(_thing.__name__, _thing, _WHERE)
