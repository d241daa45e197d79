"""Calls with wrong arguments fail with PyTorch's class and first line."""

import json
import warnings
from pathlib import Path

import pytest

from tests.gradcli.prompt import Prompt

SAID = json.loads(Path(__file__).with_name("arguments.json").read_text(encoding="utf-8"))
SETUP = "import torch.nn.functional as F; x = torch.tensor([[1., 2.], [3., 4.]])"


@pytest.mark.parametrize("code", SAID)
def test_wrong_arguments(code: str) -> None:
    prompt = Prompt()
    prompt.type(SETUP)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if SAID[code]:
            assert str(prompt.fail(code)) == SAID[code]
        else:
            prompt.type(code)
