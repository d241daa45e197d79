"""Lists which module of the engine gives which names: `python -m tests.recorder.index`.

engine/names.txt lets a module wait until one of its names is asked for. Each name is noted as the
module that gives it is run; nothing is typed.
"""

import importlib
import pkgutil
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).parents[2]
INDEX = ROOT / "engine" / "names.txt"


def public_names() -> set[tuple[str, str]]:
    """Every public name so far, with where it is reached."""
    registry = sys.modules.get("engine.graph.registry")
    if registry is None or not hasattr(registry, "attributes"):
        return set()
    found = {(where, name) for where, names in registry.namespaces.items() for name in list(names)}
    return found | {("Tensor", name) for name in registry.methods | registry.attributes}


def no_folder(path: object) -> Any:
    """Stands for os.scandir while the engine is imported: no module counts as changed."""
    raise OSError


def given() -> dict[str, set[str]]:
    """Module that waits → the names it makes public as it is run, without those of its imports."""
    found: dict[str, set[str]] = {}
    running: list[str] = []
    seen: set[tuple[str, str]] = set()
    run = SourceFileLoader.exec_module

    def note() -> None:
        nonlocal seen
        now = public_names()
        if running:
            found.setdefault(running[-1], set()).update(name for _, name in now - seen)
        seen = now

    def noted(self: SourceFileLoader, module: ModuleType) -> None:
        note()
        running.append(module.__name__)
        run(self, module)
        note()
        running.pop()

    SourceFileLoader.exec_module = noted  # type: ignore[method-assign]
    try:
        with patch("os.scandir", no_folder):
            engine = importlib.import_module("engine")
        found.clear()
        for part in pkgutil.walk_packages(engine.__path__, "engine."):
            importlib.import_module(part.name)
    finally:
        SourceFileLoader.exec_module = run  # type: ignore[method-assign]
    return found


def listed() -> str:
    """The text of engine/names.txt."""
    names = given()
    lines = []
    for module in sorted(names):
        short, path = module.removeprefix("engine."), Path(sys.modules[module].__file__ or "")
        own = names[module]
        own = {n for n in own if n.removesuffix("_") == n or n.removesuffix("_") not in own}
        own = {n for n in own if not n.startswith("__")}
        package = path.name == "__init__.py"
        if package or not (own or short.startswith("ops.")):
            continue
        size = path.stat().st_size if short.startswith("ops.") else 0
        lines.append(" ".join([short, str(size), *sorted(own)]) + "\n")
    return "".join(lines)


if __name__ == "__main__":
    INDEX.write_text(listed(), encoding="utf-8")
