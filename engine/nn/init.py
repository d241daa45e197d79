"""First values for parameters, as torch.nn.init: written in place, outside autograd.

Each function gives the tensor it has filled, of any floating dtype, and draws what PyTorch draws:
one seed gives the same parameters. A weight of shape (out, in, *field) has in * prod(field)
inputs to each output and out * prod(field) outputs of each input: its fans.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from engine.arrays.state import warn
from engine.dispatch.inplace import assign, copy_, fill_, zero_
from engine.graph.grad_mode import no_grad
from engine.graph.registry import expose
from engine.graph.tensor import Tensor, wrap
from engine.random.discrete import permutation
from engine.random.generator import Generator, default_generator

Initializer = Callable[..., Tensor]


def _public(function: Initializer) -> Initializer:
    """Run under no_grad; reachable as torch.nn.init.name_ and, with a warning, by its old name."""

    @wraps(function)
    def run(*args: Any, **options: Any) -> Tensor:
        with no_grad():
            return function(*args, **options)

    expose(function.__name__, run, "torch.nn.init")
    if function.__name__ in ("trunc_normal_", "ones_", "zeros_"):
        return run
    old = function.__name__[:-1]

    @wraps(function)
    def deprecated(*args: Any, **options: Any) -> Tensor:
        warn(
            f"`nn.init.{old}` is now deprecated in favor of `nn.init.{old}_`.",
            FutureWarning,
        )
        return run(*args, **options)

    deprecated.__name__ = old
    globals()[old] = deprecated
    expose(old, deprecated, "torch.nn.init")
    return run


# ---- draws and constants ---------------------------------------------------------------------


@_public
def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """In place: uniform random numbers from a up to b. Raises RuntimeError if a > b."""
    return _uniform(tensor, a, b, generator)


@_public
def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """In place: normal random numbers. Raises RuntimeError if std < 0."""
    return _normal(tensor, mean, std, generator)


def _uniform(tensor: Any, low: float, high: float, generator: Generator | None) -> Tensor:
    return tensor.uniform_(low, high, generator=generator)  # type: ignore[no-any-return]


def _normal(tensor: Any, mean: float, std: float, generator: Generator | None) -> Tensor:
    return tensor.normal_(mean, std, generator=generator)  # type: ignore[no-any-return]


@_public
def constant_(tensor: Tensor, val: float) -> Tensor:
    """In place: every element becomes val."""
    return fill_(tensor, val)


@_public
def ones_(tensor: Tensor) -> Tensor:
    """In place: every element becomes 1."""
    return fill_(tensor, 1.0)


@_public
def zeros_(tensor: Tensor) -> Tensor:
    """In place: every element becomes 0."""
    return zero_(tensor)


@_public
def eye_(tensor: Tensor) -> Tensor:
    """In place: the identity matrix. Raises ValueError unless there are 2 dimensions."""
    _check_matrix(tensor)
    return assign(tensor, wrap(np.eye(*tensor.array.shape, dtype=tensor.array.dtype)))


@_public
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """In place: a convolution's weights, (out, in, *field), that let each channel through as it is.

    Raises ValueError unless there are 3 to 5 dimensions, and `groups` divides the first.
    """
    array = tensor.array
    if array.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if array.shape[0] % groups:
        raise ValueError("dim 0 must be divisible by groups")
    values = np.zeros_like(array)
    channels = array.shape[0] // groups
    middle = tuple(size // 2 for size in array.shape[2:])
    for start in range(0, array.shape[0], channels or 1):
        for channel in range(min(channels, array.shape[1])):
            values[(start + channel, channel, *middle)] = 1
    return assign(tensor, wrap(values))


def _check_matrix(tensor: Tensor) -> None:
    if tensor.array.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")


# ---- normal, within bounds -------------------------------------------------------------------


@_public
def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """In place: normal random numbers of the given mean and std, none of them outside [a, b]."""
    if mean < a - 2 * std or mean > b + 2 * std:
        warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of "
            "values may be incorrect.",
        )
    inside = _below((b - mean) / std) - _below((a - mean) / std)
    if inside > 0.3:
        return _redrawn(tensor, mean, std, a, b, generator)
    return _rejected(tensor, mean, std, a, b, generator)


def _below(x: float) -> float:
    """The share of standard normal numbers below x."""
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


def _redrawn(
    tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Generator | None
) -> Tensor:
    """Where most numbers fall inside, those that do not are drawn again."""
    low, high = np.array([a, b]).astype(tensor.array.dtype)
    values = _normal(tensor, mean, std, generator).array
    fresh = wrap(np.empty_like(values))
    while (outside := (values < low) | (values > high)).any():
        values = np.where(outside, _normal(fresh, mean, std, generator).array, values)
    return tensor if values is tensor.array else copy_(tensor, wrap(values))


def _rejected(
    tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Generator | None
) -> Tensor:
    """Where few do: uniform numbers, taken as often as the normal density says."""
    kind = tensor.array.dtype.type
    peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
    candidates, chances = wrap(np.empty_like(tensor.array)), wrap(np.empty_like(tensor.array))
    values, pending = tensor.array.copy(), np.ones(tensor.array.shape, bool)
    while pending.any():
        drawn = _uniform(candidates, a, b, generator).array
        values = np.where(pending, drawn, values)
        density = np.square((drawn - kind(mean)) / kind(std)) * kind(-0.5) - kind(peak)
        pending = pending & (np.log(_uniform(chances, 0, 1, generator).array) > density)
    return copy_(tensor, wrap(values))


# ---- by the number of inputs and outputs -----------------------------------------------------

_LINEAR = (
    "linear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d sigmoid".split()
)
_GAINS = dict.fromkeys(_LINEAR, 1) | {"tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 3.0 / 4}


def calculate_gain(nonlinearity: str, param: Any = None) -> float:
    """The factor that keeps the size of what goes through a nonlinearity.

    Args:
        nonlinearity: the name of a function of torch.nn.functional: a linear one or sigmoid (1),
            tanh (5/3), relu (sqrt 2), leaky_relu (sqrt(2 / (1 + param**2))), selu (3/4).
        param: the negative slope of leaky_relu, 0.01 by default.

    Raises:
        ValueError: the name is none of these, or param is no number.
    """
    if nonlinearity in _GAINS:
        return _GAINS[nonlinearity]
    if nonlinearity != "leaky_relu":
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    if param is None:
        param = 0.01
    if isinstance(param, bool) or not isinstance(param, (int, float)):
        raise ValueError(f"negative_slope {param} not a valid number")
    return math.sqrt(2.0 / (1 + param**2))


expose("calculate_gain", calculate_gain, "torch.nn.init")


def _fans(tensor: Tensor) -> tuple[int, int]:
    """The fans: the inputs to each output, the outputs of each input."""
    shape = tensor.array.shape
    if len(shape) < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
        )
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _xavier_std(tensor: Tensor, gain: float) -> float:
    return gain * math.sqrt(2.0 / float(sum(_fans(tensor))))


@_public
def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """In place: uniform random numbers between -+ gain * sqrt(6 / the sum of the fans).

    Raises ValueError for fewer than 2 dimensions. Source: Glorot and Bengio, "Understanding the
    difficulty of training deep feedforward neural networks", 2010.
    """
    bound = math.sqrt(3.0) * _xavier_std(tensor, gain)
    return _uniform(tensor, -bound, bound, generator)


@_public
def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """In place: normal random numbers of std gain * sqrt(2 / the sum of the fans).

    Raises ValueError for fewer than 2 dimensions. Source: as xavier_uniform_.
    """
    return _normal(tensor, 0.0, _xavier_std(tensor, gain), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float | None:
    """The standard deviation; None where there is nothing to fill."""
    if 0 in tensor.array.shape:
        warn("Initializing zero-element tensors is a no-op")
        return None
    modes = ["fan_in", "fan_out"]
    if mode.lower() not in modes:
        raise ValueError(f"Mode {mode.lower()} not supported, please use one of {modes}")
    fan = _fans(tensor)[modes.index(mode.lower())]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


@_public
def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """In place: uniform random numbers between -+ sqrt(3 / fan) * calculate_gain(nonlinearity, a).

    Args:
        tensor: of 2 dimensions or more; one without elements stays as it is, with a warning.
        a: the negative slope, where the nonlinearity is leaky_relu.
        mode: which fan, "fan_in" or "fan_out".
        nonlinearity: what follows.
        generator: what to draw from.

    Raises:
        ValueError: there are fewer dimensions, or the mode or the nonlinearity is not known.

    Source: He et al., "Delving deep into rectifiers", 2015.
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    if std is None:
        return tensor
    bound = math.sqrt(3.0) * std
    return _uniform(tensor, -bound, bound, generator)


@_public
def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """In place: normal random numbers of std calculate_gain(nonlinearity, a) / sqrt(fan).

    Arguments, errors and source are those of kaiming_uniform_.
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return tensor if std is None else _normal(tensor, 0, std, generator)


# ---- matrices --------------------------------------------------------------------------------


@_public
def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """In place: a random matrix of orthogonal rows or columns, whichever are fewer, times gain.

    Dimensions after the first count as one. Raises ValueError for fewer than 2. Source: Saxe et
    al., "Exact solutions to the nonlinear dynamics of learning in deep linear networks", 2014.
    """
    array = tensor.array
    if array.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if not array.size:
        return tensor
    rows = array.shape[0]
    flat = _normal(wrap(np.empty((rows, array.size // rows), array.dtype)), 0, 1, generator).array
    wide = rows < flat.shape[1]
    q, r = np.linalg.qr(flat.T if wide else flat)
    q = q * np.sign(np.diagonal(r))
    q = (q.T if wide else q) * array.dtype.type(gain)
    return assign(tensor, wrap(q.reshape(array.shape)))


@_public
def sparse_(
    tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None
) -> Tensor:
    """In place: normal random numbers, and zeros for a share of each column.

    Raises ValueError unless there are 2 dimensions. Source: Martens, "Deep learning via
    Hessian-free optimization", 2010.
    """
    _check_matrix(tensor)
    rows, columns = tensor.array.shape
    zeros = math.ceil(sparsity * rows)
    values = _normal(tensor, 0, std, generator).array.copy()
    for column in range(columns):
        values[permutation(default_generator, rows)[:zeros], column] = 0
    return assign(tensor, wrap(values))
