"""Smooth activations: the sigmoid and its logarithm, softplus, and what is gated by such a one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.dispatch.arguments import array_of, wrap_dim
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import public
from engine.graph.tensor import Tensor

_SIXTH = float(np.float32(1 / 6))  # PyTorch's is a float in double precision too
_BETA, _KAPPA = math.sqrt(2 / math.pi), 0.044715


def _softplus(xp: Any, x: Any, beta: float, threshold: float) -> Any:
    scaled = x * beta
    return xp.where(scaled > threshold, x, xp.log1p(xp.exp(xp.minimum(scaled, threshold))) / beta)


def _sixths(xp: Any, x: Any) -> Any:
    """x + 3, kept between 0 and 6."""
    return xp.clip(x + 3, x.dtype.type(0), x.dtype.type(6))


def _silu_rule(ns: Any, g: Any, x: Any) -> Any:
    s = ns.sigmoid(x)
    return g * (s * (1 + x * (1 - s)))


def _mish_rule(ns: Any, g: Any, x: Any) -> Any:
    soft = ns.tanh(ns.softplus(x, 1.0, 20.0))
    return g * (soft + x * ns.sigmoid(x) * (1 - soft * soft))


def _gelu(xp: Any, x: Any, approximate: str) -> Any:
    if approximate == "tanh":
        return 0.5 * x * (1 + xp.tanh(_BETA * (x + _KAPPA * (x * x * x))))
    if approximate != "none":
        raise RuntimeError("approximate argument must be either none or tanh.")
    return 0.5 * x * (1 + xp.erf(x * math.sqrt(0.5)))


def _gelu_rule(ns: Any, g: Any, x: Any, approximate: str) -> Any:
    if approximate == "tanh":
        right = ns.tanh(_BETA * (x + _KAPPA * x * x * x))
        inner = _BETA * (1 + 3 * _KAPPA * x * x)
        return g * (0.5 * (1 + right) + 0.5 * x * (1 - right * right) * inner)
    density = ns.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    return g * (0.5 * (1 + ns.erf(x * math.sqrt(0.5))) + x * density)


def _glu(xp: Any, x: Any, dim: int) -> Any:
    first, second = xp.split(x, 2, dim)
    return first / (1 + xp.exp(-second))


def _glu_rule(ns: Any, g: Any, x: Any, dim: int) -> Any:
    half = x.shape[dim] // 2
    first, second = ns.slice(x, dim, 0, half, 1), ns.slice(x, dim, half, 2 * half, 1)
    gate = ns.sigmoid(second)
    return ns.cat((g * gate, g * first * gate * (1 - gate)), dim)


# fmt: off
op("sigmoid(x)", lambda xp, x: xp.reciprocal(1 + xp.exp(-x)), "1 / (1 + exp(-input)).",
   where="torch Tensor Tensor_ torch_ F special", elementwise=True, floats=True, latex=r"\sigma",
   facts={"saturates": "far from 0"},
   x=lambda ns, g, out: g * (out * (1 - out)))
op("logsigmoid(x)", lambda xp, x: xp.minimum(x, x.dtype.type(0)) - xp.log1p(xp.exp(-xp.abs(x))),
   "log(sigmoid(input)), without overflow.", where="F", elementwise=True,
   node="LogSigmoidBackward0", refuses={"bic": "log_sigmoid_cpu"},
   x=lambda ns, g, x: g * ns.sigmoid(-x))
op("softplus(x; beta=1, threshold=20)", _softplus,
   "log(1 + exp(beta * input)) / beta; linear where beta * input > threshold.", where="F",
   elementwise=True, floats=True, refuses={"c": "softplus_cpu"},
   x=lambda ns, g, x, beta, threshold: (
       g * ns.where(x * beta > threshold, 1, ns.sigmoid(x * beta))))
op("silu(x)", lambda xp, x: x / (1 + xp.exp(-x)), "input * sigmoid(input).", where="",
   inplace=True, elementwise=True, refuses={"bi": "silu_cpu"}, x=_silu_rule)
op("mish(x)", lambda xp, x: x * xp.tanh(xp.logaddexp(x, x.dtype.type(0))),
   "input * tanh(softplus(input)).", where="", inplace=True, elementwise=True,
   refuses={"bic": "mish_cpu"}, x=_mish_rule)
op("gelu(x; approximate='none')", _gelu,
   "input times the normal distribution's cumulative function; 'tanh' approximates it.", where="F",
   elementwise=True, refuses={"bic": "GeluKernelImpl"}, x=_gelu_rule)
op("hardsigmoid(x)", lambda xp, x: _sixths(xp, x) / 6, "(input + 3) / 6, kept between 0 and 1.",
   where="", inplace=True, elementwise=True, refuses={"bic": "hardsigmoid_cpu"},
   facts={"saturates": "far from 0"},
   x=lambda ns, g, x: ns.keep(ns.beside(g * _SIXTH, x), (x > -3) & (x < 3)))
op("hardswish(x)", lambda xp, x: x * _sixths(xp, x) / 6, "input * hardsigmoid(input).", where="",
   inplace=True, elementwise=True, refuses={"bic": "hardswish_cpu"},
   x=lambda ns, g, x: g * ns.where(x <= -3, 0, ns.where(x < 3, x / 3 + 0.5, 1)))
op("glu(x; dim)", _glu, refuses={"bi": "glu_cpu"}, x=_glu_rule)
# fmt: on


@public("F")
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half of input along a dimension times the sigmoid of the second."""
    array = array_of("glu", input)
    if not array.ndim:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    place = wrap_dim(dim, array.ndim)
    if array.shape[place] % 2:
        raise RuntimeError(
            f"Halving dimension must be even, but dimension {place} is size {array.shape[place]}"
        )
    return ops.glu(input, place)


@public("F")
def softsign(input: Tensor) -> Tensor:
    """input / (1 + |input|)."""
    return input / (ops.abs(input) + 1)


@public("F")
def tanhshrink(input: Tensor) -> Tensor:
    """input - tanh(input)."""
    return input - ops.tanh(input)
