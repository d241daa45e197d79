"""Hyper-parameters: a class says them once, in a signature as PyTorch's documentation writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from engine.graph.registry import expose

C = TypeVar("C", bound=type)


def hyperparameters(signature: str, where: str = "torch.optim") -> Callable[[C], C]:
    """Make a class public whose `__init__` has that signature.

    What it is called with goes to `_set_up`, as a dict in the signature's order. It is a function
    of Python's own making, so that errors and `inspect` tell of it as of any other.
    """

    def decorate(cls: C) -> C:
        init = eval(f"lambda self, {signature}: self._set_up({{**locals()}})")
        init.__name__, init.__qualname__ = "__init__", f"{cls.__qualname__}.__init__"
        cls.__init__ = init  # type: ignore[misc]
        expose(cls.__name__, cls, where)
        return cls

    return decorate


def require(holds: Any, message: str) -> None:
    """Raise ValueError with that message unless something holds."""
    if not holds:
        raise ValueError(message)
