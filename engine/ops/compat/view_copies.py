"""Views as copies: view_copy, slice_copy and their like, and parts that are not tracked as views.

Each runs the view's own function, for its checks, and then the row of the copy on what the view
was made with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.arrays.row import not_implemented, rows
from engine.dispatch.arguments import wrap_dim
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.graph.registry import public
from engine.graph.storage import View
from engine.graph.tensor import Tensor
from engine.ops.elementwise import complex
from engine.ops.elementwise.arithmetic import no_derivative
from engine.ops.views import parts, shapes, splitting, transposes

# ---- rows ------------------------------------------------------------------------------------


def _copied(name: str) -> Callable[..., Any]:
    def forward(xp: Any, x: Any, *params: Any) -> Any:
        found = rows[name].over(xp)(x, *params)
        if isinstance(found, tuple):
            return tuple(xp.array(part, copy=True) for part in found)
        return xp.array(found, copy=True)

    return forward


def _shared(name: str) -> Callable[..., Any]:
    return lambda xp, x, *params: rows[name].over(xp)(x, *params)


def _like(name: str, new: str, forward: Callable[..., Any], node: str) -> None:
    """A row that does and differentiates as the view row `name`, and makes no view."""
    row = rows[name]
    params = f"; {', '.join(row.params)}" if row.params else ""
    op(
        f"{new}(x{params})",
        forward,
        outputs=row.outputs,
        node=node,
        estimate=row.estimate,
        holomorphic=row.holomorphic,
        x=row.pullbacks[0].rule,
    )


_VIEWS = (
    "view expand permute t transpose alias squeeze squeeze_dim squeeze_dims unsqueeze select slice "
    "unfold split split_with_sizes unbind view_as_real"
).split()
for _name in _VIEWS:
    _like(_name, f"{_name}_copy", _copied(_name), f"{rows[_name].node_name}_copy")
# fmt: off
_like("slice", "narrow_copy", _copied("slice"), "NarrowCopyBackward0")
_like("split", "unsafe_split", _shared("split"), "UnsafeSplitBackward0")
_like("split_with_sizes", "unsafe_split_with_sizes", _shared("split_with_sizes"),
      "UnsafeSplitWithSizesBackward0")
op("detach_copy(x)", lambda xp, x: xp.array(x, copy=True), node="NotImplemented",
   x=no_derivative("detach_copy"))
op("view_as_complex_copy(x)", _copied("view_as_complex"), holomorphic=False,
   x=not_implemented("view_as_complex_copy"))
# fmt: on

# ---- functions -------------------------------------------------------------------------------


def _made_with(view: Tensor) -> tuple[str, tuple[Any, ...]]:
    """The name of the row that made a view, and its parameters."""
    edge: View = view.edge
    row, params = edge.path[-1]
    return row.name, params if row.outputs == 1 else params[:-1]


def _function(name: str, of: Callable[..., Any], row_name: str, where: str, doc: str) -> None:
    """A function that checks as the view function `of` does, and runs a row of `row_name`.

    `row_name` has {} where the name of the view's row goes.
    """

    def copied(input: Tensor, *args: Any, **options: Any) -> Any:
        made = of(input, *args, **options)
        first = made[0] if isinstance(made, tuple) else made
        view, params = _made_with(first)
        return getattr(ops, row_name.format(view))(input, *params)

    copied.__name__ = copied.__qualname__ = name
    copied.__doc__ = doc
    public(where, name)(copied)


for _module, _names in (
    (shapes, "view expand squeeze unsqueeze"),
    (transposes, "permute t transpose"),
    (parts, "select diagonal unfold"),
):
    for _name in _names.split():
        _of = getattr(_module, _name)
        _function(f"{_name}_copy", _of, "{}_copy", "torch", f"{_name}, as a copy.")
for _name in ("split", "split_with_sizes", "unbind"):
    _function(
        f"{_name}_copy", getattr(splitting, _name), "{}_copy", "torch", f"{_name}, as copies."
    )
for _name in ("split", "split_with_sizes", "chunk"):
    _function(
        f"unsafe_{_name}",
        getattr(splitting, _name),
        "unsafe_{}",
        "torch Tensor",
        f"{_name}, not tracked as views: they may be written in place.",
    )
_function("narrow_copy", parts.narrow, "narrow_copy", "torch Tensor", "narrow, as a copy.")
_function("view_as_real_copy", complex.view_as_real, "{}_copy", "torch", "view_as_real, as a copy.")


@public("torch")
def alias_copy(input: Tensor) -> Tensor:
    """A copy of input, through which gradients flow."""
    return ops.alias_copy(input)


@public("torch")
def detach_copy(input: Tensor) -> Tensor:
    """A copy of input; its gradient is not implemented."""
    return ops.detach_copy(input)


@public("torch")
def slice_copy(
    input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """input[start:end:step] along a dimension, as a copy."""
    ndim = input.array.ndim
    if not ndim:
        raise RuntimeError("slice() cannot be applied to a 0-dim tensor.")
    place = wrap_dim(dim, ndim)
    if step < 1:
        raise RuntimeError("slice step must be positive")
    places = range(*slice(start, end, step).indices(input.array.shape[place]))
    stop = max(places.start, places.stop)
    return ops.slice_copy(input, place, places.start, stop, step)


@public("torch")
def view_as_complex_copy(input: Tensor) -> Tensor:
    """view_as_complex, as a copy; not for tensors that require grad."""
    complex.view_as_complex(input)
    if input.requires_grad:
        raise RuntimeError(
            "view_as_complex_copy does not support automatic differentiation for outputs with "
            "complex dtype."
        )
    return ops.view_as_complex_copy(input)
