"""L-BFGS: Newton's method with a curvature guessed from the last few gradients.

Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 7.5; the line search is their 3.5
and 3.6, with the cubic steps of minFunc, which PyTorch follows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from engine.arrays import journal
from engine.arrays.types import Array
from engine.graph.grad_mode import enable_grad, no_grad
from engine.graph.tensor import Tensor, wrap
from engine.optim.hyperparameters import hyperparameters, require
from engine.optim.kernels import add
from engine.optim.optimizer import Closure, Optimizer
from engine.optim.slots import Options, put, real, scalar


class Point(NamedTuple):
    """A place on the line that is searched: how far, the loss, the gradient, and its slope."""

    step: float
    loss: float
    grad: Array
    slope: float


@hyperparameters(
    "params, lr=1, max_iter=20, max_eval=None, tolerance_grad=1e-7, tolerance_change=1e-9, "
    "history_size=100, line_search_fn=None"
)
class LBFGS(Optimizer):
    """Steps along a guess of Newton's direction. `step` needs a closure, and calls it often."""

    checked = "lr"

    def _check(self, options: Options) -> None:
        super()._check(options)
        if options["max_eval"] is None:
            options["max_eval"] = options["max_iter"] * 5 // 4

    def _set_up(self, given: Options) -> None:
        super()._set_up(given)
        one = len(self.param_groups) == 1
        require(one, "LBFGS doesn't support per-parameter options (parameter groups)")

    # ---- all parameters as one vector --------------------------------------------------------

    @property
    def _params(self) -> list[Any]:
        found: list[Any] = self.param_groups[0]["params"]
        return found

    def _gradient(self) -> Array:
        parts = [np.zeros_like(real(p)) if p._grad is None else real(p._grad) for p in self._params]
        return np.concatenate([part.reshape(-1) for part in parts])

    def _walk(self, step: float, direction: Array) -> None:
        start = 0
        for param in self._params:
            values = real(param)
            part = direction[start : start + values.size].reshape(values.shape)
            put(param, add(values, part, step))
            start += values.size

    def _loss(self, closure: Closure) -> tuple[float, Array]:
        with enable_grad():
            loss = _number(closure())
        return loss, self._gradient()

    # ---- a step ------------------------------------------------------------------------------

    def _step(self, closure: Closure | None) -> Any:
        if closure is None:
            raise TypeError("LBFGS.step() missing 1 required positional argument: 'closure'")
        with no_grad():
            return self._minimised(closure)

    def _minimised(self, closure: Closure) -> Any:
        journal.note_container(self.state)
        group, state = self.param_groups[0], self.state[self._params[0]]
        journal.note_container(state)
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        with enable_grad():
            first = closure()
        loss, grad = _number(first), self._gradient()
        evaluations = 1
        state["func_evals"] += 1
        if np.abs(grad).max() <= group["tolerance_grad"]:
            return first
        least = group["tolerance_change"]
        for round_ in range(1, group["max_iter"] + 1):
            direction = self._direction(state, grad, group["history_size"])
            before = state["prev_loss"] = loss
            rate = scalar(group["lr"])
            if state["n_iter"] == 1:
                rate = float(np.minimum(1.0, 1.0 / np.abs(grad).sum())) * rate
            state["d"], state["t"] = wrap(direction), rate
            slope = float(grad.dot(direction))
            if slope > -least:
                break
            used = 0
            if group["line_search_fn"] is not None:
                if group["line_search_fn"] != "strong_wolfe":
                    raise RuntimeError("only 'strong_wolfe' is supported")
                start = Point(0.0, loss, grad, slope)
                search = _Search(self._prober(closure, direction), direction, start)
                found, used = search.run(rate, group["max_eval"] - evaluations)
                loss, grad, state["t"] = found.loss, found.grad, found.step
                self._walk(found.step, direction)
            else:
                self._walk(rate, direction)
                if round_ != group["max_iter"]:
                    loss, grad = self._loss(closure)
                    used = 1
            evaluations += used
            state["func_evals"] += used
            if (
                evaluations >= group["max_eval"]
                or np.abs(grad).max() <= group["tolerance_grad"]
                or np.abs(direction * state["t"]).max() <= least
                or abs(loss - before) < least
            ):
                break
        return first

    def _direction(self, state: Options, grad: Array, history: int) -> Array:
        """The next direction, by the two loops over the differences remembered."""
        state["n_iter"] += 1
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            state["prev_flat_grad"] = wrap(grad.copy())
            return -grad
        bends, steps, inverses = (list(state[key]) for key in ("old_dirs", "old_stps", "ro"))
        bend = grad - state["prev_flat_grad"].array
        step = state["d"].array * grad.dtype.type(state["t"])
        product = bend.dot(step)
        if product > 1e-10:
            bends, steps = [*bends, wrap(bend)][-history:], [*steps, wrap(step)][-history:]
            inverses = [*inverses, 1.0 / product][-history:]
            state["H_diag"] = product / bend.dot(bend)
        state.update(old_dirs=bends, old_stps=steps, ro=inverses)
        pairs = [(b.array, s.array, r) for b, s, r in zip(bends, steps, inverses, strict=True)]
        q, shares = -grad, []
        for b, s, inverse in reversed(pairs):
            shares.append(s.dot(q) * inverse)
            q = add(q, b, -shares[-1])
        direction = q * state["H_diag"]
        for (b, s, inverse), share in zip(pairs, reversed(shares), strict=True):
            direction = add(direction, s, share - b.dot(direction) * inverse)
        state["prev_flat_grad"] = wrap(grad.copy())
        return np.asarray(direction, grad.dtype)

    def _prober(self, closure: Closure, direction: Array) -> Callable[[float], Point]:
        """What tries a step: the parameters are back where they were when it returns."""
        places = [real(param).copy() for param in self._params]

        def probe(step: float) -> Point:
            self._walk(step, direction)
            loss, grad = self._loss(closure)
            for param, place in zip(self._params, places, strict=True):
                put(param, place)
            return Point(step, loss, grad, float(grad.dot(direction)))

        return probe


def _number(loss: Any) -> float:
    return float(loss.item() if isinstance(loss, Tensor) else loss)


class _Search:
    """A search for a step that meets the strong Wolfe conditions."""

    enough, flat, least = 1e-4, 0.9, 1e-9

    def __init__(self, probe: Callable[[float], Point], direction: Array, start: Point) -> None:
        self.probe, self.start = probe, start
        self.size = float(np.abs(direction).max())
        self.used = 0

    def _try(self, step: float) -> Point:
        self.used += 1
        return self.probe(step)

    def _too_high(self, point: Point) -> bool:
        return point.loss > self.start.loss + self.enough * point.step * self.start.slope

    def _is_flat(self, point: Point) -> bool:
        return abs(point.slope) <= -self.flat * self.start.slope

    def run(self, step: float, most: int) -> tuple[Point, int]:
        """The step taken, and how often the loss was computed."""
        before, now = self.start, self._try(step)
        for tries in range(most):
            worse = self._too_high(now) or (tries > 1 and now.loss >= before.loss)
            if not worse and self._is_flat(now):
                return now, self.used
            if worse or now.slope >= 0:
                return self._between([before, now], tries, most), self.used
            bounds = (now.step + 0.01 * (now.step - before.step), now.step * 10)
            step = _cubic(before, now, bounds)
            before, now = now, self._try(step)
        return min(self.start, now, key=lambda point: point.loss), self.used

    def _between(self, bracket: list[Point], tries: int, most: int) -> Point:
        """The best point found by closing in from both sides."""
        low, high = (0, 1) if bracket[0].loss <= bracket[1].loss else (1, 0)
        stuck = False
        while tries < most:
            ends = sorted(point.step for point in bracket)
            if (ends[1] - ends[0]) * self.size < self.least:
                break
            step = _cubic(bracket[0], bracket[1])
            margin = 0.1 * (ends[1] - ends[0])
            if min(ends[1] - step, step - ends[0]) < margin:
                if stuck or step >= ends[1] or step <= ends[0]:
                    near_end = abs(step - ends[1]) < abs(step - ends[0])
                    step = ends[1] - margin if near_end else ends[0] + margin
                    stuck = False
                else:
                    stuck = True
            else:
                stuck = False
            new = self._try(step)
            tries += 1
            if self._too_high(new) or new.loss >= bracket[low].loss:
                bracket[high] = new
                low, high = (0, 1) if bracket[0].loss <= bracket[1].loss else (1, 0)
                continue
            done = self._is_flat(new)
            if not done and new.slope * (bracket[high].step - bracket[low].step) >= 0:
                bracket[high] = bracket[low]
            bracket[low] = new
            if done:
                break
        return bracket[low]


def _cubic(one: Point, other: Point, bounds: tuple[float, float] | None = None) -> float:
    """Where the cubic through two points with their slopes is least, within bounds."""
    least, most = bounds or sorted((one.step, other.step))
    bend = one.slope + other.slope - 3 * (one.loss - other.loss) / (one.step - other.step)
    square = bend**2 - one.slope * other.slope
    if square < 0:
        return (least + most) / 2.0
    root = float(square**0.5)
    left, right = (one, other) if one.step <= other.step else (other, one)
    share = (right.slope + root - bend) / (right.slope - left.slope + 2 * root)
    place = right.step - (right.step - left.step) * share
    return min(max(place, least), most)
