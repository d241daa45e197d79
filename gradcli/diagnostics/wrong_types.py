"""Values of the wrong type, and conditions of many values."""

from __future__ import annotations

import re

from engine.graph.tensor import Tensor
from gradcli.base.faults import Span
from gradcli.base.outputs import counted
from gradcli.base.spelling import similar
from gradcli.diagnostics.error_case import Case, explains
from gradcli.diagnostics.names import explain_none
from gradcli.language.evaluation.values import CONTEXTS


@explains(r"to have (the )?same dtype|expected scalar type")
def _dtypes(case: Case) -> None:
    pair = case.tensors()
    if len(pair) > 1:
        a, b = pair[0], pair[1]
        one, two = (case.operands[i].value.dtype for i in (a, b))
        case.point(b)
        left, right = case.text(a), case.text(b)
        fixes = [case.put(i, f"{case.whole(i)}.to({dtype})") for i, dtype in ((b, one), (a, two))]
        case.tell("both must have one dtype.", *fixes, fact=f"{left} is {one}, {right} is {two}")


@explains(r"\(position \d+\) must be (?!Tensor, )[\w. ]+, not (\w+)")
def _wrong_type(case: Case) -> None:
    """Methods and functions count positions differently: the type tells which operand it is."""
    for index, operand in enumerate(case.operands):
        if type(operand.value).__name__ == case.match[1]:
            return case.point(index)
    return None


@explains(r"must be Tensor, not")
def _not_tensor(case: Case) -> None:
    for index, operand in enumerate(case.operands):
        if isinstance(operand.value, (list, int, float)):
            case.point(index)
            a = case.text(index)
            fixes = [f"{case.word}(tensor({a}))"] if a not in ("it", "the left") else []
            if isinstance(operand.value, (int, float)) and case.word.isidentifier():
                from gradcli.language.evaluation.math_module import MATH

                fixes += [f"math.{case.word}({a})"] if case.word in MATH.contents else []
            return case.tell(f"{case.word} takes a tensor.", *fixes)
        if isinstance(operand.value, str):
            case.point(index)
            why = f"{case.word} takes a tensor, and {case.text(index)} is text."
            named = operand.value in case.walker.variables
            return case.tell(why, *[case.put(index, operand.value)] if named else [])
    return None


@explains(r"unsupported operand type")
def _operator(case: Case) -> None:
    if any(operand.value is None for operand in case.operands):
        return explain_none(case)
    others = [i for i in range(len(case.operands)) if i not in case.tensors()]
    if len(others) == 1 and len(case.operands) == 2:
        case.point(others[0])
    return None


@explains(r"does not support the context manager protocol")
def _context(case: Case) -> None:
    made = case.operands[0].value
    if isinstance(made, type) and made.__name__ in CONTEXTS:
        case.tell("a context is made by a call: parentheses.", case.put(0, f"{case.text(0)}()"))


@explains(r"object is not callable")
def _not_callable(case: Case) -> None:
    if case.callee is not None and isinstance(case.callee, (Tensor, int, float)):
        line = case.walker.source.text.strip()
        found = re.fullmatch(r"([\w.]+)(\(.*\))", line)
        case.tell("a product is written with *.", *([f"{found[1]}*{found[2]}"] if found else []))


@explains(r"^KeyError")
def _key(case: Case) -> None:
    if case.operands and isinstance(case.operands[0].value, dict):
        known = list(case.operands[0].value)
        keys = [repr(key) for key in known[:6]]
        wanted = case.operands[1].value if len(case.operands) > 1 else None
        texts = [key for key in known if isinstance(key, str)]
        found = similar(wanted, texts) if isinstance(wanted, str) else []
        case.point(1)
        case.tell(
            f"its keys are {', '.join(keys)}." if keys else "it is empty.",
            *[case.put(1, repr(key)) for key in found or known[:1]],
        )


@explains(r"index out of range")
def _length(case: Case) -> None:
    if case.operands and hasattr(case.operands[0].value, "__len__"):
        count = len(case.operands[0].value)
        case.point(1)
        why = f"it has {count} items, 0 to {count - 1}." if count else "it is empty."
        case.tell(why, *([case.put(1, str(count - 1))] if count else []))


@explains(r"out of bounds for dimension|too many indices for tensor|invalid index of a 0-dim")
def _bounds(case: Case) -> None:
    if case.tensors()[:1] != [0]:
        return
    case.point(1)
    shape = case.operands[0].value.shape
    a, place = case.text(0), 1
    dimension = re.search(r"index (-?\d+) is out of bounds for dimension (\d+)", case.fault.message)
    if dimension is None:
        many = counted(len(shape), "dimension")
        why = f"{a} has {many}, one index each." if shape else f"{a} is one number: no index."
        fixes = [case.put(1, "0") if shape else case.instead(_brackets(case), "")]
        return case.tell(why, *fixes, fact=case.shape(0))
    keys = case.operands[1].value if len(case.operands) > 1 else None
    if type(keys) is tuple and all(type(k) in (int, slice) for k in keys):
        place = 2 + int(dimension[2])
        case.point(place)
    size = shape[int(dimension[2])]
    why = f"dimension {dimension[2]} of {a} has {size}: 0 to {size - 1}, or -{size} to -1."
    fixes = [case.put(place, str(size - 1))] if size and place < len(case.operands) else []
    return case.tell(why if size else f"{a} is empty.", *fixes, fact=case.shape(0))


def _brackets(case: Case) -> Span:
    """Where the brackets behind an operand stand."""
    whole, inner = case.operands[1].span, case.operands[0].span
    return whole._replace(column=inner.end_column, end_column=whole.end_column + 1)


@explains(r"DefaultCPUAllocator")
def _memory(case: Case) -> None:
    case.tell("the result would not fit into memory.")
