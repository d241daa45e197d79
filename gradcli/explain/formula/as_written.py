"""A computation read as it was written: nothing simplified, only the user's names put in."""

from __future__ import annotations

from typing import Any

from engine.graph.tensor import Tensor
from engine.transforms import recorded
from gradcli.explain.formula.algebra.expression import Call, Expression, Name, Number
from gradcli.explain.formula.from_trace import Reader


class ForwardReader(Reader):
    """Reads what was computed as it was written, nothing simplified."""

    def _make(self, item: Any) -> Expression:
        node = recorded.made_by(item)
        if node is None or id(item) in self.names:
            made = super()._make(item)
            if node is None and isinstance(item, Tensor) and not isinstance(made, (Name, Number)):
                return Name("constant", made.shape)
            return made
        return self._computed(item, node)

    def opened(self, item: Any) -> Expression:
        """How a value was computed, though it has a name."""
        node = recorded.made_by(item)
        if node is None:
            return self.read(item)
        for arg in recorded.operands(node):
            if arg is not None:
                self.read(arg)
        return self._computed(item, node)

    def _computed(self, item: Any, node: recorded.Node) -> Expression:
        args = self._args(node)
        if node.op.facts.get("scales") == "times" and isinstance(args[1], Number):
            args = args[::-1]  # 5*b, as it was typed: PyTorch turns it round
        shape = recorded.value(item).shape
        return Call(node.op, args, recorded.params(node), shape, recorded.part(item))
