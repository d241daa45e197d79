"""Connectionist temporal classification: the loss of sequences of unknown alignment."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.reduction import MEAN, SUM
from engine.dispatch.fast_path import TENSORS as ops
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.views.joining import stack


@public("F torch")
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: Any = MEAN,
    zero_infinity: bool = False,
) -> Tensor:
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
    loss = stack(losses)
    if zero_infinity:
        loss = ops.where(ops.isinf(loss), 0.0, loss)
    if reduction in (MEAN, 1):
        return ops.mean(loss / wrap(np.maximum(np.array(sizes), 1).astype(loss.array.dtype)))
    if reduction in (SUM, 2):
        return ops.sum(loss)
    return loss[0] if single else loss


def _numbers(lengths: Any) -> list[int]:
    values = lengths.array.reshape(-1) if isinstance(lengths, Tensor) else lengths
    return [int(value) for value in values]


def _alignments(logs: Tensor, labels: list[int], blank: int) -> Tensor:
    """Minus the logarithm of the probability of all alignments of the labels."""
    path = [blank, *(part for label in labels for part in (label, blank))]
    skips = [i > 1 and label not in (blank, path[i - 2]) for i, label in enumerate(path)]
    emitted = logs[:, path]
    low = dtypes.finfo(logs.dtype).min
    begins = wrap(np.arange(len(path)) < 2)
    alpha = ops.where(begins, emitted[0], low)
    floor = wrap(np.full(2, low, logs.array.dtype))
    for step in range(1, logs.array.shape[0]):
        longer = ops.cat((floor, alpha), 0)
        jumps = ops.where(wrap(np.array(skips)), longer[:-2], low)
        ways = stack((alpha, longer[1:-1], jumps))
        alpha = ops.logsumexp(ways, (0,), False) + emitted[step]
    return -ops.logsumexp(alpha[-2:], (0,), False)
