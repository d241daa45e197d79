"""The namespaces a formula can run over.

`NUMPY` and `jax_arrays()` are array namespaces, for forwards: NumPy or jax.numpy plus the few
functions the two do not share. `Rows` turns the table of rows into a namespace, for rules: over
arrays (`ARRAYS`: numbers come out, nothing is recorded) or over Tensors (`TENSORS` in fast_path.py:
every step is recorded in turn, so that what comes out can be differentiated again, printed or
compiled).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from engine.arrays.reduction import AMAX, AMIN, PROD
from engine.arrays.row import Op, rows
from engine.arrays.scalars import F32, F64
from engine.arrays.types import Array, DType, Shape


class ArrayNamespace:
    """A module of array functions, with what it lacks supplied by a subclass."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module

    def __getattr__(self, name: str) -> Any:
        function = getattr(self.module, name)
        setattr(self, name, function)
        return function


class NumpyNamespace(ArrayNamespace):
    """NumPy; what it lacks is written with in-place stores into fresh arrays."""

    dot = staticmethod(np.ndarray.dot)  # np.dot asks first whether somebody stands in for NumPy

    @staticmethod
    def spread(x: Array, shape: Shape) -> Array:
        """x broadcast to shape, sharing its memory; np.broadcast_to takes ten times longer."""
        if not x.ndim:
            return np.ndarray(shape, x.dtype, x, 0, (0,) * len(shape))
        if not x.flags.c_contiguous:
            return np.lib.stride_tricks.as_strided(x, shape, _spread_strides(x, shape))
        return np.ndarray(shape, x.dtype, x, 0, _spread_strides(x, shape))

    @staticmethod
    def summed_to(x: Array, shape: Shape) -> Any:
        """x summed to a shape it was broadcast from; a matrix's rows are summed as a product."""
        dtype, had = x.dtype, x.shape
        if (dtype is F32 or dtype is F64) and x.ndim == 2 and shape == had[1:]:
            return _ones(had[0], dtype).dot(x)
        if x.dtype.itemsize == 2 and x.dtype.kind in "fV":  # the halves add up in float32
            return _summed_to(np, x.astype(np.float32), shape).astype(x.dtype)
        return _summed_to(np, x, shape)

    @staticmethod
    def complex(real: Array, imag: Array) -> Array:
        """real + i * imag, without the nan that inf * 0 would make."""
        shape = np.broadcast_shapes(np.shape(real), np.shape(imag))
        out = np.empty(shape, np.result_type(real, np.complex64))
        out.real, out.imag = real, imag
        return out

    @property
    def special(self) -> Any:
        """Special functions: SciPy's, else our own, which are fewer."""
        try:
            import scipy.special
        except ModuleNotFoundError:
            from engine.arrays import special_functions

            return special_functions
        return scipy.special

    @staticmethod
    def erf(x: Array) -> Array:
        """The error function. NumPy has none, and Python's takes one number at a time."""
        values = np.fromiter(map(math.erf, x.ravel().tolist()), np.float64, x.size)
        return values.reshape(x.shape).astype(x.dtype)

    @staticmethod
    def stored_at(x: Array, index: Any, value: Any) -> Array:
        """A copy of x with value at index."""
        out = x.copy()
        out[index] = value
        return out

    @staticmethod
    def added_at(x: Array, index: Any, value: Any) -> Array:
        """A copy of x with value added at index, repeated places adding up."""
        out = x.copy()
        np.add.at(out, index, value)
        return out

    @staticmethod
    def accumulated(x: Array, index: Any, value: Any) -> Array:
        """x, which nobody else holds, with value added at a slice."""
        x[index] += value
        return x

    @staticmethod
    def combined_at(x: Array, index: Any, value: Any, how: str) -> Array:
        """A copy of x multiplied by value ("prod"), or the larger or smaller of both, at index."""
        out = x.copy()
        combine = {PROD: np.multiply, AMAX: np.maximum, AMIN: np.minimum}[how]
        combine.at(out, index, value)
        return out


class JaxNamespace(ArrayNamespace):
    """jax.numpy; stores are functional."""

    @property
    def special(self) -> Any:
        """Special functions."""
        import jax.scipy.special

        return jax.scipy.special

    @staticmethod
    def spread(x: Any, shape: Shape) -> Any:
        """x broadcast to shape."""
        import jax.numpy as jnp

        return jnp.broadcast_to(x, shape)

    @staticmethod
    def summed_to(x: Any, shape: Shape) -> Any:
        """x summed to a shape it was broadcast from."""
        import jax.numpy as jnp

        return _summed_to(jnp, x, shape)

    @staticmethod
    def complex(real: Any, imag: Any) -> Any:
        """real + i * imag."""
        import jax

        return jax.lax.complex(*jax.numpy.broadcast_arrays(real, imag))

    @staticmethod
    def erf(x: Any) -> Any:
        """The error function."""
        import jax.scipy.special

        return jax.scipy.special.erf(x)

    @staticmethod
    def stored_at(x: Any, index: Any, value: Any) -> Any:
        """A copy of x with value at index."""
        return x.at[index].set(value)

    @staticmethod
    def added_at(x: Any, index: Any, value: Any) -> Any:
        """A copy of x with value added at index, repeated places adding up."""
        return x.at[index].add(value)

    @staticmethod
    def accumulated(x: Any, index: Any, value: Any) -> Any:
        """x with value added at a slice."""
        return x.at[index].add(value)

    @staticmethod
    def combined_at(x: Any, index: Any, value: Any, how: str) -> Any:
        """A copy of x multiplied by value ("prod"), or the larger or smaller of both, at index."""
        places = x.at[index]
        return {PROD: places.multiply, AMAX: places.max, AMIN: places.min}[how](value)


def _spread_strides(x: Array, shape: Shape) -> Shape:
    """The strides that show x broadcast to shape: 0 where an element is repeated."""
    strides = [0] * (len(shape) - x.ndim)
    for had, size, stride in zip(x.shape, shape[len(strides) :], x.strides, strict=True):
        if had != size and had != 1:
            raise ValueError(f"{x.shape} does not broadcast to {shape}")
        strides.append(stride if had == size else 0)
    return tuple(strides)


def _summed_to(xp: Any, x: Any, shape: Shape) -> Any:
    lead = x.ndim - len(shape)
    dims = [*range(lead)]
    dims += [lead + dim for dim, size in enumerate(shape) if size == 1 != x.shape[lead + dim]]
    if not dims:
        return x.reshape(shape)
    return xp.add.reduce(x, axis=tuple(dims), keepdims=True).reshape(shape)


@lru_cache(maxsize=64)
def _ones(count: int, dtype: DType) -> Array:
    return np.ones(count, dtype)


class Rows:
    """The table of rows as a namespace; `read` turns a row into the function it stands for."""

    def __init__(self, read: Callable[[Op], Callable[..., Any]]) -> None:
        self._read = read

    def __getattr__(self, name: str) -> Any:
        row = rows.get(name)
        if row is None:
            raise AttributeError(f"no row is called {name!r}")
        function = self._read(row)
        setattr(self, name, function)
        return function


NUMPY = NumpyNamespace(np)
ARRAYS = Rows(lambda row: row.over(NUMPY))

_jax: list[JaxNamespace] = []


def jax_arrays() -> JaxNamespace:
    """jax.numpy as an array namespace. Raises ModuleNotFoundError where the extra is missing."""
    if not _jax:
        import jax.numpy as jnp

        _jax.append(JaxNamespace(jnp))
    return _jax[0]
