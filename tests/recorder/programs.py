"""Runs small programs under PyTorch and writes down what they say."""

import json
from collections.abc import Iterable

import torch

from tests.engine.programs import RECORDED, said


def write(name: str, programs: Iterable[str]) -> None:
    torch.set_warn_always(True)
    lines = (json.dumps({"code": code, **said(torch, code)}) for code in programs)
    text = ",\n".join(lines)
    (RECORDED / f"{name}.json").write_text(f"[\n{text}\n]\n", encoding="utf-8")
