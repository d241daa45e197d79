"""What all optimizers are: groups of parameters, options, and a state for each parameter.

A subclass says in `_advance` how one parameter moves. Everything an optimizer changes is noted in
the journal, so that a session can take it back.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any

import numpy as np

from engine.arrays import dtypes, journal
from engine.dispatch.inplace import assign
from engine.graph.grad_mode import enable_grad, no_grad
from engine.graph.hooks import RemovableHandle
from engine.graph.registry import public
from engine.graph.tensor import Tensor, set_requires_grad, wrap
from engine.ops.creation.convert import converted
from engine.optim.kernels import plus

Array = np.ndarray[Any, Any]
Options = dict[str, Any]
Closure = Callable[[], Any]


@public("torch.optim")
class Optimizer:
    """The base of all optimizers.

    Args:
        params: tensors, (name, tensor) pairs, or dicts: groups with options of their own.
        defaults: the options of groups that do not say otherwise.
    """

    stepped = False

    def __init__(self, params: Any, defaults: Options) -> None:
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
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

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
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this "
                "will cause an error; see github.com/pytorch/pytorch/issues/40967 for more "
                "information",
                stacklevel=3,
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
            put(grad, np.zeros_like(grad.array))

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
                for param in group["params"]:
                    if param._grad is not None:
                        self._move(param, group)
        return loss

    def _move(self, param: Tensor, group: Options) -> None:
        grad = real(param._grad)
        if group.get("maximize"):
            grad = -grad
        decay = scalar(group.get("weight_decay", 0))
        if decay and group.get("decoupled_weight_decay"):
            put(param, real(param) * real(param).dtype.type(1 - scalar(group["lr"]) * decay))
        elif decay:
            grad = plus(grad, real(param), decay)
        self._advance(param, grad, group)

    def _advance(self, param: Tensor, grad: Array, group: Options) -> None:
        """Move one parameter."""
        raise NotImplementedError

    def _begun(self, param: Tensor, *zeros: str) -> Options:
        """The state of a parameter: at first a step count of 0, and tensors of zeros."""
        state: Options = self._state_of(param)
        if not state:
            self._keep(state, "step", number(0.0))
            for name in zeros:
                self._keep(state, name, wrap(np.zeros_like(param.array)))
        return state

    def _keep(self, state: Options, name: str, value: Any) -> None:
        """Put a value into a parameter's state."""
        journal.note_container(state)
        state[name] = value

    def _state_of(self, param: Any) -> Options:
        if param not in self.state:
            journal.note_container(self.state)
        found: Options = self.state[param]
        return found

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


def put(tensor: Tensor, values: Array) -> None:
    """Write new values into a tensor, in place and outside autograd."""
    with no_grad():
        assign(tensor, wrap(values.view(tensor.array.dtype).reshape(tensor.array.shape)))


def real(tensor: Tensor) -> Array:
    """A tensor's numbers; of complex ones, the real and imaginary parts side by side."""
    array = tensor.array
    if array.dtype.kind != "c":
        return array
    part = np.dtype(np.float32 if array.dtype.itemsize == 8 else np.float64)
    return np.ascontiguousarray(array).reshape(*array.shape, 1).view(part)


def number(value: float) -> Tensor:
    """A 0-dim tensor that counts or measures."""
    wide = dtypes.get_default_dtype() is dtypes.float64
    return wrap(np.array(value, np.float64 if wide else np.float32))


def counted(state: Options) -> float:
    """One step more: how many there are now."""
    put(state["step"], state["step"].array + state["step"].array.dtype.type(1))
    return float(state["step"].array)


def scalar(value: Any) -> Any:
    """A hyperparameter as a number; one given as a tensor computes in its own dtype."""
    return value.array.reshape(())[()] if isinstance(value, Tensor) else value


def check_rate(lr: Any) -> None:
    """Raise ValueError for a learning rate that is none."""
    if isinstance(lr, Tensor) and lr.array.size != 1:
        raise ValueError("Tensor lr must be 1-element")
    if not lr >= 0:
        raise ValueError(f"Invalid learning rate: {lr}")


def check_positive(**options: Any) -> None:
    """Raise ValueError for an option below zero; the keyword says what it is called."""
    for name, value in options.items():
        if not value >= 0:
            raise ValueError(f"Invalid {_WORDS.get(name, f'{name} value')}: {value}")


_WORDS = {"eps": "epsilon value"}


def check_betas(betas: Any) -> None:
    """Raise ValueError for a decay rate outside [0, 1)."""
    for place, beta in enumerate(betas):
        if not 0 <= beta < 1:
            raise ValueError(f"Invalid beta parameter at index {place}: {beta}")


def _only_eager(options: Options) -> None:
    """Refuse to record a step for backward; how else PyTorch runs it changes no number here."""
    if options.get("differentiable"):
        raise NotImplementedError("differentiable=True: a step is not recorded for backward")
    if options.get("fused") and options.get("foreach"):
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def _named(params: Any) -> tuple[list[str], list[Any]]:
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
