"""Writes down PyTorch's names, the public ones of torch.Tensor, and what refuses a dense tensor on the CPU says.

`python -m tests.recorder.api`
"""

import json
from typing import Any

import torch

from engine.ops.compat.layouts import REFUSED
from engine.ops.compat.removed import REMOVED
from tests.engine.programs import RECORDED

ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "smm": (torch.ones(2, 2),),
    "sspaddmm": (torch.ones(2, 2), torch.ones(2, 2)),
    "sparse_mask": (torch.ones(2, 2),),
    "sparse_resize_": ((2, 2), 2, 0),
    "sparse_resize_and_clear_": ((2, 2), 2, 0),
    "resize_as_sparse_": (torch.ones(2, 2),),
    "to_padded_tensor": (0.0,),
    "record_stream": (torch.Stream,),
    "solve": (torch.ones(2, 2),),
    "lstsq": (torch.ones(2, 2),),
    "reinforce": (1.0,),
}


SPACES = (
    torch,
    torch.Tensor,
    torch.autograd,
    torch.autograd.functional,
    torch.fft,
    torch.func,
    torch.linalg,
    torch.nn,
    torch.nn.functional,
    torch.special,
)
"""Where the samples' names are to be found."""


def raised(name: str) -> list[str]:
    try:
        getattr(torch.ones(2, 2), name)(*ARGUMENTS.get(name, ()))
    except Exception as error:
        return [type(error).__name__, str(error).split(" This could be because")[0]]
    raise AssertionError(f"{name} raises nothing")


def main() -> None:
    found = {
        "tensor": [name for name in dir(torch.Tensor) if not name.startswith("_")],
        "names": sorted({n for space in SPACES for n in dir(space) if not n.startswith("_")}),
        "raises": {name: raised(name) for name in (*REFUSED, *REMOVED)},
    }
    text = json.dumps(found, indent=0)
    (RECORDED / "api.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
