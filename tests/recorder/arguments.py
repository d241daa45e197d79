"""Asks PyTorch about wrong arguments: `python -m tests.recorder.arguments`.

Each line of arguments.txt calls something with arguments it does not take, `x` being a matrix; the
class and the first line of what PyTorch raises go to arguments.json.
"""

import json
import warnings
from pathlib import Path

import torch

from tests.recorder.programs import programs

FILE = Path(__file__).parents[1] / "gradcli" / "language" / "arguments.json"


def raised(code: str) -> str:
    """What a call raises; nothing if it does not."""
    names = {"torch": torch, "F": torch.nn.functional, "x": torch.tensor([[1.0, 2.0], [3.0, 4.0]])}
    try:
        eval(code, names)
    except Exception as error:
        return f"{type(error).__name__}: {error}".partition("\n")[0]
    return ""


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    said = {code: raised(code) for code in programs("arguments")}
    FILE.write_text(json.dumps(said, indent=0) + "\n", encoding="utf-8")
