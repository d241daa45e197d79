"""squeeze_, unsqueeze_, t_, transpose_: a tensor changes its shape, its numbers stay in place."""

from __future__ import annotations

from copy import copy
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine.arrays import journal
from engine.arrays.modes import GRAD, mode
from engine.graph.registry import expose
from engine.graph.storage import View
from engine.graph.tensor import LEAF, Tensor
from engine.ops.views.shape import squeeze, t, transpose, unsqueeze

if TYPE_CHECKING:
    from engine.arrays.row import Op

_RENAMED = {
    "SqueezeBackward0": "SqueezeBackward3", "SqueezeBackward1": "SqueezeBackward4",
    "SqueezeBackward2": "SqueezeBackward5", "UnsqueezeBackward0": "UnsqueezeBackward1",
    "TBackward0": "TBackward1", "TransposeBackward0": "TransposeBackward1",
    "AsStridedBackward0": "AsStridedBackward1",
}  # fmt: skip
"""PyTorch counts the in-place forms on."""


@lru_cache(maxsize=8)
def _renamed(row: Op) -> Op:
    renamed = copy(row)
    renamed.node_name = _RENAMED.get(row.node_name, row.node_name)
    return renamed


def in_place_view(function: Any, *names: str) -> Any:
    """The in-place form of a view function."""

    def changed(self: Tensor, *args: Any, **options: Any) -> Tensor:
        if self.edge is LEAF and mode.get() & GRAD:
            raise RuntimeError(
                "a leaf Variable that requires grad is being used in an in-place operation."
            )
        before = Tensor()
        before.array, before.edge, before.origin = self.array, self.edge, self.origin
        after = function(before, *args, **options)
        view = after.edge
        if view.edge is not None:
            view.edge.op = _renamed(view.edge.op)
        for slot in ("array", "edge", "origin"):
            journal.note_slot(self, slot)
        self.array, self.origin = after.array, after.origin
        self.edge = view if type(before.edge) is View else view.edge
        return self

    changed.__name__ = changed.__qualname__ = f"{function.__name__}_"
    changed.__doc__ = f"In place: {function.__doc__}"
    for name in names or (changed.__name__,):
        expose(name, changed, "Tensor")
    return changed


in_place_view(squeeze)
in_place_view(unsqueeze)
in_place_view(t)
in_place_view(transpose, "transpose_", "swapaxes_", "swapdims_")
