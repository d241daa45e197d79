"""One operation is one row: how it is computed, differentiated, checked and written.

    op("hypot(a, b)", "hypot", "sqrt(input**2 + other**2), without overflow.", elementwise=True,
       a=lambda ns, g, a, out: g * (a / out),
       b=lambda ns, g, b, out: g * (b / out))

The signature names the operands (tensors) and, after a semicolon, the parameters (everything
else). The forward is a function `f(xp, *operands, *parameters)` of an array namespace, or the name
of a function of that namespace. Then, for each operand, its vector-Jacobian product: a formula
`rule(ns, g, ...)` over a namespace of rows, whose further arguments say by their names what it
needs: an operand, `out` (the result), `<operand>_shape`, `<operand>_dtype`, or a parameter. Only
what the rules name is saved for backward. A rule never broadcasts, accumulates or asks who needs a
gradient: the driver (dispatch/apply.py, backward/traversal.py) does that once for all of them.

A row is read four ways: over NumPy arrays, over Tensors (gradients that have gradients), over
traced Tensors (gradients as formulas) and, compiled, over jax.numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from types import MethodType
from typing import Any, NamedTuple

import numpy as np

from engine.arrays.promotion import is_half
from engine.arrays.scalars import F32

Rule = Callable[..., Any]
Refusal = str | tuple[type[Exception], str]
"""The name of a kernel that PyTorch says is missing; or its error, class and message."""


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


_CALLED = {("x",): ("input",), ("a", "b"): ("input", "other")}
_CONSTANTS = {"None": None, "True": True, "False": False}
_NOTHING: Mapping[str, Any] = {}


def _literal(text: str) -> Any:
    """A default as a signature writes it: a number, a truth value, None or a 'word'."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text.startswith("'"):
        return text.strip("'")
    return int(text) if text.lstrip("-").isdigit() else float(text)


NO_PULLBACK = Pullback(None, 0, None)  # type: ignore[arg-type]
"""Stands for an operand without a derivative; no edge ever leads there."""


class Op:
    """One row; see the module's text for what it says.

    Args:
        signature: "name(operand, ...; parameter, ...)"; a last operand "*xs" stands for any number,
            and reaches the forward as a tuple. A parameter may have a default, "beta=1"; those
            after a "*" are given by their names.
        forward: see the module's text.
        rules: for each operand its vector-Jacobian product, or why there is none.
        written: how the row is written, a Python expression of its operands and parameters;
            by default a call of its name.
        latex: how it is written in LaTeX: the name of a function, r"\\log", or a text with the
            operands as #1, #2, as in a \\newcommand: r"\\sqrt{#1}".
        called: what PyTorch calls the operands, where that is not input (and other), or their own
            names.
        node: the name grad_fn shows; by default the row's name in PyTorch's fashion.
        elementwise: operands are promoted to one dtype and broadcast; the driver undoes both.
        floats: integers become the default dtype first (sin, exp, true division).
        numbers: Python numbers may stand for tensors.
        outputs: how many tensors come out; 0 for a tuple of any length. With several, a rule's g
            is a tuple with None for what no gradient reached.
        view: the result shares the operand's storage.
        holomorphic: complex results are holomorphic functions of the operands: the rules are those
            for real numbers, and over complex ones the driver conjugates what they take
            (dtype_variants.py). Where that does not hold, the rules are written for complex numbers
            too: a gradient is dL/dRe + i dL/dIm.
        ndims: how many dimensions each operand has (None: any); nothing else reaches the forward,
            nor do truth values: they go to `check`.
        check: called with the arrays and parameters when the forward fails, to raise PyTorch's
            error.
        estimate: from the same, the result's shape, where it can be larger than the operands'.
        refuses: kinds of numbers that PyTorch does not take, one letter each: "c" complex, "i"
            whole numbers, "b" truth values, "h" half precision; to each its Refusal, or one to
            several: {"bi": "elu_cpu"}.
        halves: how it is computed in half precision, where not in float32 and rounded at the end:
            "scaled", a 0-dim second operand stays in float32; "rounded", so are its numbers first;
            "own", by its forward.
        facts: what explanations may say of it, each a text: "stairs", it is piecewise constant;
            "dead", where its slope is 0; "saturates", its slope goes to 0 far out; "chooses", it
            takes some elements and leaves others; "scales", by its second operand, "times" or
            "over"; "smooth", an expression with slopes that may stand in its place; "guard", an
            operand kept where the slope is finite, both of {operand}s: "{x}.clamp(min=1e-12)".

    Raises:
        TypeError: an operand has no rule and does not say why, or a rule names what does not exist.
    """

    __slots__ = (
        *"bound broadcasts called check context defaults differentiable estimate facts".split(),
        *"floats forward frees halves holomorphic kept latex masks name ndims needs".split(),
        "node_name",
        "numbers",
        *"operands outputs params places positional pullbacks reasons refuses saves".split(),
        *"saves_facts steps variadic variants view wants written".split(),
    )

    name: str
    node_name: str
    operands: tuple[str, ...]
    called: tuple[str, ...]
    params: tuple[str, ...]
    positional: int  # how many of them may be given without a name
    defaults: dict[str, Any]
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
    variants: dict[str, Op]  # the row over other numbers, made when first met (dtype_variants.py)
    differentiable: bool
    written: str
    latex: str | None
    refuses: Mapping[str, Refusal]
    halves: str
    facts: Mapping[str, str]
    check: Callable[..., None] | None
    context: Callable[[Any], Any] | None  # for a row in Python: what a node's user is shown
    estimate: Callable[..., Sequence[int]] | None

    def __init__(
        self,
        signature: str,
        forward: str | Callable[..., Any],
        rules: Mapping[str, Rule | NotDifferentiable],
        *,
        written: str | None = None,
        latex: str | None = None,
        node: str | None = None,
        called: tuple[str, ...] | None = None,
        elementwise: bool = False,
        floats: bool = False,
        numbers: bool = False,
        outputs: int = 1,
        view: bool = False,
        holomorphic: bool = True,
        ndims: tuple[int | None, ...] | None = None,
        check: Callable[..., None] | None = None,
        estimate: Callable[..., Sequence[int]] | None = None,
        refuses: Mapping[str, Refusal] = _NOTHING,
        halves: str = "",
        facts: Mapping[str, str] = _NOTHING,
    ) -> None:
        name, _, rest = signature.rstrip(")").partition("(")
        operands, _, params = rest.partition(";")
        self.name = name
        self.operands = tuple(part.strip(" *") for part in operands.split(",") if part.strip())
        given = [part.strip().partition("=") for part in params.split(",") if part.strip()]
        names = [param for param, _, _ in given]
        self.positional = names.index("*") if "*" in names else len(names)
        self.params = tuple(param for param in names if param != "*")
        self.defaults = {param: _literal(value) for param, equals, value in given if equals}
        self.called = called or _CALLED.get(self.operands, ("input", *self.operands[1:]))
        self.variadic = "*" in operands
        self.forward = forward
        self.node_name = (
            node or "".join(part.capitalize() for part in name.split("_")) + "Backward0"
        )
        self.broadcasts, self.floats, self.outputs, self.view = elementwise, floats, outputs, view
        self.numbers, self.holomorphic, self.ndims = numbers, holomorphic, ndims
        self.check, self.estimate = check, estimate
        self.refuses = {kind: said for kinds, said in refuses.items() for kind in kinds}
        if "i" in self.refuses:
            self.refuses["u"] = self.refuses["i"]
        self.halves = halves
        self.latex, self.facts, self.context, self.variants = latex, facts, None, {}
        arguments = [part.strip() for part in operands.split(",") if part.strip()]
        arguments += self.params[: self.positional]
        arguments += [f"{param}={param}" for param in self.params[self.positional :]]
        self.written = written or f"{name}({', '.join(arguments)})"
        self._attach(rules)

    def __repr__(self) -> str:
        return f"<row {self.name}>"

    def pull_back_by(self, pullbacks: Iterable[Pullback]) -> None:
        """Give the row its pullbacks."""
        self.pullbacks = tuple(pullbacks)
        self.steps = tuple((rule, count, pick) for rule, count, pick in self.pullbacks)

    @property
    def word(self) -> str:
        """What is called where the row is written: "inverse" of inverse(x), "sum" of x.sum()."""
        return self.written.partition("(")[0].rpartition(".")[2]

    def over(self, xp: Any) -> Callable[..., Any]:
        """The forward as a function of arrays of the namespace `xp`."""
        if isinstance(self.forward, str):
            return getattr(xp, self.forward)  # type: ignore[no-any-return]
        return MethodType(self.forward, xp)  # called faster than functools.partial

    def gathered(self, arrays: Sequence[Any]) -> Sequence[Any]:
        """The operands as the forward takes them: those of a last operand "*xs" are one tuple."""
        fixed = len(self.operands) - 1
        return (*arrays[:fixed], tuple(arrays[fixed:])) if self.variadic else arrays

    def operand_dtype(self, place: int, ndim: int, dtype: np.dtype[Any]) -> np.dtype[Any]:
        """The dtype that an elementwise row which computes in `dtype` takes an operand in."""
        if self.halves == "scaled" and place == 1 and ndim == 0 and is_half(dtype):
            return F32
        return dtype

    def _attach(self, rules: Mapping[str, Rule | NotDifferentiable]) -> None:
        """Take the rules, and work out from them what has to be saved."""
        missing = [operand for operand in self.operands if operand not in rules]
        if missing or len(rules) > len(self.operands):
            raise TypeError(
                f"{self.name}: no rule for {missing}, or rules for no operand in {sorted(rules)}"
            )
        facts = [f"{operand}_{fact}" for operand in self.operands for fact in ("shape", "dtype")]
        known = {*self.operands, *self.params, "out", *facts}
        needs: dict[str, tuple[str, ...]] = {}
        for operand, rule in rules.items():
            if isinstance(rule, NotDifferentiable):
                continue
            code = rule.__code__
            needs[operand] = code.co_varnames[2 : code.co_argcount]
            if not known.issuperset(needs[operand]):
                raise TypeError(
                    f"{self.name}: the rule for {operand} names {set(needs[operand]) - known}"
                )
        order = (*self.operands, "out", *self.params, *facts)
        used = {name for names in needs.values() for name in names}
        self.saves = tuple(name for name in order if name in used)
        self.places = tuple(order.index(name) for name in self.saves)
        self.wants = tuple(
            frozenset(self.saves.index(name) for name in needs.get(operand, ()))
            for operand in self.operands
        )
        self.kept = {}
        self.frees = any(name in self.operands or name == "out" for name in self.saves)
        self.saves_facts = any(name in facts for name in self.saves)
        self.differentiable = bool(needs)
        self.pull_back_by(
            _pullback(rules[name], needs[name], self.saves) if name in needs else NO_PULLBACK  # type: ignore[arg-type]
            for name in self.operands
        )
        self.masks = tuple(rules[name] is truth for name in self.operands)
        self.needs = tuple(needs.get(name, ()) for name in self.operands)
        self.reasons = tuple(getattr(rules[name], "reason", None) for name in self.operands)


rows: dict[str, Op] = {}
"""Every row by name."""
