"""The recipe of CONTRIBUTING.md, followed: its row appended to its file, its transcript replayed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / ".github" / "CONTRIBUTING.md").read_text("utf-8")


def test_a_row_is_all_that_an_operation_needs(tmp_path: Path) -> None:
    (row,) = re.findall(r"^```python\n(op\(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    (transcript,) = re.findall(r"^```\n(>>> .*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    for part in ("engine", "gradcli"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "engine/ops/elementwise/functions.py").open("a") as file:
        file.write(f"\n{row}")
    (tmp_path / "recipe.grad").write_text(transcript)
    done = subprocess.run(
        [sys.executable, "-m", "gradcli", "test", "recipe.grad"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_folders_it_names_are_there() -> None:
    table = [line for line in TEXT.splitlines() if line.startswith("| `")]
    named = {name for line in table for name in re.findall(r"`([\w.]+/?)`", line.split("|")[1])}
    there = {
        path.name + "/" * path.is_dir()
        for part in ("engine", "gradcli")
        for path in (ROOT / part).iterdir()
        if path.is_dir() or path.suffix in (".py", ".txt")
    }
    assert named == there - {"__pycache__/", "__init__.py", "__main__.py"}
