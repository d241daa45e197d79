"""Running something for a session so that nothing escapes: each way to end, as a status."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gradcli.base.faults import Fault
from gradcli.base.interrupts import Listening
from gradcli.base.outputs import Failure
from gradcli.session.session import Leave

if TYPE_CHECKING:
    from gradcli.output.screen import Screen

FINE, FAILED, INTERRUPTED = 0, 1, 130
LEFT = -1
"""The input said `exit`: nothing more is run."""


def guarded(screen: Screen, work: Callable[[], object], text: str, place: str = "") -> int:
    """Do `work`; show what goes wrong. `text` is what it runs, `place` the file that stands in."""
    try:
        with Listening():
            work()
    except Leave:
        return LEFT
    except Fault as fault:
        screen.fail(Failure(fault, fault.source_lines, fault.first_line, place))
        return FAILED
    except KeyboardInterrupt:
        why = "what this input had changed is as it was before."
        screen.fail(Failure(Fault("KeyboardInterrupt", "", why=why)))
        return INTERRUPTED
    except Exception as error:
        from gradcli.base.state import reported

        screen.fail(Failure(reported(error, text)))
        return FAILED
    return FINE
