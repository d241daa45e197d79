"""flow: how large the gradient is at each value, from the output down to the leaves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from engine.graph.tensor import Tensor
from engine.transforms import recorded
from gradcli.base.faults import Line
from gradcli.base.outputs import shortened
from gradcli.explain.formula.naming import Naming

MOST = 30
"""Rows; of a longer flow the quiet stretches are left out."""
BAR = 16
VANISHED, EXPLODED = 1e-6, 1e6
"""Of what it was at the output."""


class Size(NamedTuple):
    """The gradient at one value: its root mean square, and the shares that are zero or not finite.

    `remark` tells where it first vanished, exploded or was not finite any more.
    """

    name: str
    rms: float
    zeros: float
    broken: float
    numbers: int
    leaf: bool
    remark: str


class Flow:
    """The sizes, output first, for a screen of so many columns."""

    __slots__ = ("left_out", "sizes", "width")

    def __init__(self, sizes: list[Size], left_out: int, width: int) -> None:
        self.sizes = sizes
        self.left_out = left_out
        self.width = width

    def lines(self) -> list[Line]:
        """Name, bar (a factor of ten for every few cells), size, zeros, remark."""
        said = max((len(_said(size)) for size in self.sizes), default=0)
        room = max(self.width - BAR - said - 16, 16)
        names = [shortened(size.name, room) for size in self.sizes]
        wide = max(map(len, names), default=0)
        logs = [math.log10(s.rms) for s in self.sizes if 0 < s.rms < math.inf]
        low, high = min(logs, default=0.0), max(logs, default=0.0)
        found: list[Line] = []
        for name, size in zip(names, self.sizes, strict=True):
            line: Line = [
                (name.ljust(wide), "name"),
                ("  ", "plain"),
                (_bar(size, low, high).ljust(BAR), "gradient"),
                (f"  {_amount(size.rms)}", "value"),
            ]
            if _said(size):
                line.append((" " * (12 - len(_amount(size.rms))), "plain"))
                line.append((_said(size), "error" if size.remark else "dim"))
            found.append(line)
        if self.left_out:
            found.append([(f"... {self.left_out:,} more values, of sizes between these", "dim")])
        return found

    def facts(self) -> dict[str, Any]:
        """For JSON; what is not finite is text."""
        return {
            "flow": [
                {**size._asdict(), "rms": size.rms if math.isfinite(size.rms) else str(size.rms)}
                for size in self.sizes
            ],
            "left_out": self.left_out,
        }


def sizes(z: Tensor, names: Mapping[str, Any], width: int) -> Flow:
    """The sizes of the gradients of z; a z of several elements counts as their sum."""
    found: list[tuple[Any, Any]] = []
    leaves: dict[int, tuple[Tensor, Any]] = {}
    ones = np.ones(z.array.shape, z.array.dtype)
    for step in recorded.steps([(recorded.source(z), ones)]):
        incoming = (
            [g for g in step.incoming if g is not None]
            if type(step.incoming) is list
            else [step.incoming]
        )
        found.append((step.node, incoming[0]))
        for _, edge, g in step.onward():
            if isinstance(edge, Tensor):
                _, held = leaves.get(id(edge), (edge, None))
                leaves[id(edge)] = (edge, g if held is None else held + g)
    everything = [*found, *leaves.values()]
    measures = [_measured(g) for _, g in everything]
    remarks = _remarks(measures)
    naming = Naming(names)
    kept = _kept(everything, remarks, naming)
    rows = [
        Size(
            naming.called(everything[i][0]),
            *measures[i],
            isinstance(everything[i][0], Tensor),
            remarks.get(i, ""),
        )
        for i in kept
    ]
    return Flow(rows, len(everything) - len(kept), width)


def _measured(g: Any) -> tuple[float, float, float, int]:
    """Root mean square, share of zeros, share not finite, and how many numbers there are."""
    flat = np.asarray(g).reshape(-1)
    if flat.dtype.kind == "f" and flat.size:
        square = float(flat.dot(flat))
        if 1e-30 < square < 1e30:  # nothing overflowed, and nothing is lost
            zeros = 1 - np.count_nonzero(flat) / flat.size
            return math.sqrt(square / flat.size), float(zeros), 0.0, flat.size
    array = np.abs(np.asarray(g)).astype(np.float64)
    if not array.size:
        return 0.0, 0.0, 0.0, 0
    finite = np.isfinite(array)
    broken = 1 - float(finite.mean())
    top = float(array[finite].max(initial=0.0))
    rms = top * float(np.sqrt(np.square(array[finite] / top).mean())) if top else 0.0
    return (math.nan if broken else rms), float((array == 0).mean()), broken, array.size


def _remarks(measures: list[tuple[float, float, float, int]]) -> dict[int, str]:
    """Where the gradient first vanished, exploded or broke."""
    found: dict[int, str] = {}
    start = measures[0][0] if measures else 1.0
    met: set[str] = set()
    for place, (rms, zeros, broken, _) in enumerate(measures):
        kind = (
            "not finite from here"
            if broken
            else "all zero from here"
            if zeros == 1
            else "vanished here"
            if rms < VANISHED * start
            else "exploded here"
            if rms > EXPLODED * start
            else ""
        )
        if kind and kind not in met:
            met.add(kind)
            found[place] = kind
    return found


def _kept(everything: list[tuple[Any, Any]], remarks: dict[int, str], naming: Naming) -> list[int]:
    """The rows to show: all if they are few, else those with a name or a remark, and some more."""
    count = len(everything)
    if count <= MOST:
        return list(range(count))
    telling = [i for i in range(count) if i in remarks or naming.name(everything[i][0])]
    kept = {0, count - 1, *telling[: MOST // 3], *telling[-MOST // 3 :], *remarks}
    for place in np.linspace(0, count - 1, max(MOST - len(kept), 2)).astype(int):
        kept.add(int(place))
    return sorted(kept)


def _bar(size: Size, low: float, high: float) -> str:
    if size.broken:
        return "?"
    if not size.rms:
        return ""
    share = 1.0 if high == low else (math.log10(size.rms) - low) / (high - low)
    return "█" * max(1, round(BAR * share))


def _amount(value: float) -> str:
    return "not finite" if value != value else f"{value:.3g}"


def _said(size: Size) -> str:
    """The remark behind a number; of one kind, share and remark are one."""
    share, kind = (size.broken, "not finite") if size.broken else (size.zeros, "zero")
    if not share:
        return size.remark
    if kind in size.remark:
        return size.remark if share == 1 else f"{share:.0%} {size.remark}"
    return f"{share:.0%} {kind}" + f"   {size.remark}" * bool(size.remark)
