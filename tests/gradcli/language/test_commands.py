"""Which lines are commands, where their operands end, and where their positions point."""

from __future__ import annotations

import ast

import pytest

from gradcli.base.faults import Fault
from gradcli.language.read import read
from gradcli.language.syntax.parse import incomplete
from gradcli.language.syntax.source import CommandLine, Raw, Source
from tests.gradcli.language.desk import COMMANDS, Desk

LINES = {
    # word, then a name, a number or a string
    "backward y": "backward y",
    "grad a b": "grad a | b",
    "grad a, b": "grad a | b",
    "  grad a": "grad a",
    "grad\ta": "grad a",
    "step W lr=0.001": "step W | lr=0.001",
    "step W lr = 0.001": "step W | lr=0.001",
    "step lr=0.1": "step lr=0.1",
    "step W V lr=0.1 momentum=0.9": "step W | V | lr=0.1 | momentum=0.9",
    "backward y gradient=[1., 1.]": "backward y | gradient=[1., 1.]",
    "diff z a at=[1., 2.]": "diff z | a | at=[1., 2.]",
    "diff z a at a=[1., 2.]": "diff z | a | a=[1., 2.]",
    "diff z at": "diff z | at",
    "diff z at at": "diff z | at | at",
    "grad 5": "grad 5",
    "grad 'a' \"b\"": "grad 'a' | \"b\"",
    "grad f'x'": "grad f'x'",
    # operands are expressions
    "backward y.sum()": "backward y.sum()",
    "backward a + b": "backward a + b",
    "backward a +b": "backward a | +b",
    "backward a+b": "backward a+b",
    "grad a - b": "grad a - b",
    "grad a -b": "grad a | -b",
    "grad a[0] b.c": "grad a[0] | b.c",
    "grad a [0]": "grad a | [0]",
    "grad a if b else c d": "grad a if b else c | d",
    "grad not_a": "grad not_a",
    "grad a and not b": "grad a and not b",
    "grad a == b c": "grad a == b | c",
    "diff lambda x, y: x**2 a": "diff lambda x, y: x**2 | a",
    "diff (lambda x: x) a": "diff (lambda x: x) | a",
    "grad (a + b) (c, d)": "grad (a + b) | (c, d)",
    "grad ...": "grad ...",
    "grad {'a': 1}": "grad {'a': 1}",
    "grad -a": "grad -a",
    "grad ~a": "grad ~a",
    "grad lambda: 3": "grad lambda: 3",
    "grad True None": "grad True | None",
    "backward (y*2).sum()": "backward (y*2).sum()",
    "backward [y]": "backward [y]",
    "grad x.\\\ny": "grad x.\\\ny",
    "grad [a,\n b] c": "grad [a,\n b] | c",
    "grad (a  # why\n ) b": "grad (a  # why\n ) | b",
    "grad a # the rest": "grad a",
    "grad é ü": "grad é | ü",
    # the bare word, and the word as a call
    "exit": "exit",
    "exit()": "exit",
    "grad": "grad",
    "grad  # all": "grad",
    "grad(a)": "grad a",
    "grad(a, b)": "grad a | b",
    "grad(a,\n     b)": "grad a | b",
    "step(W, lr=0.1)": "step W | lr=0.1",
    "help(sin)": "help sin",
    "load(x, 'a b.csv')": "load x | a b.csv",
    # words and paths as written
    "load x data.csv": "load x | data.csv",
    "load x ../a/b-1.csv": "load x | ../a/b-1.csv",
    "load x /tmp/x.npy": "load x | /tmp/x.npy",
    "load x ~/x.npy": "load x | ~/x.npy",
    "load x 'a b.csv'": "load x | a b.csv",
    'load x "a;b.csv"': "load x | a;b.csv",
    "load x C:\\data\\x.csv": "load x | C:\\data\\x.csv",
    "load x data.csv  # the numbers": "load x | data.csv",
    "load x data.csv columns=2": "load x | data.csv | columns=2",
    "set notes off": "set notes | off",
    "set width 60": "set width | 60",
    "help torch.sin **": "help torch.sin | **",
    "help @": "help @",
    "help -x": "help -x",
    # always a command
    ":grad a": "grad a",
    ": grad a": None,
    ":exit": "exit",
    ":grad (a)": "grad (a)",
    ":grad -a": "grad -a",
    ":grad": "grad",
    # Python
    "grad = 3": None,
    "grad += 3": None,
    "grad, b = 1, 2": None,
    "grad.x": None,
    "grad: int = 3": None,
    "grad == 3": None,
    "grad - 3": None,
    "grad in [1]": None,
    "grad is None": None,
    "grad if a else b": None,
    "grad and b": None,
    "grad not in b": None,
    "grad(a) + 1": None,
    "grad(a)[0]": None,
    "grad[0]": None,
    "print(grad)": None,
    "x = grad": None,
    "gradient": None,
    "load = 5": None,
    "load == 5": None,
    "'grad a'": None,
    "# grad a": None,
    "trace(a)": None,
    "sum(a)": None,
}
"""Text → its command line as `word operand | operand`, None if it is Python."""

WITH_VARIABLE = {
    "grad": None,
    "grad a": "grad a",
    "grad(a)": None,
    "grad (a)": None,
    "grad -a": None,
    "grad [0]": None,
    ":grad": "grad",
    ":grad -a": "grad -a",
    "help": "help",
}
"""The same where a variable is called grad."""


def shown(command: CommandLine, source: Source) -> str:
    """`word operand | operand | key=value`, each as it stands in the source."""
    parts = [
        str(part) if isinstance(part, Raw) else source.words(source.span(part))
        for part in command.operands
    ]
    options = zip(command.keys, command.values, strict=True)
    parts += [f"{key}={source.words(source.span(value))}" for key, value in options]
    return " ".join([command.word, *[" | ".join(parts)][: len(parts)]])


def commands_in(text: str, bound: tuple[str, ...] = ()) -> list[str]:
    """Every command line in the text."""
    return [
        shown(node, statement.source)
        for statement in read(text, COMMANDS, bound)
        for node in ast.walk(statement.node)
        if isinstance(node, CommandLine)
    ]


def of(text: str, bound: tuple[str, ...] = ()) -> str | None:
    """The command line, if the text is one and no Python."""
    try:
        found = commands_in(text, bound)
    except Fault:
        found = []
    assert len(found) < 2
    return found[0] if found else None


@pytest.mark.parametrize("text", LINES)
def test_line(text: str) -> None:
    expected = LINES[text]
    assert _loose(of(text)) == _loose(expected)


def _loose(text: str | None) -> str | None:
    """Without the brackets that only group: they are no part of the node they hold."""
    if text is None:
        return None
    for typed, kept in {
        "(a + b)": "a + b",
        "(lambda x: x)": "lambda x: x",
        "grad (a)": "grad a",
        "(a  # why\n )": "a",
    }.items():
        text = text.replace(typed, kept)
    return text


@pytest.mark.parametrize("text", WITH_VARIABLE)
def test_line_where_a_variable_has_the_name(text: str) -> None:
    assert of(text, ("grad",)) == WITH_VARIABLE[text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1; grad a; y = 2", ["grad a"]),
        ("grad a; grad b;grad c", ["grad a", "grad b", "grad c"]),
        ("for i in range(3): grad a", ["grad a"]),
        ("for i in range(3):\n    grad a\n    step W\nexit", ["exit", "grad a", "step W"]),
        ("if x:\n  grad a\nelif y:\n  grad b\nelse:\n  grad c", ["grad a", "grad b", "grad c"]),
        ("while x: grad a; break", ["grad a"]),
        ("with no_grad(): step W", ["step W"]),
        ("def f(x):\n    backward x\n    return x", ["backward x"]),
        ("f = lambda x: grad\ngrad a", ["grad a"]),
        ("x = [\ngrad\n]\ngrad a", ["grad a"]),
        ("x = '''\ngrad a\n'''", []),
        ("if (x if y else z): grad a", ["grad a"]),
        ("if lambda: 3: grad a", ["grad a"]),
        ("x = {'a': 1}\nd = x['a':]; grad a", ["grad a"]),
        ("é = 'ü'; grad é", ["grad é"]),
    ],
)
def test_commands_anywhere(text: str, expected: list[str]) -> None:
    assert sorted(commands_in(text)) == sorted(expected)


@pytest.mark.parametrize(
    ("text", "pointed"),
    [
        ("backward missing", "missing"),
        ("x = 1; grad 'é' missing", "missing"),
        ("for i in [1]: grad missing", "missing"),
        ("for i in [1]:\n    grad (1 +\n    missing)", "missing"),
        ("'é'; step 1 lr=missing", "missing"),
        ("grad 1 2; missing", "missing"),
        ("grad 'éé'; missing", "missing"),
        ("grad [1,\n 2]; missing", "missing"),
        (":grad missing", "missing"),
        ("step(1, lr=missing)", "missing"),
        ("grad 1 + + missing", "missing"),
    ],
)
def test_carets_point_at_what_was_typed(text: str, pointed: str) -> None:
    fault = Desk().fault(text)
    assert fault.span is not None
    assert Source(text).words(fault.span) == pointed


@pytest.mark.parametrize(
    ("text", "kind", "pointed", "fixes"),
    [
        (":grda a", "NameError", "g", ("grad a",)),
        ("backwrd z", "SyntaxError", "backwrd", ("backward z",)),
        ("x = 1\nbackwrd z", "SyntaxError", "backwrd", ("backward z",)),
        ("grad a b)", "SyntaxError", ")", ()),
        ("grad 1 = 2", "SyntaxError", None, ()),
        ("grad (1 2)", "SyntaxError", "1 2", ()),
        ("grad a *", "SyntaxError", None, ()),
        ("2x", "SyntaxError", "2x", ("2*x",)),
        ("x + 3(", "SyntaxError", "(", ()),
    ],
)
def test_unreadable(text: str, kind: str, pointed: str | None, fixes: tuple[str, ...]) -> None:
    fault = Desk().fault(text)
    assert fault.kind == kind
    assert fault.span is not None
    if pointed is not None:
        assert Source(text).words(fault.span) == pointed
    assert fault.fixes == fixes


def test_operands_are_values_with_their_text() -> None:
    desk = Desk()
    desk.run("a = 3\nstep a a+1 lr=a*2")
    assert desk.calls == [("step", ["a", "a+1"], {"lr": "a*2"})]


@pytest.mark.parametrize(
    "text",
    [
        "x = (",
        "x = [1,\n2",
        "f(1",
        "{",
        "'''",
        "x = '''\nabc",
        '"""a\n""',
        "for i in range(3):",
        "for i in range(3):\n    print(i)",
        "def f():\n    return 1",
        "if x: 1",
        "if x:\n  1\nelse:",
        "x = 1 + \\",
        "with no_grad():",
        "while 1:\n    grad a",
        "print('a',",
        "x = 1\nfor i in y:",
    ],
)
def test_incomplete(text: str) -> None:
    assert incomplete(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1",
        "x = (1)",
        "'''a'''",
        "for i in range(3):\n    print(i)\n",
        "if x: 1\n",
        "x = )",
        "grad a",
        "backward y gradient=[1.]",
        "# for",
        "x = 'for'",
        "forward = 1",
        "'",
        "x = 'abc",
        "(" * 200,
        "for i in y:\n    1\n\nx = 1",
        "print('''a\nb''')",
        "x = 1 # (",
    ],
)
def test_complete(text: str) -> None:
    assert not incomplete(text)
