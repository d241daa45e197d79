"""torch.nn.functional as PyTorch spells it: linear and the losses, over their rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

import engine.ops.nn.loss_rows  # noqa: F401 (its rows)
from engine.arrays import dtypes
from engine.arrays.promotion import result_type
from engine.arrays.state import warn
from engine.dispatch.arguments import array_of
from engine.dispatch.fast_path import TENSORS as ops
from engine.graph.registry import public
from engine.graph.tensor import wrap
from engine.ops.activations.activations import floating, log_softmax
from engine.ops.linalg.products import matmul
from engine.ops.views.shape import broadcast_tensors, reshape, view

if TYPE_CHECKING:
    from engine.graph.tensor import Tensor

_REDUCTIONS = ("none", "mean", "sum")


@public("F")
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weight.T + bias."""
    x, w = array_of("linear", input), array_of("linear", weight, "weight", 2)
    if not x.ndim or not w.ndim:
        raise RuntimeError(
            f"both arguments to linear need to be at least 1D, but they are {x.ndim}D and {w.ndim}D"
        )
    turned = ops.t(weight)
    if bias is None:
        return matmul(input, turned)
    if x.ndim == 2:
        return ops.addmm(bias, input, turned, 1, 1)
    if x.flags.c_contiguous and w.ndim == 2:
        rows = ops.view(input, (math.prod(x.shape[:-1]), x.shape[-1]))
        return ops.view(ops.addmm(bias, rows, turned, 1, 1), (*x.shape[:-1], w.shape[0]))
    return matmul(input, turned) + bias


@public("F")
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Each class number as a row that is 1 at its place."""
    array = array_of("one_hot", tensor)
    if array.dtype != np.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if not array.size and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if array.size and array.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    count = int(array.max()) + 1 if num_classes == -1 else num_classes
    if array.size and array.max() >= count:
        raise RuntimeError("Class values must be smaller than num_classes.")
    hot = ops.eq(ops.unsqueeze(tensor, array.ndim), wrap(np.arange(count)))
    return ops.to_copy(hot, array.dtype)


# ---- how a loss is reduced -------------------------------------------------------------------


def reduction_of(reduction: str, size_average: Any = None, reduce: Any = None) -> str:
    """The reduction asked for, also by the two arguments that old PyTorch had."""
    if size_average is not None or reduce is not None:
        reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
        warn(
            "size_average and reduce args will be deprecated, please use "
            f"reduction='{reduction}' instead.", stacklevel=3,
        )  # fmt: skip
    if reduction not in _REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """The losses, their mean or their sum."""
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else ops.sum(losses)


def _weighted(losses: Tensor, weight: Tensor, reduction: str) -> Tensor:
    """The losses times their weights, reduced; the mean is the weighted one."""
    losses = losses * weight
    if reduction == "none":
        return losses
    total = ops.sum(losses)
    return total / ops.sum(weight) if reduction == "mean" else total


def _same_size(weight: Tensor, input: Tensor) -> None:
    if weight.array.shape != input.array.shape:
        raise ValueError("Weights and input must have the same size.")


# ---- losses of two tensors of one shape ------------------------------------------------------


def _together(name: str, input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Input and target in one shape and dtype; PyTorch warns where it has to broadcast."""
    a, b = array_of(name, input), array_of(name, target, "target", 2)
    if a.shape != b.shape:
        warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.", stacklevel=3,
        )  # fmt: skip
        input, target = broadcast_tensors(input, target)
    if a.dtype is not b.dtype:
        wanted = result_type([a, b])
        input, target = (
            t if t.array.dtype == wanted else ops.to_copy(t, wanted) for t in (input, target)
        )
    return input, target


@public("F")
def mse_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The mean of (input - target)**2."""
    reduction = reduction_of(reduction, size_average, reduce)
    x, y = _together("mse_loss", input, target)
    if weight is not None:
        _same_size(weight, input)
        return _weighted(ops.pow(ops.sub(x, y), 2), weight, reduction)
    return ops.mse_loss(floating("mse_cpu", x, "mse_loss"), y, reduction)


@public("F")
def l1_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The mean of |input - target|."""
    reduction = reduction_of(reduction, size_average, reduce)
    x, y = _together("l1_loss", input, target)
    losses = ops.abs(ops.sub(x, y))
    if weight is not None:
        _same_size(weight, input)
        return _weighted(losses, weight, reduction)
    return reduced(losses, reduction)


@public("F")
def smooth_l1_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", beta: float = 1.0,
) -> Tensor:  # fmt: skip
    """Squared below beta, absolute above."""
    reduction = reduction_of(reduction, size_average, reduce)
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    x, y = _together("smooth_l1_loss", input, target)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    return ops.smooth_l1_loss(floating("smooth_l1_cpu", x, "smooth_l1_loss"), y, reduction, beta)


@public("F")
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Squared up to delta, linear above."""
    reduction = reduction_of(reduction)
    x, y = _together("huber_loss", input, target)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    floating("huber_cpu", x, "huber_loss")
    if weight is None:
        return ops.huber_loss(x, y, reduction, delta)
    _same_size(weight, input)
    losses = ops.huber_loss(x, y, "none", delta) * weight
    return reduced(losses, reduction)


# ---- cross entropies of truths ---------------------------------------------------------------


def _between_0_and_1(what: str, array: Any) -> None:
    if not ((array >= 0) & (array <= 1)).all():
        raise RuntimeError(f"all elements of {what} should be between 0 and 1")


@public("F")
def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean of -(target*log(input) + (1 - target)*log(1 - input))."""
    name = "binary_cross_entropy"
    reduction = reduction_of(reduction, size_average, reduce)
    x, y = array_of(name, input), array_of(name, target, "target", 2)
    if x.shape != y.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    if weight is not None and weight.array.shape != x.shape:
        weight = ops.expand(weight, x.shape)
    if y.dtype != x.dtype:
        raise RuntimeError(
            f"Found dtype {dtypes.of(y.dtype).scalar_name} but expected "
            f"{dtypes.of(x.dtype).scalar_name}"
        )
    floating(name, input, name)
    _between_0_and_1("input", x)
    _between_0_and_1("target", y)
    return ops.binary_cross_entropy(input, target, weight, reduction)


@public("F")
def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean", pos_weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """binary_cross_entropy of sigmoid(input), without overflow."""
    name = "binary_cross_entropy_with_logits"
    reduction = reduction_of(reduction, size_average, reduce)
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


# ---- cross entropies of classes --------------------------------------------------------------


def _check_classes(x: Any, target: Any, weight: Tensor | None, ignore: int) -> None:
    if x.ndim == 0:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if x.ndim != 1 and x.shape[:1] != (target.shape[:1] or (1,)):
        raise ValueError(
            f"Expected input batch_size ({x.shape[0]}) to match target batch_size "
            f"({target.shape[0] if target.ndim else 1})."
        )
    dim = 1 if x.ndim > 1 else 0
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


@public("F")
def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: Any = None,
    ignore_index: int = -100, reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean of -input at each target class; input holds log-probabilities (N, C, ...)."""
    reduction = reduction_of(reduction, size_average, reduce)
    array_of("nll_loss_nd", input), array_of("nll_loss_nd", target, "target", 2)
    return _nll(input, target, weight, reduction, ignore_index)


def _nll(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, ignore: int
) -> Tensor:
    x, y = input.array, target.array
    _check_classes(x, y, weight, ignore)
    if x.ndim <= 2:
        if x.ndim == 1 and y.ndim == 1:
            target = reshape(target, ())
        return ops.nll_loss(input, target, weight, reduction, ignore)
    if x.ndim == 4:
        return ops.nll_loss2d(input, target, weight, reduction, ignore)
    pixels = math.prod(y.shape[1:])  # PyTorch's own way: a picture of one row
    picture = reshape(input, (*x.shape[:2], 1, pixels))
    losses = ops.nll_loss2d(
        picture, reshape(target, (y.shape[0], 1, pixels)), weight, reduction, ignore
    )
    return view(losses, y.shape) if reduction == "none" else losses


@public("F")
def cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: Any = None,
    ignore_index: int = -100, reduce: Any = None, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:  # fmt: skip
    """nll_loss of log_softmax(input); target holds classes, or probabilities of input's shape."""
    reduction = reduction_of(reduction, size_average, reduce)
    name = "cross_entropy_loss"
    x, y = array_of(name, input), array_of(name, target, "target", 2)
    if label_smoothing > 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}")
    dim = 1 if x.ndim > 1 else 0
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
    hard = _nll(logs, target, weight, reduction, ignore_index)
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
    if reduction == "none":
        return -ops.sum_dim(losses, (dim,), False)
    total = -ops.sum(losses)
    return ops.div_number(total, x.size // x.shape[dim]) if reduction == "mean" else total


def _smooth(
    logs: Tensor, target: Tensor, weight: Tensor | None, reduction: str, ignore: int, dim: int
) -> Tensor:
    """What label smoothing adds: the loss at every class alike, where the target counts."""
    if weight is not None:
        logs = logs * _for_classes(weight, logs.array.ndim, dim)
    ignored = ops.eq(target, ignore)
    losses = (-ops.sum_dim(logs, (dim,), False)).masked_fill(ignored, 0.0)
    if reduction == "none":
        return losses
    total = ops.sum(losses)
    if reduction == "sum":
        return total
    counted = ops.bitwise_not(ignored)
    if weight is None:
        return total / ops.sum(counted)
    return total / ops.sum(weight[target.masked_select(counted)])
