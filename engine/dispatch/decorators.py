"""Functions that can be called in more than one way: by NumPy's names, or in several forms."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from engine.dispatch.out import writes_out

F = TypeVar("F", bound=Callable[..., Any])
_NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input"}


def numpy_names(function: F) -> F:
    """Let a function be called by NumPy's names too, axis for dim, as PyTorch's can; and `out`."""

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        if named:
            named = {_NUMPY_NAMES.get(name, name): value for name, value in named.items()}
            if "out" in named:
                return writes_out(function)(*args, **named)
        try:
            return function(*args, **named) if named else function(*args)
        except TypeError as error:
            raise _no_form(function, args, named, error) from None

    return call  # type: ignore[return-value]


def several_forms(function: F) -> F:
    """Let a function that PyTorch has in several forms list them all in its TypeError."""

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        try:
            return function(*args, **named)
        except TypeError as error:
            raise _no_form(function, args, named, error) from None

    return call  # type: ignore[return-value]


def _no_form(function: Any, args: Any, named: Any, error: TypeError) -> TypeError:
    from engine.dispatch.errors.calls import complaint

    better = complaint(function.__name__, args, named)
    vague = ("() got an ", "() missing ", "a dimension must be", "'requires_grad' must be")
    return better if better and any(words in str(error) for words in vague) else error
