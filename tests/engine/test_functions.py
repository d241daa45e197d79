"""Reductions, products and losses: programs that say what PyTorch says."""

import pytest

import engine as torch
from tests.engine.programs import recorded, said

RECORDED = {
    code: words
    for name in ("reductions", "products", "losses")
    for code, words in recorded(name).items()
}


@pytest.mark.parametrize("code", RECORDED)
def test_program(code: str) -> None:
    assert said(torch, code) == RECORDED[code]
