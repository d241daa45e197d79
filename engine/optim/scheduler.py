"""What all schedulers are: something that sets the learning rates of an optimizer at each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.arrays import journal
from engine.arrays.state import warn
from engine.graph.grad_mode import no_grad
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.optim.optimizer import Optimizer
from engine.optim.slots import Options, put, scalar

SCHEDULERS = "torch.optim.lr_scheduler"
_TOO_EARLY = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, "
    "you should call them in the opposite order: `optimizer.step()` before `lr_scheduler.step()`.  "
    "Failure to do this will result in PyTorch skipping the first value of the learning rate "
    "schedule. See more details at "
    "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)
EPOCH = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where "
    "possible. Please use `scheduler.step()` to step the scheduler. During the deprecation, if "
    "epoch is different from None, the closed form is used instead of the new chainable form, "
    "where available. Please open an issue if you are unable to replicate your use case: "
    "https://github.com/pytorch/pytorch/issues/new/choose."
)
_DIRECTLY = "To get the last learning rate computed by the scheduler, please use `get_last_lr()`."
_NO_FIRST = (
    "param 'initial_lr' is not specified in param_groups[{}] when resuming scheduler with "
    "last_epoch >= 0.\nThis typically happens when:\n1. You're trying to resume training from a "
    "checkpoint but haven't properly loaded the optimizer state\n2. You're using last_epoch >= 0 "
    "for a fresh training run (not recommended)"
)


def set_rate(group: Options, rate: Any) -> None:
    """Give a group another learning rate; one that is a tensor is written into."""
    if isinstance(group["lr"], Tensor):
        with no_grad():
            put(group["lr"], wrap(scalar(rate)).array.astype(group["lr"].array.dtype))
    else:
        journal.note_container(group)
        group["lr"] = rate


def rates(optimizer: Optimizer, key: str = "lr") -> list[Any]:
    """The learning rates of all groups, or another option of them."""
    found = [group[key] for group in optimizer.param_groups]
    return [wrap(rate.array.copy()) if isinstance(rate, Tensor) else rate for rate in found]


def check_optimizer(optimizer: Any) -> None:
    """Raise TypeError for what is no optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


@public(SCHEDULERS)
class LRScheduler:
    """The base of all schedulers. `last_epoch` counts the steps, from 0 once it is made."""

    last_epoch: int
    optimizer: Optimizer
    base_lrs: list[Any]
    _step_count: int
    _is_initial = False
    _stepping = False
    _last_lr: list[Any]

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for place, group in enumerate(optimizer.param_groups):
            if last_epoch != -1 and "initial_lr" not in group:
                raise KeyError(_NO_FIRST.format(place))
            journal.note_container(group)
            group.setdefault("initial_lr", group["lr"])
        self.base_lrs = rates(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        self._begin()

    def _set_up(self, given: Options) -> None:
        """Begin with what a constructor made by `hyperparameters` was given: attributes."""
        del given["self"]
        optimizer, last_epoch = given.pop("optimizer"), given.pop("last_epoch")
        self._check(optimizer, given)
        for name, value in given.items():
            setattr(self, name, value)
        LRScheduler.__init__(self, optimizer, last_epoch)

    def _check(self, optimizer: Optimizer, options: Options) -> None:
        """Raise ValueError for a hyper-parameter that is out of range."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The hyper-parameters are attributes."""

    def __setattr__(self, name: str, value: Any) -> None:
        journal.note_slot(self, name)
        object.__setattr__(self, name, value)

    def _begin(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self) -> Options:
        """Everything it remembers, apart from the optimizer."""
        return {name: value for name, value in vars(self).items() if name != "optimizer"}

    def load_state_dict(self, state_dict: Options) -> None:
        """Take up what state_dict gave."""
        for name, value in state_dict.items():
            setattr(self, name, value)

    def get_last_lr(self) -> list[Any]:
        """The rates the last step set, one for each group."""
        return self._last_lr

    def get_lr(self) -> list[Any]:
        """The rates of this step, one for each group."""
        if not self._stepping:
            warn(_DIRECTLY, UserWarning)
        groups = self.optimizer.param_groups
        return [
            self._next(group["lr"], base, place)
            for place, (group, base) in enumerate(zip(groups, self.base_lrs, strict=True))
        ]

    def _next(self, rate: Any, base: Any, place: int) -> Any:
        """The rate that follows on the one before."""
        raise NotImplementedError

    def _at(self, base: Any) -> Any:
        """The rate of this step, from the first one."""
        raise NotImplementedError

    def step(self, epoch: int | None = None) -> None:
        """Set the rates of the next step (or of step `epoch`)."""
        if self._step_count == 1 and not self.optimizer.stepped:
            warn(_TOO_EARLY, UserWarning)
        self._step_count += 1
        if epoch is not None:
            warn(EPOCH, UserWarning)
        self._update(epoch)

    def _update(self, epoch: int | None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if epoch is not None and type(self)._at is not LRScheduler._at:
            self._assign([self._at(base) for base in self.base_lrs])
            return
        self._stepping = True
        try:
            found = self.get_lr()
        finally:
            self._stepping = False
        self._assign(found)

    def _assign(self, found: list[Any]) -> None:
        for group, rate in zip(self.optimizer.param_groups, found, strict=True):
            set_rate(group, rate)
        self._last_lr = rates(self.optimizer)
