"""Products of vectors and matrices: the rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.dispatch.arguments import wrap_dim
from engine.dispatch.operation import op
from engine.ops.views.rows import expand_check

_BOOL = np.dtype(bool)
_C_NAMES = {
    "Long": "long int", "Short": "short int", "Char": "signed char", "Byte": "unsigned char",
    "Half": "c10::Half", "BFloat16": "c10::BFloat16", "ComplexFloat": "c10::complex<float>",
    "ComplexDouble": "c10::complex<double>",
}  # fmt: skip


def _name(x: Any) -> str:
    return dtypes.of(x.dtype).scalar_name


def _not_for_bool(kernel: str, x: Any) -> None:
    if x.dtype == _BOOL:
        raise NotImplementedError(f"\"{kernel}\" not implemented for 'Bool'")


# ---- two matrices ----------------------------------------------------------------------------


def _multipliable(a: Any, b: Any) -> None:
    if a.shape[1] != b.shape[0]:
        error = RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({a.shape[0]}x{a.shape[1]} and "
            f"{b.shape[0]}x{b.shape[1]})"
        )
        error.operand = 1  # type: ignore[attr-defined]
        raise error


def _mm_check(a: Any, b: Any) -> None:
    if a.ndim != 2:
        raise RuntimeError("self must be a matrix")
    if b.ndim != 2:
        raise RuntimeError("mat2 must be a matrix")
    _multipliable(a, b)
    if a.dtype != b.dtype:
        first, second = (_C_NAMES.get(name, name.lower()) for name in (_name(a), _name(b)))
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {first} != {second}"
        )
    _not_for_bool("addmm_impl_cpu_", a)


def _rows_by_columns(a: Any, b: Any) -> tuple[int, int]:
    return (a.shape[0], b.shape[1])


op("mm(a, b)", "dot", written="a @ b", ndims=(2, 2), check=_mm_check, estimate=_rows_by_columns,
   a=lambda ns, g, b: ns.mm(g, ns.t(b)),
   b=lambda ns, g, a: ns.mm(ns.t(a), g))  # fmt: skip


def _bmm_check(a: Any, b: Any) -> None:
    for place, x in ((1, a), (2, b)):
        if x.ndim != 3:
            raise RuntimeError(f"batch{place} must be a 3D tensor")
    if a.shape[0] != b.shape[0] or a.shape[2] != b.shape[1]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{a.shape[0]}, "
            f"{a.shape[2]}] but got: [{b.shape[0]}, {b.shape[1]}]."
        )
    if a.dtype != b.dtype:
        raise RuntimeError(f"expected scalar type {_name(a)} but found {_name(b)}")
    _not_for_bool("bmm", a)


def _bmm(xp: Any, a: Any, b: Any) -> Any:
    if a.ndim != 3 or b.ndim != 3 or a.shape[0] != b.shape[0] or a.dtype is _BOOL:
        raise ValueError("two batches of matrices of numbers expected")
    return xp.matmul(a, b)


op("bmm(a, b)", _bmm, written="a @ b", check=_bmm_check,
   estimate=lambda a, b: (a.shape[0], a.shape[1], b.shape[-1]),
   a=lambda ns, g, b: ns.bmm(g, ns.transpose(b, 1, 2)),
   b=lambda ns, g, a: ns.bmm(ns.transpose(a, 1, 2), g))  # fmt: skip


def _fitted(ns: Any, g: Any, shape: tuple[int, ...]) -> Any:
    return g if tuple(g.shape) == shape else ns.sum_to(g, shape)


op("matmul(a, b)", "matmul", written="a @ b",  # batches of any shape, for rules
   a=lambda ns, g, b, a_shape: _fitted(
       ns, ns.matmul(g, ns.transpose(b, b.ndim - 2, b.ndim - 1)), a_shape),
   b=lambda ns, g, a, b_shape: _fitted(
       ns, ns.matmul(ns.transpose(a, a.ndim - 2, a.ndim - 1), g), b_shape))  # fmt: skip

# ---- with a vector ---------------------------------------------------------------------------


def _mv_check(a: Any, b: Any, bias: Any = None) -> None:
    if a.ndim != 2 or b.ndim != 1 or (bias is not None and bias.ndim > 1):
        raise RuntimeError(
            f"vector + matrix @ vector expected, got {1 if bias is None else bias.ndim}, "
            f"{a.ndim}, {b.ndim}"
        )
    rows, columns = a.shape
    had = rows if bias is None else bias.size
    if columns != b.shape[0] or had not in (1, rows):
        raise RuntimeError(
            f"size mismatch, got input ({had}), mat ({rows}x{columns}), vec ({b.shape[0]})"
        )
    added = b if bias is None else bias
    if not added.dtype == a.dtype == b.dtype:
        raise RuntimeError(
            f"addmv input tensors must have the same dtype, but got {_name(added)}, {_name(a)}, "
            f"and {_name(b)}"
        )
    _not_for_bool("addmv_impl_cpu", a)


op("mv(a, b)", "dot", written="a @ b", ndims=(2, 1), check=_mv_check,
   a=lambda ns, g, b: ns.unsqueeze(g, 1) * ns.unsqueeze(b, 0),
   b=lambda ns, g, a: ns.mv(ns.t(a), g))  # fmt: skip
op("squeezed(x; dim)", lambda xp, x, dim: x.squeeze(dim), written="x.squeeze(dim)",
   node="SqueezeBackward4", x=lambda ns, g, dim: ns.unsqueeze(g, dim))  # fmt: skip


def _dot_check(a: Any, b: Any) -> None:
    if a.ndim != 1 or b.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors")
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"dot : expected both vectors to have same dtype, but found {_name(a)} and {_name(b)}"
        )
    if a.shape != b.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{a.shape[0]}] and src [{b.shape[0]}] to "
            f"have the same number of elements, but got {a.shape[0]} and {b.shape[0]} elements "
            "respectively"
        )
    _not_for_bool("dot", a)


op("dot(a, b)", "dot", ndims=(1, 1), check=_dot_check, written="dot(a, b)",
   a=lambda ns, g, b: g * b,
   b=lambda ns, g, a: g * a)  # fmt: skip

# ---- added to something ----------------------------------------------------------------------


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


def _addmm_check(bias: Any, a: Any, b: Any, *scales: Any) -> None:
    for name, x in (("mat1", a), ("mat2", b)):
        if x.ndim != 2:
            raise RuntimeError(f"{name} must be a matrix, got {x.ndim}-D tensor")
    _multipliable(a, b)
    expand_check(bias, _rows_by_columns(a, b))
    for name, x in (("self", bias), ("mat1", a)):
        if x.dtype != b.dtype:
            raise RuntimeError(
                f"{name} and mat2 must have the same dtype, but got {_name(x)} and {_name(b)}"
            )
    _not_for_bool("addmm_impl_cpu_", a)


op("addmm(bias, a, b; beta, alpha)",
   lambda xp, bias, a, b, beta, alpha: _sum(a.dot(b), bias, beta, alpha),
   ndims=(None, 2, 2), check=_addmm_check, written="addmm(bias, a, b, beta=beta, alpha=alpha)",
   estimate=lambda bias, a, b, beta, alpha: _rows_by_columns(a, b),
   bias=lambda ns, g, bias_shape, beta: ns.sum_to(_scaled(g, beta), bias_shape),
   a=lambda ns, g, b, alpha: ns.mm(_scaled(g, alpha), ns.t(b)),
   b=lambda ns, g, a, alpha: ns.mm(ns.t(a), _scaled(g, alpha)))  # fmt: skip
op("addmv(bias, a, b; beta, alpha)",
   lambda xp, bias, a, b, beta, alpha: _sum(a.dot(b), bias, beta, alpha), ndims=(None, 2, 1),
   check=lambda bias, a, b, *scales: _mv_check(a, b, bias),
   written="addmv(bias, a, b, beta=beta, alpha=alpha)",
   bias=lambda ns, g, bias_shape, beta: ns.sum_to(_scaled(g, beta), bias_shape),
   a=lambda ns, g, b, alpha: ns.unsqueeze(_scaled(g, alpha), 1) * ns.unsqueeze(b, 0),
   b=lambda ns, g, a, alpha: ns.mv(ns.t(a), _scaled(g, alpha)))  # fmt: skip


def _batches_check(a: Any, b: Any) -> None:
    for place, x in ((1, a), (2, b)):
        if x.ndim != 3:
            raise RuntimeError(f"batch{place} must be a 3D tensor")
    if a.shape[0] != b.shape[0]:
        raise RuntimeError(
            f"batch1 and batch2 must have same number of batches, got {a.shape[0]} and {b.shape[0]}"
        )
    if a.shape[2] != b.shape[1]:
        raise RuntimeError(
            f"Incompatible matrix sizes for bmm ({a.shape[1]}x{a.shape[2]} and "
            f"{b.shape[1]}x{b.shape[2]})"
        )


def _addbmm_check(bias: Any, a: Any, b: Any, *scales: Any) -> None:
    _batches_check(a, b)
    expand_check(bias, (a.shape[1], b.shape[2]))
    for name, x in (("self", bias), ("mat1", a)):
        if x.dtype != b.dtype:
            raise RuntimeError(
                f"{name} and mat2 must have the same dtype, but got {_name(x)} and {_name(b)}"
            )
    _not_for_bool("addmm_impl_cpu_", a)


def _addbmm(xp: Any, bias: Any, a: Any, b: Any, beta: float, alpha: float) -> Any:
    product = _bmm(xp, a, b)
    return _sum(xp.add.reduce(product, 0, product.dtype), bias, beta, alpha)


def _for_each(ns: Any, g: Any, count: int) -> Any:
    """A gradient of a sum over a batch, for each matrix of it."""
    return ns.expand(g, (count, *g.shape))


op("addbmm(bias, a, b; beta, alpha)", _addbmm, check=_addbmm_check,
   written="addbmm(bias, a, b, beta=beta, alpha=alpha)",
   bias=lambda ns, g, bias_shape, beta: ns.sum_to(_scaled(g, beta), bias_shape),
   a=lambda ns, g, b, alpha: ns.bmm(
       _for_each(ns, _scaled(g, alpha), b.shape[0]), ns.transpose(b, 1, 2)),
   b=lambda ns, g, a, alpha: ns.bmm(
       ns.transpose(a, 1, 2), _for_each(ns, _scaled(g, alpha), a.shape[0])))  # fmt: skip


def _baddbmm_check(bias: Any, a: Any, b: Any, *scales: Any) -> None:
    if a.ndim == b.ndim == 3 and not bias.dtype == a.dtype == b.dtype:
        first, second, third = (dtypes.of(x.dtype).scalar_name.lower() for x in (bias, a, b))
        raise RuntimeError(
            f"Input dtypes must be the same, got: input {first}, batch1: {second}, batch2: {third}"
        )
    if a.ndim == 3:
        wrap_dim(2, b.ndim)
    _bmm_check(a, b)
    expand_check(bias, (a.shape[0], a.shape[1], b.shape[2]))


op("baddbmm(bias, a, b; beta, alpha)",
   lambda xp, bias, a, b, beta, alpha: _sum(_bmm(xp, a, b), bias, beta, alpha),
   check=_baddbmm_check, written="baddbmm(bias, a, b, beta=beta, alpha=alpha)",
   estimate=lambda bias, a, b, *scales: (a.shape[0], a.shape[1], b.shape[-1]),
   bias=lambda ns, g, bias_shape, beta: ns.sum_to(_scaled(g, beta), bias_shape),
   a=lambda ns, g, b, alpha: ns.bmm(_scaled(g, alpha), ns.transpose(b, 1, 2)),
   b=lambda ns, g, a, alpha: ns.bmm(ns.transpose(a, 1, 2), _scaled(g, alpha)))  # fmt: skip


def _addr(xp: Any, bias: Any, a: Any, b: Any, beta: float, alpha: float) -> Any:
    if a.dtype == _BOOL:
        product = a[:, None] & b
        return (product & bool(alpha)) | (bias & bool(beta))
    return _sum(a[:, None] * b, bias, beta, alpha)


op("addr(bias, a, b; beta, alpha)", _addr,
   check=lambda bias, a, b, *scales: expand_check(bias, (a.shape[0], b.shape[0])),
   written="addr(bias, a, b, beta=beta, alpha=alpha)",
   estimate=lambda bias, a, b, *scales: (a.shape[0], b.shape[0]),
   bias=lambda ns, g, bias_shape, beta: ns.sum_to(_scaled(g, beta), bias_shape),
   a=lambda ns, g, b, alpha: ns.mv(_scaled(g, alpha), b),
   b=lambda ns, g, a, alpha: ns.mv(ns.t(_scaled(g, alpha)), a))  # fmt: skip
op("linalg_cross(a, b; dim)", lambda xp, a, b, dim: xp.cross(a, b, axis=dim), elementwise=True,
   written="cross(a, b, dim=dim)",
   a=lambda ns, g, b, dim: ns.linalg_cross(b, g, dim),
   b=lambda ns, g, a, dim: ns.linalg_cross(g, a, dim))  # fmt: skip

# ---- the diagonal's sum ----------------------------------------------------------------------


def _trace_check(x: Any) -> None:
    if x.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {x.ndim}")
    _not_for_bool("trace", x)


def _trace(xp: Any, x: Any) -> Any:
    if x.ndim != 2 or x.dtype is _BOOL:
        raise ValueError("a matrix of numbers expected")
    return xp.trace(x)


op("trace(x)", _trace, check=_trace_check,
   x=lambda ns, g, x_shape: ns.diagonal_backward(
       ns.expand(g, (min(x_shape),)), x_shape, 0, 0, 1))  # fmt: skip
