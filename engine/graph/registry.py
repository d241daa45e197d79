"""What there is: every public name, the namespaces it is reached in, and the Tensor's methods.

The language reads this list to know what a program may ask for; nothing else is reachable there.
Most families of operations are loaded when one of their names is first asked for: `waiting` says
which names those are, `arrives` loads what gives a name, `complete` loads everything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from engine.graph.tensor import Tensor, Waiting

waiting: dict[str, str] = {}
"""Name → the family that gives it, for families not loaded yet (families.py)."""


def arrives(name: str) -> bool:
    """Load the family that gives `name` or, for `name_`, its in-place form; whether one waited."""
    family = waiting.get(name) or waiting.get(name.removesuffix("_"))
    if family is None:
        return False
    from engine import loading

    loading.load_family(family)
    return True


def await_methods() -> None:
    """Let the Tensor have each waiting name and its in-place form, to load the family that may
    have such a method.
    """
    for method in {*waiting, *(f"{name}_" for name in waiting if not name.endswith("_"))}:
        if method not in vars(Tensor):
            setattr(Tensor, method, Waiting(method))


def complete() -> None:
    """Load every family that waits."""
    while waiting:
        arrives(next(iter(waiting)))


class Names(dict[str, Any]):
    """The names of a namespace, of which some may wait. Listing them needs `complete` first."""

    def __missing__(self, name: str) -> Any:
        if isinstance(name, str) and arrives(name):
            return self[name]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (
            isinstance(name, str) and arrives(name) and super().__contains__(name)
        )

    def get(self, name: str, default: Any = None) -> Any:
        """The thing of that name, else `default`."""
        return super().get(name, default) if name in self else default


namespaces: dict[str, Names] = {
    f"torch{name}": Names()
    for name in (
        "",
        ".autograd",
        ".autograd.anomaly_mode",
        ".autograd.forward_ad",
        ".autograd.function",
        ".autograd.functional",
        ".autograd.graph",
        ".cuda",
        ".fft",
        ".func",
        ".linalg",
        ".nn",
        ".nn.functional",
        ".nn.init",
        ".nn.utils",
        ".optim",
        ".optim.lr_scheduler",
        ".random",
        ".special",
    )
}
"""Dotted namespace → public name → object."""
types: set[type] = set()
"""The classes among them."""
methods: set[str] = set()
"""The Tensor methods a program may call."""
attributes: set[str] = {
    "shape",
    "ndim",
    "dtype",
    "requires_grad",
    "is_leaf",
    "grad_fn",
    "grad",
    "data",
    "output_nr",
}
"""The Tensor attributes a program may read."""


def of_tensors(name: str) -> bool:
    """Whether a program may ask a Tensor for `name`."""
    arrives(name)
    return name in methods or name in attributes


written_over: dict[str, tuple[Callable[..., Any], bool]] = {}
"""Functions with an in-place form, `name_`, yet to be made: the function, and whether the form is
a function of torch too.
"""

F = TypeVar("F", bound=Callable[..., Any])
_SHORT = {
    "F": "torch.nn.functional",
    "linalg": "torch.linalg",
    "special": "torch.special",
    "autograd": "torch.autograd",
    "fft": "torch.fft",
}


def expose(name: str, thing: Any, where: str = "torch Tensor") -> None:
    """Make `thing` reachable as `name` in the namespaces listed: torch, Tensor, F, linalg, ...

    "Tensor_" gives the Tensor its in-place form, the method `name_`; "torch_" gives torch the
    function `name_` as well.
    """
    if isinstance(thing, type):
        types.add(thing)
    for place in where.split():
        if place == "Tensor":
            setattr(Tensor, name, thing)
            methods.add(name)
        elif place in ("Tensor_", "torch_"):
            written_over[name] = (thing, "torch_" in where)
        else:
            namespaces.setdefault(_SHORT.get(place, place), Names())[name] = thing


def public(where: str = "torch Tensor", *names: str) -> Callable[[F], F]:
    """Expose the decorated function under its own name, or under `names`."""

    def decorate(function: F) -> F:
        for name in names or (function.__name__,):
            expose(name, function, where)
        return function

    return decorate
