"""`gradcli test`: transcripts run again, what they print compared with what they say.

A replay depends on nothing but the file: no colour, 80 columns, seed 0, no user's settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path

from gradcli.base.faults import Fault, Line
from gradcli.base.input_text import read_file
from gradcli.base.outputs import Failure, Output, plain
from gradcli.base.user_files import reported
from gradcli.language.syntax.limits import Limits
from gradcli.session.session import Leave, Session
from gradcli.transcripts import compare
from gradcli.transcripts.transcript import Example, Transcript, is_transcript, trimmed

STEPS = 10_000_000
"""The most steps one input of a replayed file may take."""
_GUTTER = re.compile(r"^ *\d+ \|")


class Difference:
    """An example that did not give what its file says."""

    __slots__ = ("actual", "example", "expected")

    def __init__(self, example: Example, expected: list[str], actual: list[str]) -> None:
        self.example = example
        self.expected = expected
        self.actual = actual

    def lines(self) -> list[Line]:
        """The input, then `-` what was said and `+` what came."""
        first, *rest = self.example.text.split("\n")
        out: list[Line] = [[(f"{self.example.line:>4} >>> ", "dim"), (first, "source")]]
        out += [[("     ... ", "dim"), (line, "source")] for line in rest]
        matcher = SequenceMatcher(None, self.expected, self.actual, autojunk=False)
        for kind, a, b, c, d in matcher.get_opcodes():
            if kind == "equal":
                out += [[("         " + line, "plain")] for line in self.expected[a:b]]
                continue
            out += [[("       - " + line, "missing")] for line in self.expected[a:b]]
            out += [[("       + " + line, "found")] for line in self.actual[c:d]]
        return out


class Report:
    """How the replay of one file went. `updated` is its text with what came, if that differs."""

    __slots__ = ("differences", "examples", "failure", "path", "updated")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.examples = 0
        self.differences: list[Difference] = []
        self.failure: Failure | None = None
        self.updated: str | None = None

    @property
    def passed(self) -> bool:
        """Whether everything was as the file says."""
        return not self.differences and self.failure is None


def files(paths: Sequence[Path]) -> Iterator[Path]:
    """The session files among `paths`; folders are searched for transcripts."""
    for path in paths:
        if path.is_dir():
            for found in sorted(path.rglob("*.grad")):
                try:
                    if is_transcript(read_file(found)):
                        yield found
                except Fault:
                    yield found
        else:
            yield path


def replay(path: Path, session: type[Session]) -> Report:
    """Run a file again, in a `session` of its own. One without prompts passes if no error comes."""
    report = Report(path)
    try:
        text = read_file(path)
        if is_transcript(text):
            _replay_transcript(report, Transcript(text), session)
        else:
            _fresh(session, [], path).run(text, whole=False, echo=path.suffix != ".py")
    except Leave:
        pass
    except Fault as fault:
        report.failure = Failure(fault, fault.source_lines, fault.first_line, str(path))
    except Exception as error:
        report.failure = Failure(reported(error, str(path)), place=str(path))
    return report


def _fresh(kind: type[Session], outputs: list[Output], path: Path) -> Session:
    session = kind(outputs.append, folder=path.parent, confined=True, bounds=Limits(STEPS))
    session.change("seed", 0)
    return session


def _replay_transcript(report: Report, transcript: Transcript, kind: type[Session]) -> None:
    outputs: list[Output] = []
    session = _fresh(kind, outputs, report.path)
    tolerances = {"rtol": 0.0, "atol": 0.0}
    updates: dict[int, Sequence[str]] = {}
    for example in transcript.examples:
        for name, value in example.settings.items():
            if name in tolerances:
                tolerances[name] = value
            else:
                session.change(name, value)
        outputs.clear()
        failure: Failure | None = None
        report.examples += 1
        try:
            session.run(example.text)
        except Leave:
            break
        except Fault as fault:
            failure = Failure(fault, fault.source_lines, fault.first_line)
        except Exception as error:
            failure = Failure(reported(error, example.text))
        expected = trimmed(example.expected)
        printed = trimmed("".join(map(plain, outputs)).split("\n"))
        said = plain(failure).rstrip("\n").split("\n") if failure else []
        if not _agree(expected, printed, said, **tolerances):
            report.differences.append(Difference(example, expected, printed + said))
            updates[example.line] = printed + said
    if updates:
        report.updated = transcript.updated(updates)


def _agree(
    expected: list[str], printed: list[str], said: list[str], rtol: float, atol: float
) -> bool:
    """Whether an example gave what its file says. Of an error the first line must be there; what
    is written of the rest must be so too, whatever the numbers of the lines."""
    if not said:
        return compare.same(expected, printed, rtol, atol)
    head = next((i for i, line in enumerate(expected) if compare.same([line], said[:1])), None)
    if head is None or not compare.same(trimmed(expected[:head]), printed, rtol, atol):
        return False
    rest = iter([_GUTTER.sub("|", line) for line in said[1:]])
    wanted = [_GUTTER.sub("|", line) for line in expected[head + 1 :]]
    return all(any(compare.same([line], [other]) for other in rest) for line in wanted)
