"""Runs small programs under PyTorch and writes down what they say.

`python -m tests.recorder.programs [NAME...]` runs those of NAME.txt beside this file, one a line,
and writes what they say to tests/engine/recorded/NAME.json.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from tests.engine.programs import RECORDED, said
from tests.recorder.names import complete

USING: dict[str, Mapping[str, str]] = {
    "complex": {},
    "draws": {},
    "linear_algebra": {},
    "special": {
        "x": "T([0.5, 1.5], requires_grad=True)",
        "i": "T([2, 3])",
        "b": "T([True, False])",
        "z": "T([1j])",
        "h": "torch.ones(2, dtype=torch.float16)",
    },
    "statistics": {
        "x": "T([[3., 1., 2.], [4., 4., 0.]], requires_grad=True)",
        "v": "T([1., 5., 2., 2.], requires_grad=True)",
        "i": "T([[3, 1, 2], [4, 4, 0]])",
        "e": "torch.ones(0)",
        "nan": "float('nan')",
    },
    "training": {},
}
"""The recordings, and the names that the programs of each may use."""


def write(name: str, programs: Iterable[str]) -> None:
    """Write what PyTorch says to programs."""
    torch.set_warn_always(True)
    write_rows(RECORDED / f"{name}.json", ({"code": c, **said(torch, c)} for c in programs))


def write_rows(path: Path, rows: Iterable[Any]) -> None:
    """Write a list in JSON, a line for each of its items."""
    text = ",\n".join(map(json.dumps, rows))
    path.write_text(f"[\n{text}\n]\n", encoding="utf-8")


def programs(name: str) -> list[str]:
    """The programs of a text file beside this one, a line each."""
    text = Path(__file__).with_name(f"{name}.txt").read_text(encoding="utf-8")
    return text.strip().splitlines()


def main() -> None:
    """Record what is named, or all of it."""
    for name in sys.argv[1:] or USING:
        first = "torch.manual_seed(7); " if name == "draws" else ""
        write(name, (first + code for code in complete(programs(name), USING[name])))


if __name__ == "__main__":
    main()
