"""Learning rates that change from step to step, as torch.optim.lr_scheduler.

Most rates follow from the one before (`_next`); called with a step number of one's choice they
follow from the first (`_at`).
"""

from __future__ import annotations

import math
import warnings
from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING, Any

from engine.graph.registry import expose
from engine.optim.scheduler import EPOCH, LRScheduler, check_optimizer, rates, set_rate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from engine.optim.optimizer import Optimizer, Options


class LambdaLR(LRScheduler):
    """The first rate times a function of the step."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Any, last_epoch: int = -1) -> None:
        self.lr_lambdas = _functions(optimizer, lr_lambda)
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> Options:
        """Everything it remembers, apart from the optimizer and the functions."""
        return super().state_dict() | {"lr_lambdas": [None] * len(self.lr_lambdas)}

    def load_state_dict(self, state_dict: Options) -> None:
        """Take up what state_dict gave."""
        super().load_state_dict({**state_dict, "lr_lambdas": self.lr_lambdas})

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        return base * self.lr_lambdas[place](self.last_epoch)


class MultiplicativeLR(LambdaLR):
    """The rate before times a function of the step."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Any, last_epoch: int = -1) -> None:
        for function in _functions(optimizer, lr_lambda):
            if not callable(function):
                raise TypeError(
                    f"lr_lambda should be a function, but got {type(function).__name__}"
                )
        super().__init__(optimizer, lr_lambda, last_epoch)

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        return rate if self._is_initial else rate * self.lr_lambdas[place](self.last_epoch)


def _functions(optimizer: Optimizer, given: Any) -> list[Callable[[int], float]]:
    """One function for each group."""
    groups = len(optimizer.param_groups)
    if not isinstance(given, (list, tuple)):
        return [given] * groups
    if len(given) != groups:
        raise ValueError(f"Expected {groups} lr_lambdas, but got {len(given)}")
    return list(given)


class StepLR(LRScheduler):
    """The rate times gamma every step_size steps."""

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        here = self.last_epoch == 0 or self.last_epoch % self.step_size
        return rate if here else rate * self.gamma

    def _at(self, base: Any) -> Any:
        return base * self.gamma ** (self.last_epoch // self.step_size)


class MultiStepLR(LRScheduler):
    """The rate times gamma at each milestone."""

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Iterable[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        self.milestones, self.gamma = Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        times = self.milestones.get(self.last_epoch)
        return rate * self.gamma**times if times else rate

    def _at(self, base: Any) -> Any:
        passed = bisect_right(sorted(self.milestones.elements()), self.last_epoch)
        return base * self.gamma**passed


class ConstantLR(LRScheduler):
    """The rate times a factor, until total_iters steps were made."""

    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 1.0 / 3,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 <= factor <= 1:
            raise ValueError("Constant multiplicative factor expected to be between 0 and 1.")
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        if self.last_epoch == 0:
            return rate * self.factor
        return rate * (1.0 / self.factor) if self.last_epoch == self.total_iters else rate

    def _at(self, base: Any) -> Any:
        return base * (self.factor + (self.last_epoch >= self.total_iters) * (1 - self.factor))


class LinearLR(LRScheduler):
    """The rate times a factor that moves evenly from one number to another."""

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(
                "Starting multiplicative factor expected to be greater than 0 and less or equal "
                "to 1."
            )
        if not 0 <= end_factor <= 1:
            raise ValueError("Ending multiplicative factor expected to be between 0 and 1.")
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

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


class ExponentialLR(LRScheduler):
    """The rate times gamma at every step."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        return rate if self._is_initial else rate * self.gamma

    def _at(self, base: Any) -> Any:
        return base * self.gamma**self.last_epoch


class PolynomialLR(LRScheduler):
    """The rate down to 0 in total_iters steps, as a power of what is left of them."""

    def __init__(
        self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1
    ) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        if self._is_initial or self.last_epoch > self.total_iters:
            return rate
        left, before = (1.0 - (self.last_epoch - ago) / self.total_iters for ago in (0, 1))
        return rate * (left / before) ** self.power

    def _at(self, base: Any) -> Any:
        done = min(self.total_iters, self.last_epoch)
        return base * (1.0 - done / self.total_iters) ** self.power


class CosineAnnealingLR(LRScheduler):
    """The rate along a cosine, down to eta_min in T_max steps and up again."""

    def __init__(
        self,
        optimizer: Optimizer,
        T_max: int,  # noqa: N803 (PyTorch's name)
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        step, least, turn = self.last_epoch, self.eta_min, self.T_max
        if self._is_initial:
            return rate
        if self._step_count == 1 and step > 0:
            return least + (base - least) * (1 + math.cos(step * math.pi / turn)) / 2
        if (step - 1 - turn) % (2 * turn) == 0:
            return rate + (base - least) * (1 - math.cos(math.pi / turn)) / 2
        now, before = (1 + math.cos(math.pi * (step - ago) / turn) for ago in (0, 1))
        return now / before * (rate - least) + least

    def _at(self, base: Any) -> Any:
        share = 1 + math.cos(math.pi * self.last_epoch / self.T_max)
        return self.eta_min + (base - self.eta_min) * share / 2


class CosineAnnealingWarmRestarts(LRScheduler):
    """The rate along a cosine down to eta_min in T_0 steps, again and again, each time T_mult times
    as slowly.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,  # noqa: N803
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
        share = 1 + math.cos(math.pi * self.T_cur / self.T_i)
        return self.eta_min + (base - self.eta_min) * share / 2

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


class SequentialLR(LRScheduler):
    """One scheduler after another, the next taking over at each milestone."""

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: list[LRScheduler],
        milestones: list[int],
        last_epoch: int = -1,
    ) -> None:
        _check_schedulers(self, optimizer, schedulers, "scheduler")
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than "
                "the number of milestone points, but got number of schedulers "
                f"{len(schedulers)} and the number of milestones to be equal to {len(milestones)}"
            )
        self._schedulers, self._milestones = schedulers, milestones
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

    def state_dict(self) -> Options:
        """Everything it and its schedulers remember."""
        return super().state_dict() | {"_schedulers": [s.state_dict() for s in self._schedulers]}

    def load_state_dict(self, state_dict: Options) -> None:
        """Take up what state_dict gave."""
        _load_all(self, self._schedulers, state_dict)


class ChainedScheduler(LRScheduler):
    """Several schedulers, all of which change the rate at every step."""

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        if schedulers:
            optimizer = optimizer or schedulers[0].optimizer
        _check_schedulers(self, optimizer, schedulers, "scheduler to be chained")
        self._schedulers = schedulers
        self.optimizer = schedulers[0].optimizer
        self._last_lr = rates(self.optimizer)

    def step(self) -> None:  # type: ignore[override]
        """Let every scheduler step."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = rates(self.optimizer)

    def state_dict(self) -> Options:
        """Everything it and its schedulers remember."""
        return super().state_dict() | {"_schedulers": [s.state_dict() for s in self._schedulers]}

    def load_state_dict(self, state_dict: Options) -> None:
        """Take up what state_dict gave."""
        _load_all(self, self._schedulers, state_dict)


def _check_schedulers(owner: Any, optimizer: Any, schedulers: Sequence[Any], what: str) -> None:
    name = type(owner).__name__
    if not schedulers:
        raise ValueError(f"{name} expects at least one {what}, but got no scheduler.")
    for place, scheduler in enumerate(schedulers):
        if not hasattr(scheduler, "optimizer"):
            raise TypeError(f"{name} at index {place} should have `optimizer` as its attribute.")
        if isinstance(scheduler, ReduceLROnPlateau):
            raise ValueError(
                f"{name} does not support `ReduceLROnPlateau` scheduler as it requires additional "
                f"kwargs to be specified when calling `step`, but got one at index {place} in the "
                "given schedulers sequence."
            )
        if optimizer is not scheduler.optimizer:
            raise ValueError(
                f"{name} expects all schedulers to belong to the same optimizer, but got scheduler "
                f"{type(scheduler).__name__} at index {place} has {scheduler.optimizer}, which is "
                f"different from {type(optimizer).__name__}."
            )


def _undo(scheduler: LRScheduler) -> None:
    """Take back the step a scheduler made when it was made itself."""
    inner = getattr(scheduler, "_schedulers", None)
    if inner is None:
        scheduler.last_epoch -= 1
    for each in inner or ():
        _undo(each)


def _load_all(owner: LRScheduler, schedulers: Sequence[LRScheduler], state: Options) -> None:
    for scheduler, inner in zip(schedulers, state["_schedulers"], strict=False):
        scheduler.load_state_dict(inner)
    LRScheduler.load_state_dict(owner, {k: v for k, v in state.items() if k != "_schedulers"})


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
        if factor >= 1:
            raise ValueError("Factor should be < 1.0.")
        check_optimizer(optimizer)
        groups = len(optimizer.param_groups)
        listed = isinstance(min_lr, (list, tuple))
        if listed and len(min_lr) != groups:
            raise ValueError(f"expected {groups} min_lrs, got {len(min_lr)}")
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode} is unknown!")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold mode {threshold_mode} is unknown!")
        self.factor, self.optimizer = factor, optimizer
        self.default_min_lr = None if listed else min_lr
        self.min_lrs = list(min_lr) if listed else [min_lr] * groups
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
            warnings.warn(EPOCH, UserWarning, stacklevel=2)
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


for _class in (
    LRScheduler,
    LambdaLR,
    MultiplicativeLR,
    StepLR,
    MultiStepLR,
    ConstantLR,
    LinearLR,
    ExponentialLR,
    PolynomialLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    SequentialLR,
    ChainedScheduler,
    ReduceLROnPlateau,
):
    expose(_class.__name__, _class, "torch.optim.lr_scheduler")
