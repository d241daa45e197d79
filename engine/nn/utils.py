"""torch.nn.utils: gradients kept short, and parameters as one vector."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from engine.graph.grad_mode import no_grad
from engine.graph.registry import expose, namespaces
from engine.graph.tensor import Tensor, wrap

_torch = namespaces["torch"]


def _with_grad(parameters: Any) -> list[Any]:
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [p for p in given if p._grad is not None]


def get_total_norm(
    tensors: Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all tensors' elements as one vector."""
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


def clip_grad_norm_(
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """In place: gradients scaled down so that their total norm is at most max_norm.

    Returns the norm they had.
    """
    with no_grad():
        grads = [p.grad for p in _with_grad(parameters)]
        total = get_total_norm(grads, norm_type, error_if_nonfinite)
        factor = (max_norm / (total + 1e-6)).clamp(max=1.0)
        for g in grads:
            g.mul_(factor)
    return total


def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """In place: each element of the gradients kept within clip_value of 0."""
    with no_grad():
        for p in _with_grad(parameters):
            p.grad.clamp_(-float(clip_value), float(clip_value))


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters, end to end."""
    flat: Tensor = _torch["cat"]([p.view(-1) for p in parameters])
    return flat


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """In place: the parts of a vector become the parameters' values."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    start = 0
    for p in parameters:
        part = vec.array.reshape(-1)[start : start + p.array.size]
        p.data = wrap(part.reshape(p.array.shape))
        start += p.array.size


for _function in (
    get_total_norm,
    clip_grad_norm_,
    clip_grad_value_,
    parameters_to_vector,
    vector_to_parameters,
):
    expose(_function.__name__, _function, "torch.nn.utils")
