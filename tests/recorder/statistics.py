"""Asks PyTorch about statistics, order and memory: `python -m tests.recorder.statistics`.

The programs stand in statistics.txt, one a line, over a few names each may use.
"""

from tests.recorder.names import complete
from tests.recorder.programs import programs, write

NAMES = {
    "x": "T([[3., 1., 2.], [4., 4., 0.]], requires_grad=True)",
    "v": "T([1., 5., 2., 2.], requires_grad=True)",
    "i": "T([[3, 1, 2], [4, 4, 0]])",
    "e": "torch.ones(0)",
    "nan": "float('nan')",
}

if __name__ == "__main__":
    write("statistics", complete(programs("statistics"), NAMES))
