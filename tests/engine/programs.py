"""Small programs, and what they say: the value of the last expression or an error, and warnings."""

import json
import warnings
from pathlib import Path
from typing import Any

from tests.engine.sampling import Sample, run

RECORDED = Path(__file__).parent / "recorded"
API: dict[str, Any] = json.loads((RECORDED / "api.json").read_text(encoding="utf-8"))
NAMES = frozenset(API["names"])
"""All names in PyTorch's namespaces."""


def said(torch: Any, code: str) -> dict[str, Any]:
    """What a program says. `T` is torch.tensor and `a` a fresh leaf."""
    names = {"T": torch.tensor, "a": torch.tensor([1.0, 2.0], requires_grad=True)}
    words: dict[str, Any] = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            words["gives"] = repr(run(Sample("", code, {}, smooth=False), torch, names))
        except Exception as error:
            words["raises"] = type(error).__name__
            words["message"] = str(error)
    texts = {str(w.message).split(" (Triggered internally")[0] for w in caught}
    return words | ({"warns": sorted(texts)} if texts else {})


def recorded(name: str) -> dict[str, dict[str, Any]]:
    """What the programs of a recording said under PyTorch."""
    cases = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    return {case.pop("code"): case for case in cases}
