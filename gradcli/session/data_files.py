"""Numbers from files: .csv, .npy and .npz, their size known before they are read, never pickled."""

from __future__ import annotations

import zipfile
import zlib
from array import array as NumberArray  # noqa: N812 - `array` is NumPy's here
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO

import numpy as np

from engine.arrays import dtypes
from engine.graph.tensor import Tensor
from gradcli.base.faults import Fault

LARGEST = 256_000_000
"""The most bytes of numbers one file may hold."""
LARGEST_TEXT = 64_000_000
"""The most bytes of text one .csv file may hold."""

Array = np.ndarray[Any, Any]


def read_tensor(path: Path, which: str | None = None) -> Tensor:
    """The numbers in a file as a tensor; `which` names an array of an .npz file.

    Raises:
        Fault: for a file that is not there, too large, damaged, or holds anything but numbers.
    """
    from engine.graph.tensor import wrap

    kind = path.suffix.lower()
    if kind not in (".csv", ".txt", ".tsv", ".npy", ".npz"):
        raise unreadable(path, "its name ends in none of .csv .npy .npz")
    if which is not None and kind != ".npz":
        raise Fault("ValueError", f"array= chooses from an .npz file, and {path.name} is none")
    if kind == ".npz":
        with Reader(path) as reader:
            array = reader.array(_member(reader, which) + ".npy")
    elif kind == ".npy":
        with _opened(path) as file:
            array = _array(file, path, path.stat().st_size)
    else:
        array = _table(path)
    return wrap(array)


def unreadable(path: Path, why: str) -> Fault:
    """The error for a file that cannot be read."""
    return Fault("ValueError", f"cannot read {path.name}", why=why + ".")


# ---- .npy and .npz -----------------------------------------------------------------------------


class Reader:
    """The members of an .npz file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _opened(path)
        try:
            self._archive = zipfile.ZipFile(self._file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            self._file.close()
            raise unreadable(path, "it is damaged, or no .npz file") from error
        self.names = self._archive.namelist()
        if sum(each.file_size for each in self._archive.infolist()) > LARGEST:
            self._file.close()
            raise unreadable(path, f"it holds more than {LARGEST // 1_000_000} MB")

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: object
    ) -> None:
        self._archive.close()
        self._file.close()
        if isinstance(error, (zipfile.BadZipFile, OSError, EOFError, RuntimeError, zlib.error)):
            raise unreadable(self.path, "it is damaged") from error

    def text(self, name: str) -> str:
        """A member that is text."""
        return self._archive.read(name).decode()

    def array(self, name: str) -> Array:
        """A member that is an array."""
        with self._archive.open(name) as file:
            return _array(file, self.path, self._archive.getinfo(name).file_size)


def _member(reader: Reader, which: str | None) -> str:
    """The array that is meant. Raises Fault if that is not clear."""
    names = [name.removesuffix(".npy") for name in reader.names if name.endswith(".npy")]
    file = reader.path.name
    if which is None and len(names) == 1:
        return names[0]
    if which is not None and which in names:
        return which
    if "session.json" in reader.names:
        raise Fault("ValueError", f"{file} is a saved session", fixes=(f"load {file}",))
    known = ", ".join(names[:8]) or "no arrays"
    missing = "" if which is None else f" and no {which!r}"
    raise Fault(
        "ValueError",
        f"{file} holds {known}{missing}",
        fixes=[f"load x {file} array='{n}'" for n in names[:2]],
    )


def _opened(path: Path) -> BinaryIO:
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        if path.exists() and not path.is_file():
            raise unreadable(path, "it is no plain file")
        return path.open("rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Fault(
            type(error).__name__,
            f"cannot read {path}: {reason}",
            why="names of files count from the folder of the session.",
        ) from error


def _array(file: Any, path: Path, size: int) -> Array:
    """An array in NumPy's own format. Its header is believed only as far as the file reaches."""
    header = np.lib.format
    try:
        version = header.read_magic(file)
        read = header.read_array_header_1_0 if version == (1, 0) else header.read_array_header_2_0
        shape, fortran, kind = read(file)
    except (ValueError, SyntaxError, EOFError, TokenError) as error:
        raise unreadable(path, "it is damaged, or no .npy file") from error
    if kind.kind not in "biufc":
        raise unreadable(path, f"it holds {kind.name}, and a tensor holds numbers")
    count = 1
    for length in shape:
        count *= length
    if count * kind.itemsize > LARGEST:
        raise unreadable(path, f"it holds more than {LARGEST // 1_000_000} MB")
    if count * kind.itemsize > size:
        raise unreadable(path, "it ends too early")
    array = np.empty(count, kind)
    if count and not _filled(array, file):
        raise unreadable(path, "it ends too early")
    if len(shape) != 1:
        array = array.reshape(shape, order="F" if fortran else "C")
    native = array.astype(kind.newbyteorder("="), copy=False)
    try:
        dtypes.of(native.dtype)
    except TypeError:
        raise unreadable(path, f"it holds {kind.name}, which no tensor has") from None
    return native


def _filled(array: Array, file: Any) -> bool:
    """Whether the file held as many bytes as the array takes."""
    memory = memoryview(array.data).cast("B")
    while memory:
        count = file.readinto(memory)
        if not count:
            return False
        memory = memory[count:]
    return True


# ---- text --------------------------------------------------------------------------------------


def _table(path: Path) -> Array:
    """Numbers in lines: separated by commas, semicolons, tabs or blanks, under a head or not."""
    with _opened(path) as file:
        data = file.read(LARGEST_TEXT + 1)
    if len(data) > LARGEST_TEXT:
        raise unreadable(path, f"it is larger than {LARGEST_TEXT // 1_000_000} MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise unreadable(path, "it is no text in UTF-8") from error
    lines = [
        (number, line)
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not lines:
        raise unreadable(path, "it holds no numbers")
    mark = next((m for m in (",", ";", "\t") if m in lines[0][1]), None)
    if _numbers(lines[0][1].split(mark)) is None and len(lines) > 1:
        del lines[0]
    numbers = NumberArray("d")
    width = len(lines[0][1].split(mark))
    for number, line in lines:
        cells = line.split(mark)
        row = _numbers(cells)
        if row is None:
            place = next(i for i, cell in enumerate(cells, 1) if _numbers([cell]) is None)
            cell = cells[place - 1].strip()[:40]
            raise unreadable(path, f"line {number}, column {place}: {cell!r} is no number")
        if len(row) != width:
            raise unreadable(path, f"line {number} has {len(row)} columns, and the first {width}")
        numbers.extend(row)
    array = np.array(numbers, dtypes.get_default_dtype().numpy)
    return array if width == 1 or len(lines) == 1 else array.reshape(-1, width)


def _numbers(cells: list[str]) -> list[float] | None:
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        return None
