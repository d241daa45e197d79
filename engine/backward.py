"""backward and grad: what is asked of the traversal, and PyTorch's answers to what cannot be."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import dtypes, tracing
from engine.modes import TRACE, mode
from engine.node import Node, edge_of
from engine.scalars import scalar
from engine.storage import next_rank
from engine.tensor import Tensor, wrap
from engine.traversal import Traversal

_CYCLE = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter "
    "and its gradient which can cause a memory leak. We recommend using autograd.grad when "
    "creating the graph to avoid this. If you have to use this function, make sure to reset the "
    ".grad fields of your parameters to None after use to break the cycle and avoid the leak."
)


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradients of `tensors` to the `.grad` of the leaves they depend on.

    Args:
        tensors: a Tensor or a sequence of them; each a scalar, unless it has a cotangent.
        grad_tensors: the cotangents, of the tensors' shapes; None stands for 1.
        retain_graph: keep saved values for another backward; by default the value of create_graph.
        create_graph: record the gradients, so that they can be differentiated again.
        inputs: accumulate into these alone; by default into all leaves.

    Raises:
        RuntimeError: as PyTorch's torch.autograd.backward.
    """
    outputs = _sequence(tensors)
    targets = None
    if inputs is not None:
        targets = _sequence(inputs)
        if not targets:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    roots = _roots(outputs, grad_tensors, create_graph)
    if create_graph:
        warnings.warn(_CYCLE, UserWarning, stacklevel=3)
    keep = create_graph if retain_graph is None else retain_graph
    walk = Traversal(create_graph, keep)
    if targets is not None:
        walk.restrict([_target_edge(target) for target in targets])
    walk.run(roots)
    walk.commit(targets)
    if mode.get() & TRACE:
        tracing.note_run(roots, next_rank(), walk.leaves.values())


def backward_method(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradient of this tensor to the `.grad` of the leaves it depends on."""
    backward(self, gradient, retain_graph, create_graph, inputs)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of `outputs` with respect to `inputs`, as a tuple; no `.grad` changes.

    Raises:
        RuntimeError: as PyTorch's torch.autograd.grad, e.g. for an input that is not used.
    """
    if is_grads_batched:
        raise NotImplementedError("is_grads_batched=True is not supported")
    sources, targets = _sequence(outputs), _sequence(inputs)
    if not targets:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True"
        )
    roots = _roots(sources, grad_outputs, create_graph)
    edges = [_target_edge(target) for target in targets]
    walk = Traversal(create_graph, create_graph if retain_graph is None else retain_graph)
    walk.restrict(edges)
    walk.run(roots)
    found: list[Tensor | None] = []
    for i, (edge, target) in enumerate(zip(edges, targets, strict=True)):
        g = walk.captured(edge)
        if g is None and materialize_grads:
            g = wrap(np.zeros(target.array.shape, target.array.dtype))
        elif g is None and not allow_unused:
            raise RuntimeError(
                f"The differentiated Tensor at index {i} appears to not have been used in the "
                "graph. Set allow_unused=True if this is the desired behavior."
            )
        found.append(g)
    return tuple(found)


def _sequence(tensors: Any) -> tuple[Tensor, ...]:
    return (tensors,) if isinstance(tensors, Tensor) else tuple(tensors)


def _target_edge(target: Tensor) -> Any:
    edge = edge_of(target)
    if edge is None:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    return edge


def _roots(outputs: Sequence[Tensor], given: Any, create_graph: bool) -> list[tuple[Any, Any]]:
    """Where to start: each output's edge and its cotangent, an array, or a Tensor if recorded."""
    if given is None:
        return [_root(output, None, i, create_graph) for i, output in enumerate(outputs)]
    cotangents = _sequence(given)
    if len(cotangents) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(cotangents)} gradients")
    return [
        _root(output, cotangent, i, create_graph)
        for i, (output, cotangent) in enumerate(zip(outputs, cotangents, strict=True))
    ]


def _root(output: Tensor, cotangent: Any, i: int, create_graph: bool) -> tuple[Any, Any]:
    array = output.array
    edge = output.edge
    if type(edge) is not Node:
        edge = edge_of(output)
    g: Any
    if cotangent is None and edge is not None:
        _check_implicit(array)
        g = scalar(1.0, array.dtype)
        if array.ndim:
            g = g.reshape(array.shape)
        if create_graph:
            g = wrap(g)
    elif cotangent is not None:
        _check_cotangent(output, cotangent, i)
        g = cotangent if create_graph else cotangent.array.astype(array.dtype, copy=False)
    if edge is None:
        raise RuntimeError(
            f"element {i} of tensors does not require grad and does not have a grad_fn"
        )
    return edge, g


def _check_implicit(array: Any) -> None:
    """Only a scalar's cotangent goes without saying: it is 1."""
    if array.size != 1:
        raise RuntimeError("grad can be implicitly created only for scalar outputs")
    if array.dtype.kind not in "fV":
        raise RuntimeError(
            "grad can be implicitly created only for real scalar outputs but got "
            f"{dtypes.of(array.dtype)}"
        )


def _check_cotangent(output: Tensor, cotangent: Any, i: int) -> None:
    if not isinstance(cotangent, Tensor):
        raise TypeError(
            f"gradients can be either Tensors or None, but got {type(cotangent).__name__}"
        )
    if cotangent.array.shape != output.array.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{i}] has a shape of {cotangent.shape} and "
            f"output[{i}] has a shape of {output.shape}."
        )
