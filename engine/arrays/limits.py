"""How large one result, and the whole process, may be: asked before anything is allocated.

Both limits are None in the library, where the operating system decides; a session sets them.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable
from math import prod

elements: int | None = None
"""The most elements of one result."""
memory: int | None = None
"""The most bytes of the process; looked at each time as many as `OFTEN` were asked for."""
OFTEN = 50_000_000

_asked = 0


def check(shape: Iterable[int], itemsize: int = 4) -> None:
    """Raise PyTorch's allocation error if a result of `shape` would be over a limit."""
    global _asked
    if elements is None:
        return
    count = prod(shape := tuple(shape))
    if count > elements:
        raise no_memory(shape, itemsize)
    _asked += count * itemsize
    if _asked > OFTEN:
        _asked = 0
        if memory is not None and resident() + count * itemsize > memory:
            gc.collect()
            if resident() + count * itemsize > memory:
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
