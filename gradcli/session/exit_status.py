"""The exit status of what a session runs: nothing escapes, each way to end has one."""

from __future__ import annotations

from collections.abc import Callable

from gradcli.base.faults import Fault
from gradcli.base.interrupts import Listening
from gradcli.base.outputs import Failure
from gradcli.session.session import Leave

FINE, FAILED, INTERRUPTED = 0, 1, 130
LEFT = -1
"""The input said `exit`: nothing more is run."""


def guarded(
    fail: Callable[[Failure], None], work: Callable[[], object], text: str, place: str = ""
) -> int:
    """Do `work`; `fail` shows what goes wrong. `text` is what runs, `place` the file it is in."""
    try:
        with Listening():
            work()
    except Leave:
        return LEFT
    except Fault as fault:
        fail(Failure(fault, fault.source_lines, fault.first_line, place))
        return FAILED
    except KeyboardInterrupt:
        why = "what this input had changed is as it was before."
        fail(Failure(Fault("KeyboardInterrupt", "", why=why)))
        return INTERRUPTED
    except Exception as error:
        from gradcli.base.user_files import reported

        fail(Failure(reported(error, text)))
        return FAILED
    return FINE
