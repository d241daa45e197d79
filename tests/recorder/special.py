"""Asks PyTorch about special functions and those of elements: `python -m tests.recorder.special`.

The programs stand in special.txt, one a line, over a few names each may use.
"""

from tests.recorder.names import complete
from tests.recorder.programs import programs, write

NAMES = {
    "x": "T([0.5, 1.5], requires_grad=True)",
    "i": "T([2, 3])",
    "b": "T([True, False])",
    "z": "T([1j])",
    "h": "torch.ones(2, dtype=torch.float16)",
}

if __name__ == "__main__":
    write("special", complete(programs("special"), NAMES))
