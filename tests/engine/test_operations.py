"""Every sample in every reader, against PyTorch's answers and against finite differences.

A sample that PyTorch has not answered, of an operation that it lacks or one not recorded yet, is
held against finite differences alone: they check the reader with create_graph, to second order, and
what that one says stands in for PyTorch's answer in all others.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pytest

import engine
from engine.arrays.backends import jax_arrays
from engine.arrays.row import rows
from engine.graph.provenance import tracing
from engine.transforms import symbolic
from engine.transforms.plan import Plan
from tests.engine.programs import NAMES, RECORDED
from tests.engine.samples import FAMILIES, NOT_COMPILED, SAMPLES
from tests.engine.sampling import Array, Run, Sample, cotangent, leaves, outputs, run

torch: Any = engine

pytestmark = [
    pytest.mark.filterwarnings("error"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # PyTorch's own; test_messages has them
]

FOLDER = RECORDED / "operations"
ANSWERS: dict[str, dict[str, Any]] = {}
"""By a sample's key and a dtype; where a recording says a dtype and a place, `read` adds the family."""
NUMBERS: dict[str, Array] = {}
RELATIVE = {"float16": 2e-3, "float32": 4e-6, "float64": 1e-10}


def read(family: str) -> None:
    """Read what PyTorch answered to the samples of a family."""
    if not (FOLDER / f"{family}.json").exists():
        return
    answers = json.loads((FOLDER / f"{family}.json").read_text(encoding="utf-8"))
    for answer in chain.from_iterable(by_dtype.values() for by_dtype in answers.values()):
        for places in (answer.get("out", ()), *(answer.get(k, {}).values() for k in GRADIENTS)):
            for place in filter(None, places):
                place[0] = f"{family}/{place[0]}"
    ANSWERS.update(answers)
    with np.load(FOLDER / f"{family}.npz") as numbers:
        NUMBERS.update((f"{family}/{dtype}", array) for dtype, array in numbers.items())


GRADIENTS = ("grad", "second")
for _family in FAMILIES:
    read(_family)
NEW = {sample.key for sample in SAMPLES} - set(ANSWERS)
"""The samples that PyTorch has not answered."""
SKIPPED = {
    sample.key: f"no recorded answer: python -m tests.recorder.operations {family}"
    for family, samples in FAMILIES.items()
    for sample in samples
    if sample.key in NEW and sample.names() <= NAMES
}
"""Those of them that it could answer, and how it is asked."""


def answer(sample: Sample, dtype: str) -> Mapping[str, Any]:
    """PyTorch's answer to a sample, or what stands in for it."""
    answers = ANSWERS.setdefault(sample.key, {})
    if dtype not in answers:
        answers[dtype] = stand_in(sample, dtype)
    return answers[dtype]  # type: ignore[no-any-return]


def stand_in(sample: Sample, dtype: str) -> dict[str, Any]:
    """What the reader with create_graph says to a sample, in the form of a recording."""
    ran = Run(sample, torch, dtype)
    if not all(isinstance(result, torch.Tensor) for result in ran.results):
        return {"value": repr(ran.results[0])}
    found: dict[str, Any] = {"out": list(map(numbers, ran.results))}
    if ran.ends:
        first = ran.first(create_graph=True)
        found["nodes"] = [result.grad_fn and result.grad_fn.name() for result in ran.results]
        found["grad"] = {name: numbers(gradient) for name, gradient in first.items()}
    return found


def numbers(tensor: Any) -> Array | None:
    return None if tensor is None else tensor.detach().numpy()


def recorded(place: Any) -> Array:
    """The numbers that a recording has at a place, or those that stand in for them."""
    if isinstance(place, np.ndarray):
        return place
    dtype, offset, *shape = place
    count = int(np.prod(shape))
    return np.asarray(NUMBERS[dtype][offset : offset + count].reshape(shape))


def cases(
    choose: Callable[[Sample, Mapping[str, Any]], bool], *dtypes: str
) -> pytest.MarkDecorator:
    """The samples and dtypes whose answer is chosen, as the parameters of a test."""
    chosen = [
        pytest.param(sample, dtype, id=f"{sample.key} {dtype}")
        for sample in SAMPLES
        for dtype in sample.dtypes
        if (not dtypes or dtype in dtypes) and choose(sample, offered(sample, dtype))
    ]
    return pytest.mark.parametrize(("sample", "dtype"), chosen)


def offered(sample: Sample, dtype: str) -> Mapping[str, Any]:
    """The answer to a sample. Where one that stands in cannot be had, the tests are to say why."""
    try:
        return answer(sample, dtype)
    except Exception:
        return {"nodes": [], "grad": {}}


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


@cases(lambda sample, _: sample.key not in NEW or sample.key in SKIPPED)
def test_forward(sample: Sample, dtype: str) -> None:
    if sample.key in SKIPPED:
        pytest.skip(SKIPPED[sample.key])
    want = answer(sample, dtype)
    value = run(sample, torch, leaves(sample, torch, sample.arrays(dtype)))
    if "value" in want:
        assert repr(value) == want["value"]
        return
    results = outputs(value)
    assert len(results) == len(want["out"])
    for i, (result, place) in enumerate(zip(results, want["out"], strict=True)):
        same(result, place, f"result {i}")
    nodes = [r.grad_fn and r.grad_fn.name().rsplit("::")[-1] for r in results]
    assert nodes == want.get("nodes", [None] * len(results))
    if "repr" in want:
        assert repr(results[0]) == want["repr"]


@cases(lambda _, answer: "nodes" in answer)
def test_backward(sample: Sample, dtype: str) -> None:
    ran, want = Run(sample, torch, dtype), answer(sample, dtype)
    ends = list(ran.ends.values())
    if "raises" in want:
        with pytest.raises(RuntimeError) as caught:
            torch.autograd.backward(ends, ran.cotangents)
        assert [type(caught.value).__name__, str(caught.value)] == want["raises"]
        return
    torch.autograd.backward(ends, ran.cotangents)
    got = {name: leaf.grad for name, leaf in ran.wanted.items()}
    same_gradients(got, want["grad"], "gradient")


@cases(lambda _, answer: "grad" in answer, "float64")
def test_create_graph(sample: Sample, dtype: str) -> None:
    ran, want = Run(sample, torch, dtype), answer(sample, dtype)
    first = ran.first(create_graph=True)
    same_gradients(first, want["grad"], "gradient")
    if "second" in want:
        factors = {n: sample.second(n, tuple(first[n].shape), dtype) for n in want["from"]}
        same_second(ran.second(first, factors), want["second"])


STEP = 2e-3


@cases(lambda sample, answer: "grad" in answer and sample.smooth, "float64")
def test_finite_differences(sample: Sample, dtype: str) -> None:
    """Along one direction through all inputs, from five values of the function alone."""
    ran = Run(sample, torch, dtype)
    arrays = sample.arrays(dtype)
    along = {name: sample.second(name, arrays[name].shape, dtype) for name in ran.wanted}

    def value(t: float) -> float:
        moved = {n: a + t * along[n] if n in along else a for n, a in arrays.items()}
        results = outputs(run(sample, torch, leaves(sample, torch, moved)))
        total = 0.0
        for i, factor in zip(ran.ends, ran.cotangents, strict=True):
            total += float((results[i].detach().numpy() * factor.numpy()).sum(dtype=np.float64))
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
        if "raises" in answer(self.sample, self.dtype):
            return total
        for i, result in enumerate(self.results):
            if not isinstance(result, torch.Tensor) or not result.requires_grad:
                continue
            factor = cotangent(self.sample, i, result, torch)
            parts = symbolic.derivative(result, wanted, factor)
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
        want = answer(self.sample, self.dtype)
        reached = [name for name, g in self.gradients.items() if g is not None]
        return [*map(recorded, want["out"]), *(recorded(want["grad"][name]) for name in reached)]


@cases(lambda _, answer: "grad" in answer, "float64")
def test_symbolic(sample: Sample, dtype: str) -> None:
    traced = Traced(sample, dtype)
    same_gradients(traced.gradients, answer(sample, dtype)["grad"], "gradient")


@cases(lambda _, answer: "grad" in answer, "float64")
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
        # another shape is another compilation, not another rule
        (sample.code, sample.smooth): sample
        for sample in reversed(SAMPLES)
        if "float64" in sample.dtypes and "grad" in offered(sample, "float64")
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
