"""The names that one-line programs may use, made before those that do."""

import re
from collections.abc import Iterable, Iterator

NAMES = {
    "x": "x = T([[0., 1., 2.], [3., 4., 5.]], requires_grad=True)",
    "n": "n = T([1, 2])",
    "v": "v = torch.ones(3)",
    "w": "w = torch.ones(2, 2, requires_grad=True) * 3",
    "i": "i = T([0, 1])",
    "m": "m = T([[1., 2.], [3., 4.]], requires_grad=True)",
}


def complete(lines: Iterable[str]) -> Iterator[str]:
    """The lines, each with the names it uses made first."""
    for line in lines:
        used = [made for name, made in NAMES.items() if re.search(rf"\b{name}\b", line)]
        yield "; ".join([*used, line])
