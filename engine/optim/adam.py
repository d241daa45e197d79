"""Adam and its relatives: AdamW, Adamax, NAdam, RAdam.

All keep running means, m of the gradient and v of its square (Adamax: u, its largest size), and
correct them for having begun at 0. In the formulas p is a parameter, g its gradient, t the number
of the step, b1 and b2 the betas; sources are named where the rule stands.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from engine.arrays.types import Array
from engine.optim.hyperparameters import hyperparameters, require
from engine.optim.kernels import add, addcdiv, addcmul, lerp
from engine.optim.optimizer import Optimizer
from engine.optim.slots import Options, Slots, number, scalar


class _Adam(Optimizer):
    """What Adam, NAdam and RAdam have in common: the two running means."""

    checked = "lr eps betas weight_decay"

    def _begin(self, s: Slots, h: SimpleNamespace) -> None:
        s.begin(step=number(0.0), exp_avg=0, exp_avg_sq=0)

    def _means(self, s: Slots, g: Array, h: SimpleNamespace) -> tuple[Array, Array]:
        """m <- b1 m + (1 - b1) g  and  v <- b2 v + (1 - b2) g²."""
        b1, b2 = h.betas
        m = s.exp_avg = lerp(s.exp_avg, g, 1 - b1)
        v = s.exp_avg_sq = addcmul(s.exp_avg_sq * b2, g, g, 1 - b2)
        return m, v


@hyperparameters(
    "params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, *, "
    "foreach=None, maximize=False, capturable=False, differentiable=False, fused=None, "
    "decoupled_weight_decay=False"
)
class Adam(_Adam):
    """The mean of the gradient over the root of the mean of its square.

        p <- p - lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps)

    amsgrad: the largest v so far in place of v. Source: Kingma and Ba, "Adam: a method for
    stochastic optimization", 2015; amsgrad: Reddi et al., "On the convergence of Adam and beyond",
    2018.
    """

    order = "maximize foreach"

    def _check(self, options: Options) -> None:
        super()._check(options)
        betas = options["betas"] = (scalar(options["betas"][0]), scalar(options["betas"][1]))
        floats = all(isinstance(beta, (float, np.floating)) for beta in betas)
        require(floats, "betas must be either both floats or both Tensors")

    def _begin(self, s: Slots, h: SimpleNamespace) -> None:
        super()._begin(s, h)
        if h.amsgrad:
            s.begin(max_exp_avg_sq=0)

    def _update(self, s: Slots, g: Array, h: SimpleNamespace) -> None:
        t = s.count()
        m, v = self._means(s, g, h)
        if h.amsgrad:
            v = s.max_exp_avg_sq = np.maximum(s.max_exp_avg_sq, v)
        first, second = (1 - beta**t for beta in h.betas)
        s.param = addcdiv(s.param, m, np.sqrt(v) / second**0.5 + h.eps, -(h.lr / first))


@hyperparameters(
    "params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False, *, "
    "maximize=False, foreach=None, capturable=False, differentiable=False, fused=None"
)
class AdamW(Adam):
    """Adam whose weights decay by themselves, p <- (1 - lr weight_decay) p, not through g.

    Source: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.
    """

    def _check(self, options: Options) -> None:
        super()._check(options)
        options["decoupled_weight_decay"] = True


@hyperparameters(
    "params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, foreach=None, *, "
    "maximize=False, differentiable=False, capturable=False"
)
class Adamax(Optimizer):
    """Adam with the largest size of the gradient in place of its mean square.

        u <- max(b2 u, |g| + eps)
        p <- p - lr / (1 - b1^t) * m / u

    Source: Kingma and Ba, 2015, section 7.1.
    """

    checked = "lr eps betas weight_decay"

    def _begin(self, s: Slots, h: SimpleNamespace) -> None:
        s.begin(step=number(0.0), exp_avg=0, exp_inf=0)

    def _update(self, s: Slots, g: Array, h: SimpleNamespace) -> None:
        t, (b1, b2) = s.count(), h.betas
        m = s.exp_avg = lerp(s.exp_avg, g, 1 - b1)
        u = s.exp_inf = np.maximum(s.exp_inf * b2, np.abs(g) + h.eps)
        s.param = addcdiv(s.param, m, u, -(h.lr / (1 - b1**t)))


@hyperparameters(
    "params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, momentum_decay=4e-3, "
    "decoupled_weight_decay=False, *, foreach=None, maximize=False, capturable=False, "
    "differentiable=False"
)
class NAdam(_Adam):
    """Adam with Nesterov's momentum, which grows with the steps.

        mu(t) = b1 (1 - 0.96^(t momentum_decay) / 2),  M <- M mu(t)          M = 1 at first
        p <- p - lr (1 - mu(t)) / (1 - M) * g / (sqrt(v / (1 - b2^t)) + eps)
               - lr mu(t + 1) / (1 - M mu(t + 1)) * m / (sqrt(v / (1 - b2^t)) + eps)

    Source: Dozat, "Incorporating Nesterov momentum into Adam", 2016.
    """

    checked = "lr eps betas weight_decay momentum_decay"
    order = "maximize foreach"

    def _begin(self, s: Slots, h: SimpleNamespace) -> None:
        super()._begin(s, h)
        s.begin(mu_product=number(1.0))

    def _update(self, s: Slots, g: Array, h: SimpleNamespace) -> None:
        t, (b1, b2) = s.count(), h.betas
        mu, mu_after = (b1 * (1.0 - 0.5 * 0.96 ** (n * h.momentum_decay)) for n in (t, t + 1))
        s.mu_product = s.mu_product * s.mu_product.dtype.type(mu)
        m, v = self._means(s, g, h)
        size = np.sqrt(v / (1 - b2**t)) + h.eps
        product = float(s.mu_product)
        s.param = addcdiv(s.param, g, size, -h.lr * (1.0 - mu) / (1.0 - product))
        s.param = addcdiv(s.param, m, size, -h.lr * mu_after / (1.0 - product * mu_after))


@hyperparameters(
    "params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, decoupled_weight_decay=False, "
    "*, foreach=None, maximize=False, capturable=False, differentiable=False"
)
class RAdam(_Adam):
    """Adam that waits until the variance of its step can be known, and rectifies it.

        R = 2 / (1 - b2) - 1,  r = R - 2 t b2^t / (1 - b2^t)
        p <- p - lr * m / (1 - b1^t)                                     while r <= 5, then
        p <- p - lr * m / (1 - b1^t) * sqrt(1 - b2^t) / (sqrt(v) + eps)
                    * sqrt((r - 4) (r - 2) R / ((R - 4) (R - 2) r))

    Source: Liu et al., "On the variance of the adaptive learning rate and beyond", 2020.
    """

    order = "maximize foreach capturable decoupled_weight_decay"

    def _update(self, s: Slots, g: Array, h: SimpleNamespace) -> None:
        t, (b1, b2) = s.count(), h.betas
        m, v = self._means(s, g, h)
        known = 1 - b2**t
        update = m / (1 - b1**t) * h.lr
        longest = 2 / (1 - b2) - 1
        length = longest - 2 * t * (b2**t) / known
        if length > 5.0:
            rectified = (length - 4) * (length - 2) * longest
            rectified = (rectified / ((longest - 4) * (longest - 2) * length)) ** 0.5
            update = update * (1 / (np.sqrt(v) + h.eps) * known**0.5) * rectified
        s.param = add(s.param, update, -1.0)
