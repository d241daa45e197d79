"""What there is: every public name, the namespaces it is reached in, and the Tensor's methods.

The language reads this list to know what a program may ask for; nothing else is reachable there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from engine.tensor import Tensor

namespaces: dict[str, dict[str, Any]] = {"torch": {}}
"""Dotted namespace → public name → object."""
methods: set[str] = set()
"""The Tensor methods a program may call."""
attributes: set[str] = {
    "shape", "ndim", "dtype", "requires_grad", "is_leaf", "grad_fn", "grad", "data", "output_nr",
}  # fmt: skip
"""The Tensor attributes a program may read."""

written_over: dict[str, tuple[Callable[..., Any], bool]] = {}
"""Functions with an in-place form, `name_`, yet to be made: the function, and whether the form is
a function of torch too.
"""

F = TypeVar("F", bound=Callable[..., Any])
_SHORT = {
    "F": "torch.nn.functional", "linalg": "torch.linalg", "special": "torch.special",
    "autograd": "torch.autograd", "fft": "torch.fft",
}  # fmt: skip


def expose(name: str, thing: Any, where: str = "torch Tensor") -> None:
    """Make `thing` reachable as `name` in the namespaces listed: torch, Tensor, F, linalg, ...

    "Tensor_" gives the Tensor its in-place form, the method `name_`; "torch_" gives torch the
    function `name_` as well.
    """
    for place in where.split():
        if place == "Tensor":
            setattr(Tensor, name, thing)
            methods.add(name)
        elif place in ("Tensor_", "torch_"):
            written_over[name] = (thing, place == "torch_" or "torch_" in where)
        else:
            namespaces.setdefault(_SHORT.get(place, place), {})[name] = thing


def public(where: str = "torch Tensor", *names: str) -> Callable[[F], F]:
    """Expose the decorated function under its own name, or under `names`."""

    def decorate(function: F) -> F:
        for name in names or (function.__name__,):
            expose(name, function, where)
        return function

    return decorate
