"""Random tensors: what engine.random draws, as Tensors, and drawing into one in place."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from engine.arrays import dtypes, limits
from engine.arrays.types import DType, Shape
from engine.dispatch.arguments import ABSENT, dtype_of, on_cpu
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.inplace import assign, check_inplace
from engine.dispatch.operation import broadcast_error
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.creation.data import requiring
from engine.ops.creation.filled import sizes_of
from engine.random import continuous, discrete, rejection
from engine.random.drawing import digits_of
from engine.random.generator import Generator, default_generator


def _source(name: str, generator: Any) -> Any:
    """The generator to draw from."""
    if generator is None:
        return default_generator.held
    if not isinstance(generator, Generator):
        raise TypeError(f"{name}(): no generator")
    return generator


def _maker(name: str, draw: Any, doc: str) -> None:
    """rand and randn, with their _like forms."""

    def drawn(shape: Shape, dtype: DType, generator: Any, requires_grad: bool) -> Tensor:
        limits.check(shape, dtype.itemsize)
        array = draw(_source(name, generator), shape, dtype)
        return requiring(wrap(array), requires_grad)

    def made(
        *shape: Any,
        size: Any = None,
        generator: Any = None,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
    ) -> Tensor:
        on_cpu(device)
        wanted = dtype_of(name, dtype) or dtypes.get_default_dtype().numpy
        return drawn(sizes_of(name, shape, size), wanted, generator, requires_grad)

    def like(
        input: Tensor,
        *,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        memory_format: Any = None,
        generator: Any = None,
    ) -> Tensor:
        on_cpu(device)
        array = input.array
        wanted = dtype_of(f"{name}_like", dtype) or array.dtype
        if array.flags.c_contiguous:
            return drawn(array.shape, wanted, generator, requires_grad)
        like = wrap(np.empty_like(array, wanted))
        write = uniform_ if name == "rand" else normal_
        return requiring(write(like, generator=generator), requires_grad)

    made.__name__ = made.__qualname__ = name
    made.__doc__ = f"{doc}, in a tensor of a given size."
    like.__doc__ = f"{doc}, in a tensor of the size of input."
    public("torch", name)(made)
    public("torch", f"{name}_like")(like)


_maker("rand", continuous.uniform, "Random numbers from 0 up to 1")
_maker("randn", continuous.normal, "Random numbers from the standard normal distribution")


@public("torch")
def randint(
    *bounds: Any,
    low: int | None = None,
    high: int | None = None,
    size: Any = None,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Random integers from low (0) up to, not including, high, in a tensor of a given size."""
    on_cpu(device)
    given = list(bounds)
    if size is None and given and (len(given) > 1 or high is not None):
        size = given.pop()
    if high is None and given:
        high = given.pop()
    if low is None:
        low = given.pop() if given else 0
    if given or high is None or not isinstance(size, (tuple, list)):
        raise TypeError("randint() takes one bound or two, and sizes")
    shape = sizes_of("randint", (size,), None)
    return _integers(low, high, shape, dtype, generator, requires_grad)


def _integers(
    low: Any, high: Any, shape: Shape, dtype: Any, generator: Any, requires_grad: bool
) -> Tensor:
    low, high = index(low), index(high)
    wanted = dtype_of("randint", dtype) or np.dtype(np.int64)
    limits.check(shape, wanted.itemsize)
    source = _source("randint", generator)
    drawn = discrete.integers(source, low, high, shape, wanted)
    return requiring(wrap(drawn), requires_grad)


@public("torch")
def randint_like(
    input: Tensor,
    low: Any = None,
    high: Any = None,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    generator: Any = None,
) -> Tensor:
    """Random integers from low (0) up to, not including, high, in a tensor of the size of input."""
    on_cpu(device)
    array = input.array
    if high is None:
        low, high = 0, low
    wanted = dtype or dtypes.of(array.dtype)
    return _integers(low, high, array.shape, wanted, generator, requires_grad)


@public("torch")
def randperm(
    n: int,
    *,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The integers from 0 up to, not including, n in random order."""
    on_cpu(device)
    n = index(n)
    limits.check((max(n, 0),), 8)
    order = discrete.permutation(_source("randperm", generator), n)
    wanted = dtype_of("randperm", dtype) or order.dtype
    return requiring(wrap(order.astype(wanted, copy=False)), requires_grad)


@public("torch")
def normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal random numbers, of means and standard deviations given as numbers or tensors."""
    on_cpu(device)
    source = _source("normal", generator)
    tensors = [each.array for each in (mean, std) if isinstance(each, Tensor)]
    if not tensors:
        shape = sizes_of("normal", () if size is None else (size,), None)
        wanted = dtype_of("normal", dtype) or dtypes.get_default_dtype().numpy
        limits.check(shape, wanted.itemsize)
        array = continuous.normal(source, shape, wanted, float(mean), float(std))
        return requiring(wrap(array), requires_grad)
    if isinstance(std, Tensor):
        if (std.array < 0).any():
            raise RuntimeError("normal expects all elements of std >= 0.0")
    elif std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    broadcast_error(*tensors)
    shape = np.broadcast_shapes(*(array.shape for array in tensors))
    drawn = continuous.normal(source, shape, tensors[0].dtype)
    parts = [
        np.asarray(each.array if isinstance(each, Tensor) else each, drawn.dtype)
        for each in (mean, std)
    ]
    return wrap(drawn * parts[1] + parts[0])


@public()
def bernoulli(input: Tensor, p: float | None = None, *, generator: Any = None) -> Tensor:
    """0 or 1 at random, 1 with the probability that each element of input (or p) says."""
    array = input.array
    if p is None and not input.dtype.is_floating_point:
        raise NotImplementedError(
            f"\"bernoulli_tensor_cpu_p_\" not implemented for '{input.dtype.scalar_name}'"
        )
    weights = array if p is None else p
    drawn = discrete.bernoulli(_source("bernoulli", generator), weights, array.shape)
    return wrap(drawn.astype(array.dtype))


@public()
def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Any = None
) -> Tensor:
    """Indices drawn at random with the weights that each row of input gives."""
    weights = input.array
    limits.check((*weights.shape[:-1], num_samples), 8)
    source = _source("multinomial", generator)
    return wrap(discrete.multinomial(source, weights, num_samples, replacement))


@public("torch")
def poisson(input: Tensor, generator: Any = None) -> Tensor:
    """Counts of events at random, for the rates that input gives."""
    rates = input.array
    return wrap(rejection.poisson(_source("poisson", generator), rates))


@public("torch")
def binomial(count: Tensor, prob: Tensor, generator: Any = None) -> Tensor:
    """Successes at random, among as many trials as count says, of probability prob."""
    trials = count.array
    chances = prob.array
    broadcast_error(trials, chances)
    if trials.dtype != chances.dtype:
        wanted, got = (dtypes.of(each.dtype).scalar_name for each in (trials, chances))
        raise RuntimeError(f"Found dtype {got} but expected {wanted}")
    chances = np.broadcast_to(chances, trials.shape)
    return wrap(rejection.binomial(_source("binomial", generator), trials, chances))


# ---- in place --------------------------------------------------------------------------------


def _write(self: Tensor, draw: Any) -> Tensor:
    """Put what `draw(shape)` gives into self, in the order in which its elements lie in memory;
    nothing is drawn where writing is forbidden.
    """
    check_inplace(self)
    return assign(self, ops.copy(self, wrap(_in_memory_order(self.array, draw))))


def _in_memory_order(array: Any, draw: Any) -> Any:
    if array.flags.c_contiguous:
        return draw(array.shape)
    order = sorted(range(array.ndim), key=lambda dim: -array.strides[dim])
    drawn = draw(tuple(array.shape[dim] for dim in order))
    return drawn.transpose(sorted(range(array.ndim), key=order.__getitem__))


@public("Tensor")
def uniform_(self: Tensor, *bounds: float, generator: Any = None, **named: float) -> Tensor:
    """In place: random numbers from 0 up to 1, or from one number (`from`) up to another (`to`)."""
    low, high = (*bounds, *(0.0, 1.0)[len(bounds) :])
    low, high = named.pop("from", low), named.pop("to", high)
    if named:
        raise TypeError(f"uniform_() takes no {min(named)}")
    dtype = self.array.dtype
    source = _source("uniform_", generator)
    return _write(self, lambda shape: continuous.uniform(source, shape, dtype, low, high))


@public("Tensor")
def normal_(self: Tensor, mean: float = 0, std: float = 1, *, generator: Any = None) -> Tensor:
    """In place: normal random numbers."""
    dtype, blocks = self.array.dtype, self.array.flags.c_contiguous
    source = _source("normal_", generator)
    return _write(self, lambda shape: continuous.normal(source, shape, dtype, mean, std, blocks))


@public("Tensor")
def exponential_(self: Tensor, lambd: float = 1, *, generator: Any = None) -> Tensor:
    """In place: exponentially distributed random numbers."""
    dtype = self.array.dtype
    source = _source("exponential_", generator)
    return _write(self, lambda shape: continuous.exponential(source, shape, dtype, lambd))


@public("Tensor")
def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Any = None) -> Tensor:
    """In place: 0 or 1 at random, 1 with probability p, a number or a tensor."""
    source = _source("bernoulli_", generator)
    if not isinstance(p, Tensor):
        return _write(self, lambda shape: discrete.bernoulli(source, p, shape))
    weights = np.broadcast_to(p.array, self.array.shape)
    order = np.argsort([-stride for stride in self.array.strides], kind="stable")
    return _write(self, lambda shape: discrete.bernoulli(source, weights.transpose(order), shape))


@public("Tensor")
def geometric_(self: Tensor, p: float, *, generator: Any = None) -> Tensor:
    """In place: how many trials of probability p it takes to succeed."""
    return _drawn(self, discrete.geometric, generator, p)


@public("Tensor")
def log_normal_(self: Tensor, mean: float = 1, std: float = 2, *, generator: Any = None) -> Tensor:
    """In place: random numbers whose logarithms are normal."""
    return _drawn(self, continuous.log_normal, generator, mean, std)


@public("Tensor")
def cauchy_(self: Tensor, median: float = 0, sigma: float = 1, *, generator: Any = None) -> Tensor:
    """In place: random numbers of the Cauchy distribution."""
    return _drawn(self, continuous.cauchy, generator, median, sigma)


def _drawn(self: Tensor, draw: Any, generator: Any, *options: float) -> Tensor:
    source = _source(f"{draw.__name__}_", generator)
    return _write(self, lambda shape: draw(source, shape, self.array.dtype, *options))


@public("Tensor")
def random_(self: Tensor, *bounds: Any, generator: Any = None, **named: Any) -> Tensor:
    """In place: random integers up to, not including, a number (`to`), from one number (`from`) up
    to another, or all that the dtype can count.
    """
    if len(bounds) > 2 or not named.keys() <= {"from", "to"}:
        raise TypeError("random_() received an invalid combination of arguments")
    low, high = (*bounds, None)[:2] if len(bounds) == 2 else (0, *bounds, ABSENT)[:2]
    low, high = named.get("from", low), named.get("to", high)
    dtype = self.array.dtype
    source = _source("random_", generator)
    if high is ABSENT:
        return _write(self, lambda shape: discrete.any_integers(source, shape, dtype))
    if high is not None:
        return _write(self, lambda shape: discrete.integers(source, low, high, shape, dtype))
    if low == -(2**63):
        return _write(self, lambda shape: discrete.any_integers(source, shape, dtype, low))
    most = 1 if dtype.kind == "b" else _most(dtype)
    return _write(self, lambda shape: discrete.integers(source, low, most + 1, shape, dtype))


def _most(dtype: DType) -> int:
    """The largest integer up to which a dtype has them all."""
    whole = dtypes.of(dtype).is_floating_point
    return 2 ** digits_of(dtype) if whole else int(np.iinfo(dtype).max)
