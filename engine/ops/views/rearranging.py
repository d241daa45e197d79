"""Elements moved and repeated: flip, roll, rot90, repeat, tril."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import limits
from engine.arrays.types import Shape
from engine.dispatch.arguments import dtype_of, integers, wrap_dim, wrap_dims, wrong_type
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import IN_PLACE, op
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.creation.filled import negative_size
from engine.ops.views.shapes import reshape, unsqueeze

# ---- rows ------------------------------------------------------------------------------------


def _negative(shifts: Shape) -> Shape:
    return tuple(-shift for shift in shifts)


def _roll(xp: Any, x: Any, shifts: Shape, dims: Shape) -> Any:
    return xp.roll(x, shifts, dims) if dims else xp.roll(x, shifts[0])


def _repeat_rule(ns: Any, g: Any, x_shape: Shape, repeats: Shape) -> Any:
    """The sum over the copies: each dimension becomes (copies, size), and copies are summed."""
    sizes = (1,) * (len(repeats) - len(x_shape)) + x_shape
    copies = tuple(n for pair in zip(repeats, sizes, strict=True) for n in pair)
    kept = tuple(n for size in sizes for n in (1, size))
    return ns.reshape(ns.sum_to(ns.reshape(g, copies), kept), x_shape)


# fmt: off
op("flip(x; dims)", lambda xp, x, dims: xp.array(xp.flip(x, dims) if dims else x, copy=True),
   x=lambda ns, g, dims: ns.flip(g, dims))
op("roll(x; shifts, dims)", _roll,
   x=lambda ns, g, shifts, dims: ns.roll(g, _negative(shifts), dims))
op("rot90(x; k, dims)", lambda xp, x, k, dims: xp.rot90(x, k, dims),
   x=lambda ns, g, k, dims: ns.rot90(g, -k, dims))
op("repeat(x; repeats)", lambda xp, x, repeats: xp.tile(x, repeats), written="x.repeat(repeats)",
   estimate=lambda x, repeats: tuple(
       n * s for n, s in zip(repeats, (1,) * (len(repeats) - x.ndim) + x.shape, strict=True)),
   x=_repeat_rule)
op("tril(x; diagonal)", lambda xp, x, diagonal: xp.tril(x, diagonal),
   x=lambda ns, g, diagonal: ns.tril(g, diagonal))
op("triu(x; diagonal)", lambda xp, x, diagonal: xp.triu(x, diagonal),
   x=lambda ns, g, diagonal: ns.triu(g, diagonal))
# fmt: on

# ---- functions -------------------------------------------------------------------------------


@public()
def flip(input: Tensor, *along: Any, dims: Any = None) -> Tensor:
    """input with the order reversed along dimensions."""
    ndim = input.array.ndim
    return ops.flip(input, wrap_dims(integers("flip", along, "dims", keyword=dims), ndim))


@public()
def fliplr(input: Tensor) -> Tensor:
    """input with its columns in reverse order."""
    if input.array.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return ops.flip(input, (1,))


@public()
def flipud(input: Tensor) -> Tensor:
    """input with its rows in reverse order."""
    if input.array.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return ops.flip(input, (0,))


@public()
def roll(input: Tensor, shifts: Any, dims: Any = ()) -> Tensor:
    """input with its elements moved along dimensions, those past the end back to the front."""
    ndim = input.array.ndim
    by = integers("roll", (shifts,), "shifts")
    along = integers("roll", (dims,), "dims")
    if len(by) != len(along) and not (len(by) == 1 and not along):
        raise RuntimeError(
            f"shifts and dimensions must align. shifts: {len(by)}, dims:{len(along)}"
        )
    return ops.roll(input, by, tuple([wrap_dim(dim, ndim) for dim in along]))


@public()
def rot90(input: Tensor, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """input turned by k quarters in the plane of two dimensions, from the first to the second."""
    ndim = input.array.ndim
    plane = integers("rot90", (dims,), "dims")
    if len(plane) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(plane)}")
    if ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {ndim}")
    first, second = (wrap_dim(dim, ndim) for dim in plane)
    if first == second:
        raise RuntimeError(
            f"expected rotation dims to be different, but got dim0 = {plane[0]} and dim1 = "
            f"{plane[1]}"
        )
    return ops.rot90(input, k, (first, second))


@public("Tensor")
def repeat(self: Tensor, *times: Any, repeats: Any = None) -> Tensor:
    """self repeated along each dimension; more numbers than dimensions add dimensions in front."""
    shape = self.array.shape
    counts = integers("repeat", times, "repeats", keyword=repeats)
    if len(counts) < len(shape):
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
            "tensor"
        )
    sizes = (1,) * (len(counts) - len(shape)) + shape
    made = tuple([count * size for count, size in zip(counts, sizes, strict=True)])
    if made and min(made) < 0:
        negative_size("repeat", made)
    return ops.repeat(self, counts)


@public()
def tile(input: Tensor, *times: Any, dims: Any = None) -> Tensor:
    """input repeated along its last dimensions."""
    counts = integers("tile", times, "dims", keyword=dims)
    return repeat(input, (1,) * (input.array.ndim - len(counts)) + counts)


@public()
def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """input with each element, or each part along a dimension, repeated."""
    array = input.array
    if repeats is None:
        limits.check((int(array.sum()),), 8)
        return wrap(np.repeat(np.arange(array.size), array))
    if dim is None:
        input, dim = reshape(input, -1), 0
        array = input.array
    dim = wrap_dim(dim, array.ndim)
    if isinstance(repeats, Tensor):
        counts = np.broadcast_to(repeats.array, (array.shape[dim],))
        limits.check((int(counts.sum()),), 8)
        return ops.index_select(input, wrap(np.repeat(np.arange(counts.size), counts)), dim)
    shape = array.shape
    wide = (*shape[: dim + 1], repeats, *shape[dim + 1 :])
    made = (*shape[:dim], shape[dim] * repeats, *shape[dim + 1 :])
    return reshape(ops.expand(unsqueeze(input, dim + 1), wide), made)


def _triangles(name: str, side: str) -> None:
    """tril and triu, and the places they keep."""

    def triangle(input: Tensor, diagonal: int = 0) -> Tensor:
        if input.array.ndim < 2:
            raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
        if not hasattr(diagonal, "__index__"):
            raise wrong_type(name, "diagonal", 1, "int", diagonal)
        return getattr(ops, name)(input, diagonal)

    def indices(
        row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None
    ) -> Tensor:
        limits.check((row, col), 8)
        places = np.stack(getattr(np, f"{name}_indices")(row, offset, col))
        return wrap(places.astype(dtype_of(f"{name}_indices", dtype) or np.int64))

    triangle.__name__ = name
    triangle.__doc__ = f"input with zeros {side} a diagonal of its matrices."
    indices.__name__ = f"{name}_indices"
    indices.__doc__ = f"The rows and columns of the elements that {name} keeps."
    public(IN_PLACE, name)(triangle)
    public("torch")(indices)


_triangles("tril", "above")
_triangles("triu", "below")
