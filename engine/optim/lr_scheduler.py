"""Learning rates that change from step to step, as torch.optim.lr_scheduler.

Most rates follow from the one before (`_next`); called with a step number of one's choice they
follow from the first (`_at`).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from engine.arrays.state import warn
from engine.graph.registry import public
from engine.optim.hyperparameters import hyperparameters, require
from engine.optim.optimizer import Optimizer
from engine.optim.scheduler import (
    EPOCH,
    SCHEDULERS,
    LRScheduler,
    check_optimizer,
    rates,
    set_rate,
)
from engine.optim.slots import Options

scheduler = partial(hyperparameters, where=SCHEDULERS)


@scheduler("optimizer, lr_lambda, last_epoch=-1")
class LambdaLR(LRScheduler):
    """The first rate times a function of the step."""

    def _check(self, optimizer: Optimizer, options: Options) -> None:
        given, groups = options.pop("lr_lambda"), len(optimizer.param_groups)
        functions = list(given) if isinstance(given, (list, tuple)) else [given] * groups
        require(len(functions) == groups, f"Expected {groups} lr_lambdas, but got {len(functions)}")
        options["lr_lambdas"] = functions

    def state_dict(self) -> Options:
        """Everything it remembers, apart from the optimizer and the functions."""
        return super().state_dict() | {"lr_lambdas": [None] * len(self.lr_lambdas)}

    def load_state_dict(self, state_dict: Options) -> None:
        """Take up what state_dict gave."""
        super().load_state_dict({**state_dict, "lr_lambdas": self.lr_lambdas})

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        return base * self.lr_lambdas[place](self.last_epoch)


@scheduler("optimizer, lr_lambda, last_epoch=-1")
class MultiplicativeLR(LambdaLR):
    """The rate before times a function of the step."""

    def _check(self, optimizer: Optimizer, options: Options) -> None:
        super()._check(optimizer, options)
        for function in options["lr_lambdas"]:
            if not callable(function):
                raise TypeError(
                    f"lr_lambda should be a function, but got {type(function).__name__}"
                )

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        return rate if self._is_initial else rate * self.lr_lambdas[place](self.last_epoch)


@scheduler("optimizer, step_size, gamma=0.1, last_epoch=-1")
class StepLR(LRScheduler):
    """The rate times gamma every step_size steps."""

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        here = self.last_epoch == 0 or self.last_epoch % self.step_size
        return rate if here else rate * self.gamma

    def _at(self, base: Any) -> Any:
        return base * self.gamma ** (self.last_epoch // self.step_size)


@scheduler("optimizer, milestones, gamma=0.1, last_epoch=-1")
class MultiStepLR(LRScheduler):
    """The rate times gamma at each milestone."""

    def _check(self, optimizer: Optimizer, options: Options) -> None:
        options["milestones"] = Counter(options["milestones"])

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        times = self.milestones.get(self.last_epoch)
        return rate * self.gamma**times if times else rate

    def _at(self, base: Any) -> Any:
        passed = bisect_right(sorted(self.milestones.elements()), self.last_epoch)
        return base * self.gamma**passed


@scheduler("optimizer, factor=1.0 / 3, total_iters=5, last_epoch=-1")
class ConstantLR(LRScheduler):
    """The rate times a factor, until total_iters steps were made."""

    def _check(self, optimizer: Optimizer, options: Options) -> None:
        require(
            0 <= options["factor"] <= 1,
            "Constant multiplicative factor expected to be between 0 and 1.",
        )

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        if self.last_epoch == 0:
            return rate * self.factor
        return rate * (1.0 / self.factor) if self.last_epoch == self.total_iters else rate

    def _at(self, base: Any) -> Any:
        return base * (self.factor + (self.last_epoch >= self.total_iters) * (1 - self.factor))


@scheduler("optimizer, start_factor=1.0 / 3, end_factor=1.0, total_iters=5, last_epoch=-1")
class LinearLR(LRScheduler):
    """The rate times a factor that moves evenly from one number to another."""

    def _check(self, optimizer: Optimizer, options: Options) -> None:
        require(
            0 < options["start_factor"] <= 1,
            "Starting multiplicative factor expected to be greater than 0 and less or equal to 1.",
        )
        require(
            0 <= options["end_factor"] <= 1,
            "Ending multiplicative factor expected to be between 0 and 1.",
        )

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        if self.last_epoch == 0:
            return rate * self.start_factor
        if self._is_initial or self.last_epoch > self.total_iters:
            return rate
        span = self.end_factor - self.start_factor
        before = self.total_iters * self.start_factor + (self.last_epoch - 1) * span
        return rate * (1.0 + span / before)

    def _at(self, base: Any) -> Any:
        span, done = self.end_factor - self.start_factor, min(self.total_iters, self.last_epoch)
        return base * (self.start_factor + span * done / self.total_iters)


@scheduler("optimizer, gamma, last_epoch=-1")
class ExponentialLR(LRScheduler):
    """The rate times gamma at every step."""

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        return rate if self._is_initial else rate * self.gamma

    def _at(self, base: Any) -> Any:
        return base * self.gamma**self.last_epoch


@scheduler("optimizer, total_iters=5, power=1.0, last_epoch=-1")
class PolynomialLR(LRScheduler):
    """The rate down to 0 in total_iters steps, as a power of what is left of them."""

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        if self._is_initial or self.last_epoch > self.total_iters:
            return rate
        left, before = (1.0 - (self.last_epoch - ago) / self.total_iters for ago in (0, 1))
        return rate * (left / before) ** self.power

    def _at(self, base: Any) -> Any:
        done = min(self.total_iters, self.last_epoch)
        return base * (1.0 - done / self.total_iters) ** self.power


@scheduler("optimizer, T_max, eta_min=0.0, last_epoch=-1")
class CosineAnnealingLR(LRScheduler):
    """The rate along a cosine, down to eta_min in T_max steps and up again.

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.
    """

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        step, least, turn = self.last_epoch, self.eta_min, self.T_max
        if self._is_initial:
            return rate
        if self._step_count == 1 and step > 0:
            return self._at(base)
        if (step - 1 - turn) % (2 * turn) == 0:
            return rate + (base - least) * (1 - math.cos(math.pi / turn)) / 2
        now, before = (1 + math.cos(math.pi * (step - ago) / turn) for ago in (0, 1))
        return now / before * (rate - least) + least

    def _at(self, base: Any) -> Any:
        return _annealed(base, self.eta_min, self.last_epoch, self.T_max)


@public(SCHEDULERS)
class CosineAnnealingWarmRestarts(LRScheduler):
    """The rate along a cosine down to eta_min in T_0 steps, again and again, each time T_mult times
    as slowly.

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,  # noqa: N803 (PyTorch's name)
        T_mult: int = 1,  # noqa: N803
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        self.T_0, self.T_i, self.T_mult = T_0, T_0, T_mult
        self.eta_min, self.T_cur = eta_min, last_epoch
        super().__init__(optimizer, last_epoch)

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        return _annealed(base, self.eta_min, self.T_cur, self.T_i)

    def step(self, epoch: float | None = None) -> None:
        """Set the rates of the next step, or of a point in time, fractions of a step included."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur, self.T_i = self.T_cur % self.T_i, self.T_i * self.T_mult
        else:
            self._go_to(epoch)
        self.last_epoch = math.floor(epoch) - 1
        self._update(None)

    def _go_to(self, epoch: float) -> None:
        if epoch < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}")
        if epoch < self.T_0:
            self.T_i, self.T_cur = self.T_0, epoch  # type: ignore[assignment]
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0  # type: ignore[assignment]
        else:
            times = self.T_mult
            rounds = int(math.log(epoch / self.T_0 * (times - 1) + 1, times))
            self.T_cur = epoch - self.T_0 * (times**rounds - 1) / (times - 1)
            self.T_i = self.T_0 * times**rounds


def _annealed(first: Any, least: float, done: float, turn: float) -> Any:
    """The rate after `done` of `turn` steps down half a cosine."""
    return least + (first - least) * (1 + math.cos(math.pi * done / turn)) / 2


class _Several(LRScheduler):
    """Schedulers made of others, all of one optimizer."""

    _schedulers: Sequence[LRScheduler]

    def _take(self, optimizer: Any, schedulers: Sequence[Any], what: str) -> None:
        """Take the others up. Raises TypeError or ValueError for those that do not fit."""
        name = type(self).__name__
        require(schedulers, f"{name} expects at least one {what}, but got no scheduler.")
        for place, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(
                    f"{name} at index {place} should have `optimizer` as its attribute."
                )
            require(
                not isinstance(scheduler, ReduceLROnPlateau),
                f"{name} does not support `ReduceLROnPlateau` scheduler as it requires additional "
                f"kwargs to be specified when calling `step`, but got one at index {place} in the "
                "given schedulers sequence.",
            )
            require(
                optimizer is scheduler.optimizer,
                f"{name} expects all schedulers to belong to the same optimizer, but got scheduler "
                f"{type(scheduler).__name__} at index {place} has {scheduler.optimizer}, which is "
                f"different from {type(optimizer).__name__}.",
            )
        self._schedulers = schedulers

    def state_dict(self) -> Options:
        """Everything it and its schedulers remember."""
        return super().state_dict() | {"_schedulers": [s.state_dict() for s in self._schedulers]}

    def load_state_dict(self, state_dict: Options) -> None:
        """Take up what state_dict gave."""
        for scheduler, inner in zip(self._schedulers, state_dict["_schedulers"], strict=False):
            scheduler.load_state_dict(inner)
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "_schedulers"})


@public(SCHEDULERS)
class SequentialLR(_Several):
    """One scheduler after another, the next taking over at each milestone."""

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: list[LRScheduler],
        milestones: list[int],
        last_epoch: int = -1,
    ) -> None:
        self._take(optimizer, schedulers, "scheduler")
        require(
            len(milestones) == len(schedulers) - 1,
            "Sequential Schedulers expects number of schedulers provided to be one more than "
            "the number of milestone points, but got number of schedulers "
            f"{len(schedulers)} and the number of milestones to be equal to {len(milestones)}",
        )
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            set_rate(group, group["initial_lr"])
        _undo(self)
        first = schedulers[bisect_right(milestones, 0)]
        first._begin()
        self._last_lr = first.get_last_lr()

    def step(self) -> None:  # type: ignore[override]
        """Let the scheduler whose turn it is step."""
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if turn and self._milestones[turn - 1] == self.last_epoch:
            scheduler._update(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


@public(SCHEDULERS)
class ChainedScheduler(_Several):
    """Several schedulers, all of which change the rate at every step."""

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        if schedulers:
            optimizer = optimizer or schedulers[0].optimizer
        self._take(optimizer, schedulers, "scheduler to be chained")
        self.optimizer = schedulers[0].optimizer
        self._last_lr = rates(self.optimizer)

    def step(self) -> None:  # type: ignore[override]
        """Let every scheduler step."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = rates(self.optimizer)


def _undo(scheduler: LRScheduler) -> None:
    """Take back the step a scheduler made when it was made itself."""
    inner = getattr(scheduler, "_schedulers", None)
    if inner is None:
        scheduler.last_epoch -= 1
    for each in inner or ():
        _undo(each)


@public(SCHEDULERS)
class ReduceLROnPlateau(LRScheduler):
    """The rate times a factor when a metric has not got better for `patience` steps."""

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: Any = 0,
        eps: float = 1e-8,
    ) -> None:
        require(not factor >= 1, "Factor should be < 1.0.")
        check_optimizer(optimizer)
        groups = len(optimizer.param_groups)
        least = list(min_lr) if isinstance(min_lr, (list, tuple)) else [min_lr] * groups
        require(len(least) == groups, f"expected {groups} min_lrs, got {len(least)}")
        require(mode in ("min", "max"), f"mode {mode} is unknown!")
        require(threshold_mode in ("rel", "abs"), f"threshold mode {threshold_mode} is unknown!")
        self.factor, self.optimizer = factor, optimizer
        self.default_min_lr = None if isinstance(min_lr, (list, tuple)) else min_lr
        self.min_lrs = least
        self.patience, self.cooldown, self.eps = patience, cooldown, eps
        self.last_epoch = 0
        self._last_lr = rates(optimizer)
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.best = self.mode_worse
        self.cooldown_counter = self.num_bad_epochs = 0

    @property
    def in_cooldown(self) -> bool:
        """Whether it waits after a reduction."""
        return self.cooldown_counter > 0

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Take note of a metric, and reduce the rates if it stands still."""
        current = float(metrics)
        if epoch is not None:
            warn(EPOCH, UserWarning)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        better = self._is_better(current)
        self.best = current if better else self.best
        self.num_bad_epochs = 0 if better else self.num_bad_epochs + 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = rates(self.optimizer)

    def _is_better(self, current: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "rel":
            bound = self.best * (1.0 + sign * self.threshold)
        else:
            bound = self.best + sign * self.threshold
        return current * sign > bound * sign

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise RuntimeError(
                    f"The number of param groups in the `optimizer` ({len(groups)}) differs from "
                    f"when `ReduceLROnPlateau` was initialized ({len(self.min_lrs)}), usually due "
                    "to a new param group being added to the optimizer. Please modify the "
                    "`min_lrs` field to match the length of the `optimizer` param groups."
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, least in zip(groups, self.min_lrs, strict=True):
            old = float(group["lr"])
            new = max(old * self.factor, least)
            if old - new > self.eps:
                set_rate(group, new)
