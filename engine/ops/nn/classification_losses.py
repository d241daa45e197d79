"""Cross entropies: of truths (two classes) and of classes, from probabilities or from scores."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import engine.ops.activations.gates  # noqa: F401 (its rows)
from engine.arrays import dtypes
from engine.arrays.reduction import MEAN, NONE, SUM
from engine.arrays.row import non_differentiable
from engine.dispatch.arguments import array_of
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.tensor import Tensor
from engine.ops.activations.softmax import log_softmax
from engine.ops.nn.reduction import loss, reduced, share
from engine.ops.views.shapes import reshape, view

# ---- of truths: rows -------------------------------------------------------------------------


def _weighted(g: Any, weight: Any) -> Any:
    return g if weight is None else g * weight


def _log_at_least(xp: Any, x: Any) -> Any:
    return xp.maximum(xp.log(x), x.dtype.type(-100))


def _bce(xp: Any, x: Any, target: Any, weight: Any, reduction: str) -> Any:
    losses = (target - 1) * _log_at_least(xp, 1 - x) - target * _log_at_least(xp, x)
    return reduced(xp, _weighted(losses, weight), reduction)


_EPSILON = float(np.float32(1e-12))  # PyTorch's is a float in double precision too


def _bce_slope(ns: Any, x: Any, target: Any, weight: Any) -> Any:
    return _weighted((x - target) / ns.clamp((1 - x) * x, _EPSILON, None), weight)


def _bce_bend(x: Any, target: Any, weight: Any) -> Any:
    """The second derivative, as PyTorch keeps it finite at 0 and 1."""
    bend = (x * x - 2 * x * target + target) / ((x + 1e-12) * (1 - x + 1e-12)) ** 2
    return _weighted(bend, weight)


def _bce_logits(xp: Any, x: Any, target: Any, weight: Any, pos_weight: Any, reduction: str) -> Any:
    soft = xp.log1p(xp.exp(-abs(x))) + xp.maximum(-x, x.dtype.type(0))
    scale = 1 if pos_weight is None else (pos_weight - 1) * target + 1
    return reduced(xp, _weighted((1 - target) * x + scale * soft, weight), reduction)


def _logits_slope(ns: Any, x: Any, target: Any, pos_weight: Any) -> Any:
    if pos_weight is None:
        return ns.sigmoid(x) - target
    scaled = pos_weight * target
    return (scaled + 1 - target) * ns.sigmoid(x) - scaled


def _logits_target_slope(ns: Any, x: Any, pos_weight: Any) -> Any:
    return -x if pos_weight is None else ns.logsigmoid(-x) - pos_weight * ns.logsigmoid(x)


# ---- of classes: rows ------------------------------------------------------------------------


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
    if reduction == NONE:
        return losses
    total = xp.add.reduce(losses, None)
    return total / xp.add.reduce(weights, None) if reduction == MEAN else total


def _nll_backward(
    xp: Any, grad: Any, x: Any, target: Any, weight: Any, reduction: str, ignore: int
) -> Any:
    """-weight at each target's class, over their sum for the mean; 0 everywhere else."""
    classes, weights = _class_weights(xp, target, weight, ignore, grad.dtype)
    share = -grad * weights
    if reduction == MEAN:
        share = share / xp.add.reduce(weights, None)
    dim = _class_dim(x)
    index = np.arange(x.shape[dim]).reshape([-1 if d == dim else 1 for d in range(x.ndim)])
    chosen = index == xp.expand_dims(xp.where(target == ignore, -1, classes), dim)
    return xp.where(chosen, xp.expand_dims(share, dim), grad.dtype.type(0))


# fmt: off
op("binary_cross_entropy(x, target, weight; reduction)", _bce,
   written="binary_cross_entropy(x, target)", refuses={"bic": "binary_cross_entropy"},
   x=lambda ns, g, x, target, weight, reduction: ns.binary_cross_entropy_backward(
       g, x, target, weight, reduction),
   target=lambda ns, g, x, weight, reduction: _weighted(
       share(g, x, reduction)
       * (ns.clamp(ns.log(1 - x), -100, None) - ns.clamp(ns.log(x), -100, None)), weight),
   weight=non_differentiable)
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
   weight=non_differentiable)
op("binary_cross_entropy_with_logits(x, target, weight, pos_weight; reduction)", _bce_logits,
   written="binary_cross_entropy_with_logits(x, target)",
   x=lambda ns, g, x, target, weight, pos_weight, reduction: _weighted(
       share(g, x, reduction) * _logits_slope(ns, x, target, pos_weight), weight),
   target=lambda ns, g, x, weight, pos_weight, reduction: _weighted(
       share(g, x, reduction) * _logits_target_slope(ns, x, pos_weight), weight),
   weight=non_differentiable, pos_weight=non_differentiable)
for _name, _node in (("nll_loss", "NllLoss"), ("nll_loss2d", "NllLoss2D")):
    op(f"{_name}(x, target, weight; reduction, ignore_index)", _nll,
       written="nll_loss(x, target)", node=f"{_node}Backward0",
       x=lambda ns, g, x, target, weight, reduction, ignore_index: ns.nll_loss_backward(
           g, x, target, weight, reduction, ignore_index),
       target=non_differentiable, weight=non_differentiable)
op("nll_loss_backward(grad, x, target, weight; reduction, ignore_index)", _nll_backward,
   node="NllLossBackwardBackward0", x=lambda ns, g: ns.zeros_like(g),
   grad=lambda ns, g, target, weight, reduction, ignore_index: ns.nll_loss(
       g, target, weight, reduction, ignore_index),
   target=non_differentiable, weight=non_differentiable)
# fmt: on

# ---- of truths: functions --------------------------------------------------------------------


def _between_0_and_1(what: str, array: Any) -> None:
    if not ((array >= 0) & (array <= 1)).all():
        raise RuntimeError(f"all elements of {what} should be between 0 and 1")


@loss()
def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = MEAN
) -> Tensor:
    """The mean of -(target*log(input) + (1 - target)*log(1 - input))."""
    name = "binary_cross_entropy"
    x, y = array_of(name, input), array_of(name, target, "target", 2)
    if x.shape != y.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    if weight is not None and weight.array.shape != x.shape:
        weight = ops.expand(weight, x.shape)
    if y.dtype != x.dtype:
        found, expected = (dtypes.of(each.dtype).scalar_name for each in (y, x))
        raise RuntimeError(f"Found dtype {found} but expected {expected}")
    if x.dtype.kind in "fV":
        _between_0_and_1("input", x)
        _between_0_and_1("target", y)
    return ops.binary_cross_entropy(input, target, weight, reduction)


@loss()
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = MEAN,
    pos_weight: Tensor | None = None,
) -> Tensor:
    """binary_cross_entropy of sigmoid(input), without overflow."""
    name = "binary_cross_entropy_with_logits"
    x, y = array_of(name, input), array_of(name, target, "target", 2)
    if x.shape != y.shape:
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size ({input.shape})"
        )
    if y.dtype.kind in "biu":
        raise RuntimeError(
            f"result type {dtypes.of(x.dtype).scalar_name} can't be cast to the desired output "
            f"type {dtypes.of(y.dtype).scalar_name}"
        )
    weights = [
        w if w is None or w.array.shape == x.shape else ops.expand(w, x.shape)
        for w in (weight, pos_weight)
    ]
    return ops.binary_cross_entropy_with_logits(input, target, *weights, reduction)


# ---- of classes: functions -------------------------------------------------------------------


def _check_classes(x: Any, target: Any, weight: Tensor | None, ignore: int) -> None:
    if x.ndim == 0:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if x.ndim != 1 and x.shape[:1] != (target.shape[:1] or (1,)):
        raise ValueError(
            f"Expected input batch_size ({x.shape[0]}) to match target batch_size "
            f"({target.shape[0] if target.ndim else 1})."
        )
    dim = _class_dim(x)
    if x.ndim > 2 and target.shape != (expected := x.shape[:1] + x.shape[2:]):
        if x.ndim == 4 and target.ndim != 3:
            raise RuntimeError(
                "only batches of spatial targets supported (3D tensors) but got targets of "
                f"dimension: {target.ndim}"
            )
        if x.ndim == 4:
            raise RuntimeError(
                f"size mismatch (got input: {list(x.shape)} , target: {list(target.shape)}"
            )
        raise RuntimeError(f"Expected target size {list(expected)}, got {list(target.shape)}")
    if x.ndim <= 2 and target.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if target.dtype not in (np.int64, np.uint8):
        raise RuntimeError(
            "expected target dtype to be Long or Byte, but got "
            f"{dtypes.of(target.dtype).scalar_name}"
        )
    if weight is not None:
        _check_weight(weight, x, dim, "weight")
    outside = target[(target != ignore) & ((target < 0) | (target >= x.shape[dim]))]
    if outside.size:
        raise IndexError(f"Target {outside.flat[0]} is out of bounds.")


def _check_weight(weight: Tensor, x: Any, dim: int, prefix: str) -> None:
    if weight.array.shape != (x.shape[dim],):
        raise RuntimeError(
            f"{prefix} tensor should be defined either for all {x.shape[dim]} classes or no "
            f"classes but got weight tensor of shape: {list(weight.array.shape)}"
        )
    if weight.array.dtype != x.dtype:
        raise RuntimeError(
            f"expected scalar type {dtypes.of(x.dtype).scalar_name} but found "
            f"{dtypes.of(weight.array.dtype).scalar_name}"
        )


@loss(between="ignore_index")
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = MEAN,
) -> Tensor:
    """The mean of -input at each target class; input holds log-probabilities (N, C, ...)."""
    x, y = array_of("nll_loss_nd", input), array_of("nll_loss_nd", target, "target", 2)
    _check_classes(x, y, weight, ignore_index)
    if x.ndim <= 2:
        if x.ndim == 1 and y.ndim == 1:
            target = reshape(target, ())
        return ops.nll_loss(input, target, weight, reduction, ignore_index)
    if x.ndim == 4:
        return ops.nll_loss2d(input, target, weight, reduction, ignore_index)
    pixels = math.prod(y.shape[1:])  # PyTorch's own way: a picture of one row
    picture = reshape(input, (*x.shape[:2], 1, pixels))
    row = reshape(target, (y.shape[0], 1, pixels))
    losses = ops.nll_loss2d(picture, row, weight, reduction, ignore_index)
    return view(losses, y.shape) if reduction == NONE else losses


@loss(between="ignore_index")
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = MEAN,
    label_smoothing: float = 0.0,
) -> Tensor:
    """nll_loss of log_softmax(input); target holds classes, or probabilities of input's shape."""
    name = "cross_entropy_loss"
    x, y = array_of(name, input), array_of(name, target, "target", 2)
    if label_smoothing > 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}")
    dim = _class_dim(x)
    if x.shape == y.shape:
        if y.dtype.kind not in "fV":
            raise RuntimeError(
                "Expected floating point type for target with class probabilities, got "
                f"{dtypes.of(y.dtype).scalar_name}"
            )
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
        return _of_probabilities(input, target, weight, reduction, label_smoothing, dim)
    logs = log_softmax(input, dim)
    hard = nll_loss(logs, target, weight, ignore_index=ignore_index, reduction=reduction)
    if label_smoothing <= 0:
        return hard
    soft = _smooth(logs, target, weight, reduction, ignore_index, dim)
    return ops.add(
        ops.mul_number(hard, 1 - label_smoothing),
        ops.mul_number(soft, label_smoothing / x.shape[dim]),
    )


def _for_classes(weight: Tensor, ndim: int, dim: int) -> Tensor:
    """Class weights in a shape to multiply the input by."""
    return view(weight, tuple(-1 if d == dim else 1 for d in range(ndim)))


def _of_probabilities(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, smoothing: float, dim: int
) -> Tensor:
    x = input.array
    if weight is not None:
        _check_weight(weight, x, dim, "cross_entropy: weight")
    losses = log_softmax(input, dim)
    if smoothing > 0:
        target = target * (1 - smoothing) + smoothing / x.shape[dim]
    losses = losses * target
    if weight is not None:
        losses = losses * _for_classes(weight, x.ndim, dim)
    if reduction == NONE:
        return -ops.sum_dim(losses, (dim,), False)
    total = -ops.sum(losses)
    return ops.div_number(total, x.size // x.shape[dim]) if reduction == MEAN else total


def _smooth(
    logs: Tensor, target: Tensor, weight: Tensor | None, reduction: str, ignore: int, dim: int
) -> Tensor:
    """What label smoothing adds: the loss at every class alike, where the target counts."""
    if weight is not None:
        logs = logs * _for_classes(weight, logs.array.ndim, dim)
    ignored = ops.eq(target, ignore)
    losses = (-ops.sum_dim(logs, (dim,), False)).masked_fill(ignored, 0.0)
    if reduction == NONE:
        return losses
    total = ops.sum(losses)
    if reduction == SUM:
        return total
    counted = ops.bitwise_not(ignored)
    return total / ops.sum(counted if weight is None else weight[target.masked_select(counted)])
