"""Asks PyTorch where its optimizers lead: `python -m tests.recorder.optimizers`."""

import torch

from tests.engine.optimizing import ran
from tests.engine.programs import RECORDED
from tests.recorder.programs import write_rows

CASES = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.1, "maximize": True}),
    ("ASGD", {"lr": 0.05, "t0": 3, "weight_decay": 0.1}),
    ("Rprop", {}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1, "betas": (0.5, 0.9), "amsgrad": True, "weight_decay": 0.1}),
    ("AdamW", {"lr": 0.1, "maximize": True}),
    ("Adamax", {"weight_decay": 0.1}),
    ("NAdam", {"decoupled_weight_decay": True, "weight_decay": 0.1}),
    ("RAdam", {"weight_decay": 0.1}),
    ("RMSprop", {}),
    ("RMSprop", {"centered": True, "momentum": 0.5, "weight_decay": 0.1, "alpha": 0.3}),
    ("Adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.3, "weight_decay": 0.1}),
    ("Adadelta", {}),
]


def main() -> None:
    rows = (
        {"name": name, "options": options, "dtype": dtype, **ran(torch, name, options, dtype)}
        for name, options in CASES
        for dtype in ("float32", "float64")
    )
    write_rows(RECORDED / "optimizers.json", rows)


if __name__ == "__main__":
    main()
