"""Writing into a tensor: the in-place form of any operation.

`x.add_(y)` is `add` followed by `assign`: the result is written into x's storage, and x takes over
the node that made it. If x is a view, its base does too, through CopySlices: the base's gradient
is the incoming one outside the view, and goes through the operation inside it. Source: PyTorch,
"In-place operations with autograd" and its check_inplace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from engine.arrays import dtypes, journal
from engine.arrays.backends import NUMPY
from engine.arrays.memory import overlaps_itself, overlaps_partly, owner_of
from engine.arrays.modes import GRAD, INFERENCE, TRACE, mode
from engine.arrays.promotion import category
from engine.arrays.row import Op, rows
from engine.arrays.scalars import F32, F64
from engine.arrays.state import current
from engine.arrays.types import Array
from engine.dispatch.apply import record
from engine.dispatch.fast_path import TENSORS
from engine.graph import registry, storage
from engine.graph.hooks import retain_for
from engine.graph.node import Node, edge_of
from engine.graph.registry import public
from engine.graph.storage import View, next_rank
from engine.graph.tensor import INFERRED, LEAF, Tensor, wrap

_NO_GRAD_VIEW = (
    "A view was created in no_grad mode and is being modified inplace with grad mode enabled. "
    "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your "
    "code by moving both the view and the inplace either both inside the no_grad block (if you "
    "don't want the inplace to be tracked) or both outside (if you want the inplace to be "
    "tracked)."
)
_ONE_OF_SEVERAL = (
    " is a view and is being modified inplace. This view is the output of a function that returns "
    "multiple views. Such functions do not allow the output views to be modified inplace. You "
    "should replace the inplace operation by an out-of-place one."
)


_mode = mode.get


def check_inplace(target: Tensor) -> None:
    """Raise PyTorch's error if autograd forbids writing into `target`."""
    if target.edge is INFERRED and not mode.get() & INFERENCE:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make "
            "a clone to get a normal tensor before doing inplace update.See "
            "https://github.com/pytorch/rfcs/pull/17 for more details."
        )
    if not mode.get() & GRAD:
        return
    if target.edge is LEAF:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation."
        )
    view = target.edge
    if type(view) is not View or not (target.requires_grad or view.base.requires_grad):
        return
    if view.made == "no_grad":
        raise RuntimeError(_NO_GRAD_VIEW)
    if view.made:
        said = view.made if view.made.endswith(".") else f"{view.made}{_ONE_OF_SEVERAL}"
        raise RuntimeError(said)
    if view.base.edge is LEAF:
        raise RuntimeError(
            "a view of a leaf Variable that requires grad is being used in an in-place operation."
        )


def check_overlap(target: Tensor, operands: Iterable[Any]) -> None:
    """Raise PyTorch's error if an operand shows part of the memory to be written, shifted."""
    for operand in operands:
        if isinstance(operand, Tensor) and overlaps_partly(target.array, operand.array):
            raise RuntimeError(
                "unsupported operation: some elements of the input tensor and the written-to "
                "tensor refer to a single memory location. Please clone() the tensor before "
                "performing the operation."
            )


def assign(target: Tensor, new: Tensor, overlapping: bool = False) -> Tensor:
    """Make `target` hold the values of `new`, and its history.

    Raises:
        RuntimeError: the shapes differ, the dtype cannot hold the values, elements of the target
            share memory, or autograd forbids it.
    """
    check_inplace(target)
    array, values = target.array, new.array
    if not overlapping and overlaps_itself(array):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            "single memory location. Please clone() the tensor before performing the operation."
        )
    if values.shape != array.shape:
        raise RuntimeError(
            f"output with shape {list(array.shape)} doesn't match the broadcast shape "
            f"{list(values.shape)}"
        )
    if category(values.dtype) > category(array.dtype):
        raise RuntimeError(
            f"result type {dtypes.of(values.dtype).scalar_name} can't be cast to the desired "
            f"output type {dtypes.of(array.dtype).scalar_name}"
        )
    edge = edge_of(new)
    node = edge if type(edge) is Node else None
    recording = mode.get() & GRAD
    rank = None if node is None else _keep_saved(node, array, values)
    if mode.get() & TRACE:
        base = target.edge.base if type(target.edge) is View else target
        storage.keep_shown(array, target.origin, base.origin)
    journal.note_contents(array)
    np.copyto(array, values, casting="unsafe")
    writer, written = node, array
    if recording and (node is not None or mode.get() & TRACE):
        writer, written = take_over(target, new, node)
    elif type(target.edge) is View and target.edge.base.requires_grad:
        journal.note_slot(target.edge, "stale")
        target.edge.stale = True
    if not target.unversioned:
        name = None if writer is None else writer.op.node_name
        storage.note_write(written, rank, name)
    return target


def take_over(target: Tensor, new: Tensor, node: Node | None) -> tuple[Node | None, Array]:
    """Give `target`, and the tensor it is a view of, the history of `new`.

    Returns the node that made what was written, and the array of that node's tensor.
    """
    view = target.edge
    journal.note_slot(target, "origin")
    target.origin = new.origin
    if type(view) is not View:
        if node is not None:
            _move_retained(target, node)
            journal.note_slot(target, "edge")
            target.edge = new.edge
        return node, target.array
    base = view.base
    written = record(
        rows["copy_slices"], (base, new), [base.array, new.array], base.array, (view.path,)
    )
    journal.note_slot(base, "origin")
    base.origin = written.origin
    if written.edge is not None:
        journal.note_slot(base, "edge")
        base.edge = written.edge
    return (base.edge if type(base.edge) is Node else node), base.array


def _move_retained(target: Tensor, node: Node) -> None:
    """`.grad` is kept for what the tensor is now, not for what it was."""
    if target.retained:
        old: Any = edge_of(target)
        journal.note_container(old.hooks.retained)
        del old.hooks.retained[0]
        retain_for(target, node)


def _keep_saved(node: Node, array: Array, values: Array) -> int:
    """Copy what the node saved of the memory about to be written; its result is there from now on.

    PyTorch copies only the tensor written to. Where another operand is that tensor too
    (`y *= y`), the write counts as made after the node, so that backward finds it. Returns the
    rank of the write.
    """
    owner = owner_of(array)
    rank = node.rank
    if type(node.saved) is not tuple:  # packed by a user's hooks
        return rank
    kept = []
    for name, value in zip(node.op.saves, node.saved, strict=True):
        if value is values and values.dtype == array.dtype:
            value = array
        elif isinstance(value, np.ndarray) and owner_of(value) is owner:
            if name == node.op.operands[0]:
                value = value.copy()
            else:
                rank = next_rank()
        kept.append(value)
    node.saved = tuple(kept)
    return rank


def in_place(name: str, function: Callable[..., Any]) -> Callable[..., Tensor]:
    """The in-place form of an operation on tensors, as a method.

    Where there is a row of that name, it takes the function's place: its node has its own name.
    """
    own = f"{function.__name__}_"
    if own in rows:
        function = getattr(TENSORS, own)

    def method(self: Tensor, *args: Any, **options: Any) -> Tensor:
        try:
            check_inplace(self)
            check_overlap(self, args)
            return assign(self, function(self, *args, **options))
        except Exception as error:
            written: Tensor = registry.settle(error, method, "Tensor", name, (self, *args), options)
            return written

    method.__name__ = method.__qualname__ = name
    method.__wrapped__ = function  # type: ignore[attr-defined]  # help shows its parameters
    method.__doc__ = f"In place: {function.__doc__ or function.__name__}"
    return method


registry.in_place_form = in_place


def _apart(target: Tensor, values: Array) -> bool:
    """Whether a tensor can be written as it stands: no view, and of other memory than `values`."""
    array = target.array
    whole = type(target.edge) is not View and array.flags.c_contiguous
    return whole and owner_of(array) is not owner_of(values)


def augmented(row: Op, method: Callable[..., Any]) -> Callable[..., Any]:
    """`x += y` and its like: straight into x's memory where nothing is recorded, else `method`.

    An optimiser's step is this case, and nothing else.
    """
    ufunc = row.over(NUMPY)

    def operator(self: Tensor, other: Any) -> Any:
        if not _mode() and current().journal is None and type(other) is Tensor:
            array, values = self.array, other.array
            dtype = array.dtype
            if (
                dtype is values.dtype
                and (dtype is F32 or dtype is F64)
                and self.edge is not INFERRED
                and ((array.base is None and values.base is None) or _apart(self, values))
            ):
                try:
                    ufunc(array, values, array)
                except ValueError:
                    return method(self, other)  # which says what is wrong
                if not (self.bare_unversioned if self.edge is LEAF else self.unversioned):
                    storage.note_write(array)
                return self
        if type(other) is not Tensor and not isinstance(other, (int, float, complex)):
            return NotImplemented
        return method(self, other)

    return operator


@public()
def fill_(self: Tensor, value: Any) -> Tensor:
    """In place: every element becomes `value`, a number or a 0-dim Tensor. Raises RuntimeError for
    a Tensor with dimensions."""
    check_inplace(self)
    if isinstance(value, Tensor):
        if value.array.ndim:
            raise RuntimeError(
                "fill_ only supports 0-dimension value tensor but got tensor with "
                f"{value.array.ndim} dimensions."
            )
        return assign(self, TENSORS.fill_tensor(self, value))
    return assign(self, TENSORS.fill(self, value))


@public()
def zero_(self: Tensor) -> Tensor:
    """In place: every element becomes 0."""
    check_inplace(self)
    return assign(self, TENSORS.zero(self), overlapping=True)


@public("Tensor")
def copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """In place: the values of `src`, a Tensor or a number, broadcast and cast."""
    check_inplace(self)
    if isinstance(src, (bool, int, float, complex)):
        src = wrap(np.asarray(src))
    check_overlap(self, (src,))
    return assign(self, TENSORS.copy(self, src))
