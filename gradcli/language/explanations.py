"""Why an error happened and what to type instead, in the user's own names.

A table: the message it is about → a function that fills in fact, why and fixes. One entry per
mistake; whoever meets a new one adds a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.tensor import Tensor
from gradcli.faults import Fault, Span
from gradcli.language import values

if TYPE_CHECKING:
    from gradcli.language.host import Operand
    from gradcli.language.source import Source
    from gradcli.language.walk import Walker

LONG = 24
"""The longest expression that is quoted in an explanation."""


class Case:
    """An error to explain: what was called, with what.

    `word` is the function, command or operator; `command` whether it was a command line.
    """

    __slots__ = ("callee", "command", "fault", "match", "operands", "walker", "word")

    match: re.Match[str]

    def __init__(
        self,
        fault: Fault,
        operands: Sequence[Operand],
        word: str,
        command: bool,
        callee: Any,
        walker: Walker,
    ) -> None:
        self.fault = fault
        self.operands = operands
        self.word = word
        self.command = command
        self.callee = callee
        self.walker = walker

    def point(self, index: int) -> None:
        """Put the caret under an operand."""
        if index < len(self.operands):
            self.fault.span = self.operands[index].span

    def tell(self, why: str | None = None, *fixes: str, fact: str | None = None) -> None:
        """Fill in the explanation."""
        fault = self.fault
        fault.why = why or fault.why
        fault.fixes = fixes or fault.fixes
        fault.fact = fact or fault.fact

    def text(self, index: int) -> str:
        """An operand as it was typed, if it is short enough to quote."""
        if index >= len(self.operands):
            return "it"
        text = self.operands[index].text
        if len(text) <= LONG and "\n" not in text:
            return text
        return "it" if index else "the left"

    def tensors(self) -> list[int]:
        """Which operands are tensors."""
        return [i for i, operand in enumerate(self.operands) if isinstance(operand.value, Tensor)]

    def shapes(self) -> str:
        """`a has shape [2], b has shape [3]`"""
        return ", ".join(self.shape(i) for i in self.tensors()[:2])

    def shape(self, index: int) -> str:
        """`a has shape [2]`"""
        return f"{self.text(index)} has shape {list(self.operands[index].value.shape)}"

    def call(self, index: int, rest: str) -> str:
        """How this operand, changed by `rest`, is given to what was called."""
        text = self.text(index)
        text = text if re.fullmatch(r"[\w.\[\]()]+", text) else f"({text})"
        return f"{self.word} {text}{rest}" if self.command else f"{text}{rest}.{self.word}()"


def explain(case: Case, index: object = None) -> None:
    """Fill in what is known about a fault. `index` is the operand the engine names, if it does."""
    if isinstance(index, int) and 0 <= index < len(case.operands):
        case.point(index)
    line = f"{case.fault.kind}: {case.fault.message}"
    for pattern, teller in TABLE:
        match = re.search(pattern, line)
        if match is not None:
            case.match = match
            teller(case)
            return


def similar(word: str, names: Any) -> list[str]:
    """The names that look like `word`."""
    from difflib import get_close_matches

    return get_close_matches(word, [name for name in names if name[:1] != "_"], 2, 0.7)


# ---- names -------------------------------------------------------------------------------------

_IMPORTS = {
    "F": "import torch.nn.functional as F", "Variable": "from torch.autograd import Variable",
    "autograd": "from torch import autograd", "nn": "from torch import nn",
    "optim": "from torch import optim",
}  # fmt: skip
_FOREIGN = {"np": "torch", "numpy": "torch", "jnp": "torch", "tf": "torch"}


def _name(case: Case) -> None:
    name = case.match[1]
    walker = case.walker
    if name in _IMPORTS:
        return case.tell(f"{name} is a name that is imported first.", _IMPORTS[name])
    if name in _FOREIGN:
        return case.tell("NumPy is not in the language; torch does the same.", f"torch.{'sin(x)'}")
    from gradcli.language.builtins import BARE

    local: list[str] = []
    scope = walker.scope
    while scope is not None:
        local += scope.names
        scope = scope.outer
    found = similar(name, [*local, *walker.variables]) or similar(name, BARE)
    if found:
        return case.tell(f"nothing is called {name}; did you mean {' or '.join(found)}?", *found)
    return case.tell(f"nothing is called {name} yet.", f"{name} = ...")


def _attribute(case: Case) -> None:
    name = case.match[1]
    if not case.operands:
        return
    owner = case.operands[0]
    if owner.value is None:
        return _none(case)
    found = similar(name, values.names_of(owner.value))
    if name[:2] == "__":
        return case.tell("only what a value is for can be asked of it.")
    if found:
        base = case.text(0)
        return case.tell(None, *[f"{base}.{other}" for other in found])
    return None


def _none(case: Case) -> None:
    for operand in case.operands:
        if operand.value is None and operand.text.endswith(".grad"):
            name = operand.text.removesuffix(".grad")
            case.fault.span = operand.span
            return case.tell(
                f"{operand.text} is None: no backward has reached {name} yet.", "backward z",
                f"why {name}", fact="None",
            )  # fmt: skip
        if operand.value is None:
            case.fault.span = operand.span
            return case.tell(fact=f"{operand.text} is None" if len(operand.text) <= LONG else None)
    return None


def _keyword(case: Case) -> None:
    from inspect import signature

    name = case.match[1]
    try:
        parameters = list(signature(case.callee).parameters)
    except (TypeError, ValueError):
        return
    found = similar(name, parameters)
    for operand in case.operands:
        span = operand.span
        source = case.walker.source.lines[span.line - 1]
        if re.search(rf"\b{re.escape(name)}\s*=\s*$", source[: span.column]):
            start = source.rindex(name, 0, span.column)
            case.fault.span = Span(span.line, start, span.line, start + len(name))
    if found:
        case.tell(f"did you mean {found[0]}?", *[f"{other}=..." for other in found])


def _module(case: Case) -> None:
    case.tell("only torch, its modules and math can be imported: nothing else exists here.",
              "import torch", "import math")  # fmt: skip


def _import_name(case: Case) -> None:
    name, module = case.match[1], case.match[2]
    space = values.space(module)
    found = similar(name, values.names_of(space)) if space else []
    case.tell(None, *[f"from {module} import {other}" for other in found])


# ---- shapes ------------------------------------------------------------------------------------


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
        f"dimension {dimension} holds {case.match[1]} in {a} and {case.match[2]} in {b}; they must "
        "be equal, or one of them 1.",
        *fixes, fact=case.shapes(),
    )  # fmt: skip


def _fit(one: Sequence[int], two: Sequence[int]) -> bool:
    """Whether two shapes broadcast."""
    return all(
        a == b or 1 in (a, b)
        for a, b in zip(reversed(one), reversed(two))  # noqa: B905
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


def _subject(case: Case) -> None:
    """Errors that need only the shape of what they are about."""
    for index in case.tensors()[:1]:
        case.point(index)
        case.tell(fact=case.shape(index))


def _scalar(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
        a = case.text(index)
        case.tell("one number was asked for.", f"{a}.sum().item()", f"{a}.tolist()",
                  fact=case.shape(index))  # fmt: skip


def _ambiguous(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
        a = case.text(index)
        a = a if a.isidentifier() else f"({a})"
        case.tell("a condition is one truth value; this holds several.", f"{a}.all()", f"{a}.any()",
                  fact=case.shape(index) if a.isidentifier() else None)  # fmt: skip


def _size(case: Case) -> None:
    for index in case.tensors()[:1]:
        count = case.operands[index].value.numel()
        case.tell(fact=f"{case.text(index)} holds {count} elements, {case.shape(index)}")


# ---- gradients ---------------------------------------------------------------------------------


def _implicit(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
        value = case.operands[index].value
        a = case.text(index)
        ones = (
            "[" + ", ".join(["1."] * len(value)) + "]"
            if value.ndim == 1 and len(value) < 5
            else None
        )
        given = f"{a} gradient={ones}" if case.command else None
        if not case.command and ones and case.word == "backward":
            given = f"{a}.backward(torch.tensor({ones}))"
        if not ones:
            given = f"backward {a} gradient=ones_like({a})" if case.command else None
        elif case.command:
            given = f"{case.word} {given}"
        fixes = [case.call(index, ".sum()"), *([given] if given else [])]
        case.tell(f"backward starts from one number, and {a} holds {value.numel()}.", *fixes,
                  fact=case.shape(index))  # fmt: skip


def _untracked(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
        a = case.text(index)
        case.tell(f"nothing that {a} was made from requires grad.",
                  f"x = param(...), then build {a} from x", "track x, then build again",
                  fact="requires_grad=False")  # fmt: skip


def _second(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
        a = case.text(index)
        retained = (
            f"backward {a} retain_graph=True"
            if case.command
            else f"{a}.backward(retain_graph=True)"
        )
        case.tell(f"the first backward freed the graph of {a}.", f"{retained} the first time",
                  f"build {a} again")  # fmt: skip


def _leaf(case: Case) -> None:
    for index in case.tensors()[:1]:
        a = case.text(index)
        case.point(index)
        case.tell(f"{a} is a leaf that requires grad: changing it in place would change what its "
                  "gradient is about.", "with torch.no_grad(): ...", f"{a} = {a} ...",
                  f"step {a}")  # fmt: skip


def _whole(case: Case) -> None:
    case.tell("gradients are real numbers, and this holds whole ones.", "param([1., 2.])",
              "dtype=torch.float32")  # fmt: skip


def _modified(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
    case.tell("a value that backward needs was overwritten after it was used.",
              "x = x + 1 instead of x += 1", "x.clone() before changing x")  # fmt: skip


def _numpy(case: Case) -> None:
    case.point(0)
    case.tell(None, f"{case.text(0)}.detach().numpy()")


def _hook(case: Case) -> None:
    case.point(0)
    case.tell(f"{case.text(0)} has no gradient to speak of.", f"track {case.text(0)}",
              fact="requires_grad=False")  # fmt: skip


def _flag(case: Case) -> None:
    case.point(0)
    case.tell(
        f"{case.text(0)} is computed; only leaves can be switched.", f"{case.text(0)}.detach()"
    )


def _unused(case: Case) -> None:
    case.tell("one of the inputs has no part in the output.", "allow_unused=True")


# ---- types -------------------------------------------------------------------------------------


def _dtypes(case: Case) -> None:
    pair = case.tensors()
    if len(pair) > 1:
        a, b = pair[0], pair[1]
        one, two = (case.operands[i].value.dtype for i in (a, b))
        case.point(b)
        left, right = case.text(a), case.text(b)
        case.tell("both must have one dtype.", f"{right}.to({one})", f"{left}.to({two})",
                  fact=f"{left} is {one}, {right} is {two}")  # fmt: skip


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


def _operator(case: Case) -> None:
    if any(operand.value is None for operand in case.operands):
        _none(case)


def _not_callable(case: Case) -> None:
    if case.callee is not None and isinstance(case.callee, (Tensor, int, float)):
        case.tell("a product is written with *.")


def _key(case: Case) -> None:
    if case.operands and isinstance(case.operands[0].value, dict):
        keys = [repr(key) for key in list(case.operands[0].value)[:6]]
        case.point(1)
        case.tell(f"its keys are {', '.join(keys)}." if keys else "it is empty.")


def _length(case: Case) -> None:
    if case.operands and hasattr(case.operands[0].value, "__len__"):
        count = len(case.operands[0].value)
        case.point(1)
        case.tell(
            fact=f"{case.text(0)} has {count} items, 0 to {count - 1}" if count else "it is empty"
        )


def _bounds(case: Case) -> None:
    if case.tensors() == [0] or case.tensors()[:1] == [0]:
        case.point(1)
        case.tell(fact=case.shape(0))


def _memory(case: Case) -> None:
    case.tell("the result would not fit.")


Teller = Callable[[Case], None]

TABLE: list[tuple[str, Teller]] = [
    (r"^NameError: name '(\w+)' is not defined", _name),
    (r"has no attribute '(\w+)'", _attribute),
    (r"unexpected keyword argument '(\w+)'", _keyword),
    (r"^ModuleNotFoundError", _module),
    (r"^ImportError: cannot import name '(\w+)' from '([\w.]+)'", _import_name),
    (r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\) at non-singleton "
     r"dimension (\d+)", _broadcast),
    (r"shapes cannot be multiplied|size mismatch, got|inconsistent tensor size|"
     r"Expected size for first two dimensions", _product),
    (r"grad can be implicitly created only for scalar outputs", _implicit),
    (r"does not require grad and does not have a grad_fn", _untracked),
    (r"backward through the graph a second time", _second),
    (r"a leaf Variable that requires grad is being used in an in-place", _leaf),
    (r"floating point .*dtype can require gradients", _whole),
    (r"modified by an inplace operation", _modified),
    (r"Can't call numpy\(\) on Tensor that requires grad", _numpy),
    (r"cannot register a hook on a tensor that|can't retain_grad on", _hook),
    (r"only change requires_grad flags of leaf", _flag),
    (r"appears to not have been used in the graph", _unused),
    (r"cannot be converted to Scalar|only one element tensors can be converted", _scalar),
    (r"Boolean value of Tensor with more than one value", _ambiguous),
    (r"is invalid for input of size", _size),
    (r"Dimension out of range|Dimension specified as|dimension .* is out of range", _subject),
    (r"out of bounds for dimension|too many indices for tensor|invalid index of a 0-dim", _bounds),
    (r"to have the same dtype|expected scalar type", _dtypes),
    (r"must be Tensor, not", _not_tensor),
    (r"unsupported operand type", _operator),
    (r"object is not callable", _not_callable),
    (r"^KeyError", _key),
    (r"index out of range", _length),
    (r"DefaultCPUAllocator", _memory),
]  # fmt: skip
"""Pattern over `Class: message` → what explains it."""


# ---- text that is no Python --------------------------------------------------------------------


def misread(
    kind: str, message: str, span: Span, source: Source, commands: Mapping[str, object]
) -> Fault:
    """The fault for what `ast` could not read."""
    line = source.lines[span.line - 1]
    fault = Fault(kind, message, span)
    first = re.match(r"\s*:?(\w+)[ \t]+(?=[\w'\"(])", line)
    if first and message.startswith("invalid syntax"):
        found = similar(first[1], commands)
        if found:
            rest = line[first.end() :].strip()
            fault.why = f"no command is called {first[1]}."
            fault.fixes = tuple(f"{word} {rest}" for word in found)
            fault.span = Span(span.line, first.start(1), span.line, first.end(1))
            return fault
    product = re.search(r"(?<![\w.])(\d+\.?\d*)([A-Za-z_]\w*|\()", line)
    if product and ("decimal literal" in message or "invalid syntax" in message):
        fault.why = "a product is written with *."
        fault.fixes = (f"{product[1]}*{product[2]}".rstrip("("),) if product[2] != "(" else ()
        fault.span = Span(span.line, product.start(), span.line, product.end(2))
    return fault
