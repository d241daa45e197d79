"""How losses are reduced: not at all, to their mean or to their sum."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from engine.arrays.reduction import MEAN, NONE, SUM
from engine.arrays.state import warn
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.spelling import parameters_of, spelled
from engine.graph.registry import public
from engine.graph.tensor import Tensor

REDUCTIONS = (NONE, MEAN, SUM)


def reduced(xp: Any, losses: Any, reduction: str) -> Any:
    """An array of losses, their mean or their sum."""
    if reduction == NONE:
        return losses
    total = xp.add.reduce(losses, None)
    return total / losses.dtype.type(losses.size) if reduction == MEAN else total


def share(g: Any, x: Any, reduction: str) -> Any:
    """The gradient of one element's loss."""
    return g / math.prod(x.shape) if reduction == MEAN else g


def reduced_tensor(losses: Tensor, reduction: str, weight: Tensor | None = None) -> Tensor:
    """A tensor of losses, their mean or their sum; with weights, the weighted ones."""
    if weight is not None:
        losses = losses * weight
    if reduction == NONE:
        return losses
    if reduction == SUM:
        return ops.sum(losses)
    return losses.mean() if weight is None else ops.sum(losses) / ops.sum(weight)


def reduction_of(reduction: str, size_average: Any = None, reduce: Any = None) -> str:
    """The reduction asked for, also by the two arguments that old PyTorch had."""
    if size_average is not None or reduce is not None:
        reduction = NONE if reduce is False else SUM if size_average is False else MEAN
        warn(
            "size_average and reduce args will be deprecated, please use "
            f"reduction='{reduction}' instead.",
        )
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


_RESOLVED = (
    "reduction if size_average is reduce is None and reduction in REDUCTIONS "
    "else reduction_of(reduction, size_average, reduce)"
)


def loss(
    where: str = "F", between: str | None = None
) -> Callable[[Callable[..., Tensor]], Callable[..., Tensor]]:
    """Make a function public as a loss: before its parameter `reduction` it takes the two of old
    PyTorch, size_average and reduce; `between` them, if told, the one that stood before it.
    """

    def decorate(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        had = parameters_of(function)
        parameters = {}
        for name, text in had.items():
            if name == (between or "reduction"):
                parameters["size_average"] = "size_average=None"
            if name == "reduction":
                parameters["reduce"] = "reduce=None"
            parameters[name] = text
        body = f"function({', '.join(_RESOLVED if n == 'reduction' else n for n in had)})"
        return public(where)(
            spelled(
                function.__name__,
                function.__doc__,
                parameters,
                body,
                function=function,
                REDUCTIONS=REDUCTIONS,
                reduction_of=reduction_of,
            )
        )

    return decorate
