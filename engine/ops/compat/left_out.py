"""What of torch.Tensor there is not, and why. test_tensor_api.py holds it to PyTorch's own list.

Every tensor here is a dense one on the CPU. `LEFT_OUT` names what does not exist; methods of other
layouts and devices that raise, as PyTorch's do of a dense tensor on the CPU, are in flags.REFUSED.
"""

from __future__ import annotations

SPARSE = "sparse layouts"
DEVICE = "other devices and libraries"
DIMENSIONS = "first-class dimensions (functorch.dim)"
FUNCTIONALISATION = "the inverse of a view, for PyTorch's compiler"
CLASSES = "a class of storages for each dtype, deprecated"

LEFT_OUT: dict[str, str] = {
    **dict.fromkeys(
        (
            "to_sparse",
            "to_sparse_coo",
            "to_sparse_csr",
            "to_sparse_csc",
            "to_sparse_bsr",
            "to_sparse_bsc",
        ),
        SPARSE,
    ),
    "to_mkldnn": DEVICE,
    "index": DIMENSIONS,
    "slice_inverse": FUNCTIONALISATION,
    "storage_type": CLASSES,
}
"""Name of torch.Tensor → why it is left out."""

ELSEWHERE = (SPARSE, DEVICE)
"""The reasons that are about tensors of other layouts and devices, which no figure counts."""
