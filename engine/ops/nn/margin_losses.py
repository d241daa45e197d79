"""Losses of margins between scores and of distances between vectors, and the distances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import engine.ops.activations.gates  # noqa: F401 (its rows)
from engine.arrays.reduction import MEAN, NONE
from engine.arrays.row import non_differentiable
from engine.dispatch.arguments import array_of
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.grad_mode import no_grad
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.nn.reduction import loss, reduced, reduced_tensor, reduction_of, share
from engine.ops.views.shapes import broadcast_tensors

# ---- rows ------------------------------------------------------------------------------------


def _example_share(g: Any, x: Any, reduction: str) -> Any:
    """The gradient of one example's loss, with a dimension to meet its classes."""
    return g / (x.shape[0] if x.ndim > 1 else 1) if reduction == MEAN else g


def _rows(x: Any) -> Any:
    return x if x.ndim == 2 else x.reshape(1, -1)


def _per_example(xp: Any, losses: Any, x: Any, reduction: str) -> Any:
    if reduction == NONE and x.ndim < 2:
        return losses.reshape(())
    return reduced(xp, losses, reduction)


def _multi_margin(
    xp: Any, x: Any, target: Any, weight: Any, p: int, margin: float, reduction: str
) -> Any:
    rows, classes = _rows(x), target.reshape(-1)
    own = xp.take_along_axis(rows, classes[:, None], 1)
    gaps = xp.maximum(margin - own + rows, x.dtype.type(0)) ** p
    gaps = xp.where(xp.arange(rows.shape[1]) == classes[:, None], x.dtype.type(0), gaps)
    if weight is not None:
        gaps = gaps * weight[classes][:, None]
    return _per_example(xp, xp.add.reduce(gaps, 1) / x.dtype.type(rows.shape[1]), x, reduction)


def _multi_margin_rule(
    ns: Any, g: Any, x: Any, target: Any, weight: Any, p: int, margin: float, reduction: str
) -> Any:
    shape = tuple(x.shape)
    both = shape if len(shape) == 2 else (1, math.prod(shape))
    rows, index = ns.reshape(x, both), ns.reshape(target, (both[0], 1))
    gap = margin - ns.gather(rows, index, 1) + rows
    slope = ns.keep(gap * 2 if p == 2 else ns.ones_like(gap), gap > 0) / both[1]
    if weight is not None:
        slope = slope * ns.reshape(ns.take(weight, index), (both[0], 1))
    own = ns.scatter_value(ns.zeros_like(rows), index, 1, 1.0)
    slope = ns.keep(slope, own == 0)
    slope = slope - own * ns.sum_dim(slope, (1,), True)
    each = _example_share(g, x, reduction)
    if reduction == NONE:
        each = ns.reshape(each, (both[0], 1))
    return ns.reshape(each * slope, shape)


def _labels(target: Any) -> Any:
    """How often each class is among the labels of each example; they end at the first -1."""
    rows = _rows(target)
    counts = np.zeros(rows.shape, np.int64)
    for row, labels in enumerate(rows.tolist()):
        for label in labels:
            if label < 0:
                break
            counts[row, label] += 1
    return counts


def _label_gaps(xp: Any, x: Any, target: Any) -> tuple[Any, Any]:
    """For each label j and other class k: 1 - x_j + x_k, and how often it counts."""
    counts = _labels(target)
    rows = _rows(x)
    gaps = 1 - rows[:, :, None] + rows[:, None, :]
    counted = counts[:, :, None] * (counts == 0)[:, None, :]
    return gaps, xp.where(gaps > 0, counted, 0).astype(x.dtype)


def _multilabel_margin(xp: Any, x: Any, target: Any, reduction: str) -> Any:
    gaps, counted = _label_gaps(xp, x, target)
    return _per_example(
        xp, xp.add.reduce(gaps * counted, (1, 2)) / x.dtype.type(_rows(x).shape[1]), x, reduction
    )


def _multilabel_slope(xp: Any, x: Any, target: Any) -> Any:
    _, counted = _label_gaps(xp, x, target)
    slope = xp.add.reduce(counted, 1) - xp.add.reduce(counted, 2)
    return (slope / x.dtype.type(_rows(x).shape[1])).reshape(x.shape)


def _multilabel_rule(ns: Any, g: Any, x: Any, target: Any, reduction: str) -> Any:
    each = _example_share(g, x, reduction)
    if reduction == NONE and x.ndim > 1:
        each = ns.unsqueeze(each, 1)
    return each * ns.multilabel_margin_slope(x, target)


def _soft_margin(xp: Any, x: Any, target: Any, reduction: str) -> Any:
    return reduced(xp, xp.log1p(xp.exp(-target * x)), reduction)


def _soft_slope(ns: Any, x: Any, target: Any) -> Any:
    return -target * ns.sigmoid(-target * x)


# fmt: off
op("multi_margin_loss(x, target, weight; p, margin, reduction)", _multi_margin,
   written="multi_margin_loss(x, target)", x=_multi_margin_rule,
   target=non_differentiable, weight=non_differentiable)
op("multilabel_margin_loss(x, target; reduction)", _multilabel_margin,
   written="multilabel_margin_loss(x, target)", x=_multilabel_rule,
   target=non_differentiable)
op("multilabel_margin_slope(x, target)", _multilabel_slope,
   x=non_differentiable, target=non_differentiable)
op("soft_margin_loss(x, target; reduction)", _soft_margin, written="soft_margin_loss(x, target)",
   x=lambda ns, g, x, target, reduction: (
       share(g, x, reduction) * _soft_slope(ns, x, target)),
   target=non_differentiable)
# fmt: on

# ---- margins ---------------------------------------------------------------------------------


@loss("F torch")
def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, reduction: str = MEAN
) -> Tensor:
    """The mean of max(0, -target * (input1 - input2) + margin)."""
    if not input1.array.ndim == input2.array.ndim == target.array.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
    return reduced_tensor(ops.clamp_min(-target * (input1 - input2) + margin, 0), reduction)


@loss("F torch")
def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, reduction: str = MEAN
) -> Tensor:
    """input where target is 1, max(0, margin - input) where it is -1."""
    apart = ops.where(ops.ne(target, 1), ops.clamp_min(margin - input, 0), 0.0)
    near = ops.where(ops.ne(target, -1), input, 0.0)
    return reduced_tensor(apart + near, reduction)


@loss("F torch")
def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, reduction: str = MEAN
) -> Tensor:
    """1 - cos(input1, input2) where target is 1, max(0, cos - margin) where it is -1."""
    if target.array.ndim > 1 or input1.array.ndim != target.array.ndim + 1:
        raise RuntimeError(
            f"{target.array.ndim}D target tensor expects {target.array.ndim + 1}D input tensors, "
            f"but found inputs with sizes {list(input1.array.shape)} and "
            f"{list(input2.array.shape)}."
        )
    dims = (target.array.ndim,)
    product = ops.sum_dim(input1 * input2, dims, False)
    first = ops.sum_dim(input1 * input1, dims, False) + 1e-12
    second = ops.sum_dim(input2 * input2, dims, False) + 1e-12
    cosine = product / ops.sqrt(first * second)
    near = ops.where(ops.eq(target, 1), 1 - cosine, 0.0)
    apart = ops.where(ops.eq(target, -1), ops.clamp_min(cosine - margin, 0), 0.0)
    return reduced_tensor(near + apart, reduction)


@loss()
def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    reduction: str = MEAN,
) -> Tensor:
    """For each example the mean over classes of max(0, margin - x[target] + x)**p."""
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    x, y = array_of("multi_margin_loss", input), array_of("multi_margin_loss", target, "target", 2)
    if y.size and (y.min() < 0 or y.max() >= (x.shape[-1] if x.ndim else 1)):
        raise RuntimeError("target out of range")
    return ops.multi_margin_loss(input, target, weight, p, margin, reduction)


@loss()
def multilabel_margin_loss(input: Tensor, target: Tensor, reduction: str = MEAN) -> Tensor:
    """The margins between the classes in target (up to the first -1) and the others."""
    array_of("multilabel_margin_loss", input)
    return ops.multilabel_margin_loss(input, target, reduction)


@loss()
def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = MEAN
) -> Tensor:
    """The binary cross entropy of each class, averaged over classes."""
    losses = -(target * ops.logsigmoid(input) + (1 - target) * ops.logsigmoid(-input))
    if weight is not None:
        losses = losses * weight
    dim = input.array.ndim - 1
    return reduced_tensor(ops.sum_dim(losses, (dim,), False) / input.array.shape[dim], reduction)


@loss()
def soft_margin_loss(input: Tensor, target: Tensor, reduction: str = MEAN) -> Tensor:
    """The mean of log(1 + exp(-target * input))."""
    array_of("soft_margin_loss", input)
    return ops.soft_margin_loss(input, target, reduction)


# ---- distances -------------------------------------------------------------------------------


@public("F torch")
def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The p-norm of x1 - x2 + eps along the last dimension."""
    between = x1 - x2 + eps
    return ops.norm_along(between, float(p), (between.array.ndim - 1,), keepdim)


@public("F torch")
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between x1 and x2 along a dimension."""
    x1, x2 = broadcast_tensors(x1, x2)

    def unit(x: Tensor) -> Tensor:
        size = ops.clone(x.norm(2, dim, keepdim=True))
        with no_grad():
            size.clamp_min_(eps)
        return x / size

    return (unit(x1) * unit(x2)).sum(dim)


@loss("F torch")
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = MEAN,
) -> Tensor:
    """max(0, margin + |anchor - positive| - |anchor - negative|)."""
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.array.ndim == positive.array.ndim == negative.array.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {anchor.array.ndim}D, positive {positive.array.ndim}D, "
            f"and negative {negative.array.ndim}D inputs"
        )

    def distance(x1: Tensor, x2: Tensor) -> Tensor:
        return pairwise_distance(x1, x2, p, eps)

    return reduced_tensor(_triplets(distance, anchor, positive, negative, margin, swap), reduction)


@public("F")
def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Any = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = MEAN,
) -> Tensor:
    """triplet_margin_loss with a distance of one's own."""
    distance = pairwise_distance if distance_function is None else distance_function
    losses = _triplets(distance, anchor, positive, negative, margin, swap)
    return reduced_tensor(losses, reduction_of(reduction))


def _triplets(
    distance: Any, anchor: Tensor, positive: Tensor, negative: Tensor, margin: float, swap: bool
) -> Tensor:
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = ops.minimum(far, distance(positive, negative))
    return ops.clamp_min(margin + near - far, 0)
