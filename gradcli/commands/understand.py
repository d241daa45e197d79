"""graph, diff, trace, check, flow, why, info: what a value is and how it was made."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from engine.graph.tensor import Tensor
from engine.transforms import recorded
from gradcli.base.faults import Fault
from gradcli.base.outputs import Failure, Notice, Several, Table, first_line, note
from gradcli.commands.autograd import leaves, wanted
from gradcli.commands.command import REGISTRY, Name, Path, command

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradcli.base.faults import Line
    from gradcli.explain.chain_rule import Chain
    from gradcli.explain.gradient_flow import Flow
    from gradcli.explain.graph.graph_data import Graph
    from gradcli.explain.graph.tree import Tree
    from gradcli.explain.why.answer import Answer
    from gradcli.language.evaluation.protocol import Operand
    from gradcli.session.session import Session


@command("understand")
def graph(
    session: Session,
    tensor: Operand,
    *,
    to: Name | None = None,
    save: Path | None = None,
    depth: Operand | None = None,
    backward: Operand | None = None,
) -> Tree | Notice:
    """Draw what a tensor was computed from, values and gradients too.

    graph z
    graph z backward=true      what backward computes
    graph z to=mermaid
    graph z save=z.svg

    to: dot, mermaid, json, latex, and with Graphviz svg, png
    save: a file; its ending tells the format
    depth: how deep to go, 12
    backward: true for the graph of the gradients
    """
    from gradcli.explain.graph.formats import format_of
    from gradcli.explain.graph.tree import Tree

    of = wanted(tensor, "graph")
    format_ = _with_span(format_of, to, save)
    if depth is not None and (type(depth.value) is not int or depth.value < 1):
        raise Fault(
            "ValueError",
            f"depth is a whole number from 1, not {depth.text}",
            depth.span,
            why="it is how many operations to go down.",
            fixes=("depth=3",),
        )
    deepest = (12 if format_ is None else 40) if depth is None else depth.value
    most = 40 if format_ is None and depth is None else 400
    found = _graph(session, tensor, of, bool(backward and backward.value), deepest, most)
    if format_ is None:
        return Tree(found, session.columns)
    return _picture(session, found, format_, save)


def _graph(
    session: Session, tensor: Operand, of: Tensor, backward: bool, deepest: int, most: int
) -> Graph:
    from gradcli.explain.graph.walk import gradient_graph_of, graph_of

    if not backward:
        return graph_of(of, session.variables, deepest, most)
    by = [(name, leaf) for name, leaf in leaves(session) if recorded.path(of, leaf)]
    if not by:
        raise Fault(
            "RuntimeError",
            f"no gradient flows from {tensor.text}",
            tensor.span,
            why=f"{tensor.text} was computed from no variable that requires grad.",
            fixes=(f"graph {tensor.text}",),
        )
    called = tensor.text if tensor.text.isidentifier() else f"({tensor.text})"
    return gradient_graph_of(of, by, called, session.variables, deepest, most)


def _picture(session: Session, found: Graph, format_: str, save: Path | None) -> Notice:
    """The graph in a format: in a file, or as text; in DOT where no picture can be had."""
    from gradcli.explain.graph.formats import drawn, keep, without

    said = {"graph": found.facts()}
    missing = without(format_, session.confined, save)
    if missing is not None and save is not None:
        raise Fault(
            "RuntimeError",
            f"no {format_} can be drawn: {missing}",
            save.span,  # type: ignore[attr-defined]
            why="gradcli writes DOT, which Graphviz makes pictures of.",
            fixes=(f"save={save.rpartition('.')[0]}.dot",),
        )
    content = drawn(found, format_ if missing is None else "dot")
    if save is None:
        lines: list[Line] = [[(line, "plain")] for line in content.decode().split("\n")]
        head: list[Line] = [[(f"{missing}; in DOT:", "note")]] if missing else []
        return Notice([*head, *lines], said)
    keep(content, session.writable(save))
    return note(f"drew {len(found.vertices)} values to {save}", file=save, **said)


def _with_span(check: Callable[..., Any], *given: Any) -> Any:
    """Point at the option that a Fault is about: the last that was given."""
    try:
        return check(*given)
    except Fault as fault:
        fault.span = [part.span for part in given if part is not None][-1]
        raise


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
    from gradcli.explain.formula.derivative import derivative, wanted_by

    of = wanted(y, "diff")
    places = {name: _place(session, name, value) for name, value in at.items()}
    by = _variables(session, "diff", of, y, x)
    orders = wanted_by(by, None if order is None else _order(order, 9))
    of_text = None if y.text in session.variables else y.text
    found: list[Any] = [
        derivative(of, names, session.variables, of_text, places) for names in orders
    ]
    if as_ is not None:
        if as_ != "latex":
            raise Fault(
                "ValueError",
                f"as is latex, not {as_}",
                as_.span,  # type: ignore[attr-defined]
                why="a formula is written in the language, or in LaTeX.",
                fixes=("as=latex",),
            )
        return Several("derivatives", [note(each.latex(), **each.facts()) for each in found])
    old = [name for name in written_since(session, of) if name not in places]
    if old:
        listed = " and ".join(old)
        found.append(
            note(
                f"note: {listed} was written in place after {y.text} was computed; the "
                f"values are for {listed} as it is now"
            )
        )
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
        raise Fault(
            "ValueError",
            f"{name} has the shape {shape}, and {given.text} has not",
            given.span,
            why="a graph is for values of the shapes it was made with.",
            fixes=(f"{name}=full({shape}, 1.)",),
        )
    return array


@command("understand")
def trace(session: Session, y: Operand, x: Operand, step: Name | None = None) -> Chain:
    """Walk the chain rule from y down to x, step by step, in symbols and numbers.

    trace z a
    trace z a step    at the prompt: a step for each Enter
    """
    from gradcli.explain.chain_rule import chain

    of, by = wanted(y, "trace"), wanted(x, "trace")
    for name in written_since(session, of):
        raise Fault(
            "RuntimeError",
            f"{name} was written in place after {y.text} was computed",
            y.span,
            why=f"the steps would mix {name} as it is now with values on the way "
            f"from before: compute {y.text} again, then trace.",
            fixes=(f"diff {y.text} {x.text}",),
        )
    found = chain(of, by, session.variables)
    if not found.rows:
        raise Fault(
            "RuntimeError",
            f"{y.text} was not computed from {x.text}",
            x.span,
            why="the chain rule goes from a value to what it was computed from.",
            fixes=(f"graph {y.text}",),
        )
    if step not in (None, "step"):
        raise Fault(
            "ValueError",
            f"trace goes from one value to another, or in steps: not {step}",
            step.span,  # type: ignore[attr-defined]
            why="a third word can only be step.",
            fixes=(f"trace {y.text} {x.text} step",),
        )
    found.stepwise = step is not None
    return found


@command("understand")
def check(session: Session, z: Operand, *x: Operand, order: Operand | None = None) -> Several:
    """Compare the gradient of z with central differences, in float64.

    check z           with respect to every leaf
    check z a b       with respect to some

    order: 2 for the second derivative
    """
    from gradcli.explain.finite_differences import check as compared

    of = wanted(z, "check")
    by = _variables(session, "check", of, z, x)
    return Several("checks", compared(of, by, 1 if order is None else _order(order, 2)))


def _variables(
    session: Session, verb: str, of: Tensor, y: Operand, x: tuple[Operand, ...]
) -> list[tuple[str, Tensor]]:
    """The tensors to differentiate by, by name: those asked for, or all leaves behind y."""
    if x:
        return [(part.text, wanted(part, verb)) for part in x]
    by = [(name, leaf) for name, leaf in leaves(session) if recorded.path(of, leaf)]
    if not by:
        raise Fault(
            "RuntimeError",
            f"{verb} {y.text} needs a name to differentiate by",
            y.span,
            why=f"{y.text} was computed from no variable that requires grad.",
            fixes=(f"{verb} {y.text} x",),
        )
    return by


def _order(order: Operand, most: int) -> int:
    if type(order.value) is not int or not 1 <= order.value <= most:
        raise Fault(
            "ValueError",
            f"order is 1 to {most}, not {order.text}",
            order.span,
            why="it is how often to differentiate.",
            fixes=("order=2",),
        )
    return order.value


@command("understand")
def flow(session: Session, z: Operand) -> Flow:
    """Show how large the gradient is on its way from z to the leaves.

    flow z
    """
    from gradcli.explain.gradient_flow import sizes

    of = wanted(z, "flow")
    if of.grad_fn is None:
        raise Fault(
            "RuntimeError",
            f"no gradient flows from {z.text}",
            z.span,
            why=f"{z.text} was computed from nothing that requires grad: "
            "track a tensor, and compute it again.",
        )
    return sizes(of, session.variables, session.columns)


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
    return _facts(
        [
            ("type", type(value.value).__name__),
            ("value", session.value(value.text, value.value).text),
        ]
    )


def written_since(session: Session, y: Tensor) -> list[str]:
    """The variables that y was computed from and that were written in place since."""
    found = recorded.written_since(y)
    names = [
        name
        for name, value in session.variables.items()
        if name != "_" and any(value is x for x in found)
    ]
    return names or (["a value without a name"] if found else [])


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
    from engine.arrays.memory import same_memory
    from engine.graph.printing import values_text

    array = tensor.array
    gradient: Any = tensor._grad
    made = recorded.line(recorded.source(tensor))
    rows = [
        ("kind", kind_of(tensor)),
        ("shape", str(list(array.shape))),
        ("dtype", str(tensor.dtype).removeprefix("torch.")),
        ("elements", f"{array.size} ({amount(array.nbytes)})"),
        ("requires grad", "yes" if tensor.requires_grad else "no"),
        ("gradient", "none yet" if gradient is None else first_line(values_text(gradient.array))),
        ("version", f"{tensor._version} (writes in place)"),
    ]
    if array.size and array.dtype.kind in "iuf":
        rows.insert(4, ("range", f"{array.min():.6g} to {array.max():.6g}"))
    if made is not None:
        number, text = session.line(made)
        rows.append(("made in", f"line {number}: {text.strip()}"))
    others = [(n, v) for n, v in session.variables.items() if isinstance(v, Tensor) and n != "_"]
    names = [name for name, other in others if other is tensor]
    sharing = [
        name for name, other in others if other is not tensor and same_memory(array, other.array)
    ]
    if len(names) > 1:
        rows.append(("names", ", ".join(names)))
    if sharing:
        rows.append(("shares memory with", ", ".join(sharing)))
    return rows


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
