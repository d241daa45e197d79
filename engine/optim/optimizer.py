"""What all optimizers are: groups of parameters, options, and a state for each parameter.

A subclass says its hyper-parameters in its decorator, its state in `_begin`, and in `_update` how a
parameter moves. Everything an optimizer changes is noted in the journal, so that a session can take
it back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from types import SimpleNamespace
from typing import Any

import numpy as np

from engine.arrays import journal
from engine.arrays.state import warn
from engine.arrays.types import Array
from engine.graph.grad_mode import enable_grad, no_grad
from engine.graph.hooks import RemovableHandle
from engine.graph.registry import public
from engine.graph.tensor import Tensor, set_requires_grad
from engine.ops.creation.convert import converted
from engine.optim.hyperparameters import require
from engine.optim.kernels import add
from engine.optim.slots import Options, Slots, put, real, scalar

Closure = Callable[[], Any]
Params = Iterable[Tensor | tuple[str, Tensor] | Options]
"""What is to be moved: tensors, alone or with names, or groups of them."""


@public("torch.optim")
class Optimizer:
    """The base of all optimizers.

    Args:
        params: tensors, (name, tensor) pairs, or dicts: groups with options of their own.
        defaults: the options of groups that do not say otherwise.

    Raises:
        TypeError: params is a tensor or a set, or holds something else.
        ValueError: there are none, or one of them is no leaf or stands in two groups.
    """

    stepped = False
    checked = ""
    """The hyper-parameters whose ranges are checked, in this order."""
    order = ""
    """Hyper-parameters that a group lists in another order than the signature: this one."""

    def __init__(self, params: Params, defaults: Options) -> None:
        _only_eager(defaults)
        self.defaults = defaults
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or "
                f"dicts, but got {_type_name(params)}"
            )
        self.state: dict[Any, Any] = defaultdict(dict)
        self.param_groups: list[Options] = []
        self._before: list[Callable[..., Any]] = []
        self._after: list[Callable[..., Any]] = []
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def _set_up(self, given: Options) -> None:
        """Begin with what a constructor made by `hyperparameters` was given."""
        params = given.pop("params")
        del given["self"]
        self._check(given)
        moved = iter(self.order.split())
        names = [next(moved) if name in self.order.split() else name for name in given]
        Optimizer.__init__(self, params, {name: given[name] for name in names})

    def _check(self, options: Options) -> None:
        """Raise ValueError for the first hyper-parameter that is out of range."""
        for name in self.checked.split():
            _CHECKS.get(name, _check_not_negative)(name, options[name])

    def __setattr__(self, name: str, value: Any) -> None:
        journal.note_slot(self, name)
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for place, group in enumerate(self.param_groups):
            text += f"\nParameter Group {place}\n"
            options = sorted(set(group) - {"params"})
            text += "".join(f"    {key}: {group[key]}\n" for key in options)
        return f"{text})"

    # ---- groups ------------------------------------------------------------------------------

    def add_param_group(self, param_group: Options) -> None:
        """Take up more parameters, with options of their own.

        Raises:
            TypeError: something in it is no tensor.
            ValueError: a parameter is no leaf, or is there already.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        journal.note_container(param_group)
        names, params = _named(param_group["params"])
        param_group["params"] = params
        if names:
            if len(names) != len(params):
                raise ValueError(
                    "all optimizer params should be with/without names. Some param names are "
                    "missing"
                )
            param_group["param_names"] = names
        self._check_params(params)
        for name, default in self.defaults.items():
            param_group.setdefault(name, default)
        if len(set(params)) != len(params):
            warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this "
                "will cause an error; see github.com/pytorch/pytorch/issues/40967 for more "
                "information",
            )
        for group in self.param_groups:
            if ("param_names" in param_group) != ("param_names" in group):
                how = "with names" if "param_names" in param_group else "without names"
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot add param "
                    f"group {how} to the optimizer"
                )
        if not set(params).isdisjoint(chain.from_iterable(g["params"] for g in self.param_groups)):
            raise ValueError("some parameters appear in more than one parameter group")
        journal.note_container(self.param_groups)
        self.param_groups.append(param_group)

    def _check_params(self, params: list[Any]) -> None:
        for param in params:
            if not isinstance(param, Tensor):
                raise TypeError(
                    "optimizer can only optimize Tensors, but one of the params is "
                    f"{_type_name(param)}"
                )
            if not (param.is_leaf or param.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or make them zeros."""
        for param in chain.from_iterable(group["params"] for group in self.param_groups):
            grad = param._grad
            if grad is None:
                continue
            if set_to_none:
                param.grad = None
                continue
            if grad.grad_fn is not None:
                journal.note_slot(grad, "edge")
                grad.edge = None
            else:
                set_requires_grad(grad, False)
            with no_grad():
                put(grad, np.zeros_like(real(grad)))

    # ---- steps -------------------------------------------------------------------------------

    def step(self, closure: Closure | None = None) -> Any:
        """Move every parameter that has a gradient. A closure is called first, with gradients
        on; what it gives is returned.
        """
        for hook in tuple(self._before):
            changed = hook(self, (closure,), {})
            if changed is not None:
                closure = changed[0][0]
        loss = self._step(closure)
        if not self.stepped:
            self.stepped = True  # schedulers ask
        for hook in tuple(self._after):
            hook(self, (closure,), {})
        return loss

    def _step(self, closure: Closure | None) -> Any:
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                h = SimpleNamespace(**{name: scalar(value) for name, value in group.items()})
                for param in group["params"]:
                    if param._grad is not None:
                        self._move(param, h)
        return loss

    def _move(self, param: Tensor, h: SimpleNamespace) -> None:
        """Move one parameter: what all rules have in common, then the rule."""
        s, g = self._slots(param, h), real(param._grad)
        if getattr(h, "maximize", False):
            g = -g
        decay = getattr(h, "weight_decay", 0)
        if decay and getattr(h, "decoupled_weight_decay", False):
            s.param = s.param * s.param.dtype.type(1 - h.lr * decay)
        elif decay:
            g = add(g, s.param, decay)
        self._update(s, g, h)

    def _update(self, s: Slots, g: Array, h: SimpleNamespace) -> None:
        """The rule: the parameter and its state, one step on.

        Args:
            s: the parameter and its state, read as arrays and written in place.
            g: the gradient, with maximize and weight decay in it.
            h: the hyper-parameters of its group.
        """
        raise NotImplementedError

    def _begin(self, s: Slots, h: SimpleNamespace) -> None:
        """Put into a parameter's state what its first step needs."""

    def _slots(self, param: Tensor, h: SimpleNamespace) -> Slots:
        slots = Slots(param, self.state)
        if not self.state.get(param):
            self._begin(slots, h)
        return slots

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call hook(optimizer, args, kwargs) before each step."""
        return RemovableHandle(self._before, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call hook(optimizer, args, kwargs) after each step."""
        return RemovableHandle(self._after, hook)

    # ---- saving ------------------------------------------------------------------------------

    def state_dict(self) -> Options:
        """Options and states, the parameters numbered; the tensors are the optimizer's own."""
        places: dict[int, int] = {}
        groups = []
        start = 0
        for group in self.param_groups:
            for place, param in enumerate(group["params"], start):
                places.setdefault(id(param), place)
            start += len(group["params"])
            packed = {key: value for key, value in group.items() if key != "params"}
            groups.append({**packed, "params": [places[id(param)] for param in group["params"]]})
        states = {places[id(p)] if isinstance(p, Tensor) else p: s for p, s in self.state.items()}
        return {"state": states, "param_groups": groups}

    def load_state_dict(self, state_dict: Options) -> None:
        """Take up what state_dict gave. Raises ValueError if it does not fit the parameters."""
        saved = deepcopy(state_dict["param_groups"])
        groups = self.param_groups
        if len(groups) != len(saved):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(g["params"]) != len(s["params"]) for g, s in zip(groups, saved, strict=True)):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of "
                "optimizer's group"
            )
        by_place = dict(
            zip(
                chain.from_iterable(group["params"] for group in saved),
                chain.from_iterable(group["params"] for group in groups),
                strict=True,
            )
        )
        state: dict[Any, Any] = defaultdict(dict)
        for place, value in state_dict["state"].items():
            if place in by_place:
                state[by_place[place]] = _fitted(by_place[place], value)
            else:
                state[place] = value
        for group, new in zip(groups, saved, strict=True):
            new["params"] = group["params"]
            if "param_names" in group:
                new.setdefault("param_names", group["param_names"])
        self.state = state
        self.param_groups = saved


def _check_rate(name: str, lr: Any) -> None:
    one = not isinstance(lr, Tensor) or lr.array.size == 1
    require(one, "Tensor lr must be 1-element")
    require(lr >= 0, f"Invalid learning rate: {lr}")


def _check_betas(name: str, betas: Any) -> None:
    for place, beta in enumerate(betas):
        require(0 <= beta < 1, f"Invalid beta parameter at index {place}: {beta}")


def _check_rho(name: str, rho: float) -> None:
    require(0 <= rho <= 1, f"Invalid rho value: {rho}")


def _check_etas(name: str, etas: tuple[float, float]) -> None:
    require(0 < etas[0] < 1 < etas[1], f"Invalid eta values: {etas[0]}, {etas[1]}")


def _check_not_negative(name: str, value: float) -> None:
    require(value >= 0, f"Invalid {'epsilon' if name == 'eps' else name} value: {value}")


_CHECKS: dict[str, Callable[[str, Any], None]] = {
    "lr": _check_rate,
    "betas": _check_betas,
    "rho": _check_rho,
    "etas": _check_etas,
}
"""Hyper-parameter → what raises ValueError for one out of its range; others are 0 or more."""


def _only_eager(options: Options) -> None:
    """Refuse to record a step for backward; how else PyTorch runs it changes no number here."""
    if options.get("differentiable"):
        raise NotImplementedError("differentiable=True: a step is not recorded for backward")
    if options.get("fused") and options.get("foreach"):
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def _named(params: Params) -> tuple[list[str], list[Any]]:
    """The names and the tensors of a group; no names if it gives none."""
    if isinstance(params, Tensor):
        return [], [params]
    if isinstance(params, set):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering "
            "of tensors in sets will change between runs. Please use a list instead."
        )
    params = list(params)
    names = [param[0] for param in params if isinstance(param, tuple)]
    return names, [param[1] if isinstance(param, tuple) else param for param in params]


def _fitted(param: Tensor, value: Any, key: Any = None) -> Any:
    """A value of a loaded state, its tensors in the dtype of the parameter (step counts apart)."""
    if isinstance(value, Tensor):
        same = key == "step" or param.array.dtype.kind not in "fV"
        return value if same else converted(value, param.array.dtype)
    if isinstance(value, dict):
        return {name: _fitted(param, part, name) for name, part in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return type(value)(_fitted(param, part) for part in value)  # type: ignore[call-arg]
    return value


def _type_name(value: Any) -> str:
    """The name PyTorch gives a value's type."""
    if isinstance(value, Tensor):
        return f"torch.{value.dtype.tensor_type}"
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
