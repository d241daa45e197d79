"""The architecture, held: folders are layers, and imports go down.

`LAYERS` is the order. An import counts wherever it stands, inside functions and for types too. The
folders are read from what is imported, so a new file needs no entry here.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = {
    ".": "engine gradcli",
    "engine": "arrays graph dispatch backward random ops transforms nn optim",
    "engine/ops": "elementwise activations creation views reductions indexing linalg nn fft sampling "
    "compat",
    "gradcli": "base language session explain diagnostics commands output transcripts repl app cli",
    "gradcli/language": "syntax evaluation",
    "gradcli/explain": "formula graph why",
    "gradcli/explain/formula": "algebra",
}
"""Folder → what stands in it, the lowest first; what is not named stands above all that is."""
LIBRARIES = {
    "click": ("gradcli/cli.py",),
    "rich": ("gradcli/output/",),
    "prompt_toolkit": ("gradcli/repl/",),
    "jax": ("engine/",),
    "scipy": ("engine/",),
    "torch": (),
}
"""Library → the files, or folders, that may import it."""
MOST, MOST_ON_TOP, LONGEST = 20, 8, 700
"""How many modules a folder may hold, how many `engine` and `gradcli` themselves; lines of one."""
WAYS_OUT = """Ways out:
  - move what is wanted down, to the lowest layer that needs it (data and small helpers: base);
  - let the higher layer do it: it may call the lower one, before or after;
  - have it given from above: as an argument, in a table that the higher layer fills, or by a
    method that gradcli/app.py overrides;
  - for a type alone: a Protocol that says what the lower layer needs of it."""

FILES = [
    path.relative_to(ROOT) for part in ("engine", "gradcli") for path in (ROOT / part).rglob("*.py")
]
MODULES = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in FILES}


class Import(NamedTuple):
    """One file's import of another, or of a library."""

    source: Path
    line: int
    module: str

    @property
    def target(self) -> Path | None:
        """The file that is imported, if it is one of ours."""
        return MODULES.get(self.module)

    def __str__(self) -> str:
        return f"{self.source}:{self.line} imports {self.target or self.module}"


def imports_of(path: Path) -> Iterator[Import]:
    """The imports of a file, wherever they stand in it."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (Import(path, node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: write the import out in full"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield Import(path, node.lineno, whole if whole in MODULES else node.module)


IMPORTS = [found for path in FILES for found in imports_of(path)]
INNER = [
    (found, found.target)
    for found in IMPORTS
    if found.target is not None and found.target != found.source
]
"""The imports of our own files, each with the file."""


def test_imports_go_down() -> None:
    wrong = [told for found, target in INNER if (told := _upward(found, target))]
    assert not wrong, "\n".join(["an import goes up.", *wrong, WAYS_OUT])


def _upward(found: Import, target: Path) -> str:
    """What is wrong with an import that goes up; it is told by the folder where the paths part."""
    names = zip(found.source.with_suffix("").parts, target.with_suffix("").parts, strict=False)
    depth, (here, there) = next((i, pair) for i, pair in enumerate(names) if pair[0] != pair[1])
    folder = "/".join(target.parts[:depth]) or "."
    order = LAYERS.get(folder, "").split()

    def height(name: str) -> int:
        return order.index(name) if name in order else len(order)

    if height(there) <= height(here):
        return ""
    return f"  {found}, but in {folder} {here} is below {there}: {' < '.join(order)}"


@pytest.mark.parametrize("of", ["files", "folders"])
def test_no_circle(of: str) -> None:
    """Two that import each other, directly or by way of others, cannot be read one by one."""
    graph: dict[Path, set[Path]] = {}
    why: dict[tuple[Path, Path], Import] = {}
    for found, target in INNER:
        ends = found.source, target
        one, other = ends if of == "files" else (ends[0].parent, ends[1].parent)
        if one != other:
            graph.setdefault(one, set()).add(other)
            why.setdefault((one, other), found)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        around = [f"  {why[pair]}" for pair in pairwise(reversed(error.args[1]))]
        head = f"a circle of {of}: one of these imports has to go."
        pytest.fail("\n".join([head, *around, WAYS_OUT]))


def test_a_folder_fits_on_a_screen() -> None:
    for folder, count in Counter(path.parent for path in FILES).items():
        most = MOST_ON_TOP if len(folder.parts) == 1 else MOST
        assert count <= most, (
            f"{folder} holds {count} modules, at most {most}: put those that belong together into a "
            "sub-folder whose __init__ says in one line what they are for"
        )


def test_each_library_has_its_place() -> None:
    for found in IMPORTS:
        places = LIBRARIES.get(found.module.split(".")[0])
        assert places is None or str(found.source).startswith(places), (
            f"{found}, which only {' and '.join(places) or 'no file'} may, so that all else runs "
            "without it: hand plain data (gradcli/base/outputs.py) to where the library is used"
        )


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


# What gradcli may import of the engine, and where: the recorded graph has one door.
FROM_ENGINE = {
    "engine": "gradcli/",
    "engine.transforms.recorded": "gradcli/",  # the graph
    "engine.graph.registry": "gradcli/",  # names
    "engine.arrays.row": "gradcli/",
    "engine.arrays.reduction": "gradcli/explain/formula/",
    "engine.graph.tensor": "gradcli/",  # values
    "engine.graph.printing": "gradcli/",
    "engine.arrays.dtypes": "gradcli/",
    "engine.arrays.types": "gradcli/",
    "engine.arrays.memory": "gradcli/",
    "engine.arrays.backends": "gradcli/explain/formula/",
    "engine.ops.creation.tensor_classes": "gradcli/language/",
    "engine.dispatch.errors.calls": "gradcli/language/",
    "engine.arrays.journal": ("gradcli/language/", "gradcli/session/"),  # what a session holds
    "engine.arrays.limits": ("gradcli/language/", "gradcli/session/"),
    "engine.arrays.modes": "gradcli/session/",
    "engine.arrays.state": "gradcli/",
    "engine.graph.provenance": "gradcli/session/",
    "engine.graph.storage": "gradcli/session/",
    "engine.random.generator": "gradcli/session/",
}


def test_gradcli_asks_the_engine_through_few_modules() -> None:
    for found in IMPORTS:
        if found.source.parts[0] == "gradcli" and found.module.split(".")[0] == "engine":
            assert str(found.source).startswith(FROM_ENGINE.get(found.module, ())), (
                f"{found}: what is asked of a recorded graph goes through "
                "engine/transforms/recorded.py"
            )
