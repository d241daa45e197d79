"""One operation is one row: how it is computed, differentiated, checked and written.

    op("mul(a, b)", "multiply", elementwise=True, written="a * b",
       a=lambda ns, g, b: g * b,
       b=lambda ns, g, a: g * a)

The signature names the operands (tensors) and, after a semicolon, the parameters (everything
else). The forward is a function `f(xp, *operands, *parameters)` of an array namespace, or the name
of a function of that namespace. Then, for each operand, its vector-Jacobian product: a formula
`rule(ns, g, ...)` over a namespace of rows, whose further arguments say by their names what it
needs: an operand, `out` (the result), `<operand>_shape`, `<operand>_dtype`, or a parameter. Only
what the rules name is saved for backward. A rule never broadcasts, accumulates or asks who needs a
gradient: the driver (record.py, traversal.py) does that once for all of them.

A row is read four ways: over NumPy arrays, over Tensors (gradients that have gradients), over
traced Tensors (gradients as formulas) and, compiled, over jax.numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from types import MethodType
from typing import Any, NamedTuple

Rule = Callable[..., Any]


class NotDifferentiable:
    """Declared in place of a rule: why an operand has none."""

    __slots__ = ("reason",)

    def __init__(self, reason: str | None = None) -> None:
        self.reason = reason


non_differentiable = NotDifferentiable()
"""The operand is no function of real numbers (an index, a mask), or the result is piecewise
constant.
"""

truth = NotDifferentiable()
"""The operand is a condition: it broadcasts, and takes no part in promotion."""


def not_implemented(reason: str) -> NotDifferentiable:
    """The derivative exists and nobody has written it: using it raises NotImplementedError."""
    return NotDifferentiable(reason)


class Pullback(NamedTuple):
    """One operand's rule and where in a node's saved values its arguments are.

    `pick` takes the arguments out of the saved values: an index for one, a function for more.
    """

    rule: Rule
    arguments: int
    pick: Any


def passed(ns: Any, g: Any) -> Any:
    """The rule that hands the gradient on as it is; backward need not call it."""
    return g


def _pullback(rule: Rule, needs: tuple[str, ...], saves: tuple[str, ...]) -> Pullback:
    places = [saves.index(name) for name in needs]
    pick = itemgetter(*places) if len(places) > 1 else places[0] if places else None
    return Pullback(rule, len(places), pick)


NO_PULLBACK = Pullback(None, 0, None)  # type: ignore[arg-type]
"""Stands for an operand without a derivative; no edge ever leads there."""


class Op:
    """One row. Made by `op`; see the module's text for what its fields mean."""

    __slots__ = (
        "bound",
        "broadcasts",
        "check",
        "context",
        "differentiable",
        "estimate",
        "floats",
        "forward",
        "frees",
        "holomorphic",
        "kept",
        "masks",
        "name",
        "ndims",
        "needs",
        "node_name",
        "numbers",
        "operands",
        "outputs",
        "params",
        "places",
        "pullbacks",
        "reasons",
        "saves",
        "saves_facts",
        "steps",
        "twins",
        "variadic",
        "view",
        "wants",
        "written",
    )

    name: str
    node_name: str
    operands: tuple[str, ...]
    params: tuple[str, ...]
    variadic: bool
    forward: Any
    bound: Any
    pullbacks: tuple[Pullback, ...]
    steps: tuple[tuple[Rule, int, Any], ...]  # the pullbacks as plain tuples: they unpack faster
    needs: tuple[tuple[str, ...], ...]
    reasons: tuple[str | None, ...]
    masks: tuple[bool, ...]
    ndims: tuple[int | None, ...] | None
    saves: tuple[str, ...]
    saves_facts: bool
    places: tuple[int, ...]
    wants: tuple[frozenset[int], ...]
    kept: dict[int, list[int | None]]  # by the set of tracked operands, as bits
    frees: bool
    broadcasts: bool
    floats: bool
    numbers: bool
    outputs: int
    view: bool
    holomorphic: bool
    twins: dict[str, Op]  # the row over other numbers, made when first met (twins.py)
    differentiable: bool
    written: str
    check: Callable[..., None] | None
    context: Callable[[Any], Any] | None  # for a row in Python: what a node's user is shown
    estimate: Callable[..., Sequence[int]] | None

    def __repr__(self) -> str:
        return f"<row {self.name}>"

    def pull_back_by(self, pullbacks: Iterable[Pullback]) -> None:
        """Give the row its pullbacks."""
        self.pullbacks = tuple(pullbacks)
        self.steps = tuple((rule, count, pick) for rule, count, pick in self.pullbacks)

    def over(self, xp: Any) -> Callable[..., Any]:
        """The forward as a function of arrays of the namespace `xp`."""
        if isinstance(self.forward, str):
            return getattr(xp, self.forward)  # type: ignore[no-any-return]
        return MethodType(self.forward, xp)  # called faster than functools.partial

    def gathered(self, arrays: Sequence[Any]) -> Sequence[Any]:
        """The operands as the forward takes them: those of a last operand "*xs" are one tuple."""
        fixed = len(self.operands) - 1
        return (*arrays[:fixed], tuple(arrays[fixed:])) if self.variadic else arrays


rows: dict[str, Op] = {}
"""Every row by name."""


def op(
    signature: str,
    forward: str | Callable[..., Any],
    *,
    written: str | None = None,
    node: str | None = None,
    elementwise: bool = False,
    floats: bool = False,
    numbers: bool = False,
    outputs: int = 1,
    view: bool = False,
    holomorphic: bool = True,
    ndims: tuple[int | None, ...] | None = None,
    check: Callable[..., None] | None = None,
    estimate: Callable[..., Sequence[int]] | None = None,
    **rules: Rule | NotDifferentiable,
) -> Op:
    """Add a row.

    Args:
        signature: "name(operand, ...; parameter, ...)"; a last operand "*xs" stands for any number,
            and reaches the forward as a tuple.
        forward: see the module's text.
        written: how the row is written, a Python expression of its operands and parameters;
            by default a call of its name.
        node: the name grad_fn shows; by default the row's name in PyTorch's fashion.
        elementwise: operands are promoted to one dtype and broadcast; the driver undoes both.
        floats: integers become the default dtype first (sin, exp, true division).
        numbers: Python numbers may stand for tensors.
        outputs: how many tensors come out; 0 for a tuple of any length. With several, a rule's g
            is a tuple with None for what no gradient reached.
        view: the result shares the operand's storage.
        holomorphic: complex results are holomorphic functions of the operands: the rules are those
            for real numbers, and over complex ones the driver conjugates what they take (twins.py).
            Where that does not hold, the rules are written for complex numbers too: a gradient is
            dL/dRe + i dL/dIm.
        ndims: how many dimensions each operand has (None: any); nothing else reaches the forward,
            nor do truth values: they go to `check`.
        check: called with the arrays and parameters when the forward fails, to raise PyTorch's
            error.
        estimate: from the same, the result's shape, where it can be larger than the operands'.
        rules: one for each operand.

    Raises:
        TypeError: an operand has no rule and does not say why, or a rule names what does not exist.
    """
    row = Op()
    name, _, rest = signature.rstrip(")").partition("(")
    operands, _, params = rest.partition(";")
    row.name = name
    row.operands = tuple(part.strip(" *") for part in operands.split(",") if part.strip())
    row.params = tuple(part.strip() for part in params.split(",") if part.strip())
    row.variadic = "*" in operands
    row.forward = forward
    row.node_name = node or "".join(part.capitalize() for part in name.split("_")) + "Backward0"
    row.broadcasts, row.floats, row.outputs, row.view = elementwise, floats, outputs, view
    row.numbers, row.holomorphic, row.twins = numbers, holomorphic, {}
    row.check, row.estimate, row.context, row.ndims = check, estimate, None, ndims
    arguments = ", ".join(
        f"*{a}" if row.variadic and a == row.operands[-1] else a for a in row.operands
    )
    row.written = written or f"{name}({', '.join([arguments, *row.params]) if arguments else ''})"
    _attach_rules(row, rules)
    if name in rows:
        raise TypeError(f"{name}: there is a row of that name already")
    rows[name] = row
    return row


def _attach_rules(row: Op, rules: dict[str, Rule | NotDifferentiable]) -> None:
    missing = [operand for operand in row.operands if operand not in rules]
    if missing or len(rules) > len(row.operands):
        raise TypeError(
            f"{row.name}: no rule for {missing}, or rules for no operand in {sorted(rules)}"
        )
    facts = [f"{operand}_{fact}" for operand in row.operands for fact in ("shape", "dtype")]
    known = {*row.operands, *row.params, "out", *facts}
    needs: dict[str, tuple[str, ...]] = {}
    for operand, rule in rules.items():
        if isinstance(rule, NotDifferentiable):
            continue
        code = rule.__code__
        needs[operand] = code.co_varnames[2 : code.co_argcount]
        if not known.issuperset(needs[operand]):
            raise TypeError(
                f"{row.name}: the rule for {operand} names {set(needs[operand]) - known}"
            )
    order = (*row.operands, "out", *row.params, *facts)
    used = {name for names in needs.values() for name in names}
    row.saves = tuple(name for name in order if name in used)
    row.places = tuple(order.index(name) for name in row.saves)
    row.wants = tuple(
        frozenset(row.saves.index(name) for name in needs.get(operand, ()))
        for operand in row.operands
    )
    row.kept = {}
    row.frees = any(name in row.operands or name == "out" for name in row.saves)
    row.saves_facts = any(name in facts for name in row.saves)
    row.differentiable = bool(needs)
    row.pull_back_by(
        _pullback(rules[name], needs[name], row.saves) if name in needs else NO_PULLBACK  # type: ignore[arg-type]
        for name in row.operands
    )
    row.masks = tuple(rules[name] is truth for name in row.operands)
    row.needs = tuple(needs.get(name, ()) for name in row.operands)
    row.reasons = tuple(getattr(rules[name], "reason", None) for name in row.operands)
