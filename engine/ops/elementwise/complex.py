"""Complex numbers: their parts, their conjugates, and how they are made of real ones.

The gradient of a real L is dL/dRe + i dL/dIm. The rules here are written for complex numbers; those
of holomorphic functions are elsewhere, and need no word about them (dtype_variants.py). A
conjugate is made at once: nothing is ever lazily conjugated, as PyTorch's tensors can be.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.backends import NUMPY
from engine.arrays.row import non_differentiable
from engine.arrays.state import warn
from engine.dispatch.arguments import array_of
from engine.dispatch.dtype_variants import is_complex
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import attribute, expose, public
from engine.graph.tensor import Tensor
from engine.ops.elementwise.functions import sign_of

# ---- rows ------------------------------------------------------------------------------------

for _name in ("conj", "conj_physical"):
    op(
        f"{_name}(x)",
        "conjugate",
        elementwise=True,
        holomorphic=False,
        x=lambda ns, g: ns.conj(g) if is_complex(g) else g,
    )
# fmt: off
op("real(x)", lambda xp, x: x.real, holomorphic=False, written="x.real", node="SelectBackward0",
   x=lambda ns, g, x_dtype: ns.to_copy(g, x_dtype))
op("imag(x)", lambda xp, x: x.imag, holomorphic=False, written="x.imag", node="SelectBackward0",
   x=lambda ns, g: ns.complex(ns.zeros_like(g), g))
# fmt: on


def _parts(xp: Any, x: Any) -> Any:
    if xp is not NUMPY:
        return xp.stack((x.real, x.imag), -1)
    x = np.asarray(x)
    real = x.real
    strides = (*x.strides, real.itemsize)
    return np.lib.stride_tricks.as_strided(real, (*x.shape, 2), strides)


def _of_parts(xp: Any, x: Any) -> Any:
    if xp is not NUMPY:
        return xp.complex(x[..., 0], x[..., 1])
    return x.view(np.result_type(x.dtype, np.complex64))[..., 0]


# fmt: off
op("view_as_real(x)", _parts, view=True, holomorphic=False,
   x=lambda ns, g: ns.view_as_complex(ns.contiguous(g)))
op("view_as_complex(x)", _of_parts, view=True, holomorphic=False,
   x=lambda ns, g: ns.view_as_real(g))
# fmt: on


def _polar(xp: Any, a: Any, b: Any) -> Any:
    return xp.complex(a * xp.cos(b), a * xp.sin(b))


# fmt: off
op("complex(a, b)", "complex", elementwise=True, holomorphic=False,
   a=lambda ns, g: ns.real(g),
   b=lambda ns, g: ns.imag(g))
op("polar(a, b)", _polar, elementwise=True, holomorphic=False,
   a=lambda ns, g, out: ns.real(ns.conj(g) * ns.sgn(out)),
   b=lambda ns, g, out: -ns.imag(ns.conj(g) * out))
# fmt: on


def _angle(xp: Any, x: Any) -> Any:
    if x.dtype.kind == "c":
        return xp.arctan2(x.imag, x.real)
    return xp.where(x < 0, x.dtype.type(np.pi), xp.where(xp.isnan(x), x, x.dtype.type(0)))


def _angle_rule(ns: Any, g: Any, x: Any) -> Any:
    """A turn at x goes along i * x; at 0 there is none."""
    if not is_complex(x):
        return ns.zeros_like(x)
    real, imag = ns.real(x), ns.imag(x)
    square = real * real + imag * imag
    share = ns.where(square == 0, 0, g / square)
    return ns.complex(-imag * share, real * share)


op("angle(x)", _angle, elementwise=True, floats=True, holomorphic=False, x=_angle_rule)


def _sgn(xp: Any, x: Any) -> Any:
    if x.dtype.kind == "c":
        size = abs(x)
        return xp.where(size == 0, x.dtype.type(0), x / xp.where(size == 0, 1, size))
    return sign_of(xp, x)


def _sgn_rule(ns: Any, g: Any, x: Any, out: Any) -> Any:
    """Only the part of g across the direction turns it."""
    if not is_complex(x):
        return ns.zeros_like(g)
    size = ns.abs(x)
    across = g - out * ns.real(ns.conj(out) * g)
    return ns.where(size == 0, 0, across / size)


op("sgn(x)", _sgn, elementwise=True, holomorphic=False, x=_sgn_rule)
op("isreal(x)", lambda xp, x: x.imag == 0, x=non_differentiable)


def _same_dtype(a: Any, b: Any) -> None:
    if a.ndim != 1 or b.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors")
    if a.dtype != b.dtype:
        first, second = (dtypes.of(x.dtype).scalar_name for x in (a, b))
        raise RuntimeError(
            f"dot : expected both vectors to have same dtype, but found {first} and {second}"
        )
    if a.shape != b.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{a.shape[0]}] and src [{b.shape[0]}] to "
            f"have the same number of elements, but got {a.shape[0]} and {b.shape[0]} elements "
            "respectively"
        )
    if a.dtype.kind == "b":
        raise NotImplementedError("\"dot\" not implemented for 'Bool'")


def _vdot(xp: Any, a: Any, b: Any) -> Any:
    if a.ndim != 1 or b.ndim != 1 or a.dtype.kind == "b":
        raise ValueError("two vectors of numbers expected")
    return a.conj().dot(b)


op(
    "vdot(a, b)",
    _vdot,
    check=_same_dtype,
    holomorphic=False,
    a=lambda ns, g, b: ns.conj(g) * b,
    b=lambda ns, g, a: g * a,
)

# ---- parts and conjugates --------------------------------------------------------------------


def _part(index: int) -> Any:
    def part(input: Tensor) -> Tensor:
        return ops.select(ops.view_as_real(input), input.array.ndim, index)

    return part


_real, _imag = _part(0), _part(1)


@public("torch", "real")
def real_part(input: Tensor) -> Tensor:
    """The real parts, sharing memory; input itself if it is real."""
    return _real(input) if input.array.dtype.kind == "c" else input


@public("torch", "imag")
def imaginary_part(input: Tensor) -> Tensor:
    """The imaginary parts, sharing memory. Raises RuntimeError if input is real."""
    if input.array.dtype.kind != "c":
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return _imag(input)


def _conjugate(name: str) -> None:
    def conjugate(input: Tensor) -> Tensor:
        return getattr(ops, name)(input) if input.array.dtype.kind == "c" else input

    conjugate.__name__ = conjugate.__qualname__ = name
    conjugate.__doc__ = "The complex conjugate; input itself if it is real."
    in_place = " Tensor_ torch_" if name == "conj_physical" else ""
    public(f"torch Tensor{in_place}", name)(conjugate)


_conjugate("conj")
_conjugate("conj_physical")


@public("torch Tensor", "resolve_conj", "resolve_neg")
def resolve_conj(input: Tensor) -> Tensor:
    """input: nothing about it is left to be done."""
    array_of("resolve_conj", input)
    return input


@public()
def positive(input: Tensor) -> Tensor:
    """input. Raises RuntimeError for truth values."""
    if input.array.dtype.kind == "b":
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


@public("torch Tensor", "is_conj", "is_neg")
def is_conj(input: Tensor) -> bool:
    """False: conjugates are made at once."""
    array_of("is_conj", input)
    return False


@public()
def angle(input: Tensor) -> Tensor:
    """The angle of complex numbers; of real ones pi if negative, else 0."""
    return ops.angle(input)


@public("torch Tensor Tensor_")
def sgn(input: Tensor) -> Tensor:
    """input / abs(input), and 0 where that is 0."""
    return ops.sgn(input)


@public()
def isreal(input: Tensor) -> Tensor:
    """Where the imaginary part is 0."""
    return ops.isreal(input)


@public()
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The sum of conj(input) * other."""
    return ops.vdot(input, other)


# ---- made of real numbers --------------------------------------------------------------------


def _two_parts(a: Tensor, b: Tensor, names: tuple[str, str, str]) -> None:
    first = array_of(names[0], a, names[1]).dtype
    second = array_of(names[0], b, names[2], 2).dtype
    kinds = [dtypes.of(dtype).scalar_name for dtype in (first, second)]
    if not set(kinds) <= {"Half", "Float", "Double"}:
        raise RuntimeError(
            f"Expected both inputs to be Half, Float or Double tensors but got {kinds[0]} and "
            f"{kinds[1]}"
        )
    if first != second:
        raise RuntimeError(
            f"Expected object of scalar type {kinds[0]} but got scalar type {kinds[1]} for second "
            "argument"
        )
    if first == np.float16:
        assert dtypes.names["complex32"].numpy  # which raises


@public("torch", "complex")
def complex_of(real: Tensor, imag: Tensor) -> Tensor:
    """The complex numbers with these real and imaginary parts."""
    _two_parts(real, imag, ("complex", "real", "imag"))
    return ops.complex(real, imag)


@public("torch")
def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """The complex numbers of these absolute values and angles."""
    _two_parts(abs, angle, ("polar", "abs", "angle"))
    return ops.polar(abs, angle)


@public("torch")
def view_as_real(input: Tensor) -> Tensor:
    """Complex numbers as pairs of real ones, in a last dimension of 2, sharing memory."""
    if input.array.dtype.kind != "c":
        raise RuntimeError("view_as_real is only supported for complex tensors")
    return ops.view_as_real(input)


@public("torch")
def view_as_complex(input: Tensor) -> Tensor:
    """Pairs of real numbers, in a last dimension of 2, as complex ones, sharing memory."""
    array = input.array
    kind = dtypes.of(array.dtype).scalar_name
    if kind not in ("Half", "Float", "Double"):
        raise RuntimeError(
            "view_as_complex is only supported for half, float and double tensors, but got a "
            f"tensor of scalar type: {kind}"
        )
    if not array.ndim:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if array.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    if array.strides[-1] != array.itemsize:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    if any(step % (2 * array.itemsize) for step in array.strides[:-1]):
        raise RuntimeError("Tensor must have a stride divisible by 2 for all but last dimension")
    if kind == "Half":
        assert dtypes.names["complex32"].numpy  # which raises
    return ops.view_as_complex(input)


# ---- matrices --------------------------------------------------------------------------------


def _adjoint(name: str, matrices: str, only_one: bool) -> Any:
    def adjoint(self: Tensor) -> Tensor:
        ndim = self.array.ndim
        if ndim == 0:
            short = name.removeprefix("tensor.")
            shown = short if "()" in name else f"Tensor.{short}"
            warn(
                f"{shown} is deprecated on 0-D tensors. Consider using x.conj().",
                UserWarning,
            )
            return ops.conj(self) if self.array.dtype.kind == "c" else self
        if ndim < 2 or (only_one and ndim > 2):
            more = " For batches of matrices, consider using tensor.mH" if ndim > 2 else ""
            raise RuntimeError(
                f"{name} is only supported on {matrices}. Got {ndim}-D tensor.{more}"
            )
        turned = ops.transpose(self, ndim - 2, ndim - 1)
        return ops.conj(turned) if self.array.dtype.kind == "c" else turned

    adjoint.__doc__ = "The last two dimensions exchanged, and the complex conjugate."
    return adjoint


_MATRICES = "matrices or batches of matrices"
attribute("real", real_part)
attribute("imag", imaginary_part)
attribute("H", _adjoint("tensor.H", "matrices (2-D tensors)", True))
attribute("mH", _adjoint("tensor.mH", _MATRICES, False))
expose("adjoint", _adjoint("tensor.adjoint()", _MATRICES, False))
