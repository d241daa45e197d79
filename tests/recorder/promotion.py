"""Asks PyTorch for the dtype of every pair of operands: `python -m tests.recorder.promotion`."""

import json
from pathlib import Path

import torch

from tests.engine.promoting import OPERATIONS, pairs, result

FILE = Path(__file__).parent.parent / "engine" / "recorded" / "promotion.json"


def main() -> None:
    lines = []
    for operation in OPERATIONS:
        found = [result(torch, operation, left, right) for left, right in pairs()]
        lines.append(f"{json.dumps(operation)}: {json.dumps(found)}")
    text = ",\n".join(lines)
    FILE.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
