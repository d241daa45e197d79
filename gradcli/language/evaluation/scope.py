"""Where a name is looked up inside a function."""

from __future__ import annotations

from typing import Any

MISSING: Any = object()


class Scope:
    """The names of one call. `outer` is where the function was defined, `caller` where it was
    called; `local` are the names it assigns anywhere."""

    __slots__ = ("caller", "local", "names", "outer")

    def __init__(
        self,
        names: dict[str, Any],
        outer: Scope | None,
        local: frozenset[str],
        caller: Scope | None,
    ) -> None:
        self.names = names
        self.outer = outer
        self.local = local
        self.caller = caller

    def find(self, name: str) -> Any:
        """The value of a name, here or further out; MISSING if it is not a local name."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            if name in scope.local:
                raise UnboundLocalError(
                    f"cannot access local variable '{name}' where it is not associated with a value"
                )
            scope = scope.outer
        return MISSING
