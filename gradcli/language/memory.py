"""How large containers are, told by walking them once, without recursion."""

from __future__ import annotations

import sys
from typing import Any

_NESTED = frozenset({list, tuple, dict, range})


def alive(roots: list[Any]) -> int:
    """The bytes held by the lists, tuples, dicts and texts reachable from `roots`."""
    from gradcli.language.functions import Function

    held = (str, list, tuple, dict, Function)
    total, seen, stack = 0, set[int](), list(roots)
    while stack:
        value = stack.pop()
        kind = type(value)
        if kind is str:
            total += 50 + len(value)
        elif kind in (list, tuple, dict):
            if id(value) in seen:
                continue
            seen.add(id(value))
            total += 64 + 8 * len(value)
            parts = [*value, *value.values()] if kind is dict else value
            kinds = set(map(type, parts))
            if kinds & {int, float}:
                total += int(32 * len(parts) * _distinct(parts))
            if kinds & {str, list, tuple, dict, Function}:
                stack.extend(part for part in parts if type(part) in held)
        elif kind is Function:
            scope = value.outer
            while scope is not None and id(scope) not in seen:
                seen.add(id(scope))
                stack.append(scope.names)
                scope = scope.outer
    return total


def _distinct(parts: Any) -> float:
    """The share of items that are objects of their own, by a sample: `[0] * 10**6` has one."""
    sample = parts[:: max(1, len(parts) // 64)]
    return len(set(map(id, sample))) / len(sample)


def resident() -> int:
    """The bytes of memory the process has; where only that is known, the most it ever had."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * 4096
    except OSError:
        pass
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:
        return 0
    return getrusage(RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


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
            if not kinds & _NESTED:
                sizes[key] = len(parts) + 1
                continue
            sizes[key] = -1
            stack.append((node, True))
            stack.extend((part, False) for part in parts if type(part) in _NESTED)
        else:
            total = 1
            for part in parts:
                total += sizes.get(id(part), 1) if type(part) in _NESTED else 1
            if total > ceiling:
                return ceiling
            sizes[key] = total
    return sizes[id(value)]
