"""Whether operations are recorded: no_grad, enable_grad, set_grad_enabled, inference_mode.

Each is a context manager and a decorator, as in PyTorch; the mode is a context variable, so
threads and coroutines have their own.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator
from typing import Any

from engine.arrays.modes import GRAD, INFERENCE, mode
from engine.arrays.state import warn
from engine.graph.registry import expose
from engine.graph.tensor import INFERRED, Tensor


def is_grad_enabled() -> bool:
    """Whether operations are recorded now."""
    return bool(mode.get() & GRAD)


def is_inference_mode_enabled() -> bool:
    """Whether tensors made now are inference tensors."""
    return bool(mode.get() & INFERENCE)


def is_inference(self: Tensor) -> bool:
    """Whether the tensor was made in inference mode."""
    return self.edge is INFERRED


class _GradMode:
    """Sets some bits of the mode inside a `with` block or a decorated function."""

    __slots__ = ("_before", "_bits", "_changed")
    __module__ = "torch.autograd.grad_mode"

    def __init__(self, changed: int, bits: int) -> None:
        self._changed = changed
        self._bits = bits

    def __enter__(self) -> None:
        self._before = now = mode.get()
        mode.set(now & ~self._changed | self._bits)

    def __exit__(self, *error: object) -> None:
        changed = self._changed
        mode.set(mode.get() & ~changed | self._before & changed)

    def __call__(self, function: Any) -> Any:
        """The function, run in this mode."""
        if isinstance(function, type):
            warn(
                "Decorating classes is deprecated and will be disabled in future versions. You "
                "should only decorate functions or methods. To preserve the current behavior of "
                "class decoration, you can directly decorate the `__init__` method and nothing "
                "else.",
                FutureWarning,
            )
        inside = self._every_step if inspect.isgeneratorfunction(function) else self._once
        return inside(function)

    def _once(self, function: Any) -> Any:
        changed, bits = self._changed, self._bits

        @functools.wraps(function)
        def inside(*args: Any, **options: Any) -> Any:
            with _GradMode(changed, bits):
                return function(*args, **options)

        return inside

    def _every_step(self, function: Any) -> Any:
        """A generator runs in this mode, and whoever asks it for values in his own."""
        changed, bits = self._changed, self._bits

        @functools.wraps(function)
        def inside(*args: Any, **options: Any) -> Generator[Any, Any, Any]:
            steps: Generator[Any, Any, Any] = function(*args, **options)
            answer: Any = None
            while True:
                with _GradMode(changed, bits):
                    try:
                        value = steps.send(answer)
                    except StopIteration as end:
                        return end.value
                try:
                    answer = yield value
                except GeneratorExit:
                    with _GradMode(changed, bits):
                        steps.close()
                    raise

        return inside


class _Recording(_GradMode):
    """Whether operations are recorded inside: a context, or a decorator without brackets."""

    __slots__ = ()
    _changed = GRAD
    _bits = 0

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        made = object.__new__(cls)
        return made if function is None else made(function)

    __init__ = object.__init__  # of what __new__ makes there is nothing to set


class no_grad(_Recording):  # noqa: N801 (PyTorch's name)
    """Nothing is recorded inside."""

    __slots__ = ()
    __module__ = "torch.autograd.grad_mode"


class enable_grad(_Recording):  # noqa: N801
    """Recording is on inside, within no_grad too."""

    __slots__ = ()
    __module__ = "torch.autograd.grad_mode"
    _bits = GRAD


class inference_mode(_GradMode):  # noqa: N801
    """As no_grad, and what is made inside can never take part in what is recorded."""

    __module__ = "torch.autograd.grad_mode"

    def __new__(cls, mode: Any = True) -> Any:
        made = super().__new__(cls)
        if isinstance(mode, bool):
            return made
        made.__init__()  # type: ignore[misc]
        return made(mode)

    def __init__(self, mode: bool = True) -> None:
        super().__init__(GRAD | INFERENCE, INFERENCE if mode else GRAD)


class set_grad_enabled(_GradMode):  # noqa: N801
    """Turns recording on or off: at once, and until the end of a `with` block if used as one."""

    __module__ = "torch.autograd.grad_mode"

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            raise TypeError(
                "set_grad_enabled(): argument 'enabled' (position 1) must be bool, not "
                f"{type(mode).__name__}"
            )
        super().__init__(GRAD, GRAD if mode else 0)
        super().__enter__()

    def __enter__(self) -> None:
        mode.set(mode.get() & ~GRAD | self._bits)

    def __call__(self, function: Any) -> Any:
        """The function, run in this mode; until then it is as it was before."""
        mode.set(mode.get() & ~GRAD | self._before & GRAD)
        return super().__call__(function)


for _thing in (no_grad, enable_grad, inference_mode, set_grad_enabled, is_grad_enabled):
    expose(_thing.__name__, _thing, "torch autograd torch.autograd.grad_mode")
expose("is_inference_mode_enabled", is_inference_mode_enabled, "torch")
expose("is_inference", is_inference, "torch Tensor")
