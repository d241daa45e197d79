"""Fourier transforms: three rows (complex to complex, real to half of a complex, and back), and
torch.fft as compositions of them.

The transform F is linear and symmetric, so its adjoint is the inverse without its 1/n: each rule is
another of the rows. `norm` says what is divided by: 0 nothing, 1 sqrt(n), 2 n.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.ops.nn.padding  # noqa: F401 (its rows)
from engine.arrays import dtypes
from engine.arrays.types import Shape
from engine.dispatch.arguments import dtype_of, on_cpu, wrap_dim, wrap_dims
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.dispatch.spelling import spelled
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.creation.data import requiring
from engine.ops.views.rearranging import roll

# ---- rows ------------------------------------------------------------------------------------

_DIVIDED = {True: ("backward", "ortho", "forward"), False: ("forward", "ortho", "backward")}
"""NumPy's words for `norm`: what is divided by depends on the direction."""


def _to_complex(xp: Any, x: Any, dims: Shape, norm: int, forward: bool) -> Any:
    if not x.size or not dims:
        return xp.asarray(x, copy=True)
    transform = xp.fft.fftn if forward else xp.fft.ifftn
    return transform(x, axes=dims, norm=_DIVIDED[forward][norm])


def _of_real(xp: Any, x: Any, dims: Shape, norm: int, onesided: bool) -> Any:
    transform = xp.fft.rfftn if onesided else xp.fft.fftn
    return transform(x, axes=dims, norm=_DIVIDED[True][norm])


def _to_real(xp: Any, x: Any, dims: Shape, norm: int, size: int) -> Any:
    sizes = [*(x.shape[dim] for dim in dims[:-1]), size]
    return xp.fft.irfftn(x, s=sizes, axes=dims, norm=_DIVIDED[False][norm])


def _to_complex_rule(ns: Any, g: Any, dims: Shape, norm: int, forward: bool) -> Any:
    return ns.fft_c2c(g, dims, norm, not forward)


def _of_real_rule(ns: Any, g: Any, x_shape: Shape, dims: Shape, norm: int, onesided: bool) -> Any:
    if onesided:
        last = dims[-1]
        shape = (*g.shape[:last], x_shape[last], *g.shape[last + 1 :])
        g = ns.slice_backward(g, shape, last, 0, g.shape[last], 1)
    return ns.real(ns.fft_c2c(g, dims, norm, False))


def _to_real_rule(ns: Any, g: Any, dims: Shape, norm: int, size: int) -> Any:
    """All frequencies but the first (and, of an even size, the last) stand for two."""
    half = ns.fft_r2c(g, dims, norm, True)
    shape, last = tuple(half.shape), dims[-1]
    stop = size - size // 2
    twice = ns.slice(half, last, 1, stop, 1)
    return half + ns.slice_backward(twice, shape, last, 1, stop, 1)


for _name, _node, _forward, _rule in (
    ("fft_c2c(x; dims, norm, forward)", "FftC2CBackward0", _to_complex, _to_complex_rule),
    ("fft_r2c(x; dims, norm, onesided)", "FftR2CBackward0", _of_real, _of_real_rule),
    ("fft_c2r(x; dims, norm, size)", "FftC2RBackward0", _to_real, _to_real_rule),
):
    op(_name, _forward, node=_node, holomorphic=False, x=_rule)

# ---- arguments -------------------------------------------------------------------------------


def _norm_word(norm: Any) -> None:
    if norm is not None and not isinstance(norm, str):
        raise TypeError("a norm is a name")


def _norm(norm: str | None, forward: bool) -> int:
    if norm is None:
        norm = "backward"
    if norm not in ("forward", "backward", "ortho"):
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    return 1 if norm == "ortho" else 0 if (norm == "backward") is forward else 2


def _promoted(x: Tensor, complex_too: bool = False) -> Tensor:
    """Whole numbers in the default dtype; real ones as complex if asked for."""
    dtype = x.array.dtype
    if dtype.kind in "biu":
        dtype = dtypes.get_default_dtype().numpy
    if dtype.itemsize == 2 and dtype.kind in "fV":
        raise RuntimeError(f"Unsupported dtype {dtypes.of(dtype).scalar_name}")
    if complex_too:
        dtype = np.result_type(dtype, np.complex64)
    return x if x.array.dtype == dtype else ops.to_copy(x, dtype)


def _points(count: int) -> None:
    if count < 1:
        raise RuntimeError(f"Invalid number of data points ({count}) specified")


def _resized(x: Tensor, sizes: dict[int, int]) -> Tensor:
    """Dimensions cut to sizes, or filled up with zeros."""
    for dim, size in sizes.items():
        shape = x.array.shape
        if size < shape[dim]:
            x = ops.slice(x, dim, 0, size, 1)
        elif size > shape[dim]:
            x = padded(x, dim, 0, size)
    return x


def padded(x: Tensor, dim: int, before: int, size: int) -> Tensor:
    """x with zeros around it, `before` of them first, up to a size of dimension dim."""
    pads = [(0, 0)] * x.array.ndim
    pads[dim] = (before, size - before - x.array.shape[dim])
    return ops.constant_pad_nd(x, tuple(pads), 0.0)


def _place(dim: int, ndim: int) -> int:
    if not ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return wrap_dim(dim, ndim)


def _several(x: Tensor, s: Any, dim: Any, norm: Any) -> tuple[list[int], Shape]:
    """The sizes and the dimensions of a transform over several."""
    shape = x.array.shape
    _norm_word(norm)
    s, dim = ((value,) if isinstance(value, int) else value for value in (s, dim))
    if dim is not None:
        wrapped = [_place(each, len(shape)) for each in dim]
        if len(set(wrapped)) != len(wrapped):
            raise RuntimeError("FFT dims must be unique")
        dims = tuple(wrapped)
    if s is None:
        if dim is None:
            dims = tuple(range(len(shape)))
        sizes = [shape[each] for each in dims]
    else:
        if dim is not None and len(dims) != len(s):
            raise RuntimeError("When given, dim and shape arguments must have the same length")
        if len(s) > len(shape):
            raise RuntimeError(
                f"Got shape with {len(s)} values but input tensor only has {len(shape)} dimensions."
            )
        if dim is None:
            dims = tuple(range(len(shape) - len(s), len(shape)))
        sizes = [shape[d] if size == -1 else size for size, d in zip(s, dims, strict=True)]
    for size in sizes:
        _points(size)
    return sizes, dims


def _real_input(name: str, x: Any, wanted: str) -> None:
    if x.dtype.kind == "c":
        raise RuntimeError(f"{name} expects a {wanted}, but got {dtypes.of(x.dtype).scalar_name}")


# ---- along one dimension ---------------------------------------------------------------------


def _along(
    x: Tensor, n: Any, dim: Any, norm: Any, forward: bool, halved: bool = False
) -> tuple[Tensor, Shape, int, int]:
    """The input cut or filled up, the dimension, what is divided by, and how many results there
    are; a halved input holds the frequencies from 0 up.
    """
    for value in (n, dim):
        if value is not None and (isinstance(value, bool) or not hasattr(value, "__index__")):
            raise TypeError("a whole number is asked for")
    _norm_word(norm)
    x = _promoted(x, halved)
    dim = _place(dim, x.array.ndim)
    divided, size = _norm(norm, forward), x.array.shape[dim]
    if n is not None:
        size = n
    elif halved:
        size = 2 * (size - 1)
    _points(size)
    return _resized(x, {dim: size // 2 + 1 if halved else size}), (dim,), divided, size


def _complex_1d(name: str, x: Tensor, n: Any, dim: Any, norm: Any, forward: bool) -> Tensor:
    x, dims, divided, _ = _along(x, n, dim, norm, forward)
    if x.array.dtype.kind == "c":
        return ops.fft_c2c(x, dims, divided, forward)
    found = ops.fft_r2c(x, dims, divided, False)
    return found if forward else ops.conj(found)


def _half_1d(name: str, x: Tensor, n: Any, dim: Any, norm: Any, forward: bool) -> Tensor:
    """From real numbers, the frequencies from 0 up."""
    _real_input(name.removeprefix("fft_"), x.array, "real input tensor")
    x, dims, divided, _ = _along(x, n, dim, norm, forward)
    found = ops.fft_r2c(x, dims, divided, True)
    return found if forward else ops.conj(found)


def _real_1d(name: str, x: Tensor, n: Any, dim: Any, norm: Any, forward: bool) -> Tensor:
    """From the frequencies from 0 up, real numbers."""
    x, dims, divided, size = _along(x, n, dim, norm, forward, True)
    return ops.fft_c2r(ops.conj(x) if forward else x, dims, divided, size)


def _real_of_dtype(x: Any) -> None:
    if x.dtype.kind == "c":
        raise RuntimeError(
            f"Only supports floating-point dtypes, but found: {dtypes.of(x.dtype).scalar_name}"
        )


# ---- along several ---------------------------------------------------------------------------


def _complex_nd(name: str, x: Tensor, s: Any, dim: Any, norm: Any, forward: bool) -> Tensor:
    sizes, dims = _several(x, s, dim, norm)
    x = _resized(_promoted(x, True), dict(zip(dims, sizes, strict=True)))
    return ops.fft_c2c(x, dims, _norm(norm, forward), forward)


def _some_axis(name: str, dims: Shape) -> None:
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")


def _half_nd(name: str, x: Tensor, s: Any, dim: Any, norm: Any, forward: bool) -> Tensor:
    if forward:
        _real_input("rfftn", x.array, "real-valued input tensor")
    sizes, dims = _several(x, s, dim, norm)
    _some_axis("rfftn" if forward else "ihfftn", dims)
    divided = _norm(norm, forward)
    _real_of_dtype(x.array)
    x = _resized(_promoted(x), dict(zip(dims, sizes, strict=True)))
    if forward:
        return ops.fft_r2c(x, dims, divided, True)
    half = ops.fft_r2c(x, dims[-1:], divided, True)
    if len(dims) == 1:
        return ops.conj(half)
    return ops.fft_c2c(ops.conj_physical(half), dims[:-1], divided, False)


def _real_nd(name: str, x: Tensor, s: Any, dim: Any, norm: Any, forward: bool) -> Tensor:
    sizes, dims = _several(x, s, dim, norm)
    _some_axis("hfftn" if forward else "irfftn", dims)
    divided = _norm(norm, forward)
    given = None if s is None else s if isinstance(s, int) else s[-1]
    size = 2 * (x.array.shape[dims[-1]] - 1) if given in (None, -1) else given
    _points(size)
    sizes[-1] = size // 2 + 1
    x = _resized(_promoted(x, True), dict(zip(dims, sizes, strict=True)))
    if not forward:
        return ops.fft_c2r(x, dims, divided, size)
    if len(dims) > 1:
        x = ops.fft_c2c(x, dims[:-1], divided, True)
    return ops.fft_c2r(ops.conj(x), dims[-1:], divided, size)


# ---- torch.fft -------------------------------------------------------------------------------


def _transforms(ending: str, dim: str, table: tuple[tuple[str, Any, bool, str], ...]) -> None:
    """Make transforms public: fft, fftn or fft2 and their kin, by the ending."""
    size = "s" if ending else "n"
    parameters = {"input": "input", "size": f"{size}=None", "dim": dim, "norm": "norm=None"}
    for name, transform, forward, text in table:
        name += ending
        body = f"transform('fft_{name}', input, {size}, dim, norm, forward)"
        made = spelled(name, text, parameters, body, transform=transform, forward=forward)
        public("fft")(made)


# fmt: off
_transforms("", "dim=-1", (
    ("fft", _complex_1d, True,
     "The discrete Fourier transform along a dimension, cut or filled up to n."),
    ("ifft", _complex_1d, False, "The inverse of fft."),
    ("rfft", _half_1d, True, "The transform of real numbers: the frequencies from 0 up."),
    ("ihfft", _half_1d, False, "The inverse of hfft."),
    ("irfft", _real_1d, False, "The inverse of rfft: n real numbers."),
    ("hfft", _real_1d, True,
     "The transform of a signal that is Hermitian, of which half is given: n real numbers."),
))
_transforms("n", "dim=None", (
    ("fft", _complex_nd, True,
     "The discrete Fourier transform over dimensions, all by default, cut or filled up to s."),
    ("ifft", _complex_nd, False, "The inverse of fftn."),
    ("rfft", _half_nd, True,
     "The transform of real numbers over dimensions: along the last, the frequencies from 0 up."),
    ("ihfft", _half_nd, False, "The inverse of hfftn."),
    ("irfft", _real_nd, False, "The inverse of rfftn: real numbers."),
    ("hfft", _real_nd, True,
     "The transform over dimensions of a signal that is Hermitian along the last: real numbers."),
))
_transforms("2", "dim=(-2, -1)", (
    ("fft", _complex_nd, True, "fftn over two dimensions."),
    ("ifft", _complex_nd, False, "The inverse of fft2."),
    ("rfft", _half_nd, True, "rfftn over two dimensions."),
    ("ihfft", _half_nd, False, "The inverse of hfft2."),
    ("irfft", _real_nd, False, "The inverse of rfft2."),
    ("hfft", _real_nd, True, "hfftn over two dimensions."),
))
# fmt: on

# ---- frequencies -----------------------------------------------------------------------------


def _frequencies(name: str, counts: Any, n: int, d: float, dtype: Any) -> Any:
    wanted = dtype_of(name, dtype) or dtypes.get_default_dtype().numpy
    if wanted.kind not in "fcV":
        raise RuntimeError(
            f"{name.removeprefix('fft_')} requires a floating point or complex dtype"
        )
    if wanted.kind == "c":
        kind = dtypes.of(wanted).scalar_name
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{kind}'")
    scale = np.float64(1.0) / np.float64(n * d)
    work = np.dtype(np.float32) if wanted.itemsize == 2 else wanted
    return (counts.astype(work) * scale.astype(work)).astype(wanted)


@public("fft")
def fftfreq(
    n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """The frequencies of fft's n results, those below zero last; d is the step of the samples."""
    on_cpu(device)
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    counts = np.concatenate((np.arange((n + 1) // 2), np.arange(-(n // 2), 0)))
    return requiring(wrap(_frequencies("fft_fftfreq", counts, n, d, dtype)), requires_grad)


@public("fft")
def rfftfreq(
    n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """The frequencies of rfft's results for n numbers; d is the step of the samples."""
    on_cpu(device)
    counts = np.arange(int(n / 2) + 1)
    return requiring(wrap(_frequencies("fft_rfftfreq", counts, n, d, dtype)), requires_grad)


def _shifted(name: str, x: Tensor, dim: Any, back: int) -> Tensor:
    shape = x.array.shape
    dims = tuple(range(len(shape))) if dim is None else wrap_dims(dim, len(shape))
    if not shape:
        raise RuntimeError("`shifts` required")
    return roll(x, tuple((shape[d] + back) // 2 for d in dims), dims)


@public("fft")
def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The results of a transform rolled so that frequency 0 is in the middle."""
    return _shifted("fft_fftshift", input, dim, 0)


@public("fft")
def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The inverse of fftshift."""
    return _shifted("fft_ifftshift", input, dim, 1)
