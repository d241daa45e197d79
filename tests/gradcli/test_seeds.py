"""The three programs gradcli grew from print PyTorch's characters: as scripts, at the prompt, and
as commands."""

from __future__ import annotations

import json
import re

import pytest

from gradcli.base.outputs import plain
from gradcli.transcripts.transcript import Transcript
from tests.gradcli.prompt import Prompt
from tests.recorder.seeds import RECORDED, ROOT, SEEDS, programs

PRINTED: dict[str, dict[str, str]] = json.loads(RECORDED.read_text(encoding="utf-8"))
CASES = [(seed, name) for seed in SEEDS for name in programs(seed)]


@pytest.mark.parametrize(("seed", "name"), CASES)
def test_as_a_script(seed: int, name: str) -> None:
    prompt = Prompt()
    prompt.session.run(programs(seed)[name], whole=False, echo=False)
    assert "".join(map(plain, prompt.outputs)) == PRINTED[str(seed)][name]


@pytest.mark.parametrize(("seed", "name"), CASES)
def test_at_the_prompt(seed: int, name: str) -> None:
    prompt = Prompt()
    typed = re.split(r"\n(?! )", programs(seed)[name])
    shown = [prompt.type(line + ";" * line.startswith("torch.manual_seed")) for line in typed]
    assert "".join(shown) == PRINTED[str(seed)][name]


@pytest.mark.parametrize(("seed", "name"), CASES)
def test_as_commands(seed: int, name: str) -> None:
    text = (ROOT / "sessions" / "seeds" / f"{name}.grad").read_text(encoding="utf-8")
    inputs = [example.text for example in Transcript(text).examples]
    prompt = Prompt(f"set seed={seed}")
    commands = [line.replace("seed=0", f"seed={seed}") for line in inputs[inputs.index("reset") :]]
    shown = [prompt.type(line) for line in commands if not line.startswith(("step", "W.is_leaf"))]
    wanted = re.sub(r"(?m)^(Z value is:|Gradient of .) ", "", PRINTED[str(seed)][name])
    if any(line.startswith("step") for line in commands):
        step = next(line for line in commands if line.startswith("step"))
        moved = prompt.type(step)
        shown.append(prompt.type("W.data"))
        assert prompt.type("W.is_leaf") == "True\n"
        # What step shows is what W was and what it is, number beside number.
        assert re.findall(r"-?\d+\.\d+", moved)[1::2] == re.findall(r"-?\d+\.\d+", shown[-1])
    assert "".join(shown) == wanted
