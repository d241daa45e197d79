"""A row and a line of samples are all that a new operation needs, whether PyTorch has it or not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ROW_AND_SAMPLES = """
from engine.dispatch.operation import op
from tests.engine import samples, sampling

op("log_cosh(x)", lambda xp, x: xp.log(xp.cosh(x)), "log(cosh(x)).", elementwise=True, floats=True,
   x=lambda ns, g, x: g * ns.{derivative}(x))
lines = [*sampling.samples("log_cosh", "torch.log_cosh(x)", x=sampling.real(2, 3)),
         *sampling.samples("sin", "x.sin() * 7.5", x=sampling.real(2))]
samples.SAMPLES[:] = lines
samples.FAMILIES.clear()
samples.FAMILIES["new"] = lines
"""
READERS = {
    "test_backward[{} float64]",
    "test_backward[{} float32]",
    "test_create_graph[{} float64]",
    "test_finite_differences[{} float64]",
    "test_symbolic[{} float64]",
    "test_plan[{} float64]",
    "test_compiled[0]",
}
OURS = "log_cosh: torch.log_cosh(x) x=-2..2[2, 3]"
THEIRS = "sin: x.sin() * 7.5 x=-2..2[2]"


def outcomes(folder: Path, derivative: str) -> dict[str, set[str]]:
    """PASSED, FAILED or SKIPPED → what is said so, of the tests of the two samples."""
    plugin = ROW_AND_SAMPLES.format(derivative=derivative)
    (folder / "log_cosh.py").write_text(plugin, encoding="utf-8")
    command = (
        "-m pytest -rA -p log_cosh -p no:cacheprovider tests/engine/test_operations.py".split()
    )
    done = subprocess.run(
        [sys.executable, *command, "-k", "not every_row"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
    )
    found: dict[str, set[str]] = {}
    for line in done.stdout.splitlines():
        outcome, _, what = line.partition(" ")
        found.setdefault(outcome, set()).add(what.split(" - ", 1)[0].rpartition("::")[2])
    return found


def test_a_new_operation_is_checked_in_every_reader(tmp_path: Path) -> None:
    found = outcomes(tmp_path, "tanh")
    assert found["PASSED"] == {reader.format(key) for reader in READERS for key in (OURS, THEIRS)}
    assert "FAILED" not in found
    (skipped,) = found["SKIPPED"]
    assert "no recorded answer: python -m tests.recorder.operations new" in skipped


def test_a_wrong_rule_is_caught(tmp_path: Path) -> None:
    found = outcomes(tmp_path, "sinh")
    assert found["FAILED"] == {f"test_finite_differences[{OURS} float64]"}
