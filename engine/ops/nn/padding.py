"""Padding: with a constant, or with what is there mirrored, repeated or wrapped round."""

from __future__ import annotations

from typing import Any

from engine.dispatch.arguments import array_of
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.nn.linear_maps import Map, sampled

Pads = tuple[tuple[int, int], ...]
"""For each dimension, how much is added before and behind; negative is taken away."""


def _constant(xp: Any, x: Any, pads: Pads, value: float) -> Any:
    added = [(max(before, 0), max(behind, 0)) for before, behind in pads]
    out = xp.pad(x, added, constant_values=value) if any(map(any, added)) else xp.array(x)
    inner = tuple(
        slice(max(-before, 0), out.shape[dim] - max(-behind, 0))
        for dim, (before, behind) in enumerate(pads)
    )
    return out[inner]


op(
    "constant_pad_nd(x; pads, value)",
    _constant,
    written="pad(x, pads, value=value)",
    x=lambda ns, g, pads: ns.constant_pad_nd(
        g, tuple((-before, -behind) for before, behind in pads), 0.0
    ),
)

_MODES = {"reflect": "reflection", "replicate": "replication", "circular": "circular"}
for _kind in ("reflection", "replication"):
    for _count in (1, 2, 3):
        _node = f"{_kind.capitalize()}Pad{_count}DBackward0"
        sampled(f"{_kind}_pad{_count}d", _node, beside=True)
sampled("circular_pad", "CopySlices")


def _pairs(widths: Any) -> list[tuple[int, int]]:
    """PyTorch's list, the last dimension first, as pairs."""
    values = [int(width) for width in widths]
    if len(values) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    return list(zip(values[::2], values[1::2], strict=True))


@public("F")
def pad(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """input with more at the ends of its last dimensions; pad lists the last dimension first."""
    x = array_of("pad", input)
    pairs = _pairs(pad)
    if len(pairs) > x.ndim:
        raise RuntimeError(
            f"Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {2 * len(pairs)} and input of dimension {x.ndim}"
        )
    if mode == "constant":
        return _padded(input, pairs, 0.0 if value is None else value)
    if value:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in _MODES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    return _by_index(input, pairs, mode)


@public("torch")
def constant_pad_nd(input: Tensor, pad: Any, value: float = 0) -> Tensor:
    """input with a constant at the ends of its last dimensions."""
    return _padded(input, _pairs(pad), value)


def _padded(input: Tensor, pairs: list[tuple[int, int]], value: float) -> Tensor:
    x = input.array
    pads = (*((0, 0),) * (x.ndim - len(pairs)), *reversed(pairs))
    for dim, (before, behind) in enumerate(pads):
        if x.shape[dim] + before + behind < 0:
            raise RuntimeError("narrow(): length must be non-negative.")
    return ops.constant_pad_nd(input, pads, value)


def _by_index(input: Tensor, pairs: list[tuple[int, int]], mode: str) -> Tensor:
    x, count = input.array, len(pairs)
    if x.ndim not in (count + 1, count + 2):
        raise NotImplementedError(
            "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now"
        )
    maps = []
    for place, (before, behind) in enumerate(pairs):
        dim = x.ndim - 1 - place
        size = x.shape[dim]
        if mode == "reflect" and (before >= size or behind >= size):
            raise RuntimeError(
                "Argument #4: Padding size should be less than the corresponding input dimension, "
                f"but got: padding ({before}, {behind}) at dimension {dim} of input "
                f"{list(x.shape)}"
            )
        if mode == "circular" and (before > size or behind > size):
            raise RuntimeError("Padding value causes wrapping around more than once.")
        if before or behind:
            maps.append(Map(dim, mode, size, size + before + behind, (before,)))
    name = "circular_pad" if mode == "circular" else f"{_MODES[mode]}_pad{count}d"
    return getattr(ops, name)(input, tuple(maps))
