"""Names, attributes, keywords and imports that do not exist."""

from __future__ import annotations

import re
from types import MethodType

from engine.graph.tensor import Tensor
from gradcli.base.faults import Span
from gradcli.base.spelling import similar
from gradcli.diagnostics.error_case import LONG, Case, explains
from gradcli.language.evaluation import values
from gradcli.language.evaluation.objects import Method

_IMPORTS = {
    "F": "import torch.nn.functional as F",
    "Variable": "from torch.autograd import Variable",
    "autograd": "from torch import autograd",
    "nn": "from torch import nn",
    "optim": "from torch import optim",
}
_FOREIGN = {"np": "torch", "numpy": "torch", "jnp": "torch", "tf": "torch"}


@explains(r"^NameError: name '(\w+)' is not defined")
def _name(case: Case) -> None:
    name = case.match[1]
    walker = case.walker
    if name in _IMPORTS:
        return case.tell(f"{name} is a name that is imported first.", _IMPORTS[name])
    if name in _FOREIGN:
        return case.tell("NumPy is not in the language; torch does the same.", f"torch.{'sin(x)'}")
    from gradcli.language.evaluation.builtins import BARE

    local: list[str] = []
    scope = walker.scope
    while scope is not None:
        local += scope.names
        scope = scope.outer
    found = similar(name, [*local, *walker.variables]) or similar(name, BARE.everything())
    if found:
        span = case.fault.span
        fixes = [case.instead(span, other) if span else other for other in found]
        return case.tell(f"nothing is called {name}; did you mean {' or '.join(found)}?", *fixes)
    return case.tell(f"nothing is called {name} yet.", f"{name} = ...")


@explains(r"has no attribute '(\w+)'")
def _attribute(case: Case) -> None:
    name = case.match[1]
    if not case.operands:
        return
    owner = case.operands[0]
    if owner.value is None:
        return explain_none(case)
    base = case.text(0)
    if type(owner.value) in (MethodType, Method) and name[:1] != "_":
        return case.tell("a method is called with parentheses.", f"{base}().{name}")
    if type(owner.value) is dict and name in owner.value:
        return case.tell("a dict is asked with brackets.", f"{base}[{name!r}]")
    found = similar(name, values.names_of(owner.value))
    if name[:2] == "__":
        return case.tell("only what a value is for can be asked of it.")
    if found:
        span = case.operands[0].span
        behind = span._replace(column=span.end_column, end_column=span.end_column + 1 + len(name))
        whole = [case.instead(behind, f".{other}") for other in found]
        fixes = [
            text if not text.startswith(".") else f"{base}.{other}"
            for text, other in zip(whole, found, strict=True)
        ]
        return case.tell(f"did you mean {' or '.join(found)}?", *fixes)
    return None


def explain_none(case: Case) -> None:
    """A value that is None; mostly a gradient that is not there."""
    for operand in case.operands:
        if operand.value is not None:
            continue
        case.fault.span = operand.span
        name = operand.text.removesuffix(".grad")
        owner = case.walker.variables.get(name)
        if name == operand.text or not isinstance(owner, Tensor):
            why = "what does not exist is None."
            if operand.text.endswith(".grad_fn"):
                what = operand.text.removesuffix(".grad_fn")
                why = f"{what} was given, not computed: nothing made it."
            shown = "" if len(operand.text) > LONG else f"{operand.text} "
            case.tell(why, fact=f"{shown}is None")
        else:
            line = case.walker.source.text.strip()
            why = f"no backward has reached {name} yet."
            first = f"backward ({name}**2).sum()"
            if not owner.is_leaf:
                why = f"{name} = ... made a new tensor, no leaf: backward gives it no .grad."
                first = f"{name} = {name}.detach().requires_grad_(); {first}"
            elif not owner.requires_grad:
                why = f"{name}.grad is None because {name} was never tracked."
                first = f"track {name}; {first}"
            fixes = [f"{first}; {line}"] if "\n" not in line and len(line) <= 40 else []
            case.tell(why, *fixes, fact=f"{operand.text} is None")
        return


@explains(r"^TypeError: \w+\(\) (takes|missing|got multiple)")
def _arguments(case: Case) -> None:
    """Calls of a session's own function: show what it takes."""
    parameters = getattr(case.callee, "parameters", None)
    if parameters is None and case.word == "len" and len(case.operands) > 1:
        listed = ", ".join(operand.text for operand in case.operands)
        return case.tell("len counts what one value holds.", f"len([{listed}])")
    if parameters is not None:
        import ast

        names = [argument.arg for argument in parameters.args]
        given = [operand.text for operand in case.operands]
        required = len(names) - len(parameters.defaults)
        fixes = []
        if len(given) > len(names):
            fixes = [f"{case.word}({', '.join(given[: len(names)])})"]
        elif len(given) < required:
            missing = [f"{name}=1." for name in names[len(given) : required]]
            fixes = [f"{case.word}({', '.join([*given, *missing])})"]
        case.tell(
            f"{case.callee.name} takes {', '.join(names) or 'nothing'}.",
            *fixes,
            fact=f"{case.callee.name}({ast.unparse(parameters)})",
        )
    return None


@explains(r"unexpected keyword argument '(\w+)'")
def _keyword(case: Case) -> None:
    from inspect import signature

    name = case.match[1]
    try:
        parameters = list(signature(getattr(case.callee, "run", case.callee)).parameters)
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
        at = case.fault.span
        case.tell(f"did you mean {found[0]}?", *(case.instead(at, o) for o in found if at))
        return
    own = getattr(case.callee, "parameters", None)
    parameters = [argument.arg for argument in own.args] if own is not None else parameters
    if parameters:
        case.tell(f"{case.word} takes {', '.join(parameters[:8])}.")
    if own is not None:
        line = case.walker.source.text.strip()
        free = parameters[len(case.operands) - 1 :]
        case.tell(None, *[line.replace(f"{name}=", f"{other}=", 1) for other in free[:1]])


@explains(r"^ModuleNotFoundError")
def _module(case: Case) -> None:
    case.tell(
        "only torch, its modules and math can be imported: nothing else exists here.",
        "import torch",
        "import math",
    )


@explains(r"^ImportError: cannot import name '(\w+)' from '([\w.]+)'")
def _import_name(case: Case) -> None:
    name, module = case.match[1], case.match[2]
    space = values.space(module)
    found = similar(name, values.names_of(space)) if space else []
    why = f"did you mean {' or '.join(found)}?" if found else f"{module} has nothing of that name."
    case.tell(why, *[f"from {module} import {other}" for other in found])
