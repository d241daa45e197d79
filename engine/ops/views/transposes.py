"""The dimensions in another order: t, transpose, permute, movedim, T, mT."""

from __future__ import annotations

from typing import Any

from engine.arrays.state import warn
from engine.arrays.types import Shape
from engine.dispatch.arguments import integers, wrap_dim
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import attribute, public
from engine.graph.tensor import Tensor
from engine.ops.views.shapes import in_place_view


def _inverse(dims: Shape) -> Shape:
    return tuple(sorted(range(len(dims)), key=dims.__getitem__))


# fmt: off
op("t(x)", lambda xp, x: x.T, written="x.T", view=True, x=lambda ns, g: ns.t(g))
op("transpose(x; dim0, dim1)", lambda xp, x, dim0, dim1: x.swapaxes(dim0, dim1),
   written="x.transpose(dim0, dim1)", view=True,
   x=lambda ns, g, dim0, dim1: ns.transpose(g, dim0, dim1))
op("permute(x; dims)", lambda xp, x, dims: x.transpose(dims), written="x.permute(dims)", view=True,
   x=lambda ns, g, dims: ns.permute(g, _inverse(dims)))
# fmt: on


@public("torch Tensor", "transpose", "swapaxes", "swapdims")
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """input with two dimensions exchanged, as a view."""
    ndim = input.array.ndim
    dim0, dim1 = wrap_dim(dim0, ndim), wrap_dim(dim1, ndim)
    return ops.alias(input) if ndim == 0 else ops.transpose(input, dim0, dim1)


@public()
def t(input: Tensor) -> Tensor:
    """A matrix transposed, as a view; vectors and scalars as they are."""
    ndim = input.array.ndim
    if ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {ndim}D")
    return ops.t(input)


@public()
def permute(input: Tensor, *order: Any, dims: Any = None) -> Tensor:
    """input with its dimensions in another order, as a view."""
    ndim = input.array.ndim
    order = integers("permute", order, "dims", keyword=dims)
    if len(order) != ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the "
            f"length of the desired ordering of dimensions i.e. input.dim() = {ndim} is not equal "
            f"to len(dims) = {len(order)}"
        )
    order = tuple([wrap_dim(dim, ndim) for dim in order])
    if len(set(order)) != ndim:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return ops.permute(input, order)


@public("torch Tensor", "movedim", "moveaxis")
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """input with dimensions moved to other places, as a view."""
    ndim = input.array.ndim
    given = [
        list(integers("movedim", (dims,) if isinstance(dims, (tuple, list)) else [dims], name))
        for dims, name in ((source, "source"), (destination, "destination"))
    ]
    if len(given[0]) != len(given[1]):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({given[0]} dims) should "
            f"contain the same number of dims as destination ({given[1]} dims)"
        )
    places = [[wrap_dim(dim, ndim) for dim in dims] for dims in given]
    for dims, raw, name in zip(places, given, ("source", "destination"), strict=True):
        if len(set(dims)) != len(dims):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({raw})")
    if ndim == 0:
        return ops.alias(input)
    order = [dim for dim in range(ndim) if dim not in places[0]]
    for to, dim in sorted(zip(places[1], places[0], strict=True)):
        order.insert(to, dim)
    return ops.permute(input, tuple(order))


_REVERSE = (
    "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated "
    "and it will throw an error in a future release. Consider `x.mT` to transpose batches of "
    "matrices or `x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a "
    "tensor."
)


def _reversed(self: Tensor) -> Tensor:
    """The dimensions reversed."""
    ndim = self.array.ndim
    if ndim == 0:
        warn(
            "Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases.",
            UserWarning,
        )
    elif ndim != 2:
        warn(_REVERSE, UserWarning)
    return ops.permute(self, tuple(range(ndim - 1, -1, -1)))


def _matrices_transposed(self: Tensor) -> Tensor:
    """The last two dimensions exchanged, as a view."""
    ndim = self.array.ndim
    if ndim == 1:
        raise RuntimeError(
            "tensor.mT is only supported on matrices or batches of matrices. Got 1-D tensor."
        )
    if ndim == 0:
        warn(
            "Tensor.mT is deprecated on 0-D tensors. This function is the identity in these cases.",
            UserWarning,
        )
        return ops.permute(self, ())
    return ops.transpose(self, ndim - 2, ndim - 1)


attribute("T", _reversed)
attribute("mT", _matrices_transposed)
in_place_view(t)
in_place_view(transpose, "transpose_", "swapaxes_", "swapdims_")
