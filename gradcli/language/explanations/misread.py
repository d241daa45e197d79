"""Text that `ast` cannot read: a command misspelt, a product without its sign."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradcli.faults import Fault, Span
from gradcli.language.explanations.case import similar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradcli.language.source import Source


def misread(
    kind: str, message: str, span: Span, source: Source, commands: Mapping[str, object]
) -> Fault:
    """The fault for what `ast` could not read."""
    line = source.lines[span.line - 1]
    fault = Fault(kind, message, span)
    first = re.match(r"\s*:?(\w+)[ \t]+(?=[\w'\"(])", line)
    if first and message.startswith("invalid syntax"):
        found = similar(first[1], commands)
        if found:
            rest = line[first.end() :].strip()
            fault.why = f"no command is called {first[1]}."
            fault.fixes = tuple(f"{word} {rest}" for word in found)
            fault.span = Span(span.line, first.start(1), span.line, first.end(1))
            return fault
    product = re.search(r"(?<![\w.])(\d+\.?\d*) *([A-Za-z_]\w*|\()", line)
    if product and ("decimal literal" in message or "invalid syntax" in message):
        fault.why = "a product is written with *."
        fault.fixes = (f"{product[1]}*{product[2]}".rstrip("("),) if product[2] != "(" else ()
        fault.span = Span(span.line, product.start(), span.line, product.end(2))
    return fault
