"""Complex numbers, Fourier transforms and half precision: programs that say what PyTorch says."""

import pytest

import engine as torch
from tests.engine.programs import recorded, said

RECORDED = recorded("complex")


@pytest.mark.parametrize("code", RECORDED)
def test_program(code: str) -> None:
    if "bfloat16" in code:
        pytest.importorskip("ml_dtypes")
    assert said(torch, code) == RECORDED[code]
