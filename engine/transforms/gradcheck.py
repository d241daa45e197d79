"""gradcheck and gradgradcheck: the gradients of a function against central differences.

The whole Jacobian is compared, for each output and input, in whatever mode is asked for. A complex
output counts as two real ones, and a gradient by a complex input is dL/dRe + i dL/dIm. Source:
PyTorch's torch.autograd.gradcheck, whose checks and messages these are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.arrays.state import warn
from engine.arrays.types import Array
from engine.backward.api import grad as autograd
from engine.graph.registry import expose, namespaces
from engine.graph.tensor import Tensor, wrap
from engine.transforms.custom_function import Function
from engine.transforms.elements import moved, units
from engine.transforms.func import jacfwd

Checked = Callable[..., Any]
_torch = namespaces["torch"]


class GradcheckError(RuntimeError):
    """What gradcheck raises where gradients and differences part."""

    __module__ = "torch.autograd.gradcheck"


class _UndefinedGrad(Function):
    """Passes a tensor on and no gradient back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        copy: Tensor = x.clone()
        return copy

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> None:
        return None


def _tuple(values: Any) -> tuple[Any, ...]:
    return tuple(values) if isinstance(values, (tuple, list)) else (values,)


def _tracked(values: Any) -> list[Tensor]:
    return [v for v in _tuple(values) if isinstance(v, Tensor) and v.requires_grad]


# ---- what is compared ----------------------------------------------------------------------------


def _differences(
    func: Checked, inputs: tuple[Any, ...], made: tuple[Tensor, ...], x: Tensor, eps: float
) -> list[Array]:
    """The Jacobian of each output by one input, a row for each element of the input."""
    values = [out.array for out in made]
    complex_input = x.array.dtype.kind == "c"
    kinds = [np.result_type(v.dtype, x.array.dtype) if complex_input else v.dtype for v in values]
    found = [np.zeros((x.array.size, v.size), kind) for v, kind in zip(values, kinds, strict=True)]
    for row, place in enumerate(np.ndindex(x.array.shape)):
        for unit in (1, 1j) if complex_input else (1,):
            steps = (-eps * unit, eps * unit)
            sides = moved(
                x.array, place, steps, lambda: [out.array.copy() for out in _tuple(func(*inputs))]
            )
            for jacobian, down, up in zip(found, *sides, strict=True):
                slope = (up - down).reshape(-1) / (2 * eps)
                jacobian[row] += (slope * unit).astype(jacobian.dtype)
    return found


class _Rows:
    """The Jacobians of one output by all tracked inputs, by the rules."""

    def __init__(self, output: Tensor, xs: Sequence[Tensor]) -> None:
        self.jacobians = [np.zeros((x.array.size, output.array.size), x.array.dtype) for x in xs]
        self.dtypes = self.shapes = True
        for column, weight in enumerate(units(output)):
            found = autograd(output, xs, weight, retain_graph=True, allow_unused=True)
            for jacobian, x, g in zip(self.jacobians, xs, found, strict=True):
                if g is not None:
                    self.shapes &= g.array.shape == x.array.shape
                    self.dtypes &= g.array.dtype == x.array.dtype
                    jacobian[:, column] = g.array.reshape(-1)


_NONDETERMINISTIC = (
    "Backward is not reentrant, i.e., running backward with same input and grad_output multiple "
    "times gives different values, although analytical gradient matches numerical gradient.The "
    "tolerance for nondeterminism was {}."
)


def _rules(
    output: Tensor, xs: Sequence[Tensor], nondet_tol: float, check_grad_dtypes: bool
) -> list[Array]:
    """The Jacobians of one output, computed twice. Raises GradcheckError if they differ."""
    first, second = _Rows(output, xs), _Rows(output, xs)
    if check_grad_dtypes and not first.dtypes:
        raise GradcheckError("Gradient has dtype mismatch")
    if not first.shapes:
        raise GradcheckError("Analytical gradient has incorrect size")
    for a, b in zip(first.jacobians, second.jacobians, strict=True):
        if a.size and np.abs(a - b).max() > nondet_tol:
            raise GradcheckError(_NONDETERMINISTIC.format(nondet_tol))
    return first.jacobians


class _Check:
    """One comparison: a function and its inputs, and how closely to look."""

    def __init__(
        self,
        inputs: tuple[Any, ...],
        eps: float,
        atol: float,
        rtol: float,
        nondet_tol: float,
        check_grad_dtypes: bool,
        complex_outputs: Sequence[int],
    ) -> None:
        self.inputs = inputs
        self.xs = _tracked(inputs)
        self.eps, self.atol, self.rtol = eps, atol, rtol
        self.nondet_tol, self.check_grad_dtypes = nondet_tol, check_grad_dtypes
        self.complex_outputs = complex_outputs

    def backward(self, func: Checked, made: tuple[Tensor, ...], part: str = "") -> None:
        """Compare reverse mode with differences. Raises GradcheckError where they part."""
        by_input = [_differences(func, self.inputs, made, x, self.eps) for x in self.xs]
        if not _tracked(made):
            if any(jacobian.any() for jacobians in by_input for jacobian in jacobians):
                raise GradcheckError("Numerical gradient for function expected to be zero")
            return
        places = [place for place, output in enumerate(made) if output.requires_grad]
        for i, place in enumerate(places):
            found = _rules(made[place], self.xs, self.nondet_tol, self.check_grad_dtypes)
            for j, jacobian in enumerate(found):
                self._compare(jacobian, by_input[j][place], i, j, part)

    def forward(self, func: Checked, made: tuple[Tensor, ...], part: str = "") -> None:
        """Compare Jacobian-vector products with differences."""
        tracked = [i for i, x in enumerate(self.inputs) if any(x is y for y in self.xs)]
        places = [i for i, out in enumerate(made) if out.requires_grad]

        def smooth(*args: Any) -> Any:
            values = _tuple(func(*args))
            return tuple(values[place] for place in places)

        blocks = jacfwd(smooth, tuple(tracked))(*self.inputs) if places else ()
        for j, x in enumerate(self.xs):
            numerical = _differences(func, self.inputs, made, x, self.eps)
            for i, place in enumerate(places):
                jacobian = blocks[i][j].array.reshape(-1, x.array.size).T
                self._compare(jacobian, numerical[place], i, j, part, "computed with forward mode ")

    def _compare(
        self, found: Array, expected: Array, i: int, j: int, part: str, how: str = ""
    ) -> None:
        kind = np.result_type(found, expected)
        if np.allclose(found.astype(kind), expected.astype(kind), self.rtol, self.atol):
            return
        aside = f"While considering the {part} part of complex outputs only, "
        raise GradcheckError(
            f"{aside if i in self.complex_outputs else ''}Jacobian {how}mismatch for output {i} "
            f"with respect to input {j},\nnumerical:{wrap(expected)}\nanalytical:{wrap(found)}\n"
        )


def _part_of(func: Checked, part: str) -> Checked:
    """The function with the real or the imaginary parts of its complex outputs."""

    def parts(*args: Any) -> tuple[Any, ...]:
        return tuple(
            getattr(out, part) if out.array.dtype.kind == "c" else out
            for out in _tuple(func(*args))
        )

    return parts


# ---- what else is checked ------------------------------------------------------------------------


def _check_inputs(inputs: tuple[Any, ...]) -> None:
    for i, x in enumerate(inputs):
        if not (isinstance(x, Tensor) and x.requires_grad):
            continue
        if x.array.dtype not in (np.float64, np.complex128):
            warn(
                f"Input #{i} requires gradient and is not a double precision floating point or "
                "complex. This check will likely fail if all the inputs are not of double "
                "precision floating point or complex. ",
            )
        if any(step <= 0 and n > 1 for step, n in zip(x.array.strides, x.array.shape, strict=True)):
            raise RuntimeError(
                f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs "
                "that are non-overlapping to be able to compute the numerical gradients "
                "correctly. You should call .contiguous on the input before passing it to "
                "gradcheck."
            )
    if not _tracked(inputs):
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them "
            "have requires_grad=True."
        )


def _zeros(output: Tensor) -> Tensor:
    return wrap(np.zeros(output.array.shape, output.array.dtype))


def _check_linear(outputs: list[Tensor], xs: Sequence[Tensor]) -> None:
    """No gradient comes in, none comes out."""
    found = autograd(outputs, xs, list(map(_zeros, outputs)), allow_unused=True)
    for g, x in zip(found, xs, strict=True):
        if g is None:
            continue
        if g.array.any():
            raise GradcheckError("backward not multiplied by grad_output")
        if g.array.dtype != x.array.dtype:
            raise GradcheckError("grad is incorrect type")
        if g.array.shape != x.array.shape:
            raise GradcheckError("grad is incorrect size")


_NOTES = (
    'Please look at "Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"'
)


def _check_undefined(func: Checked, inputs: tuple[Any, ...], xs: Sequence[Tensor]) -> None:
    """Backward works where no gradient reaches some of the outputs, or any."""
    count = len(_tracked(func(*inputs)))
    for left_out in (range(count), *([i] for i in range(count) if count > 1)):
        outputs = [
            _UndefinedGrad.apply(output) if i in left_out else output
            for i, output in enumerate(_tracked(func(*inputs)))
        ]
        try:
            found = autograd(outputs, xs, list(map(_zeros, outputs)), allow_unused=True)
        except RuntimeError as error:
            _warn_of_undefined()
            raise GradcheckError(
                f"Expected backward function to handle undefined output grads. {_NOTES}"
            ) from error
        if any(g is not None and g.array.any() for g in found):
            _warn_of_undefined()
            raise GradcheckError(
                "Expected all input grads to be undefined or zero when all output grads are "
                f"undefined or zero. {_NOTES}"
            )


def _warn_of_undefined() -> None:
    warn(
        "Backwards compatibility: New undefined gradient support checking feature is enabled by "
        "default, but it may break existing callers of this function. If this is true for you, "
        'you can call this function with "check_undefined_grad=False" to disable the feature',
    )


# ---- the two functions ---------------------------------------------------------------------------


def gradcheck(
    func: Checked,
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the gradients of func are what central differences say.

    Args:
        func: gives a Tensor, or several.
        inputs: its arguments; those are checked that require grad, which ought to be float64.
        eps: the step of the differences.
        atol: how far apart they may be.
        rtol: and how far in proportion.
        raise_exception: raise GradcheckError where they part; else give False.
        nondet_tol: how much two runs of backward may differ.
        check_undefined_grad: backward copes with outputs that no gradient reaches.
        check_grad_dtypes: gradients have the dtypes of the inputs.
        check_batched_grad: batches of cotangents are taken apart, and need no check.
        check_batched_forward_grad: likewise.
        check_forward_ad: check Jacobian-vector products, too.
        check_backward_ad: check reverse mode.
        fast_mode: the whole Jacobian is checked anyway.
        masked: there are no sparse tensors.
    """
    for bad, message in (
        (
            not (check_forward_ad or check_backward_ad),
            "Expected at least one of check_forward_ad or check_backward_ad to be True",
        ),
        (
            check_batched_grad and not check_backward_ad,
            "Setting check_batched_grad=True requires check_backward_ad to be True",
        ),
        (
            check_batched_forward_grad and not check_forward_ad,
            "Setting check_batched_forward_grad=True requires check_forward_ad to be True",
        ),
    ):
        if bad:
            raise AssertionError(message)
    given = _tuple(inputs)
    _check_inputs(given)
    made = _tuple(func(*given))
    outputs = _tracked(made)
    complex_outputs = [i for i, out in enumerate(outputs) if out.array.dtype.kind == "c"]
    check = _Check(given, eps, atol, rtol, nondet_tol, check_grad_dtypes, complex_outputs)
    try:
        for part in ("imag", "real") if complex_outputs else ("",):
            each = _part_of(func, part) if part else func
            word = "imaginary" if part == "imag" else "real"
            values = each(*given) if part else made
            if check_backward_ad:
                check.backward(each, values, word)
            if check_forward_ad:
                check.forward(each, values, word)
        if check_backward_ad:
            _check_linear(outputs, check.xs) if outputs else None
            if check_undefined_grad and outputs:
                _check_undefined(func, given, check.xs)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Checked,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Whether the gradients of func's gradients are what central differences say.

    `grad_outputs` are the cotangents, by default random numbers; the other arguments are those of
    gradcheck.
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError(
            "Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True"
        )
    for asked, option in (
        (check_undefined_grad, "check_undefined_grad"),
        (check_batched_grad, "check_batched_grad"),
    ):
        if asked and not check_rev_over_rev:
            raise AssertionError(f"Setting {option}=True requires check_rev_over_rev to be True")
    given = _tuple(inputs)
    if grad_outputs is None:
        weights = tuple(map(_random_like, _tracked(func(*given))))
    else:
        weights = _tuple(grad_outputs)
    count = len(given)

    def first(*args: Any) -> tuple[Any, ...]:
        found = autograd(
            _tracked(func(*args[:count])),
            _tracked(args[:count]),
            args[count:],
            create_graph=True,
            allow_unused=True,
        )
        return tuple(g for g in found if g is not None)

    if not _tracked(given) and not _tracked(weights):
        _check_inputs(given)
    return gradcheck(
        first,
        (*given, *weights),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
    )


def _random_like(output: Tensor) -> Tensor:
    """A cotangent between -1 and 1."""
    shape = output.array.shape
    parts = [_torch["rand"](shape, dtype=_torch["float64"]) * 2 - 1]
    if output.array.dtype.kind == "c":
        parts.append(_torch["rand"](shape, dtype=_torch["float64"]) * 2 - 1)
    numbers = parts[0].array + (1j * parts[1].array if len(parts) == 2 else 0)
    weight = wrap(np.asarray(numbers).astype(output.array.dtype))
    weight.requires_grad = True
    return weight


for _function in (gradcheck, gradgradcheck):
    expose(_function.__name__, _function, "autograd")
gradcheck.GradcheckError = GradcheckError  # type: ignore[attr-defined]
