"""Linear and bilinear maps with given weights."""

from __future__ import annotations

import math

from engine.dispatch.fast_path import TENSORS as ops
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.linalg.einsum import einsum
from engine.ops.linalg.products import matmul
from engine.ops.views.shapes import reshape


@public("F")
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weight.T + bias."""
    x, w = input.array, weight.array
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


@public("F torch")
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input1 @ weight[k] @ input2 for each k, plus bias; weight is (out, in1, in2)."""
    x, y, w = input1.array, input2.array, weight.array
    if x.shape[:-1] != y.shape[:-1]:
        dim = next((i for i, (a, b) in enumerate(zip(x.shape, y.shape, strict=False)) if a != b), 0)
        raise RuntimeError(
            "bilinear(): input batch dimensions do not match at dim "
            f"{dim}: got {x.shape[dim]} and {y.shape[dim]}"
        )
    first, second = reshape(input1, (-1, x.shape[-1])), reshape(input2, (-1, y.shape[-1]))
    out = reshape(einsum("bi,oij,bj->bo", first, weight, second), (*x.shape[:-1], w.shape[0]))
    return out if bias is None else out + bias
