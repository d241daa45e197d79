"""Who may import whom: the engine knows nothing of gradcli, and each library has its one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = [
    path.relative_to(ROOT) for part in ("engine", "gradcli") for path in (ROOT / part).rglob("*.py")
]
PLACES = {
    "click": ("gradcli/cli.py",),
    "rich": ("gradcli/output/",),
    "prompt_toolkit": ("gradcli/repl/",),
    "jax": ("engine/",),
    "scipy": ("engine/",),
    "torch": (),
}
"""Library → the files, or folders, that may import it."""
LONGEST = 700


def imported(path: Path) -> Iterator[str]:
    """The modules a file imports, wherever in it."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports(path: Path) -> None:
    for module in imported(path):
        top = module.split(".")[0]
        assert top in PLACES or path.parts[0] == "gradcli" or top != "gradcli", module
        if top in PLACES:
            assert str(path).startswith(PLACES[top]), f"{path} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_module_says_its_one_idea(path: Path) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert text.count("\n") < LONGEST


def test_the_session_writes_and_reads_no_terminal() -> None:
    """print and input are the interfaces' business."""
    for path in FILES:
        if path.parts[0] == "gradcli" and path.parts[1] not in ("repl", "cli.py", "screen.py"):
            tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
            names = {
                node.func.id
                for node in ast.walk(tree)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            assert not names & {"print", "input", "eval", "exec", "compile", "breakpoint"}, path
