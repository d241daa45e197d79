"""Whole programs in the manner of tutorials print PyTorch's characters: as Python, with the engine
for torch, and in gradcli's language, as `gradcli run` runs them."""

from __future__ import annotations

import json
import re
import sys

import pytest

import engine
from gradcli.base.outputs import plain
from tests.gradcli.prompt import Prompt
from tests.recorder.scripts import RECORDED, printed, sources

SOURCES = sources()
PRINTED: dict[str, str] = json.loads(RECORDED.read_text(encoding="utf-8"))
MODULES = (
    "autograd autograd.forward_ad autograd.functional autograd.function autograd.graph fft func "
    "linalg nn nn.functional nn.init nn.parameter nn.utils optim optim.lr_scheduler special"
).split()
"""What the programs may import of torch, besides itself."""

NOT_IN_LANGUAGE = {
    "04_custom_function": "class",
    "10_inplace_views": "try",
    "20_grad_errors": "try",
    "37_exp_function": "class",
    "38_straight_through": "class",
    "53_mistakes_shapes": "try",
    "54_inplace_errors": "try",
    "58_state_of_gradients": "try",
}
"""Program → why gradcli's language does not run it."""


@pytest.fixture
def engine_for_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", engine)
    for name in MODULES:
        module = engine
        for part in name.split("."):
            module = getattr(module, part)
        monkeypatch.setitem(sys.modules, f"torch.{name}", module)


def test_every_program_is_recorded() -> None:
    assert list(PRINTED) == list(SOURCES)
    assert set(NOT_IN_LANGUAGE) <= set(SOURCES)


@pytest.mark.usefixtures("engine_for_torch")
@pytest.mark.parametrize("name", SOURCES)
def test_in_python(name: str) -> None:
    assert printed(name, SOURCES[name]) == PRINTED[name]


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in NOT_IN_LANGUAGE])
def test_in_the_language(name: str) -> None:
    prompt = Prompt()
    prompt.session.run(SOURCES[name], whole=False, echo=False)
    assert "".join(map(plain, prompt.outputs)) == PRINTED[name]


def test_mistakes_at_the_prompt() -> None:
    """The language has no try: the mistakes of a script, each typed by itself."""
    name = "53_mistakes_shapes"
    mistakes = re.findall(r"(?m)^attempt\(lambda: (.*)\)$", SOURCES[name])
    prompt = Prompt("import torch.nn.functional as F", "t = torch.ones(2, 3)")
    said = [prompt.failure(mistake).partition("\n")[0] for mistake in mistakes]
    assert said == PRINTED[name].splitlines()
