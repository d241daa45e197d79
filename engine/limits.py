"""How large one result may be: asked before anything is allocated.

`elements` is None in the library, where the operating system decides; a session sets it.
"""

from __future__ import annotations

from collections.abc import Iterable

elements: int | None = None


def check(shape: Iterable[int], itemsize: int = 4) -> None:
    """Raise PyTorch's allocation error if a result of `shape` would be over the limit."""
    if elements is None:
        return
    count = 1
    for size in shape:
        count *= size
    if count > elements:
        raise RuntimeError(
            "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: "
            f"you tried to allocate {count * itemsize} bytes. Error code 12 (Cannot allocate memory)"
        )
