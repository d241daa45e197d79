"""The user's name for a value of the graph, else how it was computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.graph.tensor import Tensor
from engine.transforms import recorded
from gradcli.explain.formula.algebra.expression import Expression
from gradcli.explain.formula.as_written import ForwardReader
from gradcli.explain.formula.writer import write

LARGEST, LONGEST = 15, 40
"""Parts of an expression, and characters; what is longer is told by its operation."""


def element(name: str, at: tuple[int, ...]) -> str:
    """One element of what is called `name`, as it is typed; a 0-dim tensor is its own."""
    whole = name if name.isidentifier() or name.endswith((")", "]")) else f"({name})"
    return f"{whole}[{', '.join(map(str, at))}]" if at else name


class Naming:
    """The user's names for values, newest tensors first."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        tensors = [(n, v) for n, v in names.items() if isinstance(v, Tensor) and n != "_"]
        self._names = {recorded.key(recorded.source(v)): name for name, v in reversed(tensors)}
        self._reader = ForwardReader(
            {id(recorded.source(v)): name for name, v in reversed(tensors)}
        )

    def name(self, item: Any) -> str | None:
        """The name of a value, if it has one."""
        return self._names.get(recorded.key(item))

    def called(self, item: Any) -> str:
        """The name of a value, else how it was computed."""
        return self.name(item) or self.written(item)

    def written(self, item: Any) -> str:
        """How a value was computed, in the names of what it was computed from."""
        node = recorded.made_by(item)
        expression = self.expression(item)
        text = write(expression) if expression.size <= LARGEST else ""
        return text if 0 < len(text) <= LONGEST or node is None else f"{node.op.name}(...)"

    def expression(self, item: Any) -> Expression:
        """How a value was computed, as an expression."""
        return self._reader.opened(item)
