"""Every sample in every reader, against PyTorch's answers and against finite differences."""

import json
from collections.abc import Callable
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine
from engine.arrays.backends import jax_arrays
from engine.arrays.row import rows
from engine.graph.provenance import tracing
from engine.transforms import symbolic
from engine.transforms.plan import Plan
from tests.engine.samples import FAMILIES, NOT_COMPILED, SAMPLES
from tests.engine.sampling import Array, Sample, leaves, outputs, run

torch: Any = engine

pytestmark = [
    pytest.mark.filterwarnings("error"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # PyTorch's own; test_messages has them
]

RECORDED = Path(__file__).parent / "recorded" / "operations"
ANSWERS: dict[str, Any] = {}
"""By a sample's key; where a recording says a dtype and a place, `read` adds the family."""
NUMBERS: dict[str, Array] = {}
RELATIVE = {"float16": 2e-3, "float32": 4e-6, "float64": 1e-10}


def read(family: str) -> None:
    """Read what PyTorch answered to the samples of a family."""
    answers = json.loads((RECORDED / f"{family}.json").read_text(encoding="utf-8"))
    for answer in chain.from_iterable(by_dtype.values() for by_dtype in answers.values()):
        for places in (answer.get("out", ()), *(answer.get(k, {}).values() for k in GRADIENTS)):
            for place in filter(None, places):
                place[0] = f"{family}/{place[0]}"
    ANSWERS.update(answers)
    with np.load(RECORDED / f"{family}.npz") as numbers:
        NUMBERS.update((f"{family}/{dtype}", array) for dtype, array in numbers.items())


GRADIENTS = ("grad", "second")
for _family in FAMILIES:
    read(_family)


def recorded(place: list[Any]) -> Array:
    dtype, offset, *shape = place
    count = int(np.prod(shape))
    return np.asarray(NUMBERS[dtype][offset : offset + count].reshape(shape))


def cases(choose: Callable[[Sample, dict[str, Any]], bool], *dtypes: str) -> pytest.MarkDecorator:
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


# --- the symbolic reader, and the compiled one -----------------------------------------------


class Traced:
    """A sample's results and gradients as one traced graph of its inputs."""

    def __init__(self, sample: Sample, dtype: str) -> None:
        self.sample, self.dtype = sample, dtype
        self.arrays = sample.arrays(dtype)
        self.names = sample.tracked()
        with tracing():
            self.inputs = {
                name: symbolic.traced_leaf(array.copy(), name, name in self.names)
                for name, array in self.arrays.items()
            }
            self.results = outputs(run(sample, torch, self.inputs))
            self.gradients = self.derivatives()

    def derivatives(self) -> dict[str, Any]:
        total: dict[str, Any] = dict.fromkeys(self.names)
        wanted = [self.inputs[name] for name in self.names]
        if "raises" in ANSWERS[self.sample.key][self.dtype]:
            return total
        for i, result in enumerate(self.results):
            if not isinstance(result, torch.Tensor) or not result.requires_grad:
                continue
            dtype = str(result.dtype).removeprefix("torch.")
            cotangent = torch.tensor(self.sample.cotangent(i, tuple(result.shape), dtype))
            parts = symbolic.derivative(result, wanted, cotangent)
            for name, part in zip(self.names, parts, strict=True):
                before = total[name]
                total[name] = part if before is None or part is None else before + part
        return total

    def plan(self) -> Plan:
        """From the tracked inputs to the results and the gradients."""
        reached = [g for g in self.gradients.values() if g is not None]
        return Plan([self.inputs[name] for name in self.names], [*self.results, *reached])

    def answers(self) -> list[Array]:
        """What the plan has to come to."""
        answer = ANSWERS[self.sample.key][self.dtype]
        reached = [name for name, g in self.gradients.items() if g is not None]
        return [recorded(p) for p in answer["out"]] + [
            recorded(answer["grad"][name]) for name in reached
        ]


@cases(lambda sample, answer: "grad" in answer, "float64")
def test_symbolic(sample: Sample, dtype: str) -> None:
    traced = Traced(sample, dtype)
    same_gradients(traced.gradients, ANSWERS[sample.key][dtype]["grad"], "gradient")


@cases(lambda sample, answer: "grad" in answer, "float64")
def test_plan(sample: Sample, dtype: str) -> None:
    """The straight-line program agrees where it was traced, and (nothing is baked in) beside it."""
    traced = Traced(sample, dtype)
    plan = traced.plan()
    got = plan.numpy(*(traced.arrays[name] for name in traced.names))
    for i, (array, want) in enumerate(zip(got, traced.answers(), strict=True)):
        close(array, want, RELATIVE.get(want.dtype.name, 0.0), f"output {i}")
    if not sample.smooth:
        return
    moved = {
        name: array + STEP * sample.second(name, array.shape, dtype)
        if name in traced.names
        else array
        for name, array in traced.arrays.items()
    }
    results = outputs(run(sample, torch, leaves(sample, torch, moved)))
    got = plan.numpy(*(moved[name] for name in traced.names))
    for i, (array, result) in enumerate(zip(got, results, strict=False)):
        close(array, result.detach().numpy(), 1e-6, f"output {i} beside")


GROUP = 40  # compiled together, since starting XLA costs more than what a sample gives it to do
COMPILED = list(
    {
        (
            sample.code,
            sample.smooth,
        ): sample  # another shape is another compilation, not another rule
        for sample in reversed(SAMPLES)
        if "float64" in sample.dtypes and "grad" in ANSWERS[sample.key]["float64"]
    }.values()
)


def _function(traced: list[Traced]) -> tuple[Callable[..., Any], Any]:
    """The plans of several samples as one function of all their inputs, and the inputs."""
    plans = [one.plan() for one in traced]
    inputs = [[one.arrays[name] for name in one.names] for one in traced]
    xp = jax_arrays()
    return lambda each: [p.run(xp, arrays) for p, arrays in zip(plans, each, strict=True)], inputs


def _raised(call: Callable[[], object]) -> str:
    """The name of what a call raises."""
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return "nothing"


@pytest.mark.parametrize("start", range(0, len(COMPILED), GROUP))
def test_compiled(start: int) -> None:
    """Under XLA each sample comes to PyTorch's answers, or raises what NOT_COMPILED says."""
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_disable_most_optimizations", True)  # what is asked is whether it agrees
    traced: list[Traced] = []
    for sample in COMPILED[start:][:GROUP]:
        one = Traced(sample, "float64")
        if sample.code in NOT_COMPILED:
            raised = _raised(partial(jax.eval_shape, *_function([one])))
            assert raised == NOT_COMPILED[sample.code], sample.key
        else:
            traced.append(one)
    function, inputs = _function(traced)
    for one, got in zip(traced, jax.jit(function)(inputs), strict=True):
        for i, (array, want) in enumerate(zip(got, one.answers(), strict=True)):
            assert array.dtype == want.dtype, one.sample.key
            what = f"{one.sample.key}, output {i}"
            close(np.asarray(array), want, RELATIVE.get(want.dtype.name, 0.0), what)


# --- nothing is left out ---------------------------------------------------------------------


def test_every_row_has_a_sample() -> None:
    used: set[str] = set()
    for sample in SAMPLES:
        traced = Traced(sample, sample.dtypes[0])
        stack = [symbolic.source(t) for t in (*traced.results, *traced.gradients.values())]
        seen: set[int] = set()
        while stack:
            node = symbolic.node_of(stack.pop())
            if node is not None and node.rank not in seen:
                seen.add(node.rank)
                used.add(node.op.name)
                assert node.trace is not None
                stack.extend(node.trace.args)
    assert sorted(set(rows) - used) == []
