"""Special functions without SciPy are the same, as far as there are any."""

import sys
from typing import Any

import numpy as np
import pytest

import engine as torch
from engine.arrays import special_functions
from tests.engine.programs import recorded, said

REAL = np.concatenate(
    [
        np.linspace(-12, 12, 481),
        [0.0, -0.0, 1e-8, 30.0, 30.5, -30.5, 100.0, 1e3, np.inf, np.nan],
    ]
)
PROPORTION = np.concatenate(
    [
        np.linspace(-1, 1, 201),
        1 - 10.0 ** -np.arange(1, 16),
        10.0 ** -np.arange(1, 200, 10.0),
        [-0.0, 2.0, -2.0, np.nan],
    ]
)


@pytest.mark.parametrize(
    ("name", "x"),
    [
        *(
            (name, REAL)
            for name in "gammaln digamma erfc erfcx ndtr log_ndtr i0 i1 i0e i1e".split()
        ),
        *((name, PROPORTION) for name in ("erfinv", "ndtri")),
    ],
)
def test_one_operand(name: str, x: Any) -> None:
    special = pytest.importorskip("scipy.special")
    np.testing.assert_allclose(
        getattr(special_functions, name)(x), getattr(special, name)(x), 1e-12, 1e-300
    )


@pytest.mark.parametrize("name", ["zeta", "gammainc", "gammaincc"])
def test_two_operands(name: str) -> None:
    special = pytest.importorskip("scipy.special")
    shape = np.array([0.0, 1e-3, 0.5, 1.0, 1.5, 2.0, 5.0, 30.0, 300.0, np.nan])
    argument = np.array([-1.0, 0.0, 1e-5, 0.5, 1.0, 4.0, 29.0, 31.0, 290.0, 1e4, np.inf, np.nan])
    a, b = np.meshgrid(shape, argument)
    ours, theirs = getattr(special_functions, name)(a, b), getattr(special, name)(a, b)
    np.testing.assert_allclose(ours, theirs, 1e-10, 1e-300)


NEEDS_SCIPY = ("airy_ai", "bessel_")


@pytest.mark.parametrize("code", recorded("special"))
def test_program(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    wanted, words = recorded("special")[code], said(torch, code)
    if "needs SciPy" in words.get("message", ""):
        assert any(name in code for name in NEEDS_SCIPY)
        assert words["raises"] == "ModuleNotFoundError"
    elif "gives" in wanted:
        assert words == wanted
