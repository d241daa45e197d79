"""Where gradcli keeps what outlives a session: the history of the prompt, reports of its faults."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from gradcli.base.faults import Fault


def folder(name: str = "") -> Path:
    """A folder for the user's state, made if it is not there; a temporary one if it cannot be."""
    base = os.environ.get("XDG_STATE_HOME", "")
    try:
        root = Path(base) if os.path.isabs(base) else Path.home() / ".local" / "state"
        path = root / "gradcli" / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.access(path, os.W_OK):
            return path
    except (OSError, RuntimeError):
        pass  # no home, or one that cannot be written
    import tempfile

    return Path(tempfile.mkdtemp(prefix="gradcli-"))


def reported(error: BaseException, text: str) -> Fault:
    """The Fault to show for a mistake of gradcli's own, once a report of it is written."""
    name = type(error).__name__
    message = str(error).partition("\n")[0][:200]
    fault = Fault("InternalError", f"gradcli itself failed: {name}: {message}")
    fault.why = "this is a mistake in gradcli; the session is as it was before this input."
    with suppress(OSError):
        fault.fixes = (f"please report it with {_report(error, text)}",)
    return fault


def _report(error: BaseException, text: str) -> Path:
    import platform
    import time
    import traceback

    import numpy

    import engine

    path = folder("reports") / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    python = sys.version.split()[0]
    versions = f"gradcli {engine.__version__}, Python {python}, NumPy {numpy.__version__}"
    trace = "".join(traceback.format_exception(error))
    path.write_text(
        f"{versions}, {platform.platform()}\n\n{text[:100_000]}\n\n{trace}",
        errors="backslashreplace",
    )
    return path
