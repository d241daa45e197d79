"""Shapes that do not fit, and indices out of range."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradcli.diagnostics.error_case import Case, explains


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
            fixes.append(case.put(two if name == b else one, f"{name}[:, None]"))
    if len(left) == len(right) == 2 and left == right[::-1]:
        fixes.append(case.put(two, f"{case.whole(two)}.T"))
    if not fixes:
        fixes.append(_cut_down(case, one, two, dimension))
    return case.tell(
        f"dimension {dimension} holds {case.match[1]} in {a} and {case.match[2]} in {b}; they "
        "must be equal, or one of them 1.",
        *fixes,
        fact=case.shapes(),
    )


def _cut_down(case: Case, one: int, two: int, dimension: int) -> str:
    """The longer operand cut to the length of the other in a dimension of the result."""
    shapes = [case.operands[i].value.shape for i in (one, two)]
    ndim = max(map(len, shapes))
    sizes = [shape[dimension - ndim] for shape in shapes]
    longer = one if sizes[0] > sizes[1] else two
    before = len(case.operands[longer].value.shape) + dimension - ndim
    return case.put(longer, f"{case.whole(longer)}[{':, ' * before}:{min(sizes)}]")


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
            fixes.append(_product_with(case, two, f"{a} @ {b}.T"))
        if len(left) == 2 and right and left[0] == right[-2 if len(right) > 1 else 0]:
            fixes.append(_product_with(case, one, f"{a}.T @ {b}"))
    if not fixes and len(left) == len(right) == 1:
        longer = one if left > right else two
        fixes.append(case.put(longer, f"{case.whole(longer)}[:{min(left + right)}]"))
    columns = left[-1] if left else 1
    rows = right[-2] if len(right) > 1 else (right[0] if right else 1)
    return case.tell(
        f"each row of {a} has {columns} numbers, and each column of {b} has {rows}.",
        *fixes,
        fact=case.shapes(),
    )


def _product_with(case: Case, index: int, product: str) -> str:
    """The line with one operand transposed; the product alone where a line is not all."""
    turned = f"{case.whole(index)}.T"
    line = case.put(index, turned)
    return product if line == turned else line


@explains(r"Dimension out of range|Dimension specified as|dimension .* is out of range")
def _subject(case: Case) -> None:
    """A dimension that the tensor has not."""
    for index in case.tensors()[:1]:
        case.point(index)
        count = case.operands[index].value.ndim
        name = case.text(index)
        if not count:
            return case.tell(f"{name} is one number: it has no dimensions.", fact=case.shape(index))
        ends = "0, or -1" if count == 1 else f"0 to {count - 1}, or -{count} to -1"
        many = "1 dimension" if count == 1 else f"{count} dimensions"
        fixes = [
            case.put(place, str(count - 1))
            for place, operand in enumerate(case.operands)
            if type(operand.value) is int and not -count <= operand.value < count
        ]
        case.tell(f"{name} has {many}: {ends}.", *fixes[:1], fact=case.shape(index))
    return None


@explains(r"Tensors must have same number of dimensions: got (\d+) and (\d+)")
def _joined(case: Case) -> None:
    """Tensors to be joined that are not of as many dimensions."""
    import ast

    listed = case.operands[0] if case.operands else None
    if listed is None or not isinstance(listed.value, (list, tuple)):
        return
    tree = ast.parse(listed.text, mode="eval").body
    parts = [ast.unparse(part) for part in getattr(tree, "elts", [])]
    most = max(part.ndim for part in listed.value)
    if len(parts) == len(listed.value):
        raised = [
            part + "[None]" * (most - value.ndim)
            for part, value in zip(parts, listed.value, strict=True)
        ]
        case.tell(
            "all that is joined has as many dimensions.", case.put(0, f"[{', '.join(raised)}]")
        )


@explains(r"cannot be converted to Scalar|only one element tensors can be converted")
def _scalar(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
        a = case.text(index)
        case.tell(
            "one number was asked for.",
            f"{a}.sum().item()",
            f"{a}.tolist()",
            fact=case.shape(index),
        )


@explains(r"Boolean value of Tensor with more than one value")
def _ambiguous(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
        a = case.text(index)
        a = a if a.isidentifier() else f"({_unchained(case.operands[index].text, a)})"
        fixes = [case.put(index, f"{a}.{word}()") for word in ("all", "any")]
        case.tell(
            "a condition is one truth value; this holds several.",
            *fixes,
            fact=case.shape(index) if a.isidentifier() else None,
        )


def _unchained(whole: str, text: str) -> str:
    """0 < x < 3 as (0 < x) & (x < 3), which works element by element."""
    found = re.fullmatch(r"([^<>=&|]+)(<=?|>=?)([^<>=&|]+)(<=?|>=?)([^<>=&|]+)", whole)
    if found is None:
        return text
    a, first, b, second, c = map(str.strip, found.groups())
    return f"({a} {first} {b}) & ({b} {second} {c})"


@explains(r"is invalid for input of size")
def _size(case: Case) -> None:
    for index in case.tensors()[:1]:
        count = case.operands[index].value.numel()
        places = [i for i in range(len(case.operands)) if i != index]
        fixes = []
        if places:
            first, last = case.operands[places[0]].span, case.operands[places[-1]].span
            fixes = [
                case.instead(
                    first._replace(end_line=last.end_line, end_column=last.end_column), "-1"
                )
            ]
        case.tell(
            f"the new shape must hold {count} elements too; -1 is what is left.",
            *fixes,
            fact=f"{case.shape(index)}, {count} elements",
        )
