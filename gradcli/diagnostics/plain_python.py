"""Mistakes of plain Python: counts, conversions, unpacking, division, conditions."""

from __future__ import annotations

import re

from engine.graph.tensor import Tensor
from gradcli.diagnostics.error_case import Case, explains

_TEXT = "text and numbers do not mix"


@explains(r"^ZeroDivisionError")
def _zero(case: Case) -> None:
    fixes = [case.put(0, f"tensor({case.operands[0].text})")] if len(case.operands) == 2 else []
    case.tell("Python's numbers have no infinity to give; a tensor's have.", *fixes)


@explains(r"^ValueError: too many values to unpack \(expected (\d+)\)")
def _too_many(case: Case) -> None:
    line = case.walker.source.text.strip()
    names, sign, value = line.partition("=")
    fixes = [f"{names.strip()}, *rest ={value}"] if sign and "\n" not in line else []
    case.tell("there are more values than names; *rest takes those that are left.", *fixes)


@explains(r"^ValueError: not enough values to unpack \(expected (\d+), got (\d+)\)")
def _too_few(case: Case) -> None:
    line = case.walker.source.text.strip()
    names, sign, value = line.partition("=")
    kept = ", ".join(names.split(",")[: int(case.match[2])]).strip().replace(" ,", ",")
    fixes = [f"{' '.join(kept.split())} ={value}"] if sign and "\n" not in line else []
    case.tell("there are fewer values than names.", *fixes)


@explains(r"object of type '(\w+)' has no len\(\)|'(\w+)' object is not iterable")
def _not_many(case: Case) -> None:
    for index, operand in enumerate(case.operands):
        if type(operand.value) in (int, float, bool):
            case.point(index)
            text = operand.text
            whole = case.match[2] and type(operand.value) is int
            instead = f"range({text})" if whole else f"[{text}]"
            return case.tell(f"{text} is one number.", case.put(index, instead))
    return case.tell("one value was given where several are gone through.")


@explains(r"can only concatenate str|must be str, not|unsupported operand type\(s\) for .*'str'")
def _text(case: Case) -> None:
    if len(case.operands) != 2:
        return case.tell(f"{_TEXT}.")
    one, two = case.operands
    if isinstance(one.value, Tensor) or isinstance(two.value, Tensor):
        at = 1 if isinstance(one.value, Tensor) else 0
        case.point(at)
        return case.tell(
            f"{_TEXT}; a text is made of both in print.", f"print({one.text}, {two.text})"
        )
    if case.word == "+" and isinstance(one.value, str):
        return case.tell(f"{_TEXT}; str() makes a text.", case.put(1, f"str({two.text})"))
    if isinstance(two.value, str) and case.word == "+":
        return case.tell(f"{_TEXT}; str() makes a text.", case.put(0, f"str({one.text})"))
    return case.tell(f"{_TEXT}.", f"print({one.text}, {two.text})")


@explains(r"can't multiply sequence by non-int")
def _repeated(case: Case) -> None:
    for index, operand in enumerate(case.operands):
        if type(operand.value) is float:
            case.point(index)
            fixes = [case.put(index, str(int(operand.value)))]
            if case.operands[1 - index].value and all(
                type(part) in (int, float) for part in case.operands[1 - index].value
            ):
                fixes.insert(0, case.put(1 - index, f"tensor({case.operands[1 - index].text})"))
            case.tell("a list is repeated, not multiplied: a whole number of times.", *fixes)


@explains(r"^ValueError: (invalid literal|could not convert string)")
def _literal(case: Case) -> None:
    case.tell("this text is not a number of that kind.")


@explains(r"must be tuple of Tensors, not Tensor")
def _one_of_many(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
        case.tell("a list of tensors is joined.", case.put(index, f"[{case.operands[index].text}]"))


@explains(r"argument 'shape'.* must be tuple of int")
def _shape(case: Case) -> None:
    for index, operand in enumerate(case.operands):
        if isinstance(operand.value, (str, float)):
            case.point(index)
            case.tell("a shape is whole numbers; -1 is what is left.", case.put(index, "-1"))


@explains(r"attempting to assign a gradient of size|assigned grad has data of a different size")
def _gradient_size(case: Case) -> None:
    line = case.walker.source.text.strip()
    found = re.fullmatch(r"([\w.]+)\.grad\s*=\s*(.*)", line)
    fixes = [f"{found[1]}.grad = ones_like({found[1]})"] if found else []
    case.tell("a gradient has the shape of its tensor.", *fixes)


@explains(r"^AttributeError: attribute '(\w+)' of 'Tensor' objects is not writable")
def _read_only(case: Case) -> None:
    line = case.walker.source.text.strip()
    found = re.fullmatch(r"(\w+)\.shape\s*=\s*(.*)", line)
    fixes = [f"{found[1]} = {found[1]}.reshape({found[2]})"] if found else []
    case.tell(f"{case.match[1]} tells what a tensor is; another tensor has another.", *fixes)
