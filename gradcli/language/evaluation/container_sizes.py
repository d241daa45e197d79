"""How large containers are, told by walking them once, without recursion."""

from __future__ import annotations

from collections.abc import Iterator
from gc import get_referents
from sys import getsizeof
from typing import Any

from gradcli.language.evaluation.function import Function
from gradcli.language.evaluation.scope import Scope
from gradcli.language.syntax.limits import NESTED

_HELD = frozenset({list, tuple, dict, str, Function, Scope})
_STRETCH = 100_000


def alive(roots: list[Any], enough: int) -> int:
    """The bytes held by the lists, tuples, dicts and texts reachable from `roots`, no longer
    counted once there are `enough`.

    The collector's own list of what an object refers to makes this quick. Containers and texts are
    counted once; a number once for each stretch of _STRETCH references to it.
    """
    total = 0
    seen: set[int] = set()
    level: list[Any] = roots
    while level:
        below: list[Any] = []
        for parts in _stretches(level):
            if total > enough:
                return total
            if _HELD.isdisjoint(map(type, parts)):
                total += 32 * len(set(map(id, parts)))
                continue
            distinct = dict(zip(map(id, parts), parts, strict=True))
            fresh = [
                part for key, part in distinct.items() if type(part) in _HELD and key not in seen
            ]
            total += 32 * (len(distinct) - len(fresh)) + sum(map(getsizeof, fresh))
            seen.update(map(id, fresh))
            below += [part for part in fresh if type(part) is not str]
        level = below
    return total


def _stretches(level: list[Any]) -> Iterator[list[Any]]:
    """The objects that those of a level refer to, some at a time."""
    some: list[Any] = []
    count = 0
    for value in level:
        if type(value) is Function or type(value) is Scope:
            below = value.outer if type(value) is Function else value
            yield [below.names, below.outer] if type(below) is Scope else []
            continue
        if len(value) > _STRETCH and type(value) is not dict:
            for start in range(0, len(value), _STRETCH):
                yield list(value[start : start + _STRETCH])
            continue
        some.append(value)
        count += len(value)
        if count > _STRETCH:
            yield get_referents(*some)
            some, count = [], 0
    yield get_referents(*some)


def extent(value: Any, enough: int) -> int:
    """How many items a walk through `value` meets, shared parts counted each time; more than ten
    times `enough` if it holds itself. What is shared is walked once."""
    ceiling = 10 * enough + 10
    sizes: dict[int, int] = {}
    keep: list[Any] = [value]
    stack: list[tuple[Any, bool]] = [(value, False)]
    while stack:
        node, done = stack.pop()
        key = id(node)
        parts: Any = node
        if type(node) is dict:
            parts = [*node, *node.values()]
            keep.append(parts)
        if type(node) is range:
            if (node.stop - node.start) // node.step > ceiling:
                return ceiling
            sizes[key] = len(node)
        elif not done:
            if key in sizes:
                if sizes[key] < 0:
                    return ceiling
                continue
            kinds = set(map(type, parts))
            if not kinds & NESTED:
                sizes[key] = len(parts) + 1
                continue
            sizes[key] = -1
            stack.append((node, True))
            stack.extend((part, False) for part in parts if type(part) in NESTED)
        else:
            total = 1
            for part in parts:
                total += sizes.get(id(part), 1) if type(part) in NESTED else 1
            if total > ceiling:
                return ceiling
            sizes[key] = total
    return sizes[id(value)]
