"""PyTorch's autograd on NumPy: `import engine as torch`.

The engine knows nothing of gradcli, terminals or parsing, and needs NumPy alone. A reader begins
with op.py (what one operation is), then record.py (running and recording it) and traversal.py (the
traversal); ops/ holds the rows, family by family.

NumPy's floating-point warnings are turned off, since PyTorch has none: 0/0 is nan, silently.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np

from engine import catalog, families
from engine.tensor import Size, Tensor

__version__ = "0.1.0"

np.seterr(all="ignore")
families.load()


def _publish() -> None:
    """Make the catalog's namespaces importable: engine.nn.functional, engine.autograd, ..."""
    modules = {"torch": sys.modules[__name__]}
    for dotted, names in sorted(catalog.namespaces.items()):
        parts = dotted.split(".")
        for depth in range(2, len(parts) + 1):
            path = ".".join(parts[:depth])
            if path not in modules:
                name = __name__ + path.removeprefix("torch")
                modules[path] = sys.modules[name] = ModuleType(name)
                setattr(modules[".".join(parts[: depth - 1])], parts[depth - 1], modules[path])
        vars(modules[dotted]).update(names)


_publish()


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'torch' has no attribute '{name}'")


__all__ = ["Size", "Tensor"]
