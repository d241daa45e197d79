"""How large one result may be: asked before anything is allocated.

`elements` is None in the library, where the operating system decides; a session sets it.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

elements: int | None = None


def check(shape: Iterable[int], itemsize: int = 4) -> None:
    """Raise PyTorch's allocation error if a result of `shape` would be over the limit."""
    if elements is None:
        return
    if prod(shape := tuple(shape)) > elements:
        raise no_memory(shape, itemsize)


def no_memory(shape: Iterable[int], itemsize: int) -> RuntimeError:
    """PyTorch's allocation error."""
    return RuntimeError(
        "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to "
        f"allocate {prod(shape) * itemsize} bytes. Error code 12 (Cannot allocate memory)"
    )
