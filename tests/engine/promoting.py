"""The operands of the promotion table: every dtype with and without dimensions, and numbers."""

from typing import Any

DTYPES = (
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "complex64",
    "complex128",
)
NUMBERS = ("True", "2", "2.5", "2j")
OPERANDS = (*DTYPES, *(f"{dtype} 0-dim" for dtype in DTYPES), *NUMBERS)
OPERATIONS = (
    "a + b",
    "a - b",
    "a * b",
    "a / b",
    "a // b",
    "a % b",
    "a ** b",
    "a < b",
    "a == b",
    "torch.where(torch.tensor([True]), a, b)",
    "torch.result_type(a, b)",
    "torch.cat([a.reshape(-1), b.reshape(-1)])",
    "a.add_(b)",
    "a.div_(b)",
    "a.copy_(b)",
    "torch.maximum(a, b)",
    "torch.atan2(a, b)",
    "torch.can_cast(a.dtype, b.dtype)",
    "torch.logical_and(a, b)",
)


def operand(torch: Any, name: str) -> Any:
    if name in NUMBERS:
        return eval(name)
    dtype, _, zero_dim = name.partition(" ")
    return torch.tensor(1 if zero_dim else [1, 1], dtype=getattr(torch, dtype))


def result(torch: Any, operation: str, left: str, right: str) -> str:
    """The dtype of the result, the result if it is none, or what is raised."""
    names = {"torch": torch, "a": operand(torch, left), "b": operand(torch, right)}
    try:
        found = eval(operation, names)
        return str(getattr(found, "dtype", found))
    except Exception as error:
        return f"{type(error).__name__}: {error}".partition("\n")[0]


def pairs() -> list[tuple[str, str]]:
    """All pairs of operands with at least one tensor among them."""
    return [(a, b) for a in OPERANDS for b in OPERANDS if not (a in NUMBERS and b in NUMBERS)]
