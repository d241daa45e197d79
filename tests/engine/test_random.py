"""Random numbers, against PyTorch's for the same seeds, and the generator's own promises."""

import copy
import hashlib
import json
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arrays import dtypes, journal
from engine.arrays.state import current
from engine.random import continuous, discrete, generator, mt19937
from engine.random.generator import Generator

Array = np.ndarray[Any, Any]

RECORDED: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "recorded" / "randoms.json").read_text(encoding="utf-8")
)
SAME_LIBM = platform.libc_ver()[0] == "glibc"
"""Elsewhere log, sin and cos of doubles differ in the last bit, PyTorch's too."""
FLOAT32 = np.dtype(np.float32)
FLOAT64 = np.dtype(np.float64)


def numpy_dtype(name: str) -> np.dtype[Any]:
    if name == "bfloat16":
        pytest.importorskip("ml_dtypes")
        return dtypes.bfloat16.numpy
    return np.dtype(name)


def drawn(generator: Generator, name: str, *arguments: Any) -> Array:
    def argument(value: Any) -> Any:
        if isinstance(value, dict):
            return np.array(value["array"]).astype(numpy_dtype(value["dtype"]))
        if isinstance(value, list):
            return tuple(value)
        return numpy_dtype(value) if isinstance(value, str) else value

    module = continuous if hasattr(continuous, name) else discrete
    function: Callable[..., Array] = getattr(module, name)
    return function(generator, *map(argument, arguments))


def assert_same(array: Array, expected: Any, exact: bool) -> None:
    if isinstance(expected, str):
        if exact:
            assert hashlib.sha256(array.tobytes()).hexdigest() == expected
        return
    if array.dtype.kind == "c":
        array = array.reshape(-1).view(array.real.dtype)
    values = [float.fromhex(value) if isinstance(value, str) else value for value in expected]
    found = array.reshape(-1).astype(np.float64 if array.dtype.kind in "fV" else array.dtype)
    assert found.tolist() == (values if exact else pytest.approx(values, rel=1e-5))


def title(case: dict[str, Any]) -> str:
    return f"{case['seed']}: {' '.join(map(str, case['draws'][0]['draw']))}"


@pytest.mark.parametrize("case", RECORDED["sequences"], ids=title)
@pytest.mark.filterwarnings("ignore:.* is out of bounds:UserWarning")
def test_numbers_are_pytorchs(case: dict[str, Any]) -> None:
    generator = Generator().manual_seed(case["seed"])
    for draw in case["draws"]:
        array = drawn(generator, *draw["draw"])
        uses_libm = draw["draw"][0] in ("normal", "exponential", "multinomial")
        assert_same(array, draw["gives"], SAME_LIBM or not uses_libm)
    if SAME_LIBM:
        assert hashlib.sha256(generator.raw_state().tobytes()).hexdigest() == case["state"]


@pytest.mark.parametrize("case", RECORDED["refused"], ids=lambda case: str(case["draw"]))
def test_what_pytorch_refuses_is_refused_and_draws_nothing(case: dict[str, Any]) -> None:
    generator = Generator().manual_seed(0)
    before = generator.raw_state()
    with pytest.raises(Exception) as caught:  # noqa: PT011 (the class is compared)
        drawn(generator, *case["draw"])
    assert (caught.type.__name__, str(caught.value)) == (case["raises"], case["message"])
    assert np.array_equal(generator.raw_state(), before)


@pytest.mark.parametrize("case", RECORDED["seeds"], ids=lambda case: str(case["seed"]))
def test_seeds(case: dict[str, Any]) -> None:
    seed = eval(case["seed"])
    if "gives" in case:
        assert Generator().manual_seed(seed).initial_seed() == case["gives"]
        return
    with pytest.raises(Exception) as caught:  # noqa: PT011 (the class is compared)
        Generator().manual_seed(seed)
    assert (caught.type.__name__, str(caught.value)) == (case["raises"], case["message"])


def test_integers_too_large_for_a_float_are_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"^to - 1 is out of bounds \[-\(2\^24\), 2\^24\]\. Due"):
        discrete.integers(Generator(), 0, 2**24 + 5, (3,), FLOAT32)


# ---- the generator ---------------------------------------------------------------------------

DRAWS: dict[str, Callable[[Generator], Array]] = {
    "one normal": lambda g: continuous.normal(g, (1,), FLOAT32),
    "three normals": lambda g: continuous.normal(g, (3,), FLOAT64),
    "many normals": lambda g: continuous.normal(g, (20,), FLOAT32),
    "normals in double": lambda g: continuous.normal(g, (2, 9), FLOAT64, 1.0, 2.0),
    "uniform": lambda g: continuous.uniform(g, (5,), FLOAT32),
    "past a whole state": lambda g: continuous.uniform(g, (700,), FLOAT64),
    "integers": lambda g: discrete.integers(g, 0, 2**30, (3,)),
    "permutation": lambda g: discrete.permutation(g, 9),
    "bernoulli": lambda g: discrete.bernoulli(g, 0.5, (9,)),
    "exponential": lambda g: continuous.exponential(g, (2,), FLOAT32),
    "multinomial": lambda g: discrete.multinomial(g, np.ones(4), 9, True),
}


@contextmanager
def listening() -> Iterator[journal.Journal]:
    current().journal = noted = journal.Journal()
    try:
        yield noted
    finally:
        current().journal = None


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(-(2**63), 2**64 - 1),
    before=st.lists(st.sampled_from(sorted(DRAWS)), max_size=4),
    after=st.lists(st.sampled_from(sorted(DRAWS)), min_size=1, max_size=4),
)
def test_a_state_saved_and_restored_replays_the_stream(
    seed: int, before: list[str], after: list[str]
) -> None:
    generator = Generator().manual_seed(seed)
    for name in before:
        DRAWS[name](generator)
    state = copy.deepcopy(generator.raw_state())
    twin = generator.clone_state()
    first = [DRAWS[name](generator).tobytes() for name in after]
    assert [DRAWS[name](twin).tobytes() for name in after] == first
    generator.manual_seed(5)
    generator.set_state(state)
    assert generator.initial_seed() == seed % 2**64
    assert [DRAWS[name](generator).tobytes() for name in after] == first


CHANGES: dict[str, Callable[[Generator], object]] = {
    **DRAWS,
    "manual_seed": lambda g: g.manual_seed(4),
    "seed": lambda g: g.seed(),
    "set_state": lambda g: g.set_state(Generator().raw_state()),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_can_be_taken_back_and_made_again(name: str) -> None:
    generator = Generator().manual_seed(3)
    continuous.normal(generator, (1,), FLOAT32)
    before = generator.raw_state()
    with listening() as noted:
        CHANGES[name](generator)
    after = generator.raw_state()
    assert not np.array_equal(after, before)
    noted.swap()
    assert np.array_equal(generator.raw_state(), before)
    noted.swap()
    assert np.array_equal(generator.raw_state(), after)


def test_seeding_forgets_the_second_normal_of_a_pair() -> None:
    generator = Generator().manual_seed(7)
    first, second = continuous.normal(generator, (2,), FLOAT64)
    generator.manual_seed(7)
    assert continuous.normal(generator, (1,), FLOAT64) == first
    generator.manual_seed(7)
    assert continuous.normal(generator, (2,), FLOAT64).tolist() == [first, second]
    generator.set_state(Generator().manual_seed(7).raw_state())
    assert continuous.normal(generator, (1,), FLOAT64) == first


def test_the_second_normal_of_a_pair_waits_through_other_draws() -> None:
    generator = Generator().manual_seed(7)
    first, second = continuous.normal(generator, (2,), FLOAT64)
    generator.manual_seed(7)
    assert continuous.normal(generator, (1,), FLOAT64) == first
    for name in ("uniform", "many normals", "integers", "permutation"):
        DRAWS[name](generator)
    assert continuous.normal(generator, (1,), FLOAT64) == second


def test_generators_do_not_share_their_streams() -> None:
    one, other = Generator().manual_seed(1), Generator().manual_seed(1)
    expected = continuous.uniform(one, (4,), FLOAT32)
    continuous.uniform(one, (100,), FLOAT32)
    assert np.array_equal(continuous.uniform(other, (4,), FLOAT32), expected)


def test_the_default_generator_starts_anywhere_and_can_be_seeded() -> None:
    state = generator.default_generator.raw_state()
    try:
        assert generator.seed() == generator.initial_seed() != generator.seed()
        assert generator.manual_seed(11) is generator.default_generator
        assert generator.initial_seed() == 11
    finally:
        generator.default_generator.set_state(state)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda state: state[:50],
            "Expected a CPUGeneratorImplState of size 5056 but found the "
            "input RNG state size to be 50",
        ),
        (lambda state: state * 0, "Invalid mt19937 state"),
        (lambda state: state | 255, "Invalid mt19937 state"),
    ],
)
def test_what_is_no_state_is_refused(change: Callable[[Array], Array], message: str) -> None:
    generator = Generator().manual_seed(2)
    before = generator.raw_state()
    with pytest.raises(RuntimeError) as caught:
        generator.set_state(change(before))
    assert str(caught.value) == message
    assert np.array_equal(generator.raw_state(), before)


def test_what_is_over_the_limit_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current(), "elements", 100)
    generator = Generator().manual_seed(2)
    before = generator.raw_state()
    with pytest.raises(RuntimeError, match="can't allocate memory: you tried to allocate 808"):
        continuous.normal(generator, (101,), FLOAT64)
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        discrete.permutation(generator, 10**9)
    assert np.array_equal(generator.raw_state(), before)


@pytest.mark.parametrize("seed", [0, 1, 5489, 2**31, 2**32 - 1])
def test_words_are_numpys_mersenne_twister(seed: int) -> None:
    ours, numpys = mt19937.seeded(seed), np.random.RandomState(seed)
    for count in (1, 2, 5, 616, 623, 624, 625, 1248, 5000):
        expected = np.frombuffer(numpys.bytes(4 * count), "<u4")
        assert np.array_equal(ours.words(count), expected)
    assert ours.words(0).size == 0


def test_drawing_needs_no_numpy_random() -> None:
    program = (
        "import sys; from engine.random import continuous, generator; import numpy as np; "
        "continuous.normal(generator.default_generator, (20,), np.dtype('float32')); "
        "sys.exit('numpy.random' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
