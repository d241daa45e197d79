"""Hooks, Functions, derivatives of functions, grad modes: programs that say what PyTorch says."""

import pytest

import engine as torch
from tests.engine.programs import RECORDED, recorded, said

PROGRAMS = {
    f"{path.stem}: {code}": (code, words)
    for path in sorted((RECORDED / "gradients").glob("*.json"))
    for code, words in recorded(f"gradients/{path.stem}").items()
}


@pytest.mark.parametrize("key", PROGRAMS, ids=lambda key: key.replace("\n", " | "))
def test_program(key: str) -> None:
    code, words = PROGRAMS[key]
    assert said(torch, code) == words
