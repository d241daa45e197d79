"""What PyTorch does not do with complex numbers, and how it says so."""

from __future__ import annotations

from typing import Any

from engine import dtypes

_KERNELS = {
    "atan2": "atan2_cpu", "div_floor": "div_floor_cpu", "div_trunc": "div_trunc_cpu",
    "erf": "erf_vml_cpu", "floor_divide": "div_floor_cpu", "fmod": "fmod_cpu",
    "fmod_number": "fmod_cpu", "ge": "ge_cpu", "gelu": "GeluKernelImpl", "gt": "gt_cpu",
    "le": "le_cpu", "lt": "lt_cpu", "max": "max_all", "min": "min_all",
    "amax": "max_values_cpu", "amin": "min_values_cpu",
    "binary_cross_entropy": "binary_cross_entropy", "cummax": "cummax_cpu", "cummin": "cummin_cpu",
    "elu": "elu_cpu", "huber_loss": "huber_cpu", "kthvalue": "kthvalue_cpu",
    "leaky_relu": "leaky_relu_cpu", "median": "median_cpu",
    "log_softmax": "log_softmax_lastdim_kernel_impl", "mse_loss": "mse_cpu",
    "remainder": "remainder_cpu", "remainder_base": "remainder_cpu",
    "remainder_number": "remainder_cpu", "round": "round_vml_cpu",
    "softmax": "softmax_lastdim_kernel_impl", "softplus": "softplus_cpu",
}  # fmt: skip
_SENTENCES = {
    "ceil": "ceil is not supported for complex inputs",
    "clamp": "clamp is not supported for complex types",
    "clamp_max": "clamp is not supported for complex types",
    "clamp_min": "clamp is not supported for complex types",
    "clamp_tensor": "clamp is not supported for complex types",
    "floor": "floor is not supported for complex inputs",
    "relu": "clamp is not supported for complex types",
    "sign": "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use "
            "torch.sgn instead.",
    "trunc": "trunc is not supported for complex inputs",
}  # fmt: skip
_RUNTIME = {
    "argmax": "argmax(): does not support complex input",
    "argmin": "argmin(): does not support complex input",
    "argsort": " Sort does not support complex dtypes on CPU",
    "max_dim": "max(): does not support complex input",
    "maximum": "maximum not implemented for complex tensors.",
    "min_dim": "min(): does not support complex input",
    "minimum": "minimum not implemented for complex tensors.",
    "sort": " Sort does not support complex dtypes on CPU",
    "topk": " topk does not support complex dtypes on CPU",
}


def refuse_complex(row: str, dtype: Any) -> None:
    """Raise PyTorch's error if the row is not for complex numbers."""
    if row in _KERNELS:
        kind = dtypes.of(dtype).scalar_name
        raise NotImplementedError(f"\"{_KERNELS[row]}\" not implemented for '{kind}'")
    if row in _SENTENCES:
        raise NotImplementedError(_SENTENCES[row])
    if row in _RUNTIME:
        raise RuntimeError(_RUNTIME[row])
