"""The language's own kinds of values: modules, built-in functions, methods of texts and lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Namespace:
    """A module as the language knows it: a name and what can be reached in it."""

    __slots__ = ("contents", "name")

    def __init__(self, name: str, contents: dict[str, Any]) -> None:
        self.name = name
        self.contents = contents

    def __repr__(self) -> str:
        return f"<module '{self.name}'>"


class Builtin:
    """A function of the language itself; the walker passes itself as the first argument."""

    __slots__ = ("name", "run")

    def __init__(self, name: str, run: Callable[..., Any]) -> None:
        self.name = name
        self.run = run

    def __repr__(self) -> str:
        return f"<built-in function {self.name}>"


class Method:
    """A method of a text, list or dict, bound to it; runs within the session's limits."""

    __slots__ = ("name", "owner", "run")

    def __init__(self, name: str, owner: object, run: Callable[..., Any]) -> None:
        self.name = name
        self.owner = owner
        self.run = run

    def __repr__(self) -> str:
        return f"<built-in method {self.name} of {type(self.owner).__name__} object>"
