"""What PyTorch prints for the programs of tests/scripts: `python -m tests.recorder.scripts`."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parents[1] / "scripts"
RECORDED = SCRIPTS / "recorded.json"


def sources() -> dict[str, str]:
    """The programs by name, in order."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(SCRIPTS.glob("*.py"))}


def printed(name: str, text: str) -> str:
    """What a program prints with the modules that Python finds."""
    out = io.StringIO()
    names: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(out):
        exec(compile(text, f"{name}.py", "exec"), names)
    return out.getvalue()


def main() -> None:
    """Run each program and write what it prints."""
    import torch

    recorded = {}
    for name, text in sources().items():
        try:
            recorded[name] = printed(name, text)
        except Exception as error:
            raise SystemExit(f"{name}: {error!r}") from error
        assert torch.is_grad_enabled(), name
        assert torch.get_default_dtype() == torch.float32, name
    RECORDED.write_text(json.dumps(recorded, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
