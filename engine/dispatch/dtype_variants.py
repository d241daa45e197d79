"""Rows over complex numbers and in half precision: variants, made from a row when first met.

PyTorch's gradient of a real L with respect to a complex z is dL/dRe + i dL/dIm, so that of a
holomorphic f is g * conj(f'(z)). A rule says g * f'(x); its variant hands it the conjugates of what
was saved, which comes to the same, since no rule has complex constants of its own.

Half precision is for storing: PyTorch's kernels compute in float32 and round at the end. So does a
row's variant, in its forward and in its rules.

A node holds the variant in its row's place. Singles and doubles never meet one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from typing import Any

import numpy as np

from engine.arrays.backends import NUMPY, ArrayNamespace, Rows
from engine.arrays.promotion import is_half
from engine.arrays.row import NO_PULLBACK, Op, Pullback, Rule
from engine.arrays.types import Array
from engine.dispatch.errors.kinds import refuse
from engine.graph.tensor import Tensor

_F32 = np.dtype(np.float32)


# ---- complex numbers -------------------------------------------------------------------------


def over_complex(op: Op) -> Op:
    """The row as recorded where its result is complex."""
    if not op.holomorphic:
        return op
    variant = op.variants.get("complex")
    if variant is None:
        variant = op.variants["complex"] = _variant(op, _conjugating)
    return variant


def _conjugating(rule: Rule) -> Rule:
    def over_conjugates(ns: Rows, g: Any, *values: Any) -> Any:
        return rule(ns, g, *[_conjugate(ns, value) for value in values])

    return over_conjugates


def _conjugate(ns: Rows, value: Any) -> Any:
    if type(value) is tuple:
        return tuple([_conjugate(ns, part) for part in value])
    if type(value) is complex:
        return value.conjugate()
    return ns.conj(value) if is_complex(value) else value


def is_complex(value: Any) -> bool:
    """Whether it is an array or a Tensor of complex numbers."""
    array = value.array if isinstance(value, Tensor) else value
    return isinstance(array, (np.ndarray, np.generic)) and array.dtype.kind == "c"


# ---- half precision --------------------------------------------------------------------------


def over_halves(op: Op) -> Op:
    """The row as run and recorded where an operand is in half precision.

    What shows memory stays as it is, and what is told a dtype.
    """
    if op.view or "dtype" in op.params or op.halves == "own":
        return op
    variant = op.variants.get("half")
    if variant is None:
        variant = op.variants["half"] = _variant(op, _rounding)
        variant.forward = _in_singles(op)
        variant.bound = variant.over(NUMPY)
    return variant


def _in_singles(op: Op) -> Callable[..., Any]:
    def forward(xp: ArrayNamespace, *arguments: Any) -> Any:
        count = len(op.operands)
        half = next(a.dtype for a in _flat(arguments[:count]) if a is not None and is_half(a.dtype))
        refuse(op, "h", half)
        wide = [_map(_single, argument) for argument in arguments[:count]]
        params = arguments[count:]
        if op.halves == "rounded":
            params = tuple([float(half.type(p)) if type(p) is float else p for p in params])
        out = op.over(xp)(*wide, *params)

        def rounded(array: Array) -> Array:
            return array.astype(half) if array.dtype == _F32 else array

        return _map(rounded, out)

    return forward


def _flat(arguments: Iterable[Any]) -> Iterable[Any]:
    for argument in arguments:
        if type(argument) in (tuple, list):
            yield from argument
        else:
            yield argument


def _map(function: Callable[[Any], Any], value: Any) -> Any:
    if type(value) in (tuple, list):
        return tuple([_map(function, part) for part in value])
    return value if value is None else function(value)


def _single(array: Array) -> Array:
    return array.astype(_F32) if is_half(array.dtype) else array


def _rounding(rule: Rule) -> Rule:
    def in_singles(ns: Rows, g: Any, *values: Any) -> Any:
        halves: list[Any] = []

        def wide(value: Any) -> Any:
            if isinstance(value, np.dtype):
                return _F32 if is_half(value) else value
            array = value.array if isinstance(value, Tensor) else value
            if not isinstance(array, np.ndarray) or not is_half(array.dtype):
                return value
            halves.append(array.dtype)
            return ns.to_copy(value, _F32)

        def narrow(value: Any) -> Any:
            array = value.array if isinstance(value, Tensor) else value
            return ns.to_copy(value, halves[0]) if array.dtype == _F32 else value

        g = _map(wide, g) if type(g) is not list else [_map(wide, part) for part in g]
        found = rule(ns, g, *[_map(wide, value) for value in values])
        return _map(narrow, found) if halves else found

    return in_singles


# ---- both ------------------------------------------------------------------------------------


def _variant(op: Op, over: Callable[[Rule], Rule]) -> Op:
    variant = copy(op)
    variant.pull_back_by(
        pullback
        if pullback is NO_PULLBACK
        else Pullback(over(pullback.rule), pullback.arguments, pullback.pick)
        for pullback in op.pullbacks
    )
    variant.variants = {}
    return variant
