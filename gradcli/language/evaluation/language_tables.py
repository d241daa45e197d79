"""The language as tables: from the kind of a node, or of a callee, to the function that runs it.

What is in no table does not exist. The functions stand in the modules about their subject and put
themselves here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

EXPRESSIONS: dict[type, Callable[[Any, Any], Any]] = {}
"""Kind of node → function of walker and node that gives the value."""
STATEMENTS: dict[type, Callable[[Any, Any], Any]] = {}
"""Kind of node → function that runs it and gives None, or the signal that leaves the block."""
CALLS: dict[type, Callable[[Any, Any, Any, Any], Any]] = {}
"""Kind of callee → function of walker, callee, arguments and options that calls it; whatever is of
no kind here is called as a type is."""


def expression(*kinds: type) -> Callable[[F], F]:
    """Make the decorated function evaluate nodes of these kinds."""
    return _into(EXPRESSIONS, kinds)


def statement(*kinds: type) -> Callable[[F], F]:
    """Make the decorated function run nodes of these kinds."""
    return _into(STATEMENTS, kinds)


def _into(
    table: dict[type, Callable[[Any, Any], Any]], kinds: tuple[type, ...]
) -> Callable[[F], F]:
    def enter(function: F) -> F:
        for kind in kinds:
            table[kind] = function
        return function

    return enter


GRAD_MODES = frozenset({"no_grad", "enable_grad", "inference_mode", "set_grad_enabled"})
"""The decorators that a function may have."""
