"""The command line, as a process: what goes where, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]


class Ended(NamedTuple):
    status: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """The environment of a process that no user's settings reach."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR", "LANG") if key in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "TERM": "xterm", **more}


def gradcli(*args: str, given: str | bytes = "", cwd: Path = ROOT, **env: str) -> Ended:
    data = given.encode() if isinstance(given, str) else given
    ended = subprocess.run(
        [sys.executable, "-m", "gradcli", *args],
        input=data,
        cwd=cwd,
        capture_output=True,
        timeout=60,
        check=False,
        env=environment(**env),
    )
    return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


FINE: list[tuple[tuple[str, ...], str, str]] = [
    (("eval", "1 + 1"), "", "2\n"),
    (("eval", "x = 3", "x + 1", "x"), "", "4\n3\n"),
    (("eval", "a = param([5., 4.]); (a**2).sum()"), "", "tensor(41., grad_fn=<SumBackward0>)\n"),
    (("eval", "-3**2", "-tensor(2.)"), "", "-9\ntensor(-2.)\n"),
    (("eval", "--", "-3"), "", "-3\n"),
    (("eval", "-"), "x = 3\nx\n", "3\n"),
    (("eval", "x = 2", "-", "x"), "x = x + 1\n", "3\n"),
    (("eval", "print('a', end='')", "print('b')"), "", "ab\n"),
    (("eval", "1;", ""), "", ""),
    (("eval", "exit", "print('not run')"), "", ""),
    ((), "x = 3\nx + 1\nfor i in range(2):\n    print(i)\n", "4\n0\n1\n"),
    ((), ">>> x = 3\n>>> x\nthe output is not read\n", "3\n"),
    ((), "", ""),
    ((), "1\r\n2\r\n", "1\n2\n"),
    ((), "quit\n1\n", ""),
    ((), "step = 2\nprint(step)\nstep\n", "2\n2\n"),
]


@pytest.mark.parametrize(("args", "given", "out"), FINE)
def test_what_works(args: tuple[str, ...], given: str, out: str) -> None:
    assert gradcli(*args, given=given) == (0, out, "")


FAILING: list[tuple[tuple[str, ...], str | bytes, int, str]] = [
    (("eval", "1 +"), "", 1, "SyntaxError: "),
    (("eval", "y"), "", 1, "NameError: name 'y' is not defined\n  1 | y\n    | ^\n"),
    (("eval", "x = 1", "y"), "", 1, "\n  2 | y\n"),
    (("eval",), "", 2, "Missing argument"),
    (("eval", "--jsn", "1"), "", 1, "NameError: "),
    (("evil", "1"), "", 2, "No such command 'evil'"),
    (("run", "no_such_file.grad"), "", 2, "does not exist"),
    (("test", "no_such_folder"), "", 2, "does not exist"),
    (("--color", "sometimes"), "", 2, "is not one of"),
    ((), b"x = 1\nx = \xff\n", 1, "no text in UTF-8\n  why: line 2 holds the byte 0xff.\n"),
    ((), b"x = '\x00'\n", 1, "a character that is no text: U+0000"),
    ((), "x = 1 #" + "a" * 10_000_000, 1, "MemoryError: standard input has more than "),
    ((), "load x /etc/passwd\n", 1, "PermissionError: /etc/passwd is outside the folder"),
    (("eval", b"'\xff'".decode(errors="surrogateescape")), "", 1, "a character that is no text"),
]


@pytest.mark.parametrize(("args", "given", "status", "err"), FAILING)
def test_what_fails(args: tuple[str, ...], given: str | bytes, status: int, err: str) -> None:
    ended = gradcli(*args, given=given)
    assert (ended.status, ended.out) == (status, "")
    assert err in ended.err
    assert "Traceback" not in ended.err


def test_closed_streams(tmp_path: Path) -> None:
    run = f"{sys.executable} -m gradcli"
    for line, status in ((f"{run} <&-", 0), (f"{run} eval 1 >&-", 0), (f"{run} eval y 2>&-", 1)):
        ended = subprocess.run(
            ["/bin/sh", "-c", line],
            env=environment(),
            cwd=ROOT,
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
        )
        assert (ended.returncode, ended.stdout, ended.stderr) == (status, b"", b"")


def test_what_came_before_an_error_is_printed() -> None:
    ended = gradcli(given="print('one')\nx = 1\nx\nno\nprint('two')\n")
    assert (ended.status, ended.out) == (1, "one\n1\n")
    assert ended.err.startswith("NameError: name 'no' is not defined\n  4 | no\n")


def test_json() -> None:
    ended = gradcli(
        "eval",
        "--json",
        "a = param([1., 2.])",
        "a * 2",
        "backward (a*a).sum()",
        "grad a",
        "(1, float('inf'))",
        "print('x', 1)",
        "step a lr=0.5",
        "vars",
        "a @ tensor([[1.]])",
        "1",
    )
    assert (ended.status, ended.err) == (1, "")
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert rows[0] == {
        "name": "a * 2",
        "value": [2.0, 4.0],
        "shape": [2],
        "dtype": "float32",
        "requires_grad": True,
        "grad_fn": "MulBackward0",
    }
    assert rows[1] == {
        "name": "a.grad",
        "value": [2.0, 4.0],
        "shape": [2],
        "dtype": "float32",
        "requires_grad": False,
        "grad_fn": None,
    }
    assert rows[2] == {"name": "(1, float('inf'))", "value": [1, "inf"]}
    assert rows[3] == {"printed": "x 1\n"}
    assert rows[4] == {"moved": [{"name": "a", "old": "[1., 2.]", "new": "[0., 0.]"}]}
    assert rows[5]["vars"][0]["kind"] == "leaf"
    error = rows[6]
    assert (error["error"], error["line"], len(rows)) == ("RuntimeError", 9, 7)
    assert error["message"].startswith("size mismatch") or "mat" in error["message"]
    assert {"column", "why", "fix"} <= error.keys()


def test_run(tmp_path: Path) -> None:
    (tmp_path / "a.grad").write_text("x = 2\nx + 1\nload t data.csv\nt\n")
    (tmp_path / "b.py").write_text("import torch\nx * 5\nprint(x, torch.ones(1))\ny\n")
    (tmp_path / "c.grad").write_text(
        ">>> x\n>>> for i in range(2):\n...     i\n...\n0\n1\n>>> no\n"
    )
    (tmp_path / "data.csv").write_text("1,2\n")
    assert gradcli("run", str(tmp_path / "a.grad")) == (
        0,
        "3\nt  [2]  float32\ntensor([1., 2.])\n",
        "",
    )
    ended = gradcli("run", "a.grad", "b.py", cwd=tmp_path)
    assert ended.status == 1
    assert ended.out.endswith("tensor([1., 2.])\n2 tensor([1.])\n")
    assert ended.err.startswith("NameError: name 'y' is not defined\n  4 | y\n")
    assert ended.err.endswith("  in b.py:4\n")
    ended = gradcli("run", "a.grad", "c.grad", cwd=tmp_path)
    assert ended.out.endswith("2\n0\n1\n")
    assert ended.err.endswith("  in c.grad:7\n")


def test_test(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.grad", tmp_path / "bad.grad"
    good.write_text(">>> 1 + 1\n2\n")
    bad.write_text("# kept\n>>> x = 4\n>>> x + 1\n6\n>>> y\n")
    ended = gradcli("test", str(tmp_path))
    assert (ended.status, ended.err) == (1, "")
    assert ended.out.splitlines() == [
        str(bad),
        "   3 >>> x + 1",
        "       - 6",
        "       + 5",
        "   5 >>> y",
        "       + NameError: name 'y' is not defined",
        "       +   3 | y",
        "       +     | ^",
        "       +   why: nothing is called y yet.",
        "       +   fix: y = ...",
        "1 passed, 1 failed",
    ]
    assert gradcli("test", "--update", str(tmp_path)).status == 0
    assert bad.read_text().startswith("# kept\n>>> x = 4\n>>> x + 1\n5\n>>> y\nNameError: ")
    assert gradcli("test", str(good), str(bad)) == (0, "2 passed, 0 failed\n", "")


def test_nothing_to_test(tmp_path: Path) -> None:
    assert gradcli("test", str(tmp_path)) == (0, "0 passed, 0 failed\n", "")


def test_version_and_help() -> None:
    assert re.fullmatch(r"gradcli \d\S* \(Python 3\S*, NumPy 2\S*\)\n", gradcli("--version").out)
    for command in ((), ("eval",), ("run",), ("test",)):
        ended = gradcli(*command, "--help")
        assert ended.status == 0
        assert "Examples:" in ended.out
        assert max(map(len, ended.out.splitlines())) <= 80


def test_shell_completion() -> None:
    script = gradcli(_GRADCLI_COMPLETE="bash_source").out
    assert "_GRADCLI_COMPLETE=bash_complete" in script
    words = gradcli(_GRADCLI_COMPLETE="bash_complete", COMP_WORDS="gradcli e", COMP_CWORD="1").out
    assert "eval" in words


LOUD = """
a = param([5., 4.])
z = (a**2).mean()
vars; z; info z; graph z
diff z a; set; help step
z.no
"""
ESCAPE = re.compile("\x1b\\[[0-9;]*m")


def test_colour_adds_to_the_text_and_changes_no_character() -> None:
    plain = gradcli("eval", LOUD)
    for coloured in (
        gradcli("eval", "--color", "always", LOUD),
        gradcli("eval", LOUD, FORCE_COLOR="1"),
        gradcli("--color", "always", "eval", LOUD, NO_COLOR="1", TERM="dumb"),
    ):
        assert "\x1b[" in coloured.out
        assert "\x1b[" in coloured.err
        assert ESCAPE.sub("", coloured.out) == plain.out
        assert ESCAPE.sub("", coloured.err) == plain.err
    for env in ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, {"FORCE_COLOR": "0"}, {}):
        assert gradcli("eval", LOUD, **env) == plain
    assert gradcli("eval", "--color", "never", LOUD, FORCE_COLOR="1") == plain


def test_interrupted() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "gradcli", "eval", "print('on')", "while True: pass"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(PYTHONUNBUFFERED="1"),
        cwd=ROOT,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"on\n"
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (130, b"")
    assert err.startswith(b"KeyboardInterrupt")


def test_a_reader_that_goes_away() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "gradcli", "eval", "for i in range(100000): print(i)"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        cwd=ROOT,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=20) == 1


def test_a_mistake_of_our_own_is_reported(tmp_path: Path) -> None:
    broken = (
        "import sys; from gradcli import cli; import gradcli.app\n"
        "from gradcli.commands import command\n"
        "def run(session): raise AssertionError('so')\n"
        "command.REGISTRY['vars'].run = run\n"
        "sys.argv = ['gradcli', 'eval', 'x = 1', 'vars', 'x']; cli.main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", broken],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        env=environment(XDG_STATE_HOME=str(tmp_path)),
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "InternalError: gradcli itself failed: AssertionError: so" in ended.stderr
    assert "Traceback" not in ended.stderr
    [report] = (tmp_path / "gradcli" / "reports").iterdir()
    assert report.name in ended.stderr.replace("\n       ", "")
    text = report.read_text()
    assert "Traceback" in text
    assert "vars" in text


def test_the_short_way_loads_nothing_it_does_not_need() -> None:
    heavy = (
        "rich",
        "prompt_toolkit",
        "json",
        "difflib",
        "dataclasses",
        "asyncio",
        "pathlib",
        "gradcli.transcripts",
        "gradcli.explain",
        "numpy.random",
        "zipfile",
    )
    code = (
        "import sys; from gradcli import cli\n"
        "sys.argv = 'gradcli eval a=param([5.,4.]);z=(a**2).mean();z.backward();a.grad'.split()\n"
        "try: cli.main()\nexcept SystemExit: pass\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        env=environment(),
    )
    assert ended.stdout == "tensor([5., 4.])\n[]\n"
