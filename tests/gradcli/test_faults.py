"""How a fault is laid out."""

import pytest

from gradcli.base.faults import Fault, Span, lines, plain

LONG = "x = " + " + ".join(f"name{i}" for i in range(40))

LAYOUTS: dict[str, tuple[Fault, str, int, str]] = {
    "the whole of it": (
        Fault(
            "RuntimeError",
            "grad can be implicitly created only for scalar outputs",
            Span(1, 9, 1, 10),
            fact="y has shape [2]",
            why="backward starts from one number, and y holds 2.",
            fixes=["backward y.sum()", "backward y gradient=[1., 1.]"],
        ),
        "backward y",
        3,
        """\
RuntimeError: grad can be implicitly created only for scalar outputs
  3 | backward y
    |          ^ y has shape [2]
  why: backward starts from one number, and y holds 2.
  fix: backward y.sum()    or    backward y gradient=[1., 1.]""",
    ),
    "no place": (
        Fault("MemoryError", "too much", why="it is."),
        "x",
        1,
        "MemoryError: too much\n  why: it is.",
    ),
    "no message": (Fault("AssertionError", ""), "x", 1, "AssertionError"),
    "a fact without a place": (Fault("E", "m", fact="f"), "x", 1, "E: m\n  f"),
    "a second line": (Fault("E", "m", Span(2, 0, 2, 2)), "a\nbc", 9, "E: m\n 10 | bc\n    | ^^"),
    "four digits": (Fault("E", "m", Span(1, 0, 1, 1)), "a", 1234, "E: m\n1234 | a\n     | ^"),
    "over several lines": (
        Fault("E", "m", Span(1, 4, 2, 1)),
        "x = (1,\n2)",
        1,
        "E: m\n  1 | x = (1,\n    |     ^^^",
    ),
    "behind the end": (Fault("E", "m", Span(1, 3, 1, 4)), "a +", 1, "E: m\n  1 | a +\n    |    ^"),
    "no width": (Fault("E", "m", Span(1, 1, 1, 1)), "abc", 1, "E: m\n  1 | abc\n    |  ^"),
    "a tab": (Fault("E", "m", Span(1, 1, 1, 2)), "\tab", 1, "E: m\n  1 |  ab\n    |  ^"),
    "wide characters": (
        Fault("E", "m", Span(1, 5, 1, 6)),
        "'日本' x",
        1,
        "E: m\n  1 | '日本' x\n    |        ^",
    ),
    "accents put over letters": (
        Fault("E", "m", Span(1, 3, 1, 4)),
        "e\u0301 x",
        1,
        "E: m\n  1 | e\u0301 x\n    |   ^",
    ),
    "a long line, at its start": (
        Fault("E", "m", Span(1, 4, 1, 9)),
        LONG,
        1,
        "E: m\n  1 | " + LONG[:69] + "...\n    |     ^^^^^",
    ),
    "a long line, at its end": (
        Fault("E", "m", Span(1, len(LONG) - 6, 1, len(LONG))),
        LONG,
        1,
        "E: m\n  1 | ..." + LONG[-69:] + "\n    | " + " " * 66 + "^^^^^^",
    ),
    "a long fact": (
        Fault("E", "m", Span(1, 60, 1, 62), fact="it is a fact of more than a few words"),
        "a" * 62,
        1,
        "E: m\n  1 | " + "a" * 62 + "\n    | " + " " * 60 + "^^\n"
        "      it is a fact of more than a few words",
    ),
    "long reasons and fixes": (
        Fault(
            "E",
            "m",
            why="why " * 17 + "because it",
            fixes=["the first of the fixes is long", "the second of the fixes", "the third"],
        ),
        "",
        1,
        "E: m\n  why: " + "why " * 16 + "why\n       because it\n"
        "  fix: the first of the fixes is long    or    the second of the fixes\n"
        "       the third",
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(name: str) -> None:
    fault, text, first, expected = LAYOUTS[name]
    shown = plain(fault, text.split("\n"), first)
    assert shown == expected
    assert all(len(line) <= 80 for line in shown.split("\n"))


def test_the_line_that_built_the_node() -> None:
    fault = Fault("RuntimeError", "m", Span(1, 9, 1, 10))
    fault.built = (2, "y = a.exp()  # here")
    shown = plain(fault, ["backward z"], 5).split("\n")
    assert shown[1:] == [
        "  5 | backward z",
        "    |          ^",
        "  2 | y = a.exp()  # here    built it here",
    ]


def test_colours_are_a_matter_of_style_alone() -> None:
    fault = Fault("E", "m", Span(1, 0, 1, 1), fact="f", why="w", fixes=["x"])
    assert lines(fault, ["ab"]) == [
        [("E: m", "error")],
        [("  1 | ", "plain"), ("ab", "source")],
        [("    | ", "plain"), ("^", "caret"), (" f", "plain")],
        [("  why: w", "why")],
        [("  fix: x", "fix")],
    ]


def test_as_text() -> None:
    assert str(Fault("KeyError", "'a'")) == "KeyError: 'a'"
    assert Fault("E", "m").exit == 1
