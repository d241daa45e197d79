"""Attention, as PyTorch composes it."""

from __future__ import annotations

import math

import numpy as np

from engine.dispatch.fast_path import TENSORS as ops
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.activations.dropout import dropout
from engine.ops.activations.softmax import softmax
from engine.ops.linalg.products import matmul


@public("F")
def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(query @ key.T * scale + mask) @ value (Vaswani et al., 2017).

    query (..., L, E), key (..., S, E), value (..., S, Ev). A mask is added, or, of truth values,
    tells what may be attended to.
    """
    q, k = query.array, key.array
    if is_causal and attn_mask is not None:
        raise RuntimeError(
            "scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
        )
    if enable_gqa:
        times = q.shape[-3] // k.shape[-3]
        key, value = (t.repeat_interleave(times, -3) for t in (key, value))
    root = math.sqrt(1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if is_causal:
        attn_mask = wrap(np.tril(np.ones((q.shape[-2], k.shape[-2]), bool)))
    turned = ops.transpose(key, k.ndim - 2, k.ndim - 1)
    scores = matmul(query * root, turned * root)
    if attn_mask is not None:
        if attn_mask.array.dtype.kind == "b":
            blocked = np.where(attn_mask.array, 0.0, -math.inf).astype(q.dtype)
            attn_mask = wrap(blocked)
        scores = scores + attn_mask
    weights = softmax(scores, -1)
    if attn_mask is not None:  # a row with nothing to attend to gives 0
        dead = (scores.array == -math.inf).all(-1, keepdims=True)
        if dead.any():
            weights = weights.masked_fill(wrap(np.broadcast_to(dead, scores.array.shape)), 0.0)
    return matmul(dropout(weights, dropout_p), value)
