"""What PyTorch prints for the language's programs: `python -m tests.recorder.language`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.gradcli.language.programs import sections
from tests.recorder.scripts import printed

FOLDER = Path(__file__).parents[1] / "gradcli" / "language"


def main() -> None:
    """Run each program and write what it prints."""
    found = {name: printed(name, text) for name, text in sections("torch_programs.txt").items()}
    path = FOLDER / "torch_programs.json"
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
