"""Losses: the rows.

`reduction` is PyTorch's: 'none', 'mean' or 'sum'.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.op import Rule, non_differentiable, op

# ---- losses of two tensors of one shape ------------------------------------------------------


def _reduced(xp: Any, losses: Any, reduction: str) -> Any:
    if reduction == "none":
        return losses
    return xp.mean(losses) if reduction == "mean" else xp.sum(losses)


def _share(g: Any, x: Any, reduction: str) -> Any:
    """The gradient of one element's loss."""
    size = 1
    for n in x.shape:
        size *= n
    return g / size if reduction == "mean" else g


def _loss(name: str, value: Any, slope: Any, node: str) -> None:
    """A loss whose slope is a function of input - target; `value` and `slope` take a parameter."""

    def rule(sign: int) -> Rule:
        return lambda ns, g, x, target, reduction, beta: (
            _share(g, x, reduction) * (sign * slope(ns, x - target, beta))
        )

    op(f"{name}(x, target; reduction, beta)",
       lambda xp, x, target, reduction, beta: _reduced(xp, value(xp, x - target, beta), reduction),
       written=f"{name}(x, target)", node=node, x=rule(1), target=rule(-1))  # fmt: skip


_loss("mse_loss", lambda xp, d, beta: d * d, lambda ns, d, beta: 2 * d, "MseLossBackward0")
_loss("smooth_l1_loss",
      lambda xp, d, beta: xp.where(abs(d) < beta, d * d * (0.5 / beta), abs(d) - 0.5 * beta),
      lambda ns, d, beta: ns.where(ns.abs(d) < beta, d / beta, ns.sign(d)),
      "SmoothL1LossBackward0")  # fmt: skip
_loss("huber_loss",
      lambda xp, d, beta: xp.where(abs(d) <= beta, d * d * 0.5, beta * (abs(d) - 0.5 * beta)),
      lambda ns, d, beta: ns.where(ns.abs(d) <= beta, d, beta * ns.sign(d)),
      "HuberLossBackward0")  # fmt: skip

# ---- cross entropies -------------------------------------------------------------------------


def _log_at_least(xp: Any, x: Any) -> Any:
    return xp.maximum(xp.log(x), x.dtype.type(-100))


def _bce(xp: Any, x: Any, target: Any, weight: Any, reduction: str) -> Any:
    losses = (target - 1) * _log_at_least(xp, 1 - x) - target * _log_at_least(xp, x)
    return _reduced(xp, losses if weight is None else losses * weight, reduction)


_EPSILON = float(np.float32(1e-12))  # PyTorch's is a float in double precision too


def _weighted(g: Any, weight: Any) -> Any:
    return g if weight is None else g * weight


op("binary_cross_entropy(x, target, weight; reduction)", _bce,
   written="binary_cross_entropy(x, target)",
   x=lambda ns, g, x, target, weight, reduction: (
       _weighted(_share(g, x, reduction) * (x - target), weight)
       / ns.clamp((1 - x) * x, _EPSILON, None)),
   target=lambda ns, g, x, weight, reduction: _weighted(
       _share(g, x, reduction)
       * (ns.clamp(ns.log(1 - x), -100, None) - ns.clamp(ns.log(x), -100, None)), weight),
   weight=non_differentiable)  # fmt: skip


def _bce_logits(
    xp: Any, x: Any, target: Any, weight: Any, pos_weight: Any, reduction: str
) -> Any:
    soft = xp.log1p(xp.exp(-abs(x))) + xp.maximum(-x, x.dtype.type(0))
    scale = 1 if pos_weight is None else (pos_weight - 1) * target + 1
    losses = (1 - target) * x + scale * soft
    return _reduced(xp, losses if weight is None else losses * weight, reduction)


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
       _share(g, x, reduction) * _logits_slope(ns, x, target, pos_weight), weight),
   target=lambda ns, g, x, weight, pos_weight, reduction: _weighted(
       _share(g, x, reduction) * _logits_target_slope(ns, x, pos_weight), weight),
   weight=non_differentiable, pos_weight=non_differentiable)  # fmt: skip


def _class_weights(xp: Any, like: Any, target: Any, weight: Any, ignore: int) -> tuple[Any, Any]:
    """For each target its class, 0 where ignored, and its weight, 0 where ignored."""
    ignored = target == ignore
    classes = xp.where(ignored, 0, target)
    weights = xp.ones(target.shape, like.dtype) if weight is None else weight[classes]
    return classes, xp.where(ignored, like.dtype.type(0), weights)


def _class_dim(shape: tuple[int, ...]) -> int:
    return 1 if len(shape) > 1 else 0


def _nll(xp: Any, x: Any, target: Any, weight: Any, reduction: str, ignore: int) -> Any:
    classes, weights = _class_weights(xp, x, target, weight, ignore)
    dim = _class_dim(x.shape)
    picked = xp.take_along_axis(x, xp.expand_dims(classes, dim), dim)
    losses = -xp.squeeze(picked, dim) * weights
    if reduction == "none":
        return losses
    return xp.sum(losses) / xp.sum(weights) if reduction == "mean" else xp.sum(losses)


def _nll_backward(
    xp: Any, g: Any, x: Any, target: Any, weight: Any, reduction: str, ignore: int
) -> Any:
    shape = x.shape
    classes, weights = _class_weights(xp, g, target, weight, ignore)
    dim = _class_dim(shape)
    share = -g * weights
    if reduction == "mean":
        share = share / xp.sum(weights)
    index = np.arange(shape[dim]).reshape([-1 if d == dim else 1 for d in range(len(shape))])
    chosen = index == xp.expand_dims(classes, dim)
    return xp.where(chosen, xp.expand_dims(share, dim), g.dtype.type(0))


for _name, _node in (("nll_loss", "NllLossBackward0"), ("nll_loss2d", "NllLoss2DBackward0")):
    op(f"{_name}(x, target, weight; reduction, ignore_index)", _nll, node=_node,
       written="nll_loss(x, target)",
       x=lambda ns, g, x, target, weight, reduction, ignore_index: ns.nll_loss_backward(
           g, x, target, weight, reduction, ignore_index),
       target=non_differentiable, weight=non_differentiable)  # fmt: skip
op("nll_loss_backward(g, x, target, weight; reduction, ignore_index)", _nll_backward,
   node="NllLossBackwardBackward0",
   g=lambda ns, g, target, weight, reduction, ignore_index: ns.nll_loss(
       g, target, weight, reduction, ignore_index),
   x=lambda ns, g: ns.zeros_like(g), target=non_differentiable,
   weight=non_differentiable)  # fmt: skip
