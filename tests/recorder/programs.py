"""Runs small programs under PyTorch and writes down what they say."""

import json
from collections.abc import Iterable
from pathlib import Path

import torch

from tests.engine.programs import RECORDED, said


def write(name: str, programs: Iterable[str]) -> None:
    torch.set_warn_always(True)
    lines = (json.dumps({"code": code, **said(torch, code)}) for code in programs)
    text = ",\n".join(lines)
    (RECORDED / f"{name}.json").write_text(f"[\n{text}\n]\n", encoding="utf-8")


def programs(name: str) -> list[str]:
    """The programs of a text file beside this one, a line each."""
    text = Path(__file__).with_name(f"{name}.txt").read_text(encoding="utf-8")
    return text.strip().splitlines()
