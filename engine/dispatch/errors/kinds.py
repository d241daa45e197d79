"""What PyTorch does not do with numbers of some kinds, and how it says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.arrays import dtypes

_KERNELS = {
    "amax": "max_values_cpu",
    "amin": "min_values_cpu",
    "binary_cross_entropy": "binary_cross_entropy",
    "celu": "elu_cpu",
    "digamma": "digamma",
    "erf": "erf_vml_cpu",
    "erfc": "erfc_vml_cpu",
    "erfinv": "erfinv_vml_cpu",
    "floor_divide": "div_floor_cpu",
    "fmod_number": "fmod_cpu",
    "gelu": "GeluKernelImpl",
    "huber_loss": "huber_cpu",
    "i0": "i0_vml_cpu",
    "lgamma": "lgamma_vml_cpu",
    "log_sigmoid": "log_sigmoid_cpu",
    "log_softmax": "log_softmax_lastdim_kernel_impl",
    "logsigmoid": "log_sigmoid_cpu",
    "max": "max_all",
    "min": "min_all",
    "mse_loss": "mse_cpu",
    "remainder_base": "remainder_cpu",
    "remainder_number": "remainder_cpu",
    "clamp_max_tensor": "minimum_cpu",
    "clamp_min_tensor": "maximum_cpu",
    "round": "round_vml_cpu",
    "selu": "elu_cpu",
    "smooth_l1_loss": "smooth_l1_cpu",
    "softmax": "softmax_lastdim_kernel_impl",
    "softshrink": "softshrink_check",
}
_KERNELS |= {
    name: f"{name}_cpu"
    for name in (
        "atan2 copysign cummax cummin div_floor div_trunc elu entr fmod frac ge gt hardshrink "
        "erfcx hardsigmoid hardswish hypot kthvalue le leaky_relu log_ndtr logit lt median mish "
        "remainder softplus xlog1py xlogy airy_ai spherical_bessel_j0"
    ).split()
}
_KERNELS |= {"ndtr": "erf_vml_cpu", "mvlgamma": "arange_cpu"}
_NOT_FOR_HALVES = frozenset(
    "gcd lcm bitwise_and bitwise_or bitwise_xor lshift rshift zeta ndtri log_ndtr erfcx airy_ai "
    "bessel_j0 bessel_j1 bessel_y0 bessel_y1 spherical_bessel_j0 modified_bessel_i0 "
    "modified_bessel_i1 modified_bessel_k0 modified_bessel_k1 scaled_modified_bessel_k0 "
    "scaled_modified_bessel_k1 hermite_polynomial_h hermite_polynomial_he laguerre_polynomial_l "
    "legendre_polynomial_p".split()
)
_KERNELS_FOR_BOOLS = {
    "abs": "abs_cpu",
    "addcmul": "addcmul_cpu_out",
    "clamp": "clamp_scalar_cpu",
    "clamp_tensor": "clamp_cpu",
    "lerp": "lerp_kernel_scalar",
    "lerp_tensor": "lerp_kernel_tensor",
    **{name: f"{name}_vml_cpu" for name in ("ceil", "floor", "round", "trunc")},
}
_UNORDERED = "clamp is not supported for complex types"
_SENTENCES = {
    **{name: f"{name} is not supported for complex inputs" for name in ("ceil", "floor", "trunc")},
    **dict.fromkeys(
        "clamp clamp_max clamp_min clamp_tensor hardtanh relu relu6".split(), _UNORDERED
    ),
    "sign": "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use "
    "torch.sgn instead.",
    "signbit": "signbit is not implemented for complex tensors.",
}
_RUNTIME = {
    **{
        name: f"{name.removesuffix('_dim')}(): does not support complex input"
        for name in ("argmax", "argmin", "max_dim", "min_dim")
    },
    **{
        name: f"{name} not implemented for complex tensors."
        for name in ("fmax", "fmin", "maximum", "minimum")
    },
    **{name: f"{name} does not support complex inputs." for name in ("isneginf", "isposinf")},
    **{name: f"{name} is not supported for complex tensors." for name in ("deg2rad", "rad2deg")},
    "argsort": " Sort does not support complex dtypes on CPU",
    "heaviside": "heaviside is not yet implemented for complex tensors.",
    "sort": " Sort does not support complex dtypes on CPU",
    "topk": " topk does not support complex dtypes on CPU",
}


def refuse_complex(row: str, dtype: Any) -> None:
    """Raise PyTorch's error if the row is not for complex numbers."""
    row = row.removeprefix("special_")
    if row in _KERNELS:
        raise no_kernel(_KERNELS[row], dtype)
    if row in _SENTENCES:
        raise NotImplementedError(_SENTENCES[row])
    if row in _RUNTIME:
        raise RuntimeError(_RUNTIME[row])


def refuse_bool(row: str, dtype: Any) -> None:
    """Raise PyTorch's error if the row is not for truth values."""
    if row in _KERNELS_FOR_BOOLS:
        raise no_kernel(_KERNELS_FOR_BOOLS[row], dtype)
    if row == "relu":
        raise RuntimeError("Boolean inputs not supported for relu")


def overflow(dtype: Any) -> RuntimeError:
    """PyTorch's error for a number that a dtype cannot hold."""
    kind = "int" if dtype == "int32" else f"{dtype}_t"
    return RuntimeError(f"value cannot be converted to type {kind} without overflow")


def refuse_half(row: str, dtype: Any) -> None:
    """Raise PyTorch's error if the row is not for numbers in half precision."""
    row = _short(row)
    if row in _NOT_FOR_HALVES or "chebyshev" in row:
        raise no_kernel(f"{row}_cpu", dtype)


def _short(row: str) -> str:
    """What PyTorch's kernels call a row."""
    return (
        row.removeprefix("special_")
        .removesuffix("_base")
        .removesuffix("_number")
        .replace("bitwise_left_", "l")
        .replace("bitwise_right_", "r")
    )


def only_for(kinds: str, kernel: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A forward for arrays of some kinds ("f": floating numbers, "iu": whole numbers, ...)."""

    def forward(xp: Any, *arrays: Any) -> Any:
        if arrays[0].dtype.kind not in kinds:
            raise no_kernel(kernel, arrays[0].dtype)
        return function(xp, *arrays)

    return forward


def no_kernel(kernel: str, dtype: Any) -> NotImplementedError:
    """PyTorch's error for numbers that a function is not made for."""
    kind, kernel = dtypes.of(dtype).scalar_name, kernel.removeprefix("special_")
    return NotImplementedError(f"\"{kernel}\" not implemented for '{kind}'")
