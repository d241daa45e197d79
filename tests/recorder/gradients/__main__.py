"""Asks PyTorch what programs about gradients say: `python -m tests.recorder.gradients [NAME...]`.

The programs of NAME.txt beside this file are separated by blank lines; what they say goes to
tests/engine/recorded/gradients/NAME.json.
"""

import sys
from pathlib import Path

from tests.recorder.programs import write

HERE = Path(__file__).parent

for path in sorted(HERE.glob("*.txt")):
    if len(sys.argv) == 1 or path.stem in sys.argv[1:]:
        write(f"gradients/{path.stem}", path.read_text(encoding="utf-8").strip().split("\n\n"))
