"""saved_tensors_hooks: what nodes save for backward, passed through a pair of a user's functions.

While a pair is set, each tensor that a new node saves is given to the first function, and only
what that returns is kept; the second turns it back when backward needs it. Source: PyTorch,
"Hooks for autograd saved tensors".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from engine.arrays.modes import PACK, mode
from engine.backward.saved_tensors import Packed, PackedTensor, lifted, opened, order_of_use
from engine.dispatch.apply import new_node_observers
from engine.graph.grad_mode import no_grad
from engine.graph.node import Node
from engine.graph.registry import expose
from engine.graph.tensor import Tensor

Pair = tuple[Callable[[Tensor], Any], Callable[[Any], Tensor]]
pairs: ContextVar[tuple[Pair, ...]] = ContextVar("pairs", default=())
"""The pairs that are set, the innermost last; the bit PACK of the mode tells whether there is one.
"""
_refused: ContextVar[str | None] = ContextVar("refused", default=None)


class saved_tensors_hooks:  # noqa: N801 (PyTorch's name)
    """Inside, what operations save for backward goes through a pair of functions.

    `pack_hook(tensor)` gives what is kept in its place, `unpack_hook(kept)` a Tensor when backward
    needs it. Only the innermost pair is asked.
    """

    def __init__(
        self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]
    ) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        refused = _refused.get()
        if refused is not None:
            raise RuntimeError(refused)
        _set((*pairs.get(), (self.pack_hook, self.unpack_hook)))

    def __exit__(self, *error: object) -> None:
        _set(pairs.get()[:-1])


def _set(hooks: tuple[Pair, ...]) -> None:
    pairs.set(hooks)
    mode.set(mode.get() | PACK if hooks else mode.get() & ~PACK)


class save_on_cpu(saved_tensors_hooks):  # noqa: N801
    """Inside, what operations save is kept on the CPU: where it is anyway."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(lambda tensor: tensor.detach(), lambda kept: kept)


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Inside, setting saved_tensors_hooks raises RuntimeError with this message."""
    if pairs.get():
        raise RuntimeError(error_message)
    before = _refused.get()
    _refused.set(error_message)
    try:
        yield
    finally:
        _refused.set(before)


class allow_mutation_on_saved_tensors(saved_tensors_hooks):  # noqa: N801
    """Inside, a tensor that was saved may be written in place: backward has it as it was."""

    def __init__(self) -> None:
        super().__init__(lambda tensor: tensor.detach().clone(), lambda kept: kept)


# ---- packing -----------------------------------------------------------------------------------


def _pack_new(node: Node) -> None:
    """Pack what a new node saved; an autograd.Function sees to its own."""
    if mode.get() & PACK and node.saved and node.op.context is None:
        pack(node, order_of_use(node), pairs.get()[-1])


def pack(node: Node, places: list[int], pair: Pair) -> None:
    """Pack some of what a node saved."""
    values = list(opened(node))
    seen = lifted(node, tuple(values))
    for place in places:
        values[place] = _packed_value(values[place], seen[place], pair)
    node.saved = Packed(tuple(values))


def _packed_value(value: Any, seen: Any, pair: Pair) -> Any:
    if type(value) is tuple:
        return tuple(_packed_value(part, s, pair) for part, s in zip(value, seen, strict=True))
    return packed(seen, pair) if isinstance(value, np.ndarray) else value


def packed(tensor: Tensor, pair: Pair) -> PackedTensor:
    """A tensor as the pair keeps it. Raises RuntimeError if the pack hook writes into it."""
    before = tensor._version
    with no_grad():
        kept = pair[0](tensor)
    if tensor._version != before:
        raise RuntimeError(
            "A saved tensor pack hook is modifying its input in place. Tensors provided as input "
            "to pack hook cannot be modified by in-place operations as this can lead to "
            "unexpected side-effects. Please open an issue if you need to perform in-place "
            "operations on the input to a pack hook."
        )
    return PackedTensor(kept, pair[1])


new_node_observers.append(_pack_new)
for _thing in (
    saved_tensors_hooks,
    save_on_cpu,
    disable_saved_tensors_hooks,
    allow_mutation_on_saved_tensors,
):
    expose(_thing.__name__, _thing, "torch.autograd.graph")
