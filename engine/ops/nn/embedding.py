"""Rows of a table by their numbers: embedding, embedding_bag; and numbers as rows: one_hot."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.reduction import MEAN, SUM
from engine.arrays.row import non_differentiable
from engine.dispatch.arguments import array_of
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.grad_mode import no_grad
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.views.joining import stack


def _backward(xp: Any, grad: Any, index: Any, rows: int, padding: int, by_count: bool) -> Any:
    """The gradients of the rows summed into the table, padding left out."""
    flat, grads = index.reshape(-1), grad.reshape(-1, grad.shape[-1])
    factor = (flat != padding).astype(grad.dtype)
    if by_count:
        factor = factor / xp.bincount(flat, minlength=rows).astype(grad.dtype)[flat]
    return xp.added_at(xp.zeros((rows, grad.shape[-1]), grad.dtype), flat, grads * factor[:, None])


def _masked(ns: Any, g: Any, index: Any, padding: int, by_count: bool) -> Any:
    found = ns.embedding(g, index, -1, by_count)
    return ns.where(ns.unsqueeze(index == padding, index.ndim), 0, found) if padding >= 0 else found


# fmt: off
op("embedding(weight, index; padding, by_count)",
   lambda xp, weight, index, padding, by_count: weight[index], index=non_differentiable,
   written="embedding(index, weight)",
   weight=lambda ns, g, index, weight_shape, padding, by_count: ns.embedding_dense_backward(
       g, index, weight_shape[0], padding, by_count))
op("embedding_dense_backward(grad, index; rows, padding, by_count)", _backward,
   index=non_differentiable,
   grad=lambda ns, g, index, padding, by_count: _masked(
       ns, g, index, padding, by_count))
# fmt: on


@public("F")
def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of weight that input (whole numbers) names."""
    index, table = array_of("embedding", input), array_of("embedding", weight, "weight", 2)
    if index.dtype not in (np.int64, np.int32):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got torch.{dtypes.of(index.dtype).tensor_type} instead (while "
            "checking arguments for embedding)"
        )
    count = table.shape[0]
    if index.size and (index.min() < 0 or index.max() >= count):
        raise IndexError("index out of range in self")
    padding = -1
    if padding_idx is not None:
        if not -count <= padding_idx < count:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding = padding_idx % count
    if max_norm is not None:
        _renorm(weight, index, max_norm, norm_type)
    return ops.embedding(weight, input, padding, scale_grad_by_freq)


@public("torch", "embedding")
def _torch_embedding(
    weight: Tensor,
    indices: Tensor,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of weight that indices name."""
    return embedding(
        indices,
        weight,
        None if padding_idx < 0 else padding_idx,
        scale_grad_by_freq=scale_grad_by_freq,
    )


def _renorm(weight: Tensor, index: Any, most: float, p: float) -> None:
    """Shorten the rows in use that are longer than `most`, in place."""
    used = np.unique(index)
    rows = weight.array[used]
    sizes = np.linalg.norm(rows, p, axis=1)
    factor = np.where(sizes > most, most / (sizes + 1e-7), 1.0).astype(rows.dtype)
    new = weight.array.copy()
    new[used] = rows * factor[:, None]
    with no_grad():
        weight.copy_(wrap(new))


@public("F")
def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = MEAN,
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sum, mean or maximum of the rows in each bag: the rows of a 2-D input, or the stretches
    of a 1-D one that begin at `offsets`.
    """
    index = array_of("embedding_bag", input)
    if mode not in (SUM, MEAN, "max"):
        raise ValueError("mode has to be one of sum or mean")
    if per_sample_weights is not None and mode != SUM:
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported "
            f"for mode='sum' (got mode='{mode}'). Please open a feature request on GitHub."
        )
    bags, count = _bags(index, offsets, include_last_offset)
    rows = embedding(
        input.reshape(-1), weight, padding_idx, max_norm, norm_type, scale_grad_by_freq
    )
    counted = np.ones(index.size, bool)
    if padding_idx is not None:
        counted = index.reshape(-1) != padding_idx % weight.array.shape[0]
        rows = ops.where(wrap(counted[:, None]), rows, 0.0)
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.reshape(-1, 1)
    if mode == "max":
        parts = [rows[wrap((bags == bag) & counted)] for bag in range(count)]
        width = weight.array.shape[1]
        zero = wrap(np.zeros(width, weight.array.dtype))
        return stack([part.amax(0) if part.array.size else zero for part in parts])
    table = wrap(np.zeros((count, weight.array.shape[1]), weight.array.dtype))
    total = table.index_add(0, wrap(bags), rows)
    if mode == SUM:
        return total
    sizes = np.maximum(np.bincount(bags[counted], minlength=count), 1)
    return total / wrap(sizes.astype(weight.array.dtype)[:, None])


def _bags(index: Any, offsets: Tensor | None, last: bool) -> tuple[Any, int]:
    """The bag of each index, and how many bags there are."""
    if index.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch "
                f"of fixed length sequences. However, found offsets of type {type(offsets)}"
            )
        return np.repeat(np.arange(index.shape[0]), index.shape[1]), index.shape[0]
    if offsets is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
    starts = offsets.array[:-1] if last else offsets.array
    return np.searchsorted(starts, np.arange(index.size), side="right") - 1, len(starts)


@public("F")
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Each class number as a row that is 1 at its place."""
    array = tensor.array
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
