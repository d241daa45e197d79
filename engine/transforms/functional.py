"""torch.autograd.functional: derivatives of a function of tensors at a place.

Everything is reverse mode, run as often as needed. A Jacobian times a vector is reverse mode twice:
w -> w @ J is linear, and its derivative in a direction is what is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from engine.backward.api import grad as autograd
from engine.graph.grad_mode import enable_grad
from engine.graph.registry import expose, namespaces
from engine.graph.tensor import Tensor, wrap

Tensors = tuple[Tensor, ...]
Maybe = tuple[Tensor | None, ...]
Function = Callable[..., Any]
_torch = namespaces["torch"]
_OUTPUTS = "outputs of the user-provided function"
_STRICT = "This is not allowed in strict mode"

# ---- what goes in and comes out --------------------------------------------------------------


def _tuple(values: Any, what: str, name: str) -> tuple[bool, Tensors]:
    """Whether there are several, and all of them as a tuple. Raises TypeError for no Tensors."""
    several = isinstance(values, tuple)
    found = values if several else (values,)
    for place, value in enumerate(found):
        if not isinstance(value, Tensor):
            which = f"the value at index {place}" if several else f"the given {what}"
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but "
                f"{which} has type {type(value)}."
            )
    return several, found


def _taken(inputs: Tensors, create_graph: bool) -> Tensors:
    """The inputs to differentiate by, new tensors: the function may know the old ones, too."""
    return tuple(
        x.view_as(x) if create_graph and x.requires_grad else x.detach().requires_grad_()
        for x in inputs
    )


def _given(tensors: Tensors, create_graph: bool) -> Tensors:
    """Results without history, unless a graph is wanted."""
    return tensors if create_graph else tuple(wrap(tensor.array) for tensor in tensors)


def _packed(several: bool, values: Any) -> Any:
    return values if several else values[0]


def _zeros(like: Tensor) -> Tensor:
    return wrap(np.zeros(like.array.shape, like.array.dtype))


def gradients(
    outputs: Maybe, inputs: Tensors, weights: Any = None, create_graph: bool = False
) -> Maybe:
    """autograd.grad of those outputs that depend on anything; None where no gradient arrives."""
    weights = (None,) * len(outputs) if weights is None else weights
    pairs = [
        (output, weight)
        for output, weight in zip(outputs, weights, strict=True)
        if output is not None and output.requires_grad
    ]
    if not pairs:
        return (None,) * len(inputs)
    found: Maybe = autograd(
        [output for output, _ in pairs],
        inputs,
        [weight for _, weight in pairs],
        retain_graph=True,
        create_graph=create_graph,
        allow_unused=True,
    )
    return found


# ---- strict mode -----------------------------------------------------------------------------

_UNTRACKED = {
    "outputs": "Output {0} of the user-provided function does not require gradients. The outputs "
    "must be computed in a differentiable manner from the input when running in strict mode.",
    "gradients": "The gradient with respect to input {0} is independent of the inputs of the "
    f"user-provided function. {_STRICT}.",
    "jacobian": "While computing the hessian, found that the jacobian of the user-provided function"
    f" with respect to input {{0}} is independent of the input. {_STRICT}. You should ensure that "
    "your function is twice differentiable and that the jacobian depends on the inputs (this would "
    "be violated by a linear function for example).",
}
_MISSING = {
    "back": f"The output of the user-provided function is independent of input {{0}}. {_STRICT}.",
    "back_trick": "The gradient with respect to the input is independent of entry {0} in the "
    "grad_outputs when using the double backward trick to compute forward mode gradients. "
    f"{_STRICT}.",
    "double_back": "The jacobian of the user-provided function is independent of input {0}. "
    f"{_STRICT}.",
    "double_back_trick": "The hessian of the user-provided function is independent of entry {0} in "
    f"the grad_jacobian. {_STRICT} as it prevents from using the double backward trick to replace "
    "forward mode AD.",
}


def _check_tracked(tensors: Maybe, what: str, strict: bool) -> None:
    """Raise RuntimeError, if strict, for a tensor that depends on nothing."""
    for place, tensor in enumerate(tensors) if strict else ():
        if tensor is None:
            raise RuntimeError(_MISSING["back"].format(place))
        if not tensor.requires_grad:
            raise RuntimeError(_UNTRACKED[what].format(place))


def _filled(found: Maybe, like: Tensors, strict: bool, create_graph: bool, stage: str) -> Tensors:
    """Zeros where no gradient arrived; if strict, RuntimeError."""
    for place, g in enumerate(found) if strict else ():
        if g is None:
            raise RuntimeError(_MISSING[stage].format(place))
        if create_graph and not g.requires_grad:
            what = "hessian" if "double" in stage else "jacobian"
            raise RuntimeError(
                f"The {what} of the user-provided function is independent of input {place}. "
                f"{_STRICT} when create_graph=True."
            )
    return tuple(_zeros(x) if g is None else g for g, x in zip(found, like, strict=True))


def _check_vector(v: Any, like: Tensors, several: bool, name: str, only: str) -> Any:
    """v as a tuple, of the shapes of `like`; None, for 1, where that is one number."""
    if v is None:
        if len(like) != 1 or like[0].array.size != 1:
            raise RuntimeError(
                f"The vector v can only be None if the {only} a single Tensor with a single "
                "element."
            )
        return None
    _, found = _tuple(v, "v", name)
    if len(found) != len(like):
        raise RuntimeError(
            f"v is a tuple of invalid length: should be {len(like)} but got {len(found)}."
            if several
            else "The given v should contain a single Tensor."
        )
    for place, (a, b) in enumerate(zip(found, like, strict=True)):
        if a.array.shape != b.array.shape:
            entry = f"Entry {place} in " if several else ""
            raise RuntimeError(f"{entry}v has invalid size: should be {b.shape} but got {a.shape}.")
    return found


# ---- products --------------------------------------------------------------------------------


def vjp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """func(inputs), and v times its Jacobian.

    Args:
        func: a function of Tensors that gives a Tensor or a tuple of them.
        inputs: its arguments, a Tensor or a tuple of them.
        v: of the shapes of what func gives; may be left out if that is one number.
        create_graph: results can be differentiated again.
        strict: raise RuntimeError where something does not depend on the inputs.
    """
    with enable_grad():
        many_in, xs = _tuple(inputs, "inputs", "vjp")
        xs = _taken(xs, create_graph)
        many_out, ys = _tuple(func(*xs), _OUTPUTS, "vjp")
        _check_tracked(ys, "outputs", strict)
        weights = _check_vector(v, ys, many_out, "vjp", "user-provided function returns")
        found = gradients(ys, xs, weights, create_graph)
        products = _filled(found, xs, strict, create_graph, "back")
    return (
        _packed(many_out, _given(ys, create_graph)),
        _packed(many_in, _given(products, create_graph)),
    )


_ONLY_INPUT = "input to the user-provided function is"


def jvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """func(inputs), and its Jacobian times v, of the shapes of the inputs; as `vjp` otherwise."""
    with enable_grad():
        many_in, xs = _tuple(inputs, "inputs", "jvp")
        xs = _taken(xs, create_graph)
        tangents = _check_vector(v, xs, many_in, "jvp", _ONLY_INPUT)
        many_out, ys = _tuple(func(*xs), _OUTPUTS, "jvp")
        _check_tracked(ys, "outputs", strict)
        weights = tuple(_zeros(y).requires_grad_() for y in ys)
        back = gradients(ys, xs, weights, create_graph=True)
        _check_tracked(back, "gradients", strict)
        found = gradients(back, weights, tangents, create_graph)
        products = _filled(found, ys, strict, create_graph, "back_trick")
    return (
        _packed(many_out, _given(ys, create_graph)),
        _packed(many_out, _given(products, create_graph)),
    )


def _number(made: Any, name: str, strict: bool) -> Tensors:
    """What a function of one number gave. Raises RuntimeError for anything else."""
    several, ys = _tuple(made, _OUTPUTS, name)
    _check_tracked(ys, "outputs", strict)
    if several:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if ys[0].array.size != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {name} should contain a single element"
        )
    return ys


def _slopes(
    func: Function, inputs: Any, v: Any, name: str, create_graph: bool, strict: bool
) -> tuple[bool, Tensors, Tensors, Tensors, Maybe]:
    """Whether inputs are several, the inputs, the vector, func's number and its gradients."""
    many, xs = _tuple(inputs, "inputs", name)
    xs = _taken(xs, create_graph)
    vector = _check_vector(v, xs, many, name, _ONLY_INPUT)
    ys = _number(func(*xs), name, strict)
    slopes = gradients(ys, xs, create_graph=True)
    _check_tracked(slopes, "jacobian", strict)
    return many, xs, vector, ys, slopes


def vhp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """func(inputs), one number, and v times its Hessian; as `vjp` otherwise."""
    with enable_grad():
        many, xs, weights, ys, slopes = _slopes(func, inputs, v, "vhp", create_graph, strict)
        found = gradients(slopes, xs, weights, create_graph)
        products = _filled(found, xs, strict, create_graph, "double_back")
    return _given(ys, create_graph)[0], _packed(many, _given(products, create_graph))


def hvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """func(inputs), one number, and its Hessian times v; as `vjp` otherwise."""
    with enable_grad():
        many, xs, tangents, ys, slopes = _slopes(func, inputs, v, "hvp", create_graph, strict)
        weights = tuple(_zeros(x).requires_grad_() for x in xs)
        back = gradients(slopes, xs, weights, create_graph=True)
        found = gradients(back, weights, tangents, create_graph)
        products = _filled(found, xs, strict, create_graph, "double_back_trick")
    return _given(ys, create_graph)[0], _packed(many, _given(products, create_graph))


# ---- matrices --------------------------------------------------------------------------------


def jacobian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The derivatives of everything func gives by all of its inputs.

    For an output and an input, a Tensor of the shape of the output followed by that of the input;
    nested tuples of them, outputs outside, where there are several.

    Args:
        func: a function of Tensors that gives a Tensor or a tuple of them.
        inputs: its arguments, a Tensor or a tuple of them.
        create_graph: results can be differentiated again.
        strict: raise RuntimeError where something does not depend on the inputs.
        vectorize: makes no difference here.
        strategy: "reverse-mode" or "forward-mode", which is taken for the other's name.
    """
    _check_strategy(create_graph, strict, vectorize, strategy)
    with enable_grad():
        many_in, xs = _tuple(inputs, "inputs", "jacobian")
        xs = _taken(xs, create_graph)
        many_out, ys = _tuple(func(*xs), _OUTPUTS, "jacobian")
        _check_tracked(ys, "outputs", strict)
        blocks = [_blocks(i, y, xs, create_graph, strict) for i, y in enumerate(ys)]
    if strategy == "forward-mode":
        cast = [[block.to(y.dtype) for block in row] for row, y in zip(blocks, ys, strict=True)]
        return _packed(many_out, [_packed(many_in, row) for row in cast])
    found = tuple(_packed(many_in, _given(row, create_graph)) for row in blocks)
    return _packed(many_out, found)


def _check_strategy(create_graph: bool, strict: bool, vectorize: bool, strategy: str) -> None:
    name = "torch.autograd.functional.jacobian"
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your '
            'function has more outputs than inputs, "forward-mode" tends to be more performant. '
            'Otherwise, prefer to use "reverse-mode".'
        )
    if strategy == "forward-mode":
        for given, option, error in (
            (create_graph, "create_graph", NotImplementedError),
            (strict, "strict", RuntimeError),
        ):
            if given:
                raise error(
                    f'{name}: `{option}=True` and `strategy="forward-mode"` are not supported '
                    f"together (yet). Please either set `{option}=False` or "
                    '`strategy="reverse-mode"`.'
                )
        if not vectorize:
            raise NotImplementedError(
                "Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly "
                "implemented for `vectorize=True`."
            )
    elif vectorize and strict:
        raise RuntimeError(
            f"{name}: `strict=True` and `vectorized=True` are not supported together. Please "
            "either set `strict=False` or `vectorize=False`."
        )


def _blocks(i: int, y: Tensor, xs: Tensors, create_graph: bool, strict: bool) -> Tensors:
    """The derivatives of the elements of one output by each input."""
    rows = list(jacobian_rows(y, xs, create_graph))
    for place, g in ((place, g) for row in rows for place, g in enumerate(row) if strict):
        if g is None:
            raise RuntimeError(
                f"Output {i} of the user-provided function is independent of input {place}. "
                f"{_STRICT}."
            )
        if create_graph and not g.requires_grad:
            raise RuntimeError(
                "The jacobian of the user-provided function is independent of input "
                f"{i}. {_STRICT} when create_graph=True."
            )
    return stacked(y, xs, rows)


def jacobian_rows(y: Tensor, xs: Tensors, create_graph: bool) -> Iterator[Maybe]:
    """The gradients of each element of y by the inputs; None where it does not depend on one."""
    flat = y.reshape(-1)
    return (gradients((flat[j],), xs, create_graph=create_graph) for j in range(y.array.size))


def stacked(y: Tensor, xs: Tensors, rows: Iterable[Maybe]) -> Tensors:
    """Such rows as a Jacobian for each input, of y's shape followed by the input's."""
    columns: list[list[Tensor]] = [[] for _ in xs]
    for row in rows:
        for column, g, x in zip(columns, row, xs, strict=True):
            column.append(_zeros(x) if g is None else g)
    return tuple(
        _torch["stack"](column).view((*y.array.shape, *x.array.shape))
        for column, x in zip(columns, xs, strict=True)
    )


def hessian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of a function of one number, for each pair of inputs; arguments as
    for `jacobian`.
    """
    many, xs = _tuple(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')

    def number(*values: Tensor) -> Any:
        return _number(func(*values), "hessian", strict)[0].squeeze()

    def slope(*values: Tensor) -> Any:
        found = jacobian(number, values, create_graph=True)
        _check_tracked(found, "jacobian", strict)
        return found

    found = jacobian(slope, xs, create_graph, strict, vectorize, outer_jacobian_strategy)
    return found if many else found[0][0]


for _function in (jacobian, hessian, vjp, jvp, vhp, hvp):
    expose(_function.__name__, _function, "torch.autograd.functional")
