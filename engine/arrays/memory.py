"""Which memory an array shows, and whether two show the same."""

from __future__ import annotations

import numpy as np

from engine.arrays.types import Array


def keep_freed() -> None:
    """Let the C library keep the memory of large arrays for the next ones.

    glibc gives it back to the system until a block as large as it will ever keep (32 MiB) has been
    freed (mallopt(3), M_MMAP_THRESHOLD); with a million elements more than half of the time then
    goes into fetching pages anew. This block is never written, and so never has pages.
    """
    np.empty(2**25 - 2**16, np.uint8)


def owner_of(array: Array) -> Array:
    """The array whose memory `array` shows."""
    base = array.base
    while base is not None:
        if isinstance(base, np.ndarray):
            array = base
        elif not hasattr(base, "__array_interface__"):
            break  # the memory is somebody else's: bytes, a file
        base = base.base  # between an array and what as_strided makes of it something stands
    return array


def same_memory(a: Array, b: Array) -> bool:
    """Whether two arrays show the same memory, if not the same part of it."""
    return owner_of(a) is owner_of(b)


def address(array: Array) -> int:
    """Where the first element of an array lies in memory."""
    return array.__array_interface__["data"][0]  # type: ignore[no-any-return]


def overlaps_itself(array: Array) -> bool:
    """Whether two elements of `array` share one place in memory, as after expand."""
    return (
        0 in array.strides
        and 0 not in array.shape
        and any(
            size > 1 and stride == 0
            for size, stride in zip(array.shape, array.strides, strict=True)
        )
    )


def overlaps_partly(a: Array, b: Array) -> bool:
    """Whether two arrays share some memory but are not the same view of it."""
    if a is b or (a.base is None and b.base is None) or not same_memory(a, b):
        return False
    if address(a) == address(b) and a.shape == b.shape and a.strides == b.strides:
        return False
    return bool(np.may_share_memory(a, b)) and not overlaps_itself(b)
