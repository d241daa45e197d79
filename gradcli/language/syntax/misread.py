"""Text that `ast` cannot read: a command misspelt, a product without its sign."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gradcli.base.faults import LONGEST_FIX, Fault, Span
from gradcli.base.spelling import similar
from gradcli.language.syntax.source import Source


def misread(
    kind: str, message: str, span: Span, source: Source, commands: Mapping[str, object]
) -> Fault:
    """The fault for what `ast` could not read."""
    line = source.lines[span.line - 1]
    fault = Fault(kind, message, span)
    first = re.match(r"\s*:?(\w+)[ \t]+(?=[\w'\"(])", line)
    if first and message.startswith("invalid syntax"):
        found = [] if first[1] in commands else similar(first[1], commands)
        if found:
            rest = line[first.end() :].strip()
            fault.why = f"no command is called {first[1]}; did you mean {found[0]}?"
            fault.fixes = tuple(f"{word} {rest}" for word in found)
            fault.span = Span(span.line, first.start(1), span.line, first.end(1))
            return fault
    if _told(fault, line):
        return fault
    product = re.search(r"(?<![\w.])(\d+\.?\d*) *([A-Za-z_]\w*|\()", line)
    if product and ("decimal literal" in message or "invalid syntax" in message):
        fault.why = "a product is written with *."
        fault.fixes = (f"{product[1]}*{product[2]}".rstrip("("),) if product[2] != "(" else ()
        fault.span = Span(span.line, product.start(), span.line, product.end(2))
    if fault.why is None and message.startswith("invalid syntax"):
        fault.why = "what stands here does not go with what comes before it."
    return fault


_OPENS = re.compile(r"\s*(if|elif|else|for|while|with|def)\b[^:]*$")


def _told(fault: Fault, line: str) -> bool:
    """Explain what is missing, or too much; False if it is something else."""
    message, text = fault.message, line.strip()
    if "was never closed" in message:
        closed = text.rstrip(", ") + _closing(text)
        fault.why = "a bracket was opened and not closed."
        fault.fixes = (closed,) if text[-1] not in "([{" else ()
    elif "unterminated string" in message:
        quote = next((sign for sign in text if sign in "'\""), "'")
        fault.why, fault.fixes = "a text ends with the quote it began with.", (text + quote,)
    elif message.startswith("expected ':'"):
        fault.why, fault.fixes = f"a block begins with a colon: {text}: ...", (f"{text}: pass",)
    elif message.startswith("invalid syntax") and fault.span and _OPENS.match(line):
        at = fault.span.column
        fault.why = "a block begins with a colon."
        fault.fixes = (f"{line[:at].strip()}: {line[at:].strip()}",)
    elif message.startswith("invalid syntax") and re.match(r"(else|elif)\b", text):
        fault.why = "it belongs to the if before it, in one input."
    elif message.startswith("unmatched"):
        at = fault.span.column if fault.span else len(line)
        fault.why = "a bracket is closed that was not opened."
        fault.fixes = ((line[:at] + line[at + 1 :]).strip(),)
    elif message.startswith("expected 'except'"):
        fault.why = "an input that fails takes nothing with it: there is nothing to catch."
        fault.fixes = tuple(filter(None, [text.removeprefix("try:").strip()]))
    elif "= =" in text and message.startswith("invalid syntax"):
        fault.why, fault.fixes = "equality is one sign, ==.", (text.replace("= =", "=="),)
    else:
        return False
    fault.fixes = tuple(fix for fix in fault.fixes if len(fix) <= LONGEST_FIX)
    return True


def _closing(text: str) -> str:
    """The brackets that are open at the end of a line, closed."""
    pairs, found = {"(": ")", "[": "]", "{": "}"}, ""
    for sign in text:
        if sign in pairs:
            found = pairs[sign] + found
        elif found and sign == found[0]:
            found = found[1:]
    return found
