"""Linear algebra: programs that say what PyTorch says."""

import pytest

import engine as torch
from tests.engine.programs import recorded, said

RECORDED = recorded("linear_algebra")


@pytest.mark.parametrize("code", RECORDED)
def test_program(code: str) -> None:
    assert said(torch, code) == RECORDED[code]
