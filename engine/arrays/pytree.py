"""Values in nested lists, tuples and dicts: taken out, and put back in the same places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def leaves(tree: Any) -> list[Any]:
    """The values of a tree, in order; a tree that is no container is a value."""
    if isinstance(tree, (list, tuple)):
        return [leaf for part in tree for leaf in leaves(part)]
    if type(tree) is dict:
        return [leaf for part in tree.values() for leaf in leaves(part)]
    return [tree]


def rebuilt(tree: Any, values: Iterator[Any]) -> Any:
    """The tree with its values replaced, in order."""
    if isinstance(tree, (list, tuple)):
        parts = [rebuilt(part, values) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    if type(tree) is dict:
        return {key: rebuilt(part, values) for key, part in tree.items()}
    return next(values)


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with the function of each value in its place."""
    return rebuilt(tree, iter([function(leaf) for leaf in leaves(tree)]))


def spread(short: Any, tree: Any) -> list[Any] | None:
    """For each value of the tree the value of `short` above it; None if `short` does not fit."""
    if isinstance(short, (list, tuple)):
        same = isinstance(tree, (list, tuple)) and len(short) == len(tree)
        pairs = zip(short, tree, strict=True) if same else ()
    elif type(short) is dict:
        same = type(tree) is dict and short.keys() == tree.keys()
        pairs = ((short[key], tree[key]) for key in tree) if same else ()  # type: ignore[assignment]
    else:
        return [short] * len(leaves(tree))
    if not same:
        return None
    found: list[Any] = []
    for part, below in pairs:
        values = spread(part, below)
        if values is None:
            return None
        found += values
    return found


def same_shape(a: Any, b: Any) -> bool:
    """Whether two trees differ in their values alone."""
    return structure(a) == structure(b)


def drawn(tree: Any) -> str:
    """The tree with a star for each value: (*, *)."""
    return repr(mapped(lambda _: _Star(), tree))


class _Star:
    def __repr__(self) -> str:
        return "*"


def structure(tree: Any, indent: int = 2) -> str:
    """The tree's structure, as PyTorch's messages spell it."""
    if isinstance(tree, (list, tuple)):
        kind, context, parts = type(tree).__name__, "None", list(tree)
    elif type(tree) is dict:
        kind, context, parts = "dict", repr(list(tree)), list(tree.values())
    else:
        return "*"
    gap = f",\n{' ' * indent}"
    inner = gap.join(structure(part, indent + 2) for part in parts)
    return f"TreeSpec({kind}, {context}, [{inner}])"
