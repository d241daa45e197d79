"""Values that operations refuse: counts, kinds of numbers, views, targets.

A table: the message → why, and how the line is written instead (None where only the user knows).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gradcli.diagnostics.error_case import TABLE, Case, Teller

Rewrite = Callable[[Case], "list[str]"]


def _swapped(old: str, new: str) -> Rewrite:
    """The line with a pattern replaced."""

    def rewrite(case: Case) -> list[str]:
        line = case.walker.source.text.strip()
        changed = re.sub(old, new, line, count=1)
        return [changed] if changed != line and "\n" not in line else []

    return rewrite


def _after(operand: int, rest: str) -> Rewrite:
    """The line with something behind an operand."""

    def rewrite(case: Case) -> list[str]:
        if operand >= len(case.operands):
            return []
        return [case.put(operand, case.whole(operand) + rest)]

    return rewrite


def _first_tensor(rest: str) -> Rewrite:
    return lambda case: [case.put(i, case.whole(i) + rest) for i in case.tensors()[:1]]


def _last_tensor(rest: str) -> Rewrite:
    return lambda case: [case.put(i, case.whole(i) + rest) for i in case.tensors()[-1:]]


def _out_of_place(case: Case) -> list[str]:
    """a += b as a = a + b."""
    line = case.walker.source.text.strip()
    found = re.fullmatch(r"(\w+)\s*([-+*/%@]|\*\*)=\s*(.+)", line)
    return [f"{found[1]} = {found[1]} {found[2]} {found[3]}"] if found else []


REFUSALS: dict[str, tuple[str, Rewrite | None]] = {
    r"Subtraction, the `-` operator, with (two|a) bool": (
        "truth values are not subtracted; != tells where they differ.",
        _swapped(r" - ", " != "),
    ),
    r"expected a non-empty list of Tensors": ("there is nothing to join.", None),
    r"einsum\(\): subscript": ("one letter stands for one size.", None),
    r"einsum\(\): the number of subscripts": ("each dimension has a letter.", None),
    r"einsum\(\)": ("the equation and the tensors do not go together.", None),
    r"Dimension size must be non-negative|must be greater or equal to 0|must be non-negative": (
        "it counts something.",
        _swapped(r"-(?=\d)", ""),
    ),
    r"upper bound and (larger|lower) bound inconsistent": (
        "a positive step goes up; a negative one goes down.",
        _swapped(r"\((-?[\w.]+), (-?[\w.]+)\)", r"(\1, \2, -1)"),
    ),
    r"expects 'from' to be less than 'to'": (
        "the lower bound comes first.",
        _swapped(r"\((-?[\w.]+), (-?[\w.]+)", r"(\2, \1"),
    ),
    r"Expected dtype int32/int64 for index|tensors used as indices must be long": (
        "an index is a whole number.",
        _last_tensor(".long()"),
    ),
    r"Mismatch in shape: grad_output": (
        "a weight is asked for each element of what backward starts from.",
        _swapped(r"gradient=.*$", "gradient=ones_like(y)"),
    ),
    r"doesn't match the broadcast shape": (
        "in place the result has to fit where it is written; a new tensor takes it.",
        _out_of_place,
    ),
    r"can't be cast to the desired output type": (
        "in place the result keeps its dtype; a new tensor takes the other.",
        _out_of_place,
    ),
    r"more than one element of the written-to tensor refers to a single": (
        "an expanded tensor shows one number in many places; clone() gives each its own.",
        _out_of_place,
    ),
    r"could not infer output dtype|can only calculate the mean of floating": (
        "the mean of whole numbers is none; float() makes them real.",
        _first_tensor(".float()"),
    ),
    r"all elements of input should be between 0 and 1": (
        "it takes probabilities; sigmoid makes them of any number.",
        lambda case: [case.put(i, f"sigmoid({case.operands[i].text})") for i in (0,)],
    ),
    r"expected sequence of length (\d+) at dim": ("all rows of a tensor are of one length.", None),
    r"Sizes of tensors must match except in dimension|stack expects each tensor to be equal": (
        "what is joined has one size, but for the dimension joined along.",
        _swapped(r"\bstack\(", "cat("),
    ),
    r"expanded size of the tensor \(\d+\) must match": (
        "expand repeats dimensions of size 1 alone; a new one goes in front.",
        _swapped(r"\.expand\((.*), *\d+\)", r".expand(\1, -1)"),
    ),
    r"expected target dtype|expected scalar type Long": (
        "a target is the number of a class.",
        _last_tensor(".long()"),
    ),
    r"Target -?\d+ is out of bounds": ("classes count from 0 to one less than there are.", None),
    r"view size is not compatible": (
        "these elements do not follow each other in memory; reshape copies them.",
        _swapped(r"\.view\(", ".reshape("),
    ),
    r"len\(\) of a 0-d tensor|iteration over a 0-d tensor": (
        "it is one number, without dimensions to go along.",
        _last_tensor("[None]"),
    ),
    r"^MemoryError: a (list|text|format|whole number)|^MemoryError: .*at most": (
        "a session keeps within bounds, so that it cannot run out of memory.",
        None,
    ),
    r"^AttributeError: a field of format": (
        "format fills in arguments, and asks nothing of them.",
        None,
    ),
    r"maximum recursion depth exceeded": ("the function calls itself without an end.", None),
}


def _teller(why: str, rewrite: Rewrite | None) -> Teller:
    def tell(case: Case) -> None:
        case.tell(case.fault.why or why, *(rewrite(case) if rewrite is not None else []))

    return tell


TABLE.extend((pattern, _teller(*told)) for pattern, told in REFUSALS.items())
