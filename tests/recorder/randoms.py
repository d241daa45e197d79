"""Asks PyTorch for its random numbers: `python -m tests.recorder.randoms`.

SEQUENCES are draws made one after another from one seed, each a function of engine.random and its
arguments; REFUSED are draws that raise, and SEEDS seeds, good and bad. The numbers go to
randoms.json as hexadecimal floats, or where they are many as the SHA-256 of their bytes; after
each sequence the generator's state too.
"""

import hashlib
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

FILE = Path(__file__).parent.parent / "engine" / "recorded" / "randoms.json"
FLOATING = ["float32", "float64", "float16", "bfloat16", "complex64", "complex128"]

Draw = list[Any]


def array(values: Any, dtype: str = "float32") -> dict[str, Any]:
    return {"array": values, "dtype": dtype}


SEQUENCES: list[tuple[int, Any]] = [
    *(
        (seed, [["uniform", [4], "float32"], ["normal", [3], "float32"]])
        for seed in (0, 1, 42, 1234, -1, 2**32, 2**32 + 1, 2**63, 2**64 - 1, -(2**63))
    ),
    *(
        (seed, [[draw, [size], dtype] for size in (1, 7, 15, 16, 17, 32, 33, 1000)])
        for seed, dtype in enumerate(FLOATING)
        for draw in ("uniform", "normal")
    ),
    *(
        (10, [[draw, shape, "float32"] for shape in ([], [0], [2, 0], [1], [2, 3], [3, 1, 7])])
        for draw in ("uniform", "normal")
    ),
    *(
        (
            11,
            [
                ["normal", [100_003], dtype, 0.0, 1.0],
                ["normal", [100_000], dtype, -2.5, 0.3],
                ["uniform", [100_000], dtype, -1.7, 3.1],
                ["uniform", [50_000], dtype],
            ],
        )
        for dtype in FLOATING
    ),
    *(
        (
            12,
            [
                ["normal", [size], dtype, mean, std]
                for size in (5, 20)
                for mean, std in ((2.0, 3.0), (0.0, 0.0), (1e4, 1e-3), (0.1, 1.0), (0.0, 0.7))
            ],
        )
        for dtype in FLOATING
    ),
    *(
        (
            13,
            [
                ["uniform", [50], dtype, low, high]
                for low, high in ((-2.0, 5.0), (0.0, 0.1), (1.0, 1.000001), (3.0, 3.0), (-1e4, 2e4))
            ],
        )
        for dtype in FLOATING
    ),
    (
        14,
        [
            ["normal", [3], "float32"],
            ["uniform", [3], "float32"],
            ["normal", [1], "float64"],
            ["normal", [16], "float32"],
            ["normal", [2], "float16"],
            ["integers", 0, 9, [3]],
            ["normal", [1], "float32"],
            ["permutation", 5],
            ["normal", [1], "float32"],
        ],
    ),
    (
        15,
        [
            ["integers", low, high, [20]]
            for low, high in (
                (0, 10),
                (-5, 5),
                (0, 1),
                (0, 2**28 - 1),
                (0, 2**28),
                (-7, 2**28),
                (0, 2**40),
                (-(2**62), 2**62),
                (-(2**63), 2**63 - 1),
            )
        ],
    ),
    (
        16,
        [
            ["integers", 0, 100, [20], dtype]
            for dtype in (
                "int32",
                "int16",
                "int8",
                "uint8",
                "float32",
                "float64",
                "float16",
                "bfloat16",
            )
        ],
    ),
    (
        17,
        [
            ["integers", 0, 2, [20], "bool"],
            ["integers", 0, 2**40, [9], "float32"],
            ["integers", -100, 60_000, [99], "float16"],
            ["integers", 2**60, 2**61, [9], "float64"],
            ["integers", 0, 65_504, [99], "float16"],
            ["integers", 0, 1000, [99], "bfloat16"],
        ],
    ),
    (18, [["permutation", n] for n in (0, 1, 2, 7, 100, 10_000)]),
    (
        19,
        [["bernoulli", p, [30]] for p in (0.0, 0.3, 0.5, 1.0)]
        + [
            ["bernoulli", array([0.1, 0.9, 0.5], dtype), [20, 3]]
            for dtype in ("float32", "float64", "float16", "bfloat16")
        ],
    ),
    (
        20,
        [
            ["exponential", [size], dtype, rate]
            for size in (1, 20, 1000)
            for dtype in ("float32", "float64", "float16")
            for rate in (1.0, 0.3)
        ],
    ),
    (
        21,
        [
            ["multinomial", array([0.1, 0.2, 3.0, 0.0, 0.7], dtype), samples, replacement]
            for dtype in ("float32", "float64", "bfloat16")
            for samples, replacement in ((1, False), (1, True), (3, False), (30, True))
        ]
        + [
            ["multinomial", array([[1.0, 2.0], [5.0, 0.5]]), samples, samples > 2]
            for samples in (1, 2, 9)
        ],
    ),
]

NAN, INF = float("nan"), float("inf")
REFUSED: list[Draw] = [
    ["uniform", [3], "float32", 2.0, 1.0],
    ["uniform", [3], "float32", 1234567.891, 0.0],
    ["uniform", [3], "float32", NAN, 1.0],
    ["uniform", [3], "float32", 0.0, 1e39],
    ["uniform", [3], "float16", 0.0, 1e5],
    ["uniform", [3], "float32", -3e38, 3e38],
    ["uniform", [3], "int64"],
    ["normal", [3], "float32", 0.0, -1.0],
    ["normal", [3], "float32", 0.0, NAN],
    ["normal", [3], "bool"],
    ["exponential", [3], "float32", 0.0],
    ["exponential", [3], "float32", -1.5],
    ["integers", 5, 2, [3]],
    ["integers", 5, 5, [3]],
    ["integers", 0, 300, [3], "uint8"],
    ["integers", -1, 3, [3], "uint8"],
    ["integers", 0, 3, [3], "bool"],
    ["integers", 0, 70_000, [3], "float16"],
    ["integers", 0, 3, [3], "complex64"],
    ["permutation", -1],
    ["bernoulli", 2.0, [3]],
    ["bernoulli", -0.5, [3]],
    ["bernoulli", array([0.5, 1.5]), [2]],
    ["bernoulli", array([NAN]), [1]],
    ["bernoulli", array([1], "int64"), [1]],
    ["multinomial", array([1, 2], "int64"), 1],
    ["multinomial", array(1.0), 1],
    ["multinomial", array([[[1.0]]]), 1],
    ["multinomial", array([1.0, 2.0]), 0],
    ["multinomial", array([1.0, 2.0]), 3],
    ["multinomial", array([-1.0, 2.0]), 1],
    ["multinomial", array([-1.0, 2.0]), 1, True],
    ["multinomial", array([-1.0, 2.0]), 2, True],
    ["multinomial", array([INF, 2.0]), 2, True],
    ["multinomial", array([NAN, 2.0]), 2, True],
    ["multinomial", array([NAN, 2.0]), 2],
    ["multinomial", array([0.0, 0.0]), 1],
    ["multinomial", array([0.0, 0.0]), 2, True],
]

SEEDS = ["0", "-1", "2**64 - 1", "2**64", "-(2**63)", "-(2**63) - 1", "'a'", "1.5", "None", "True"]


def uniform(shape: Any, dtype: torch.dtype, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
    if (low, high) == (0.0, 1.0):
        return torch.rand(shape, dtype=dtype)
    return torch.empty(shape, dtype=dtype).uniform_(low, high)


def normal(shape: Any, dtype: torch.dtype, mean: float = 0.0, std: float = 1.0) -> torch.Tensor:
    return torch.empty(shape, dtype=dtype).normal_(mean, std)


def exponential(shape: Any, dtype: torch.dtype, rate: float) -> torch.Tensor:
    return torch.empty(shape, dtype=dtype).exponential_(rate)


def integers(low: int, high: int, shape: Any, dtype: torch.dtype = torch.int64) -> torch.Tensor:
    return torch.randint(low, high, shape, dtype=dtype)


def bernoulli(p: Any, shape: Any) -> torch.Tensor:
    if isinstance(p, torch.Tensor):
        return torch.bernoulli(p.expand(shape)).bool()
    return torch.empty(shape).bernoulli_(p).bool()


FUNCTIONS: dict[str, Callable[..., torch.Tensor]] = {
    "uniform": uniform,
    "normal": normal,
    "exponential": exponential,
    "integers": integers,
    "permutation": torch.randperm,
    "bernoulli": bernoulli,
    "multinomial": torch.multinomial,
}


def drawn(draw: Draw) -> torch.Tensor:
    def argument(value: Any) -> Any:
        if isinstance(value, dict):
            return torch.tensor(value["array"], dtype=getattr(torch, value["dtype"]))
        return getattr(torch, value) if isinstance(value, str) else value

    return FUNCTIONS[draw[0]](*map(argument, draw[1:]))


def digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def numbers(tensor: torch.Tensor) -> Any:
    tensor = tensor.contiguous()
    if tensor.numel() > 20:
        plain = tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor
        return digest(plain.numpy().tobytes())
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor)
    values = tensor.flatten().tolist()
    return [value.hex() if isinstance(value, float) else value for value in values]


def sequence(seed: int, draws: list[Draw]) -> dict[str, Any]:
    torch.manual_seed(seed)
    results = [{"draw": draw, "gives": numbers(drawn(draw))} for draw in draws]
    state = digest(torch.get_rng_state().numpy().tobytes())
    return {"seed": seed, "draws": results, "state": state}


def refusal(draw: Draw) -> dict[str, Any]:
    try:
        drawn(draw)
    except Exception as error:
        return {"draw": draw, "raises": type(error).__name__, "message": str(error)}
    raise AssertionError(f"PyTorch does not refuse {draw}")


def seeded(seed: str) -> dict[str, Any]:
    try:
        return {"seed": seed, "gives": torch.Generator().manual_seed(eval(seed)).initial_seed()}
    except Exception as error:
        return {"seed": seed, "raises": type(error).__name__, "message": str(error)}


def main() -> None:
    warnings.simplefilter("ignore")
    sequences = ",\n".join(json.dumps(sequence(*each)) for each in SEQUENCES)
    refused = ",\n".join(json.dumps(refusal(draw)) for draw in REFUSED)
    seeds = ",\n".join(json.dumps(seeded(seed)) for seed in SEEDS)
    parts = {"sequences": sequences, "refused": refused, "seeds": seeds}
    text = ",\n".join(f'"{name}": [\n{part}\n]' for name, part in parts.items())
    FILE.write_text(f"{{{text}}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
