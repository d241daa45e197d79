"""Asks PyTorch what programs about gradients say: `python -m tests.recorder.gradients [NAME...]`.

The programs of NAME.txt beside this file are separated by blank lines; what they say goes to
tests/engine/recorded/gradients/NAME.json.
"""

import sys
import warnings
from pathlib import Path

import torch

from tests.recorder.programs import write

HERE = Path(__file__).parent

with warnings.catch_warnings(record=True):  # of what PyTorch says once, when it is first asked
    torch.func.jvp(torch.sin, (torch.ones(1),), (torch.ones(1),))

for path in sorted(HERE.glob("*.txt")):
    if len(sys.argv) == 1 or path.stem in sys.argv[1:]:
        write(f"gradients/{path.stem}", path.read_text(encoding="utf-8").strip().split("\n\n"))
