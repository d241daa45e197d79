"""The context of an autograd.Function: what its forward leaves for its backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.arrays.modes import PACK, mode
from engine.backward.saved_tensor_hooks import packed, pairs
from engine.backward.saved_tensors import SECOND_TIME, modified
from engine.graph import storage
from engine.graph.node import Node, Output, edge_of
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap

PLACE = "torch.autograd.function"
"""Where PyTorch has what is here."""


@public(PLACE)
class FunctionCtx:
    """What forward leaves for backward; any attribute may be set beside what it has."""

    __module__ = PLACE
    to_save: tuple[Any, ...] = ()
    dirty_tensors: tuple[Any, ...] = ()
    non_differentiable: tuple[Any, ...] = ()
    materialize_grads = True

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors for backward; they may not be written in place until then."""
        self.to_save = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """Keep tensors for jvp, which the engine never calls."""

    def mark_dirty(self, *args: Tensor) -> None:
        """Tell which inputs forward has written in place."""
        self.dirty_tensors = args

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Tell which outputs have no gradient."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward is given zeros for outputs that no gradient reached (else None)."""
        self.materialize_grads = value


@public(PLACE)
class BackwardCFunction(FunctionCtx):
    """A context that is also the face of its node: what `grad_fn` shows."""

    __module__ = PLACE
    needs_input_grad: tuple[bool, ...] = ()
    _forward_cls: Any = None
    _saved: tuple[Saved | None, ...] | None = ()
    _weak: Any = None
    _inputs: tuple[Any, ...] = ()
    """Of each argument of forward its shape and dtype; None for what is no tensor."""
    _outputs: tuple[Any, ...] = ()
    """The same of what forward returned."""

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What was saved. Raises RuntimeError if it was freed, or written in place since."""
        if self._saved is None:
            raise RuntimeError(SECOND_TIME)
        return tuple(None if kept is None else kept.tensor(self._node) for kept in self._saved)

    def release(self) -> None:
        """Let go of what was saved."""
        self._saved = None

    # ---- the face of the node ----------------------------------------------------------------

    @property
    def _node(self) -> Any:
        node = None if self._weak is None else self._weak()
        if node is None:
            raise RuntimeError(
                f"{type(self).__name__}: its graph is gone; keep the tensor it made, too"
            )
        return node

    def name(self) -> str:
        """The name PyTorch gives the node."""
        return type(self).__name__

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The nodes that gradients go to next, with the number of their output."""
        return self._node.next_functions  # type: ignore[no-any-return]

    @property
    def metadata(self) -> dict[Any, Any]:
        """What the user wants to note."""
        return self._node.metadata  # type: ignore[no-any-return]

    def register_hook(self, hook: Callable[..., Any]) -> Any:
        """Call hook(grad_inputs, grad_outputs) after backward."""
        return self._node.register_hook(hook)

    def register_prehook(self, hook: Callable[..., Any]) -> Any:
        """Call hook(grad_outputs) before backward."""
        return self._node.register_prehook(hook)

    def _sequence_nr(self) -> int:
        return -int(self._node.rank)


class Saved:
    """A tensor in a context, and its version when it was saved; an output is held as its array."""

    __slots__ = ("held", "packed", "place", "version")

    def __init__(self, tensor: Tensor, node: Node) -> None:
        edge = edge_of(tensor)
        self.version = storage.version(tensor.array)
        self.place = edge.index if type(edge) is Output and edge.node is node else None
        self.held: Any = tensor if self.place is None else tensor.array
        self.packed: Any = None
        if mode.get() & PACK:
            self.packed, self.held = packed(tensor, pairs.get()[-1]), edge

    def tensor(self, node: Node) -> Tensor:
        """The tensor. Raises RuntimeError if it was written in place since."""
        if self.packed is not None:
            out = wrap(self.packed.array())
            out.edge = self.held
            return out
        array = self.held if self.place is not None else self.held.array
        now = storage.version(array)
        if now != self.version:
            made_by = node if self.place is not None else edge_of(self.held)
            op = getattr(getattr(made_by, "node", made_by), "op", None)
            raise modified(array, None if op is None else op.node_name, now, self.version)
        if self.place is None:
            return self.held  # type: ignore[no-any-return]
        out = wrap(array)
        out.edge = Output(node, self.place)
        return out


def saved(tensors: tuple[Any, ...], node: Node) -> tuple[Saved | None, ...]:
    """What save_for_backward was given, kept for a node. Raises TypeError for what is no tensor."""
    for place, tensor in enumerate(tensors):
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"save_for_backward can only save variables, but argument {place} is of type "
                f"{type(tensor).__name__}"
            )
    return tuple(None if tensor is None else Saved(tensor, node) for tensor in tensors)
