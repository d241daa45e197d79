"""What one step works on: a parameter and its state, as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import dtypes, journal
from engine.arrays.types import Array
from engine.dispatch.inplace import assign
from engine.graph.tensor import Tensor, wrap

Options = dict[str, Any]


class Slots:
    """The numbers of a parameter, `param`, and of its state, by name.

    Reading one gives an array; assigning one writes into its tensor, in place and noted in the
    journal. Of complex tensors an array has the real and imaginary parts side by side.
    """

    __slots__ = ("_param", "_state", "_states")
    _param: Tensor
    _state: Options
    _states: dict[Any, Options]

    def __init__(self, param: Tensor, states: dict[Any, Options]) -> None:
        object.__setattr__(self, "_param", param)
        object.__setattr__(self, "_states", states)
        object.__setattr__(self, "_state", states.get(param, {}))

    def __getattr__(self, name: str) -> Array:
        return real(self._param if name == "param" else self._state[name])

    def __setattr__(self, name: str, values: Array) -> None:
        put(self._param if name == "param" else self._state[name], values)

    def __contains__(self, name: str) -> bool:
        return name in self._state

    def begin(self, **values: Any) -> None:
        """Put tensors into the state; in place of one stands a number or an array with which a
        tensor like the parameter is filled.
        """
        if not self._state:
            journal.note_container(self._states)
            self._states[self._param] = self._state
        journal.note_container(self._state)
        for name, value in values.items():
            if not isinstance(value, Tensor):
                tensor = wrap(np.zeros_like(self._param.array))
                if np.any(value):
                    put(tensor, np.full_like(real(tensor), value))
                value = tensor
            self._state[name] = value

    def count(self) -> float:
        """The number of this step, from 1."""
        step = self._state["step"]
        put(step, np.add(step.array, 1, dtype=step.array.dtype))
        return float(step.array)


def put(tensor: Tensor, values: Array) -> None:
    """Write new values into a tensor, in place; to be called under no_grad."""
    assign(tensor, wrap(values.view(tensor.array.dtype).reshape(tensor.array.shape)))


def real(tensor: Tensor) -> Array:
    """A tensor's numbers; of complex ones, the real and imaginary parts side by side."""
    array = tensor.array
    if array.dtype.kind != "c":
        return array
    part = np.dtype(np.float32 if array.dtype.itemsize == 8 else np.float64)
    return np.ascontiguousarray(array).reshape(*array.shape, 1).view(part)


def number(value: float) -> Tensor:
    """A 0-dim tensor that counts or measures."""
    wide = dtypes.get_default_dtype() is dtypes.float64
    return wrap(np.array(value, np.float64 if wide else np.float32))


def scalar(value: Any) -> Any:
    """A hyper-parameter as a number; one given as a tensor computes in its own dtype."""
    return value.array.reshape(())[()] if isinstance(value, Tensor) else value
