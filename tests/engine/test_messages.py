"""What PyTorch says to each mistake, engine says too: class, message and warnings."""

from typing import Any

import pytest

import engine as torch
from tests.engine.programs import recorded, said

RECORDED = recorded("messages")


def told(words: dict[str, Any]) -> dict[str, Any]:
    """Of a wrong call PyTorch goes on to list every signature; what was wrong stands before it."""
    return words | {"message": words["message"].split(" - got")[0]} if "message" in words else words


DIFFERENT = {
    "a.sin(3)": "a function and the method of its name are one object, and say the same",
}
"""Where engine says something else on purpose, and why."""


@pytest.mark.parametrize("code", RECORDED)
def test_message(code: str, request: pytest.FixtureRequest) -> None:
    if code in DIFFERENT:
        request.applymarker(pytest.mark.xfail(reason=DIFFERENT[code], strict=True))
    assert told(said(torch, code)) == told(RECORDED[code])
