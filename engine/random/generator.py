"""The random generator: a stream of words, and what is left of the last pair of normals.

Seeds, words and states are those of PyTorch's CPU generator.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from engine.arrays.state import current
from engine.arrays.types import Array
from engine.dispatch.arguments import Device, on_cpu
from engine.graph.registry import expose, public
from engine.graph.tensor import Tensor, wrap
from engine.random import box_muller, mt19937

FIRST_SEED = 67280421310721
"""The seed of a new generator."""
_STATE = np.dtype(
    [
        ("seed", "<u8"),
        ("left", "<i4"),
        ("seeded", "<i4"),
        ("next", "<u8"),
        ("words", "<u8", mt19937.LENGTH),
        ("normal_x", "<f8"),
        ("normal_y", "<f8"),
        ("normal_rho", "<f8"),
        ("normal_is_valid", "<i4"),
        ("unused", "V12"),
    ]
)


class Generator:
    """A stream of random numbers of its own, to be passed as generator=; on the CPU."""

    __slots__ = ("_normal", "_seed", "_stream")
    __module__ = "torch._C"

    _stream: mt19937.Mersenne | None

    def __init__(self, device: Any = "cpu") -> None:
        on_cpu(device)
        self._start(FIRST_SEED)

    @property
    def device(self) -> Device:
        """Where it is: on the CPU."""
        return Device("cpu")

    def _start(self, seed: int) -> None:
        self._seed = seed
        self._stream = None
        self._normal: float | None = None

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream that belongs to `seed`. Raises ValueError if it has over 64 bits."""
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        if not -(2**63) <= seed < 2**64:
            raise ValueError("Overflow when unpacking long long")
        self.note()
        self._start(int(seed) % 2**64)
        return self

    def seed(self) -> int:
        """Start an unforeseeable stream; the seed it belongs to."""
        self.manual_seed(_unforeseeable())
        return self._seed

    def initial_seed(self) -> int:
        """The seed the stream belongs to."""
        return self._seed

    def get_state(self) -> Tensor:
        """All there is to it, as the 5056 bytes PyTorch gives, in a tensor."""
        return wrap(self.raw_state())

    def raw_state(self) -> Array:
        """The same as an array."""
        stream = self._words()
        state = np.zeros((), _STATE)
        state["seed"], state["seeded"] = self._seed, 1
        state["next"], state["words"] = stream.used, stream.state
        state["left"] = mt19937.LENGTH - stream.used + 1 if stream.used else 1
        if self._normal is not None:
            state["normal_y"], state["normal_is_valid"] = self._normal, 1
        return np.frombuffer(state.tobytes(), np.uint8).copy()

    def set_state(self, new_state: Any) -> Generator:
        """Go to a state that get_state or raw_state gave. Raises RuntimeError if it is none."""
        if isinstance(new_state, Tensor):
            new_state = new_state.array
        if not isinstance(new_state, np.ndarray) or new_state.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if new_state.size != _STATE.itemsize:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {_STATE.itemsize} but found the input "
                f"RNG state size to be {new_state.size}"
            )
        state = np.frombuffer(new_state.tobytes(), _STATE)[0]
        used = int(state["next"])
        if not (state["seeded"] and 0 < state["left"] <= mt19937.LENGTH >= used):
            raise RuntimeError("Invalid mt19937 state")
        self.note()
        self._seed = int(state["seed"])
        self._stream = mt19937.Mersenne(state["words"].astype(np.uint32), used)
        self._normal = float(state["normal_y"]) if state["normal_is_valid"] else None
        return self

    def clone_state(self) -> Generator:
        """Another generator at the same place of the same stream."""
        return Generator().set_state(self.raw_state())

    def note(self) -> None:
        """Tell whoever may want it undone that the state is about to change."""
        if (listening := current().journal) is not None:
            listening.generator(self)

    def _words(self) -> mt19937.Mersenne:
        if self._stream is None:
            self._stream = mt19937.seeded(self._seed)
        return self._stream

    def words(self, count: int) -> Array:
        """The next `count` words."""
        return self._words().words(count)

    def double_words(self, count: int) -> Array:
        """The next `count` pairs of words as 64 bits each, the first word above the second."""
        words = self.words(2 * count).astype(np.uint64)
        return (words[::2] << 32) | words[1::2]

    def floats(self, count: int) -> Array:
        """Float32 numbers in [0, 1): the low bits of a word each."""
        bits = self.words(count) & np.uint32(2**24 - 1)
        return bits.astype(np.float32) * np.float32(2.0**-24)

    def doubles(self, count: int) -> Array:
        """Doubles in [0, 1): the low bits of two words each."""
        bits = self.double_words(count) & np.uint64(2**53 - 1)
        return bits.astype(np.float64) * 2.0**-53

    def normals(self, count: int) -> list[float]:
        """Normal numbers one at a time, each second one kept from the pair before."""
        numbers = []
        for _ in range(count):
            if self._normal is None:
                number, self._normal = box_muller.pair(*self.doubles(2).tolist())
            else:
                number, self._normal = self._normal, None
            numbers.append(number)
        return numbers


def _unforeseeable() -> int:
    return int.from_bytes(os.urandom(8), "little")


def _held(name: str) -> Any:
    return property(
        lambda self: getattr(self.held, name), lambda self, value: setattr(self.held, name, value)
    )


class _Default(Generator):
    """The generator of whichever state is current: its facts are those of `held`."""

    __slots__ = ()
    _normal, _seed, _stream = map(_held, ("_normal", "_seed", "_stream"))

    def __init__(self) -> None:
        pass

    @property
    def held(self) -> Generator:
        """The current state's generator; before the first draw, one of an unforeseeable stream."""
        state = current()
        if state.generator is None:
            state.generator = Generator()
            state.generator._start(_unforeseeable())
        found: Generator = state.generator
        return found


_Default.__name__ = _Default.__qualname__ = "Generator"
default_generator = _Default()
"""What everything draws from that names no generator."""


expose("Generator", Generator, "torch")
expose("default_generator", default_generator, "torch torch.random")


# ---- the default generator, as torch and torch.random have it ------------------------------------


@public("torch torch.random")
def manual_seed(seed: Any) -> Generator:
    """Start the stream of random numbers that belongs to a seed."""
    return default_generator.manual_seed(int(seed))


@public("torch torch.random")
def seed() -> int:
    """Start an unforeseeable stream of random numbers; the seed it belongs to."""
    return default_generator.seed()


@public("torch torch.random")
def initial_seed() -> int:
    """The seed the stream of random numbers belongs to."""
    return default_generator.initial_seed()


@public("torch torch.random")
def get_rng_state() -> Tensor:
    """The state of the stream of random numbers, as bytes."""
    return default_generator.get_state()


@public("torch torch.random")
def set_rng_state(new_state: Tensor) -> None:
    """Go back to a state that get_rng_state gave."""
    default_generator.set_state(new_state)


class _ForkedStream:
    """Inside a `with` block, draws are as they would be; after it, as if there had been none."""

    __slots__ = ("_enabled", "_states")

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled
        self._states: list[Tensor] = []

    def __enter__(self) -> None:
        self._states.append(get_rng_state())

    def __exit__(self, *error: object) -> None:
        state = self._states.pop()
        if self._enabled:
            set_rng_state(state)


@public("torch.random")
def fork_rng(
    devices: Any = None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str = "cuda",
) -> Any:
    """`with fork_rng():` leaves the stream of random numbers as it was before the block."""
    return _ForkedStream(enabled)
