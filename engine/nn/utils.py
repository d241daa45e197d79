"""torch.nn.utils: gradients kept short, and parameters as one vector."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from engine.graph.grad_mode import no_grad
from engine.graph.registry import namespaces, public
from engine.graph.tensor import Tensor, wrap

_public = public("torch.nn.utils")
_torch = namespaces["torch"]


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Any]:
    """The gradients of the parameters that have one."""
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [p._grad for p in given if p._grad is not None]


@_public
def get_total_norm(
    tensors: Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all tensors' elements as one vector, a 0-dim tensor; 0 of no tensors.

    Args:
        tensors: one, or several of any shapes.
        norm_type: the order of the norm, inf included.
        error_if_nonfinite: whether to raise RuntimeError where it is nan or infinite.
        foreach: how PyTorch goes about it; no difference here.
    """
    given: list[Tensor] = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if not given:
        return _torch["tensor"](0.0)  # type: ignore[no-any-return]
    norm = namespaces["torch.linalg"]["vector_norm"]
    total: Tensor = norm(_torch["stack"]([norm(t, norm_type) for t in given]), norm_type)
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, "
            "so it cannot be clipped. To disable this error and scale the gradients by the "
            "non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return total


@_public
def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """In place: gradients scaled down so that their total norm is at most max_norm.

    Gives the norm they had, a 0-dim tensor. Arguments and errors are those of get_total_norm.
    """
    with no_grad():
        grads = _gradients(parameters)
        total = get_total_norm(grads, norm_type, error_if_nonfinite)
        factor = (max_norm / (total + 1e-6)).clamp(max=1.0)
        for g in grads:
            g.mul_(factor)
    return total


@_public
def clip_grad_value_(
    parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None
) -> None:
    """In place: each element of the gradients kept within clip_value of 0."""
    with no_grad():
        for g in _gradients(parameters):
            g.clamp_(-float(clip_value), float(clip_value))


@_public
def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters, end to end: one tensor of one dimension, recorded for backward."""
    flat: Tensor = _torch["cat"]([p.view(-1) for p in parameters])
    return flat


@_public
def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """In place: the parts of a vector become the values of the parameters, one after the other.

    Raises TypeError if vec is no tensor.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    start = 0
    for p in parameters:
        part = vec.array.reshape(-1)[start : start + p.array.size]
        p.data = wrap(part.reshape(p.array.shape))
        start += p.array.size
