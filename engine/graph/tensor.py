"""The Tensor: an array, and where its gradient goes.

Only what every tensor is stands here; operations become its methods from the table of rows
(graph/registry.py). `edge` says how the tensor is tracked: None, not at all; LEAF, it requires grad
itself; a Node or an Output made it; or a View, it shows part of another tensor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.arrays import dtypes, journal
from engine.arrays.modes import INFERENCE, mode
from engine.arrays.state import current, warn
from engine.arrays.types import Array
from engine.graph import storage


class Leaf:
    """The edge of a tensor that requires grad and was made by no operation."""

    __slots__ = ()
    is_view = False

    def __repr__(self) -> str:
        return "LEAF"


class Inferred:
    """The edge of a tensor made in inference mode."""

    __slots__ = ()
    is_view = False

    def __repr__(self) -> str:
        return "INFERRED"


LEAF = Leaf()
INFERRED = Inferred()

_NON_LEAF_GRAD = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad "
    "attribute won't be populated during autograd.backward(). If you indeed want the .grad field "
    "to be populated for a non-leaf Tensor, use .retain_grad() on the non-leaf Tensor. If you "
    "access the non-leaf Tensor by mistake, make sure you access the leaf Tensor instead. See "
    "github.com/pytorch/pytorch/pull/30531 for more information."
)


class Optional:
    """A slot that means its default until it is set, so that making a tensor costs two stores.

    `__getattr__` would do as well, and make every attribute slow (CPython 3.11 to 3.13 know no
    short way to those of a class that has one).
    """

    __slots__ = ("_default", "_slot")

    def __init__(self, slot: str, default: Any = None) -> None:
        self._slot = slot
        self._default = default

    def __get__(self, tensor: Any, owner: type) -> Any:
        if tensor is None:
            return self
        try:
            return getattr(tensor, self._slot)
        except AttributeError:
            return self._default

    def __set__(self, tensor: Any, value: Any) -> None:
        setattr(tensor, self._slot, value)

    def __delete__(self, tensor: Any) -> None:
        delattr(tensor, self._slot)


class Tensor:
    """A multi-dimensional array with a gradient, as torch.Tensor."""

    __slots__ = (
        "__weakref__",
        "array",
        "bare_grad",
        "bare_hooks",
        "bare_label",
        "bare_origin",
        "bare_parameter",
        "bare_post_hooks",
        "bare_retained",
        "bare_unversioned",
        "edge",
    )

    array: Array
    edge: Any
    bare_grad: Tensor | None
    """Of leaves, and whatever else collects a gradient, sure to be set. So is bare_unversioned."""
    bare_origin: Any
    """Of what a trace made, sure to be set."""
    _grad = Optional("bare_grad")
    origin = Optional("bare_origin")
    label = Optional("bare_label")
    hooks = Optional("bare_hooks")
    post_hooks = Optional("bare_post_hooks")
    parameter = Optional("bare_parameter", False)
    retained = Optional("bare_retained", False)
    unversioned = Optional("bare_unversioned", False)

    if TYPE_CHECKING:  # the table of rows gives these
        data: Any  # given by dispatch/detached.py

        def __getattr__(self, name: str) -> Any: ...
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __rfloordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __rmod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __pos__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...
        def __iter__(self) -> Iterator[Tensor]: ...

    # ---- what it is --------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The sizes of the dimensions."""
        return Size(self.array.shape)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self.array.ndim

    @property
    def dtype(self) -> dtypes.dtype:
        """The element type."""
        return dtypes.of(self.array.dtype)

    @property
    def requires_grad(self) -> bool:
        """Whether gradients are recorded for it."""
        edge = self.edge
        if edge is None or edge is LEAF or edge is INFERRED:
            return edge is LEAF
        return not edge.is_view or edge.current() is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        set_requires_grad(self, value)

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made it."""
        return self.edge is LEAF or not self.requires_grad

    @property
    def grad_fn(self) -> Any:
        """The node that made it; None for leaves and untracked tensors."""
        edge = self.edge
        if edge is None or edge is LEAF or edge is INFERRED:
            return None
        if edge.is_view:
            edge = edge.current()
        if edge is None:
            return None
        return getattr(edge, "node", edge).shown

    @property
    def grad(self) -> Tensor | None:
        """The gradient accumulated by backward; None before."""
        try:
            grad = self.bare_grad
        except AttributeError:
            grad = None
        if grad is None and not self.retained and not self.is_leaf:
            warn(_NON_LEAF_GRAD, UserWarning)
        return grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(
                    "assigned grad expected to be a Tensor or None but got grad of type "
                    f"{type(value).__name__}"
                )
            if value.array.shape != self.array.shape:
                raise RuntimeError(
                    f"attempting to assign a gradient of size '{list(value.array.shape)}' to a "
                    f"tensor of size '{list(self.array.shape)}'. Please ensure that the gradient "
                    "and the tensor are the same size"
                )
            if value.array.dtype != self.array.dtype:
                raise RuntimeError(
                    "attempting to assign a gradient with dtype "
                    f"'{dtypes.of(value.array.dtype).scalar_name.lower()}' to a tensor with "
                    f"grad_dtype '{self.dtype.scalar_name}'. The gradient must match the tensor's "
                    "grad_dtype (defaults to the tensor's dtype). You can set the tensor's "
                    "grad_dtype attribute with a specific dtype, or None to allow any dtype. Set "
                    "grad_dtype with caution. Diverging the dtypes of a tensor and its gradient "
                    "may break downstream systems that assume they match."
                )
            if value is self:
                raise RuntimeError("can't assign Variable as its own grad")
        if (listening := current().journal) is not None:
            listening.slot(self, "_grad")
        self.bare_grad = value

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    @property
    def retains_grad(self) -> bool:
        """Whether backward keeps .grad although the tensor is no leaf."""
        return bool(self.retained)

    @property
    def output_nr(self) -> int:
        """Which output of its grad_fn it is."""
        return getattr(self.edge, "index", 0)

    @property
    def _version(self) -> int:
        """How often its storage was written in place."""
        if self.edge is INFERRED:
            raise RuntimeError("Inference tensors do not track version counter.")
        return storage.version(self.array)

    @property
    def _base(self) -> Tensor | None:
        """The tensor it is a view of; None if it is none."""
        return self.edge.base if self._is_view() else None

    def _is_view(self) -> bool:
        """Whether it shows part of another tensor."""
        return self.edge is not None and self.edge.is_view

    def __len__(self) -> int:
        if not self.array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return len(self.array)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
                "protocol at the moment.  If you were attempting to deepcopy a module, this may "
                "be because of a torch.nn.utils.weight_norm usage, see "
                "https://github.com/pytorch/pytorch/pull/103001"
            )
        copy = leaf(self.array.copy(), self.requires_grad)
        if self.parameter:
            copy.parameter = True
        memo[id(self)] = copy
        if self._grad is not None:
            copy._grad = wrap(self._grad.array.copy())
        return copy

    def __hash__(self) -> int:
        return id(self)


class Size(tuple[int, ...]):
    """The sizes of a tensor's dimensions, as torch.Size."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def numel(self) -> int:
        """The number of elements of a tensor of this size."""
        count = 1
        for size in self:
            count *= size
        return count


def wrap(array: Any) -> Tensor:
    """An untracked tensor over an array."""
    tensor = Tensor()
    tensor.array = np.asarray(array)
    tensor.edge = INFERRED if mode.get() & INFERENCE else None
    return tensor


def leaf(array: Array, requires_grad: bool) -> Tensor:
    """A tensor made by no operation. Raises RuntimeError for integers that require grad."""
    return begun(wrap(array), requires_grad)


def begun(new: Tensor, requires_grad: bool) -> Tensor:
    """A new tensor, tracked if that is asked for. Raises as `leaf`."""
    if requires_grad:
        if new.array.dtype.kind not in "fcV":
            raise RuntimeError(
                "Only Tensors of floating point and complex dtype can require gradients"
            )
        track(new)
    return new


def track(tensor: Tensor) -> None:
    """Make a tensor a leaf that requires grad, its bare slots set."""
    tensor.edge = LEAF
    tensor._grad, tensor.unversioned = tensor._grad, tensor.unversioned


def set_requires_grad(tensor: Tensor, value: bool) -> None:
    """Start or stop tracking a leaf. Raises RuntimeError as PyTorch does where it cannot."""
    if not isinstance(value, bool):
        raise RuntimeError("requires_grad must be a bool")
    if not tensor.is_leaf:
        if value:
            return
        raise RuntimeError(
            "you can only change requires_grad flags of leaf variables. If you want to use a "
            "computed variable in a subgraph that doesn't require differentiation use var_no_grad "
            "= var.detach()."
        )
    if value and tensor.array.dtype.kind not in "fcV":
        raise RuntimeError("only Tensors of floating point dtype can require gradients")
    if value and tensor.edge is INFERRED and not mode.get() & INFERENCE:
        raise RuntimeError(
            "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed."
        )
    if value is not tensor.requires_grad:
        journal.note_slot(tensor, "edge")
        if value:
            track(tensor)
        else:
            tensor.edge = None
