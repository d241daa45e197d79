"""The names that one-line programs may use, made before those that do."""

import re
from collections.abc import Iterable, Iterator, Mapping

NAMES = {
    "x": "T([[0., 1., 2.], [3., 4., 5.]], requires_grad=True)",
    "n": "T([1, 2])",
    "v": "torch.ones(3)",
    "w": "torch.ones(2, 2, requires_grad=True) * 3",
    "i": "T([0, 1])",
    "m": "T([[1., 2.], [3., 4.]], requires_grad=True)",
}


def complete(lines: Iterable[str], names: Mapping[str, str] = NAMES) -> Iterator[str]:
    """The lines, each with the names it uses made first."""
    for line in lines:
        used = (name for name in names if re.search(rf"\b{name}\b", line))
        yield "; ".join([*(f"{name} = {names[name]}" for name in used), line])
