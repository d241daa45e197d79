"""Beside what is written out for speed, its plain version: backward's loop, and the short ways."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import engine as torch
from engine.arrays.backends import ARRAYS
from engine.arrays.row import rows
from engine.backward.traversal import contributions
from engine.dispatch.apply import apply
from engine.dispatch.fast_path import TENSORS
from engine.graph.node import edge_of
from engine.graph.storage import View

SHAPES = ((), (3,), (1, 3), (3, 1), (3, 3))
"""All of which broadcast, transposed too."""
UNARY = ("sin", "tanh", "neg", "square", "sum", "t")
BINARY = ("add", "sub", "mul", "maximum")


def backward_plainly(root: Any, g: Any) -> dict[Any, Any]:
    """The gradient of each leaf: all of backward, for nodes of one output."""
    waiting, leaves = {root: g}, {}
    while waiting:
        node = min(waiting, key=lambda node: node.rank)  # the newest: all its users have run
        parts = contributions(ARRAYS, node, waiting.pop(node), node.saved)
        for edge, part in zip(node.edges, parts, strict=True):
            if edge is not None and part is not None:
                table = leaves if type(edge) is not type(root) else waiting
                table[edge] = table[edge] + part if edge in table else part
    return leaves


def leaf(draw: random.Random, requires_grad: bool = True) -> Any:
    shape, dtype = draw.choice(SHAPES), draw.choice((torch.float32, torch.float64))
    array = np.random.default_rng(draw.randrange(2**32)).uniform(-1, 1, shape)
    return torch.tensor(array, dtype=dtype, requires_grad=requires_grad)


def graph(draw: random.Random) -> tuple[list[Any], Any]:
    """Some leaves, and a number that depends on them through operations drawn at random."""
    leaves = [leaf(draw) for _ in range(3)]
    values = [*leaves, leaf(draw, False)]
    for _ in range(draw.randrange(4, 30)):
        if draw.random() < 0.4:
            values.append(getattr(torch, draw.choice(UNARY))(draw.choice(values[-6:])))
        else:
            values.append(getattr(torch, draw.choice(BINARY))(*draw.choices(values, k=2)))
    return leaves, sum((value.double().sum() for value in values[-4:]), leaves[0].sum())


@pytest.mark.parametrize("seed", range(60))
def test_backward_is_the_plain_loop(seed: int) -> None:
    leaves, out = graph(random.Random(seed))
    plain = backward_plainly(out.grad_fn, np.ones((), out.array.dtype))
    out.backward()
    for each in leaves:
        assert (each.grad is None) == (each not in plain)
        if each in plain:
            np.testing.assert_array_equal(each.grad.array, plain[each])


def operands(draw: random.Random, count: int) -> list[Any]:
    """Matrices of one dtype: leaves, results, views, constants."""
    kinds = (
        lambda: torch.rand(2, 2, requires_grad=True),
        lambda: torch.rand(2, 2, requires_grad=True) * 2,
        lambda: torch.rand(4, 2, requires_grad=True)[:2],
        lambda: torch.rand(2, 2),
    )
    return [draw.choice(kinds)() for _ in range(count)]


SHORT = {
    "exp": (),
    "sqrt": (),
    "abs": (),
    "t": (),
    "unsqueeze": (0,),
    "softmax": (1,),
    "add": (),
    "mul": (),
    "div": (),
    "mm": (),
    "addmm": (1, 1),
}
"""Rows that have a short way, and parameters for them."""


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", SHORT)
def test_a_short_way_is_apply(name: str, seed: int) -> None:
    row = rows[name]
    given = operands(random.Random(seed), len(row.operands))
    short, long = getattr(TENSORS, name)(*given, *SHORT[name]), apply(row, given, SHORT[name])
    np.testing.assert_array_equal(short.array, long.array)
    assert (type(short.edge) is View) == (type(long.edge) is View) == row.view
    mine, theirs = edge_of(short), edge_of(long)
    assert (mine is None) == (theirs is None)
    if mine is not None:
        assert mine.op is theirs.op
        assert all(a is b for a, b in zip(mine.edges, theirs.edges, strict=True))
        assert mine.restore == theirs.restore
        for kept, expected in zip(mine.saved, theirs.saved, strict=True):
            assert kept is expected or np.array_equal(kept, expected)
