"""interpolate and its kin: each a map along the last dimensions."""

from __future__ import annotations

import math
from typing import Any

from engine.dispatch.arguments import array_of
from engine.dispatch.fast_path import TENSORS as ops
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.nn.linear_maps import Map, sampled
from engine.ops.nn.pooling import adaptive_avg_pool

_DIMS = {
    "nearest": (1, 2, 3),
    "nearest-exact": (1, 2, 3),
    "linear": (1,),
    "bilinear": (2,),
    "trilinear": (3,),
    "bicubic": (2,),
}
"""Mode → how many dimensions it can interpolate along."""


def _row(mode: str, count: int, smooth: bool) -> str:
    return f"upsample_{mode.replace('-', '_')}{count}d{'_aa' if smooth else ''}"


def _rows() -> None:
    for mode, counts in _DIMS.items():
        for count in counts:
            for smooth in (False, True) if mode in _SMOOTH else (False,):
                name = _row(mode, count, smooth)
                node = "".join(part.capitalize() for part in name.split("_"))
                node = node.replace(f"{count}d", f"{count}D") + "Backward0"
                sampled(name, node, f"interpolate(x, mode='{mode}')")


_SMOOTH = ("bilinear", "bicubic")
"""The modes that can be smoothed (antialias)."""
_rows()


@public("F")
def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """input (batch, channels, *sizes) at another size, or at its size times scale_factor.

    Modes: nearest, nearest-exact, linear, bilinear, bicubic, trilinear, area.
    """
    x = array_of("interpolate", input)
    count = x.ndim - 2
    if mode in ("nearest", "area", "nearest-exact"):
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes: linear | "
                "bilinear | bicubic | trilinear"
            )
    elif align_corners is None:
        align_corners = False
    outer, factors = _sizes(x.shape[2:], size, scale_factor, recompute_scale_factor)
    if mode == "area":
        return adaptive_avg_pool(count, input, outer)
    if antialias and not (mode in _SMOOTH and x.ndim == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D "
            "tensor as input"
        )
    if count not in _DIMS.get(mode, ()):
        raise NotImplementedError(_unfit(mode, x.ndim))
    corners = bool(align_corners)
    maps = tuple(
        _map(mode, 2 + dim, x.shape[2 + dim], outer[dim], factors[dim], corners, antialias)
        for dim in range(count)
    )
    return getattr(ops, _row(mode, count, antialias))(input, maps)


def _unfit(mode: str, ndim: int) -> str:
    if mode in _DIMS and 3 <= ndim <= 5:
        return f"Got {ndim}D input, but {mode} mode needs {2 + _DIMS[mode][0]}D input"
    return (
        "Input Error: Only 3D, 4D and 5D input Tensors supported (got "
        f"{ndim}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | area | "
        f"nearest-exact (got {mode})"
    )


def _sizes(
    inner: tuple[int, ...], size: Any, scale: Any, recompute: bool | None
) -> tuple[list[int], list[float | None]]:
    """The sizes wanted, and the factors to step by where they were given."""
    count = len(inner)
    if size is not None and scale is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale is None:
        raise ValueError("either size or scale_factor should be defined")
    if size is not None:
        outer = [int(part) for part in size] if isinstance(size, (list, tuple)) else [size] * count
        if len(outer) != count:
            raise ValueError(
                f"Input and output must have the same number of spatial dimensions, but got input "
                f"with spatial dimensions of {list(inner)} and output size of {list(size)}. Please "
                "provide input tensor in (N, C, d1, d2, ...,dK) format and output size in (o1, o2, "
                "...,oK) format."
            )
        return outer, [None] * count
    factors = list(scale) if isinstance(scale, (list, tuple)) else [scale] * count
    outer = [math.floor(part * factor) for part, factor in zip(inner, factors, strict=True)]
    return outer, [None] * count if recompute else [float(factor) for factor in factors]


def _map(
    mode: str, dim: int, inner: int, outer: int, factor: float | None, corners: bool, smooth: bool
) -> Map:
    if corners:
        step = (inner - 1) / (outer - 1) if outer > 1 else 0.0
    else:
        step = inner / outer if factor is None else 1 / factor
    if mode in ("nearest", "nearest-exact"):
        return Map(dim, "nearest" if mode == "nearest" else "exact", inner, outer, (step,))
    if smooth:
        return Map(dim, "smooth", inner, outer, (step, mode == "bicubic"))
    return Map(dim, "cubic" if mode == "bicubic" else "linear", inner, outer, (step, corners))


@public("F")
def upsample(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """interpolate, by its old name."""
    return interpolate(input, size, scale_factor, mode, align_corners)


@public("F")
def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """interpolate with mode 'nearest'."""
    return interpolate(input, size, scale_factor, "nearest")


@public("F")
def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """interpolate with mode 'bilinear' and aligned corners."""
    return interpolate(input, size, scale_factor, "bilinear", True)
