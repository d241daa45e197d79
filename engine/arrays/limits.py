"""How large one result, and the whole process, may be: asked before anything is allocated.

The limits are the state's; in the library there are none, and the operating system decides.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable
from math import prod

from engine.arrays.state import current

OFTEN = 50_000_000
"""How many bytes may be asked for until the process is looked at again."""


def check(shape: Iterable[int], itemsize: int = 4) -> None:
    """Raise PyTorch's allocation error if a result of `shape` would be over a limit."""
    state = current()
    if state.elements is None:
        return
    count = prod(shape := tuple(shape))
    if count > state.elements:
        raise no_memory(shape, itemsize)
    state.asked += count * itemsize
    if state.asked > OFTEN:
        state.asked = 0
        if state.memory is not None and resident() + count * itemsize > state.memory:
            gc.collect()
            if resident() + count * itemsize > state.memory:
                raise no_memory(shape, itemsize)


def resident() -> int:
    """The bytes of memory the process holds; where only that is known, the most it ever held."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        pass
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:
        return 0
    return getrusage(RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def no_memory(shape: Iterable[int], itemsize: int) -> RuntimeError:
    """PyTorch's allocation error."""
    return RuntimeError(
        "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried "
        f"to allocate {prod(shape) * itemsize} bytes. Error code 12 (Cannot allocate memory)"
    )
