"""Text from files and standard input: bounded, and UTF-8 or an error that says where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from gradcli.base.faults import Fault

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 4_000_000
"""The most bytes of one source."""


def read_file(path: Path) -> str:
    """The text of a file. Raises Fault if it cannot be read, is too long or is no text."""
    try:
        with path.open("rb") as file:
            return read_stream(file, str(path))
    except OSError as error:
        raise Fault(
            type(error).__name__,
            f"cannot read {path}: {error.strerror}",
            why="names of files count from the folder gradcli runs in.",
        ) from error


def read_stream(stream: BinaryIO, name: str) -> str:
    """The text of a stream that is open. Raises Fault as read_file."""
    data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Fault(
            "MemoryError",
            f"{name} has more than {LARGEST:,} bytes",
            fixes=("keep data in a file of its own: load x data.csv",),
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        why = f"line {line} holds the byte {data[error.start]:#04x}."
        raise Fault("SyntaxError", f"{name} is no text in UTF-8", why=why) from error
