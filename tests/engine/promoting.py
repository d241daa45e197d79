"""The operands of the promotion table: every dtype with and without dimensions, and numbers."""

from typing import Any

DTYPES = ("bool", "uint8", "int32", "int64", "float16", "float32", "float64")
NUMBERS = ("True", "2", "2.5")
OPERANDS = (*DTYPES, *(f"{dtype} 0-dim" for dtype in DTYPES), *NUMBERS)
OPERATIONS = (
    "a + b", "a - b", "a * b", "a / b", "a // b", "a % b", "a ** b", "a < b", "a == b",
    "torch.where(torch.tensor([True]), a, b)",
)  # fmt: skip


def operand(torch: Any, name: str) -> Any:
    if name in NUMBERS:
        return eval(name)
    dtype, _, zero_dim = name.partition(" ")
    return torch.tensor(1 if zero_dim else [1, 1], dtype=getattr(torch, dtype))


def result(torch: Any, operation: str, left: str, right: str) -> str:
    """The dtype of the result, or what is raised."""
    names = {"torch": torch, "a": operand(torch, left), "b": operand(torch, right)}
    try:
        return str(eval(operation, names).dtype)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def pairs() -> list[tuple[str, str]]:
    """All pairs of operands with at least one tensor among them."""
    return [(a, b) for a in OPERANDS for b in OPERANDS if not (a in NUMBERS and b in NUMBERS)]
