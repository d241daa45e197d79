"""What was computed, read as it was written: nothing simplified, only the user's names put in."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.graph.node import Node, Output
from engine.graph.tensor import Tensor
from engine.transforms.symbolic import node_of
from gradcli.explain.formula.algebra.expression import Call, Expression, Name, Number
from gradcli.explain.formula.reader import Reader


class ForwardReader(Reader):
    """Reads what was computed as it was written, nothing simplified."""

    def _make(self, item: Any) -> Expression:
        node = node_of(item)
        if node is None or node.trace is None or id(item) in self.names:
            made = super()._make(item)
            if node is None and isinstance(item, Tensor) and not isinstance(made, (Name, Number)):
                return Name("constant", made.shape)
            return made
        return self._computed(item, node)

    def opened(self, item: Any) -> Expression:
        """How a value was computed, though it has a name."""
        node = node_of(item)
        if node is None or node.trace is None:
            return self.read(item)
        for arg in node.trace.args:
            if arg is not None:
                self.read(arg)
        return self._computed(item, node)

    def _computed(self, item: Any, node: Node) -> Expression:
        assert node.trace is not None
        args = tuple(None if arg is None else self._done[id(arg)] for arg in node.trace.args)
        if node.op.facts.get("scales") == "times" and isinstance(args[1], Number):
            args = args[::-1]  # 5*b, as it was typed: PyTorch turns it round
        part = item.index if type(item) is Output else None
        return Call(node.op, args, node.trace.params, np.shape(node.trace.values[part or 0]), part)
