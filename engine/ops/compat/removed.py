"""Methods that PyTorch has no more: their names are there to say what to use instead."""

from __future__ import annotations

from typing import Any

from engine.graph.registry import expose
from engine.graph.tensor import Tensor

_REMOVED = "This function was deprecated since version 1.9 and is now removed. "

REMOVED: dict[str, tuple[type[Exception], str]] = {
    "symeig": (
        RuntimeError,
        f"{_REMOVED}The default behavior has changed from using the upper "
        "triangular portion of the matrix by default to using the lower triangular portion.\n\n"
        "L, _ = torch.symeig(A, upper=upper) should be replaced with:\n"
        "L = torch.linalg.eigvalsh(A, UPLO='U' if upper else 'L')\n\nand\n\n"
        "L, V = torch.symeig(A, eigenvectors=True) should be replaced with:\n"
        "L, V = torch.linalg.eigh(A, UPLO='U' if upper else 'L')",
    ),
    "eig": (
        RuntimeError,
        f"{_REMOVED}`torch.linalg.eig` returns complex tensors of dtype "
        "`cfloat` or `cdouble` rather than real tensors mimicking complex tensors.\n\n"
        "L, _ = torch.eig(A) should be replaced with:\nL_complex = torch.linalg.eigvals(A)\n\n"
        "and\n\nL, V = torch.eig(A, eigenvectors=True) should be replaced with:\n"
        "L_complex, V_complex = torch.linalg.eig(A)",
    ),
    "solve": (
        RuntimeError,
        f"{_REMOVED}`torch.solve` is deprecated in favor of "
        "`torch.linalg.solve`. `torch.linalg.solve` has its arguments reversed and does not "
        "return the LU factorization.\n\nTo get the LU factorization see `torch.lu`, which can "
        "be used with `torch.lu_solve` or `torch.lu_unpack`.\nX = torch.solve(B, A).solution "
        "should be replaced with:\nX = torch.linalg.solve(A, B)",
    ),
    "lstsq": (
        RuntimeError,
        f"{_REMOVED}`torch.lstsq` is deprecated in favor of `torch.linalg.lstsq`.",
    ),
    "reinforce": (RuntimeError, "reinforce() was removed.\nUse torch.distributions instead."),
}
"""Method → what is said of what PyTorch has no more."""


def refusing(name: str, kind: type[Exception], message: str) -> Any:
    """A method that raises; {} in its message is its name."""
    text = message.format(name)

    def refuse(self: Tensor, *args: Any, **options: Any) -> Any:
        raise kind(text)

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = f"Raises {kind.__name__}: {text.splitlines()[0]}"
    return refuse


for _name, (_kind, _message) in REMOVED.items():
    expose(_name, refusing(_name, _kind, _message), "Tensor")
