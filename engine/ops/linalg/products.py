"""Products of vectors and matrices: the rows, and what PyTorch composes of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.arrays import dtypes, journal, promotion
from engine.arrays.row import rows
from engine.arrays.state import warn
from engine.dispatch.arguments import wrap_dim, wrap_dims
from engine.dispatch.errors.kinds import no_kernel
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.fast_path import binary
from engine.dispatch.inplace import assign, check_inplace
from engine.dispatch.operation import EVERYWHERE, IN_PLACE, broadcast_error, op
from engine.graph.registry import public
from engine.graph.storage import View
from engine.graph.tensor import Tensor
from engine.ops.linalg.checks import kind, require
from engine.ops.linalg.matrix import fitted
from engine.ops.views.shapes import contiguous, expand_check, flatten, reshape

# ---- what the rows' operands must be ---------------------------------------------------------


def _numbers(kernel: str, x: Any) -> None:
    if x.dtype.kind == "b":
        raise no_kernel(kernel, x.dtype)


def _multipliable(a: Any, b: Any) -> None:
    if a.shape[1] != b.shape[0]:
        error = RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({a.shape[0]}x{a.shape[1]} and "
            f"{b.shape[0]}x{b.shape[1]})"
        )
        error.operand = 1  # type: ignore[attr-defined]
        raise error


def _mm_check(a: Any, b: Any) -> None:
    require(a.ndim == 2, "self must be a matrix")
    require(b.ndim == 2, "mat2 must be a matrix")
    _multipliable(a, b)
    first, second = (dtypes.of(x.dtype).c_name for x in (a, b))
    require(
        a.dtype == b.dtype,
        f"expected m1 and m2 to have the same dtype, but got: {first} != {second}",
    )
    _numbers("addmm_impl_cpu_", a)


def _batches(a: Any, b: Any) -> None:
    for place, x in ((1, a), (2, b)):
        require(x.ndim == 3, f"batch{place} must be a 3D tensor")


def _bmm_check(a: Any, b: Any) -> None:
    _batches(a, b)
    require(
        a.shape[0] == b.shape[0] and a.shape[2] == b.shape[1],
        f"Expected size for first two dimensions of batch2 tensor to be: [{a.shape[0]}, "
        f"{a.shape[2]}] but got: [{b.shape[0]}, {b.shape[1]}].",
    )
    require(a.dtype == b.dtype, f"expected scalar type {kind(a)} but found {kind(b)}")
    _numbers("bmm", a)


def _mv_check(a: Any, b: Any, bias: Any = None) -> None:
    ndim = 1 if bias is None else bias.ndim
    require(
        a.ndim == 2 and b.ndim == 1 and ndim <= 1,
        f"vector + matrix @ vector expected, got {ndim}, {a.ndim}, {b.ndim}",
    )
    rows, columns = a.shape
    had = rows if bias is None else bias.size
    require(
        columns == b.shape[0] and had in (1, rows),
        f"size mismatch, got input ({had}), mat ({rows}x{columns}), vec ({b.shape[0]})",
    )
    added = b if bias is None else bias
    require(
        added.dtype == a.dtype == b.dtype,
        f"addmv input tensors must have the same dtype, but got {kind(added)}, {kind(a)}, and "
        f"{kind(b)}",
    )
    _numbers("addmv_impl_cpu", a)


def _dot_check(a: Any, b: Any) -> None:
    require(a.ndim == b.ndim == 1, f"1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors")
    require(
        a.dtype == b.dtype,
        f"dot : expected both vectors to have same dtype, but found {kind(a)} and {kind(b)}",
    )
    require(
        a.shape == b.shape,
        f"inconsistent tensor size, expected tensor [{a.shape[0]}] and src [{b.shape[0]}] to "
        f"have the same number of elements, but got {a.shape[0]} and {b.shape[0]} elements "
        "respectively",
    )
    _numbers("dot", a)


def _added_check(bias: Any, a: Any, b: Any, shape: tuple[int, int]) -> None:
    expand_check(bias, shape)
    for name, x in (("self", bias), ("mat1", a)):
        require(
            x.dtype == b.dtype,
            f"{name} and mat2 must have the same dtype, but got {kind(x)} and {kind(b)}",
        )
    _numbers("addmm_impl_cpu_", a)


def _addmm_check(bias: Any, a: Any, b: Any, *scales: Any) -> None:
    for name, x in (("mat1", a), ("mat2", b)):
        require(x.ndim == 2, f"{name} must be a matrix, got {x.ndim}-D tensor")
    _multipliable(a, b)
    _added_check(bias, a, b, (a.shape[0], b.shape[1]))


def _addbmm_check(bias: Any, a: Any, b: Any, *scales: Any) -> None:
    _batches(a, b)
    require(
        a.shape[0] == b.shape[0],
        f"batch1 and batch2 must have same number of batches, got {a.shape[0]} and {b.shape[0]}",
    )
    require(
        a.shape[2] == b.shape[1],
        f"Incompatible matrix sizes for bmm ({a.shape[1]}x{a.shape[2]} and "
        f"{b.shape[1]}x{b.shape[2]})",
    )
    _added_check(bias, a, b, (a.shape[1], b.shape[2]))


def _baddbmm_check(bias: Any, a: Any, b: Any, *scales: Any) -> None:
    if a.ndim == 3:
        first, second, third = (kind(x).lower() for x in (bias, a, b))
        require(
            b.ndim != 3 or bias.dtype == a.dtype == b.dtype,
            f"Input dtypes must be the same, got: input {first}, batch1: {second}, batch2: {third}",
        )
        wrap_dim(2, b.ndim)
    _bmm_check(a, b)
    expand_check(bias, (a.shape[0], a.shape[1], b.shape[2]))


def _trace_check(x: Any) -> None:
    require(x.ndim == 2, f"trace: expected a matrix, but got tensor with dim {x.ndim}")
    _numbers("trace", x)


# ---- the rows --------------------------------------------------------------------------------


def _bmm(xp: Any, a: Any, b: Any) -> Any:
    if a.ndim != 3 or b.ndim != 3 or a.shape[0] != b.shape[0] or a.dtype.kind == "b":
        raise ValueError("two batches of matrices of numbers expected")
    return xp.matmul(a, b)


def _turned(ns: Any, x: Any) -> Any:
    """Each matrix of a batch transposed."""
    return ns.transpose(x, x.ndim - 2, x.ndim - 1)


def _scaled(x: Any, factor: float) -> Any:
    return x if factor == 1 else x * factor


def _sum(product: Any, bias: Any, beta: float, alpha: float) -> Any:
    """alpha * product + beta * bias in the product's shape; beta = 0 hides even nan."""
    if product.dtype.kind in "iu":
        beta, alpha = int(beta), int(alpha)
    product = _scaled(product, alpha)
    if beta == 0:
        return product
    out = product + _scaled(bias, beta)
    if out.shape != product.shape:
        raise ValueError("the product is smaller than what it is added to")
    return out


def _product_and_sum(xp: Any, bias: Any, a: Any, b: Any, beta: float, alpha: float) -> Any:
    return _sum(a.dot(b), bias, beta, alpha)


def _addbmm(xp: Any, bias: Any, a: Any, b: Any, beta: float, alpha: float) -> Any:
    product = _bmm(xp, a, b)
    return _sum(xp.add.reduce(product, 0, product.dtype), bias, beta, alpha)


def _addr(xp: Any, bias: Any, a: Any, b: Any, beta: float, alpha: float) -> Any:
    if a.dtype.kind == "b":
        product = a[:, None] & b
        return (product & bool(alpha)) | (bias & bool(beta))
    return _sum(a[:, None] * b, bias, beta, alpha)


def _bias_rule(ns: Any, g: Any, bias_shape: Any, beta: float) -> Any:
    return ns.sum_to(_scaled(g, beta), bias_shape)


def _for_each(ns: Any, g: Any, factor: float, like: Any) -> Any:
    """A gradient of a sum over a batch, for each matrix of it."""
    return ns.expand(_scaled(g, factor), (like.shape[0], *g.shape))


def _trace(xp: Any, x: Any) -> Any:
    if x.ndim != 2 or x.dtype.kind == "b":
        raise ValueError("a matrix of numbers expected")
    return xp.trace(x)


# fmt: off
op("mm(a, b)", "dot", "The product of two matrices, (n, m) and (m, p).",
   called=("input", "mat2"), written="a @ b", ndims=(2, 2), check=_mm_check,
   estimate=lambda a, b: (a.shape[0], b.shape[1]),
   a=lambda ns, g, b: ns.mm(g, ns.t(b)),
   b=lambda ns, g, a: ns.mm(ns.t(a), g))
op("mv(a, b)", "dot", "The product of a matrix (n, m) and a vector (m).",
   called=("input", "vec"), written="a @ b", ndims=(2, 1), check=_mv_check,
   a=lambda ns, g, b: ns.unsqueeze(g, 1) * ns.unsqueeze(b, 0),
   b=lambda ns, g, a: ns.mv(ns.t(a), g))
op("dot(a, b)", "dot", "The product of two vectors.", called=("input", "tensor"), ndims=(1, 1),
   latex=r"#1^\top #2",
   check=_dot_check,
   a=lambda ns, g, b: g * b,
   b=lambda ns, g, a: g * a)
op("bmm(a, b)", _bmm, "The products of two batches of matrices, (b, n, m) and (b, m, p).",
   called=("input", "mat2"), written="a @ b", check=_bmm_check,
   estimate=lambda a, b: (a.shape[0], a.shape[1], b.shape[-1]),
   a=lambda ns, g, b: ns.bmm(g, _turned(ns, b)),
   b=lambda ns, g, a: ns.bmm(_turned(ns, a), g))
op("matmul(a, b)", "matmul", written="a @ b",  # batches of any shape, for rules
   a=lambda ns, g, b, a_shape: fitted(ns, ns.matmul(g, _turned(ns, b)), a_shape),
   b=lambda ns, g, a, b_shape: fitted(ns, ns.matmul(_turned(ns, a), g), b_shape))
op("addmm(bias, a, b; *, beta=1, alpha=1)", _product_and_sum,
   "beta * input + alpha * (mat1 @ mat2).", where=IN_PLACE, called=("input", "mat1", "mat2"),
   ndims=(None, 2, 2), check=_addmm_check,
   estimate=lambda bias, a, b, *scales: (a.shape[0], b.shape[1]),
   bias=_bias_rule,
   a=lambda ns, g, b, alpha: ns.mm(_scaled(g, alpha), ns.t(b)),
   b=lambda ns, g, a, alpha: ns.mm(ns.t(a), _scaled(g, alpha)))
op("addmv(bias, a, b; *, beta=1, alpha=1)", _product_and_sum,
   "beta * input + alpha * (mat @ vec).", where=EVERYWHERE, called=("input", "mat", "vec"),
   ndims=(None, 2, 1), check=lambda bias, a, b, *scales: _mv_check(a, b, bias),
   bias=_bias_rule,
   a=lambda ns, g, b, alpha: ns.unsqueeze(_scaled(g, alpha), 1) * ns.unsqueeze(b, 0),
   b=lambda ns, g, a, alpha: ns.mv(ns.t(a), _scaled(g, alpha)))
op("addbmm(bias, a, b; *, beta=1, alpha=1)", _addbmm,
   "beta * input + alpha * the sum of the products of two batches of matrices.",
   called=("input", "batch1", "batch2"), check=_addbmm_check,
   bias=_bias_rule,
   a=lambda ns, g, b, alpha: ns.bmm(_for_each(ns, g, alpha, b), _turned(ns, b)),
   b=lambda ns, g, a, alpha: ns.bmm(_turned(ns, a), _for_each(ns, g, alpha, a)))
op("baddbmm(bias, a, b; *, beta=1, alpha=1)",
   lambda xp, bias, a, b, beta, alpha: _sum(_bmm(xp, a, b), bias, beta, alpha),
   "beta * input + alpha * (batch1 @ batch2), of batches of matrices.", where=IN_PLACE,
   called=("input", "batch1", "batch2"), check=_baddbmm_check,
   estimate=lambda bias, a, b, *scales: (a.shape[0], a.shape[1], b.shape[-1]),
   bias=_bias_rule,
   a=lambda ns, g, b, alpha: ns.bmm(_scaled(g, alpha), _turned(ns, b)),
   b=lambda ns, g, a, alpha: ns.bmm(_turned(ns, a), _scaled(g, alpha)))
op("addr(bias, a, b; *, beta, alpha)", _addr,
   check=lambda bias, a, b, *scales: expand_check(bias, (a.shape[0], b.shape[0])),
   estimate=lambda bias, a, b, *scales: (a.shape[0], b.shape[0]),
   bias=_bias_rule,
   a=lambda ns, g, b, alpha: ns.mv(_scaled(g, alpha), b),
   b=lambda ns, g, a, alpha: ns.mv(ns.t(_scaled(g, alpha)), a))
op("linalg_cross(a, b; dim)", lambda xp, a, b, dim: xp.cross(a, b, axis=dim), elementwise=True,
   written="cross(a, b, dim=dim)",
   a=lambda ns, g, b, dim: ns.linalg_cross(b, g, dim),
   b=lambda ns, g, a, dim: ns.linalg_cross(g, a, dim))
op("trace(x)", _trace, "The sum of a matrix's diagonal.", check=_trace_check,
   latex=r"\operatorname{tr}",
   x=lambda ns, g, x_shape: ns.diagonal_backward(
       ns.expand(g, (min(x_shape),)), x_shape, 0, 0, 1))
op("squeezed(x; dim)", lambda xp, x, dim: x.squeeze(dim), written="x.squeeze(dim)",
   node="SqueezeBackward4", x=lambda ns, g, dim: ns.unsqueeze(g, dim))
# fmt: on

# ---- of any two tensors ----------------------------------------------------------------------


@public("torch Tensor linalg")
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The product of vectors, matrices or batches of matrices, as `input @ other`."""
    a, b = input.array, other.array
    if a.ndim == 2 and b.ndim == 2:
        return ops.mm(input, other)
    if not a.ndim or not b.ndim:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {a.ndim}D and {b.ndim}D"
        )
    if a.ndim == 1 and b.ndim == 1:
        return ops.dot(input, other)
    if a.ndim == 2 and b.ndim == 1:
        return ops.mv(input, other)
    if a.ndim == 1 and b.ndim == 2:
        return ops.squeezed(ops.mm(ops.unsqueeze(input, 0), other), 0)
    return _folded(input, other) if _folds(input, other) else _batched(input, other)


def _folds(a: Tensor, b: Tensor) -> bool:
    """Whether the batch of the larger is better folded into the rows of one matrix.

    PyTorch's choice: where it costs no copy, or spares the other a gradient of the whole batch.
    """
    large, small = (a, b) if a.array.ndim >= b.array.ndim else (b, a)
    if large.array.ndim < 3 or small.array.ndim > 2:
        return False
    if small.requires_grad:
        return True
    if a.array.ndim == 2:
        return False
    x = large.array if large is a else large.array.swapaxes(-1, -2)
    return x.size == 0 or all(
        x.strides[dim] == x.strides[dim + 1] * x.shape[dim + 1] for dim in range(x.ndim - 2)
    )


def _folded(a: Tensor, b: Tensor) -> Tensor:
    """The product of a batch and a matrix or vector as one product; b @ A is (A' @ b')'."""
    turned = b.array.ndim > a.array.ndim
    if turned:
        a, b = _turned(ops, b), ops.t(a) if a.array.ndim == 2 else a
    *lead, width = a.array.shape
    rows = reshape(a, (math.prod(lead), width))
    if b.array.ndim == 1:
        return ops.unsafe_view(ops.mv(rows, b), tuple(lead))
    product = ops.unsafe_view(ops.mm(rows, b), (*lead, b.array.shape[1]))
    return contiguous(_turned(ops, product)) if turned else product


def _batched(a: Tensor, b: Tensor) -> Tensor:
    """The products of two batches, broadcast to each other."""
    x, y = a.array.shape, b.array.shape
    if len(x) == len(y) == 3 and x[0] != y[0]:
        if x[0] == 1 and a.requires_grad:
            return matmul(ops.squeeze_dim(a, 0), b)
        if y[0] == 1 and b.requires_grad:
            return matmul(a, ops.squeeze_dim(b, 0))
    batch = _broadcast(x[:-2], y[:-2])
    count = math.prod(batch)
    n, m = x[-2] if len(x) > 1 else 1, x[-1]
    left = reshape(ops.expand(a, (*batch, n, m)), (count, n, m))
    right = reshape(ops.expand(b, (*batch, *y[-2:])), (count, *y[-2:]))
    if len(y) > 1:
        return ops.unsafe_view(ops.bmm(left, right), (*batch, *x[-2:-1], y[-1]))
    product = ops.bmm(left, ops.unsqueeze(right, 2))
    return ops.unsafe_view(ops.squeeze_dim(product, 2), (*batch, n))


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        broadcast_error(np.broadcast_to(0, a), np.broadcast_to(0, b))
        raise


def _matmul_operator(self: Tensor, other: Any) -> Any:
    return matmul(self, other) if isinstance(other, Tensor) else NotImplemented


Tensor.__matmul__ = binary(rows["mm"], _matmul_operator)  # type: ignore[method-assign]


@public("Tensor", "__rmatmul__")
def _rmatmul(self: Tensor, other: Any) -> Any:
    """other @ self."""
    return matmul(other, self) if isinstance(other, Tensor) else NotImplemented


@public("torch Tensor", "outer", "ger")
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """The matrix of all products of two vectors' elements."""
    a, b = input.array, vec2.array
    for name, x in (("self", a), ("vec2", b)):
        require(x.ndim == 1, f"outer: Expected 1-D argument {name}, but got {x.ndim}-D")
    return ops.mul(reshape(input, (a.size, 1)), vec2)


@public()
def inner(input: Tensor, other: Tensor) -> Tensor:
    """The products along the last dimension, summed."""
    a, b = input.array, other.array
    if not a.ndim or not b.ndim:
        return ops.mul(input, other)
    require(
        a.shape[-1] == b.shape[-1],
        "inner() the last dimension must match on both input tensors but got shapes "
        f"{list(a.shape)} and {list(b.shape)}",
    )
    return tensordot(input, other, ([-1], [-1]))


@public("torch")
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The product summed over dims: the last of a and the first of b, or two lists."""
    x, y = a.array, b.array
    over_a, over_b = _summed_dims(dims, min(x.ndim, y.ndim))
    for dim_a, dim_b in zip(over_a, over_b, strict=True):
        size_a, size_b = x.shape[wrap_dim(dim_a, x.ndim)], y.shape[wrap_dim(dim_b, y.ndim)]
        if size_b == 1:
            a = ops.sum_dim(a, wrap_dims(dim_a, x.ndim), True)
        elif size_a == 1:
            b = ops.sum_dim(b, wrap_dims(dim_b, y.ndim), True)
        require(
            1 in (size_a, size_b) or size_a == size_b,
            f"contracted dimensions need to match, but first has size {size_a} in dim {dim_a} and "
            f"second has size {size_b} in dim {dim_b}",
        )
    over_a, over_b = wrap_dims(over_a, x.ndim), wrap_dims(over_b, y.ndim)
    rest_a = tuple(dim for dim in range(x.ndim) if dim not in over_a)
    rest_b = tuple(dim for dim in range(y.ndim) if dim not in over_b)
    rows, columns = [x.shape[dim] for dim in rest_a], [y.shape[dim] for dim in rest_b]
    a, b = ops.permute(a, rest_a + over_a), ops.permute(b, over_b + rest_b)
    if math.prod(rows) == math.prod(columns) == 1:
        return reshape(ops.dot(flatten(a), flatten(b)), (*rows, *columns))
    width = math.prod(a.array.shape[len(rows) :])
    left, right = reshape(a, (math.prod(rows), width)), reshape(b, (width, math.prod(columns)))
    return reshape(ops.mm(left, right), (*rows, *columns))


def _summed_dims(dims: Any, ndim: int) -> tuple[Sequence[int], Sequence[int]]:
    """The dimensions of each operand to sum over, as given: for n, the last n and the first n."""
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        require(dims >= 0, f"tensordot expects dims >= 0, but got dims={dims}")
        require(dims <= ndim, f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        return range(-dims, 0), range(dims)
    first, second = ([each] if isinstance(each, int) else each for each in dims)
    require(len(first) == len(second), "both dimension lists should have same length")
    return first, second


# ---- added to something, and at right angles -------------------------------------------------


@public("Tensor")
def addbmm_(
    self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """In place: as addbmm. Where that is larger, self grows to its shape, as in PyTorch."""
    check_inplace(self)
    new = ops.addbmm(self, batch1, batch2, beta, alpha)
    if self.array.shape != new.array.shape and type(self.edge) is not View:
        journal.note_slot(self, "array")
        self.array = np.array(np.broadcast_to(self.array, new.array.shape))
    return assign(self, new)


@public(IN_PLACE)
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * the matrix of all products of two vectors' elements."""
    arrays = [x.array for x in (input, vec1, vec2)]
    for name, x in (("vec1", arrays[1]), ("vec2", arrays[2])):
        require(x.ndim == 1, f"addr: Expected 1-D argument {name}, but got {x.ndim}-D")
    dtype = promotion.result_type(arrays)
    for name, factor in (("beta", beta), ("alpha", alpha)):
        require(
            dtype.kind not in "iu" or not isinstance(factor, float),
            f"For integral input tensors, argument {name} must not be a floating point number.",
        )
    cast = (x if x.array.dtype == dtype else ops.to_copy(x, dtype) for x in (input, vec1, vec2))
    return ops.addr(*cast, beta, alpha)


@public("linalg", "cross")
def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vectors at right angles to two vectors of three elements, along a dimension."""
    a, b = input.array, other.array
    require(a.ndim == b.ndim, "linalg.cross: inputs must have the same number of dimensions.")
    if not a.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    place = wrap_dim(dim, a.ndim)
    require(
        a.shape[place] == b.shape[place] == 3,
        f"linalg.cross: inputs dimension {dim} must have length 3. Got {a.shape[place]} and "
        f"{b.shape[place]}",
    )
    require(a.dtype == b.dtype, f"expected scalar type {kind(a)} but found {kind(b)}")
    return ops.linalg_cross(input, other, place)


_CROSS_WITHOUT_DIM = (
    "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass the dim "
    "explicitly or simply use torch.linalg.cross.\nThe default value of dim will change to agree "
    "with that of linalg.cross in a future release."
)


@public()
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """As torch.linalg.cross; by default along the first dimension of three elements."""
    if dim is None:
        warn(_CROSS_WITHOUT_DIM, UserWarning)
        shape = input.array.shape
        require(3 in shape, "no dimension of size 3 in input")
        dim = shape.index(3)
    return linalg_cross(input, other, dim=dim)
