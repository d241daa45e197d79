"""The text of tensors, against what PyTorch prints."""

import base64
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.arrays import dtypes, journal
from engine.arrays.state import current
from engine.graph.printing import (
    get_printoptions,
    printoptions,
    set_printoptions,
    tensor_text,
    values_text,
)

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "recorded" / "printing.json").read_text(encoding="utf-8")
)


def numpy_dtype(name: str) -> np.dtype[Any]:
    if name == "bfloat16":
        pytest.importorskip("ml_dtypes")
        return dtypes.bfloat16.numpy
    return np.dtype(name)


@pytest.fixture(autouse=True)
def _standard() -> Iterator[None]:
    yield
    dtypes.set_default_dtype(dtypes.float32)
    set_printoptions(profile="default")


@pytest.mark.parametrize("case", CASES, ids=[f"{case['code']} {case['options']}" for case in CASES])
def test_text_is_pytorchs(case: dict[str, Any]) -> None:
    raw = zlib.decompress(base64.b64decode(case["bytes"]))
    array = np.frombuffer(raw, numpy_dtype(case["dtype"])).reshape(case["shape"])
    dtypes.set_default_dtype(dtypes.names[case["default"]])
    set_printoptions(**case["options"])
    text = tensor_text(array, requires_grad=case["requires_grad"], grad_fn=case["grad_fn"])
    assert text == case["text"]


def test_text_of_strided_and_read_only_arrays_is_that_of_their_copies() -> None:
    array = np.arange(24.0, dtype=np.float32).reshape(4, 6)
    array.flags.writeable = False
    for view in (array.T, array[::2, ::-1], array[:, 2]):
        assert tensor_text(view) == tensor_text(np.ascontiguousarray(view))


def test_options_return_to_what_they_were() -> None:
    before = get_printoptions()
    with printoptions(precision=2, threshold=3):
        assert get_printoptions() == {**before, "precision": 2, "threshold": 3}
        assert tensor_text(np.array([0.5], np.float32)) == "tensor([0.50])"
    assert get_printoptions() == before


def test_options_can_be_taken_back() -> None:
    before = get_printoptions()
    current().journal = noted = journal.Journal()
    try:
        set_printoptions(profile="short", linewidth=40, sci_mode=True)
    finally:
        current().journal = None
    changed = get_printoptions()
    noted.swap()
    assert get_printoptions() == before
    noted.swap()
    assert get_printoptions() == changed != before


SHORT = [
    ([5.0, 4.0], 40, "[5., 4.]"),
    (55.5, 40, "55.5000"),
    ([0.5, 0.5], 40, "[0.5000, 0.5000]"),
    ([1.5, 1000.0], 40, "[1.5000, 1000.0000]"),
    ([-1, 20], 40, "[-1, 20]"),
    ([True, False], 40, "[True, False]"),
    ([1 + 2j], 40, "[1.+2.j]"),
    ([], 40, "[]"),
    ([[1.0, 2.0], [3.0, 4.0]], 40, "[[1., 2.], [3., 4.]]"),
    (list(range(100)), 40, "[0, 1, 2, ..., 97, 98, 99]"),
    (list(range(100)), 20, "[0, 1, ..., 98, 99]"),
    (list(range(100)), 12, "[0, ..., 99]"),
    (list(range(100)), 11, "shape [100]"),
    (np.zeros((1000, 1000)), 40, "[[0., ..., 0.], ..., [0., ..., 0.]]"),
    (np.zeros((1000, 1000)), 30, "shape [1000, 1000]"),
    (0.123456789, 3, "0.1235"),
]


@pytest.mark.parametrize(("values", "width", "text"), SHORT)
def test_values_stand_on_one_line(values: Any, width: int, text: str) -> None:
    assert values_text(np.asarray(values), width=width) == text
