"""The answer of `why`: a headline, the way with its cut, the lines it is about, and what to run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcli.base.faults import Line

Quote = tuple[int, str, str]
"""A line number, its text, a remark."""
LONGEST_FIX = 8
"""Lines; a longer fix is told by its first ones."""


class Answer:
    """An answer.

    `kind` names the situation. `quotes` are lines with a remark; `way` are rows
    (mark, name, how it was made); `fixes` are scripts, each a list of lines to run in the session,
    after any of which the cause is gone.
    """

    __slots__ = ("fixes", "headline", "kind", "more", "quotes", "way")

    def __init__(
        self,
        kind: str,
        headline: str,
        *,
        more: Sequence[str] = (),
        quotes: Sequence[Quote] = (),
        way: Sequence[tuple[str, str, str]] = (),
        fixes: Sequence[Sequence[str]] = (),
    ) -> None:
        self.kind = kind
        self.headline = headline
        self.more = more
        self.quotes = quotes
        self.way = way
        self.fixes = [list(fix) for fix in fixes if fix]

    def lines(self) -> list[Line]:
        """Styled lines, at most 80 wide but for the user's own."""
        found: list[Line] = [[(self.headline, "plain")]]
        found += [[(f"  {line}", "plain")] for line in self.more]
        found += self._way()
        for number, text, remark in self.quotes:
            line: Line = [(f"{number:>3} | ", "dim"), (text.rstrip(), "source")]
            found.append([*line, (f"    {remark}", "plain")] if remark else line)
        for place, fix in enumerate(self.fixes):
            label = "  fix: " if not place else "   or: "
            shown = fix if len(fix) <= LONGEST_FIX else [*fix[: LONGEST_FIX - 1], "..."]
            found += [
                [(label if not i else "       ", "fix"), (text, "fix")]
                for i, text in enumerate(shown)
            ]
        return found

    def _way(self) -> list[Line]:
        wide = max((len(name) for _, name, _ in self.way), default=0)
        return [
            [
                (f"  {mark} ", "error" if mark == "x" else "dim"),
                (name.ljust(wide), "name"),
                (f"  {made}", "dim"),
            ]
            if made
            else [(f"  {mark} ", "dim"), (name, "name")]
            for mark, name, made in self.way
        ]

    def facts(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {
            "why": self.kind,
            "answer": self.headline,
            "more": list(self.more),
            "way": [{"mark": m, "name": n, "made": w} for m, n, w in self.way],
            "lines": [{"line": n, "text": t, "remark": r} for n, t, r in self.quotes],
            "fix": self.fixes,
        }
