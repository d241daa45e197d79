"""Optimizers that divide the gradient by how large it has been: RMSprop, Adagrad, Adadelta."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.optim.kernels import plus, plus_product, plus_quotient, towards
from engine.optim.optimizer import (
    Array,
    Optimizer,
    Options,
    check_positive,
    check_rate,
    counted,
    put,
    real,
    scalar,
)


@public("torch.optim")
class RMSprop(Optimizer):
    """The gradient divided by the root of its mean square, momentum if asked for."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_rate(lr)
        check_positive(eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _advance(self, param: Tensor, grad: Array, group: Options) -> None:
        names = ["square_avg"]
        if group["momentum"] > 0:
            names.append("momentum_buffer")
        if group["centered"]:
            names.append("grad_avg")
        state = self._begun(param, *names)
        counted(state)
        alpha, lr = group["alpha"], scalar(group["lr"])
        squares = plus_product(real(state["square_avg"]) * alpha, grad, grad, 1 - alpha)
        put(state["square_avg"], squares)
        if group["centered"]:
            mean = towards(real(state["grad_avg"]), grad, 1 - alpha)
            put(state["grad_avg"], mean)
            squares = plus_product(squares, mean, mean, -1)
        size = np.sqrt(squares) + group["eps"]
        if group["momentum"] > 0:
            buffer = real(state["momentum_buffer"]) * group["momentum"]
            buffer = plus_quotient(buffer, grad, size)
            put(state["momentum_buffer"], buffer)
            put(param, plus(real(param), buffer, -lr))
        else:
            put(param, plus_quotient(real(param), grad, size, -lr))


@public("torch.optim")
class Adagrad(Optimizer):
    """The gradient divided by the root of the sum of its squares."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_rate(lr)
        check_positive(
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
        )
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:
            for param in group["params"]:
                self._started(param)

    def _started(self, param: Tensor) -> Options:
        state = self._begun(param)
        if "sum" not in state:
            first = self.defaults["initial_accumulator_value"]
            total = wrap(np.empty_like(param.array))
            put(total, np.full_like(real(param), first))
            self._keep(state, "sum", total)
        return state

    def _advance(self, param: Tensor, grad: Array, group: Options) -> None:
        state = self._started(param)
        step = counted(state)
        rate = scalar(group["lr"]) / (1 + (step - 1) * group["lr_decay"])
        put(state["sum"], plus_product(real(state["sum"]), grad, grad))
        size = np.sqrt(real(state["sum"])) + group["eps"]
        put(param, plus_quotient(real(param), grad, size, -rate))


@public("torch.optim")
class Adadelta(Optimizer):
    """Steps scaled by how large the last ones were, over how large the gradients were."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_rate(lr)
        if not 0 <= rho <= 1:
            raise ValueError(f"Invalid rho value: {rho}")
        check_positive(eps=eps, weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _advance(self, param: Tensor, grad: Array, group: Options) -> None:
        state = self._begun(param, "square_avg", "acc_delta")
        counted(state)
        rho, eps = group["rho"], group["eps"]
        squares = plus_product(real(state["square_avg"]) * rho, grad, grad, 1 - rho)
        put(state["square_avg"], squares)
        deltas = real(state["acc_delta"])
        delta = np.sqrt(deltas + eps) / np.sqrt(squares + eps) * grad
        put(state["acc_delta"], plus_product(deltas * rho, delta, delta, 1 - rho))
        put(param, plus(real(param), delta, -scalar(group["lr"])))
