"""Modules that wait are found by their names: the list of names is made from what they give."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

PROGRAM = """
from engine.graph import registry as catalog
import engine
def names():
    found = {n for given in catalog.namespaces.values() for n in dict.keys(given)}
    return found | catalog.methods | catalog.attributes
listed = set(catalog.waiting)
before = names()
catalog.complete()
after = names()
missing = {n for n in after - before - listed if n.removesuffix("_") not in listed}
print(sorted(n for n in missing if not n.startswith("__")), sorted(listed - after))
"""


def test_the_names_that_wait_are_those_the_families_give() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.strip() == "[] []"


def test_importing_the_engine_loads_no_family_that_waits() -> None:
    program = "import sys, engine; print([m for m in sys.modules if 'special' in m or 'conv' in m])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "engine.ops.elementwise.special" not in done.stdout
    assert "engine.ops.nn.convolution" not in done.stdout


def test_the_index_is_as_its_recorder_makes_it() -> None:
    """It is not stale: if this fails, run `python -m tests.recorder.index`."""
    program = "from tests.recorder.index import INDEX, listed; print(listed() == INDEX.read_text())"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "True", "engine/names.txt: run python -m tests.recorder.index"
