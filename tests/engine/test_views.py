"""Views and in-place writes: programs that say what PyTorch says."""

import pytest

import engine as torch
from tests.engine.programs import recorded, said

RECORDED = recorded("views")


@pytest.mark.parametrize("code", RECORDED, ids=lambda code: code.replace("\n", " | "))
def test_program(code: str) -> None:
    assert said(torch, code) == RECORDED[code]
