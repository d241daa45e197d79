"""PyTorch's autograd on NumPy: `import engine as torch`.

The engine knows nothing of gradcli, terminals or parsing, and needs NumPy alone. A reader begins
with arrays/row.py (what one operation is), then dispatch/apply.py (running and recording it) and
backward/traversal.py (from roots to leaves); ops/ holds the rows, family by family. The folders are
layers, and each imports those before it alone: arrays, graph, dispatch, backward, random, ops,
transforms, nn and optim; loading.py and this module put them together.

NumPy's floating-point warnings are turned off, since PyTorch has none: 0/0 is nan, silently.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from engine import loading
from engine.arrays import memory
from engine.graph import registry
from engine.graph.tensor import Size, Tensor

__version__ = "0.1.0"

np.seterr(all="ignore")
memory.keep_freed()
loading.load()

from engine.ops.creation.tensor_classes import CALLABLE_TENSOR  # noqa: E402


def _publish() -> None:
    """Make the registry's namespaces importable: engine.nn.functional, engine.autograd, ...

    A namespace with a package of its own, such as nn/, is that package; one with a file, such as
    nn/init.py, is that file, imported when it is first asked for.
    """
    here = os.path.dirname(__file__)
    modules = {"torch": sys.modules[__name__]}
    for dotted in sorted(registry.namespaces):
        above, _, last = dotted.rpartition(".")
        name = __name__ + dotted.removeprefix("torch")
        path = os.path.join(here, *dotted.split(".")[1:])
        if above and not os.path.exists(f"{path}.py"):
            made = import_module(name) if os.path.isdir(path) else ModuleType(name)
            modules[dotted] = sys.modules[name] = made
            setattr(modules[above], last, made)
        if dotted in modules:
            vars(modules[dotted])["__getattr__"] = _finder(modules[dotted], dotted)
            vars(modules[dotted])["__dir__"] = partial(_listed, dotted)
    vars(modules["torch"]).update(registry.namespaces["torch"])  # tensor, before the module tensor


def _finder(module: ModuleType, dotted: str) -> Callable[[str], Any]:
    """What finds a name of a namespace when it is first asked for."""
    names = registry.namespaces[dotted]

    def find(name: str) -> Any:
        if f"{dotted}.{name}" in registry.namespaces:
            return import_module(f"{module.__name__}.{name}")
        if name not in names:
            raise AttributeError(f"module '{dotted}' has no attribute '{name}'")
        setattr(module, name, names[name])
        return names[name]

    return find


def _listed(dotted: str) -> list[str]:
    registry.complete()
    return sorted(registry.namespaces[dotted])


_publish()
vars(sys.modules[__name__])["Tensor"] = CALLABLE_TENSOR

__all__ = ["Size", "Tensor"]
