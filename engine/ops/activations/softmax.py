"""Softmax, its logarithm, and samples from the distribution it gives."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays.state import warn
from engine.dispatch.arguments import array_of, dtype_of, wrap_dim
from engine.dispatch.errors.kinds import no_kernel
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap


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


# fmt: off
op("softmax(x; dim)", _softmax, refuses={"c": "softmax_lastdim_kernel_impl"},
   facts={"saturates": "far apart"},
   x=lambda ns, g, out, dim: out * (g - _total(ns, g * out, dim)))
op("log_softmax(x; dim)", _log_softmax, refuses={"c": "log_softmax_lastdim_kernel_impl"},
   x=lambda ns, g, out, dim: g - ns.exp(out) * _total(ns, g, dim))
# fmt: on


def _normalise(name: str, input: Tensor, dim: int, dtype: Any) -> Tensor:
    array = array_of(name, input)
    wanted = dtype_of(name, dtype)
    if wanted is not None and wanted != array.dtype:
        input = ops.to_copy(input, wanted)
    place = wrap_dim(dim, array.ndim)
    if input.array.dtype.kind in "biu":
        where = "lastdim_" if place == max(array.ndim - 1, 0) else ""
        raise no_kernel(f"{name}_{where}kernel_impl", input.array.dtype)
    return getattr(ops, name)(input, place)


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


def _usual_dim(name: str, ndim: int) -> int:
    """The dimension where none is given, with PyTorch's warning."""
    warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
        "dim=X as an argument.",
    )
    return 0 if ndim in (0, 1, 3) else 1


@public("F", "softmax")
def _f_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """exp(input) over its sum along a dimension."""
    if dim is None:
        dim = _usual_dim("softmax", array_of("softmax", input).ndim)
    return _normalise("softmax", input, dim, dtype)


@public("F", "log_softmax")
def _f_log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """The logarithm of softmax, without overflow."""
    if dim is None:
        dim = _usual_dim("log_softmax", array_of("log_softmax", input).ndim)
    return _normalise("log_softmax", input, dim, dtype)


@public("F")
def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """softmax of -input."""
    if dim is None:
        dim = 0 if input.array.ndim in (0, 1, 3) else 1
    return softmax(-input, dim, dtype)


@public("F")
def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """A sample from the Gumbel-softmax distribution; hard ones are one-hot, with its gradient."""
    noise = -wrap(np.empty_like(logits.array)).exponential_().log()
    soft = softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    chosen = wrap(np.zeros_like(logits.array)).scatter_(dim, index, 1.0)
    return chosen - soft.detach() + soft
