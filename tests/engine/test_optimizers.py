"""Optimizers lead where PyTorch's lead, to the last bit; schedulers, classes, first values too."""

import json
from typing import Any

import numpy as np
import pytest

import engine as torch
from tests.engine.optimizing import ran
from tests.engine.programs import RECORDED, recorded, said

CASES = json.loads((RECORDED / "optimizers.json").read_text(encoding="utf-8"))
ROOTS = ("Adam", "AdamW", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta")
"""Those that take square roots, which PyTorch rounds as the processor's maker likes."""
PROGRAMS = {code: words for name in ("training", "draws") for code, words in recorded(name).items()}


def numbers(value: Any) -> np.ndarray[Any, Any]:
    return np.array(value, np.float64)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['name']} {c['options']} {c['dtype']}")
def test_ten_steps(case: dict[str, Any]) -> None:
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in case["options"].items()}
    found = ran(torch, case["name"], options, case["dtype"])
    for key in ("versions", "groups", "shown"):
        assert found[key] == case[key]
    pairs = list(zip(found["params"], case["params"], strict=True))
    assert found["state"].keys() == case["state"].keys()
    for place, state in case["state"].items():
        assert found["state"][place].keys() == state.keys()
        pairs += [(found["state"][place][key], state[key]) for key in state]
    close = 4e-6 if case["dtype"] == "float32" else 1e-14
    for one, other in pairs:
        if case["name"] in ROOTS:
            np.testing.assert_allclose(numbers(one), numbers(other), rtol=close, atol=close)
        else:
            np.testing.assert_array_equal(numbers(one), numbers(other))


PARAMETERS_CLASS = pytest.mark.xfail(
    strict=True, reason="the message names the class Tensor: one __getattr__ slows every attribute"
)
CODES = [
    pytest.param(code, marks=PARAMETERS_CLASS if code.endswith("Parameter(T([1.,2.])).foo") else ())
    for code in PROGRAMS
]


@pytest.mark.parametrize("code", CODES)
def test_program(code: str) -> None:
    assert said(torch, code) == PROGRAMS[code]
