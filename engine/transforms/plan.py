"""A traced graph as a straight-line program over its inputs, forward and backward together.

`Plan` lists the operations that its outputs need, each once: equal operations on equal operands
are merged, and what depends on no input is computed when the plan is made. The program runs over
NumPy (`run`), or is handed to XLA (`jit`, with the jax extra), which compiles it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from engine.arrays.backends import NUMPY, jax_arrays
from engine.arrays.promotion import is_half, result_type_of
from engine.arrays.row import Op
from engine.dispatch.apply import source
from engine.graph import walk
from engine.graph.grad_mode import enable_grad
from engine.graph.node import Node, Output, node_of
from engine.graph.provenance import tracing
from engine.graph.tensor import Tensor
from engine.transforms.symbolic import traced_leaf


class Instruction(NamedTuple):
    """One operation: where its operands are in the program's memory, and where the result goes."""

    op: Op
    operands: tuple[int | None, ...]
    params: tuple[Any, ...]
    result: int
    part: int | None


class Plan:
    """A straight-line program.

    Memory is a list of arrays: first the inputs, then the constants, then the steps' results.
    """

    def __init__(self, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        self.inputs = [source(tensor) for tensor in inputs]
        self.constants: list[Any] = []
        self.steps: list[Instruction] = []
        self._places: dict[Any, int] = {id(item): i for i, item in enumerate(self.inputs)}
        self._seen: dict[Any, int] = {}
        self._keep: list[Any] = []
        self._constant_places: dict[int, Any] = {}
        self._size = len(self.inputs)
        self.outputs = [self._place(source(tensor)) for tensor in outputs]

    # ---- making it ---------------------------------------------------------------------------

    def _place(self, item: Any) -> int:
        """Where the value of an item of the trace is; adds the steps that make it, oldest first."""
        if id(item) not in self._places:
            needed = walk.nodes(item, below=self._missing)
            for node in sorted(needed, key=attrgetter("rank"), reverse=True):
                if id(node) not in self._places:
                    self._add(node)
        return self._lookup(item)

    def _missing(self, node: Node) -> Sequence[Any]:
        """The operands still to be placed before a node can be."""
        at = self._places
        return () if id(node) in at else [x for x in walk.operands(node) if id(x) not in at]

    def _lookup(self, item: Any) -> int:
        if type(item) is Output:
            return self._part(item)
        place = self._places.get(id(item))
        if place is None:
            array = item.array if isinstance(item, Tensor) else np.asarray(item)
            place = self._constant(array, item)
        return place

    def _constant(self, array: Any, item: Any) -> int:
        place = self._size
        self._size += 1
        self._constant_places[place] = array
        self._remember(item, place)
        return place

    def _remember(self, item: Any, place: int) -> None:
        self._keep.append(item)  # an id is only good while its object lives
        self._places[id(item)] = place

    def _add(self, node: Node) -> None:
        trace = node.trace
        assert trace is not None
        operands = tuple(None if item is None else self._operand(node, item) for item in trace.args)
        if all(place is None or place in self._constant_places for place in operands):
            value = trace.values[0] if node.op.outputs == 1 else tuple(trace.values)
            self._constant(value, node)
            return
        self._remember(node, self._step(node.op, operands, trace.params, None))

    def _operand(self, node: Node, item: Any) -> int:
        """A number takes the dtype it had when the operation ran."""
        if node_of(item) is None and not isinstance(item, Tensor):
            assert node.trace is not None
            others = [
                tensor_array(other) for other in node.trace.args if tensor_array(other) is not None
            ]
            dtype = others[0].dtype if others and others[0].dtype.kind in "fcV" else None
            if isinstance(item, complex):
                dtype = None
            elif dtype is not None and is_half(dtype):
                dtype = np.dtype(np.float32)
            return self._constant(np.asarray(item, dtype), item)
        return self._lookup(item)

    def _part(self, item: Output) -> int:
        whole = self._lookup(item.node)
        key = (None, (whole,), (item.index,))
        if key not in self._seen:
            self._seen[key] = self._step(item.node.op, (whole,), (), item.index)
        return self._seen[key]

    def _step(self, op: Op, operands: tuple[int | None, ...], params: Any, part: int | None) -> int:
        key = (op.name, operands, repr(params), part)
        place = self._seen.get(key)
        if place is None:
            place = self._seen[key] = self._size
            self._size += 1
            self.steps.append(Instruction(op, operands, params, place, part))
        return place

    # ---- running it --------------------------------------------------------------------------

    def run(self, xp: Any, arrays: Sequence[Any]) -> list[Any]:
        """The outputs for these inputs, computed with the array namespace `xp`."""
        memory: list[Any] = [None] * self._size
        memory[: len(arrays)] = arrays
        for place, array in self._constant_places.items():
            # XLA folds numbers; indices and masks stay NumPy's, since they decide shapes.
            numbers = getattr(array, "dtype", None) is not None and array.dtype.kind in "fc"
            memory[place] = xp.asarray(array) if numbers else array
        for op, operands, params, result, part in self.steps:
            if part is not None:
                memory[result] = memory[operands[0]][part]  # type: ignore[index]
                continue
            values = [None if place is None else memory[place] for place in operands]
            memory[result] = op.over(xp)(*op.gathered(_promoted(op, values)), *params)
        return [memory[place] for place in self.outputs]

    def doubled(self) -> Plan:
        """The same program in float64, whatever the dtype it was recorded in."""
        plan = copy(self)
        plan._constant_places = {
            place: array.astype(_DOUBLE) if array.dtype.kind == "f" else array
            for place, array in self._constant_places.items()
        }
        plan.steps = [s._replace(params=tuple(map(_doubled, s.params))) for s in self.steps]
        return plan

    def numpy(self, *arrays: Any) -> list[Any]:
        """The outputs for these inputs, as NumPy arrays."""
        return self.run(NUMPY, arrays)

    def jit(self) -> Callable[..., list[Any]]:
        """The program compiled by XLA. Raises ModuleNotFoundError without the jax extra."""
        import jax

        xp = jax_arrays()
        compiled: Callable[..., list[Any]] = jax.jit(lambda *arrays: self.run(xp, arrays))
        return compiled


_DOUBLE = np.dtype(np.float64)


def _doubled(parameter: Any) -> Any:
    return _DOUBLE if isinstance(parameter, np.dtype) and parameter.kind == "f" else parameter


def tensor_array(item: Any) -> Any:
    """The array of an item of a trace; None for numbers."""
    node = node_of(item)
    if node is not None and node.trace is not None:
        return node.trace.values[getattr(item, "index", 0)]
    return item.array if isinstance(item, Tensor) else None


def _promoted(op: Op, values: list[Any]) -> list[Any]:
    """Operands in the dtype the operation ran in, as the driver does for Tensors."""
    if not op.broadcasts:
        return values
    dtype = result_type_of(
        [
            (v.ndim, v.dtype)
            for v, mask in zip(values, op.masks, strict=True)
            if v is not None and not mask
        ],
        op.floats,
    )
    return [
        v if v is None or mask else _cast(v, op.operand_dtype(place, v.ndim, dtype))
        for place, (v, mask) in enumerate(zip(values, op.masks, strict=True))
    ]


def _cast(value: Any, dtype: Any) -> Any:
    return value if value.dtype == dtype else value.astype(dtype)


def trace(function: Callable[..., Any], *examples: Tensor) -> Plan:
    """Run `function` once on leaves like the examples and read the program off its trace.

    The function takes Tensors and returns a Tensor or a sequence of them; inside it,
    `engine.symbolic.derivative` gives gradients that are part of the program.
    """
    with tracing(), enable_grad():
        leaves = [traced_leaf(t.array, requires_grad=t.array.dtype.kind in "fcV") for t in examples]
        outputs = function(*leaves)
    return Plan(leaves, [outputs] if isinstance(outputs, Tensor) else list(outputs))
