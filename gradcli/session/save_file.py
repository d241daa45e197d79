"""save and load of a session: an .npz file without pickle.

One member, `session.json`, says what the names are bound to; the others are plain arrays, each a
stretch of memory. A tensor is a window on one of them, so that names which shared memory, or were
one object, do so again. Writing goes to a file beside, which then takes the place of the old one.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import dtypes, limits
from engine.arrays.memory import owner_of
from engine.graph.registry import namespaces
from engine.graph.tensor import Size, Tensor, leaf
from engine.random.generator import Generator, default_generator
from gradcli.base.faults import Fault
from gradcli.session.data_files import Reader, unreadable
from gradcli.session.session import Session

FORMAT = 1
INDEX = "session.json"
_DEEPEST = 50
_HOOKS = ("_before", "_after")
"""The hooks before and after an optimizer's step; functions are not saved."""


class _Unsaved(Exception):  # noqa: N818 - a signal
    """A value that a file cannot hold."""


# ---- writing -----------------------------------------------------------------------------------


def save_session(session: Session, path: Path) -> list[str]:
    """Write a session; the names whose values a file cannot hold are left out and returned."""
    _only_over_own(path)
    writer = _Writer()
    names: dict[str, Any] = {}
    left_out = []
    for name, value in session.variables.items():
        if name == "_":
            continue
        known = dict(writer.objects)
        try:
            names[name] = writer.encode(value)
        except _Unsaved:
            left_out.append(name)
            writer.objects = known
    settings = {name: getattr(session.settings, name) for name in session.settings.__slots__}
    index = {
        "format": FORMAT,
        "names": names,
        "tensors": writer.tensors,
        "settings": settings,
        "generator": writer.memory(default_generator.raw_state()),
    }
    _write(path, json.dumps(index), writer.arrays)
    return left_out


class _Writer:
    """The contents of a file in the making: tensors as windows, and the memory they show."""

    def __init__(self) -> None:
        self.tensors: list[dict[str, Any]] = []
        self.arrays: list[np.ndarray[Any, Any]] = []
        self._tensors: dict[int, int] = {}
        self._memory: dict[int, int] = {}
        self.objects: dict[int, int] = {}

    def encode(self, value: Any, depth: int = 0) -> Any:
        """A value as JSON. Raises _Unsaved for one that cannot be."""
        kind = type(value)
        if value is None or kind in (bool, str):
            return value
        if kind in (int, float, complex):
            return {"number": kind.__name__, "text": repr(value)}
        if isinstance(value, Tensor):
            return {"tensor": self._tensor(value)}
        if depth > _DEEPEST:
            raise _Unsaved
        if kind in (list, tuple, Size):
            return {kind.__name__: [self.encode(part, depth + 1) for part in value]}
        if kind in (dict, defaultdict):
            return {
                "dict": [
                    [self.encode(k, depth + 1), self.encode(v, depth + 1)] for k, v in value.items()
                ]
            }
        if kind is dtypes.dtype:
            return {"dtype": value.name}
        if kind in (range, slice):
            parts = (value.start, value.stop, value.step)
            return {kind.__name__: [self.encode(part) for part in parts]}
        if kind.__module__.startswith("engine.optim."):
            return self._remembering(value, depth)
        raise _Unsaved

    def _remembering(self, value: Any, depth: int) -> Any:
        """An optimizer or scheduler: its class, and what it remembers. One object stays one."""
        place = self.objects.get(id(value))
        if place is None:
            facts = {name: fact for name, fact in vars(value).items() if name not in _HOOKS}
            place = self.objects[id(value)] = len(self.objects)
            encoded = self.encode(facts, depth + 1)
            return {"made": [type(value).__name__, place, encoded]}
        return {"made again": place}

    def memory(self, array: np.ndarray[Any, Any]) -> dict[str, Any]:
        """An array as a window on a member."""
        owner = owner_of(array)
        place = self._memory.get(id(owner))
        if place is None:
            place = self._memory[id(owner)] = len(self.arrays)
            self.arrays.append(owner.ravel(order="K"))
        start = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
        return {
            "memory": place,
            "offset": start,
            "shape": list(array.shape),
            "strides": list(array.strides),
            "dtype": array.dtype.name,
        }

    def _tensor(self, tensor: Tensor) -> int:
        place = self._tensors.get(id(tensor))
        if place is None:
            place = self._tensors[id(tensor)] = len(self.tensors)
            entry: dict[str, Any] = {}
            self.tensors.append(entry)
            entry.update(self.memory(tensor.array))
            entry["requires_grad"] = tensor.requires_grad and tensor.is_leaf
            entry["parameter"] = bool(tensor.parameter)
            entry["grad"] = None if tensor._grad is None else self._tensor(tensor._grad)
        return place


def _write(path: Path, index: str, arrays: list[np.ndarray[Any, Any]]) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(INDEX, index)
            for place, array in enumerate(arrays):
                with archive.open(f"{place}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)
        os.replace(beside, path)
    except OSError as error:
        raise Fault(type(error).__name__, f"cannot write {path}: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)


def _only_over_own(path: Path) -> None:
    """Refuse to write over a file that is no saved session."""
    if not path.exists():
        return
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if INDEX in archive.namelist():
                return
    raise Fault(
        "FileExistsError",
        f"{path.name} exists and is no saved session",
        fixes=("save another_name",),
    )


# ---- reading -----------------------------------------------------------------------------------


def load_session(session: Session, path: Path) -> list[str]:
    """Bind what a saved session holds; other names stay. Returns the names."""
    with Reader(path) as reader:
        if INDEX not in reader.names:
            raise Fault(
                "ValueError",
                f"{path.name} is no saved session",
                why="save writes one; an array is read into a name.",
                fixes=(f"load x {path.name}",),
            )
        try:
            index = json.loads(reader.text(INDEX))
            if index["format"] != FORMAT:
                raise Fault("ValueError", f"{path.name} was saved by a later version of gradcli")
            found = _Loader(reader, index["tensors"])
            values = {str(name): found.decode(value) for name, value in index["names"].items()}
            state = found.window(index["generator"])
            Generator().set_state(state)
            settings = {name: index["settings"][name] for name in session.settings.__slots__}
        except (
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            IndexError,
            RuntimeError,
            OverflowError,
        ) as error:
            raise unreadable(path, "it is damaged") from error
    for name, value in settings.items():
        if name != "seed" and value is not None:
            session.change(name, value)
    default_generator.set_state(state)
    session.variables.update(values)
    return list(values)


class _Loader:
    """Tensors by their place in the index, each made once."""

    def __init__(self, reader: Reader, tensors: list[Any]) -> None:
        self.reader = reader
        self.entries = tensors
        self._tensors: dict[int, Tensor] = {}
        self._memory: dict[int, np.ndarray[Any, Any]] = {}
        self._objects: dict[int, Any] = {}

    def decode(self, value: Any) -> Any:
        """The inverse of _Writer.encode."""
        if not isinstance(value, dict):
            return value
        (kind, content), *more = value.items()
        if kind == "number":
            return {"int": int, "float": float, "complex": complex}[content](value["text"])
        if more:
            raise ValueError(kind)
        if kind == "tensor":
            return self.tensor(content)
        if kind == "dtype":
            return dtypes.names[content]
        if kind == "dict":
            return {self.decode(k): self.decode(v) for k, v in content}
        if kind == "made":
            return self._made(*content)
        if kind == "made again":
            return self._objects[content]
        parts = [self.decode(part) for part in content]
        if kind in ("range", "slice"):
            return (range if kind == "range" else slice)(*parts)
        return {"list": list, "tuple": tuple, "Size": Size}[kind](parts)

    def _made(self, name: str, place: int, facts: Any) -> Any:
        """An optimizer or scheduler that remembers these facts."""
        optimizers, schedulers = namespaces["torch.optim"], namespaces["torch.optim.lr_scheduler"]
        found = optimizers.get(name) or schedulers[name]
        if not issubclass(found, (optimizers["Optimizer"], schedulers["LRScheduler"])):
            raise ValueError(name)
        made = self._objects[place] = found.__new__(found)
        for fact, value in self.decode(facts).items():
            setattr(made, fact, value)
        if isinstance(made, optimizers["Optimizer"]):
            made.state = defaultdict(dict, made.state)
            for hooks in _HOOKS:
                setattr(made, hooks, [])
        return made

    def tensor(self, place: int) -> Tensor:
        """The tensor at a place of the index, its gradient too."""
        tensor = self._tensors.get(place)
        if tensor is None:
            entry = self.entries[place]
            tensor = self._tensors[place] = leaf(self.window(entry), bool(entry["requires_grad"]))
            if entry.get("parameter"):
                tensor.parameter = True
            if entry["grad"] is not None:
                tensor.grad = self.tensor(entry["grad"])
        return tensor

    def window(self, entry: dict[str, Any]) -> np.ndarray[Any, Any]:
        """An array on a member's memory. NumPy refuses one that reaches outside."""
        place = entry["memory"]
        memory = self._memory.get(place)
        if memory is None:
            memory = self._memory[place] = self.reader.array(f"{place}.npy")
        kind = dtypes.names[entry["dtype"]].numpy
        shape, strides = entry["shape"], entry["strides"]
        limits.check(shape, kind.itemsize)
        found = np.ndarray(shape, kind, memory, entry["offset"], strides)
        same = (found.shape, found.strides, kind) == (memory.shape, memory.strides, memory.dtype)
        return memory if same else found
