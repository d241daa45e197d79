"""Loads the modules of operations: some at once, the others when one of their names is asked for.

Which names those are is listed in names.txt, made from the modules themselves by
`python -m tests.recorder.index`. A module that is not as it was listed, or is not listed at
all, is loaded at once, so that a row just added is found like any other.
"""

from __future__ import annotations

import importlib
import math
import os
from threading import RLock
from typing import Any

from engine.arrays.row import rows
from engine.graph import registry

HERE = os.path.dirname(__file__)
CORE = (
    "ops.elementwise.arithmetic",
    "ops.elementwise.functions",
    "ops.elementwise.comparison",
    "ops.elementwise.operators",
    "ops.reductions.sums",
    "ops.reductions.products",
    "ops.reductions.variance",
    "ops.reductions.extremes",
    "ops.reductions.truth",
    "ops.linalg.norms",
    "ops.views.shapes",
    "ops.views.transposes",
    "ops.views.parts",
    "ops.views.joining",
    "ops.views.splitting",
    "ops.views.rearranging",
    "ops.indexing.getitem",
    "ops.indexing.gather_scatter",
    "ops.indexing.masks",
    "ops.indexing.scatter_reduce",
    "ops.indexing.sorting",
    "ops.linalg.products",
    "ops.creation.data",
    "ops.creation.filled",
    "ops.creation.convert",
    "ops.elementwise.complex",
    "ops.creation.tensor_classes",
    "ops.compat.removed",
)
"""Modules loaded at once: what nearly every program needs."""
_ALONE = RLock()
"""Held by the thread that loads a module."""


def load() -> None:
    """Import the modules that do not wait; then all there is can be asked of the registry."""
    importlib.import_module("engine.dispatch.inplace")
    for module in CORE:
        importlib.import_module(f"engine.{module}")
    _expose_the_rest()
    changed = _sizes()
    for line in _index().splitlines():
        module, size, *names = line.split()
        if changed.get(module, size) == size:
            registry.await_names(module, names)
            changed.pop(module, None)
    for module in sorted(changed.keys() - CORE):
        load_module(module)


def _index() -> str:
    """A line for each module that waits: its size in bytes, and the names it makes public."""
    with open(os.path.join(HERE, "names.txt"), encoding="ascii") as file:
        return file.read()


def _sizes() -> dict[str, str]:
    """The modules of operations that are there, and the sizes of their files."""
    try:
        return {
            f"ops.{family.name}.{file.name[:-3]}": str(file.stat().st_size)
            for family in os.scandir(os.path.join(HERE, "ops"))
            if family.is_dir() and not family.name.startswith("_")
            for file in os.scandir(family.path)
            if file.name.endswith(".py") and not file.name.startswith("_")
        }
    except OSError:  # the package is no folder: it is as it was made
        return {}


def load_module(module: str) -> None:
    """Import a module that waits. One interrupted halfway leaves nothing behind."""
    with _ALONE:
        before = set(rows)
        try:
            importlib.import_module(f"engine.{module}")
        except BaseException:
            for name in set(rows) - before:
                del rows[name]
            raise
        for name in [name for name, modules in registry.waiting.items() if module in modules]:
            registry.waiting[name].remove(module)
            if not registry.waiting[name]:
                del registry.waiting[name]


def _settle(*failed: Any) -> Any:
    from engine.dispatch.failed_calls import settle

    return settle(*failed)


registry.load_module = load_module
registry.settle = _settle


def _expose_the_rest() -> None:
    from engine.arrays import dtypes
    from engine.backward import api
    from engine.graph import hooks, printing
    from engine.graph.registry import expose
    from engine.graph.tensor import Size

    expose("backward", api.backward, "autograd")
    expose("grad", api.grad, "autograd")
    expose("backward", api.backward_method, "Tensor")
    expose("register_hook", hooks.register_hook, "Tensor")
    expose("register_post_accumulate_grad_hook", hooks.register_post_accumulate_grad_hook, "Tensor")
    expose("retain_grad", hooks.retain_grad, "Tensor")
    for name, dtype in dtypes.names.items():
        expose(name, dtype, "torch")
    for function in (
        dtypes.get_default_dtype,
        dtypes.set_default_dtype,
        dtypes.finfo,
        dtypes.iinfo,
        printing.set_printoptions,
        printing.get_printoptions,
    ):
        expose(function.__name__, function, "torch")
    for name in ("pi", "e", "inf", "nan"):
        expose(name, getattr(math, name), "torch")
    expose("Size", Size, "torch")
