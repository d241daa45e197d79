"""Optimizers, as torch.optim: what moves parameters along their gradients.

The arithmetic is that of PyTorch's own, in its order and with its roundings (kernels.py).
"""

from engine.catalog import expose
from engine.optim import lr_scheduler
from engine.optim.adam import Adam, Adamax, AdamW, NAdam, RAdam
from engine.optim.descent import ASGD, SGD, Rprop
from engine.optim.lbfgs import LBFGS
from engine.optim.optimizer import Optimizer
from engine.optim.scaled import Adadelta, Adagrad, RMSprop

__all__ = [
    "ASGD", "LBFGS", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "Optimizer",
    "RAdam", "RMSprop", "Rprop", "lr_scheduler",
]  # fmt: skip

for _class in (
    ASGD, LBFGS, SGD, Adadelta, Adagrad, Adam, AdamW, Adamax, NAdam, Optimizer, RAdam,
    RMSprop, Rprop,
):  # fmt: skip
    expose(_class.__name__, _class, "torch.optim")
