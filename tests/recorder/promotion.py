"""Asks PyTorch for the dtype of every pair of operands: `python -m tests.recorder.promotion`.

promotion.json has the texts of all answers, and for each operation the number of each answer.
"""

import json
import warnings
from pathlib import Path

import torch

from tests.engine.promoting import OPERATIONS, pairs, result

FILE = Path(__file__).parent.parent / "engine" / "recorded" / "promotion.json"


def main() -> None:
    warnings.simplefilter("ignore")
    texts: dict[str, int] = {}
    found = {
        operation: [
            texts.setdefault(result(torch, operation, left, right), len(texts))
            for left, right in pairs()
        ]
        for operation in OPERATIONS
    }
    lines = [f'"texts": {json.dumps(list(texts))}']
    lines += [
        f"{json.dumps(operation)}: {json.dumps(numbers, separators=(',', ':'))}"
        for operation, numbers in found.items()
    ]
    text = ",\n".join(lines)
    FILE.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
