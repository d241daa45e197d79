"""Tensors cut off from autograd that go on sharing the storage: `x.detach()` and `x.data`."""

from __future__ import annotations

from engine.arrays import journal
from engine.arrays.modes import TRACE, mode
from engine.arrays.row import rows
from engine.dispatch.apply import record
from engine.graph.storage import note_shown
from engine.graph.tensor import INFERRED, Tensor, wrap


def detached(tensor: Tensor, row: str = "detach") -> Tensor:
    """An untracked tensor that shares the storage. A trace remembers what it was cut from, by the
    row "detach" or "data".
    """
    alias = wrap(tensor.array)
    if tensor.edge is INFERRED:
        alias.edge = INFERRED
    if mode.get() & TRACE:
        alias.origin = record(rows[row], (tensor,), [tensor.array], tensor.array, ()).origin
        if alias.origin is not None:
            alias.origin.trace.cut = True
            note_shown(alias.array, alias.origin)
    return alias


def _data(self: Tensor) -> Tensor:
    """The same storage, outside autograd and outside its version checks."""
    alias = detached(self, "data")
    alias.unversioned = True
    return alias


def _set_data(self: Tensor, value: Tensor) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
    if value.array.shape == self.array.shape and value.array.dtype == self.array.dtype:
        journal.note_contents(self.array)  # graphs that saved this tensor see the new numbers
        self.array[...] = value.array
    else:
        journal.note_slot(self, "array")
        self.array = value.array


Tensor.data = property(_data, _set_data)
