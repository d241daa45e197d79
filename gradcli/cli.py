"""The command line. Exit status: 0 fine, 1 failure, 2 usage, 130 interrupted."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from gradcli.output.screen import Screen
    from gradcli.session.session import Session

FINE, FAILED, INTERRUPTED = 0, 1, 130


def _version(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        import numpy

        import engine

        python = ".".join(map(str, sys.version_info[:3]))
        click.echo(f"gradcli {engine.__version__} (Python {python}, NumPy {numpy.__version__})")
        context.exit()


def _colour(context: click.Context, option: click.Parameter, choice: str | None) -> None:
    if choice is not None:
        context.find_root().meta["colour"] = choice


color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    callback=_colour,
    expose_value=False,
    help="Colour: on a terminal (auto), always or never.",
)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["--help"]})
@color_option
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the versions and exit.",
)
@click.pass_context
def cli(context: click.Context) -> None:
    """A calculator for gradients: PyTorch's autograd at a prompt, on NumPy.

    Without a command it is a prompt; with input piped in, it runs that as a script.

    \b
    Examples:
      gradcli
      gradcli eval 'x = param(3.); y = x**2; backward y; grad x'
      echo 'tensor([1., 2.]) * 3' | gradcli
      gradcli run train.grad
      gradcli test sessions/

    \b
    At the prompt:
      >>> a = param([5., 4.])         a leaf that requires grad
      >>> z = (a**2).mean()           Python, with PyTorch's names
      >>> backward z                  commands are words: no brackets
      >>> grad a
      tensor([5., 4.])
      >>> help                        all commands;  help sin: one operation

    \b
    Tab completion, for bash (zsh and fish alike, with zsh_source, fish_source):
      eval "$(_GRADCLI_COMPLETE=bash_source gradcli)"
    """
    if context.invoked_subcommand is None:
        on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
        raise _Finished(_prompt(context) if on_terminal else _piped(context))


@cli.command("eval", context_settings={"ignore_unknown_options": True})
@color_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per result.")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...", type=click.UNPROCESSED)
@click.pass_context
def evaluate(context: click.Context, inputs: tuple[str, ...], as_json: bool) -> None:
    """Evaluate each INPUT and print its results; `-` reads standard input.

    \b
    Examples:
      gradcli eval '2**10' 'tensor([1., 2.]).exp()'
      gradcli eval 'a = param(3.); y = a**2; backward y; grad a'
      gradcli eval '-tensor(2.)**2'
      gradcli eval 'x = param(2.)' 'diff x**3 x'
      gradcli eval --json 'param([1., 2.]).sum()'
      cat script.grad | gradcli eval -
    """
    from gradcli.base.input_text import read_stream
    from gradcli.session.exit_status import guarded

    screen = _screen(context, as_json)
    session = _session(screen)
    session.settings.notes = False  # an answer is all that was asked for

    def work() -> None:
        for text in inputs:
            if text == "-":
                text = read_stream(sys.stdin.buffer, "standard input")
            session.run(text, whole=False)

    raise _Finished(max(guarded(screen.fail, work, "\n".join(inputs)), FINE))


@cli.command()
@color_option
@click.option("-i", "--interactive", is_flag=True, help="Go on at the prompt afterwards.")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False),
)
@click.pass_context
def run(context: click.Context, files: tuple[str, ...], interactive: bool) -> None:
    """Run session files, one after the other, in one session.

    A *.grad file shows the value of each bare expression, as the prompt does; of a transcript its
    inputs are run. A *.py file is a PyTorch script: only print and commands speak. A file reads
    and writes in its own folder alone.

    \b
    Examples:
      gradcli run tutorial.py
      gradcli run -i setup.grad
    """
    from pathlib import Path

    screen = _screen(context)
    session = _session(screen)
    session.confined = True
    status = FINE
    for file in files:
        status = _run_file(session, screen, Path(file))
        if status:
            break
    if interactive and status >= FINE:
        session.confined, session.folder = False, None
        raise _Finished(_prompt(context, session, screen))
    raise _Finished(max(status, FINE))


@cli.command()
@color_option
@click.option("--update", is_flag=True, help="Rewrite the files with what came; comments stay.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(exists=True))
@click.pass_context
def test(context: click.Context, paths: tuple[str, ...], update: bool) -> None:
    """Replay transcripts and compare what they print; folders are searched for *.grad files.

    A transcript is what the prompt showed. Numbers compare to the digits written; `...` stands for
    anything; a line `#: seed=1 rtol=1e-3 atol=1e-6 width=80` sets what follows.

    \b
    Examples:
      gradcli test sessions/
      gradcli test lesson.grad --update
    """
    from pathlib import Path

    from gradcli.app import Calculator
    from gradcli.base.outputs import Notice, note
    from gradcli.transcripts.replay import files, replay

    screen = _screen(context)
    passed = failed = 0
    for path in files([Path(each) for each in paths]):
        report = replay(path, Calculator)
        if report.updated is not None and update and report.failure is None:
            try:
                path.write_text(report.updated, encoding="utf-8")
            except OSError as error:
                raise click.FileError(str(path), error.strerror) from error
            screen.emit(note(f"updated {path}"))
        elif not report.passed:
            failed += 1
            screen.emit(Notice([[(str(path), "name")]], {}))
            for difference in report.differences:
                screen.emit(Notice(difference.lines(), {}))
            if report.failure:
                screen.emit(report.failure)
            continue
        passed += 1
    screen.emit(note(f"{passed} passed, {failed} failed"))
    raise _Finished(FAILED if failed else FINE)


# ---- what they share ---------------------------------------------------------------------------


class _Finished(Exception):  # noqa: N818 - it carries a status, good or bad
    """A command came to its end, with this exit status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def _screen(context: click.Context, as_json: bool = False) -> Screen:
    from gradcli.output.screen import Screen

    return Screen(context.find_root().meta.get("colour", "auto"), as_json)


def _session(screen: Screen) -> Session:
    from gradcli.app import Calculator

    return Calculator(screen.emit)


def _run_file(session: Session, screen: Screen, path: Path) -> int:
    """Run one file; a transcript's inputs each as the prompt would."""
    from gradcli.base.input_text import read_file
    from gradcli.session.exit_status import guarded
    from gradcli.transcripts.transcript import inputs, is_transcript

    session.folder = path.parent

    def work() -> None:
        text = read_file(path)
        script = path.suffix == ".py"
        if script or not is_transcript(text):
            session.run(text, whole=False, echo=not script, first_line=1)
            return
        for line, each in inputs(text):
            session.run(each, first_line=line)

    return guarded(screen.fail, work, str(path), str(path))


def _piped(context: click.Context) -> int:
    """Run standard input as a script."""
    from pathlib import Path

    from gradcli.base.input_text import read_stream
    from gradcli.session.exit_status import guarded
    from gradcli.transcripts.transcript import inputs, is_transcript

    screen = _screen(context)
    session = _session(screen)
    session.folder, session.confined = Path.cwd(), True

    def work() -> None:
        text = read_stream(sys.stdin.buffer, "standard input")
        whole = is_transcript(text)
        for line, each in inputs(text):
            session.run(each, whole=whole, first_line=line)

    return max(guarded(screen.fail, work, "standard input"), FINE)


def _prompt(
    context: click.Context, session: Session | None = None, screen: Screen | None = None
) -> int:
    """The prompt."""
    from gradcli.repl.loop import Loop

    screen = screen or _screen(context)
    colour = context.find_root().meta.get("colour", "auto")
    return Loop(session or _session(screen), screen, colour).run()


def main() -> None:
    """The entry point."""
    sys.exit(_main())


def _main() -> int:
    from gradcli.output.screen import UnwritableError

    _open_streams()
    try:
        try:
            status = cli.main(prog_name="gradcli", standalone_mode=False)
        except _Finished as finished:
            status = finished.status
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (UnwritableError, OSError) as error:
        # What is left in the buffer must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        reason = error if isinstance(error, OSError) else error.__cause__
        if isinstance(reason, OSError) and not isinstance(reason, BrokenPipeError):
            click.echo(f"Error: cannot write: {reason.strerror}", err=True)
        return FAILED
    except Exception as error:
        from gradcli.base.outputs import Failure, plain
        from gradcli.base.user_files import reported

        click.echo(plain(Failure(reported(error, " ".join(sys.argv)))), err=True, nl=False)
        return FAILED
    return status if isinstance(status, int) else FINE


def _open_streams() -> None:
    """A stream that was closed reads and writes nothing; what an encoding lacks is written out."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - open to the end
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        getattr(sys, name).reconfigure(errors="backslashreplace")
