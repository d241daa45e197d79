"""What a tensor is not: on another device, sparse, quantised, nested; and what says so.

Every tensor here is dense, strided and on the CPU. The flags tell that; methods of the other
layouts raise what PyTorch raises of such a tensor (`REFUSED`), and what would make a tensor of
one does not exist (left_out.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays.promotion import category
from engine.arrays.state import warn
from engine.dispatch.arguments import array_of, dtype_of, on_cpu
from engine.graph.registry import attribute, expose, public
from engine.graph.tensor import Tensor
from engine.ops.compat.removed import refusing
from engine.ops.creation.convert import converted

# ---- names of layouts ------------------------------------------------------------------------


class layout:  # noqa: N801 (PyTorch's name)
    """How a tensor's elements are held, as torch.layout. Tensors here are `strided`."""

    __slots__ = ("name",)
    __module__ = "torch"

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"


class memory_format(layout):  # noqa: N801
    """In which order dimensions lie in memory, as torch.memory_format."""

    __slots__ = ()
    __module__ = "torch"


for _name in ("strided", "sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc"):
    expose(_name, layout(_name), "torch")
for _name in ("preserve_format", "contiguous_format", "channels_last", "channels_last_3d"):
    expose(_name, memory_format(_name), "torch")
expose("layout", layout, "torch")
expose("memory_format", memory_format, "torch")
_STRIDED = layout("strided")
expose("strided", _STRIDED, "torch")

# ---- flags -----------------------------------------------------------------------------------

NEVER = (
    "is_ipu is_maia is_meta is_mkldnn is_mps is_mtia is_nested is_quantized is_sparse "
    "is_sparse_csr is_vulkan is_xla is_xpu"
).split()
"""Attributes that are False of every tensor."""


for _name in NEVER:
    attribute(_name, lambda self: False, "False: every tensor is dense, and on the CPU.")
attribute("is_cpu", lambda self: True, "True: every tensor is on the CPU.")
attribute("layout", lambda self: _STRIDED, "torch.strided, the layout of every tensor.")
attribute("name", lambda self: None, "None: what PyTorch 0.1 called a tensor.")
attribute("grad_dtype", lambda self: self.dtype, "The dtype of its gradient: its own.")


def _volatile(self: Tensor) -> bool:
    warn("volatile was removed (Variable.volatile is always False)", UserWarning)
    return False


attribute("volatile", _volatile, "False: what no_grad replaced.")


def _answer(name: str, value: Any, where: str, doc: str) -> None:
    """A function that says the same of every tensor."""

    def function(input: Tensor, *args: Any) -> Any:
        array_of(name, input)
        return value

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    public(where, name)(function)


_answer("is_shared", False, "Tensor", "Whether other processes share its memory: never.")
_answer("is_pinned", False, "Tensor", "Whether its memory is pinned for another device: never.")
_answer("is_distributed", False, "torch Tensor", "Whether it is one of many machines': never.")
_answer("get_device", -1, "torch Tensor", "The number of its device; -1, the CPU.")
_answer("sparse_dim", 0, "Tensor", "The number of sparse dimensions: none.")


@public("Tensor")
def dense_dim(self: Tensor) -> int:
    """The number of dense dimensions: all."""
    return self.array.ndim


@public()
def is_signed(input: Tensor) -> bool:
    """Whether the dtype holds negative numbers."""
    array = input.array
    return category(array.dtype) > 1 or array.dtype.kind == "i"


@public()
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same sizes."""
    first = input.array
    return bool(first.shape == other.array.shape)


@public("Tensor")
def to_dense(self: Tensor, dtype: Any = None, *, masked_grad: bool = True) -> Tensor:
    """self, which is dense already, in a dtype if one is given."""
    return converted(self, dtype_of("to_dense", dtype) or self.array.dtype)


@public()
def dequantize(input: Tensor) -> Tensor:
    """input in float32: it is not quantised."""
    return converted(input, np.dtype(np.float32))


@public("Tensor")
def pin_memory(self: Tensor, device: Any = None) -> Tensor:
    """Raises PyTorch's error where there is no other device."""
    raise RuntimeError("Cannot access accelerator device when none is available.")


@public("Tensor")
def ipu(self: Tensor, *args: Any) -> Tensor:
    """Raises PyTorch's error where there is no such device."""
    on_cpu("ipu")
    return self


# ---- methods of other layouts ----------------------------------------------------------------

_COO = "{} expected sparse coordinate tensor layout but got Strided"
_ROWS = "{} expected sparse row compressed tensor layout but got Strided"
_COLUMNS = "{} expected sparse column compressed tensor layout but got Strided"
_NO_KERNEL = "Could not run 'aten::{}' with arguments from the 'CPU' backend."
_ONLY_SPARSE = "tensor.sspaddmm(...) can only be called on sparse tensors"

REFUSED: dict[str, tuple[type[Exception], str]] = {
    "values": (RuntimeError, "values expected sparse tensor layout but got Strided"),
    **dict.fromkeys(("indices", "coalesce", "is_coalesced"), (RuntimeError, _COO)),
    **dict.fromkeys(("crow_indices", "col_indices"), (RuntimeError, _ROWS)),
    **dict.fromkeys(("ccol_indices", "row_indices"), (RuntimeError, _COLUMNS)),
    **dict.fromkeys(("smm", "sspaddmm"), (RuntimeError, _ONLY_SPARSE)),
    **dict.fromkeys(
        (
            "sparse_mask",
            "sparse_resize_",
            "sparse_resize_and_clear_",
            "resize_as_sparse_",
            "int_repr",
            "q_scale",
            "q_zero_point",
            "q_per_channel_axis",
            "q_per_channel_scales",
            "q_per_channel_zero_points",
            "qscheme",
            "to_padded_tensor",
        ),
        (NotImplementedError, _NO_KERNEL),
    ),
    "xpu": (AssertionError, "Torch not compiled with XPU enabled"),
    "mtia": (
        AssertionError,
        "Torch not compiled with MTIA enabled. Ensure you have `import "
        "mtia.host_runtime.torch_mtia.dynamic_library` in your python src file and include "
        "`//mtia/host_runtime/torch_mtia:torch_mtia` as your target dependency!",
    ),
    "record_stream": (RuntimeError, "unknown parameter type"),
}
"""Method → what it raises of a dense tensor on the CPU; {} is the method's name."""

for _name, (_kind, _message) in REFUSED.items():
    expose(_name, refusing(_name, _kind, _message), "Tensor")
