"""Names that a misspelt one may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def similar(word: str, names: Iterable[str]) -> list[str]:
    """The names that look like `word`; the same letters in another case are the likeliest."""
    from difflib import get_close_matches

    in_place = word[-1:] == "_"
    known = [n for n in names if n[:1] != "_" and (in_place or n[-1:] != "_") and n != word]
    same = [name for name in known if name.lower() == word.lower()]
    return same or get_close_matches(word, known, 2, 0.7)
