"""A fix is tried before it is offered: what an error suggests is a line that runs.

The line runs in the session as the error has left it, with nothing shown, and is taken back. Where
it cannot be tried, since it would write a file, it is offered as it is.
"""

from __future__ import annotations

import itertools
import re

from gradcli.base.faults import Fault
from gradcli.session.session import Leave, Session, Untried

MOST = 2
"""Fixes: the first that run; those after them are for where they do not."""
STEPS, PATIENCE = 5_000, 0.5
"""The most steps a trial takes; how many seconds an input may have taken to be tried again."""
_OPTION = re.compile(r"(\w+)=(\S+)")


def offered(session: Session, fault: Fault, text: str, seconds: float) -> tuple[str, ...]:
    """The fixes of an error in the input `text` that are lines which run.

    Nothing is tried after an input that took long: nobody waits for that twice.
    """
    fixes = dict.fromkeys(_whole(fix, fault, text) for fix in fault.fixes)
    if seconds > PATIENCE:
        return tuple(fixes)[:MOST]
    running = (
        fix for fix in fixes if _runs(session, fix) or _runs(session, _in_place(fix, fault, text))
    )
    return tuple(itertools.islice(running, MOST))


def _in_place(fix: str, fault: Fault, text: str) -> str:
    """An input of several lines with the fix for the line at fault; of one line, nothing."""
    lines = text.split("\n")
    if fault.span is None or len(lines) == 1 or fault.span.line > len(lines):
        return ""
    line = lines[fault.span.line - 1]
    indent = line[: len(line) - len(line.lstrip())]
    lines[fault.span.line - 1] = "\n".join(indent + each for each in fix.split("\n"))
    return "\n".join(lines)


def _whole(fix: str, fault: Fault, text: str) -> str:
    """An option as the whole line: `graph z depth=3` in place of `graph z depth=x`."""
    option, span = _OPTION.fullmatch(fix), fault.span
    if option is None or span is None or "\n" in text:
        return fix
    key, value = option.groups()
    before, after = text[: span.column], text[span.end_column :]
    if before.endswith(f"{key}="):
        return f"{before}{value}{after}"
    if after.startswith("="):  # the key alone was wrong
        return f"{before}{key}{after}"
    return f"{text[:-1]}, {fix})" if text.endswith(")") else f"{text.rstrip()} {fix}"


def _runs(session: Session, fix: str) -> bool:
    if not fix:
        return False
    try:
        with session.trial(STEPS):
            session.run(fix)
    except (Untried, Leave):
        return True
    except Exception:  # a fix that meets a fault of gradcli's own is none either
        return False
    return True
