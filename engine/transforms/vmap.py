"""torch.func.vmap: a function of one tensor made a function of a batch of them.

The function runs for one slice after the other, and what it gives is stacked: the same numbers as
PyTorch's, which runs it once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from engine.arrays import pytree
from engine.graph.registry import expose, namespaces
from engine.graph.tensor import Tensor, wrap
from engine.random.generator import default_generator

_torch = namespaces["torch"]


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """A function of the same arguments, each with one dimension more.

    Args:
        func: gives Tensors, alone or in tuples, lists and dicts.
        in_dims: along which dimension an argument is taken apart; None for as a whole. One for
            all, or one for each.
        out_dims: along which dimension results are stacked; None for what is the same for all.
        randomness: whether func may draw: "error", "different" numbers for each, or the "same".
        chunk_size: makes no difference here.
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(
            "Only allowed values for randomness are 'error', 'different', or 'same'. Got "
            f"{randomness}"
        )
    name = str(getattr(func, "__name__", None) or getattr(func, "name", func))

    @wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        dims, size = _taken_apart(name, in_dims, args)
        values = pytree.leaves(args)
        state = default_generator.raw_state()

        def once(i: int, values: list[Any]) -> Any:
            if randomness == "same":
                default_generator.set_state(state)
            parts = [
                value if dim is None else value.select(dim, i)
                for value, dim in zip(values, dims, strict=True)
            ]
            made = func(*pytree.rebuilt(args, iter(parts)), **kwargs)
            if randomness == "error" and not _same(state, default_generator.raw_state()):
                default_generator.set_state(state)
                raise RuntimeError(
                    "vmap: called random operation while in randomness error mode. Please either "
                    "use the 'same' or 'different' randomness flags on vmap or perform the "
                    "randomness operation out of vmap"
                )
            return made

        if size == 0:  # run on nothing in particular, for the shapes
            some = [v if d is None else _one_slice(v, d) for v, d in zip(values, dims, strict=True)]
            return _stacked(name, out_dims, [once(0, some)], empty=True)
        return _stacked(name, out_dims, [once(i, values) for i in range(size)])

    return mapped


def _same(a: Any, b: Any) -> bool:
    return bool(np.array_equal(a, b)) if isinstance(a, np.ndarray) else a == b


def _one_slice(value: Tensor, dim: int) -> Tensor:
    shape = list(value.array.shape)
    shape[dim] = 1
    return wrap(np.zeros(shape, value.array.dtype))


def _taken_apart(name: str, in_dims: Any, args: tuple[Any, ...]) -> tuple[list[Any], int]:
    """The dimension of each value among the arguments, and its size. Raises as PyTorch."""
    call = f"vmap({name}, in_dims={in_dims}, ...)(<inputs>)"
    if not isinstance(in_dims, (int, tuple)):
        raise ValueError(
            f"{call}: expected `in_dims` to be int or a (potentially nested) tuple matching the "
            f"structure of inputs, got: {type(in_dims)}."
        )
    if not args:
        raise ValueError(
            f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are "
            "trying to vmap over a function with no inputs. The latter is unsupported."
        )
    dims = pytree.spread(in_dims, args)
    if dims is None:
        raise ValueError(
            f"{call}: in_dims is not compatible with the structure of `inputs`. in_dims has "
            f"structure {pytree.structure(in_dims)} but inputs has structure "
            f"{pytree.structure(args)}."
        )
    values = pytree.leaves(args)
    dims = [_checked(call, value, dim) for value, dim in zip(values, dims, strict=True)]
    sizes = [v.array.shape[d] for v, d in zip(values, dims, strict=True) if d is not None]
    if not sizes:
        raise ValueError("vmap: Expected at least one Tensor to vmap over")
    if len(set(sizes)) > 1:
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    return dims, sizes[0]


def _checked(call: str, value: Any, dim: Any) -> int | None:
    if dim is None:
        return None
    if not isinstance(dim, int):
        raise ValueError(
            f"{call}: Got in_dim={dim} for an input but in_dim must be either an integer dimension "
            "or None."
        )
    if not isinstance(value, Tensor):
        raise ValueError(
            f"{call}: Got in_dim={dim} for an input but the input is of type {type(value)}. We "
            "cannot vmap over non-Tensor arguments, please use None as the respective in_dim"
        )
    count = value.array.ndim
    if not -count <= dim < count:
        raise ValueError(
            f"{call}: Got in_dim={dim} for some input, but that input is a Tensor of "
            f"dimensionality {count} so expected in_dim to satisfy -{count} <= in_dim < {count}."
        )
    return dim % count


def _stacked(name: str, out_dims: Any, results: list[Any], empty: bool = False) -> Any:
    """What the function gave for each slice, put together. Raises as PyTorch."""
    first = results[0]
    call = f"vmap({name}, ..., out_dims={out_dims})"
    for dim in pytree.leaves(out_dims):
        if dim is not None and not isinstance(dim, int):
            raise ValueError(
                f"{call}: `out_dims` must be an int, None or a python collection of ints "
                "representing where in the outputs the vmapped dimension should appear."
            )
    dims = pytree.spread(out_dims, first)
    if dims is None:
        raise ValueError(
            f"{call}(<inputs>): out_dims is not compatible with the structure of `outputs`. "
            f"out_dims has structure {pytree.structure(out_dims)} but outputs has structure "
            f"{pytree.structure(first)}."
        )
    columns = zip(*map(pytree.leaves, results), strict=True)
    return pytree.rebuilt(
        first,
        iter([_column(name, parts, dim, empty) for parts, dim in zip(columns, dims)]),  # noqa: B905
    )


def _column(name: str, parts: tuple[Any, ...], dim: int | None, empty: bool) -> Any:
    if dim is None:
        return parts[0]
    if not isinstance(parts[0], Tensor):
        raise ValueError(
            f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(parts[0])}. Did "
            "you mean to set out_dims= to None for output?"
        )
    stacked = _torch["stack"](list(parts), dim)
    return stacked.narrow(dim, 0, 0) if empty else stacked


expose("vmap", vmap, "torch torch.func")
