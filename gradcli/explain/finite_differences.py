"""check: a gradient compared with central differences, in float64 and away from kinks.

What z is computed from is run again from the recorded graph, as a straight-line program, with each
element moved a little up and down. A step h makes an error of order h**2 and of order eps/h; the
cube root of eps, times the size of the element, makes the sum of both least.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.graph.tensor import Tensor, wrap
from engine.transforms import recorded
from gradcli.base.faults import Line
from gradcli.explain.formula.naming import element

Array = np.ndarray[Any, Any]
MOST = 2000
"""How many elements of one tensor are moved; of a larger one, so many spread over it."""
AGREES = 1e-5
"""A relative difference above this is no rounding."""
STEP = float(np.finfo(np.float64).eps) ** (1 / 3)


class Comparison(NamedTuple):
    """A gradient by rule and by differences, for one tensor.

    `worst` is the index of the element that differs most; `kinks` are those where the slope to the
    left is not the slope to the right; `moved` says how many elements were tried.
    """

    name: str
    by_rule: Array
    by_differences: Array
    error: float
    worst: tuple[int, ...]
    kinks: list[tuple[int, ...]]
    moved: int
    order: int

    @property
    def agrees(self) -> bool:
        """Whether nothing but rounding lies between the two."""
        return self.error <= AGREES

    def lines(self) -> list[Line]:
        """One line where all is well; the worst element, and the kinks, where not."""
        what = "the gradient" if self.order == 1 else "the second derivative"
        head: Line = [(self.name, "name"), ("  ", "plain")]
        if self.agrees:
            text = f"agrees with central differences to {_at_most(self.error)} (float64)"
            found = [[*head, (text, "plain")]]
        else:
            place = element(self.name, self.worst)
            rule, differences = self.by_rule[self.worst], self.by_differences[self.worst]
            found = [
                [*head, (f"{what} differs from central differences by {self.error:.2g}", "error")],
                [
                    (
                        f"   worst at {place}: by rule {rule:.8g}, "
                        f"by differences {differences:.8g}",
                        "plain",
                    )
                ],
            ]
        if self.kinks:
            names = ", ".join(element(self.name, at) for at in self.kinks[:3])
            more = ", ..." if len(self.kinks) > 3 else ""
            found.append([(f"   on a kink, where there is no derivative: {names}{more}", "note")])
        if self.moved < self.by_rule.size:
            found.append([(f"   {self.moved:,} of {self.by_rule.size:,} elements tried", "dim")])
        return found

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.name,
            "order": self.order,
            "agrees": self.agrees,
            "error": self.error,
            "worst": list(self.worst),
            "by_rule": self.by_rule.tolist(),
            "by_differences": self.by_differences.tolist(),
            "kinks": [list(k) for k in self.kinks],
            "tried": self.moved,
        }


def check(z: Tensor, xs: Sequence[tuple[str, Tensor]], order: int = 1) -> list[Comparison]:
    """z's gradient with respect to each named tensor, by the engine's rules and by differences.

    A z of several elements counts as their sum. With order 2 the second derivative is compared:
    differences of the gradient, each element's summed, against the rules read twice.
    """
    inputs = [x for _, x in xs]
    ones = wrap(np.ones(z.array.shape, z.array.dtype))
    slopes = recorded.derivative(z, inputs, ones)
    if order == 1:
        return [_compare(name, x, z, g, 1) for (name, x), g in zip(xs, slopes, strict=True)]
    return [
        _compare(name, x, z if g is None else g, None if g is None else _second(g, x), 2)
        for (name, x), g in zip(xs, slopes, strict=True)
    ]


def _second(g: Tensor, x: Tensor) -> Tensor | None:
    (found,) = recorded.derivative(g, [x])
    return found


def _compare(name: str, x: Tensor, y: Tensor, g: Tensor | None, order: int) -> Comparison:
    """y's derivative g by x, beside differences of y; None stands for zeros."""
    rule = np.zeros(x.array.shape) if g is None else _run(x, g)(x.array)
    function = _run(x, y)
    start = x.array.astype(np.float64)
    differences, kinks = np.zeros(start.shape), []
    places = _places(start)
    for at in places:
        slope, kinked = _slope(lambda array: float(function(array).sum()), start, at)
        differences[at] = slope
        if kinked:
            kinks.append(at)
    tried = [at for at in places if at not in kinks]
    rule = np.broadcast_to(rule, start.shape).astype(np.float64)
    error, worst = _worst(rule, differences, tried)
    return Comparison(name, rule, differences, error, worst, kinks, len(places), order)


def _run(x: Tensor, y: Tensor) -> Any:
    """The function that computes y from x in float64."""
    plan = recorded.Plan([x], [y]).doubled()
    return lambda array: plan.numpy(array.astype(np.float64))[0]


def _slope(function: Any, start: Array, at: tuple[int, ...]) -> tuple[float, bool]:
    """The slope along one element, and whether it is another on either side."""
    h = STEP * max(1.0, abs(float(start[at])))
    values = recorded.moved(start, at, (-h, 0.0, h), lambda: function(start))
    left, right = (values[1] - values[0]) / h, (values[2] - values[1]) / h
    middle = (values[2] - values[0]) / (2 * h)
    rounding = 1e-9 * max(1.0, abs(values[1])) / h
    return middle, bool(abs(right - left) > 1e-2 * max(1e-3, abs(left), abs(right)) + rounding)


def _places(array: Array) -> list[tuple[int, ...]]:
    """The elements to move."""
    count = min(array.size, MOST)
    flat = np.linspace(0, max(array.size - 1, 0), count).astype(int)
    return [tuple(int(i) for i in np.unravel_index(place, array.shape)) for place in flat]


def _worst(
    rule: Array, differences: Array, tried: Sequence[tuple[int, ...]]
) -> tuple[float, tuple[int, ...]]:
    error, worst = 0.0, (tried[0] if tried else ())
    size = max((abs(differences[at]) for at in tried), default=0.0)
    for at in tried:
        gap = abs(rule[at] - differences[at]) / max(abs(differences[at]), 1e-3 * size, 1e-6)
        if gap > error or gap != gap:
            error, worst = float(gap), at
    return error, worst


def _at_most(error: float) -> str:
    """The power of ten an error stays below; what is smaller than 1e-10 says nothing more."""
    return f"1e{max(math.ceil(math.log10(error)), -10)}" if error > 1e-10 else "1e-10"
