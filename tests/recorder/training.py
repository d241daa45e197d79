"""Asks PyTorch about what training needs: `python -m tests.recorder.training`.

The programs of training.txt: optimizers and schedulers, parameters, the classes of tensors.
"""

from tests.recorder.programs import programs, write

if __name__ == "__main__":
    write("training", programs("training"))
