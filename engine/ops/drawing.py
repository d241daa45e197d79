"""Random tensors: what engine.random draws, as Tensors, and drawing into one in place.

engine.random is imported where it is needed: most programs draw nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import dtypes, limits
from engine.callers import TENSORS as ops
from engine.catalog import public
from engine.ops.arguments import Shape, array_of, dtype_of, on_cpu, wrong_type
from engine.ops.creation import sizes_of
from engine.ops.data import requiring
from engine.ops.elementwise import broadcast_error
from engine.tensor import Tensor, wrap

DType = np.dtype[Any]


def _source(name: str, generator: Any) -> Any:
    """The generator to draw from."""
    from engine import random

    if generator is None:
        return random.default_generator
    if not isinstance(generator, random.Generator):
        raise wrong_type(name, "generator", 1, "torch.Generator", generator)
    return generator


def _maker(name: str, draw: str, doc: str) -> None:
    """rand and randn, with their _like forms."""

    def drawn(shape: Shape, dtype: DType, generator: Any, requires_grad: bool) -> Tensor:
        from engine import random

        limits.check(shape, dtype.itemsize)
        array = getattr(random, draw)(_source(name, generator), shape, dtype)
        return requiring(wrap(array), requires_grad)

    def made(
        *shape: Any, size: Any = None, generator: Any = None, dtype: Any = None,
        device: Any = None, requires_grad: bool = False,
    ) -> Tensor:  # fmt: skip
        on_cpu(device)
        wanted = dtype_of(name, dtype) or dtypes.get_default_dtype().numpy
        return drawn(sizes_of(name, shape, size), wanted, generator, requires_grad)

    def like(
        input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
        memory_format: Any = None, generator: Any = None,
    ) -> Tensor:  # fmt: skip
        on_cpu(device)
        array = array_of(f"{name}_like", input)
        wanted = dtype_of(f"{name}_like", dtype) or array.dtype
        return drawn(array.shape, wanted, generator, requires_grad)

    made.__doc__ = f"{doc}, in a tensor of a given size."
    like.__doc__ = f"{doc}, in a tensor of the size of input."
    public("torch", name)(made)
    public("torch", f"{name}_like")(like)


_maker("rand", "uniform", "Random numbers from 0 up to 1")
_maker("randn", "normal", "Random numbers from the standard normal distribution")

_RANDINT = (
    "randint() received an invalid combination of arguments - got ({}), but expected one of:\n * "
    "(int high, tuple of ints size, *, torch.Generator generator, torch.dtype dtype = None)\n * "
    "(int low, int high, tuple of ints size, *, torch.Generator generator, torch.dtype dtype = "
    "None)\n"
)


@public("torch")
def randint(
    *bounds: Any, low: int | None = None, high: int | None = None, size: Any = None,
    generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Random integers from low (0) up to, not including, high, in a tensor of a given size."""
    on_cpu(device)
    given = list(bounds)
    if size is None and given and (len(given) > 1 or high is not None):
        size = given.pop()
    if high is None and given:
        high = given.pop()
    if low is None:
        low = given.pop() if given else 0
    if given or high is None or size is None:
        raise TypeError(_RANDINT.format(", ".join(type(each).__name__ for each in bounds)))
    if not isinstance(size, (tuple, list)):
        raise wrong_type("randint", "size", 2, "tuple of ints", size)
    shape = sizes_of("randint", (size,), None)
    return _integers(low, high, shape, dtype, generator, requires_grad)


def _integers(
    low: Any, high: Any, shape: Shape, dtype: Any, generator: Any, requires_grad: bool
) -> Tensor:
    from engine import random

    for name, bound in (("low", low), ("high", high)):
        if not hasattr(bound, "__index__"):
            raise wrong_type("randint", name, 1, "int", bound)
    wanted = dtype_of("randint", dtype) or np.dtype(np.int64)
    limits.check(shape, wanted.itemsize)
    source = _source("randint", generator)
    drawn = random.integers(source, int(low), int(high), shape, wanted)
    return requiring(wrap(drawn), requires_grad)


@public("torch")
def randint_like(
    input: Tensor, low: Any = None, high: Any = None, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, generator: Any = None,
) -> Tensor:  # fmt: skip
    """Random integers from low (0) up to, not including, high, in a tensor of the size of input."""
    on_cpu(device)
    array = array_of("randint_like", input)
    if high is None:
        low, high = 0, low
    wanted = dtype or dtypes.of(array.dtype)
    return _integers(low, high, array.shape, wanted, generator, requires_grad)


@public("torch")
def randperm(
    n: int, *, generator: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The integers from 0 up to, not including, n in random order."""
    from engine import random

    on_cpu(device)
    if not hasattr(n, "__index__"):
        raise wrong_type("randperm", "n", 1, "int", n)
    limits.check((max(int(n), 0),), 8)
    order = random.permutation(_source("randperm", generator), int(n))
    wanted = dtype_of("randperm", dtype) or order.dtype
    return requiring(wrap(order.astype(wanted, copy=False)), requires_grad)


@public("torch")
def normal(
    mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Any = None, dtype: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Normal random numbers, of means and standard deviations given as numbers or tensors."""
    from engine import random

    on_cpu(device)
    source = _source("normal", generator)
    tensors = [each.array for each in (mean, std) if isinstance(each, Tensor)]
    if not tensors:
        shape = sizes_of("normal", () if size is None else (size,), None)
        wanted = dtype_of("normal", dtype) or dtypes.get_default_dtype().numpy
        limits.check(shape, wanted.itemsize)
        array = random.normal(source, shape, wanted, float(mean), float(std))
        return requiring(wrap(array), requires_grad)
    if isinstance(std, Tensor):
        if (std.array < 0).any():
            raise RuntimeError("normal expects all elements of std >= 0.0")
    elif std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    broadcast_error(*tensors)
    shape = np.broadcast_shapes(*(array.shape for array in tensors))
    drawn = random.normal(source, shape, tensors[0].dtype)
    parts = [np.asarray(each.array if isinstance(each, Tensor) else each, drawn.dtype)
             for each in (mean, std)]  # fmt: skip
    return wrap(drawn * parts[1] + parts[0])


@public()
def bernoulli(input: Tensor, p: float | None = None, *, generator: Any = None) -> Tensor:
    """0 or 1 at random, 1 with the probability that each element of input (or p) says."""
    from engine import random

    array = array_of("bernoulli", input)
    if p is None and array.dtype.kind != "f":
        raise NotImplementedError(
            f"\"bernoulli_tensor_cpu_p_\" not implemented for '{input.dtype.scalar_name}'"
        )
    weights = array if p is None else p
    drawn = random.bernoulli(_source("bernoulli", generator), weights, array.shape)
    return wrap(drawn.astype(array.dtype))


@public()
def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Any = None
) -> Tensor:
    """Indices drawn at random with the weights that each row of input gives."""
    from engine import random

    weights = array_of("multinomial", input)
    limits.check((*weights.shape[:-1], num_samples), 8)
    source = _source("multinomial", generator)
    return wrap(random.multinomial(source, weights, num_samples, replacement))


# ---- in place --------------------------------------------------------------------------------


def _write(self: Tensor, draw: Any) -> Tensor:
    """Put what `draw()` gives into self; nothing is drawn where writing is forbidden."""
    from engine.inplace import assign, check_inplace

    check_inplace(self)
    return assign(self, ops.copy(self, wrap(draw())))


@public("Tensor")
def uniform_(self: Tensor, *bounds: float, generator: Any = None, **named: float) -> Tensor:
    """In place: random numbers from 0 up to 1, or from one number (`from`) up to another (`to`)."""
    from engine import random

    if len(bounds) > 2:
        raise TypeError(
            f"uniform_() takes from 0 to 2 positional arguments but {len(bounds)} were given"
        )
    low, high = (*bounds, *(0.0, 1.0)[len(bounds) :])
    low, high = named.pop("from", low), named.pop("to", high)
    if named:
        raise TypeError(f"uniform_() got an unexpected keyword argument '{min(named)}'")
    shape, dtype = self.array.shape, self.array.dtype
    source = _source("uniform_", generator)
    return _write(self, lambda: random.uniform(source, shape, dtype, low, high))


@public("Tensor")
def normal_(self: Tensor, mean: float = 0, std: float = 1, *, generator: Any = None) -> Tensor:
    """In place: normal random numbers."""
    from engine import random

    shape, dtype = self.array.shape, self.array.dtype
    source = _source("normal_", generator)
    return _write(self, lambda: random.normal(source, shape, dtype, mean, std))


@public("Tensor")
def exponential_(self: Tensor, lambd: float = 1, *, generator: Any = None) -> Tensor:
    """In place: exponentially distributed random numbers."""
    from engine import random

    shape, dtype = self.array.shape, self.array.dtype
    source = _source("exponential_", generator)
    return _write(self, lambda: random.exponential(source, shape, dtype, lambd))


@public("Tensor")
def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Any = None) -> Tensor:
    """In place: 0 or 1 at random, 1 with probability p, a number or a tensor."""
    from engine import random

    weights = p.array if isinstance(p, Tensor) else p
    source = _source("bernoulli_", generator)
    return _write(self, lambda: random.bernoulli(source, weights, self.array.shape))


@public("Tensor")
def random_(self: Tensor, *bounds: int, generator: Any = None) -> Tensor:
    """In place: random integers up to, not including, a number, or from one up to another."""
    from engine import random

    dtype = self.array.dtype
    most = 2**24 if dtype == np.float32 else 2**53 if dtype.kind == "f" else 2**31
    low, high = (0, most) if not bounds else (0, *bounds) if len(bounds) == 1 else bounds
    shape = self.array.shape
    source = _source("random_", generator)
    return _write(self, lambda: random.integers(source, low, high, shape, dtype))


# ---- the generator ---------------------------------------------------------------------------


@public("torch", "Generator")
def generator_of(device: Any = "cpu") -> Any:
    """A stream of random numbers of its own, to be passed as generator=."""
    from engine.generator import Generator

    on_cpu(device)
    return Generator(device)


@public("torch")
def manual_seed(seed: int) -> Any:
    """Start the stream of random numbers that belongs to a seed."""
    from engine import random

    return random.manual_seed(seed)


@public("torch")
def seed() -> int:
    """Start an unforeseeable stream of random numbers; the seed it belongs to."""
    from engine import random

    return random.seed()


@public("torch")
def initial_seed() -> int:
    """The seed the stream of random numbers belongs to."""
    from engine import random

    return random.initial_seed()


@public("torch")
def get_rng_state() -> Tensor:
    """The state of the stream of random numbers, as bytes."""
    from engine import random

    return wrap(random.default_generator.get_state())


@public("torch")
def set_rng_state(new_state: Tensor) -> None:
    """Go back to a state that get_rng_state gave."""
    from engine import random

    random.default_generator.set_state(array_of("set_rng_state", new_state, "new_state"))
