"""Special functions and those of elements: programs that say what PyTorch says."""

import pytest

import engine as torch
from tests.engine.programs import recorded, said
from tests.engine.test_messages import told

RECORDED = recorded("special")


@pytest.mark.parametrize("code", RECORDED)
def test_program(code: str) -> None:
    assert told(said(torch, code)) == told(RECORDED[code])
