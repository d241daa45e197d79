"""Names, attributes, keywords and imports that do not exist."""

from __future__ import annotations

import re
from types import MethodType

from engine.tensor import Tensor
from gradcli.faults import Span
from gradcli.language import values
from gradcli.language.explanations.case import LONG, Case, explains, similar

_IMPORTS = {
    "F": "import torch.nn.functional as F", "Variable": "from torch.autograd import Variable",
    "autograd": "from torch import autograd", "nn": "from torch import nn",
    "optim": "from torch import optim",
}  # fmt: skip
_FOREIGN = {"np": "torch", "numpy": "torch", "jnp": "torch", "tf": "torch"}


@explains(r"^NameError: name '(\w+)' is not defined")
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
    found = similar(name, [*local, *walker.variables]) or similar(name, BARE.everything())
    if found:
        return case.tell(f"nothing is called {name}; did you mean {' or '.join(found)}?", *found)
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
    if type(owner.value) in (MethodType, values.Method) and name[:1] != "_":
        return case.tell("a method is called with parentheses.", f"{base}().{name}")
    if type(owner.value) is dict and name in owner.value:
        return case.tell(None, f"{base}[{name!r}]")
    found = similar(name, values.names_of(owner.value))
    if name[:2] == "__":
        return case.tell("only what a value is for can be asked of it.")
    if found:
        return case.tell(None, *[f"{base}.{other}" for other in found])
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
            case.tell(fact="is None" if len(operand.text) > LONG else f"{operand.text} is None")
        elif owner.requires_grad:
            case.tell(f"no backward has reached {name} yet.", "backward of what was made from it",
                      fact=f"{operand.text} is None")  # fmt: skip
        else:
            why = f"{name}.grad is None because {name} was never tracked."
            case.tell(why, f"track {name}, build again, backward", fact=f"{operand.text} is None")
        return


@explains(r"^TypeError: \w+\(\) (takes|missing|got multiple)")
def _arguments(case: Case) -> None:
    """Calls of a session's own function: show what it takes."""
    parameters = getattr(case.callee, "parameters", None)
    if parameters is not None:
        import ast

        case.tell(fact=f"{case.callee.name}({ast.unparse(parameters)})")


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
        case.tell(f"did you mean {found[0]}?", *[f"{other}=..." for other in found])


@explains(r"^ModuleNotFoundError")
def _module(case: Case) -> None:
    case.tell("only torch, its modules and math can be imported: nothing else exists here.",
              "import torch", "import math")  # fmt: skip


@explains(r"^ImportError: cannot import name '(\w+)' from '([\w.]+)'")
def _import_name(case: Case) -> None:
    name, module = case.match[1], case.match[2]
    space = values.space(module)
    found = similar(name, values.names_of(space)) if space else []
    case.tell(None, *[f"from {module} import {other}" for other in found])
