"""PyTorch's text of a tensor, character for character.

The numbers are formatted with one common width, decided by those that are finite and not zero;
then the lines are filled, and what is not obvious from the numbers follows as suffixes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from engine.arrays import dtypes, journal
from engine.arrays.state import current
from engine.arrays.types import Array

_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": float("inf"), "edgeitems": 3, "linewidth": 80},
}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed, as torch.set_printoptions: None leaves all but sci_mode."""
    chosen = dict(_PROFILES.get(profile or "", {}))
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    chosen.update((name, value) for name, value in given.items() if value is not None)
    for name, value in (*chosen.items(), ("sci_mode", sci_mode)):
        journal.note_slot(current(), name)
        setattr(current(), name, value)


def get_printoptions() -> dict[str, Any]:
    """The options by name, fit for set_printoptions."""
    names = ("precision", "threshold", "edgeitems", "linewidth", "sci_mode")
    return {name: getattr(current(), name) for name in names}


@contextmanager
def printoptions(**chosen: Any) -> Iterator[None]:
    """Other options for a while."""
    before = get_printoptions()
    set_printoptions(**chosen)
    try:
        yield
    finally:
        set_printoptions(**before)


def tensor_text(
    array: Array,
    *,
    requires_grad: bool = False,
    grad_fn: str | None = None,
    prefix: str = "tensor(",
) -> str:
    """The text that PyTorch prints for a tensor; `grad_fn` is the name of the node that made it."""
    indent = len(prefix)
    text = prefix + (_body(array, indent) if array.size else "[]")
    suffixes = _suffixes(array)
    if grad_fn is not None:
        suffixes.append(f"grad_fn=<{grad_fn}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    length = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if length + len(suffix) + 2 > current().linewidth:
            text += ",\n" + " " * indent + suffix
            length = indent + len(suffix)
        else:
            text += ", " + suffix
            length += len(suffix) + 2
    return text + ")"


_MANIFEST = frozenset((np.dtype(np.int64), np.dtype(np.bool_)))  # the numbers show it


def _suffixes(array: Array) -> list[str]:
    suffixes = []
    dtype, default = array.dtype, dtypes.get_default_dtype().numpy
    if (array.ndim != 1) if not array.size else not current().edgeitems:
        suffixes.append(f"size={array.shape}")
    if dtype != default and (
        not array.size or (dtype not in _MANIFEST and not _is_default_complex(dtype))
    ):
        suffixes.append(f"dtype={dtypes.of(dtype)}")
    return suffixes


def _is_default_complex(dtype: np.dtype[Any]) -> bool:
    return dtype.kind == "c" and (dtype.itemsize == 16) is (
        dtypes.get_default_dtype() is dtypes.float64
    )


def _body(array: Array, indent: int) -> str:
    edge = current().edgeitems if array.size > current().threshold else None
    if edge == 0 and array.ndim:
        return "[...]"
    shown = array if edge is None else array[_ends(array.shape, edge)]
    texts, width = _texts(shown)
    if not array.ndim:
        return texts[0]
    cuts = [size != count for size, count in zip(array.shape, shown.shape, strict=True)]
    return _lines(texts, shown.shape, cuts, width, indent)


def values_text(array: Array, width: int = 40) -> str:
    """The numbers alone on one line, in the same style: [5., 4.]. What is too long is folded."""
    if not array.size:
        return "[]"
    for edge in (None, 3, 2, 1):
        if edge is None and array.size > width:
            continue
        shown = array if edge is None else array[_ends(array.shape, edge)]
        cuts = [size != count for size, count in zip(array.shape, shown.shape, strict=True)]
        text = _line([text.lstrip() for text in _texts(shown)[0]], shown.shape, cuts)
        if len(text) <= width:
            return text
    return f"shape {list(array.shape)}" if array.ndim else text


# ---- numbers ---------------------------------------------------------------------------------


def _texts(array: Array) -> tuple[list[str], int]:
    """Every number's text, justified, and the width a line reckons with for each."""
    kind = array.dtype.kind
    flat = array.reshape(-1)
    if kind == "f":
        return _floats(flat.tolist())
    if kind == "c":
        wide = flat.astype(np.complex128)
        (reals, width), (imaginaries, other) = (
            _floats(part.tolist()) for part in (wide.real, wide.imag)
        )
        pairs = zip(reals, imaginaries, strict=True)
        return [_joined(real, imaginary) for real, imaginary in pairs], width + other + 1
    if kind == "V":
        return _floats(flat.astype(np.float64).tolist())
    texts = [str(value) for value in flat.tolist()]
    width = max(map(len, texts))
    return [text.rjust(width) for text in texts], width


def _floats(values: list[float]) -> tuple[list[str], int]:
    counted = [value for value in values if value and value - value == 0.0]
    form = _format_of(counted)
    width = max([len(form % value) for value in counted], default=1)
    if form != _INTEGER:
        return [(form % value).rjust(width) for value in values], width
    texts = [form % value if value - value == 0.0 else str(value) for value in values]
    return [text.rjust(width) for text in texts], width


_INTEGER = "%.0f."


def _format_of(counted: list[float]) -> str:
    """How to format these numbers, none of them zero."""
    if not counted:
        return _INTEGER
    magnitudes = [abs(value) for value in counted]
    least, most = min(magnitudes), max(magnitudes)
    scientific = current().sci_mode
    if scientific is None:
        scientific = most / least > 1000.0 or most > 1.0e8 or least < 1.0e-4
    if scientific:
        return f"%.{current().precision}e"
    if all(value.is_integer() for value in counted):
        return _INTEGER
    return f"%.{current().precision}f"


def _joined(real: str, imaginary: str) -> str:
    imaginary = imaginary.lstrip() + "j"
    return real + imaginary if imaginary[0] in "+-" else f"{real}+{imaginary}"


# ---- layout ----------------------------------------------------------------------------------


def _ends(shape: tuple[int, ...], edge: int) -> tuple[Array, ...]:
    """An index of the first and last `edge` of every dimension that is longer than both."""
    kept = [
        [*range(edge), *range(size - edge, size)] if size > 2 * edge else range(size)
        for size in shape
    ]
    return np.ix_(*kept)


def _lines(
    texts: list[str], shape: tuple[int, ...], cuts: list[bool], width: int, indent: int
) -> str:
    """The texts in nested brackets; a dimension in `cuts` shows dots in its middle."""
    if len(shape) == 1:
        if cuts[0]:
            half = len(texts) // 2
            texts = [*texts[:half], " ...", *texts[half:]]
        fitting = max(1, (current().linewidth - indent) // (width + 2))
        lines = [", ".join(texts[at : at + fitting]) for at in range(0, len(texts), fitting)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    parts = [
        _lines(part, shape[1:], cuts[1:], width, indent + 1) for part in _split(texts, shape[0])
    ]
    if cuts[0]:
        parts.insert(len(parts) // 2, "...")
    separator = "," + "\n" * (len(shape) - 1) + " " * (indent + 1)
    return "[" + separator.join(parts) + "]"


def _line(texts: list[str], shape: tuple[int, ...], cuts: list[bool]) -> str:
    """The same on one line."""
    if not shape:
        return texts[0]
    parts = [_line(part, shape[1:], cuts[1:]) for part in _split(texts, shape[0])]
    if cuts[0]:
        parts.insert(len(parts) // 2, "...")
    return "[" + ", ".join(parts) + "]"


def _split(texts: list[str], count: int) -> list[list[str]]:
    size = len(texts) // count
    return [texts[at : at + size] for at in range(0, len(texts), size)]
