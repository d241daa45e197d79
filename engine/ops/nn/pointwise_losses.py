"""Losses of each element by itself: squares, absolute values, and likelihoods of numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.arrays.promotion import result_type
from engine.arrays.reduction import MEAN, NONE, SUM
from engine.arrays.state import warn
from engine.dispatch.arguments import array_of
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.grad_mode import no_grad
from engine.graph.registry import namespaces, public
from engine.graph.tensor import Tensor, wrap
from engine.ops.nn.reduction import REDUCTIONS, loss, reduced, reduced_tensor, reduction_of, share
from engine.ops.views.shapes import broadcast_tensors

# ---- of a difference -------------------------------------------------------------------------


def _by_width(name: str, kernel: str, node: str, value: Any, slope: Any) -> None:
    """The row of a loss that is a function of x - target and a width."""
    op(
        f"{name}(x, target; reduction, width)",
        lambda xp, x, target, reduction, width: reduced(
            xp, value(xp, x - target, width), reduction
        ),
        written=f"{name}(x, target)",
        node=node,
        refuses={"bic": kernel},
        x=lambda ns, g, x, target, reduction, width: (
            share(g, x, reduction) * slope(ns, x - target, width)
        ),
        target=lambda ns, g, x, target, reduction, width: (
            share(g, x, reduction) * slope(ns, target - x, width)
        ),
    )


# fmt: off
op("mse_loss(x, target; reduction)",
   lambda xp, x, target, reduction: reduced(xp, xp.square(x - target), reduction),
   written="mse_loss(x, target)", refuses={"bic": "mse_cpu"},
   x=lambda ns, g, x, target, reduction: share(g, x, reduction) * (2 * (x - target)),
   target=lambda ns, g, x, target, reduction: share(g, x, reduction) * (2 * (target - x)))
_by_width("smooth_l1_loss", "smooth_l1_cpu", "SmoothL1LossBackward0",
    lambda xp, d, width: xp.where(abs(d) < width, d * d * (0.5 / width), abs(d) - 0.5 * width),
    lambda ns, d, width: ns.where(ns.abs(d) < width, d / width, ns.sign(d)))
_by_width("huber_loss", "huber_cpu", "HuberLossBackward0",
    lambda xp, d, width: xp.where(abs(d) <= width, d * d * 0.5, width * (abs(d) - 0.5 * width)),
    lambda ns, d, width: ns.where(ns.abs(d) < width, d, width * ns.sign(d)))
# fmt: on


def _together(name: str, input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Input and target in one shape and dtype; PyTorch warns where it has to broadcast."""
    a, b = array_of(name, input), array_of(name, target, "target", 2)
    if a.shape != b.shape:
        warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
        )
        input, target = broadcast_tensors(input, target)
    if a.dtype is not b.dtype:
        wanted = result_type([a, b])
        input, target = (
            t if t.array.dtype == wanted else ops.to_copy(t, wanted) for t in (input, target)
        )
    return input, target


def _same_size(weight: Tensor, input: Tensor) -> None:
    if weight.array.shape != input.array.shape:
        raise ValueError("Weights and input must have the same size.")


@loss()
def mse_loss(
    input: Tensor, target: Tensor, reduction: str = MEAN, weight: Tensor | None = None
) -> Tensor:
    """The mean of (input - target)**2."""
    x, y = _together("mse_loss", input, target)
    if weight is None:
        return ops.mse_loss(x, y, reduction)
    _same_size(weight, input)
    return reduced_tensor(ops.pow(ops.sub(x, y), 2), reduction, weight)


@loss()
def l1_loss(
    input: Tensor, target: Tensor, reduction: str = MEAN, weight: Tensor | None = None
) -> Tensor:
    """The mean of |input - target|."""
    losses = ops.abs(ops.sub(*_together("l1_loss", input, target)))
    if weight is not None:
        _same_size(weight, input)
    return reduced_tensor(losses, reduction, weight)


@loss()
def smooth_l1_loss(
    input: Tensor, target: Tensor, reduction: str = MEAN, beta: float = 1.0
) -> Tensor:
    """Squared below beta, absolute above."""
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    x, y = _together("smooth_l1_loss", input, target)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    return ops.smooth_l1_loss(x, y, reduction, beta)


@public("F")
def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = MEAN,
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """Squared up to delta, linear above."""
    reduction = reduction_of(reduction)
    x, y = _together("huber_loss", input, target)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    if weight is None:
        return ops.huber_loss(x, y, reduction, delta)
    _same_size(weight, input)
    return reduced_tensor(ops.huber_loss(x, y, NONE, delta) * weight, reduction)


# ---- likelihoods -----------------------------------------------------------------------------

_KL_MEAN = (
    "reduction: 'mean' divides the total loss by both the batch size and the support size."
    "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
    "'mean' will be changed to behave the same as 'batchmean' in the next major release."
)


@public("F")
def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = MEAN,
    log_target: bool = False,
) -> Tensor:
    """The Kullback-Leibler divergence; input holds log-probabilities."""
    batch = reduction == "batchmean"
    if reduction == MEAN and size_average is None and reduce is None:
        warn(_KL_MEAN)
    reduction = SUM if batch else reduction_of(reduction, size_average, reduce)
    if log_target:
        losses = ops.exp(target) * (target - input)
    else:
        losses = namespaces["torch"]["xlogy"](target, target) - target * input
    total = reduced_tensor(losses, reduction)
    return total / input.array.shape[0] if batch and input.array.ndim else total


@loss("F torch", between="eps")
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = MEAN,
) -> Tensor:
    """The negative log-likelihood of counts; full adds Stirling's approximation."""
    logs = input if log_input else ops.log(input + eps)
    losses = (ops.exp(input) if log_input else input) - target * logs
    if full:
        stirling = target * ops.log(target) - target + 0.5 * ops.log(2 * math.pi * target)
        losses = losses + stirling.masked_fill(ops.le(target, 1), 0)
    return reduced_tensor(losses, reduction)


@public("F")
def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Any,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = MEAN,
) -> Tensor:
    """The negative log-likelihood of a normal distribution with mean input and variance var."""
    if not isinstance(var, Tensor):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = wrap(np.full(input.array.shape, var, input.array.dtype))
    if (var.array < 0).any():
        raise ValueError("var has negative entry/entries")
    shape, size = var.array.shape, input.array.shape
    if shape != size:
        if size[:-1] == shape:
            var = ops.unsqueeze(var, len(shape))
        elif not (size[:-1] == shape[:-1] and shape[-1] == 1):
            raise ValueError("var is of incorrect size")
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not valid")
    var = ops.clone(var)
    with no_grad():
        var.clamp_(min=eps)
    losses = 0.5 * (ops.log(var) + (input - target) ** 2 / var)
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return reduced_tensor(losses, reduction)
