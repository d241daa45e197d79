"""Adam and its relatives: AdamW, Adamax, NAdam, RAdam.

All keep running means of the gradient and of its square, or of its largest size, and correct them
for having begun at 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.graph.registry import public
from engine.optim.kernels import plus, plus_product, plus_quotient, towards
from engine.optim.optimizer import (
    Array,
    Optimizer,
    Options,
    check_betas,
    check_positive,
    check_rate,
    counted,
    number,
    put,
    real,
    scalar,
)

if TYPE_CHECKING:
    from engine.graph.tensor import Tensor

Betas = tuple[float, float]


def _check(lr: Any, eps: float, betas: Betas, weight_decay: float) -> None:
    """Raise ValueError for the first of what all of them take that is out of range."""
    check_rate(lr)
    check_positive(eps=eps)
    check_betas(betas)
    check_positive(weight_decay=weight_decay)


def _means(state: Options, grad: Array, betas: Betas) -> tuple[Array, Array]:
    """The running means of the gradient and of its square, one step on."""
    mean = towards(real(state["exp_avg"]), grad, 1 - betas[0])
    squares = plus_product(real(state["exp_avg_sq"]) * betas[1], grad, grad, 1 - betas[1])
    put(state["exp_avg"], mean)
    put(state["exp_avg_sq"], squares)
    return mean, squares


@public("torch.optim")
class Adam(Optimizer):
    """The mean of the gradient over the root of the mean of its square."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        _check(lr, eps, betas, weight_decay)
        betas = (scalar(betas[0]), scalar(betas[1]))
        if not all(isinstance(beta, (float, np.floating)) for beta in betas):
            raise ValueError("betas must be either both floats or both Tensors")
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def _advance(self, param: Tensor, grad: Array, group: Options) -> None:
        largest = ("max_exp_avg_sq",) if group["amsgrad"] else ()
        state = self._begun(param, "exp_avg", "exp_avg_sq", *largest)
        step = counted(state)
        mean, squares = _means(state, grad, group["betas"])
        if group["amsgrad"]:
            squares = np.maximum(real(state["max_exp_avg_sq"]), squares)
            put(state["max_exp_avg_sq"], squares)
        first, second = (1 - beta**step for beta in group["betas"])
        size = np.sqrt(squares) / second**0.5 + group["eps"]
        put(param, plus_quotient(real(param), mean, size, -(scalar(group["lr"]) / first)))


@public("torch.optim")
class AdamW(Adam):
    """Adam whose weights decay by themselves, not through the gradient."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )


@public("torch.optim")
class Adamax(Optimizer):
    """Adam with the largest size of the gradient in place of its mean square."""

    def __init__(
        self,
        params: Any,
        lr: Any = 2e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        _check(lr, eps, betas, weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _advance(self, param: Tensor, grad: Array, group: Options) -> None:
        state = self._begun(param, "exp_avg", "exp_inf")
        step = counted(state)
        first, second = group["betas"]
        mean = towards(real(state["exp_avg"]), grad, 1 - first)
        put(state["exp_avg"], mean)
        largest = np.maximum(real(state["exp_inf"]) * second, np.abs(grad) + group["eps"])
        put(state["exp_inf"], largest)
        rate = scalar(group["lr"]) / (1 - first**step)
        put(param, plus_quotient(real(param), mean, largest, -rate))


@public("torch.optim")
class NAdam(Optimizer):
    """Adam with Nesterov's momentum."""

    def __init__(
        self,
        params: Any,
        lr: Any = 2e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        _check(lr, eps, betas, weight_decay)
        check_positive(momentum_decay=momentum_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _advance(self, param: Tensor, grad: Array, group: Options) -> None:
        state = self._begun(param, "exp_avg", "exp_avg_sq")
        if "mu_product" not in state:
            self._keep(state, "mu_product", number(1.0))
        step, lr = counted(state), scalar(group["lr"])
        (first, second), decay = group["betas"], group["momentum_decay"]
        now, after = (first * (1.0 - 0.5 * 0.96 ** (count * decay)) for count in (step, step + 1))
        product = state["mu_product"].array
        put(state["mu_product"], product * product.dtype.type(now))
        mean, squares = _means(state, grad, (first, second))
        size = np.sqrt(squares / (1 - second**step)) + group["eps"]
        so_far = float(state["mu_product"].array)
        put(param, plus_quotient(real(param), grad, size, -lr * (1.0 - now) / (1.0 - so_far)))
        rate = -lr * after / (1.0 - so_far * after)
        put(param, plus_quotient(real(param), mean, size, rate))


@public("torch.optim")
class RAdam(Optimizer):
    """Adam that waits until the variance of its step can be known, and rectifies it."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        _check(lr, eps, betas, weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _advance(self, param: Tensor, grad: Array, group: Options) -> None:
        state = self._begun(param, "exp_avg", "exp_avg_sq")
        step = counted(state)
        first, second = group["betas"]
        mean, squares = _means(state, grad, group["betas"])
        known = 1 - second**step
        update = mean / (1 - first**step) * scalar(group["lr"])
        longest = 2 / (1 - second) - 1
        length = longest - 2 * step * (second**step) / known
        if length > 5.0:
            rectified = (length - 4) * (length - 2) * longest
            rectified = (rectified / ((longest - 4) * (longest - 2) * length)) ** 0.5
            sizes = np.sqrt(squares) + group["eps"]
            update = update * (1 / sizes * known**0.5) * rectified
        put(param, plus(real(param), update, -1.0))
