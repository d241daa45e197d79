"""A value in one line, for the bar below the prompt and beside a completion."""

from typing import Any

from engine.graph.tensor import Tensor
from gradcli.commands.understand import kind_of


def caption(name: str, value: Any) -> str:
    """Shape, dtype and kind of a tensor; nothing for anything else."""
    if not isinstance(value, Tensor):
        return ""
    dtype = str(value.dtype).removeprefix("torch.")
    name = name if len(name) <= 40 and "\n" not in name else "_"
    return f"{name}  {list(value.array.shape)}  {dtype}  {kind_of(value)}"
