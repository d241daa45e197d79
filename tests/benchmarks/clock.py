"""Timing several ways of doing one thing against each other, fairly.

The machine's speed drifts while a benchmark runs, so two figures measured one after the other say
little. Here every round times every contender, in an order that rotates, and what is compared is
the ratio inside a round; the median over the rounds throws out those something else disturbed.
"""

import gc
import statistics
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import NamedTuple

Step = Callable[[], object]


class Timing(NamedTuple):
    seconds: float  # median time of one call
    rounds: list[float]  # time of one call, round by round

    def ratio(self, other: "Timing") -> float:
        return statistics.median(a / b for a, b in zip(self.rounds, other.rounds, strict=True))


def _time(step: Step, calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        step()
    return (perf_counter() - start) / calls


def _calls(step: Step, seconds: float) -> int:
    """How many calls fill a round of this many seconds."""
    for _ in range(3):
        step()
    calls = 1
    while (took := _time(step, calls) * calls) < seconds / 4:
        calls *= 2
    return max(1, round(calls * seconds / took))


def race(steps: Mapping[str, Step], rounds: int, seconds: float) -> dict[str, Timing]:
    """Time each step `rounds` times for about `seconds`, interleaved.

    The garbage collector stays on: it is part of what a program pays for making objects.
    """
    names = list(steps)
    calls = {name: _calls(steps[name], seconds) for name in names}
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        gc.collect()
        for i in range(len(names)):
            name = names[(turn + i) % len(names)]
            times[name].append(_time(steps[name], calls[name]))
    return {name: Timing(statistics.median(t), t) for name, t in times.items()}
