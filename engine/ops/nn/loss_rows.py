"""Losses: the rows.

`reduction` is PyTorch's: 'none', 'mean' or 'sum'.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.arrays.row import non_differentiable
from engine.dispatch.operation import op

# ---- losses of two tensors of one shape ------------------------------------------------------


def reduced(xp: Any, losses: Any, reduction: str) -> Any:
    """The losses, their mean or their sum."""
    if reduction == "none":
        return losses
    total = xp.add.reduce(losses, None)
    return total / losses.dtype.type(losses.size) if reduction == "mean" else total


def share(g: Any, x: Any, reduction: str) -> Any:
    """The gradient of one element's loss."""
    return g / math.prod(x.shape) if reduction == "mean" else g


op("mse_loss(x, target; reduction)",
   lambda xp, x, target, reduction: reduced(xp, xp.square(x - target), reduction),
   written="mse_loss(x, target)",
   x=lambda ns, g, x, target, reduction: share(g, x, reduction) * (2 * (x - target)),
   target=lambda ns, g, x, target, reduction: share(g, x, reduction) * (2 * (target - x)),
   refuses={"c": "mse_cpu"})  # fmt: skip


def _loss(signature: str, node: str, value: Any, slope: Any, kernel: str) -> None:
    """A loss whose slope is a function of the difference d = x - target and a width."""
    op(signature,
       lambda xp, x, target, reduction, width: reduced(
           xp, value(xp, x - target, width), reduction),
       written=f"{signature.partition('(')[0]}(x, target)", node=node, refuses={"c": kernel},
       x=lambda ns, g, x, target, reduction, width: (
           share(g, x, reduction) * slope(ns, x - target, width)),
       target=lambda ns, g, x, target, reduction, width: (
           share(g, x, reduction) * slope(ns, target - x, width)))  # fmt: skip


_loss("smooth_l1_loss(x, target; reduction, width)", "SmoothL1LossBackward0",
      lambda xp, d, width: xp.where(abs(d) < width, d * d * (0.5 / width), abs(d) - 0.5 * width),
      lambda ns, d, width: ns.where(ns.abs(d) < width, d / width, ns.sign(d)), "smooth_l1_cpu")  # fmt: skip
_loss("huber_loss(x, target; reduction, width)", "HuberLossBackward0",
      lambda xp, d, width: xp.where(
          abs(d) <= width, d * d * 0.5, width * (abs(d) - 0.5 * width)),
      lambda ns, d, width: ns.where(ns.abs(d) < width, d, width * ns.sign(d)), "huber_cpu")  # fmt: skip

# ---- cross entropies -------------------------------------------------------------------------


def _log_at_least(xp: Any, x: Any) -> Any:
    return xp.maximum(xp.log(x), x.dtype.type(-100))


def _bce(xp: Any, x: Any, target: Any, weight: Any, reduction: str) -> Any:
    losses = (target - 1) * _log_at_least(xp, 1 - x) - target * _log_at_least(xp, x)
    return reduced(xp, losses if weight is None else losses * weight, reduction)


_EPSILON = float(np.float32(1e-12))  # PyTorch's is a float in double precision too


def _weighted(g: Any, weight: Any) -> Any:
    return g if weight is None else g * weight


def _bce_slope(ns: Any, x: Any, target: Any, weight: Any) -> Any:
    return _weighted((x - target) / ns.clamp((1 - x) * x, _EPSILON, None), weight)


def _bce_bend(x: Any, target: Any, weight: Any) -> Any:
    """The second derivative, as PyTorch keeps it finite at 0 and 1."""
    return _weighted(
        (x * x - 2 * x * target + target) / ((x + 1e-12) * (1 - x + 1e-12)) ** 2, weight
    )


op("binary_cross_entropy(x, target, weight; reduction)", _bce,
   written="binary_cross_entropy(x, target)",
   x=lambda ns, g, x, target, weight, reduction: ns.binary_cross_entropy_backward(
       g, x, target, weight, reduction),
   target=lambda ns, g, x, weight, reduction: _weighted(
       share(g, x, reduction)
       * (ns.clamp(ns.log(1 - x), -100, None) - ns.clamp(ns.log(x), -100, None)), weight),
   weight=non_differentiable, refuses={"c": "binary_cross_entropy"})  # fmt: skip
op("binary_cross_entropy_backward(g0, x, target, weight; reduction)",
   lambda xp, g, x, target, weight, reduction: share(g, x, reduction) * _weighted(
       (x - target) / xp.maximum((1 - x) * x, x.dtype.type(_EPSILON)), weight),
   node="BinaryCrossEntropyBackwardBackward0",
   g0=lambda ns, g, g0_shape, x, target, weight, reduction: ns.sum_to(
       share(g, x, reduction) * _bce_slope(ns, x, target, weight), g0_shape),
   x=lambda ns, g, g0, x, target, weight, reduction: (
       g * share(g0, x, reduction) * _bce_bend(x, target, weight)),
   target=lambda ns, g, g0, x, weight, reduction: _weighted(
       g * share(g0, x, reduction) * (-1 / ns.clamp((1 - x) * x, _EPSILON, None)), weight),
   weight=non_differentiable)  # fmt: skip


def _bce_logits(xp: Any, x: Any, target: Any, weight: Any, pos_weight: Any, reduction: str) -> Any:
    soft = xp.log1p(xp.exp(-abs(x))) + xp.maximum(-x, x.dtype.type(0))
    scale = 1 if pos_weight is None else (pos_weight - 1) * target + 1
    losses = (1 - target) * x + scale * soft
    return reduced(xp, losses if weight is None else losses * weight, reduction)


def _logits_slope(ns: Any, x: Any, target: Any, pos_weight: Any) -> Any:
    if pos_weight is None:
        return ns.sigmoid(x) - target
    scaled = pos_weight * target
    return (scaled + 1 - target) * ns.sigmoid(x) - scaled


def _logits_target_slope(ns: Any, x: Any, pos_weight: Any) -> Any:
    return -x if pos_weight is None else ns.logsigmoid(-x) - pos_weight * ns.logsigmoid(x)


op("binary_cross_entropy_with_logits(x, target, weight, pos_weight; reduction)", _bce_logits,
   written="binary_cross_entropy_with_logits(x, target)",
   x=lambda ns, g, x, target, weight, pos_weight, reduction: _weighted(
       share(g, x, reduction) * _logits_slope(ns, x, target, pos_weight), weight),
   target=lambda ns, g, x, weight, pos_weight, reduction: _weighted(
       share(g, x, reduction) * _logits_target_slope(ns, x, pos_weight), weight),
   weight=non_differentiable, pos_weight=non_differentiable)  # fmt: skip


def _class_dim(x: Any) -> int:
    return 1 if x.ndim > 1 else 0


def _class_weights(xp: Any, target: Any, weight: Any, ignore: int, dtype: Any) -> tuple[Any, Any]:
    """For each target its class, 0 where it is ignored, and its weight, 0 there too."""
    counted = target != ignore
    classes = xp.where(counted, target, 0)
    if weight is None:
        return classes, counted.astype(dtype)
    return classes, xp.where(counted, weight[classes], dtype.type(0))


def _nll(xp: Any, x: Any, target: Any, weight: Any, reduction: str, ignore: int) -> Any:
    classes, weights = _class_weights(xp, target, weight, ignore, x.dtype)
    if x.ndim == 2:
        picked = x[xp.arange(x.shape[0]), classes]
    else:
        dim = _class_dim(x)
        picked = xp.take_along_axis(x, xp.expand_dims(classes, dim), dim).squeeze(dim)
    losses = xp.where(target == ignore, x.dtype.type(0), -picked * weights)
    if reduction == "none":
        return losses
    total = xp.add.reduce(losses, None)
    return total / xp.add.reduce(weights, None) if reduction == "mean" else total


def _nll_backward(
    xp: Any, grad: Any, x: Any, target: Any, weight: Any, reduction: str, ignore: int
) -> Any:
    """-weight at each target's class, over their sum for the mean; 0 everywhere else."""
    classes, weights = _class_weights(xp, target, weight, ignore, grad.dtype)
    share = -grad * weights
    if reduction == "mean":
        share = share / xp.add.reduce(weights, None)
    dim = _class_dim(x)
    index = np.arange(x.shape[dim]).reshape([-1 if d == dim else 1 for d in range(x.ndim)])
    chosen = index == xp.expand_dims(xp.where(target == ignore, -1, classes), dim)
    return xp.where(chosen, xp.expand_dims(share, dim), grad.dtype.type(0))


for _name, _node in (("nll_loss", "NllLoss"), ("nll_loss2d", "NllLoss2D")):
    op(f"{_name}(x, target, weight; reduction, ignore_index)", _nll,
       written="nll_loss(x, target)", node=f"{_node}Backward0",
       x=lambda ns, g, x, target, weight, reduction, ignore_index: ns.nll_loss_backward(
           g, x, target, weight, reduction, ignore_index),
       target=non_differentiable, weight=non_differentiable)  # fmt: skip
op("nll_loss_backward(grad, x, target, weight; reduction, ignore_index)", _nll_backward,
   node="NllLossBackwardBackward0", x=lambda ns, g: ns.zeros_like(g),
   grad=lambda ns, g, target, weight, reduction, ignore_index: ns.nll_loss(
       g, target, weight, reduction, ignore_index),
   target=non_differentiable, weight=non_differentiable)  # fmt: skip

op("mul_number(x; other)", lambda xp, x, other: x * other, written="x * other", elementwise=True,
   node="MulBackward1", x=lambda ns, g, other: g * other)  # fmt: skip
