"""Optimizers that follow the gradient, or its signs: SGD, ASGD, Rprop."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.optim.kernels import plus, plus_product
from engine.optim.optimizer import (
    Array,
    Optimizer,
    Options,
    check_positive,
    check_rate,
    counted,
    number,
    put,
    real,
    scalar,
)


@public("torch.optim")
class SGD(Optimizer):
    """Steps against the gradient, with momentum if asked for."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: Any = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_rate(lr)
        check_positive(momentum=momentum, weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, defaults)

    def _advance(self, param: Tensor, grad: Array, group: Options) -> None:
        momentum = group["momentum"]
        if momentum:
            grad = self._carried(param, grad, group)
        put(param, plus(real(param), grad, -scalar(group["lr"])))

    def _carried(self, param: Tensor, grad: Array, group: Options) -> Array:
        """The gradient with the momentum of those before it."""
        state, momentum = self._state_of(param), group["momentum"]
        buffer = state.get("momentum_buffer")
        if buffer is None:
            buffer = wrap(np.empty_like(param.array))
            self._keep(state, "momentum_buffer", buffer)
            put(buffer, grad)
        else:
            put(buffer, plus(real(buffer) * momentum, grad, 1 - group["dampening"]))
        return plus(grad, real(buffer), momentum) if group["nesterov"] else real(buffer)


@public("torch.optim")
class ASGD(Optimizer):
    """Stochastic gradient descent that averages its steps."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_rate(lr)
        check_positive(weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _advance(self, param: Tensor, grad: Array, group: Options) -> None:
        state = self._state_of(param)
        lr, lambd = float(scalar(group["lr"])), group["lambd"]
        if not state:
            for name, value in (("step", 0.0), ("eta", lr), ("mu", 1.0)):
                self._keep(state, name, number(value))
            self._keep(state, "ax", wrap(np.zeros_like(param.array)))
        step = counted(state)
        eta, share = float(state["eta"].array), float(state["mu"].array)
        put(param, real(param) * (1 - lambd * eta))
        put(param, plus(real(param), grad, -eta))
        average = real(state["ax"])
        if share == 1:
            put(state["ax"], real(param))
        else:
            put(state["ax"], average + (real(param) - average) * share)
        put(state["eta"], number(lr / ((1 + lambd * lr * step) ** group["alpha"])).array)
        put(state["mu"], number(1 / max(1, step - group["t0"])).array)


@public("torch.optim")
class Rprop(Optimizer):
    """Steps of sizes that grow while the gradient keeps its sign and shrink where it turns."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_rate(lr)
        if not 0 < etas[0] < 1 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _advance(self, param: Tensor, grad: Array, group: Options) -> None:
        state = self._begun(param, "prev")
        if "step_size" not in state:
            size = wrap(np.empty_like(param.array))
            put(size, np.full_like(grad, scalar(group["lr"])))
            self._keep(state, "step_size", size)
        counted(state)
        shrink, grow = group["etas"]
        turn = grad * real(state["prev"])
        factor = np.where(turn > 0, grow, np.where(turn < 0, shrink, 1)).astype(grad.dtype)
        sizes = np.clip(real(state["step_size"]) * factor, *group["step_sizes"])
        put(state["step_size"], sizes)
        kept = np.where(turn < 0, grad.dtype.type(0), grad)
        put(param, plus_product(real(param), np.sign(kept), sizes, -1))
        put(state["prev"], kept)
