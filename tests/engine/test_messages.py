"""What PyTorch says to each mistake, engine says too: class, message and warnings."""

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

import engine as torch
from tests.engine.sampling import Sample, run

RECORDED = json.loads(
    (Path(__file__).parent / "recorded" / "messages.json").read_text(encoding="utf-8")
)


def told(message: str) -> str:
    """Of a wrong call PyTorch goes on to list every signature; what was wrong stands before it."""
    return message.split(" - got")[0]


@pytest.mark.parametrize("case", RECORDED, ids=[case["code"] for case in RECORDED])
def test_message(case: dict[str, Any]) -> None:
    sample = Sample("", case["code"], {}, smooth=False)
    names = {"T": torch.tensor, "a": torch.tensor([1.0, 2.0], requires_grad=True)}
    said = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            said["gives"] = repr(run(sample, torch, names))
        except Exception as error:
            said["raises"] = type(error).__name__
            said["message"] = told(str(error))
    expected = {key: case[key] for key in ("gives", "raises", "message") if key in case}
    if "message" in expected:
        expected["message"] = told(expected["message"])
    assert said == expected
    assert sorted({str(w.message) for w in caught}) == case.get("warns", [])
