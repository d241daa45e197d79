"""Where outputs go: data to stdout, diagnostics to stderr, in colour where that is wanted."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

from gradcli.base.outputs import Failure, Output, Printed, Warned, plain
from gradcli.output.visible import visible

if TYPE_CHECKING:
    from gradcli.output.painter import Painter


def wants_colour(choice: str, stream: TextIO) -> bool:
    """Whether to colour: as --color says, else NO_COLOR and FORCE_COLOR, else on a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") != "0":
        return True
    return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


class UnwritableError(BaseException):
    """The output cannot be written: no error of the input's, so no input may catch it."""


class Screen:
    """Writes outputs as text, or as JSON objects."""

    def __init__(self, colour: str = "auto", as_json: bool = False) -> None:
        self.as_json = as_json
        self._painters: dict[TextIO, Painter] = {}
        for stream in (sys.stdout, sys.stderr):
            if not as_json and wants_colour(colour, stream):
                from gradcli.output.painter import Painter

                self._painters[stream] = Painter(stream)

    def emit(self, output: Output) -> None:
        """Write what an input gave."""
        self._write(sys.stderr if isinstance(output, Warned) else sys.stdout, output)

    def fail(self, failure: Failure) -> None:
        """Write an error; what was printed before it comes first."""
        self.flush()
        if failure.fault.kind == "KeyboardInterrupt" and sys.stderr.isatty():
            sys.stderr.write("\n")  # after the terminal's own ^C
        self._write(sys.stderr, failure)

    def flush(self) -> None:
        """Let everything written be seen."""
        try:
            sys.stdout.flush()
        except OSError as error:
            raise UnwritableError from error

    def _write(self, stream: TextIO, output: Any) -> None:
        try:
            self._put(stream, output)
        except OSError as error:
            raise UnwritableError from error

    def _put(self, stream: TextIO, output: Any) -> None:
        if self.as_json:
            from json import dumps

            sys.stdout.write(dumps(output.facts()) + "\n")
        elif stream in self._painters and not isinstance(output, Printed):
            self._painters[stream].write(output)
        else:
            text = plain(output)
            stream.write(visible(text) if stream.isatty() else text)
        if stream.isatty():
            stream.flush()
