"""The loop of the prompt: read an input, run it, until it is told to leave."""

from __future__ import annotations

import sys
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style

import engine
from gradcli.base import user_files
from gradcli.base.outputs import Notice, Output, Value
from gradcli.output.screen import Screen, wants_colour
from gradcli.repl.caption import caption
from gradcli.repl.complete import Completion
from gradcli.repl.highlight import Highlighting
from gradcli.repl.keys import bindings
from gradcli.session.exit_status import LEFT, guarded
from gradcli.session.session import Session

LONGEST = 100_000
"""A longer input is not kept in the history."""
HINT = "Tab completes, Up recalls, help explains, Ctrl-D leaves"
# Blue is lost on a dark terminal, bold cyan and yellow on a light one.
STYLE = Style.from_dict(
    {
        "prompt": "ansicyan",
        "bottom-toolbar": "noreverse #888888",
        "comment": "#888888",
        "keyword": "bold",
        "command": "ansimagenta bold",
        "number": "ansicyan",
        "string": "ansigreen",
        "operation": "ansimagenta",
    }
)


class History(FileHistory):
    """The inputs of all sessions; one that cannot be written is forgotten silently."""

    def store_string(self, string: str) -> None:
        """Keep an input."""
        if len(string) <= LONGEST:
            try:
                super().store_string(string)
            except (OSError, UnicodeError):
                return


class Loop:
    """A session at the prompt."""

    def __init__(self, session: Session, screen: Screen, colour: str = "auto") -> None:
        self.session = session
        self.screen = screen
        self.caption = HINT
        session.emit = self._emit
        coloured = wants_colour(colour, sys.stdout)
        self.reader: PromptSession[str] = PromptSession(
            history=History(str(user_files.folder() / "history")),
            completer=Completion(session),
            lexer=Highlighting(session) if coloured else None,
            style=STYLE,
            color_depth=None if coloured else ColorDepth.DEPTH_1_BIT,
            key_bindings=bindings(),
            multiline=True,
            prompt_continuation="... ",
            enable_history_search=True,
            complete_while_typing=False,
            bottom_toolbar=lambda: [("class:bottom-toolbar", self.caption)],
        )

    def run(self) -> int:
        """Read and run until `exit` or Ctrl-D. Returns the exit status."""
        print(f"gradcli {engine.__version__}")
        while True:
            try:
                text = self.reader.prompt([("class:prompt", ">>> ")])
                if text.strip() and self._enter(text) == LEFT:
                    return 0
            except KeyboardInterrupt:
                continue
            except EOFError:
                return 0

    def _enter(self, text: str) -> int:
        self.caption = ""
        self.session.terminal = self.reader.output.get_size().columns
        status = guarded(self.screen.fail, lambda: self.session.run(text), text)
        if status > 0:
            self.caption = "nothing has changed: the session is as it was before this input"
        return status

    def _emit(self, output: Output) -> None:
        if getattr(output, "stepwise", False) and sys.stdin.isatty() and not self.screen.as_json:
            self._page(output)
            return
        self.screen.emit(output)
        if isinstance(output, Value):
            self.caption = caption(output.name, output.value)

    def _page(self, output: Any) -> None:
        """Show an output page by page, one for each Enter; anything else ends it."""
        more: PromptSession[str] = PromptSession(style=STYLE, erase_when_done=True)
        *pages, last = output.pages()
        try:
            for page in pages:
                self.screen.emit(Notice(page, {}))
                if more.prompt([("class:comment", "Enter goes on, q ends ")]).strip():
                    return
        except (KeyboardInterrupt, EOFError):
            return
        self.screen.emit(Notice(last, {}))
