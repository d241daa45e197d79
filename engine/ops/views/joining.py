"""Tensors put together: cat, stack and their like."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import Any

import numpy as np

from engine.arrays import limits, promotion
from engine.arrays.state import warn
from engine.arrays.types import Shape
from engine.dispatch.arguments import array_of, wrap_dim, wrong_type
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.creation.convert import converted
from engine.ops.views.shapes import at_least, reshape, view

# ---- rows ------------------------------------------------------------------------------------


def _is_legacy_empty(shape: Shape) -> bool:
    """cat passes over tensors of the shape [0], whatever the others'."""
    return shape == (0,)


def _cat(xp: Any, xs: Sequence[Any], dim: int) -> Any:
    counted = [x for x in xs if not _is_legacy_empty(x.shape)] or xs
    return xp.concatenate(counted, dim)


def _cat_rule(
    ns: Any, g: Any, xs_shape: Sequence[Shape], xs_dtype: Any, dim: int
) -> tuple[Any, ...]:
    parts = []
    start = 0
    for shape, dtype in zip(xs_shape, xs_dtype, strict=True):
        if _is_legacy_empty(shape):
            parts.append(ns.zeros(shape, dtype))
            continue
        stop = start + shape[dim]
        parts.append(ns.slice(g, dim, start, stop, 1))
        start = stop
    return tuple(parts)


def _cat_shape(*arguments: Any) -> Shape:
    *arrays, dim = arguments
    shape = list(arrays[0].shape)
    if len(shape) > dim:
        shape[dim] = sum(array.shape[dim] for array in arrays if array.ndim > dim)
    return tuple(shape)


def _cat_check(*arguments: Any) -> None:
    """Raise PyTorch's error for tensors that do not fit together."""
    *arrays, dim = arguments
    shapes = [array.shape for array in arrays]
    first = next(shape for shape in shapes if not _is_legacy_empty(shape))
    for position, shape in enumerate(shapes):
        if _is_legacy_empty(shape):
            continue
        if len(shape) != len(first):
            raise RuntimeError(
                f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}"
            )
        for at, (size, wanted) in enumerate(zip(shape, first, strict=True)):
            if size != wanted and at != dim:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size "
                    f"{wanted} but got size {size} for tensor number {position} in the list."
                )


def _corners(shapes: Sequence[Shape]) -> list[tuple[int, int]]:
    """Where the blocks of these shapes begin."""
    corners = [(0, 0)]
    for rows, columns in shapes:
        corners.append((corners[-1][0] + rows, corners[-1][1] + columns))
    return corners


def _block_diag(xp: Any, xs: Sequence[Any]) -> Any:
    shapes = [x.shape for x in xs]
    corners = _corners(shapes)
    bands = [
        xp.pad(x, ((0, 0), (left, corners[-1][1] - left - x.shape[1])))
        for x, (_, left) in zip(xs, corners, strict=False)
    ]
    return xp.concatenate(bands, 0)


def _block_diag_rule(ns: Any, g: Any, xs_shape: Sequence[Shape]) -> tuple[Any, ...]:
    return tuple(
        ns.slice(ns.slice(g, 0, top, top + rows, 1), 1, left, left + columns, 1)
        for (rows, columns), (top, left) in zip(xs_shape, _corners(xs_shape), strict=False)
    )


# fmt: off
op("cat(*xs; dim)", _cat, written="cat(xs, dim)", estimate=_cat_shape, check=_cat_check,
   xs=_cat_rule)
op("stack(*xs; dim)", lambda xp, xs, dim: xp.stack(xs, dim), written="stack(xs, dim)",
   estimate=lambda *arguments: (len(arguments) - 1, *arguments[0].shape),
   xs=lambda ns, g, xs_shape, dim:
       tuple(ns.select(g, dim, i) for i in range(len(xs_shape))))
op("block_diag(*xs)", _block_diag, written="block_diag(xs)", xs=_block_diag_rule,
   estimate=lambda *arrays: _corners([array.shape for array in arrays])[-1])
# fmt: on

# ---- functions -------------------------------------------------------------------------------


def tensors_of(name: str, tensors: Any) -> list[Tensor]:
    """The argument `tensors`, a list or tuple of Tensors."""
    if not isinstance(tensors, (list, tuple)):
        raise wrong_type(name, "tensors", 1, "tuple of Tensors", tensors)
    for position, each in enumerate(tensors):
        if not isinstance(each, Tensor):
            raise TypeError(
                f"expected Tensor as element {position} in argument 0, but got "
                f"{type(each).__name__}"
            )
    return list(tensors)


def _one_dtype(tensors: list[Tensor]) -> list[Tensor]:
    """The tensors in the dtype that holds all of them."""
    first = tensors[0].array.dtype
    if all(each.array.dtype is first for each in tensors):
        return tensors
    dtype = promotion.result_type([each.array for each in tensors])
    return [converted(each, dtype) for each in tensors]


@public("torch", "cat", "concat", "concatenate")
def cat(tensors: Any, dim: int = 0, *, axis: int | None = None) -> Tensor:
    """The tensors one after another along a dimension."""
    found = tensors_of("cat", tensors)
    if not found:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    dim = dim if axis is None else axis
    shapes = [each.array.shape for each in found]
    if () in shapes:
        raise RuntimeError(
            f"zero-dimensional tensor (at position {shapes.index(())}) cannot be concatenated"
        )
    counted = [shape for shape in shapes if not _is_legacy_empty(shape)] or shapes[:1]
    return ops.cat(_one_dtype(found), wrap_dim(dim, len(counted[0])))


@public("torch")
def stack(tensors: Any, dim: int = 0) -> Tensor:
    """The tensors, all of one size, side by side along a new dimension."""
    found = tensors_of("stack", tensors)
    if not found:
        raise RuntimeError("stack expects a non-empty TensorList")
    first = found[0].array.shape
    dim = wrap_dim(dim, len(first) + 1)
    for position, each in enumerate(found):
        if each.array.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 "
                f"and {list(each.array.shape)} at entry {position}"
            )
    return ops.stack(_one_dtype(found), dim)


def _stacked_along(name: str, least: int, dim: int, doc: str, *more: str) -> None:
    """hstack, vstack, dstack: cat of tensors that have at least so many dimensions."""

    def stacked(tensors: Any) -> Tensor:
        found = tensors_of(name, tensors)
        if not found:
            raise RuntimeError(f"{name} expects a non-empty TensorList")
        wide = [at_least(name, each, least) for each in found]
        return cat(wide, 0 if wide[0].array.ndim == 1 else dim)

    stacked.__name__, stacked.__doc__ = name, doc
    for each in (name, *more):
        public("torch", each)(stacked)


_stacked_along("hstack", 1, 1, "The tensors side by side: along columns, or end to end if vectors.")
_stacked_along("vstack", 2, 0, "The tensors one below another: along rows.", "row_stack")
_stacked_along("dstack", 3, 2, "The tensors one behind another: along the third dimension.")


@public("torch")
def column_stack(tensors: Any) -> Tensor:
    """The tensors side by side, vectors as columns."""
    found = tensors_of("column_stack", tensors)
    columns = [
        each if each.array.ndim > 1 else reshape(each, (each.array.size, 1)) for each in found
    ]
    return cat(columns, 1)


@public("torch")
def block_diag(*tensors: Tensor) -> Tensor:
    """The matrix that has the tensors as blocks along its diagonal."""
    found = tensors_of("block_diag", tensors)
    return ops.block_diag([at_least("block_diag", each, 2) for each in _one_dtype(found)])


@public("torch")
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of one element from each vector, as rows."""
    for each in tensors:
        if array_of("cartesian_prod", each, "tensors").ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(each.array.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([reshape(each, -1) for each in meshgrid(*tensors, indexing="ij")], 1)


@public("torch")
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All combinations of r elements of a vector, as rows."""
    from itertools import combinations as choose
    from itertools import combinations_with_replacement as choose_again

    array = input.array
    if array.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(array.shape)}")
    limits.check((comb(array.size + (r - 1 if with_replacement else 0), r), r), 8)
    picked = (choose_again if with_replacement else choose)(range(array.size), r)
    places = np.array(list(picked), np.int64).reshape(-1, r)
    return ops.index(input, [wrap(places)], (0,))


@public("torch")
def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """The coordinates of a grid: each vector along its own dimension, broadcast to all."""
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    found = tensors_of("meshgrid", given)
    if indexing is None:
        warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing "
            "argument.",
            UserWarning,
        )
    swapped = indexing == "xy" and len(found) > 1
    if swapped:
        found[0], found[1] = found[1], found[0]
    shape = tuple(each.array.size for each in found)
    grids: list[Tensor] = []
    for position, each in enumerate(found):
        if each.array.ndim > 1:
            raise RuntimeError(
                "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: "
                f"{list(each.array.shape)}"
            )
        line = [1] * len(found)
        line[position] = each.array.size
        grids.append(ops.expand(view(each, tuple(line)), shape))
    if swapped:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)
