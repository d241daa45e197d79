"""Losses of margins, distances and distributions, as torch.nn.functional spells them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.row import non_differentiable
from engine.arrays.state import warn
from engine.dispatch.arguments import array_of
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.grad_mode import no_grad
from engine.graph.registry import namespaces, public
from engine.graph.tensor import Tensor, wrap
from engine.ops.nn import loss_rows as elementwise
from engine.ops.nn.losses import reduced, reduction_of

_torch = namespaces["torch"]


def _at_least(x: Tensor, low: float) -> Tensor:
    return ops.clamp_min(x, low)


# ---- rows ------------------------------------------------------------------------------------


def _share(g: Any, x: Any, reduction: str) -> Any:
    """The gradient of one example's loss, with a dimension to meet its classes."""
    return g / (x.shape[0] if x.ndim > 1 else 1) if reduction == "mean" else g


def _rows(x: Any) -> Any:
    return x if x.ndim == 2 else x.reshape(1, -1)


def _per_example(xp: Any, losses: Any, x: Any, reduction: str) -> Any:
    if reduction == "none" and x.ndim < 2:
        return losses.reshape(())
    return elementwise.reduced(xp, losses, reduction)


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
    each = _share(g, x, reduction)
    if reduction == "none":
        each = ns.reshape(each, (both[0], 1))
    return ns.reshape(each * slope, shape)


op("multi_margin_loss(x, target, weight; p, margin, reduction)", _multi_margin,
   written="multi_margin_loss(x, target)", x=_multi_margin_rule,
   target=non_differentiable, weight=non_differentiable)  # fmt: skip


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
    each = _share(g, x, reduction)
    if reduction == "none" and x.ndim > 1:
        each = ns.unsqueeze(each, 1)
    return each * ns.multilabel_margin_slope(x, target)


op("multilabel_margin_loss(x, target; reduction)", _multilabel_margin,
   written="multilabel_margin_loss(x, target)", x=_multilabel_rule,
   target=non_differentiable)  # fmt: skip
op("multilabel_margin_slope(x, target)", _multilabel_slope,
   x=non_differentiable, target=non_differentiable)  # fmt: skip


def _soft_margin(xp: Any, x: Any, target: Any, reduction: str) -> Any:
    return elementwise.reduced(xp, xp.log1p(xp.exp(-target * x)), reduction)


def _soft_slope(ns: Any, x: Any, target: Any) -> Any:
    return -target * ns.sigmoid(-target * x)


op("soft_margin_loss(x, target; reduction)", _soft_margin, written="soft_margin_loss(x, target)",
   x=lambda ns, g, x, target, reduction: (
       elementwise.share(g, x, reduction) * _soft_slope(ns, x, target)),
   target=non_differentiable)  # fmt: skip

# ---- margins ---------------------------------------------------------------------------------


@public("F torch")
def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean of max(0, -target * (input1 - input2) + margin)."""
    reduction = reduction_of(reduction, size_average, reduce)
    if not input1.array.ndim == input2.array.ndim == target.array.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
    return reduced(_at_least(-target * (input1 - input2) + margin, 0), reduction)


@public("F torch")
def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """input where target is 1, max(0, margin - input) where it is -1."""
    reduction = reduction_of(reduction, size_average, reduce)
    apart = ops.where(ops.ne(target, 1), _at_least(margin - input, 0), 0.0)
    near = ops.where(ops.ne(target, -1), input, 0.0)
    return reduced(apart + near, reduction)


@public("F torch")
def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """1 - cos(input1, input2) where target is 1, max(0, cos - margin) where it is -1."""
    reduction = reduction_of(reduction, size_average, reduce)
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
    apart = ops.where(ops.eq(target, -1), _at_least(cosine - margin, 0), 0.0)
    return reduced(near + apart, reduction)


@public("F")
def multi_margin_loss(
    input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None,
    size_average: Any = None, reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """For each example the mean over classes of max(0, margin - x[target] + x)**p."""
    reduction = reduction_of(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    x, y = array_of("multi_margin_loss", input), array_of("multi_margin_loss", target, "target", 2)
    if y.size and (y.min() < 0 or y.max() >= (x.shape[-1] if x.ndim else 1)):
        raise RuntimeError("target out of range")
    return ops.multi_margin_loss(input, target, weight, p, margin, reduction)


@public("F")
def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The margins between the classes in target (up to the first -1) and the others."""
    reduction = reduction_of(reduction, size_average, reduce)
    array_of("multilabel_margin_loss", input)
    return ops.multilabel_margin_loss(input, target, reduction)


@public("F")
def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The binary cross entropy of each class, averaged over classes."""
    reduction = reduction_of(reduction, size_average, reduce)
    losses = -(target * ops.logsigmoid(input) + (1 - target) * ops.logsigmoid(-input))
    if weight is not None:
        losses = losses * weight
    dim = input.array.ndim - 1
    return reduced(ops.sum_dim(losses, (dim,), False) / input.array.shape[dim], reduction)


@public("F")
def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean of log(1 + exp(-target * input))."""
    reduction = reduction_of(reduction, size_average, reduce)
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
    x1, x2 = _torch["broadcast_tensors"](x1, x2)

    def unit(x: Tensor) -> Tensor:
        size = ops.clone(x.norm(2, dim, keepdim=True))
        with no_grad():
            size.clamp_min_(eps)
        return x / size

    return (unit(x1) * unit(x2)).sum(dim)


@public("F torch")
def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2,
    eps: float = 1e-6, swap: bool = False, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """max(0, margin + |anchor - positive| - |anchor - negative|)."""
    reduction = reduction_of(reduction, size_average, reduce)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.array.ndim == positive.array.ndim == negative.array.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {anchor.array.ndim}D, positive {positive.array.ndim}D, "
            f"and negative {negative.array.ndim}D inputs"
        )
    near, far = (
        pairwise_distance(anchor, positive, p, eps),
        pairwise_distance(anchor, negative, p, eps),
    )
    if swap:
        far = ops.minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduced(_at_least(margin + near - far, 0), reduction)


@public("F")
def triplet_margin_with_distance_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, *, distance_function: Any = None,
    margin: float = 1.0, swap: bool = False, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """triplet_margin_loss with a distance of one's own."""
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = ops.minimum(far, distance(positive, negative))
    return reduced(_at_least(margin + near - far, 0), reduction_of(reduction))


# ---- distributions ---------------------------------------------------------------------------

_KL_MEAN = (
    "reduction: 'mean' divides the total loss by both the batch size and the support size."
    "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
    "'mean' will be changed to behave the same as 'batchmean' in the next major release."
)


@public("F")
def kl_div(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", log_target: bool = False,
) -> Tensor:  # fmt: skip
    """The Kullback-Leibler divergence; input holds log-probabilities."""
    batch = reduction == "batchmean"
    if reduction == "mean" and size_average is None and reduce is None:
        warn(_KL_MEAN, stacklevel=2)
    reduction = "sum" if batch else reduction_of(reduction, size_average, reduce)
    if log_target:
        losses = ops.exp(target) * (target - input)
    else:
        losses = _torch["xlogy"](target, target) - target * input
    total = reduced(losses, reduction)
    return total / input.array.shape[0] if batch and input.array.ndim else total


@public("F torch")
def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool = True, full: bool = False,
    size_average: Any = None, eps: float = 1e-8, reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The negative log-likelihood of counts; full adds Stirling's approximation."""
    reduction = reduction_of(reduction, size_average, reduce)
    logs = input if log_input else ops.log(input + eps)
    losses = (ops.exp(input) if log_input else input) - target * logs
    if full:
        stirling = target * ops.log(target) - target + 0.5 * ops.log(2 * math.pi * target)
        losses = losses + stirling.masked_fill(ops.le(target, 1), 0)
    return reduced(losses, reduction)


@public("F")
def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Any, full: bool = False, eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
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
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not valid")
    var = ops.clone(var)
    with no_grad():
        var.clamp_(min=eps)
    losses = 0.5 * (ops.log(var) + (input - target) ** 2 / var)
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return reduced(losses, reduction)


# ---- sequences -------------------------------------------------------------------------------


@public("F torch")
def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0,
    reduction: Any = "mean", zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """Connectionist temporal classification (Graves et al., 2006).

    log_probs is (time, batch, classes) or (time, classes); the sum over all alignments is taken
    forward in time.
    """
    single = log_probs.array.ndim == 2
    if single:
        log_probs = ops.unsqueeze(log_probs, 1)
    lengths, sizes = _numbers(input_lengths), _numbers(target_lengths)
    labels = targets.array.reshape(-1) if targets.array.ndim == 1 else None
    losses, start = [], 0
    for example, (length, size) in enumerate(zip(lengths, sizes, strict=True)):
        own = targets.array[example, :size] if labels is None else labels[start : start + size]
        start += size
        losses.append(_alignments(log_probs[:length, example], own.tolist(), blank))
    loss = _torch["stack"](losses)
    if zero_infinity:
        loss = ops.where(ops.isinf(loss), 0.0, loss)
    if reduction in ("mean", 1):
        return ops.mean(loss / wrap(np.maximum(np.array(sizes), 1).astype(loss.array.dtype)))
    if reduction in ("sum", 2):
        return ops.sum(loss)
    return loss[0] if single else loss


def _numbers(lengths: Any) -> list[int]:
    values = lengths.array.reshape(-1) if isinstance(lengths, Tensor) else lengths
    return [int(value) for value in values]


def _alignments(logs: Tensor, labels: list[int], blank: int) -> Tensor:
    """Minus the logarithm of the probability of all alignments of the labels."""
    path = [blank, *(part for label in labels for part in (label, blank))]
    skips = np.array([i > 1 and path[i] != blank and path[i] != path[i - 2]
                      for i in range(len(path))])  # fmt: skip
    emitted = logs[:, path]
    low = dtypes.finfo(logs.dtype).min
    begins = wrap(np.arange(len(path)) < 2)
    alpha = ops.where(begins, emitted[0], low)
    floor = wrap(np.full(2, low, logs.array.dtype))
    for step in range(1, logs.array.shape[0]):
        longer = ops.cat((floor, alpha), 0)
        jumps = ops.where(wrap(skips), longer[:-2], low)
        ways = _torch["stack"]((alpha, longer[1:-1], jumps))
        alpha = ops.logsumexp(ways, (0,), False) + emitted[step]
    return -ops.logsumexp(alpha[-2:], (0,), False)
