"""Asks PyTorch how it prints tensors: `python -m tests.recorder.printing`.

Each line of TENSORS makes a tensor; NumPy's numbers from a fixed seed stand in for long lists.
Its values, as compressed bytes, and PyTorch's text go to printing.json.
"""

import base64
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.recorder.programs import write_rows

FILE = Path(__file__).parent.parent / "engine" / "recorded" / "printing.json"

TENSORS = """
T(0.)
T(-0.)
T(0)
T(-7)
T(True)
T(55.5)
T(-2.5)
T(1e-4)
T(1e-4, dtype=f64)
T(1e-5)
T(1e8)
T(1e9)
T(123456.789)
T(0.99999)
T(1e-45)
T(3.4e38)
T(inf)
T(-inf)
T(nan)
T(0.1, dtype=f64)
T(1.5, dtype=f16)
T(7, dtype=torch.int8)
T(1 + 2j)
T(1.5 - 2.5j, dtype=torch.complex128)
T([1., 2., 3.])
T([1., 2.5])
T([0., 0.5])
T([0., -0., 0.])
T([1., 1000.])
T([1., 1001.])
T([1.5, 1000.])
T([1.5, 1501.])
T([0.00099, 1.])
T([1e-4, 1e-3])
T([9e-5, 1e-3])
T([100000008., 1e8])
T([1e9, 1.])
T([nan, 1.])
T([nan, 1.5])
T([-inf, 0.])
T([inf, -inf, nan])
T([inf, -1., 1000.])
T([nan, 1e-7])
T([nan, 12345.5, 0.])
T([-1, 20, 300])
T([2**62, -1])
T([1, 2], dtype=torch.uint8)
T([1, 2], dtype=torch.int32)
T([True, False])
T([[True], [False]])
T([1 + 2j, -3 - 4j])
T([1.5 + 2j, -3 - 4.25j])
T([1e-9 + 2j, 0 - 4j])
T([nan + 2j, 0 - inf * 1j])
T([0.1, 0.2], dtype=f16)
T([65504., 1.], dtype=f16)
T([1., 2.5], dtype=torch.bfloat16)
T([[1., 2.], [3., 4.5]])
T([[[1., 2.]], [[3., -4.]]])
T([[[[1]]]])
T([])
T([], dtype=torch.int64)
T([], dtype=f64)
torch.zeros(0, 3)
torch.zeros(2, 0, dtype=torch.int64)
torch.zeros(1)
torch.zeros(2, 3)
torch.ones(3, dtype=f64)
torch.arange(17)
torch.arange(30)
torch.arange(30.)
torch.arange(1000)
torch.arange(1001)
torch.arange(1001.)
torch.arange(1001.) * 1e7
torch.arange(2000).reshape(2, 1000)
torch.arange(2000).reshape(1000, 2)
torch.arange(2000).reshape(10, 10, 20)
torch.arange(2401.).reshape(7, 7, 7, 7)
torch.arange(1296.).reshape(6, 6, 6, 6)
torch.zeros(40, 40)
torch.arange(1200) % 7 == 0
R(3)
R(10)
R(13)
R(3, 4)
R(4, 30)
R(2, 3, 4)
R(2, 2, 2, 2)
R(50) * 1e-3
R(50) * 1e5
R(1200)
R(40, 40)
R(1100, 2)
R(20, dtype=f64)
R(20, dtype=f16)
R(2, 3) + 1j * R(2, 3)
R(1200) * 1j
R(9) * 10.0 ** torch.arange(9)
T([1., 2.], requires_grad=True)
T([1., 2.], requires_grad=True, dtype=f64)
T(2., requires_grad=True) * 3
T([1., 2.], requires_grad=True).exp()
T([1.], dtype=f64, requires_grad=True).sum()
torch.arange(12.).requires_grad_()
torch.arange(13.).requires_grad_()
torch.arange(14.).requires_grad_() * 1
torch.arange(16.).requires_grad_() * 1
torch.arange(17.).requires_grad_() * 1
torch.arange(17., dtype=f64).requires_grad_() * 1
torch.arange(18., dtype=f64).requires_grad_().cumsum(0)
torch.ones(2, 8, dtype=f64).requires_grad_()
torch.ones(3, 12, dtype=f64).requires_grad_().exp()
torch.zeros(0, 3, dtype=f64).requires_grad_().exp()
torch.zeros(2, 0).requires_grad_()
R(3, 11).requires_grad_().log_softmax(1)
"""

UNDER_OPTIONS: list[tuple[dict[str, Any], list[str]]] = [
    ({"precision": 2}, ["T([1.2345, 20.])", "T(1e9)", "T([1., 2.])"]),
    ({"precision": 0}, ["T([1.5, 2.5])", "T([1., 2.])"]),
    ({"precision": 8}, ["T(0.1)", "T([0.1, 1000.], dtype=f64)"]),
    ({"sci_mode": True}, ["T([1., 2.])", "T([0., 0.5])", "T([nan, 1.])"]),
    ({"sci_mode": False}, ["T([1e-9, 1.])", "T([1e9, 1.5])", "T(1e12)"]),
    ({"threshold": 5}, ["torch.arange(10)", "R(3, 8)", "T([1., 2.])"]),
    ({"threshold": 5, "edgeitems": 1}, ["torch.arange(10.)", "R(4, 5)", "R(2, 2, 3)"]),
    ({"threshold": 5, "edgeitems": 0}, ["torch.arange(10.)", "R(4, 5)"]),
    ({"edgeitems": 0}, ["T([1., 2.])", "T(1.)"]),
    ({"linewidth": 40}, ["torch.arange(20)", "torch.arange(9.).requires_grad_()", "R(2, 7)"]),
    ({"linewidth": 5}, ["T([1.5, 2.5, 3.5])"]),
    ({"linewidth": 200}, ["R(30)"]),
    ({"profile": "short"}, ["R(5)", "torch.arange(1001)"]),
    ({"profile": "full"}, ["torch.arange(1001)"]),
    ({"profile": "short", "precision": 3}, ["R(5)"]),
]

UNDER_DOUBLE = ["T([1.])", "T([1.], dtype=torch.float32)", "T([1j])", "T([])", "T([1])"]


DRAWN = 60  # tensors of random dtype, shape and magnitude, under random options
DTYPES = (
    "float32",
    "float64",
    "float16",
    "bfloat16",
    "complex64",
    "complex128",
    "int64",
    "uint8",
    "bool",
)
CHOICES: dict[str, list[Any]] = {
    "precision": [0, 1, 3, 6, 10],
    "threshold": [0, 5, 20],
    "edgeitems": [1, 2, 5],
    "linewidth": [20, 40, 120],
    "sci_mode": [True, False],
    "profile": ["short", "full"],
}


def drawn(seed: int) -> torch.Tensor:
    """A tensor of dtype number `seed`, some of whose numbers are whole, zero or not finite."""
    random = np.random.default_rng(seed)
    shape = random.choice([1, 2, 3, 5, 9], random.integers(0, 4))
    dtype = DTYPES[seed % len(DTYPES)]

    def numbers() -> Any:
        found = random.standard_normal(shape) * 10.0 ** random.choice([-6, -4, -1, 0, 0, 2, 4, 8])
        if random.random() < 0.4:
            found = np.round(found)
        if random.random() < 0.3:
            special = random.choice([0.0, -0.0, np.inf, -np.inf, np.nan], shape)
            found = np.where(random.random(shape) < 0.3, special, found)
        return found

    found = numbers() + (1j * numbers() if dtype.startswith("complex") else 0)
    if dtype in ("int64", "uint8", "bool"):
        found = np.nan_to_num(found, posinf=7, neginf=-7).astype(np.int64)
    return torch.from_numpy(np.asarray(found)).to(getattr(torch, dtype))


def drawn_options(seed: int) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    chosen = {name: values[random.integers(len(values))] for name, values in CHOICES.items()}
    return {name: value for name, value in chosen.items() if random.random() < 0.3}


def tensor(code: str) -> torch.Tensor:
    random = np.random.default_rng(0)

    def normal(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        return torch.from_numpy(random.standard_normal(shape)).to(dtype)

    names = {
        "T": torch.tensor,
        "R": normal,
        "torch": torch,
        "inf": float("inf"),
        "nan": float("nan"),
        "f16": torch.float16,
        "f64": torch.float64,
        "drawn": drawn,
    }
    made: torch.Tensor = eval(code, names)
    return made


def case(code: str, options: dict[str, Any], default: str = "float32") -> dict[str, Any]:
    torch.set_default_dtype(getattr(torch, default))
    torch.set_printoptions(**options)
    made = tensor(code)
    text = repr(made)
    torch.set_printoptions(profile="default")
    torch.set_default_dtype(torch.float32)
    dtype = str(made.dtype).removeprefix("torch.")
    plain = made.detach().contiguous()
    raw = plain.view(torch.int16).numpy() if dtype == "bfloat16" else plain.numpy()
    return {
        "code": code,
        "dtype": dtype,
        "shape": list(made.shape),
        "bytes": base64.b64encode(zlib.compress(raw.tobytes())).decode(),
        "requires_grad": made.requires_grad,
        "grad_fn": made.grad_fn and type(made.grad_fn).__name__,
        "options": options,
        "default": default,
        "text": text,
    }


def main() -> None:
    cases = [case(code, {}) for code in TENSORS.strip().splitlines()]
    cases += [case(code, options) for options, codes in UNDER_OPTIONS for code in codes]
    cases += [case(code, {}, "float64") for code in UNDER_DOUBLE]
    cases += [case(f"drawn({seed})", drawn_options(seed)) for seed in range(DRAWN)]
    cases += [case(code, {}, "float16") for code in ("T([1.])", "T([1j], dtype=torch.complex64)")]
    cases += [case("T([1.])", {}, "bfloat16")]
    write_rows(FILE, cases)


if __name__ == "__main__":
    main()
