"""Asks PyTorch for the answer to every sample: `python -m tests.recorder.operations [FAMILY...]`.

The recording of a family is two files. The .npz holds all numbers, one flat array for each dtype;
the .json says, for every sample and the dtype it ran in, where in them its answers lie:
["float64", offset, *shape].
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.engine.programs import NAMES, RECORDED
from tests.engine.samples import FAMILIES
from tests.engine.sampling import Run, Sample

FOLDER = RECORDED / "operations"
LONGEST_REPR = 12  # numbers; longer ones say nothing new


class Pool:
    """All the numbers, end to end."""

    def __init__(self) -> None:
        self.parts: dict[str, list[Any]] = {}
        self.sizes: dict[str, int] = {}

    def add(self, tensor: Any) -> list[Any] | None:
        if tensor is None:
            return None
        array = tensor.detach().numpy(force=True)
        dtype = array.dtype.name
        offset = self.sizes.get(dtype, 0)
        self.parts.setdefault(dtype, []).append(array.ravel())
        self.sizes[dtype] = offset + array.size
        return [dtype, offset, *array.shape]

    def save(self, path: Path) -> None:
        arrays: dict[str, Any] = {d: np.concatenate(parts) for d, parts in self.parts.items()}
        np.savez_compressed(path, **arrays)


def node_name(tensor: Any) -> str | None:
    """The name of grad_fn as PyTorch prints it."""
    if tensor.grad_fn is None:
        return None
    name = type(tensor.grad_fn).__name__
    return str(tensor.grad_fn.name() if name == "CppFunction" else name).split("::")[-1]


def record(sample: Sample, dtype: str, pool: Pool) -> dict[str, Any]:
    ran = Run(sample, torch, dtype)
    results = ran.results
    if not all(isinstance(result, torch.Tensor) for result in results):
        return {"value": repr(results[0])}
    found: dict[str, Any] = {"out": [pool.add(r) for r in results]}
    if len(results) == 1 and results[0].numel() <= LONGEST_REPR and dtype != "float64":
        found["repr"] = repr(results[0])
    if ran.ends:
        found["nodes"] = [node_name(r) for r in results]
        try:
            found |= gradients(sample, dtype, ran, pool)
        except RuntimeError as error:
            found["raises"] = [type(error).__name__, str(error)]
    return found


def gradients(sample: Sample, dtype: str, ran: Run, pool: Pool) -> dict[str, Any]:
    first = ran.first(create_graph=True)
    found: dict[str, Any] = {"grad": {name: pool.add(g) for name, g in first.items()}}
    if dtype != "float64":
        return found
    factors = sample.factors(first)
    if factors:
        try:
            second = ran.second(first, factors)
        except RuntimeError as error:
            if "backward is not implemented" in str(error):
                return found  # PyTorch stops at the first derivative
            raise
        found["from"] = list(factors)
        found["second"] = {name: pool.add(g) for name, g in second.items()}
    return found


def record_family(family: str) -> None:
    pool = Pool()
    lines = []
    for sample in FAMILIES[family]:
        if not sample.names() <= NAMES:
            continue  # PyTorch has nothing of the kind: test_operations does without it
        answers = {dtype: record(sample, dtype, pool) for dtype in sample.dtypes}
        lines.append(f"{json.dumps(sample.key)}: {json.dumps(answers, separators=(',', ':'))}")
    pool.save(FOLDER / f"{family}.npz")
    text = ",\n".join(lines)
    (FOLDER / f"{family}.json").write_text(f"{{\n{text}\n}}\n", encoding="utf-8")


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    FOLDER.mkdir(exist_ok=True)
    for family in sys.argv[1:] or FAMILIES:
        record_family(family)


if __name__ == "__main__":
    main()
