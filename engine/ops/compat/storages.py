"""The memory of tensors as objects: x.untyped_storage(), bytes, and x.storage(), elements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import dtypes, journal, limits
from engine.arrays.memory import address, owner_of
from engine.arrays.state import warn
from engine.dispatch.arguments import Device
from engine.graph import storage
from engine.graph.registry import expose, public
from engine.graph.tensor import Tensor

_DEPRECATED = (
    "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be the "
    "only storage class. This should only matter to you if you are using storages directly.  To "
    "access UntypedStorage directly, use tensor.untyped_storage() instead of tensor.storage()"
)


class UntypedStorage:
    """The bytes that tensors show, as torch.UntypedStorage."""

    __slots__ = ("array",)
    _dtype = np.dtype(np.uint8)

    def __init__(self, owner: Any = 0) -> None:
        if isinstance(owner, int):
            limits.check((owner,), 1)
            owner = np.zeros(owner, np.uint8)
        self.array = owner

    def _numbers(self) -> Any:
        """The memory as a vector."""
        flat = self.array if self.array.flags.c_contiguous else self.array.T
        return np.ndarray(flat.nbytes // self._dtype.itemsize, self._dtype, flat, 0)

    def _describe(self) -> str:
        return f"torch.storage.UntypedStorage(device=cpu) of size {len(self)}"

    def __repr__(self) -> str:
        lines = "".join(f" {value}\n" for value in self._numbers().tolist())
        return f"{lines}[{self._describe()}]"

    def __len__(self) -> int:
        return int(self.array.nbytes // self._dtype.itemsize)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedStorage) and self.array is other.array

    def __hash__(self) -> int:
        return id(self.array)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(self._numbers()[index].copy())
        return self._numbers()[index].item()

    def __setitem__(self, index: Any, value: Any) -> None:
        self._write(index, value)

    def _write(self, index: Any, value: Any) -> None:
        journal.note_contents(self.array)
        self._numbers()[index] = value
        storage.note_write(self.array)

    def size(self) -> int:
        """How many elements (bytes) it has."""
        return len(self)

    def nbytes(self) -> int:
        """How many bytes it has."""
        return int(self.array.nbytes)

    def element_size(self) -> int:
        """The bytes of one element."""
        return self._dtype.itemsize

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return address(self.array)

    def tolist(self) -> list[Any]:
        """Its elements (bytes) as Python numbers."""
        numbers: list[Any] = self._numbers().tolist()
        return numbers

    def fill_(self, value: Any) -> Any:
        """In place: every element (byte) becomes value."""
        self._write(slice(None), value)
        return self

    def copy_(self, source: Any, non_blocking: bool | None = None) -> Any:
        """In place: the elements (bytes) of another storage."""
        self._write(slice(None), source._numbers())
        return self

    def clone(self) -> Any:
        """A copy."""
        return type(self)(self._numbers().copy())

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return UntypedStorage(self.array)

    def cpu(self) -> Any:
        """Itself: everything is on the CPU."""
        return self

    def type(self, dtype: Any = None) -> str:
        """The name of its class."""
        return "torch.storage.UntypedStorage"

    def is_shared(self) -> bool:
        """Whether other processes share it: never."""
        return False

    def is_pinned(self, device: Any = None) -> bool:
        """Whether it is pinned for another device: never."""
        return False

    def resizable(self) -> bool:
        """Whether it can change its size: here a tensor does, not its storage."""
        return False

    @property
    def device(self) -> Device:
        """Where it is."""
        return Device("cpu")

    @property
    def is_cuda(self) -> bool:
        """Whether it is on a GPU: never."""
        return False


class TypedStorage(UntypedStorage):
    """The elements that tensors of one dtype show, as torch.TypedStorage."""

    __slots__ = ("_dtype",)

    def __init__(self, owner: Any = 0, dtype: Any = None) -> None:
        self._dtype = dtype or getattr(owner, "dtype", None) or dtypes.get_default_dtype().numpy
        if isinstance(owner, int):
            limits.check((owner,), self._dtype.itemsize)
            owner = np.zeros(owner, self._dtype)
        super().__init__(owner)

    def _describe(self) -> str:
        dtype = dtypes.of(self._dtype)
        return f"torch.storage.TypedStorage(dtype={dtype}, device=cpu) of size {len(self)}"

    @property
    def dtype(self) -> dtypes.dtype:
        """The element type."""
        return dtypes.of(self._dtype)

    def type(self, dtype: Any = None) -> str:
        """The name of its class by its dtype."""
        return f"torch.{dtypes.of(self._dtype).scalar_name}Storage"


for _class in (UntypedStorage, TypedStorage):
    _class.__module__ = "torch.storage"
    expose(_class.__name__, _class, "torch")


@public("Tensor")
def untyped_storage(self: Tensor) -> UntypedStorage:
    """The bytes that self shows part of."""
    return UntypedStorage(owner_of(self.array))


@public("Tensor", "storage")
def storage_of(self: Tensor) -> TypedStorage:
    """The elements that self shows part of. Deprecated: see untyped_storage."""
    warn(_DEPRECATED, UserWarning)
    return TypedStorage(owner_of(self.array), self.array.dtype)


@public("torch")
def is_storage(obj: Any) -> bool:
    """Whether obj is a storage."""
    return isinstance(obj, UntypedStorage)
