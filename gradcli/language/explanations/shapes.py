"""Shapes that do not fit, and indices out of range."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradcli.language.explanations.case import Case, explains

if TYPE_CHECKING:
    from collections.abc import Sequence


@explains(
    r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\) at non-singleton "
    r"dimension (\d+)"
)
def _broadcast(case: Case) -> None:
    pair = case.tensors()
    if len(pair) < 2:
        return None
    one, two = pair[0], pair[1]
    left, right = (tuple(case.operands[i].value.shape) for i in (one, two))
    case.point(two)
    dimension = int(case.match[3])
    a, b = case.text(one), case.text(two)
    if a == b:
        a, b = "the left", "the right"
    fixes = []
    for name, shape, other in ((b, right, left), (a, left, right)):
        if len(other) > 1 == len(shape) and name.isidentifier() and _fit((*shape, 1), other):
            fixes.append(f"{name}[:, None]")
    if len(left) == len(right) == 2 and left == right[::-1]:
        fixes.append(f"{b}.T")
    return case.tell(
        f"dimension {dimension} holds {case.match[1]} in {a} and {case.match[2]} in {b}; they "
        "must be equal, or one of them 1.",
        *fixes, fact=case.shapes(),
    )  # fmt: skip


def _fit(one: Sequence[int], two: Sequence[int]) -> bool:
    """Whether two shapes broadcast."""
    return all(
        a == b or 1 in (a, b)
        for a, b in zip(reversed(one), reversed(two))  # noqa: B905
    )


@explains(
    r"shapes cannot be multiplied|size mismatch, got|inconsistent tensor size|"
    r"Expected size for first two dimensions"
)
def _product(case: Case) -> None:
    pair = case.tensors()
    if len(pair) < 2:
        return None
    one, two = pair[0], pair[1]
    left, right = (list(case.operands[i].value.shape) for i in (one, two))
    a, b = case.text(one), case.text(two)
    case.point(two)
    fixes = []
    if re.fullmatch(r"[\w.\[\]()]+ ?[\w.\[\]()]*", a + b):
        if len(right) == 2 and left and left[-1] == right[1]:
            fixes.append(f"{a} @ {b}.T")
        if len(left) == 2 and right and left[0] == right[-2 if len(right) > 1 else 0]:
            fixes.append(f"{a}.T @ {b}")
    columns = left[-1] if left else 1
    rows = right[-2] if len(right) > 1 else (right[0] if right else 1)
    return case.tell(f"each row of {a} has {columns} numbers, and each column of {b} has {rows}.",
                     *fixes, fact=case.shapes())  # fmt: skip


@explains(r"Dimension out of range|Dimension specified as|dimension .* is out of range")
def _subject(case: Case) -> None:
    """Errors that need only the shape of what they are about."""
    for index in case.tensors()[:1]:
        case.point(index)
        case.tell(fact=case.shape(index))


@explains(r"cannot be converted to Scalar|only one element tensors can be converted")
def _scalar(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
        a = case.text(index)
        case.tell("one number was asked for.", f"{a}.sum().item()", f"{a}.tolist()",
                  fact=case.shape(index))  # fmt: skip


@explains(r"Boolean value of Tensor with more than one value")
def _ambiguous(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
        a = case.text(index)
        a = a if a.isidentifier() else f"({a})"
        case.tell("a condition is one truth value; this holds several.", f"{a}.all()", f"{a}.any()",
                  fact=case.shape(index) if a.isidentifier() else None)  # fmt: skip


@explains(r"is invalid for input of size")
def _size(case: Case) -> None:
    for index in case.tensors()[:1]:
        count = case.operands[index].value.numel()
        case.tell(fact=f"{case.shape(index)}, {count} elements")
