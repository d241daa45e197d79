"""Asks PyTorch about special functions and those of elements: `python -m tests.recorder.special`.

The programs stand in special.txt, one a line, over a few names each may use.
"""

import ast

from tests.recorder.programs import programs, write

NAMES = {
    "x": "T([0.5, 1.5], requires_grad=True)",
    "i": "T([2, 3])",
    "b": "T([True, False])",
    "z": "T([1j])",
    "h": "torch.ones(2, dtype=torch.float16)",
}


def complete(code: str) -> str:
    """The program with the names it uses defined before it."""
    used = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    return "; ".join([*(f"{name} = {NAMES[name]}" for name in NAMES if name in used), code])


if __name__ == "__main__":
    write("special", map(complete, programs("special")))
