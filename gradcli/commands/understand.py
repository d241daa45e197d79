"""graph, diff, trace, check, flow, why, info: what a value is and how it was made."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from engine import symbolic
from engine.tensor import Tensor
from gradcli.command import REGISTRY, Name, Operand, command
from gradcli.commands.autograd import leaves, wanted
from gradcli.faults import Fault
from gradcli.outputs import Failure, Notice, Several, Table, note, texts

if TYPE_CHECKING:
    from gradcli.explain.chain import Chain
    from gradcli.explain.sizes import Flow
    from gradcli.explain.why.answer import Answer
    from gradcli.session import Session


@command("understand")
def graph(session: Session, tensor: Operand) -> Notice:
    """Draw what a tensor was computed from, values and gradients too.

    graph z
    """
    from gradcli.explain.graph import graph_of

    lines = graph_of(wanted(tensor, "graph"), session.variables).lines()
    return Notice(lines, {"graph": texts(lines)})


@command("understand")
def diff(
    session: Session,
    y: Operand,
    *x: Operand,
    order: Operand | None = None,
    as_: Name | None = None,
    **at: Operand,
) -> Several:
    """Show the derivative of y with respect to x as a formula.

    diff z a              dz/da
    diff z a b            dz/da and dz/db
    diff z                with respect to every leaf
    diff z a a b          d³z/(da² db)
    diff z a at a=2       with other values

    order: 2 for all second derivatives among the names
    as: latex
    """
    from gradcli.explain.derivative import derivative, wanted_by

    of = wanted(y, "diff")
    places = {name: _place(session, name, value) for name, value in at.items()}
    by = [(part.text, wanted(part, "diff")) for part in x] or leaves(session)
    by = [(name, leaf) for name, leaf in by if x or symbolic.path(of, leaf)]
    if not by:
        raise Fault("RuntimeError", f"diff {y.text} needs a name to differentiate by", y.span,
                    why=f"{y.text} was computed from no variable that requires grad.",
                    fixes=(f"diff {y.text} x",))  # fmt: skip
    orders = wanted_by(by, None if order is None else _order(order, 9))
    of_text = None if y.text in session.variables else y.text
    found = [derivative(of, names, session.variables, of_text, places) for names in orders]
    if as_ is not None:
        if as_ != "latex":
            raise Fault("ValueError", f"as is latex, not {as_}", as_.span,  # type: ignore[attr-defined]
                        why="a formula is written in the language, or in LaTeX.",
                        fixes=("as=latex",))  # fmt: skip
        return Several("derivatives", [note(each.latex(), **each.facts()) for each in found])
    return Several("derivatives", found)


def _place(session: Session, name: str, given: Operand) -> Any:
    """The array that `at` gives a variable: of its shape and dtype."""
    import numpy as np

    variable = session.variables.get(name)
    if not isinstance(variable, Tensor):
        raise REGISTRY["diff"].unknown(name, given.span)
    value = given.value.array if isinstance(given.value, Tensor) else given.value
    try:
        array = np.asarray(value, variable.array.dtype)
    except (TypeError, ValueError):
        array = None
    if array is None or array.shape != variable.array.shape:
        shape = tuple(variable.array.shape)
        raise Fault("ValueError", f"{name} has the shape {shape}, and {given.text} has not",
                    given.span, why="a graph is for values of the shapes it was made with.",
                    fixes=(f"{name}=full({shape}, 1.)",))  # fmt: skip
    return array


@command("understand")
def trace(session: Session, y: Operand, x: Operand) -> Chain:
    """Walk the chain rule from y down to x, step by step, in symbols and numbers.

    trace z a
    """
    from gradcli.explain.chain import chain

    of, by = wanted(y, "trace"), wanted(x, "trace")
    found = chain(of, by, session.variables)
    if not found.rows:
        raise Fault("RuntimeError", f"{y.text} was not computed from {x.text}", x.span,
                    why="the chain rule goes from a value to what it was computed from.",
                    fixes=(f"graph {y.text}",))  # fmt: skip
    return found


@command("understand")
def check(
    session: Session, z: Operand, *x: Operand, order: Operand | None = None
) -> Several:
    """Compare the gradient of z with central differences, in float64.

    check z           with respect to every leaf
    check z a b       with respect to some

    order: 2 for the second derivative
    """
    from gradcli.explain.numeric import check as compared

    of = wanted(z, "check")
    by = [(part.text, wanted(part, "check")) for part in x] or leaves(session)
    by = [(name, leaf) for name, leaf in by if x or symbolic.path(of, leaf)]
    if not by:
        raise Fault("RuntimeError", f"check {z.text} needs a name to differentiate by", z.span,
                    why=f"{z.text} was computed from no variable that requires grad.",
                    fixes=(f"check {z.text} x",))  # fmt: skip
    return Several("checks", compared(of, by, 1 if order is None else _order(order, 2)))


def _order(order: Operand, most: int) -> int:
    if type(order.value) is not int or not 1 <= order.value <= most:
        raise Fault("ValueError", f"order is 1 to {most}, not {order.text}", order.span,
                    why="it is how often to differentiate.", fixes=("order=2",))  # fmt: skip
    return order.value


@command("understand")
def flow(session: Session, z: Operand) -> Flow:
    """Show how large the gradient is on its way from z to the leaves.

    flow z
    """
    from gradcli.explain.sizes import sizes

    of = wanted(z, "flow")
    if of.grad_fn is None:
        raise Fault("RuntimeError", f"no gradient flows from {z.text}", z.span,
                    why=f"{z.text} was computed from nothing that requires grad.",
                    fixes=("track a, build again",))  # fmt: skip
    return sizes(of, session.variables)


@command("understand")
def why(session: Session, tensor: Operand | None = None) -> Answer | Notice | Failure:
    """Tell why a gradient is None, zero, not a number, or not what was expected.

    why b             about a tensor
    why               the last error, told again
    """
    from gradcli.explain.why import why as asked

    if tensor is None:
        last = session.last_fault
        if last is None:
            return note("there was no error yet; why NAME tells of a gradient")
        return Failure(last, last.source_lines, last.first_line)
    return asked(session, wanted(tensor, "why"), tensor.text)


@command("understand")
def info(session: Session, value: Operand | None = None) -> Table:
    """Tell everything about a tensor, or about the session.

    info a
    info
    """
    if value is None:
        return _facts(_of_session(session))
    if isinstance(value.value, Tensor):
        return _facts(_of_tensor(session, value.value))
    return _facts([("type", type(value.value).__name__),
                   ("value", session.value(value.text, value.value).text)])  # fmt: skip


def kind_of(tensor: Tensor) -> str:
    """How autograd sees a tensor: leaf, constant, or the operation that made it."""
    if tensor.grad_fn is not None:
        return str(tensor.grad_fn.name())
    return "leaf" if tensor.requires_grad else "constant"


def amount(count: int) -> str:
    """Bytes in a unit that reads well."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


def _facts(rows: list[tuple[str, str]]) -> Table:
    return Table("info", ("", ""), rows, ("name", "plain"))


def _of_tensor(session: Session, tensor: Tensor) -> list[tuple[str, str]]:
    from engine.format import values_text
    from engine.storage import version

    array = tensor.array
    gradient: Any = tensor._grad
    made = getattr(getattr(tensor.origin, "node", tensor.origin), "trace", None)
    rows = [
        ("kind", kind_of(tensor)),
        ("shape", str(list(array.shape))),
        ("dtype", str(tensor.dtype).removeprefix("torch.")),
        ("elements", f"{array.size} ({amount(array.nbytes)})"),
        ("requires grad", "yes" if tensor.requires_grad else "no"),
        ("gradient", "none yet" if gradient is None else _short(values_text(gradient.array))),
        ("version", f"{version(array)} (writes in place)"),
    ]
    if array.size and array.dtype.kind in "iuf":
        rows.insert(4, ("range", f"{array.min():.6g} to {array.max():.6g}"))
    if made is not None and made.line is not None:
        number, text = session.line(made.line)
        rows.append(("made in", f"line {number}: {text.strip()}"))
    others = [(n, v) for n, v in session.variables.items() if isinstance(v, Tensor) and n != "_"]
    names = [name for name, other in others if other is tensor]
    sharing = [name for name, other in others if other is not tensor and _overlap(tensor, other)]
    if len(names) > 1:
        rows.append(("names", ", ".join(names)))
    if sharing:
        rows.append(("shares memory with", ", ".join(sharing)))
    return rows


def _overlap(one: Tensor, other: Tensor) -> bool:
    from engine.memory import owner_of

    return owner_of(one.array) is owner_of(other.array)


def _short(text: str) -> str:
    lines = text.split("\n")
    return lines[0] if len(lines) == 1 else lines[0] + " ..."


def _of_session(session: Session) -> list[tuple[str, str]]:
    import numpy

    import engine

    tensors = [value for value in session.variables.values() if isinstance(value, Tensor)]
    held = sum(step.size for step in session.past)
    names = len(session.variables.keys() - {"_"})
    version = ".".join(map(str, sys.version_info[:3]))
    return [
        ("gradcli", f"{engine.__version__} (Python {version}, NumPy {numpy.__version__})"),
        ("variables", f"{names} ({amount(sum(each.array.nbytes for each in tensors))} of numbers)"),
        ("inputs", str(len(session.inputs))),
        ("undo", f"{len(session.past)} steps ({amount(held)} of {session.settings.undo} MB)"),
    ]
