"""Asks PyTorch what it draws from seed 7: `python -m tests.recorder.draws`.

The programs of draws.txt: distributions, first values of parameters, generators.
"""

from tests.recorder.programs import programs, write

if __name__ == "__main__":
    write("draws", [f"torch.manual_seed(7); {code}" for code in programs("draws")])
