"""What PyTorch prints for the language's programs: `python -m tests.recorder.language`."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

from tests.gradcli.language.programs import sections

FOLDER = Path(__file__).parents[1] / "gradcli" / "language"


def main() -> None:
    """Run each program and write what it prints."""
    printed = {}
    for name, text in sections("torch_programs.txt").items():
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(text, name, "exec"), {})
        printed[name] = out.getvalue()
    path = FOLDER / "torch_programs.json"
    path.write_text(json.dumps(printed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
