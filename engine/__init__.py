"""PyTorch's autograd on NumPy: `import engine as torch`.

The engine knows nothing of gradcli, terminals or parsing, and needs NumPy alone. A reader begins
with op.py (what one operation is), then record.py (running and recording it) and traversal.py (the
traversal); ops/ holds the rows, family by family.

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

from engine import catalog, families, memory
from engine.tensor import Size, Tensor

__version__ = "0.1.0"

np.seterr(all="ignore")
memory.keep_freed()
families.load()

from engine.ops.classes import CALLABLE_TENSOR  # noqa: E402


def _publish() -> None:
    """Make the catalog's namespaces importable: engine.nn.functional, engine.autograd, ...

    A namespace with a file of its own, such as random.py, is that file.
    """
    modules = {"torch": sys.modules[__name__]}
    files = {name.partition(".")[0] for name in os.listdir(os.path.dirname(__file__))}
    for dotted in sorted(catalog.namespaces):
        above, _, last = dotted.rpartition(".")
        if above in modules and (above != "torch" or last not in files):
            name = __name__ + dotted.removeprefix("torch")
            modules[dotted] = sys.modules[name] = ModuleType(name)
            setattr(modules[above], last, modules[dotted])
        if dotted in modules:
            vars(modules[dotted])["__getattr__"] = _finder(modules[dotted], dotted)
            vars(modules[dotted])["__dir__"] = partial(_listed, dotted)
    vars(modules["torch"]).update(catalog.namespaces["torch"])  # tensor, before the module tensor


def _finder(module: ModuleType, dotted: str) -> Callable[[str], Any]:
    """What finds a name of a namespace when it is first asked for."""
    names = catalog.namespaces[dotted]

    def find(name: str) -> Any:
        if f"{dotted}.{name}" in catalog.namespaces:
            return import_module(f"{module.__name__}.{name}")
        if name not in names:
            raise AttributeError(f"module '{dotted}' has no attribute '{name}'")
        setattr(module, name, names[name])
        return names[name]

    return find


def _listed(dotted: str) -> list[str]:
    catalog.complete()
    return sorted(catalog.namespaces[dotted])


_publish()
vars(sys.modules[__name__])["Tensor"] = CALLABLE_TENSOR

__all__ = ["Size", "Tensor"]
