"""The dtype of a result, for every pair of dtypes, with and without dimensions, and numbers."""

import json
from pathlib import Path
from typing import Any

import pytest

import engine
from tests.engine.promoting import OPERATIONS, pairs, result

torch: Any = engine
RECORDED = json.loads(
    (Path(__file__).parent / "recorded" / "promotion.json").read_text(encoding="utf-8")
)


@pytest.mark.filterwarnings("ignore:Casting complex values")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_result_dtype(operation: str) -> None:
    pytest.importorskip("ml_dtypes")
    want = [RECORDED["texts"][number] for number in RECORDED[operation]]
    answers = {
        pair: text
        for pair, text in zip(pairs(), want, strict=True)
        if "complex32" not in text and "ComplexHalf" not in text  # which NumPy has not
    }
    assert {pair: result(torch, operation, *pair) for pair in answers} == answers


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_gradients_come_back_in_the_dtype_of_their_tensor(dtype: str) -> None:
    x = torch.tensor([1.0, 2.0], dtype=getattr(torch, dtype), requires_grad=True)
    y = torch.tensor([3.0, 4.0], requires_grad=True)
    (x * y).sum().backward()
    assert (str(x.grad.dtype), x.grad.tolist()) == (f"torch.{dtype}", [3.0, 4.0])
    assert (str(y.grad.dtype), y.grad.tolist()) == ("torch.float32", [1.0, 2.0])


def test_the_default_dtype_decides_what_numbers_and_integers_become() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        assert torch.tensor(1.5).dtype == torch.float64
        assert (torch.tensor([1, 2]) / 2).dtype == torch.float64
        assert torch.tensor([1, 2]).sin().dtype == torch.float64
        assert torch.zeros(2).dtype == torch.float64
        assert (torch.tensor([1, 2]) * 0.5).dtype == torch.float64
        assert repr(torch.ones(1)) == "tensor([1.])"
        assert repr(torch.ones(1, dtype=torch.float32)) == "tensor([1.], dtype=torch.float32)"
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.tensor(1.5).dtype == torch.float32


def test_numbers_that_do_not_fit_wrap_or_overflow_as_in_their_dtype() -> None:
    assert (torch.tensor([200], dtype=torch.uint8) + 100).tolist() == [44]
    assert (torch.tensor([2**62]) * 4).tolist() == [0]
    assert (torch.tensor([60000.0], dtype=torch.float16) * 2).tolist() == [float("inf")]
