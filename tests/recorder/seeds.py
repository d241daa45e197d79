"""What PyTorch prints for the programs of sessions/seeds: `python -m tests.recorder.seeds`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.recorder.scripts import printed

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "tests" / "gradcli" / "seeds.json"
SEEDS = (0, 1, 20240229)


def programs(seed: int) -> dict[str, str]:
    """The programs by name, their random numbers starting at `seed`."""
    return {
        path.stem: path.read_text(encoding="utf-8").replace(
            "manual_seed(0)", f"manual_seed({seed})"
        )
        for path in sorted((ROOT / "sessions" / "seeds").glob("*.py"))
    }


def main() -> None:
    """Run each program for each seed and write what it prints."""
    found: dict[str, dict[str, str]] = {}
    for seed in SEEDS:
        for name, text in programs(seed).items():
            found.setdefault(str(seed), {})[name] = printed(name, text)
    RECORDED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
