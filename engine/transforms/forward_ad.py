"""torch.autograd.forward_ad: tensors that carry a tangent through a computation.

A dual tensor is a leaf of its own, and the level knows its tangent. The tangent of a result is
found when it is asked for: w -> w @ J is linear, and its derivative in the direction of the
tangents is what forward mode would have carried along.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import NamedTuple

import numpy as np

from engine.graph.grad_mode import enable_grad
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.transforms.func import leads_outside, own
from engine.transforms.functional import gradients

_WHERE = "torch.autograd.forward_ad"


class _Level:
    """The dual tensors that were made, and their tangents."""

    def __init__(self) -> None:
        self.duals: list[Tensor] = []
        self.tangents: list[Tensor] = []


_level: ContextVar[_Level | None] = ContextVar("level", default=None)


@public(_WHERE)
class UnpackedDualTensor(NamedTuple):
    """The two parts of a dual tensor; `tangent` is None where there is none."""

    primal: Tensor
    tangent: Tensor | None


UnpackedDualTensor.__module__ = _WHERE


@public(_WHERE)
def enter_dual_level() -> int:
    """Let dual tensors be made. Raises RuntimeError if they can be already."""
    if _level.get() is not None:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    _level.set(_Level())
    return 0


@public(_WHERE)
def exit_dual_level(*, level: int | None = None) -> None:
    """Forget the tangents of all dual tensors."""
    if _level.get() is None:
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is "
            "not supported."
        )
    _level.set(None)


@public(_WHERE)
class dual_level:  # noqa: N801 (PyTorch's name)
    """Inside, dual tensors can be made."""

    __module__ = _WHERE

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *error: object) -> None:
        exit_dual_level()


@public(_WHERE)
def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """A tensor over the same memory that carries a tangent.

    Args:
        tensor: the primal, floating or complex.
        tangent: its direction, of the same shape.
        level: there is one level only.

    Raises:
        RuntimeError: outside dual_level, or the shapes differ.
        ValueError: one of them is neither floating nor complex.
    """
    now = _level.get()
    if now is None:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to "
            "enter_dual_level() first."
        )
    for what, value in (("primal", tensor), ("tangent", tangent)):
        if value.array.dtype.kind not in "fcV":
            raise ValueError(
                f"Expected {what} to be floating point or complex, but got: {value.dtype}"
            )
    if tensor.array.shape != tangent.array.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original "
            f"Tensor, this is not supported. Tensor is of size {list(tensor.array.shape)} while "
            f"the given forward gradient is of size {list(tangent.array.shape)}."
        )
    with enable_grad():
        dual = own(tensor)
    now.duals.append(dual)
    now.tangents.append(tangent)
    return dual


@public(_WHERE)
def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The value of a tensor, and its tangent, None where no dual tensor has gone into it."""
    now = _level.get()
    if now is None or not now.duals or not tensor.requires_grad:
        return UnpackedDualTensor(tensor, None)
    weight = wrap(np.zeros(tensor.array.shape, tensor.array.dtype))
    weight.requires_grad = True
    with enable_grad():
        back = gradients((tensor,), tuple(now.duals), (weight,), create_graph=True)
        (tangent,) = gradients(back, (weight,), tuple(now.tangents), create_graph=True)
    inside = {id(x) for x in (*now.duals, weight)}
    if tangent is None and any(g is not None for g in back):
        tangent = wrap(np.zeros(tensor.array.shape, tensor.array.dtype))
    return UnpackedDualTensor(
        _cut(tensor, inside), None if tangent is None else _cut(tangent, inside)
    )


def _cut(x: Tensor, inside: set[int]) -> Tensor:
    """x, without a history that leads to dual tensors alone."""
    return x if leads_outside(x, inside) else wrap(x.array)
