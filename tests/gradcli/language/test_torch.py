"""Pasted PyTorch scripts print what PyTorch printed."""

import json
from pathlib import Path

import pytest

from tests.gradcli.language.desk import Desk
from tests.gradcli.language.programs import sections

PROGRAMS = sections("torch_programs.txt")
PRINTED = json.loads(Path(__file__).with_name("torch_programs.json").read_text(encoding="utf-8"))


class Script(Desk):
    """A host that shows what is printed alone, as a script's."""

    def show(self, value: object) -> None:
        """Nothing: a script speaks through print."""

    def write(self, text: str) -> None:
        self.out.append(text)


def test_every_program_is_recorded() -> None:
    assert PROGRAMS.keys() == PRINTED.keys()


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name: str) -> None:
    assert "".join(Script().run(PROGRAMS[name])) == PRINTED[name]
