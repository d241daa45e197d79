"""torch.func: functions of functions of tensors: their gradients, Jacobians, and maps over batches.

A transform runs its function on tensors of its own, so that it differentiates by these and by
nothing else; results keep the history that leads to the caller's tensors, and lose what leads only
to the transform's. Arguments and results may be lists, tuples and dicts of tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from itertools import chain
from typing import Any

import numpy as np

from engine.arrays import pytree
from engine.arrays.modes import GRAD, mode
from engine.dispatch.fast_path import TENSORS as ops
from engine.graph import walk
from engine.graph.grad_mode import enable_grad
from engine.graph.node import edge_of
from engine.graph.registry import expose, namespaces
from engine.graph.tensor import Tensor, wrap
from engine.transforms.elements import units
from engine.transforms.functional import gradients, jacobian_rows, stacked
from engine.transforms.vmap import vmap

Function = Callable[..., Any]
Argnums = int | tuple[int, ...]
_torch = namespaces["torch"]

# ---- the transform's own tensors ---------------------------------------------------------------


def own(x: Any) -> Tensor:
    """A tensor to differentiate by: part of the caller's graph if x is, and new in any case."""
    if not isinstance(x, Tensor):
        raise ValueError(f"Thing passed to transform API must be Tensor, got {type(x)}")
    if x.requires_grad:
        alias: Tensor = ops.alias(x)
        return alias
    fresh: Tensor = x.detach().requires_grad_()
    return fresh


def _chosen(args: tuple[Any, ...], argnums: Any) -> tuple[int, ...]:
    """The places of the arguments to differentiate by. Raises RuntimeError as PyTorch."""
    if not isinstance(argnums, (int, tuple)):
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    asked = argnums if isinstance(argnums, tuple) else (argnums,)
    for place in asked:
        if not -len(args) <= place < len(args):
            raise RuntimeError(f"Got argnum={place}, but only {len(args)} positional inputs")
    places = tuple(place % len(args) for place in asked)
    if not places:
        raise RuntimeError("argnums must be non-empty")
    if len(set(places)) != len(places):
        raise RuntimeError(f"argnums elements must be unique, got {argnums}")
    return places


class _Inner:
    """The arguments of a function, some of them replaced by the transform's own tensors."""

    def __init__(self, args: tuple[Any, ...], argnums: Argnums) -> None:
        places = _chosen(args, argnums)
        self.args = list(args)
        for place in places:
            self.args[place] = pytree.mapped(own, args[place])
        self.several = isinstance(argnums, tuple)
        chosen = tuple(self.args[place] for place in places)
        self.shape = chosen if self.several else chosen[0]
        self.tensors: tuple[Tensor, ...] = tuple(pytree.leaves(self.shape))
        self.keep = bool(mode.get() & GRAD)

    def arranged(self, values: Sequence[Any]) -> Any:
        """A value for each of the tensors, as the arguments were given."""
        return pytree.rebuilt(self.shape, iter(values))

    def given(self, result: Any, *also: Tensor) -> Any:
        """A result, or a tree of them, as the caller gets it."""
        inside = {id(x) for x in (*self.tensors, *also)}
        return pytree.mapped(
            lambda x: (
                wrap(x.array)
                if isinstance(x, Tensor) and not (self.keep and leads_outside(x, inside))
                else x
            ),
            result,
        )


def leads_outside(x: Tensor, own: set[int]) -> bool:
    """Whether the history of x leads to a leaf that is not the transform's own."""
    start = edge_of(x)
    below = (edge for node in walk.nodes(start, below=walk.edges) for edge in node.edges)
    return any(isinstance(leaf, Tensor) and id(leaf) not in own for leaf in chain((start,), below))


def _zeros(x: Tensor) -> Tensor:
    return wrap(np.zeros(x.array.shape, x.array.dtype))


def _split(made: Any, has_aux: bool, name: str) -> tuple[Any, Any]:
    """What a function gave, and what it gave beside. Raises RuntimeError if it is no pair."""
    if not has_aux:
        return made, None
    if not (isinstance(made, tuple) and len(made) == 2):
        raise RuntimeError(
            f"{name}: output of function f should be a tuple: (output, aux) if has_aux is True"
        )
    for leaf in pytree.leaves(made[1]):
        if not isinstance(leaf, Tensor):
            raise RuntimeError(f"Expected tensors, got unsupported type {type(leaf)}")
    return made


def _tensors(made: Any, name: str) -> tuple[Tensor, ...]:
    for leaf in pytree.leaves(made):
        if not isinstance(leaf, Tensor):
            raise RuntimeError(
                f"{name}: expected f(*primals) to return only tensors, got unsupported type "
                f"{type(leaf)}"
            )
    return tuple(pytree.leaves(made))


# ---- gradients ---------------------------------------------------------------------------------


def grad_and_value(func: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """A function of the same arguments that gives func's gradient and its value.

    Args:
        func: gives a Tensor without dimensions.
        argnums: the place of the argument to differentiate by, or several.
        has_aux: func gives a pair, the second of which is passed on with the value.
    """
    name = "grad_and_value(f)(*args)"

    @wraps(func)
    def both(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        inner = _Inner(args, argnums)
        with enable_grad():
            value, aux = _split(func(*inner.args, **kwargs), has_aux, name)
            if not isinstance(value, Tensor):
                raise RuntimeError(
                    f"{name}: Expected f(*args) to return a Tensor, got {type(value)}"
                )
            if value.array.ndim:
                raise RuntimeError(
                    f"{name}: Expected f(*args) to return a scalar Tensor, got tensor with "
                    f"{value.array.ndim} dims. Maybe you wanted to use the vjp or jacrev APIs "
                    "instead?"
                )
            slopes = _slopes((value,), inner.tensors, None)
        found = inner.given(inner.arranged(slopes))
        return found, inner.given((value, aux) if has_aux else value)

    return both


def _slopes(ys: Any, xs: tuple[Tensor, ...], weights: Any) -> tuple[Tensor, ...]:
    found = gradients(ys, xs, weights, create_graph=True)
    return tuple(_zeros(x) if g is None else g for g, x in zip(found, xs, strict=True))


def grad(func: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """A function of the same arguments that gives func's gradient; as grad_and_value."""
    both = grad_and_value(func, argnums, has_aux)

    @wraps(func)
    def slope(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return slope


def vjp(func: Function, *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """func(*primals), and the function of a cotangent that gives its product with the Jacobian."""
    name = "vjp(f, *primals)"
    inner = _Inner(primals, tuple(range(len(primals))))
    with enable_grad():
        value, aux = _split(func(*inner.args), has_aux, name)
        ys = _tensors(value, name)

    def pull(
        *cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None
    ) -> tuple[Any, ...]:
        given = cotangents[0]
        if not pytree.same_shape(given, value):
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of "
                f"outputs to the function. cotangents: {pytree.drawn(given)}, primal output: "
                f"{pytree.drawn(value)}"
            )
        with enable_grad():
            found = inner.arranged(_slopes(ys, inner.tensors, tuple(pytree.leaves(given))))
        return inner.given(found)  # type: ignore[no-any-return]

    shown = inner.given(value)
    return (shown, pull, inner.given(aux)) if has_aux else (shown, pull)


class _Pushed:
    """A function run on the transform's own tensors, ready to be differentiated in directions."""

    def __init__(self, func: Function, inner: _Inner, has_aux: bool) -> None:
        name = "jvp(f, primals, tangents)"
        self.inner = inner
        with enable_grad():
            self.value, self.aux = _split(func(*inner.args), has_aux, name)
            self.ys = _tensors(self.value, name)
            self.weights = tuple(_zeros(y).requires_grad_() for y in self.ys)
            self.back = gradients(self.ys, inner.tensors, self.weights, create_graph=True)

    def along(self, tangents: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """The derivatives of the outputs in a direction."""
        for x, t in zip(self.inner.tensors, tangents, strict=True):
            if x.array.shape != t.array.shape:
                raise RuntimeError(
                    "Trying to set a forward gradient that has a different size than that of the "
                    "original Tensor, this is not supported. Tensor is of size "
                    f"{list(x.array.shape)} while the given forward gradient is of size "
                    f"{list(t.array.shape)}."
                )
        with enable_grad():
            found = gradients(self.back, self.weights, tuple(tangents), create_graph=True)
        return tuple(_zeros(y) if g is None else g for g, y in zip(found, self.ys, strict=True))

    def shown(self, values: Sequence[Tensor]) -> Any:
        """A value for each of the outputs, as func gave them."""
        return self.inner.given(pytree.rebuilt(self.value, iter(values)), *self.weights)


def jvp(
    func: Function, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False
) -> tuple[Any, ...]:
    """func(*primals), and its Jacobian times tangents."""
    name = "jvp(f, primals, tangents)"
    if not isinstance(primals, tuple):
        raise RuntimeError(
            f"{name}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals)."
        )
    if not pytree.same_shape(primals, tangents):
        raise RuntimeError(
            f"{name}: Expected primals and tangents to have the same python structure. For "
            "example, if primals is a tuple of 3 tensors, tangents also must be. Got primals with "
            f"structure {pytree.structure(primals)} and tangents with structure "
            f"{pytree.structure(tangents)}"
        )
    if not pytree.leaves(primals):
        raise RuntimeError(f"{name}: Expected primals to contain at least one Tensor.")
    pushed = _Pushed(func, _Inner(primals, tuple(range(len(primals)))), has_aux)
    found = pushed.shown(pushed.along(pytree.leaves(tangents)))
    value = pushed.shown(pushed.ys)
    return (value, found, pushed.inner.given(pushed.aux)) if has_aux else (value, found)


def linearize(func: Function, *primals: Any) -> tuple[Any, Function]:
    """func(*primals), and the function of tangents that gives its Jacobian times them."""
    pushed = _Pushed(func, _Inner(primals, tuple(range(len(primals)))), False)

    def push(*tangents: Any) -> Any:
        return pushed.shown(pushed.along(pytree.leaves(tangents)))

    return pushed.shown(pushed.ys), push


# ---- Jacobians ---------------------------------------------------------------------------------


def jacrev(
    func: Function, argnums: Argnums = 0, *, has_aux: bool = False, chunk_size: int | None = None
) -> Function:
    """A function of the same arguments that gives func's Jacobian, a row at a time.

    For an output and an input: a Tensor of the shape of the output followed by that of the input.
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        inner = _Inner(args, argnums)
        with enable_grad():
            value, aux = _split(func(*inner.args, **kwargs), has_aux, "vjp(f, *primals)")
            ys = _tensors(value, "vjp(f, *primals)")
            blocks = [inner.arranged(_rows(y, inner.tensors)) for y in ys]
        found = inner.given(pytree.rebuilt(value, iter(blocks)))
        return (found, inner.given(aux)) if has_aux else found

    return jacobian


def _rows(y: Tensor, xs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    if not y.array.size:
        return tuple(wrap(np.zeros((*y.array.shape, *x.array.shape), x.array.dtype)) for x in xs)
    return stacked(y, xs, jacobian_rows(y, xs, create_graph=True))


def jacfwd(
    func: Function, argnums: Argnums = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Function:
    """A function of the same arguments that gives func's Jacobian, a column at a time."""

    @wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        inner = _Inner(args, argnums)
        pushed = _Pushed(lambda *given: func(*given, **kwargs), inner, has_aux)
        with enable_grad():
            columns = [_columns(pushed, i) for i in range(len(inner.tensors))]
        blocks = [inner.arranged([column[j] for column in columns]) for j in range(len(pushed.ys))]
        found = inner.given(pytree.rebuilt(pushed.value, iter(blocks)), *pushed.weights)
        return (found, inner.given(pushed.aux)) if has_aux else found

    return jacobian


def _columns(pushed: _Pushed, i: int) -> list[Tensor]:
    """The derivatives of each output by the elements of one input."""
    xs = pushed.inner.tensors
    x = xs[i]
    columns = [
        pushed.along([tangent if k == i else _zeros(x) for k, x in enumerate(xs)])
        for tangent in units(x)
    ]
    return [
        _torch["stack"]([column[k] for column in columns], -1).reshape(
            (*y.array.shape, *x.array.shape)
        )
        if columns
        else wrap(np.zeros((*y.array.shape, *x.array.shape), y.array.dtype))
        for k, y in enumerate(pushed.ys)
    ]


def hessian(func: Function, argnums: Argnums = 0) -> Function:
    """A function of the same arguments that gives func's second derivatives."""
    return jacfwd(jacrev(func, argnums), argnums)


__all__ = [
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "vjp",
    "vmap",
]
for _function in (
    grad,
    grad_and_value,
    vjp,
    jvp,
    linearize,
    jacrev,
    jacfwd,
    hessian,
):
    expose(_function.__name__, _function, "torch.func")
