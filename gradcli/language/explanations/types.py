"""Values of the wrong type, and conditions of many values."""

from __future__ import annotations

import re

from engine.tensor import Tensor
from gradcli.language.explanations.case import Case, explains, similar
from gradcli.language.explanations.names import explain_none
from gradcli.language.values import CONTEXTS


@explains(r"to have the same dtype|expected scalar type")
def _dtypes(case: Case) -> None:
    pair = case.tensors()
    if len(pair) > 1:
        a, b = pair[0], pair[1]
        one, two = (case.operands[i].value.dtype for i in (a, b))
        case.point(b)
        left, right = case.text(a), case.text(b)
        case.tell("both must have one dtype.", f"{right}.to({one})", f"{left}.to({two})",
                  fact=f"{left} is {one}, {right} is {two}")  # fmt: skip


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
                from gradcli.language.builtins import MATH

                fixes += [f"math.{case.word}({a})"] if case.word in MATH else []
            return case.tell(None, *fixes)
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
        case.tell(None, f"with {case.text(0)}(): ...")


@explains(r"object is not callable")
def _not_callable(case: Case) -> None:
    if case.callee is not None and isinstance(case.callee, (Tensor, int, float)):
        case.tell("a product is written with *.")


@explains(r"^KeyError")
def _key(case: Case) -> None:
    if case.operands and isinstance(case.operands[0].value, dict):
        known = list(case.operands[0].value)
        keys = [repr(key) for key in known[:6]]
        wanted = case.operands[1].value if len(case.operands) > 1 else None
        texts = [key for key in known if isinstance(key, str)]
        found = similar(wanted, texts) if isinstance(wanted, str) else []
        case.point(1)
        case.tell(f"its keys are {', '.join(keys)}." if keys else "it is empty.",
                  *[f"{case.text(0)}[{key!r}]" for key in found])  # fmt: skip


@explains(r"index out of range")
def _length(case: Case) -> None:
    if case.operands and hasattr(case.operands[0].value, "__len__"):
        count = len(case.operands[0].value)
        case.point(1)
        case.tell(
            fact=f"{case.text(0)} has {count} items, 0 to {count - 1}" if count else "it is empty"
        )


@explains(r"out of bounds for dimension|too many indices for tensor|invalid index of a 0-dim")
def _bounds(case: Case) -> None:
    if case.tensors()[:1] == [0]:
        case.point(1)
        case.tell(fact=case.shape(0))
        dimension = re.search(r"for dimension (\d+)", case.fault.message)
        keys = case.operands[1].value if len(case.operands) > 1 else None
        if dimension and type(keys) is tuple and all(type(k) in (int, slice) for k in keys):
            case.point(2 + int(dimension[1]))


@explains(r"DefaultCPUAllocator")
def _memory(case: Case) -> None:
    case.tell("the result would not fit.")
