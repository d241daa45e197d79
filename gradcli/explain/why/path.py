"""The way from what backward ran on down to a tensor, with the place where it is cut."""

from __future__ import annotations

from engine.transforms.recorded import Hop
from gradcli.explain.why.facts import Facts

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
    hops, cut = facts.way or [], facts.cut
    items = [facts.root, *(hop.item for hop in hops)]
    count = len(items)
    shown = list(range(count))
    if count > MOST:
        keep = next((i for i, hop in enumerate(hops) if hop is cut), count // 2)
        first, last = max(keep - 3, 1), min(keep + 4, count - 1)
        shown = [
            0,
            *([-1] if first > 1 else []),
            *range(first, last),
            *([-1] if last < count - 1 else []),
            count - 1,
        ]
    rows: list[tuple[str, str, str]] = []
    for place in shown:
        if place == -1:
            rows.append((":", "", ""))
        elif place == count - 1:
            rows.append(("|" if cut is None else " ", facts.called(items[place]), ""))
        else:
            hop = hops[place]
            at = hop is cut
            made = _made(facts, items[place], hop, at)
            rows.append(("x" if at else "|", facts.called(items[place]), made))
    return rows


def _made(facts: Facts, item: object, hop: Hop, at: bool) -> str:
    made = facts.written(item)
    line = facts.line_of(item)
    text = f"= {made}" if made != facts.called(item) else ""
    if line is not None:
        text = f"{text}   line {line[0]}" if text else f"line {line[0]}"
    return f"{text}   {CUTS[hop.cut]}" if at and hop.cut else text
