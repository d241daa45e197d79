"""Optimizers that divide the gradient by how large it has been: RMSprop, Adagrad, Adadelta.

In the formulas p is a parameter, g its gradient, t the number of the step.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from engine.arrays.types import Array
from engine.graph.grad_mode import no_grad
from engine.optim.hyperparameters import hyperparameters
from engine.optim.kernels import add, addcdiv, addcmul, lerp
from engine.optim.optimizer import Optimizer
from engine.optim.slots import Options, Slots, number


@hyperparameters(
    "params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False, "
    "capturable=False, foreach=None, maximize=False, differentiable=False"
)
class RMSprop(Optimizer):
    """The gradient divided by the root of its mean square, with momentum if asked for.

        v <- alpha v + (1 - alpha) g²
        m <- alpha m + (1 - alpha) g                 centered: v - m² in place of v below
        b <- momentum b + g / (sqrt(v) + eps)
        p <- p - lr b

    Source: Hinton, "Neural networks for machine learning", lecture 6, 2012; centered: Graves,
    "Generating sequences with recurrent neural networks", 2013.
    """

    checked = "lr eps momentum weight_decay alpha"
    order = "momentum alpha eps centered weight_decay"

    def _begin(self, s: Slots, h: SimpleNamespace) -> None:
        s.begin(step=number(0.0), square_avg=0)
        if h.momentum > 0:
            s.begin(momentum_buffer=0)
        if h.centered:
            s.begin(grad_avg=0)

    def _update(self, s: Slots, g: Array, h: SimpleNamespace) -> None:
        s.count()
        v = s.square_avg = addcmul(s.square_avg * h.alpha, g, g, 1 - h.alpha)
        if h.centered:
            m = s.grad_avg = lerp(s.grad_avg, g, 1 - h.alpha)
            v = addcmul(v, m, m, -1)
        size = np.sqrt(v) + h.eps
        if h.momentum > 0:
            s.momentum_buffer = addcdiv(s.momentum_buffer * h.momentum, g, size)
            s.param = add(s.param, s.momentum_buffer, -h.lr)
        else:
            s.param = addcdiv(s.param, g, size, -h.lr)


@hyperparameters(
    "params, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10, "
    "foreach=None, *, maximize=False, differentiable=False, fused=None"
)
class Adagrad(Optimizer):
    """The gradient divided by the root of the sum of its squares.

        v <- v + g²                       v = initial_accumulator_value at first
        p <- p - lr / (1 + (t - 1) lr_decay) * g / (sqrt(v) + eps)

    Source: Duchi, Hazan and Singer, "Adaptive subgradient methods", 2011.
    """

    checked = "lr lr_decay weight_decay initial_accumulator_value eps"
    order = "eps weight_decay initial_accumulator_value"

    def _set_up(self, given: Options) -> None:
        super()._set_up(given)
        with no_grad():
            for group in self.param_groups:
                for param in group["params"]:
                    self._slots(param, SimpleNamespace(**group))

    def _begin(self, s: Slots, h: SimpleNamespace) -> None:
        s.begin(step=number(0.0), sum=self.defaults["initial_accumulator_value"])

    def _update(self, s: Slots, g: Array, h: SimpleNamespace) -> None:
        rate = h.lr / (1 + (s.count() - 1) * h.lr_decay)
        s.sum = addcmul(s.sum, g, g)
        s.param = addcdiv(s.param, g, np.sqrt(s.sum) + h.eps, -rate)


@hyperparameters(
    "params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, foreach=None, *, capturable=False, "
    "maximize=False, differentiable=False"
)
class Adadelta(Optimizer):
    """Steps as large as the last ones were, relative to how large the gradients were.

        v <- rho v + (1 - rho) g²
        d  = sqrt(u + eps) / sqrt(v + eps) * g
        u <- rho u + (1 - rho) d²
        p <- p - lr d

    Source: Zeiler, "ADADELTA: an adaptive learning rate method", 2012.
    """

    checked = "lr rho eps weight_decay"
    order = "maximize capturable foreach"

    def _begin(self, s: Slots, h: SimpleNamespace) -> None:
        s.begin(step=number(0.0), square_avg=0, acc_delta=0)

    def _update(self, s: Slots, g: Array, h: SimpleNamespace) -> None:
        s.count()
        v = s.square_avg = addcmul(s.square_avg * h.rho, g, g, 1 - h.rho)
        d = np.sqrt(s.acc_delta + h.eps) / np.sqrt(v + h.eps) * g
        s.acc_delta = addcmul(s.acc_delta * h.rho, d, d, 1 - h.rho)
        s.param = add(s.param, d, -h.lr)
