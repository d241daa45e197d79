"""Adding an operation: its row goes into the table, and its name where programs reach it.

    op("hypot(a, b)", "hypot", "sqrt(input**2 + other**2), without overflow.", elementwise=True,
       a=lambda ns, g, a, out: g * (a / out),
       b=lambda ns, g, b, out: g * (b / out))

A row with a text is public as it stands: torch.hypot, Tensor.hypot, the bare name in the language.
One without is a part of others, or is reached through a function that spells its arguments out.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from engine.arrays.row import Op, rows
from engine.dispatch.fast_path import TENSORS
from engine.dispatch.spelling import declared, in_place_on_request, spelled
from engine.graph.registry import expose, public

IN_PLACE = "torch Tensor Tensor_"
EVERYWHERE = "torch Tensor Tensor_ torch_"
"""Where functions with an in-place form are reached (see registry.expose)."""
_OPTIONS = frozenset(Op.__init__.__kwdefaults__ or ())


def op(
    signature: str,
    forward: str | Callable[..., Any],
    text: str = "",
    *,
    where: str = "torch Tensor",
    names: str = "",
    inplace: bool = False,
    **options: Any,
) -> Op:
    """Add a row to the table and, if it has a text for help, make it public.

    Args:
        signature: see Op, as for `forward`.
        text: what the function computes, a line for help, of `input` and `other`.
        where: the namespaces it is reached in, as registry.expose has them.
        names: its public names, by default the row's; the first is its own, the others are aliases.
        inplace: nn.functional has it too, with a parameter `inplace`.
        options: Op's, and for each operand its rule. Operands of an elementwise row that do not
            broadcast raise PyTorch's error unless `check` says otherwise.

    Raises:
        TypeError: there is a row of that name, or the rules do not fit the operands (see Op).
    """
    rules = {name: options.pop(name) for name in [*options] if name not in _OPTIONS}
    if options.get("elementwise"):
        options.setdefault("check", broadcast_error)
    row = Op(signature, forward, rules, **options)
    if row.name in rows:
        raise TypeError(f"{row.name}: there is a row of that name already")
    rows[row.name] = row
    if text:
        first, *aliases = (names or row.name).split()
        function = function_of(row, first, text)
        if function is getattr(TENSORS, row.name):  # the shortest way says itself what fails
            for name in (first, *aliases):
                expose(name, function, where)
        else:
            public(where, first, *aliases)(function)
        if inplace:
            expose(first, in_place_on_request(function, parameters_of(row)), "F")
    return row


def parameters_of(row: Op) -> dict[str, str]:
    """Those of a row's public function: its operands by PyTorch's names, then its parameters."""
    star = ("*",) if row.positional < len(row.params) else ()
    params = (*row.params[: row.positional], *star, *row.params[row.positional :])
    return declared((*row.called, *params), row.defaults)


def function_of(row: Op, name: str, text: str) -> Callable[..., Any]:
    """The public function of a row: its own caller where that takes just the parameters it should;
    else one made to.
    """
    function: Callable[..., Any] = getattr(TENSORS, row.name)
    parameters, arguments = parameters_of(row), (*row.called, *row.params)
    code = function.__code__
    if code.co_varnames[: code.co_argcount] != row.called or row.params:
        return spelled(name, text, parameters, f"row({', '.join(arguments)})", row=function)
    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    return function


def broadcast_error(*arrays: Any) -> None:
    """Raise PyTorch's error for operands whose shapes do not broadcast."""
    shapes = [a.shape for a in arrays if hasattr(a, "shape")]
    for a, b in pairwise(shapes):
        ndim = max(len(a), len(b))
        wide_a, wide_b = (1,) * (ndim - len(a)) + a, (1,) * (ndim - len(b)) + b
        for dim in reversed(range(ndim)):
            if wide_a[dim] != wide_b[dim] and 1 not in (wide_a[dim], wide_b[dim]):
                error = RuntimeError(
                    f"The size of tensor a ({wide_a[dim]}) must match the size of tensor b "
                    f"({wide_b[dim]}) at non-singleton dimension {dim}"
                )
                error.operand = 1  # type: ignore[attr-defined]
                raise error
