"""Loads every family of operations and makes what is generated from them: in-place forms, names."""

from __future__ import annotations

import importlib
import math

CORE = (
    "arithmetic", "reduce", "norms", "shape", "reshaping", "joining", "splitting", "rearranging",
    "index", "places", "combining", "order", "linalg", "nn", "data", "creation", "drawing",
    "convert",
)  # fmt: skip
"""Families loaded at once."""
REST = (
)  # fmt: skip
"""Families loaded when a name is asked for that no other has."""


def load() -> None:
    """Import the families; then everything public is in the catalog."""
    for family in (*CORE, *REST):
        importlib.import_module(f"engine.ops.{family}")
    _generate_in_place()
    _expose_the_rest()


def _generate_in_place() -> None:
    from engine.catalog import expose, written_over
    from engine.inplace import AUGMENTED, IN_PLACE, augmented, copy_, fill_, in_place, zero_
    from engine.op import rows
    from engine.tensor import Tensor

    for name in IN_PLACE:
        function = getattr(Tensor, name, None)
        if function is not None:
            expose(f"{name}_", in_place(f"{name}_", function), "Tensor")
    for name, (function, bare) in written_over.items():
        places = "torch Tensor" if bare else "Tensor"
        expose(f"{name}_", in_place(f"{name}_", function), places)
    written_over.clear()
    for function in (fill_, zero_, copy_):
        expose(function.__name__, function, "Tensor")
    for operator, row in AUGMENTED.items():
        method = getattr(Tensor, f"{row.removesuffix('_tensor')}_")
        setattr(Tensor, f"__{operator}__", augmented(rows[row], method))


def _expose_the_rest() -> None:
    from engine import backward, dtypes, format, grad_mode, hooks
    from engine.catalog import attributes, expose
    from engine.tensor import Size, Tensor

    expose("backward", backward.backward, "autograd")
    expose("grad", backward.grad, "autograd")
    expose("backward", backward.backward_method, "Tensor")
    expose("register_hook", hooks.register_hook, "Tensor")
    expose("register_post_accumulate_grad_hook", hooks.register_post_accumulate_grad_hook, "Tensor")
    expose("retain_grad", hooks.retain_grad, "Tensor")
    for name, dtype in dtypes.names.items():
        expose(name, dtype, "torch")
    for function in (dtypes.get_default_dtype, dtypes.set_default_dtype,
                     format.set_printoptions, format.get_printoptions):  # fmt: skip
        expose(function.__name__, function, "torch")
    for name in ("pi", "e", "inf", "nan"):
        expose(name, getattr(math, name), "torch")
    expose("Tensor", Tensor, "torch")
    expose("Size", Size, "torch")
    attributes.update(("T", "mT", "_version", "retains_grad"))
    assert grad_mode
