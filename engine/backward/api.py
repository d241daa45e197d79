"""backward and grad: what is asked of the traversal, and PyTorch's answers to what cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import engine.backward.grad_fn  # noqa: F401 (gives Node what a user may ask it for)
from engine.arrays import dtypes
from engine.arrays.modes import TRACE, mode
from engine.arrays.scalars import scalar
from engine.arrays.state import warn
from engine.arrays.types import Array
from engine.backward.traversal import Traversal
from engine.graph import provenance
from engine.graph.node import Cotangent, Edge, GradientEdge, KnownEdge, Node, edge_at, edge_of
from engine.graph.registry import namespaces
from engine.graph.storage import next_rank
from engine.graph.tensor import Size, Tensor, wrap

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
    grad_variables: Any = None,
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
    if grad_variables is not None:
        warn(
            "`grad_variables` is deprecated. Use `grad_tensors` instead.",
            FutureWarning,
        )
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to "
                "`backward()`. Please only use `grad_tensors`."
            )
        grad_tensors = grad_variables
    _accumulate(tensors, grad_tensors, retain_graph, create_graph, inputs)


def _accumulate(
    tensors: Any, given: Any, retain_graph: bool | None, create_graph: bool, inputs: Any
) -> None:
    targets = None
    if inputs is not None:
        targets = _targets(inputs)
        if not targets:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    if given is None and type(tensors) is Tensor:
        roots = [_implicit(tensors, create_graph)]
    else:
        roots = _roots(_sequence(tensors), given, create_graph)
    if create_graph:
        warn(_CYCLE, UserWarning)
    walk = Traversal(create_graph, create_graph if retain_graph is None else retain_graph)
    if targets is not None:
        for target in targets:
            if isinstance(target, Tensor) and not target.requires_grad:
                raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        walk.restrict([_target_edge(target) for target in targets])
    walk.run(roots)
    traced = mode.get() & TRACE
    held = provenance.holding(walk.leaves) if traced else set()
    walk.commit([_tensor_at(target) for target in targets] if targets else None)
    if traced:
        provenance.note_run(roots, next_rank(), walk.leaves, held)


def backward_method(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradient of this tensor to the `.grad` of the leaves it depends on."""
    _accumulate(self, gradient, retain_graph, create_graph, inputs)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """The gradients of `outputs` with respect to `inputs`, as a tuple; no `.grad` changes.

    Args:
        outputs: a Tensor or GradientEdge, or a sequence of them.
        inputs: likewise; or a dict of them, and then so is what comes out.
        grad_outputs: cotangents, as for `backward`.
        retain_graph: as for `backward`.
        create_graph: as for `backward`.
        only_inputs: ignored, as in PyTorch.
        allow_unused: give None for inputs the outputs do not depend on.
        is_grads_batched: the cotangents have one more dimension, the first; so have the gradients.
        materialize_grads: give zeros for inputs the outputs do not depend on.

    Raises:
        RuntimeError: as PyTorch's torch.autograd.grad, e.g. for an input that is not used.
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
            "allow_unused=False."
        )
    sources, targets = _sequence(outputs), _targets(inputs)
    if not targets:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    if not only_inputs:
        warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To "
            "accumulate gradient for other parts of the graph, please use torch.autograd.backward.",
            FutureWarning,
        )
    keep = create_graph if retain_graph is None else retain_graph
    unused = materialize_grads if allow_unused is None else allow_unused
    found: tuple[Tensor | None, ...]
    if is_grads_batched and grad_outputs is not None:
        found = _batched(sources, targets, _sequence(grad_outputs), keep, create_graph, unused)
    else:
        found = _gradients(sources, targets, grad_outputs, keep, create_graph, unused)
    if materialize_grads:
        found = tuple(map(_materialized, found, targets))
    return dict(zip(inputs, found, strict=True)) if type(inputs) is dict else found


def _gradients(
    sources: Sequence[Tensor | GradientEdge],
    targets: Sequence[Tensor | GradientEdge],
    given: Any,
    keep: bool,
    create_graph: bool,
    allow_unused: bool,
) -> tuple[Tensor | None, ...]:
    roots = _roots(sources, given, create_graph)
    edges = [_target_edge(target) for target in targets]
    walk = Traversal(create_graph, keep, captures=True)
    walk.restrict(edges)
    walk.run(roots)
    found = tuple(map(walk.captured, edges))
    if not allow_unused and None in (unused := [None if g is None else True for g in found]):
        raise RuntimeError(
            f"The differentiated Tensor at index {unused.index(None)} appears to not have been "
            "used in the graph. Set allow_unused=True if this is the desired behavior."
        )
    return found


def _batched(
    sources: Sequence[Any],
    targets: Sequence[Tensor | GradientEdge],
    given: Sequence[Any],
    keep: bool,
    create_graph: bool,
    allow_unused: bool,
) -> tuple[Tensor | None, ...]:
    """The gradients for each slice of the cotangents, stacked."""
    for i, (output, g) in enumerate(zip(sources, given, strict=False)):
        if isinstance(g, Tensor) and g.array.shape[1:] != output.array.shape:
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output "
                "as the batch dimension. The sizes of the remaining dimensions are expected to "
                "match the shape of corresponding output, but a mismatch was detected: "
                f"grad_output[{i}] has a shape of {Size(g.array.shape[2:])} and output[{i}] has a "
                f"shape of {output.shape}. If you only want some tensors in `grad_output` to be "
                "considered batched, consider using vmap."
            )
    count = given[0].array.shape[0]
    rows = [
        _gradients(
            sources,
            targets,
            [g[i] for g in given],
            keep or i < count - 1,
            create_graph,
            allow_unused,
        )
        for i in range(count)
    ]
    stack = namespaces["torch"]["stack"]
    return tuple(None if column[0] is None else stack(column) for column in zip(*rows, strict=True))


def _materialized(g: Tensor | None, target: Tensor | GradientEdge) -> Tensor:
    if g is not None:
        return g
    if not isinstance(target, Tensor):
        raise RuntimeError(
            "materialize_grads cannot be used when the given input is a GradientEdge"
        )
    return wrap(np.zeros(target.array.shape, target.array.dtype))


def _sequence(tensors: Any) -> tuple[Tensor | GradientEdge, ...]:
    return (tensors,) if isinstance(tensors, (Tensor, GradientEdge)) else tuple(tensors)


def _targets(inputs: Any) -> tuple[Tensor | GradientEdge, ...]:
    """The tensors and edges whose gradients are asked for. Raises RuntimeError for others."""
    found = tuple(inputs.values()) if type(inputs) is dict else _sequence(inputs)
    for target in found:
        if not isinstance(target, (Tensor, GradientEdge)):
            raise RuntimeError(
                f"all inputs have to be Tensors or GradientEdges, but got {type(target).__name__}"
            )
    return found


def _target_edge(target: Tensor | GradientEdge) -> Edge:
    edge = edge_of(target) if isinstance(target, Tensor) else edge_at(target)
    if edge is None:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    return edge


def _tensor_at(target: Tensor | GradientEdge) -> Tensor | None:
    """The tensor that collects the gradient of a target of backward; None if none does."""
    if isinstance(target, Tensor):
        return target
    edge = edge_at(target)
    return edge if isinstance(edge, Tensor) else None


def _roots(
    outputs: Sequence[Tensor | GradientEdge], given: Any, create_graph: bool
) -> list[tuple[Edge, Cotangent]]:
    """Where to start: each output's edge and its cotangent, an array, or a Tensor if recorded."""
    if given is None:
        return [_root(output, None, i, create_graph) for i, output in enumerate(outputs)]
    cotangents = _sequence(given)
    if len(cotangents) < len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(cotangents)} gradients")
    return [
        _root(output, cotangent, i, create_graph)
        for i, (output, cotangent) in enumerate(zip(outputs, cotangents, strict=False))
    ]


def _root(
    output: Tensor | GradientEdge, cotangent: Any, i: int, create_graph: bool
) -> tuple[Edge, Cotangent]:
    if isinstance(output, GradientEdge):
        output = _shown_at(output)
    if cotangent is None:
        return _implicit(output, create_graph, i)
    _check_cotangent(output, cotangent, i)
    edge = edge_of(output)
    if edge is None:
        raise _untracked(i)
    same = output.array.dtype
    return edge, cotangent if create_graph else cotangent.array.astype(same, copy=False)


def _implicit(output: Tensor, create_graph: bool, i: int = 0) -> tuple[Edge, Cotangent]:
    """The start of a scalar whose cotangent is 1."""
    array, edge = output.array, output.edge
    if type(edge) is not Node:
        edge = edge_of(output)
        if edge is None:
            raise _untracked(i)
    dtype = array.dtype
    if array.size != 1 or dtype.kind not in "fV":
        raise _not_implicit(array)
    g = scalar(1.0, dtype)
    if array.ndim:
        g = g.reshape(array.shape)
    return edge, wrap(g) if create_graph else g


def _untracked(i: int) -> RuntimeError:
    return RuntimeError(f"element {i} of tensors does not require grad and does not have a grad_fn")


def _shown_at(place: GradientEdge) -> Tensor:
    """A tensor whose gradient goes where an edge leads."""
    if not isinstance(place, KnownEdge):
        raise RuntimeError("an edge to start from has to be made by get_gradient_edge()")
    tensor = wrap(place.array)
    tensor.edge = place.edge
    return tensor


def _not_implicit(array: Array) -> RuntimeError:
    """Only a scalar's cotangent goes without saying: it is 1."""
    if array.size != 1:
        return RuntimeError("grad can be implicitly created only for scalar outputs")
    return RuntimeError(
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
