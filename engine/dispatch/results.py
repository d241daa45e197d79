"""Results with names, as torch.return_types: `values, indices = x.sort()`, `x.sort().values`."""

from __future__ import annotations

from operator import itemgetter
from typing import Any


def _repr(self: Any) -> str:
    parts = ",\n".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
    return f"torch.return_types.{type(self).__name__}(\n{parts})"


def named(name: str, *fields: str) -> Any:
    """A class of tuples with named fields: `named("sort", "values", "indices")((v, i))`."""
    body: dict[str, Any] = {field: property(itemgetter(i)) for i, field in enumerate(fields)}
    body.update(__slots__=(), _fields=fields, __repr__=_repr, __module__="torch.return_types")
    return type(name, (tuple,), body)
