"""The end of a call that failed: a result written into `out`, or PyTorch's error.

The functions of Tensors themselves know nothing of `out`, and check no argument that fails anyhow:
a call that fails comes here (graph/registry.py), and only then is it asked what PyTorch takes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.dispatch.errors.calls import complaint, function
from engine.dispatch.out import into


def settle(
    error: Exception,
    call: Callable[..., Any],
    section: str,
    name: str,
    args: tuple[Any, ...],
    named: dict[str, Any],
) -> Any:
    """The result of a call that failed because it gave `out`, tensors that the results are to be
    written into. Raises what PyTorch would if the call fits no form, else the error.
    """
    options = dict(named)
    out = options.pop("out", None)
    if len(options) < len(named) and isinstance(error, TypeError) and "'out'" in str(error):
        called = function(section, name)
        if called.takes("out"):
            try:
                if out is None:
                    return call(*args, **options)
                return into(out, call, called.shown, args, options)
            except Exception as again:
                error = again
    wrong = complaint(section, name, args[1:] if section == "Tensor" else args, named)
    raise error if wrong is None else wrong from None
