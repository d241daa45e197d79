"""The way from what backward ran on down to a tensor, with the place where it is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcli.explain.why.facts import Facts, Hop

CUTS = {
    "no_grad": "made under no_grad",
    "detach": "detach() cuts here",
    "data": ".data cuts here",
    "flat": "has no derivative",
    "untracked": "was not tracked when this was built",
}
MOST = 9
"""Rows; of a longer way the middle is left out."""


def way(facts: Facts) -> list[tuple[str, str, str]]:
    """Rows (mark, name, how it was made), from the root down; an x marks the cut."""
    hops = facts.way or []
    rows: list[tuple[str, str, str]] = []
    item = facts.root
    for hop in hops:
        at = hop is facts.cut
        rows.append(("x" if at else "|", facts.called(item), _made(facts, item, hop, at)))
        item = hop.item
    rows.append(("|" if facts.cut is None else " ", facts.called(item), ""))
    if len(rows) > MOST:
        keep = next((i for i, row in enumerate(rows) if row[0] == "x"), len(rows) // 2)
        first, last = max(keep - 3, 1), min(keep + 4, len(rows) - 1)
        rows = [
            rows[0], *([(":", "", "")] if first > 1 else []), *rows[first:last],
            *([(":", "", "")] if last < len(rows) - 1 else []), rows[-1],
        ]  # fmt: skip
    return rows


def _made(facts: Facts, item: object, hop: Hop, at: bool) -> str:
    made = facts.written(item)
    line = facts.line_of(item)
    text = f"= {made}" if made != facts.called(item) else ""
    if line is not None:
        text = f"{text}   line {line[0]}" if text else f"line {line[0]}"
    return f"{text}   {CUTS[hop.cut]}" if at and hop.cut else text
