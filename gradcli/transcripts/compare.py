"""Whether what a session printed is what its file says: text, except numbers and what `...` elides.

A number compares to the digits that are written: 0.33 stands for anything that rounds to it. Blanks
may differ only beside numbers that do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_TOKEN = re.compile(
    r"(?P<gap>\.\.\.)|(?P<number>(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))"
    r"|(?P<blank>[ ]+)|(?P<text>\w+|[\s\S])"
)
Token = tuple[str, str]


def same(expected: Sequence[str], actual: Sequence[str], rtol: float = 0, atol: float = 0) -> bool:
    """Whether the lines agree."""
    return _Comparison(rtol, atol).agree("\n".join(expected), "\n".join(actual))


class _Comparison:
    def __init__(self, rtol: float, atol: float) -> None:
        self.rtol = rtol
        self.atol = atol

    def agree(self, expected: str, actual: str) -> bool:
        if expected == actual:
            return True
        wanted, found = _tokens(expected), _tokens(actual)
        pieces: list[list[Token]] = [[]]
        for token in wanted:
            if token[0] == "gap":
                pieces.append([])
            else:
                pieces[-1].append(token)
        if len(pieces) == 1:
            return len(wanted) == len(found) and self._piece(wanted, found)
        first, *middle, last = pieces
        start, end = len(first), len(found) - len(last)
        if start > end:
            return False
        if not self._piece(first, found[:start]) or not self._piece(last, found[end:]):
            return False
        for piece in middle:
            place = next(
                (
                    at
                    for at in range(start, end - len(piece) + 1)
                    if self._piece(piece, found[at : at + len(piece)])
                ),
                -1,
            )
            if place < 0:
                return False
            start = place + len(piece)
        return True

    def _piece(self, wanted: Sequence[Token], found: Sequence[Token]) -> bool:
        """Whether two stretches of the same length agree."""
        moved = blanks = False
        for (kind, text), (other, other_text) in zip(wanted, found, strict=True):
            if text == other_text:
                continue
            if kind != other or kind not in ("number", "blank"):
                return False
            if kind == "blank":
                blanks = True
            elif self._close(text, other_text):
                moved = True
            else:
                return False
        return moved or not blanks

    def _close(self, written: str, found: str) -> bool:
        """Whether a number stands for another."""
        wanted, value = float(written), float(found)
        room = self.atol + self.rtol * abs(wanted)
        if room == 0 and ("." in written) != ("." in found):
            return False
        digits = re.search(r"\.(\d*)", written)
        if digits and digits[1]:
            exponent = re.search(r"[eE](.*)", written)
            place = (int(exponent[1]) if exponent else 0) - len(digits[1])
            room = max(room, 0.5000001 * 10.0**place)
        return abs(wanted - value) <= room


def _tokens(text: str) -> list[Token]:
    return [(token.lastgroup or "", token.group()) for token in _TOKEN.finditer(text)]
