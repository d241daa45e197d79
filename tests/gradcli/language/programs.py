"""Programs kept in files beside this one."""

from __future__ import annotations

from pathlib import Path


def sections(file: str) -> dict[str, str]:
    """The programs in a file beside this one: each begins with a line `#: name`."""
    text = Path(__file__).with_name(file).read_text(encoding="utf-8")
    parts = [part.partition("\n") for part in ("\n" + text).split("\n#: ")[1:]]
    return {name: body.rstrip("\n") for name, _, body in parts}
