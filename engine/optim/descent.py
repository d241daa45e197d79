"""Optimizers that follow the gradient, or its signs: SGD, ASGD, Rprop.

In the formulas p is a parameter, g its gradient, t the number of the step.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from engine.arrays.types import Array
from engine.optim.hyperparameters import hyperparameters, require
from engine.optim.kernels import add, addcmul
from engine.optim.optimizer import Optimizer
from engine.optim.slots import Options, Slots, number


@hyperparameters(
    "params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False, "
    "foreach=None, differentiable=False, fused=None"
)
class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if asked for.

        b <- momentum b + (1 - dampening) g        b = g at first
        p <- p - lr b                              Nesterov: p - lr (g + momentum b)

    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning",
    2013, with the learning rate outside b, as PyTorch has it.
    """

    checked = "lr momentum weight_decay"

    def _check(self, options: Options) -> None:
        super()._check(options)
        simple = options["momentum"] <= 0 or options["dampening"] != 0
        require(
            not (options["nesterov"] and simple),
            "Nesterov momentum requires a momentum and zero dampening",
        )

    def _update(self, s: Slots, g: Array, h: SimpleNamespace) -> None:
        if h.momentum:
            if "momentum_buffer" in s:
                s.momentum_buffer = add(s.momentum_buffer * h.momentum, g, 1 - h.dampening)
            else:
                s.begin(momentum_buffer=g)
            g = add(g, s.momentum_buffer, h.momentum) if h.nesterov else s.momentum_buffer
        s.param = add(s.param, g, -h.lr)


@hyperparameters(
    "params, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0, foreach=None, "
    "maximize=False, differentiable=False, capturable=False"
)
class ASGD(Optimizer):
    """Stochastic gradient descent that averages its steps into the state `ax`.

        p  <- (1 - lambd eta) p - eta g
        ax <- ax + mu (p - ax)
        eta = lr / (1 + lambd lr t)^alpha,  mu = 1 / max(1, t - t0)      for the next step

    Source: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992.
    """

    checked = "lr weight_decay"

    def _begin(self, s: Slots, h: SimpleNamespace) -> None:
        s.begin(step=number(0.0), eta=number(float(h.lr)), mu=number(1.0), ax=0)

    def _update(self, s: Slots, g: Array, h: SimpleNamespace) -> None:
        t, lr = s.count(), float(h.lr)
        eta, mu = float(s.eta), float(s.mu)
        s.param = s.param * (1 - h.lambd * eta)
        s.param = add(s.param, g, -eta)
        s.ax = s.param if mu == 1 else s.ax + (s.param - s.ax) * mu
        s.eta = s.eta.dtype.type(lr / ((1 + h.lambd * lr * t) ** h.alpha))
        s.mu = s.mu.dtype.type(1 / max(1, t - h.t0))


@hyperparameters(
    "params, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50), *, capturable=False, foreach=None, "
    "maximize=False, differentiable=False"
)
class Rprop(Optimizer):
    """Steps of sizes that grow while the gradient keeps its sign and shrink where it turns.

        size <- size * (etas[1] where g prev > 0, etas[0] where it is < 0), within step_sizes
        g    <- 0 where g prev < 0
        p    <- p - sign(g) size,  prev <- g

    Source: Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning",
    1993.
    """

    checked = "lr etas"
    order = "foreach maximize differentiable capturable"

    def _begin(self, s: Slots, h: SimpleNamespace) -> None:
        s.begin(step=number(0.0), prev=0, step_size=h.lr)

    def _update(self, s: Slots, g: Array, h: SimpleNamespace) -> None:
        s.count()
        shrink, grow = h.etas
        turn = g * s.prev
        factor = np.where(turn > 0, grow, np.where(turn < 0, shrink, 1)).astype(g.dtype)
        s.step_size = np.clip(s.step_size * factor, *h.step_sizes)
        g = np.where(turn < 0, g.dtype.type(0), g)
        s.param = addcmul(s.param, np.sign(g), s.step_size, -1)
        s.prev = g
