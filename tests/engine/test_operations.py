"""Every sample in every reader, against PyTorch's answers and against finite differences."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine as torch
from tests.engine.samples import SAMPLES
from tests.engine.sampling import Array, Sample, leaves, outputs, run

pytestmark = [
    pytest.mark.filterwarnings("error"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # PyTorch's own; test_messages has them
]

RECORDED = Path(__file__).parent / "recorded"
ANSWERS: dict[str, Any] = json.loads((RECORDED / "operations.json").read_text(encoding="utf-8"))
NUMBERS: dict[str, Array] = dict(np.load(RECORDED / "operations.npz"))
RELATIVE = {"float16": 2e-3, "float32": 4e-6, "float64": 1e-10}


def recorded(place: list[Any]) -> Array:
    dtype, offset, *shape = place
    count = int(np.prod(shape))
    return np.asarray(NUMBERS[dtype][offset : offset + count].reshape(shape))


def cases(choose: Callable[[Sample, dict[str, Any]], bool], *dtypes: str) -> Any:
    """The samples and dtypes whose answer is chosen, as the parameters of a test."""
    chosen = [
        (sample, dtype)
        for sample in SAMPLES
        for dtype in sample.dtypes
        if (not dtypes or dtype in dtypes) and choose(sample, ANSWERS[sample.key][dtype])
    ]
    names = [f"{sample.key} {dtype}" for sample, dtype in chosen]
    return pytest.mark.parametrize(("sample", "dtype"), chosen, ids=names)


def same(got: Any, place: list[Any], what: str) -> None:
    """Same dtype, same shape, and the same numbers but for rounding."""
    want, array = recorded(place), got.detach().numpy()
    assert str(got.dtype) == f"torch.{want.dtype.name}", what
    assert tuple(got.shape) == want.shape, what
    close(array, want, RELATIVE.get(want.dtype.name, 0.0), what)


def close(got: Array, want: Array, relative: float, what: str) -> None:
    if relative:
        finite = want[np.isfinite(want)]
        slack = relative * float(max(1.0, np.abs(finite).max(initial=0.0)))
        np.testing.assert_allclose(got, want, rtol=relative, atol=slack, err_msg=what)
    else:
        np.testing.assert_array_equal(got, want, err_msg=what)


class Run:
    """A sample run under engine: its inputs, its results and their cotangents."""

    def __init__(self, sample: Sample, dtype: str) -> None:
        self.sample, self.dtype = sample, dtype
        self.answer = ANSWERS[sample.key][dtype]
        self.inputs = leaves(sample, torch, sample.arrays(dtype))
        self.value = run(sample, torch, self.inputs)
        self.results = outputs(self.value)
        self.wanted = {name: self.inputs[name] for name in sample.tracked()}
        self.ends = [(i, r) for i, r in enumerate(self.results) if r.requires_grad]
        self.cotangents = [
            torch.tensor(sample.cotangent(i, tuple(r.shape), str(r.dtype).removeprefix("torch.")))
            for i, r in self.ends
        ]

    def first(self, create_graph: bool) -> dict[str, Any]:
        found = torch.autograd.grad(
            [r for _, r in self.ends],
            list(self.wanted.values()),
            self.cotangents,
            create_graph=create_graph,
            allow_unused=True,
        )
        return dict(zip(self.wanted, found, strict=True))

    def second(self, first: dict[str, Any], factors: dict[str, Array]) -> dict[str, Any]:
        """The gradients of the sum of factors * first gradients."""
        further = [n for n in factors if first[n] is not None and first[n].requires_grad]
        if not further:
            return dict.fromkeys(self.wanted)
        found = torch.autograd.grad(
            [first[name] for name in further],
            list(self.wanted.values()),
            [torch.tensor(factors[name]) for name in further],
            allow_unused=True,
        )
        return dict(zip(self.wanted, found, strict=True))


def same_gradients(got: dict[str, Any], want: dict[str, Any], what: str) -> None:
    for name, place in want.items():
        if place is None:
            assert got[name] is None, f"{what} of {name}"
        else:
            assert got[name] is not None, f"{what} of {name}"
            same(got[name], place, f"{what} of {name}")


def same_second(got: dict[str, Any], want: dict[str, Any]) -> None:
    """As for gradients, but no gradient and a gradient of zero are one thing here."""
    for name, place in want.items():
        if got[name] is not None and place is not None:
            same(got[name], place, f"second gradient of {name}")
        elif place is not None:
            assert not recorded(place).any(), f"second gradient of {name}"
        elif got[name] is not None:
            assert not got[name].detach().numpy().any(), f"second gradient of {name}"


@cases(lambda sample, answer: True)
def test_forward(sample: Sample, dtype: str) -> None:
    answer = ANSWERS[sample.key][dtype]
    value = run(sample, torch, leaves(sample, torch, sample.arrays(dtype)))
    if "value" in answer:
        assert repr(value) == answer["value"]
        return
    results = outputs(value)
    assert len(results) == len(answer["out"])
    for i, (result, place) in enumerate(zip(results, answer["out"], strict=True)):
        same(result, place, f"result {i}")
    nodes = [r.grad_fn and r.grad_fn.name().rsplit("::")[-1] for r in results]
    assert nodes == answer.get("nodes", [None] * len(results))
    if "repr" in answer:
        assert repr(results[0]) == answer["repr"]


@cases(lambda sample, answer: "nodes" in answer)
def test_backward(sample: Sample, dtype: str) -> None:
    ran = Run(sample, dtype)
    if "raises" in ran.answer:
        with pytest.raises(RuntimeError) as caught:
            torch.autograd.backward([r for _, r in ran.ends], ran.cotangents)
        assert [type(caught.value).__name__, str(caught.value)] == ran.answer["raises"]
        return
    torch.autograd.backward([r for _, r in ran.ends], ran.cotangents)
    got = {name: leaf.grad for name, leaf in ran.wanted.items()}
    same_gradients(got, ran.answer["grad"], "gradient")


@cases(lambda sample, answer: "grad" in answer, "float64")
def test_create_graph(sample: Sample, dtype: str) -> None:
    ran = Run(sample, dtype)
    first = ran.first(create_graph=True)
    same_gradients(first, ran.answer["grad"], "gradient")
    if "second" in ran.answer:
        factors = {n: sample.second(n, tuple(first[n].shape), dtype) for n in ran.answer["from"]}
        same_second(ran.second(first, factors), ran.answer["second"])


STEP = 2e-3


@cases(lambda sample, answer: "grad" in answer and sample.smooth, "float64")
def test_finite_differences(sample: Sample, dtype: str) -> None:
    """Along one direction through all inputs, from five values of the function alone."""
    ran = Run(sample, dtype)
    arrays = sample.arrays(dtype)
    along = {name: sample.second(name, arrays[name].shape, dtype) for name in ran.wanted}

    def value(t: float) -> float:
        moved = {n: a + t * along[n] if n in along else a for n, a in arrays.items()}
        results = outputs(run(sample, torch, leaves(sample, torch, moved)))
        ends = zip(ran.ends, ran.cotangents, strict=True)
        total = 0.0
        for (i, _), cotangent in ends:
            total += float((results[i].detach().numpy() * cotangent.numpy()).sum(dtype=np.float64))
        return total

    before2, before, at, after, after2 = (value(k * STEP) for k in (-2, -1, 0, 1, 2))
    slope = (8 * (after - before) - (after2 - before2)) / (12 * STEP)
    bend = (16 * (after + before) - (after2 + before2) - 30 * at) / (12 * STEP**2)
    first = ran.first(create_graph=True)
    assert product(first, along) == pytest.approx(slope, rel=1e-6, abs=1e-7)
    second = ran.second(first, along)
    assert product(second, along) == pytest.approx(bend, rel=1e-4, abs=1e-5)


def product(gradients: dict[str, Any], along: dict[str, Array]) -> float:
    return sum(
        float((gradient.detach().numpy() * along[name]).sum())
        for name, gradient in gradients.items()
        if gradient is not None
    )
