"""A gradcli at the other end of a pseudo-terminal, and the screen it draws on."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pexpect

from tests.gradcli.test_cli import ROOT, environment

ROWS, COLUMNS = 40, 100
PATIENCE = 20.0
CTRL_C, CTRL_D, ENTER, TAB, UP = "\x03", "\x04", "\r", "\t", "\x1b[A"
PASTE, PASTED = "\x1b[200~", "\x1b[201~"
_PIECE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b[^\[]|([\x00-\x1f])|([^\x00-\x1f]+)|\x1b$")


class Screen:
    """What a terminal shows: enough of one for what prompt_toolkit and rich write. Lines that a
    terminal would scroll away stay."""

    def __init__(self) -> None:
        self.rows = [""]
        self.x = self.y = 0
        self.raw = ""
        self.prompts = 0
        """How often a prompt began to take input."""

    def feed(self, data: str) -> str:
        """Draw what a program wrote; what the terminal answers."""
        answer = ""
        self.raw += data
        for code, letter, control, text in _PIECE.findall(data):
            if letter == "n":
                answer += f"\x1b[{min(self.y + 1, ROWS)};{self.x + 1}R"
            elif letter:
                self._move(code, letter)
            elif control == "\r":
                self.x = 0
            elif control == "\n":
                self.y += 1
            elif control == "\b":
                self.x -= 1
            for character in text:
                self._put(character)
            while len(self.rows) <= self.y:
                self.rows.append("")
        return answer

    def _move(self, code: str, letter: str) -> None:
        count = int(code) if code.isdigit() and code != "0" else 1
        if letter == "A":
            self.y = max(self.y - count, 0)
        elif letter == "B":
            self.y += count
        elif letter == "C":
            self.x += count
        elif letter == "D":
            self.x = max(self.x - count, 0)
        elif letter == "K":
            self.rows[self.y] = self.rows[self.y][: self.x]
        elif letter == "J":
            self.rows[self.y] = self.rows[self.y][: self.x]
            del self.rows[self.y + 1 :]
        elif (code, letter) == ("?2004", "h"):
            self.prompts += 1

    def _put(self, character: str) -> None:
        if self.x >= COLUMNS:
            self.x, self.y = 0, self.y + 1
            while len(self.rows) <= self.y:
                self.rows.append("")
        row = self.rows[self.y].ljust(self.x)
        self.rows[self.y] = row[: self.x] + character + row[self.x + 1 :]
        self.x += 1


class Terminal:
    """A gradcli in a terminal."""

    def __init__(self, home: Path, *args: str, **env: str) -> None:
        self.screen = Screen()
        self.process = pexpect.spawn(
            sys.executable,
            ["-m", "gradcli", *args],
            cwd=str(ROOT),
            encoding="utf-8",
            env=environment(XDG_STATE_HOME=str(home), **env),
            dimensions=(ROWS, COLUMNS),
        )
        self.process.delaybeforesend = None
        self.ready(1)

    def read(self, timeout: float = 0.05) -> None:
        """Draw what came."""
        try:
            answer = self.screen.feed(self.process.read_nonblocking(10_000, timeout))
        except pexpect.TIMEOUT:
            return
        if answer:
            self.process.send(answer)

    def ready(self, prompts: int) -> None:
        """Wait until the prompt of that number takes input."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.read()
            row = self.screen.rows[self.screen.y]
            if self.screen.prompts >= prompts and row.startswith(">>> ") and self.screen.x == 4:
                return
        raise AssertionError("no prompt:\n" + "\n".join(self.screen.rows))

    def sees(self, text: str) -> None:
        """Wait until a text is on the screen, from the last prompt on."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.read()
            if text in "\n".join(self.screen.rows[self._start() :]):
                return
        raise AssertionError(f"no {text!r}:\n" + "\n".join(self.screen.rows))

    def _start(self) -> int:
        rows = self.screen.rows
        return max((i for i, row in enumerate(rows) if row.startswith(">>> ")), default=0)

    def send(self, keys: str) -> None:
        """Press keys."""
        self.process.send(keys)

    def type(self, text: str) -> str:
        """Type a line and Enter; what it shows before the next prompt."""
        prompts, start = self.screen.prompts, self._start()
        self.send(text + ENTER)
        self.ready(prompts + 1)
        rows = [row.rstrip() for row in self.screen.rows[start + 1 : self.screen.y]]
        while rows and (rows[0].startswith("... ") or rows[0] == "..."):
            del rows[0]
        return "\n".join(rows)

    def interrupt(self) -> str:
        """Ctrl-C; what it shows before the next prompt."""
        prompts, start = self.screen.prompts, self._start()
        self.send(CTRL_C)
        self.ready(prompts + 1)
        return "\n".join(row.rstrip() for row in self.screen.rows[start + 1 : self.screen.y])

    def leave(self) -> int:
        """Ctrl-D; the exit status."""
        self.send(CTRL_D)
        return self.ended()

    def ended(self) -> int:
        """Wait for the end; the exit status."""
        self.process.expect(pexpect.EOF, timeout=PATIENCE)
        self.process.close()
        return int(self.process.exitstatus)
