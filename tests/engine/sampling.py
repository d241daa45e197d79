"""What a sample is: a short program over named inputs, the same for PyTorch and for engine.

The numbers of inputs and cotangents are drawn from the sample's own text, so nothing but PyTorch's
answers needs to be recorded.
"""

import ast
from collections.abc import Iterator
from functools import cache
from types import CodeType
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]


class Drawn(NamedTuple):
    """Distinct numbers in random order, spread over (low, high), none near the middle or another.

    Keeping clear of ties and of zero lets finite differences step across without meeting a kink.
    """

    shape: Shape
    low: float
    high: float

    def text(self) -> str:
        return f"{self.low:g}..{self.high:g}{list(self.shape)}"

    def array(self, seed: str) -> Array:
        draw = np.random.RandomState(crc32(seed.encode()))
        count = int(np.prod(self.shape))
        places = (np.arange(count) + 0.25 + 0.5 * draw.rand(count)) / max(count, 1)
        values = self.low + (self.high - self.low) * draw.permutation(places)
        middle = (self.low + self.high) / 2
        apart = (self.high - self.low) / 50
        values = np.where(np.abs(values - middle) < apart, values + 2 * apart, values)
        return np.asarray(values.reshape(self.shape))


class Literal(NamedTuple):
    value: Any
    dtype: str | None  # None: the sample's floating dtype, as for drawn numbers
    tracked: bool

    def text(self) -> str:
        return f"{self.value}"


Input = Drawn | Literal


class Sample(NamedTuple):
    op: str
    code: str
    inputs: dict[str, Input]
    smooth: bool  # near its inputs; else finite differences say nothing

    @property
    def key(self) -> str:
        """Everything that decides the answer, in words."""
        inputs = (f"{name}={what.text()}" for name, what in self.inputs.items())
        return " ".join([f"{self.op}: {self.code}", *inputs])

    @property
    def dtypes(self) -> tuple[str, ...]:
        """What it is run in: both floating dtypes if any input takes the dtype it is run in."""
        both = any(isinstance(i, Drawn) or i.dtype is None for i in self.inputs.values())
        return ("float64", "float32") if both else ("as given",)

    def arrays(self, dtype: str) -> dict[str, Array]:
        made = {}
        for name, what in self.inputs.items():
            if isinstance(what, Drawn):
                made[name] = what.array(f"{self.code} {name}").astype(dtype)
            else:
                made[name] = np.array(what.value, dtype=what.dtype or dtype)
        return made

    def names(self) -> set[str]:
        """The functions of namespaces and the methods that it calls."""
        calls = (node for node in ast.walk(ast.parse(self.code)) if isinstance(node, ast.Call))
        return {call.func.attr for call in calls if isinstance(call.func, ast.Attribute)}

    def tracked(self) -> list[str]:
        return [n for n, what in self.inputs.items() if isinstance(what, Drawn) or what.tracked]

    def cotangent(self, index: int, shape: Shape, dtype: str) -> Array:
        return Drawn(shape, -1.5, 1.5).array(f"{self.code} cotangent {index}").astype(dtype)

    def second(self, name: str, shape: Shape, dtype: str) -> Array:
        """What a gradient is multiplied with before it is differentiated again."""
        return Drawn(shape, -1.5, 1.5).array(f"{self.code} second {name}").astype(dtype)

    def factors(self, first: dict[str, Any]) -> dict[str, Array]:
        """What each gradient that can be differentiated again is multiplied with before it is."""
        return {
            name: self.second(name, tuple(gradient.shape), "float64")
            for name, gradient in first.items()
            if gradient is not None and gradient.requires_grad
        }


def real(*shape: int) -> Drawn:
    return Drawn(shape, -2.0, 2.0)


def positive(*shape: int) -> Drawn:
    return Drawn(shape, 0.3, 3.0)


def inside(*shape: int) -> Drawn:
    """Between -1 and 1."""
    return Drawn(shape, -0.9, 0.9)


def proportion(*shape: int) -> Drawn:
    """Between 0 and 1."""
    return Drawn(shape, 0.05, 0.95)


def given(value: Any, dtype: str | None = None, tracked: bool = True) -> Literal:
    """Exactly these numbers; numbers of a given dtype and whole numbers are not tracked."""
    array = np.array(value)
    if dtype is None and array.dtype.kind in "biu":
        dtype = array.dtype.name
    return Literal(value, dtype, tracked and dtype is None)


def samples(op: str, *codes: str, smooth: bool = True, **inputs: Any) -> Iterator[Sample]:
    """One sample for each program, with those of the inputs that it names."""
    made = {
        name: what if isinstance(what, (Drawn, Literal)) else given(what)
        for name, what in inputs.items()
    }
    for code in codes:
        names = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
        used = {name: what for name, what in made.items() if name in names}
        yield Sample(op, code, used, smooth)


@cache
def _compiled(code: str) -> tuple[CodeType, CodeType]:
    tree = ast.parse(code)
    last = tree.body[-1]
    if isinstance(last, ast.Expr):
        tree.body.pop()
    value = last.value if isinstance(last, ast.Expr) else ast.Constant(None)
    expression = ast.fix_missing_locations(ast.Expression(value))
    return compile(tree, code, "exec"), compile(expression, code, "eval")


def run(sample: Sample, torch: Any, inputs: dict[str, Any]) -> Any:
    """The value of the sample's last expression."""
    before, last = _compiled(sample.code)
    names = {"torch": torch, "F": torch.nn.functional, **inputs}
    exec(before, names)
    return eval(last, names)


def leaves(sample: Sample, torch: Any, arrays: dict[str, Array]) -> dict[str, Any]:
    """The inputs as tensors of the module."""
    tracked = sample.tracked()
    return {
        name: torch.tensor(array, requires_grad=name in tracked) for name, array in arrays.items()
    }


class Run:
    """A sample run: its inputs, its results, and the cotangents of those that are tracked."""

    def __init__(self, sample: Sample, torch: Any, dtype: str) -> None:
        self.torch = torch
        self.inputs = leaves(sample, torch, sample.arrays(dtype))
        self.results = outputs(run(sample, torch, self.inputs))
        self.wanted = {name: self.inputs[name] for name in sample.tracked()}
        tracked = ((i, r) for i, r in enumerate(self.results) if getattr(r, "requires_grad", False))
        self.ends = dict(tracked)
        self.cotangents = [cotangent(sample, i, r, torch) for i, r in self.ends.items()]

    def first(self, create_graph: bool) -> dict[str, Any]:
        """The gradients by the names of the tracked inputs; None where none arrives."""
        ends = list(self.ends.values())
        return self._gradients(ends, self.cotangents, create_graph=create_graph)

    def second(self, first: dict[str, Any], factors: dict[str, Array]) -> dict[str, Any]:
        """The gradients of the sum of factors * first gradients."""
        further = [n for n in factors if first[n] is not None and first[n].requires_grad]
        if not further:
            return dict.fromkeys(self.wanted)
        cotangents = [self.torch.tensor(factors[name]) for name in further]
        return self._gradients([first[name] for name in further], cotangents)

    def _gradients(self, ends: list[Any], cotangents: list[Any], **options: Any) -> dict[str, Any]:
        wanted = list(self.wanted.values())
        grad = self.torch.autograd.grad
        found = grad(ends, wanted, cotangents, allow_unused=True, **options)
        return dict(zip(self.wanted, found, strict=True))


def cotangent(sample: Sample, index: int, result: Any, torch: Any) -> Any:
    """The cotangent of a result."""
    dtype = str(result.dtype).removeprefix("torch.")
    return torch.tensor(sample.cotangent(index, tuple(result.shape), dtype))


def outputs(value: Any) -> list[Any]:
    """A sample's results, one by one: tuples and lists of tensors are flattened."""
    several = isinstance(value, (tuple, list)) and value
    return list(value) if several and hasattr(value[0], "requires_grad") else [value]
