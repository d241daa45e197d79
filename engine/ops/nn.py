"""torch.nn.functional as PyTorch spells it, over the rows of losses.py and others."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

import engine.ops.losses  # noqa: F401 (its rows)
from engine import dtypes
from engine.callers import TENSORS as ops
from engine.catalog import public
from engine.ops.arguments import array_of, dtype_of, wrap_dim
from engine.tensor import Tensor

_REDUCTIONS = ("none", "mean", "sum")


def _check_reduction(reduction: str) -> None:
    if reduction not in _REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")


# ---- normalising, activations ----------------------------------------------------------------


def _normalise(name: str, input: Tensor, dim: int | None, dtype: Any) -> Tensor:
    array = array_of(name, input)
    wanted = dtype_of(name, dtype)
    if wanted is not None and wanted != array.dtype:
        input = ops.to_copy(input, wanted)
    if dim is None:
        dim = 0 if array.ndim in (0, 1, 3) else 1
    place = wrap_dim(dim, array.ndim)
    if input.array.dtype.kind not in "fc":
        where = "lastdim_" if place == max(array.ndim - 1, 0) else ""
        raise NotImplementedError(
            f'"{name}_{where}kernel_impl" not implemented for \'{dtypes.of(array.dtype).scalar_name}\''
        )
    return getattr(ops, name)(input, place)


@public("torch Tensor F special")
def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """exp(input) over its sum along a dimension."""
    return _normalise("softmax", input, dim, dtype)


@public("torch Tensor F special")
def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """The logarithm of softmax, without overflow."""
    return _normalise("log_softmax", input, dim, dtype)


@public("F", "leaky_relu")
def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """input where positive, negative_slope * input elsewhere."""
    return ops.leaky_relu(input, negative_slope)


@public("F")
def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input where positive, alpha * (exp(input) - 1) elsewhere."""
    return ops.elu(input, alpha)


@public("F")
def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """input * sigmoid(input)."""
    return ops.silu(input)


@public("F", "logsigmoid")
def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(input)), without overflow."""
    return ops.logsigmoid(input)


@public("F")
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weight.T + bias."""
    x = array_of("linear", input)
    w = array_of("linear", weight, "weight", 2)
    turned = ops.t(weight) if w.ndim == 2 else weight
    if bias is None:
        return input @ turned
    if x.ndim == 2 and w.ndim == 2:
        return ops.addmm(bias, input, turned, 1, 1)
    if x.ndim != 2 and x.ndim and x.flags.c_contiguous and w.ndim == 2:
        rows = ops.view(input, (math.prod(x.shape[:-1]), x.shape[-1]))
        return ops.view(ops.addmm(bias, rows, turned, 1, 1), (*x.shape[:-1], w.shape[0]))
    return input @ turned + bias


@public("F")
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Each class number as a row that is 1 at its place."""
    array = array_of("one_hot", tensor)
    count = int(array.max()) + 1 if num_classes < 0 else num_classes
    if array.size and array.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if array.size and array.max() >= count:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return ops.to_copy(ops.eq(ops.unsqueeze(tensor, array.ndim), _classes(count)), np.dtype(np.int64))


def _classes(count: int) -> Tensor:
    from engine.tensor import wrap

    return wrap(np.arange(count))


# ---- losses of two tensors of one shape ------------------------------------------------------


def _together(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Input and target in one shape; PyTorch warns where it has to broadcast."""
    a, b = input.array, target.array
    if a.shape == b.shape:
        return input, target
    warnings.warn(
        f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This "
        "will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
        stacklevel=3,
    )
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        from engine.ops.elementwise import broadcast_error

        broadcast_error(a, b)
        raise
    return (
        input if a.shape == shape else ops.expand(input, shape),
        target if b.shape == shape else ops.expand(target, shape),
    )


def _difference_loss(row: Any, input: Tensor, target: Tensor, reduction: str, beta: float) -> Tensor:
    array_of("loss", input), array_of("loss", target, "target", 2)
    x, y = _together(input, target)
    _check_reduction(reduction)
    if x.array.dtype != y.array.dtype:
        wanted = np.promote_types(x.array.dtype, y.array.dtype)
        x, y = (t if t.array.dtype == wanted else ops.to_copy(t, wanted) for t in (x, y))
    return row(x, y, reduction, beta)


def _old_style(size_average: Any, reduce: Any, reduction: str) -> str:
    """The reduction that two arguments of old PyTorch stand for."""
    if size_average is None and reduce is None:
        return reduction
    if reduce is False:
        return "none"
    return "sum" if size_average is False else "mean"


@public("F")
def mse_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The mean of (input - target)**2."""
    reduction = _old_style(size_average, reduce, reduction)
    if weight is not None:
        return _finish(weight * mse_loss(input, target, reduction="none"), reduction, weight)
    return _difference_loss(ops.mse_loss, input, target, reduction, 0.0)


def _finish(losses: Tensor, reduction: str, weight: Tensor) -> Tensor:
    if reduction == "none":
        return losses
    total = ops.sum(losses)
    return total / ops.sum(weight.expand_as(losses)) if reduction == "mean" else total


@public("F")
def l1_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The mean of |input - target|."""
    reduction = _old_style(size_average, reduce, reduction)
    x, y = _together(input, target)
    _check_reduction(reduction)
    losses = ops.abs(ops.sub(x, y))
    if weight is not None:
        return _finish(weight * losses, reduction, weight)
    return losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()


@public("F")
def smooth_l1_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:  # fmt: skip
    """Squared below beta, absolute above."""
    reduction = _old_style(size_average, reduce, reduction)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    return _difference_loss(ops.smooth_l1_loss, input, target, reduction, beta)


@public("F")
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Squared up to delta, linear above."""
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    if weight is not None:
        return _finish(weight * huber_loss(input, target, "none", delta), reduction, weight)
    return _difference_loss(ops.huber_loss, input, target, reduction, delta)


# ---- cross entropies -------------------------------------------------------------------------


@public("F")
def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean of -(target*log(input) + (1 - target)*log(1 - input))."""
    reduction = _old_style(size_average, reduce, reduction)
    x, y = array_of("binary_cross_entropy", input), array_of("binary_cross_entropy", target, "target", 2)
    _check_reduction(reduction)
    if x.shape != y.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is "
            "deprecated. Please ensure they have the same size."
        )
    if x.size and not ((x >= 0) & (x <= 1)).all():
        raise RuntimeError("all elements of input should be between 0 and 1")
    if weight is not None and weight.array.shape != x.shape:
        weight = ops.expand(weight, x.shape)
    return ops.binary_cross_entropy(input, target, weight, reduction)


@public("torch F")
def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean", pos_weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """binary_cross_entropy of sigmoid(input), without overflow."""
    reduction = _old_style(size_average, reduce, reduction)
    x, y = input.array, target.array
    _check_reduction(reduction)
    if x.shape != y.shape:
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size ({input.shape})"
        )
    weights = [w if w is None or w.array.shape == x.shape else ops.expand(w, x.shape) for w in (weight, pos_weight)]
    return ops.binary_cross_entropy_with_logits(input, target, *weights, reduction)


def _check_classes(x: Any, target: Any, ignore: int) -> None:
    if target.dtype.kind not in "iu" or target.dtype.itemsize not in (1, 8):
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {dtypes.of(target.dtype).scalar_name}"
        )
    dim = 1 if x.ndim > 1 else 0
    if x.ndim == 0:
        raise RuntimeError("input tensor should be 1D or 2D")
    expected = x.shape[:dim] + x.shape[dim + 1 :]
    if target.shape != expected:
        if x.ndim <= 2 and (not target.shape or target.shape[:1] != expected[:1]):
            raise ValueError(
                f"Expected input batch_size ({x.shape[0]}) to match target batch_size ({target.shape[0] if target.ndim else 1})."
            )
        raise RuntimeError(f"Expected target size {list(expected)}, got {list(target.shape)}")
    outside = target[(target != ignore) & ((target < 0) | (target >= x.shape[dim]))]
    if outside.size:
        raise IndexError(f"Target {outside.flat[0]} is out of bounds.")


@public("F")
def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: Any = None,
    ignore_index: int = -100, reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean of -input at each target class; input holds log-probabilities (N, C, ...)."""
    reduction = _old_style(size_average, reduce, reduction)
    x, y = array_of("nll_loss", input), array_of("nll_loss", target, "target", 2)
    _check_reduction(reduction)
    _check_classes(x, y, ignore_index)
    if x.ndim <= 2:
        return ops.nll_loss(input, target, weight, reduction, ignore_index)
    if x.ndim == 4:
        return ops.nll_loss2d(input, target, weight, reduction, ignore_index)
    plane = input.reshape(x.shape[0], x.shape[1], 1, -1)  # PyTorch has one for pictures alone
    losses = ops.nll_loss2d(plane, target.reshape(x.shape[0], 1, -1), weight, reduction, ignore_index)
    return losses.view(y.shape) if reduction == "none" else losses


@public("F")
def cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: Any = None,
    ignore_index: int = -100, reduce: Any = None, reduction: str = "mean", label_smoothing: float = 0.0,
) -> Tensor:  # fmt: skip
    """nll_loss of log_softmax(input); target holds classes, or probabilities of input's shape."""
    reduction = _old_style(size_average, reduce, reduction)
    x, y = array_of("cross_entropy", input), array_of("cross_entropy", target, "target", 2)
    _check_reduction(reduction)
    dim = 1 if x.ndim > 1 else 0
    logs = ops.log_softmax(input, dim)
    if x.shape == y.shape and y.dtype.kind == "f":
        return _with_probabilities(logs, target, weight, reduction, label_smoothing, dim)
    if label_smoothing:
        return _smoothed(logs, target, weight, reduction, ignore_index, label_smoothing, dim)
    return nll_loss(logs, target, weight, ignore_index=ignore_index, reduction=reduction)


def _as_row(weight: Tensor, ndim: int, dim: int) -> Tensor:
    """Class weights in the shape of the input."""
    return weight.view(*(-1 if d == dim else 1 for d in range(ndim)))


def _with_probabilities(
    logs: Tensor, target: Tensor, weight: Tensor | None, reduction: str, smoothing: float, dim: int
) -> Tensor:
    count = logs.array.shape[dim]
    if smoothing:
        target = target * (1 - smoothing) + smoothing / count
    losses = logs * target
    if weight is not None:
        losses = losses * _as_row(weight, logs.array.ndim, dim)
    if reduction == "none":
        return -losses.sum(dim)
    total = -losses.sum()
    if reduction == "mean":
        return ops.div_number(total, logs.array.size // count)
    return total


def _smoothed(
    logs: Tensor, target: Tensor, weight: Tensor | None, reduction: str, ignore: int, smoothing: float,
    dim: int,
) -> Tensor:  # fmt: skip
    """(1 - smoothing) of the loss at the target, and smoothing of the mean over all classes."""
    hard = nll_loss(logs, target, weight, ignore_index=ignore, reduction=reduction)
    spread = logs if weight is None else logs * _as_row(weight, logs.array.ndim, dim)
    soft = -spread.sum(dim)
    ignored = ops.eq(target, ignore)
    soft = soft.masked_fill(ignored, 0.0)
    if reduction == "sum":
        soft = soft.sum()
    elif reduction == "mean":
        kept = ops.bitwise_not(ignored)
        if weight is None:
            soft = soft.sum() / kept.sum()
        else:
            classes = ops.where(ignored, 0, target)
            soft = soft.sum() / (weight[classes] * kept).sum()
    return (1 - smoothing) * hard + soft * (smoothing / logs.array.shape[dim])
