"""backward, grad, zero, step, track, untrack, retain."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from engine.graph.registry import namespaces
from engine.graph.tensor import LEAF, Tensor
from gradcli.base.faults import Fault
from gradcli.base.outputs import Moved, Notice, Warned
from gradcli.commands.command import command
from gradcli.language.evaluation.protocol import Operand
from gradcli.session.session import Session

_SUFFIX = re.compile(r"(?:,\s+(?:dtype|size)=\S+)*\)$")


@command("autograd")
def backward(
    session: Session,
    tensor: Operand,
    *,
    gradient: Operand | None = None,
    retain: Operand | None = None,
    create_graph: Operand | None = None,
) -> None:
    """Compute the gradients of a tensor; add them to its leaves' .grad.

    backward z                        from one number
    backward y gradient=[1., 1.]      from several, each with its weight
    backward z retain=true            keep the graph for another backward

    gradient: the weight of each element; not needed for one number
    retain: keep the graph, so that backward can run again
    create_graph: record the gradients too, so that they can be differentiated
    """
    root = wanted(tensor, "backward")
    keep = None if retain is None else switch("retain", retain)
    create = create_graph is not None and switch("create_graph", create_graph)
    weights: Any = None if gradient is None else _weights(gradient, root)
    try:
        root.backward(weights, retain_graph=keep, create_graph=create)
    except RuntimeError as error:
        if gradient is None or weights.shape == root.shape:
            raise
        why = f"gradient gives each element of {tensor.text} its weight, so their shapes agree."
        fact = f"shape {list(weights.shape)}, {tensor.text} has {list(root.shape)}"
        fix = f"gradient=ones_like({tensor.text})"
        raise Fault(
            "RuntimeError", str(error), gradient.span, fact=fact, why=why, fixes=(fix,)
        ) from error


@command("autograd")
def grad(session: Session, *tensors: Operand) -> object:
    """Show the gradient that backward left in a tensor, or None.

    grad a            a.grad
    grad a b          several, with their names
    grad              those of every leaf
    """
    if len(tensors) == 1:
        name, tensor = tensors[0].text, wanted(tensors[0], "grad")
        return session.value(f"{name}.grad", _gradient(session, name, tensor))
    found = [(part.text, wanted(part, "grad")) for part in tensors] or leaves(session)
    if not found:
        raise Fault(
            "RuntimeError",
            "no variable requires grad",
            why="only what is tracked has a gradient.",
            fixes=_tracks(session),
        )
    return _named(
        [(name, session.value(name, _gradient(session, name, each)).text) for name, each in found]
    )


@command("autograd")
def zero(session: Session, *tensors: Operand) -> None:
    """Forget gradients, of all variables or of some: .grad is None.

    zero a            as a.grad = None
    zero              as optimizer.zero_grad()
    """
    found = [wanted(part, "zero") for part in tensors]
    if not tensors:
        found = [v for v in session.variables.values() if isinstance(v, Tensor)]
    for tensor in found:
        if tensor._grad is not None:
            tensor.grad = None


@command("autograd")
def step(session: Session, *tensors: Operand, lr: Operand | None = None) -> Moved:
    """Move leaves against their gradients, in place.

    step W lr=0.001   W -= 0.001 * W.grad, under no_grad
    step              every leaf variable that has a gradient

    lr: how far, as a multiple of the gradient; as `set lr=...` if left out
    """
    rate = session.settings.lr if lr is None else _rate(lr)
    found: list[tuple[str, Any]]
    if tensors:
        found = [(part.text, _movable(session, part)) for part in tensors]
    else:
        found = [(name, leaf) for name, leaf in leaves(session) if leaf.grad is not None]
        if not found:
            raise Fault(
                "RuntimeError",
                "no variable has a gradient to step against",
                why="backward was not run yet, or zero forgot what it left.",
                fixes=_backwards(session),
            )
    moves = []
    with namespaces["torch"]["no_grad"]():
        for name, leaf in found:
            before = _numbers(leaf)
            leaf.sub_(leaf.grad * rate)
            moves.append((name, before, _numbers(leaf)))
    return Moved(moves, session.columns)


@command("autograd")
def track(session: Session, tensor: Operand, *tensors: Operand) -> None:
    """Record gradients for tensors from now on.

    track a b         as a.requires_grad_(), b.requires_grad_()
    """
    _each((tensor, *tensors), "track", lambda each: each.requires_grad_(True))


@command("autograd")
def untrack(session: Session, tensor: Operand, *tensors: Operand) -> None:
    """Record no gradients for leaves any more.

    untrack a b       as a.requires_grad_(False), b.requires_grad_(False)
    """
    _each((tensor, *tensors), "untrack", lambda each: each.requires_grad_(False))


@command("autograd")
def retain(session: Session, tensor: Operand, *tensors: Operand) -> None:
    """Let backward keep the gradients of tensors that are no leaves.

    retain y          as y.retain_grad(); then backward z, grad y
    """
    _each((tensor, *tensors), "retain", lambda each: each.retain_grad())


# ---- what they share ---------------------------------------------------------------------------


def wanted(part: Operand, word: str) -> Any:
    """The tensor an operand names. Raises Fault if it is something else."""
    if isinstance(part.value, Tensor):
        return part.value
    kind = type(part.value).__name__
    fixes = [f"{word} tensor({part.text})"] if kind in ("list", "float", "int") else []
    raise Fault("TypeError", f"{word} takes a tensor, not {kind}", part.span, fixes=fixes)


def _each(parts: tuple[Operand, ...], word: str, act: Callable[[Any], object]) -> None:
    """Do something to each tensor; an error knows which one it was."""
    for place, part in enumerate(parts):
        tensor = wanted(part, word)
        try:
            act(tensor)
        except RuntimeError as error:
            error.operand = place  # type: ignore[attr-defined]
            raise


def leaves(session: Session) -> list[tuple[str, Tensor]]:
    """The leaf variables that require grad, each once, by the first of its names."""
    found: dict[int, tuple[str, Tensor]] = {}
    for name, value in session.variables.items():
        if name != "_" and isinstance(value, Tensor) and value.edge is LEAF:
            found.setdefault(id(value), (name, value))
    return list(found.values())


def switch(name: str, option: Operand) -> bool:
    """A true or false option; also written in small letters, as a bare word."""
    value = option.value
    if type(value) is bool:
        return value
    raise Fault("TypeError", f"{name} is True or False, not {option.text}", option.span)


def _gradient(session: Session, name: str, tensor: Tensor) -> Any:
    """.grad, with a warning shorter than PyTorch's for tensors that are no leaves."""
    if tensor._grad is None and not tensor.is_leaf and not tensor.retained:
        hint = f"{name} is not a leaf: backward keeps its gradient only after  retain {name}"
        session.emit(Warned("UserWarning", hint))
    return tensor._grad


def _weights(option: Operand, tensor: Tensor) -> Any:
    """The gradient option as a tensor of the dtype of what is differentiated."""
    if isinstance(option.value, Tensor) or option.value is None:
        return option.value
    return namespaces["torch"]["tensor"](option.value, dtype=tensor.dtype)


def _rate(option: Operand) -> Any:
    if type(option.value) in (int, float):
        return option.value
    if isinstance(option.value, Tensor) and option.value.array.size == 1:
        return option.value.array.item()
    raise Fault("TypeError", f"lr is a number, not {type(option.value).__name__}", option.span)


def _backwards(session: Session) -> list[str]:
    """`backward loss`, of the last variable that it can start from."""
    found = [
        name
        for name, value in session.variables.items()
        if isinstance(value, Tensor) and value.grad_fn is not None and value.array.size == 1
    ]
    return [f"backward {name}" for name in found[-1:]]


def _tracks(session: Session) -> list[str]:
    """`track a`, of the first variable that may have a gradient."""
    found = [
        name
        for name, value in session.variables.items()
        if isinstance(value, Tensor) and value.array.dtype.kind in "fc"
    ]
    return [f"track {name}" for name in found[:1]]


def _movable(session: Session, part: Operand) -> Tensor:
    """The leaf with a gradient that an operand names. Raises Fault if there is none."""
    tensor: Tensor = wanted(part, "step")
    name, span = part.text, part.span
    if not tensor.is_leaf:
        raise Fault(
            "RuntimeError",
            f"step moves leaves, and {name} is computed from others",
            span,
            why=f"{name} would be computed anew from them.",
            fixes=(f"{name} = {name}.detach().requires_grad_()",),
        )
    if tensor.grad is not None:
        return tensor
    if tensor.requires_grad:
        why, fixes = f"no backward has reached {name} yet.", _backwards(session)
    else:
        why, fixes = f"{name} was never tracked.", [f"track {name}"]
    raise Fault("RuntimeError", f"{name} has no gradient", span, why=why, fixes=fixes)


def _numbers(tensor: Tensor) -> str:
    """The numbers alone, as they are printed."""
    from engine.graph.printing import tensor_text

    return _SUFFIX.sub("", tensor_text(tensor.array, prefix=""))


def _named(rows: list[tuple[str, str]]) -> Notice:
    """Texts beside their names; further lines of a text stand under its first."""
    margin = max(len(name) for name, _ in rows) + 2
    lines = []
    for name, text in rows:
        for place, line in enumerate(text.split("\n")):
            lines.append([((name if not place else "").ljust(margin), "name"), (line, "value")])
    return Notice(lines, {"gradients": dict(rows)})
