"""Whether operations are recorded: no_grad, enable_grad, set_grad_enabled, inference_mode.

Each is a context manager and a decorator, as in PyTorch; the mode is a context variable, so
threads and coroutines have their own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from engine.catalog import expose
from engine.modes import GRAD, mode

F = TypeVar("F", bound=Callable[..., Any])


def is_grad_enabled() -> bool:
    """Whether operations are recorded now."""
    return bool(mode.get() & GRAD)


def _set(enabled: bool) -> None:
    now = mode.get()
    mode.set(now | GRAD if enabled else now & ~GRAD)


class _GradMode:
    """Sets the mode inside a `with` block or a decorated function."""

    __slots__ = ("_before", "_enabled")

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled
        self._before: list[int] = []

    def __enter__(self) -> None:
        now = mode.get()
        self._before.append(now & GRAD)
        mode.set(now | GRAD if self._enabled else now & ~GRAD)

    def __exit__(self, *error: object) -> None:
        mode.set(mode.get() & ~GRAD | self._before.pop())

    def __call__(self, function: F) -> F:
        @functools.wraps(function)
        def inside(*args: Any, **options: Any) -> Any:
            with _GradMode(self._enabled):
                return function(*args, **options)

        return inside  # type: ignore[return-value]


class no_grad(_GradMode):  # noqa: N801 (PyTorch's name)
    """Nothing is recorded inside."""

    def __init__(self) -> None:
        super().__init__(False)


class enable_grad(_GradMode):  # noqa: N801
    """Recording is on inside, within no_grad too."""

    def __init__(self) -> None:
        super().__init__(True)


class inference_mode(_GradMode):  # noqa: N801
    """As no_grad."""

    def __init__(self, mode: bool = True) -> None:
        super().__init__(not mode)


class set_grad_enabled(_GradMode):  # noqa: N801
    """Turns recording on or off: at once, and until the end of a `with` block if used as one."""

    def __init__(self, mode: bool) -> None:
        super().__init__(mode)
        self._before.append(int(is_grad_enabled()))
        _set(mode)

    def __enter__(self) -> None:
        _set(self._enabled)


for _thing in (no_grad, enable_grad, inference_mode, set_grad_enabled, is_grad_enabled):
    expose(_thing.__name__, _thing, "torch autograd")
