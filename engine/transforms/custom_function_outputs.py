"""What the forward of an autograd.Function returned, made part of the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.arrays.state import warn
from engine.dispatch.inplace import take_over
from engine.graph import storage
from engine.graph.grad_mode import no_grad
from engine.graph.hooks import retain_for
from engine.graph.node import Node, Output, edge_of
from engine.graph.storage import View
from engine.graph.tensor import LEAF, Tensor, wrap

_VIEW_INSIDE = (
    " is a view and is being modified inplace. This view was created inside a custom Function (or "
    "because an input was returned as-is) and the autograd logic to handle view+inplace would "
    "override the custom backward associated with the custom Function, leading to incorrect "
    "gradients. This behavior is forbidden. You can fix this by cloning the output of the custom "
    "Function."
)


_VIEW_OF_SEVERAL = (
    "If your Function modifies inplace an input that is a view of another Tensor, your Function "
    "cannot return more than one Tensor. This is not supported by the current autograd engine. You "
    "should either make sure the input is not a view (using .clone() for example) or make your "
    "Function only return one Tensor (potentially splitting it into two Functions: one doing the "
    "inplace that returns a single Tensor and a second one that does the other operations). You "
    "can ask on the forum https://discuss.pytorch.org/ if you need help to do this change."
)


class Outputs:
    """What forward returned, on its way to being outputs of a node (None: nothing is recorded)."""

    def __init__(
        self,
        ctx: Any,
        node: Node | None,
        inputs: Sequence[Any],
        outputs: tuple[Any, ...],
        separate: bool,
    ) -> None:
        self.node = node
        self.outputs = outputs
        self.inputs = {id(arg) for arg in inputs if isinstance(arg, Tensor)}
        self.flat = _tensors(
            ctx.non_differentiable,
            "mark_non_differentiable only accepts variable arguments, but got ",
        )
        self.dirty = _tensors(
            ctx.dirty_tensors, "mark_dirty can only accept variables, but argument "
        )
        self.kept = {id(tensor) for tensor in ctx.to_save} if separate else set()
        for tensor in ctx.dirty_tensors:
            self._note_dirty(tensor, ctx)

    def _note_dirty(self, tensor: Tensor, ctx: Any) -> None:
        if id(tensor) not in self.inputs:
            warn(
                "ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that "
                "have been mutated should be passed to ctx.mark_dirty().",
            )
        elif not any(out is tensor for out in self.outputs):
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as "
                "output. The inputs that are modified inplace must all be outputs of the Function."
            )
        storage.note_write(tensor.array, writer=ctx.name())

    def recorded(self) -> tuple[Any, ...]:
        """The outputs as the caller gets them."""
        return tuple(
            self._recorded(place, out) if isinstance(out, Tensor) else out
            for place, out in enumerate(self.outputs)
        )

    def _recorded(self, place: int, out: Tensor) -> Tensor:
        is_input = id(out) in self.inputs
        smooth = id(out) not in self.flat and out.array.dtype.kind in "fcV"
        if self.node is None or not smooth:
            return self._unrecorded(out, is_input)
        edge = Output(self.node, place)
        if id(out) in self.dirty and is_input:
            self._written(out, edge)
            return out
        if is_input:
            out = self._as_view(out)
        if type(out.edge) is View:
            out.edge.edge = edge
            out.edge.made = f"Output {place} of {self.node.op.name}{_VIEW_INSIDE}"
        else:
            out.edge = edge
        return out

    def _unrecorded(self, out: Tensor, is_input: bool) -> Tensor:
        if out.requires_grad:
            if is_input or self.node is None:
                return out.detach()  # type: ignore[no-any-return]
            out.edge = None
            return out
        return self._as_view(out) if is_input and id(out) not in self.dirty else out

    def _as_view(self, out: Tensor) -> Tensor:
        """An input that came through as it was: a tensor of its own, over the same memory."""
        if id(out) in self.kept:
            raise RuntimeError(
                "An input that has been returned as-is as output is being saved for backward. This "
                "is not supported if you override setup_context. You should return and save a view "
                "of the input instead, e.g. with x.view_as(x) or setup ctx inside the forward "
                "function itself."
            )
        with no_grad():
            return out.view_as(out)  # type: ignore[no-any-return]

    def _written(self, out: Tensor, edge: Output) -> None:
        """Give an input that forward has written the history of this node."""
        if out.edge is LEAF:
            raise RuntimeError(
                "a leaf Variable that requires grad has been used in an in-place operation."
            )
        if type(out.edge) is View:
            if len(self.outputs) > 1:
                raise RuntimeError(_VIEW_OF_SEVERAL)
            new = wrap(out.array)
            new.edge = edge
            take_over(out, new, edge.node)
            return
        before: Any = edge_of(out)
        out.edge = edge
        if out.retained:
            node, index = (before.node, before.index) if type(before) is Output else (before, 0)
            del node.hooks.retained[index]
            retain_for(out, edge)


def _tensors(marked: tuple[Any, ...], complaint: str) -> set[int]:
    for tensor in marked:
        if not isinstance(tensor, Tensor):
            raise RuntimeError(complaint)
    return {id(tensor) for tensor in marked}
