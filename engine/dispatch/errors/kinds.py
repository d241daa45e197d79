"""PyTorch's errors for numbers of kinds that an operation is not made for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.arrays import dtypes
from engine.arrays.row import Op
from engine.arrays.types import DType


def refuse(row: Op, kind: str, dtype: DType) -> None:
    """Raise PyTorch's error if the row is not for numbers of a kind (see Op)."""
    refusal = row.refuses.get(kind)
    if isinstance(refusal, str):
        raise no_kernel(refusal, dtype)
    if refusal is not None:
        error, text = refusal
        raise error(text)


def overflow(dtype: DType) -> RuntimeError:
    """PyTorch's error for a number that a dtype cannot hold."""
    kind = "int" if dtype == "int32" else f"{dtype}_t"
    return RuntimeError(f"value cannot be converted to type {kind} without overflow")


def only_for(kinds: str, kernel: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A forward for arrays of some kinds ("f": floating numbers, "iu": whole numbers, ...).

    It raises NotImplementedError, naming the kernel, for others.
    """

    def forward(xp: Any, *arrays: Any) -> Any:
        if arrays[0].dtype.kind not in kinds:
            raise no_kernel(kernel, arrays[0].dtype)
        return function(xp, *arrays)

    return forward


def no_kernel(kernel: str, dtype: DType) -> NotImplementedError:
    """PyTorch's error for numbers that a function is not made for."""
    kind, kernel = dtypes.of(dtype).scalar_name, kernel.removeprefix("special_")
    return NotImplementedError(f"\"{kernel}\" not implemented for '{kind}'")
