"""Dropout: elements or channels put to 0 at random, the same ones as PyTorch's for a seed."""

from __future__ import annotations

import math

import numpy as np

from engine.dispatch.arguments import array_of
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.inplace import assign, check_inplace
from engine.dispatch.spelling import by_dimensions
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap

_ALPHA = 1.7580993408473766  # what selu goes down to, negated


def _dropped(
    input: Tensor,
    p: float,
    training: bool,
    inplace: bool,
    by_channel: bool = False,
    alpha: bool = False,
) -> Tensor:
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    x = array_of("dropout", input)
    if p == 0 or not training or not x.size:
        return input
    shape = (*x.shape[:2], *(1,) * (x.ndim - 2)) if by_channel else x.shape
    if p == 1:
        out = input * wrap(np.zeros(shape if alpha else (), x.dtype))
    else:
        noise: Tensor = wrap(np.empty(shape, x.dtype))
        noise.bernoulli_(1 - p)
        out = _self_normalised(input, noise, p) if alpha else input * (noise / (1 - p))
    if not inplace:
        return out
    check_inplace(input)
    return assign(input, out)


def _self_normalised(input: Tensor, noise: Tensor, p: float) -> Tensor:
    """Dropped elements become what selu goes down to; scale and shift keep mean and variance."""
    scale = 1 / math.sqrt((_ALPHA * _ALPHA * p + 1) * (1 - p))
    shift = (noise + -1) * (_ALPHA * scale) + _ALPHA * scale * p
    return input * (noise * scale) + shift


@public("F")
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """input with each element put to 0 with probability p, the rest over 1 - p."""
    return _dropped(input, p, training, inplace)


@public("torch", "dropout")
def _torch_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """input with each element put to 0 with probability p, the rest over 1 - p."""
    return _dropped(input, p, train, False)


@public("torch", "dropout_")
def _torch_dropout_in_place(input: Tensor, p: float, train: bool) -> Tensor:
    """In place: dropout."""
    return _dropped(input, p, train, True)


@public("F")
def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """dropout that keeps the mean and variance of what selu gives (Klambauer et al., 2017)."""
    return _dropped(input, p, training, inplace, alpha=True)


@public("F")
def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """alpha_dropout of whole channels."""
    return _dropped(input, p, training, inplace, by_channel=True, alpha=True)


@by_dimensions("dropout{}d", "F")
def _dropout_of_channels(
    count: int, input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """input (N, C, ...) with whole channels put to 0 with probability p."""
    alone = array_of(f"dropout{count}d", input).ndim == count + 1
    whole = ops.unsqueeze(input, 0) if alone else input
    out = _dropped(whole, p, training, inplace, by_channel=True)
    return ops.squeeze_dim(out, 0) if alone else out
