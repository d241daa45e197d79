"""Values as text: what str(), repr(), f-strings and % give, their size known before it is made."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from gradcli.base.faults import PURPOSE, Fault
from gradcli.language.evaluation.language_tables import EXPRESSIONS, expression
from gradcli.language.evaluation.walker import Walker
from gradcli.language.syntax import limits as bounds

_PLAIN = frozenset({int, float, bool, type(None)})
_DEPTH = 60


def text(walker: Walker, value: Any) -> str:
    """str(value)"""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind in (list, dict, tuple) or kind in _FUNCTIONS:
        return quoted(walker, value)
    return str(value)


def quoted(walker: Walker, value: Any) -> str:
    """repr(value)"""
    parts: list[str] = []
    _quote(walker, value, parts, [0], 0)
    return walker.spelled("".join(parts))


def _quote(walker: Walker, value: Any, out: list[str], count: list[int], depth: int) -> None:
    kind = type(value)
    if kind not in _BRACKETS:
        words = _function(value) if kind in _FUNCTIONS else repr(value)
        out.append(words)
        count[0] += len(words)
        walker.limits.check_characters(count[0])
        return
    opening, closing = _BRACKETS[kind]
    if depth > _DEPTH:
        out.append(f"{opening}...{closing}")
        return
    walker.limits.check_characters(count[0] + 3 * len(value))
    if kind is not dict and len(value) > 1 and set(map(type, value)) <= _PLAIN:
        out.append(repr(value))
        count[0] += len(out[-1])
        walker.limits.check_characters(count[0])
        return
    out.append(opening)
    for index, part in enumerate(value):
        if index:
            out.append(", ")
        _quote(walker, part, out, count, depth + 1)
        if kind is dict:
            out.append(": ")
            _quote(walker, value[part], out, count, depth + 1)
        count[0] += 2
    out.append("," * (kind is tuple and len(value) == 1) + closing)


def _function(value: Any) -> str:
    """An operation, or a method bound to a tensor."""
    owner = getattr(value, "__self__", None)
    if type(value) is MethodType:
        return f"<built-in method {value.__name__} of {type(owner).__name__} object>"
    return f"<built-in function {value.__name__}>"


_BRACKETS: dict[type, tuple[str, str]] = {list: ("[", "]"), tuple: ("(", ")"), dict: ("{", "}")}
_FUNCTIONS = frozenset({FunctionType, BuiltinFunctionType, MethodType})


# ---- formatting --------------------------------------------------------------------------------


def check_widths(specification: str) -> None:
    """Refuse a format that asks for an enormous field."""
    for digits in re.findall(r"\d+", specification):
        if len(digits) > 9 or int(digits) > bounds.FORMAT_WIDTH:
            raise Fault(
                "ValueError",
                f"a format {digits[:20]} wide; at most {bounds.FORMAT_WIDTH:,}",
                why=bounds.BOUNDED,
            )


def formatted(walker: Walker, value: Any, specification: str) -> str:
    """format(value, specification)"""
    if not specification:
        kind = type(value)
        if kind in _BRACKETS or kind in _FUNCTIONS or kind is str:
            return text(walker, value)
        return format(value)
    check_widths(specification)
    return format(value, specification)


@expression(ast.JoinedStr)
def joined(walker: Walker, node: ast.JoinedStr) -> str:
    """An f-string."""
    parts: list[str] = []
    count = 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            words = str(part.value)
        else:
            assert isinstance(part, ast.FormattedValue)
            value = EXPRESSIONS[type(part.value)](walker, part.value)
            specification = ""
            if part.format_spec is not None:
                specification = EXPRESSIONS[type(part.format_spec)](walker, part.format_spec)
            try:
                if part.conversion == ord("r"):
                    value = quoted(walker, value)
                elif part.conversion == ord("s"):
                    value = text(walker, value)
                elif part.conversion == ord("a"):
                    value = quoted(walker, value).encode("ascii", "backslashreplace").decode()
                words = formatted(walker, value, specification)
            except PURPOSE as error:
                raise walker.fault(error, part.value, [(part.value, value)], "format") from error
            except Fault as fault:
                fault.span = fault.span or walker.source.span(node)
                raise
        parts.append(words)
        count += len(words)
        walker.limits.check_characters(count)
    return walker.spelled("".join(parts))


def formatted_with(walker: Walker, pattern: str, *args: Any, **names: Any) -> str:
    """pattern.format(...): a field names an argument, and nothing inside it."""
    return _filled(walker, pattern, args, names, iter(range(len(args) + 1)), 2)


def _filled(
    walker: Walker,
    pattern: str,
    args: tuple[Any, ...],
    names: dict[str, Any],
    numbers: Iterator[int],
    depth: int,
) -> str:
    """The pattern, its fields filled; `numbers` count the nameless ones."""
    from string import Formatter

    if not depth:
        raise ValueError("Max string recursion exceeded")
    parts: list[str] = []
    count = 0
    for literal, field, specification, conversion in Formatter().parse(pattern):
        parts.append(literal)
        count += len(literal)
        if field is not None:
            if "." in field or "[" in field:
                raise AttributeError(f"a field of format names an argument alone, not {field!r}")
            key = field or str(next(numbers, len(args)))
            value = args[int(key)] if key.isdecimal() else names[key]
            if specification and "{" in specification:
                specification = _filled(walker, specification, args, names, numbers, depth - 1)
            if conversion:
                value = text(walker, value) if conversion == "s" else quoted(walker, value)
            parts.append(formatted(walker, value, specification or ""))
            count += len(parts[-1])
        walker.limits.check_characters(count)
    return walker.spelled("".join(parts))


def percent(walker: Walker, pattern: str, values: Any) -> str:
    """pattern % values"""
    check_widths(pattern)
    if type(values) is dict:
        given: Any = {key: _plain(walker, value) for key, value in values.items()}
    elif isinstance(values, tuple):
        given = tuple(_plain(walker, value) for value in values)
        if "*" in pattern:
            for value in values:
                check_widths(str(value) if type(value) is int else "")
    else:
        given = (_plain(walker, values),)  # no mapping, whatever it is
    walker.limits.check_characters(
        len(pattern)
        + sum(
            len(value)
            for value in (given if isinstance(given, tuple) else (given,))
            if isinstance(value, str)
        )
    )
    return walker.spelled(str(pattern % given))


def _plain(walker: Walker, value: Any) -> Any:
    """A value that Python may format by itself."""
    return quoted(walker, value) if type(value) in _BRACKETS or type(value) in _FUNCTIONS else value
