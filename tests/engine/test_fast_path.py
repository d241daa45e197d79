"""The short ways under tracing leave what the long way leaves: nodes, traces, results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import engine as torch
from engine.dispatch import fast_path
from engine.graph import provenance
from engine.graph.node import Node, Output
from engine.graph.provenance import MAXIMUM_CONSTANT_DEPTH


def tracked() -> Any:
    return torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)


def constant() -> Any:
    return torch.tensor([0.5, 0.25])


EXPRESSIONS: dict[str, Callable[[Any, Any], Any]] = {
    "both tracked": lambda a, c: (a * a) + a,
    "broadcast": lambda a, c: a * c - c,
    "numbers": lambda a, c: (2 * a + 1) / 3 - a**2,
    "constants": lambda a, c: c.exp() * c,
    "a column": lambda a, c: a.sum(1, keepdim=True) - c,
    "matrix product": lambda a, c: a @ c,
    "of a view": lambda a, c: a[0] * c + a.T[1].sin(),
    "saves its result": lambda a, c: torch.sigmoid(a).exp().relu(),
    "parameters": lambda a, c: a.clamp(1.5, 3.5).softmax(0),
    "cut": lambda a, c: a.detach() * c,
    "other dtypes": lambda a, c: a.double() * c.double() + a.long() * 2,
    "promotion": lambda a, c: a * c.double() + torch.tensor([1, 2]),
    "many steps": lambda a, c: sum((c * 1.5 for _ in range(3)), a),
}


def told(item: Any, seen: dict[int, int]) -> Any:
    """A trace as plain data, nodes numbered as they are met."""
    node = item.node if isinstance(item, Output) else item
    if not isinstance(node, Node):
        return item.array.tolist() if isinstance(item, torch.Tensor) else item
    if id(node) in seen:
        return seen[id(node)]
    seen[id(node)] = len(seen)
    trace = node.trace
    assert trace is not None
    saved = [np.asarray(s).tolist() if isinstance(s, np.ndarray) else s for s in node.saved]
    return (
        node.op.name,
        [edge is None for edge in node.edges],
        saved,
        node.restore,
        trace.params,
        [np.asarray(value).tolist() for value in trace.values],
        trace.depth,
        trace.cut,
        trace.line,
        [told(arg, seen) for arg in trace.args],
    )


@pytest.mark.parametrize("name", EXPRESSIONS)
@pytest.mark.parametrize("gradients", [True, False])
def test_a_trace_is_the_same_by_either_way(
    name: str, gradients: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run() -> Any:
        a, c = tracked(), constant()
        with provenance.tracing(), torch.set_grad_enabled(gradients):
            out = EXPRESSIONS[name](a, c)
            if out.requires_grad:
                out.sum().backward(retain_graph=True)
        return told(out.origin, {}), out.dtype, str(out.grad_fn)[:12], a.grad

    short = run()
    monkeypatch.setattr(fast_path, "SMALL", -1)
    long = run()
    assert short[:3] == long[:3]
    assert (short[3] is None) == (long[3] is None)
    assert short[3] is None or torch.equal(short[3], long[3])


def test_a_long_history_of_constants_is_folded() -> None:
    with provenance.tracing():
        c = constant()
        for _ in range(MAXIMUM_CONSTANT_DEPTH):
            c = c * 1.0
        assert c.origin is not None
        assert (c * 1.0).origin is None


def test_an_error_leaves_tracing_on() -> None:
    with provenance.tracing():
        with pytest.raises(RuntimeError, match="must match"):
            tracked() * torch.tensor([1.0, 2.0, 3.0])
        assert (constant() * 2).origin is not None
