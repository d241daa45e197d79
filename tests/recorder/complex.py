"""Complex numbers and halves: `python -m tests.recorder.complex` (programs: complex.txt)."""

from tests.recorder.programs import programs, write

if __name__ == "__main__":
    write("complex", programs("complex"))
