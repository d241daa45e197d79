"""Products of vectors and matrices: the rows."""

from __future__ import annotations

from typing import Any

from engine import dtypes
from engine.op import op


def _same_dtype(a: Any, b: Any) -> None:
    if a.dtype != b.dtype:
        first, second = (dtypes.of(x.dtype).scalar_name.lower() for x in (a, b))
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {first} != {second}")


def _mm_check(a: Any, b: Any) -> None:
    if a.ndim != 2:
        raise RuntimeError("self must be a matrix")
    if b.ndim != 2:
        raise RuntimeError("mat2 must be a matrix")
    if a.shape[1] != b.shape[0]:
        error = RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({a.shape[0]}x{a.shape[1]} and "
            f"{b.shape[0]}x{b.shape[1]})"
        )
        error.operand = 1  # type: ignore[attr-defined]
        raise error
    _same_dtype(a, b)


def _mv_check(a: Any, b: Any) -> None:
    if a.ndim != 2 or b.ndim != 1:
        raise RuntimeError(
            f"vector + matrix @ vector expected, got {min(b.ndim, 1)}, {a.ndim}, {b.ndim}"
        )
    if a.shape[1] != b.shape[0]:
        raise RuntimeError(f"size mismatch, got input ({a.shape[0]}), mat ({a.shape[0]}x{a.shape[1]}), vec ({b.shape[0]})")
    _same_dtype(a, b)


def _dot_check(a: Any, b: Any) -> None:
    if a.ndim != 1 or b.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors")
    if a.dtype != b.dtype:
        first, second = (dtypes.of(x.dtype).scalar_name for x in (a, b))
        raise RuntimeError(f"dot : expected both vectors to have same dtype, but found {first} and {second}")
    if a.shape != b.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{a.shape[0]}] and src [{b.shape[0]}] to have "
            f"the same number of elements, but got {a.shape[0]} and {b.shape[0]} elements respectively"
        )


def _bmm_check(a: Any, b: Any) -> None:
    for place, x in ((1, a), (2, b)):
        if x.ndim != 3:
            raise RuntimeError(f"batch{place} must be a 3D tensor")
    if a.shape[0] != b.shape[0] or a.shape[2] != b.shape[1]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{a.shape[0]}, {a.shape[2]}] "
            f"but got: [{b.shape[0]}, {b.shape[1]}]."
        )
    _same_dtype(a, b)


def _matrix(xp: Any, a: Any, b: Any) -> Any:
    """a.dot(b), NumPy's quickest; its shapes are checked only by what it accepts."""
    if a.ndim != 2 or b.ndim != 2:
        raise ValueError("two matrices expected")
    return a.dot(b)


def _rows_by_columns(a: Any, b: Any) -> tuple[int, int]:
    return (a.shape[0], b.shape[1])


op("mm(a, b)", _matrix, written="a @ b", check=_mm_check, estimate=_rows_by_columns,
   a=lambda ns, g, b: ns.mm(g, ns.t(b)),
   b=lambda ns, g, a: ns.mm(ns.t(a), g))  # fmt: skip


op("squeezed(x; dim)", lambda xp, x, dim: x.squeeze(dim), written="x.squeeze(dim)",
   node="SqueezeBackward4", x=lambda ns, g, dim: ns.unsqueeze(g, dim))  # fmt: skip


def _vector(xp: Any, a: Any, b: Any) -> Any:
    if a.ndim != 2 or b.ndim != 1:
        raise ValueError("a matrix and a vector expected")
    return a.dot(b)


op("mv(a, b)", _vector, written="a @ b", check=_mv_check,
   a=lambda ns, g, b: ns.unsqueeze(g, 1) * ns.unsqueeze(b, 0),
   b=lambda ns, g, a: ns.mv(ns.t(a), g))  # fmt: skip


def _dot(xp: Any, a: Any, b: Any) -> Any:
    if a.ndim != 1 or b.ndim != 1:
        raise ValueError("two vectors expected")
    return a.dot(b)


op("dot(a, b)", _dot, check=_dot_check, written="dot(a, b)",
   a=lambda ns, g, b: g * b,
   b=lambda ns, g, a: g * a)  # fmt: skip


def _bmm(xp: Any, a: Any, b: Any) -> Any:
    if a.ndim != 3 or b.ndim != 3 or a.shape[0] != b.shape[0]:
        raise ValueError("two batches of matrices expected")
    return xp.matmul(a, b)


op("bmm(a, b)", _bmm, written="a @ b", check=_bmm_check,
   estimate=lambda a, b: (a.shape[0], a.shape[1], b.shape[-1]),
   a=lambda ns, g, b: ns.bmm(g, ns.transpose(b, 1, 2)),
   b=lambda ns, g, a: ns.bmm(ns.transpose(a, 1, 2), g))  # fmt: skip


def _addmm_check(bias: Any, a: Any, b: Any, *scales: Any) -> None:
    _mm_check(a, b)
    shape = (a.shape[0], b.shape[1])
    for dim, (had, wanted) in enumerate(zip(bias.shape[::-1], shape[::-1], strict=False)):
        if had not in (1, wanted):
            raise RuntimeError(
                f"The expanded size of the tensor ({wanted}) must match the existing size ({had}) at "
                f"non-singleton dimension {1 - dim}.  Target sizes: {list(shape)}.  Tensor sizes: "
                f"{list(bias.shape)}"
            )


def _addmm(xp: Any, bias: Any, a: Any, b: Any, beta: float, alpha: float) -> Any:
    product = _matrix(xp, a, b)
    if alpha != 1:
        product = product * alpha
    return product + bias if beta == 1 else product + bias * beta


op("addmm(bias, a, b; beta, alpha)", _addmm, check=_addmm_check,
   estimate=lambda bias, a, b, beta, alpha: _rows_by_columns(a, b),
   written="addmm(bias, a, b, beta=beta, alpha=alpha)",
   bias=lambda ns, g, bias_shape, beta: ns.sum_to(g if beta == 1 else g * beta, bias_shape),
   a=lambda ns, g, b, alpha: ns.mm(g if alpha == 1 else g * alpha, ns.t(b)),
   b=lambda ns, g, a, alpha: ns.mm(ns.t(a), g if alpha == 1 else g * alpha))  # fmt: skip
op("addmv(bias, a, b; beta, alpha)",
   lambda xp, bias, a, b, beta, alpha: _vector(xp, a, b) * alpha + bias * beta,
   written="addmv(bias, a, b, beta=beta, alpha=alpha)",
   check=lambda bias, a, b, *scales: _mv_check(a, b),
   bias=lambda ns, g, bias_shape, beta: ns.sum_to(g * beta, bias_shape),
   a=lambda ns, g, b, alpha: ns.unsqueeze(g * alpha, 1) * ns.unsqueeze(b, 0),
   b=lambda ns, g, a, alpha: ns.mv(ns.t(a), g * alpha))  # fmt: skip


def _trace_check(x: Any) -> None:
    raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {x.ndim}")


def _trace(xp: Any, x: Any) -> Any:
    if x.ndim != 2:
        raise ValueError("a matrix expected")
    return xp.trace(x)


op("trace(x)", _trace, check=_trace_check,
   x=lambda ns, g, x_shape: ns.diagonal_backward(
       ns.expand(g, (min(x_shape),)), x_shape, 0, 0, 1))  # fmt: skip
