"""Activations and normalising functions: their rows, and how PyTorch spells them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from engine.arrays import dtypes
from engine.arrays.scalars import zero_of
from engine.arrays.state import warn
from engine.dispatch.arguments import array_of, dtype_of, wrap_dim
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.inplace import assign, check_inplace
from engine.dispatch.operation import EVERYWHERE, op
from engine.graph.registry import expose, public

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.arrays.row import Rule
    from engine.graph.tensor import Tensor

# ---- normalising: rows -----------------------------------------------------------------------


def _shifted(xp: Any, x: Any, dim: int) -> Any:
    """x less its largest along `dim`, so that exp cannot overflow."""
    return x - xp.maximum.reduce(x, dim, None, None, True) if x.size else x


def _softmax(xp: Any, x: Any, dim: int) -> Any:
    if not x.ndim:
        return xp.ones_like(x)
    powers = xp.exp(_shifted(xp, x, dim))
    return powers / xp.add.reduce(powers, dim, None, None, True)


def _log_softmax(xp: Any, x: Any, dim: int) -> Any:
    if not x.ndim:
        return xp.zeros_like(x)
    shifted = _shifted(xp, x, dim)
    return shifted - xp.log(xp.add.reduce(xp.exp(shifted), dim, None, None, True))


def _total(ns: Any, x: Any, dim: int) -> Any:
    return ns.sum_dim(x, (dim,) if x.ndim else (), True)


op(
    "softmax(x; dim)",
    _softmax,
    facts={"saturates": "far apart"},
    x=lambda ns, g, out, dim: out * (g - _total(ns, g * out, dim)),
    refuses={"c": "softmax_lastdim_kernel_impl"},
)
op("log_softmax(x; dim)", _log_softmax,
   x=lambda ns, g, out, dim: g - ns.exp(out) * _total(ns, g, dim), refuses={"c": "log_softmax_lastdim_kernel_impl"})  # fmt: skip

# ---- activations: rows -----------------------------------------------------------------------

UNORDERED = (NotImplementedError, "clamp is not supported for complex types")
"""What PyTorch says of functions that clamp, for complex numbers."""


def _sigmoid(xp: Any, x: Any) -> Any:
    return xp.reciprocal(1 + xp.exp(-x))


def _softplus(xp: Any, x: Any, beta: float, threshold: float) -> Any:
    scaled = x * beta
    return xp.where(scaled > threshold, x, xp.log1p(xp.exp(xp.minimum(scaled, threshold))) / beta)


def _kept_above(xp: Any, g: Any, x: Any) -> Any:
    """g where x > 0 or x is nan; 0 elsewhere."""
    zero = zero_of(x)
    return xp.where(x <= zero, zero, g)


# fmt: off
op("sigmoid(x)", _sigmoid, "1 / (1 + exp(-input)).", where="torch Tensor Tensor_ torch_ F special",
   elementwise=True, floats=True, latex=r"\sigma",
   facts={"saturates": "far from 0"}, x=lambda ns, g, out: g * (out * (1 - out)))
op("relu(x)", lambda xp, x: xp.maximum(zero_of(x), x), "relu(input), element by element.",
   where=EVERYWHERE, elementwise=True,
   facts={"dead": "is 0 below 0", "smooth": "leaky_relu({x}, 0.01)"},
   refuses={"c": UNORDERED, "b": (RuntimeError, "Boolean inputs not supported for relu")},
   x=lambda ns, g, out: ns.relu_backward(g, out))
op("relu_backward(g, x)", _kept_above, written="where(x > 0, g, 0)",
   node="ThresholdBackwardBackward0",
   g=lambda ns, g, x: ns.relu_backward(g, x),
   x=lambda ns, g: ns.zeros_like(g))
op("softplus(x; beta=1, threshold=20)", _softplus,
   "log(1 + exp(beta * input)) / beta; linear where beta * input > threshold.", where="F",
   elementwise=True, floats=True, refuses={"c": "softplus_cpu"},
   x=lambda ns, g, x, beta, threshold: (
       g * ns.where(x * beta > threshold, 1, ns.sigmoid(x * beta))))
# fmt: on


def _activation(signature: str, forward: Any, rule: Rule, **options: Any) -> None:
    op(signature, forward, elementwise=True, x=rule, **options)


_activation("leaky_relu(x; slope)", lambda xp, x, slope: xp.where(x > 0, x, x * slope),
            lambda ns, g, x, slope: ns.leaky_relu_backward(g, x, slope), refuses={"c": "leaky_relu_cpu"})  # fmt: skip
op("leaky_relu_backward(grad, x; slope)",
   lambda xp, grad, x, slope: xp.where(x > 0, grad, grad * slope),
   written="where(x > 0, grad, grad * slope)", node="LeakyReluBackwardBackward0",
   grad=lambda ns, g, x, slope: ns.leaky_relu_backward(g, x, slope),
   x=lambda ns, g: ns.zeros_like(g))  # fmt: skip
_activation("elu(x; alpha)", lambda xp, x, alpha: xp.where(x > 0, x, alpha * xp.expm1(x)),
            lambda ns, g, x, alpha: ns.elu_backward(g, x, alpha), refuses={"c": "elu_cpu"})  # fmt: skip
op("elu_backward(grad, x; alpha)",
   lambda xp, grad, x, alpha: xp.where(x <= 0, grad * alpha * xp.exp(x), grad),
   written="where(x <= 0, grad * alpha * exp(x), grad)", node="EluBackwardBackward0",
   grad=lambda ns, g, x, alpha: ns.elu_backward(g, x, alpha),
   x=lambda ns, g, grad, x, alpha: ns.keep(g * grad * alpha * ns.exp(x), x < 0))  # fmt: skip


def _silu_slope(ns: Any, x: Any) -> Any:
    s = ns.sigmoid(x)
    return s * (1 + x * (1 - s))


_activation("silu(x)", lambda xp, x: x / (1 + xp.exp(-x)), lambda ns, g, x: g * _silu_slope(ns, x))
_activation("logsigmoid(x)",
            lambda xp, x: xp.minimum(x, x.dtype.type(0)) - xp.log1p(xp.exp(-xp.abs(x))),
            lambda ns, g, x: g * ns.sigmoid(-x), node="LogSigmoidBackward0", refuses={"c": "log_sigmoid_cpu"})  # fmt: skip
_activation("erf(x)", "erf", lambda ns, g, x: g * (2 / math.sqrt(math.pi)) * ns.exp(-x * x),
            floats=True, refuses={"c": "erf_vml_cpu"})  # fmt: skip

_BETA, _KAPPA = math.sqrt(2 / math.pi), 0.044715


def _gelu(xp: Any, x: Any, approximate: str) -> Any:
    if approximate == "tanh":
        return 0.5 * x * (1 + xp.tanh(_BETA * (x + _KAPPA * (x * x * x))))
    return 0.5 * x * (1 + xp.erf(x * math.sqrt(0.5)))


def _gelu_slope(ns: Any, x: Any, approximate: str) -> Any:
    if approximate == "tanh":
        right = ns.tanh(_BETA * (x + _KAPPA * x * x * x))
        inner = _BETA * (1 + 3 * _KAPPA * x * x)
        return 0.5 * (1 + right) + 0.5 * x * (1 - right * right) * inner
    density = ns.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    return 0.5 * (1 + ns.erf(x * math.sqrt(0.5))) + x * density


_activation("gelu(x; approximate)", _gelu,
            lambda ns, g, x, approximate: g * _gelu_slope(ns, x, approximate), refuses={"c": "GeluKernelImpl"})  # fmt: skip

# ---- functions -------------------------------------------------------------------------------


def floating(kernel: str, input: Tensor, name: str) -> Tensor:
    """The input, if its elements are real numbers; else PyTorch's error, with its kernel's name."""
    array = array_of(name, input)
    if array.dtype.kind in "biu":
        raise NotImplementedError(
            f"\"{kernel}\" not implemented for '{dtypes.of(array.dtype).scalar_name}'"
        )
    return input


def _normalise(name: str, input: Tensor, dim: int, dtype: Any) -> Tensor:
    array = array_of(name, input)
    wanted = dtype_of(name, dtype)
    if wanted is not None and wanted != array.dtype:
        input = ops.to_copy(input, wanted)
    place = wrap_dim(dim, array.ndim)
    where = "lastdim_" if place == max(array.ndim - 1, 0) else ""
    return getattr(ops, name)(floating(f"{name}_{where}kernel_impl", input, name), place)


@public("torch Tensor special")
def softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """exp(input) over its sum along a dimension."""
    if dim is None:
        raise TypeError('softmax() missing 1 required positional arguments: "dim"')
    return _normalise("softmax", input, dim, dtype)


@public("torch Tensor special")
def log_softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """The logarithm of softmax, without overflow."""
    return _normalise("log_softmax", input, dim, dtype)


def _implicit(name: str, ndim: int) -> int:
    warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
        "dim=X as an argument.", stacklevel=3,
    )  # fmt: skip
    return 0 if ndim in (0, 1, 3) else 1


@public("F", "softmax")
def _f_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """exp(input) over its sum along a dimension."""
    if dim is None:
        dim = _implicit("softmax", array_of("softmax", input).ndim)
    return _normalise("softmax", input, dim, dtype)


@public("F", "log_softmax")
def _f_log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """The logarithm of softmax, without overflow."""
    if dim is None:
        dim = _implicit("log_softmax", array_of("log_softmax", input).ndim)
    return _normalise("log_softmax", input, dim, dtype)


def applied(row: Callable[..., Tensor], inplace: bool, input: Tensor, *params: Any) -> Tensor:
    """A row's value, written into the input if asked for."""
    if not inplace:
        return row(input, *params)
    check_inplace(input)
    return assign(input, row(input, *params))


@public("F", "relu")
def _f_relu(input: Tensor, inplace: bool = False) -> Tensor:
    """input where positive, 0 elsewhere."""
    return applied(ops.relu, inplace, input)


_f_relu.__name__ = _f_relu.__qualname__ = "relu"


@public("F")
def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """input where positive, negative_slope * input elsewhere."""
    floating("leaky_relu_cpu", input, "leaky_relu")
    return applied(ops.leaky_relu, inplace, input, negative_slope)


@public("F")
def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input where positive, alpha * (exp(input) - 1) elsewhere."""
    return applied(ops.elu, inplace, floating("elu_cpu", input, "elu"), alpha)


@public("F")
def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """input * sigmoid(input)."""
    return applied(ops.silu, inplace, floating("silu_cpu", input, "silu"))


@public("F")
def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(input)), without overflow."""
    return ops.logsigmoid(floating("log_sigmoid_cpu", input, "log_sigmoid"))


@public("F")
def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """input times the normal distribution's cumulative function; 'tanh' approximates it."""
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    return ops.gelu(floating("GeluKernelImpl", input, "gelu"), approximate)


def _erf(input: Tensor) -> Tensor:
    """The error function, element by element."""
    array_of("erf", input)
    return ops.erf(input)


expose("erf", _erf, "torch Tensor Tensor_ torch_ special")
