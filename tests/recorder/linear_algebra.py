"""Linear algebra: `python -m tests.recorder.linear_algebra` (programs: linear_algebra.txt)."""

from tests.recorder.programs import programs, write

if __name__ == "__main__":
    write("linear_algebra", programs("linear_algebra"))
