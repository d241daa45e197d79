"""Every mistake in faults.txt is answered with exactly the text that stands there."""

import warnings

import pytest

from tests.gradcli.language.desk import Desk
from tests.gradcli.language.programs import sections

FILE = sections("faults.txt")
SETUP = FILE.pop("setup")
MISTAKES = dict(
    part.split("\n", 1) for part in FILE.pop("mistakes").removeprefix(">>> ").split("\n>>> ")
)


@pytest.mark.parametrize("text", MISTAKES)
def test_mistake(text: str) -> None:
    desk = Desk()
    desk.run(SETUP)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert desk.text(text) == MISTAKES[text]
