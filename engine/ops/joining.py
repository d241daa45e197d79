"""Tensors put together, taken apart and rearranged: cat, stack, split, flip, repeat and their like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import promotion
from engine.catalog import expose, public
from engine.op import op
from engine.ops.arguments import Shape, array_of, integers, wrap_dim, wrap_dims, wrong_type
from engine.ops.shape import at_least, reshape, unsqueeze, view
from engine.record import TENSORS as ops
from engine.tensor import Tensor, wrap

# ---- rows: together --------------------------------------------------------------------------


def _is_legacy_empty(shape: Shape) -> bool:
    """cat passes over tensors of the shape [0], whatever the others'."""
    return shape == (0,)


def _cat(xp: Any, xs: Sequence[Any], dim: int) -> Any:
    counted = [x for x in xs if not _is_legacy_empty(x.shape)] or xs
    return xp.concatenate(counted, dim)


def _cat_rule(ns: Any, g: Any, xs_shape: tuple[Shape, ...], xs_dtype: Any, dim: int) -> tuple[Any, ...]:
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


op("cat(*xs; dim)", _cat, written="cat(xs, dim)", estimate=_cat_shape, xs=_cat_rule)
op("stack(*xs; dim)", lambda xp, xs, dim: xp.stack(xs, dim), written="stack(xs, dim)",
   estimate=lambda *arguments: (len(arguments) - 1, *arguments[0].shape),
   xs=lambda ns, g, xs_shape, dim: tuple(ns.select(g, dim, i) for i in range(len(xs_shape))))  # fmt: skip

# ---- rows: apart -----------------------------------------------------------------------------


def _whole(ns: Any, parts: Sequence[Any], shapes: Sequence[Shape], dtype: Any) -> list[Any]:
    """The parts' gradients, zeros for those that no gradient reached."""
    given = [*parts, *[None] * (len(shapes) - len(parts))]
    return [
        ns.zeros(shape, dtype) if part is None else part
        for part, shape in zip(given, shapes, strict=True)
    ]


def _split_at(x: Any, ends: Sequence[int], dim: int, part: int | None) -> Any:
    before = (slice(None),) * dim
    starts = (0, *ends[:-1])
    if part is not None:
        return x[(*before, slice(starts[part], ends[part]))]
    return tuple(
        [x[(*before, slice(start, end))] for start, end in zip(starts, ends, strict=True)]
    )


def _ends(size: int, step: int) -> list[int]:
    return [min(start + step, size) for start in range(0, max(size, 1), max(step, 1))]


def _running(sizes: Shape) -> list[int]:
    return list(np.cumsum(sizes).tolist())


def _shapes(shape: Shape, ends: Sequence[int], dim: int) -> list[Shape]:
    starts = (0, *ends[:-1])
    return [
        (*shape[:dim], end - start, *shape[dim + 1 :])
        for start, end in zip(starts, ends, strict=True)
    ]


op("split(x; size, dim)",
   lambda xp, x, size, dim, part=None: _split_at(x, _ends(x.shape[dim], size), dim, part),
   written="split(x, size, dim)", outputs=0, view=True,
   x=lambda ns, g, x_shape, x_dtype, size, dim: ns.cat(
       _whole(ns, g, _shapes(x_shape, _ends(x_shape[dim], size), dim), x_dtype), dim))  # fmt: skip
op("split_with_sizes(x; sizes, dim)",
   lambda xp, x, sizes, dim, part=None: _split_at(x, _running(sizes), dim, part),
   written="split(x, sizes, dim)", outputs=0, view=True,
   x=lambda ns, g, x_shape, x_dtype, sizes, dim: ns.cat(
       _whole(ns, g, _shapes(x_shape, _running(sizes), dim), x_dtype), dim))  # fmt: skip


def _unbind(xp: Any, x: Any, dim: int, part: int | None = None) -> Any:
    before = (slice(None),) * dim
    if part is not None:
        return x[(*before, part, ...)]
    return tuple([x[(*before, i, ...)] for i in range(x.shape[dim])])


op("unbind(x; dim)", _unbind, written="unbind(x, dim)", outputs=0, view=True,
   x=lambda ns, g, x_shape, x_dtype, dim: ns.stack(
       _whole(ns, g, [x_shape[:dim] + x_shape[dim + 1:]] * x_shape[dim], x_dtype), dim))  # fmt: skip

# ---- rows: rearranged ------------------------------------------------------------------------

op("flip(x; dims)", lambda xp, x, dims: xp.flip(x, dims) if dims else xp.array(x, copy=True),
   x=lambda ns, g, dims: ns.flip(g, dims))  # fmt: skip


def _negative(shifts: Shape) -> Shape:
    return tuple(-shift for shift in shifts)


def _roll(xp: Any, x: Any, shifts: Shape, dims: Shape) -> Any:
    return xp.roll(x, shifts, dims) if dims else xp.roll(x, shifts[0])


op("roll(x; shifts, dims)", _roll,
   x=lambda ns, g, shifts, dims: ns.roll(g, _negative(shifts), dims))  # fmt: skip
op("rot90(x; k, dims)", lambda xp, x, k, dims: xp.rot90(x, k, dims),
   x=lambda ns, g, k, dims: ns.rot90(g, -k, dims))  # fmt: skip


def _repeat_rule(ns: Any, g: Any, x_shape: Shape, repeats: Shape) -> Any:
    """The sum over the copies: each dimension becomes (copies, size), and copies are summed."""
    sizes = (1,) * (len(repeats) - len(x_shape)) + x_shape
    copies = tuple(n for pair in zip(repeats, sizes, strict=True) for n in pair)
    kept = tuple(n for size in sizes for n in (1, size))
    return ns.reshape(ns.sum_to(ns.reshape(g, copies), kept), x_shape)


op("repeat(x; repeats)", lambda xp, x, repeats: xp.tile(x, repeats), written="x.repeat(repeats)",
   estimate=lambda x, repeats: tuple(
       n * s for n, s in zip(repeats, (1,) * (len(repeats) - x.ndim) + x.shape, strict=True)),
   x=_repeat_rule)  # fmt: skip
for _name in ("tril", "triu"):
    op(f"{_name}(x; diagonal)", lambda xp, x, diagonal, name=_name: getattr(xp, name)(x, diagonal),
       x=(lambda ns, g, diagonal: ns.tril(g, diagonal)) if _name == "tril"
       else (lambda ns, g, diagonal: ns.triu(g, diagonal)))  # fmt: skip

# ---- functions: together ---------------------------------------------------------------------


def tensors_of(name: str, tensors: Any) -> list[Tensor]:
    """The argument `tensors`, a list or tuple of Tensors."""
    if not isinstance(tensors, (list, tuple)):
        raise wrong_type(name, "tensors", 1, "tuple of Tensors", tensors)
    for position, each in enumerate(tensors):
        if not isinstance(each, Tensor):
            raise TypeError(
                f"expected Tensor as element {position} in argument 0, but got {type(each).__name__}"
            )
    return list(tensors)


def _one_dtype(tensors: list[Tensor]) -> list[Tensor]:
    """The tensors in the dtype that holds all of them."""
    first = tensors[0].array.dtype
    if all(each.array.dtype is first for each in tensors):
        return tensors
    from engine.ops.convert import converted

    dtype = promotion.result_type([each.array for each in tensors])
    return [converted(each, dtype) for each in tensors]


@public("torch", "cat", "concat", "concatenate")
def cat(tensors: Any, dim: int = 0, *, axis: int | None = None, out: Any = None) -> Tensor:
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
    dim = wrap_dim(dim, len(counted[0]))
    _check_joined(shapes, counted[0], dim)
    return ops.cat(_one_dtype(found), dim)


def _check_joined(shapes: list[Shape], first: Shape, dim: int) -> None:
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
                    f"Sizes of tensors must match except in dimension {dim}. Expected size {wanted} but "
                    f"got size {size} for tensor number {position} in the list."
                )


@public("torch")
def stack(tensors: Any, dim: int = 0, *, out: Any = None) -> Tensor:
    """The tensors, all of one size, side by side along a new dimension."""
    found = tensors_of("stack", tensors)
    if not found:
        raise RuntimeError("stack expects a non-empty TensorList")
    first = found[0].array.shape
    dim = wrap_dim(dim, len(first) + 1)
    for position, each in enumerate(found):
        if each.array.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                f"{list(each.array.shape)} at entry {position}"
            )
    return ops.stack(_one_dtype(found), dim)


def _stacked_along(name: str, least: int, dim: int, doc: str, *more: str) -> None:
    """hstack, vstack, dstack: cat of tensors that have at least so many dimensions."""
    def stacked(tensors: Any, *, out: Any = None) -> Tensor:
        found = tensors_of(name, tensors)
        if not found:
            raise RuntimeError(f"{name} expects a non-empty TensorList")
        wide = [at_least(name, each, least) for each in found]
        return cat(wide, 0 if wide[0].array.ndim == 1 else dim)

    stacked.__name__, stacked.__doc__ = name, doc
    for each in (name, *more):
        expose(each, stacked, "torch")


_stacked_along("hstack", 1, 1, "The tensors side by side: along columns, or end to end if vectors.")
_stacked_along("vstack", 2, 0, "The tensors one below another: along rows.", "row_stack")
_stacked_along("dstack", 3, 2, "The tensors one behind another: along the third dimension.")


@public("torch")
def column_stack(tensors: Any, *, out: Any = None) -> Tensor:
    """The tensors side by side, vectors as columns."""
    found = tensors_of("column_stack", tensors)
    columns = [
        each if each.array.ndim > 1 else reshape(each, (each.array.size, 1)) for each in found
    ]
    return cat(columns, 1)


@public("torch")
def block_diag(*tensors: Tensor) -> Tensor:
    """The matrix that has the tensors as blocks along its diagonal."""
    blocks = [at_least("block_diag", each, 2) for each in tensors_of("block_diag", tensors)]
    width = sum(block.array.shape[1] for block in blocks)
    bands = []
    left = 0
    for block in blocks:
        rows, columns = block.array.shape
        sides = [ops.zeros((rows, n), block.array.dtype) for n in (left, width - left - columns)]
        bands.append(cat([sides[0], block, sides[1]], 1))
        left += columns
    return cat(bands, 0)


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

    array = array_of("combinations", input)
    if array.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(array.shape)}")
    picked = (choose_again if with_replacement else choose)(range(array.size), r)
    places = np.array(list(picked), np.int64).reshape(-1, r)
    return ops.index(input, [wrap(places)], (0,))


@public("torch")
def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """The coordinates of a grid: each vector along its own dimension, broadcast to all."""
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    found = tensors_of("meshgrid", given)
    if indexing is None:
        import warnings

        warnings.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.",
            UserWarning, stacklevel=2,
        )  # fmt: skip
    swapped = indexing == "xy" and len(found) > 1
    if swapped:
        found[0], found[1] = found[1], found[0]
    shape = tuple(each.array.size for each in found)
    grids = []
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
        grids = [ops.transpose(grid, 0, 1) for grid in grids]
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)


# ---- functions: apart ------------------------------------------------------------------------


@public()
def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of a size, the last maybe smaller, or of the sizes listed, along a dimension; views."""
    shape = array_of("split", tensor, "tensor").shape
    if not isinstance(split_size_or_sections, int):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    if not shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    dim, size = wrap_dim(dim, len(shape)), split_size_or_sections
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0 != shape[dim]:
        raise RuntimeError(
            "split_size can only be 0 if dimension size is 0, but got dimension size of "
            f"{shape[dim]}"
        )
    return ops.split(tensor, size, dim)


@public()
def split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of the sizes listed, along a dimension, as views."""
    shape = array_of("split_with_sizes", input).shape
    if not isinstance(split_sizes, (list, tuple)):
        raise wrong_type("split_with_sizes", "split_sizes", 2, "tuple of ints", split_sizes)
    if not shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    dim = wrap_dim(dim, len(shape))
    sizes = integers("split_with_sizes", (split_sizes,), "split_sizes", 2)
    if sizes and min(sizes) < 0:
        raise RuntimeError(
            "split_with_sizes expects split_sizes have only non-negative entries, but got "
            f"split_sizes={list(sizes)}"
        )
    if sum(sizes) != shape[dim]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {shape[dim]} (input tensor's size "
            f"at dimension {dim}), but got split_sizes={list(sizes)}"
        )
    return ops.split_with_sizes(input, sizes, dim)


@public()
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most so many parts of one size, the last maybe smaller, along a dimension, as views."""
    shape = array_of("chunk", input).shape
    if not isinstance(chunks, int):
        raise wrong_type("chunk", "chunks", 1, "int", chunks)
    if not shape:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    dim = wrap_dim(dim, len(shape))
    size = -(-shape[dim] // chunks)
    if size == 0:
        return ops.split_with_sizes(input, (0,) * chunks, dim)
    return ops.split(input, size, dim)


@public()
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """So many parts, as equal as can be, or those between the indices listed, as views."""
    shape = array_of("tensor_split", input).shape
    if not shape:
        raise RuntimeError(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    dim = wrap_dim(dim, len(shape))
    given = indices_or_sections
    if isinstance(given, Tensor):
        given = given.array.tolist()
    if isinstance(given, int):
        if given <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {given}")
        small, longer = divmod(shape[dim], given)
        ends = [(i + 1) * small + min(i + 1, longer) for i in range(given)]
    else:
        ends = [*given, shape[dim]]
    starts = [0, *ends[:-1]]
    return tuple(
        ops.slice(input, dim, start, end, 1) for start, end in zip(starts, ends, strict=True)
    )


def _splitter(name: str, least: int, doc: str) -> None:
    """hsplit, vsplit, dsplit: tensor_split along one dimension."""

    def parts(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
        shape = array_of(name, input).shape
        if len(shape) < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor with "
                f"{len(shape)} dimensions!"
            )
        dim = 0 if name == "vsplit" or len(shape) == 1 else least - (name == "dsplit")
        if isinstance(indices_or_sections, int) and shape[dim] % indices_or_sections:
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension "
                f"{shape[dim]} is not divisible by the split_size {indices_or_sections}!"
            )
        return tensor_split(input, indices_or_sections, dim)

    parts.__name__, parts.__doc__ = name, doc
    expose(name, parts)


_splitter("hsplit", 1, "Parts along columns, or of a vector, as views.")
_splitter("vsplit", 2, "Parts along rows, as views.")
_splitter("dsplit", 3, "Parts along the third dimension, as views.")


@public()
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The parts at each index of a dimension, as views."""
    ndim = array_of("unbind", input).ndim
    if not ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    return ops.unbind(input, wrap_dim(dim, ndim))


# ---- functions: rearranged -------------------------------------------------------------------


@public()
def flip(input: Tensor, *dims: Any) -> Tensor:
    """input with the order reversed along dimensions."""
    ndim = array_of("flip", input).ndim
    return ops.flip(input, wrap_dims(integers("flip", dims, "dims"), ndim))


@public()
def fliplr(input: Tensor) -> Tensor:
    """input with its columns in reverse order."""
    if array_of("fliplr", input).ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return ops.flip(input, (1,))


@public()
def flipud(input: Tensor) -> Tensor:
    """input with its rows in reverse order."""
    if array_of("flipud", input).ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return ops.flip(input, (0,))


@public()
def roll(input: Tensor, shifts: Any, dims: Any = ()) -> Tensor:
    """input with its elements moved along dimensions, those past the end back to the front."""
    ndim = array_of("roll", input).ndim
    by = integers("roll", shifts if isinstance(shifts, (list, tuple)) else (shifts,), "shifts")
    along = integers("roll", dims if isinstance(dims, (list, tuple)) else (dims,), "dims")
    if len(by) != len(along) and not (len(by) == 1 and not along):
        raise RuntimeError(
            f"shifts and dimensions must align. shifts: {len(by)}, dims:{len(along)}"
        )
    return ops.roll(input, by, tuple([wrap_dim(dim, ndim) for dim in along]))


@public()
def rot90(input: Tensor, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """input turned by k quarters in the plane of two dimensions, from the first to the second."""
    ndim = array_of("rot90", input).ndim
    plane = integers("rot90", (dims,), "dims")
    if len(plane) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(plane)}")
    if ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {ndim}")
    first, second = (wrap_dim(dim, ndim) for dim in plane)
    if first == second:
        raise RuntimeError(
            "expected rotation dims to be different, but got "
            f"dim0 = {plane[0]} and dim1 = {plane[1]}"
        )
    return ops.rot90(input, k, (first, second))


@public("Tensor")
def repeat(self: Tensor, *repeats: Any) -> Tensor:
    """self repeated along each dimension; more numbers than dimensions add dimensions in front."""
    shape = array_of("repeat", self).shape
    counts = integers("repeat", repeats, "repeats")
    if len(counts) < len(shape):
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"
        )
    sizes = (1,) * (len(counts) - len(shape)) + shape
    made = tuple([count * size for count, size in zip(counts, sizes, strict=True)])
    if made and min(made) < 0:
        from engine.ops.creation import negative_size

        negative_size("repeat", made)
    return ops.repeat(self, counts)


@public()
def tile(input: Tensor, *dims: Any) -> Tensor:
    """input repeated along its last dimensions."""
    counts = integers("tile", dims, "dims")
    return repeat(input, (1,) * (array_of("tile", input).ndim - len(counts)) + counts)


@public()
def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """input with each element, or each part along a dimension, repeated."""
    array = array_of("repeat_interleave", input)
    if repeats is None:
        return wrap(np.repeat(np.arange(array.size), array))
    if dim is None:
        input, dim = reshape(input, -1), 0
        array = input.array
    dim = wrap_dim(dim, array.ndim)
    if isinstance(repeats, Tensor):
        counts = np.broadcast_to(repeats.array, (array.shape[dim],))
        return ops.index_select(input, wrap(np.repeat(np.arange(counts.size), counts)), dim)
    shape = array.shape
    wide = (*shape[: dim + 1], repeats, *shape[dim + 1 :])
    made = (*shape[:dim], shape[dim] * repeats, *shape[dim + 1 :])
    return reshape(ops.expand(unsqueeze(input, dim + 1), wide), made)


for _name in ("tril", "triu"):

    def _triangle(input: Tensor, diagonal: int = 0, *, name: str = _name, out: Any = None) -> Tensor:
        if array_of(name, input).ndim < 2:
            raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
        return getattr(ops, name)(input, diagonal)

    _triangle.__name__ = _name
    _triangle.__doc__ = (
        f"input with zeros {'above' if _name == 'tril' else 'below'} a diagonal of its matrices."
    )
    expose(_name, _triangle)
    expose(f"{_name}_indices", lambda row, col, offset=0, *, dtype=None, name=_name: wrap(
        np.stack(getattr(np, f"{name}_indices")(row, offset, col)).astype(np.int64)), "torch")
