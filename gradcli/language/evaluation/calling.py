"""Calls: what each kind of value does when it is called; and the definition of functions."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from engine.graph.tensor import Tensor
from gradcli.base.faults import PURPOSE, Fault
from gradcli.language.evaluation.assignment import bind
from gradcli.language.evaluation.builtins import CONVERSIONS, TORCH
from gradcli.language.evaluation.expressions import items
from gradcli.language.evaluation.function import Function
from gradcli.language.evaluation.language_tables import (
    CALLS,
    EXPRESSIONS,
    GRAD_MODES,
    expression,
    statement,
)
from gradcli.language.evaluation.objects import Builtin, Method
from gradcli.language.evaluation.scope import MISSING, Scope
from gradcli.language.evaluation.statements import Return, block
from gradcli.language.evaluation.values import CALLABLE, is_type, kind_name
from gradcli.language.evaluation.walker import Walker
from gradcli.language.syntax import limits as bounds


@expression(ast.Lambda)
def function(walker: Walker, node: ast.Lambda | ast.FunctionDef) -> Function:
    """lambda"""

    def value(part: ast.expr) -> Any:
        return EXPRESSIONS[type(part)](walker, part)

    return Function(node, walker.source, walker.scope, value, partial(invoke, walker))


@statement(ast.FunctionDef)
def define(walker: Walker, node: ast.FunctionDef) -> None:
    """def, perhaps decorated with a grad mode: then it runs in that."""
    value: Any = function(walker, node)
    for decorator in reversed(node.decorator_list):
        made = EXPRESSIONS[type(decorator)](walker, decorator)
        if (made if is_type(made) else type(made)).__name__ not in GRAD_MODES:
            error = TypeError(f"a {kind_name(made)} is no grad mode")
            raise walker.fault(error, decorator, [(decorator, made)])
        value = made(value)
    bind(walker, node.name, value)


def invoke(walker: Walker, function: Function, args: Sequence[Any], options: dict[str, Any]) -> Any:
    """Call a function of the session."""
    names = function.bind(args, options)
    limits = walker.limits
    if limits.frames + function.weight > bounds.FRAMES:
        raise Fault(
            "RecursionError",
            "maximum recursion depth exceeded",
            why=f"{function.name} calls itself without end, or too deep.",
        )
    limits.step()
    caller, source, line = walker.scope, walker.source, walker.line
    walker.scope = Scope(names, function.outer, function.local, caller)
    walker.source = function.source
    limits.frames += function.weight
    try:
        if not isinstance(function.body, list):
            return EXPRESSIONS[type(function.body)](walker, function.body)
        signal = block(walker, function.body)
        return signal.value if type(signal) is Return else None
    except Fault as fault:
        if fault.span is not None and function.source is not source:
            # The line at fault stands in an earlier input: point at the call instead.
            words = function.source.lines[fault.span.line - 1].strip()
            fault.fact = f"in {function.name}: {words}"
            fault.span = None
        raise
    finally:
        limits.frames -= function.weight
        walker.scope, walker.source = caller, source
        if walker.line != line:
            walker.line = line
            walker.host.at(line)


# ---- calls -------------------------------------------------------------------------------------

_CHECKED = frozenset({list, tuple, dict, range, Builtin, Method})
"""Types of arguments that are looked at before the engine gets them."""


@expression(ast.Call)
def call(walker: Walker, node: ast.Call) -> Any:
    """function(arguments)"""
    callee = EXPRESSIONS[type(node.func)](walker, node.func)
    args = items(walker, node.args) if node.args else []
    options: dict[str, Any] = {}
    if node.keywords:
        _keywords(walker, node, options)
    try:
        return (CALLS.get(type(callee)) or construct)(walker, callee, args, options)
    except PURPOSE as error:
        word = str(getattr(node.func, "attr", "") or getattr(node.func, "id", ""))
        told = _in_torchs_words(error, callee, word, args, options)
        _rename(error, callee, word)
        operands = _operands(node, callee, args, options)
        fault = walker.fault(_first_told(error), node, operands, word, callee)
        if told is not error or " combination " in str(told):
            _retitle(fault, told)
        raise fault from error
    except Fault as fault:
        raise walker.fault(fault, node) from None


def _in_torchs_words(
    error: Exception, callee: Any, word: str, args: list[Any], options: dict[str, Any]
) -> Exception:
    """The error of a call of the engine as PyTorch's functions put it, those written in C++."""
    name = getattr(callee, "__name__", "")
    method = isinstance(getattr(callee, "__self__", None), Tensor)
    if type(callee) in CALLABLE and (method or TORCH.get(name) is callee):
        from engine.dispatch.errors.calls import retold

        same = method or TORCH.get(word) is callee
        return retold(error, word if word and same else name, callee, tuple(args), options)
    return error


def _first_told(error: Exception) -> BaseException:
    """The error in Python's words, where the engine has put it in PyTorch's."""
    before = error.__context__
    same = isinstance(before, TypeError) and " combination " in str(error)
    return before if same and before is not None else error


def _retitle(fault: Fault, told: Exception) -> None:
    """Let a fault say what `told` says; of a call that fits no form, which forms there are."""
    fault.kind = type(told).__name__
    fault.message, _, forms = str(told).partition("\n")
    if len(fault.message) > bounds.MESSAGE:
        fault.message = fault.message[: bounds.MESSAGE] + "..."
    if forms and not fault.why:
        fault.why = f"it takes {' or '.join(form.strip(' *') for form in forms.splitlines())}"


def _rename(error: BaseException, callee: Any, word: str) -> None:
    """Where Python speaks of how a function was called, speak of it by its name in the language,
    and not of the walker that a builtin is handed."""
    match = re.match(r"[\w.<>]+\(\) ((?:takes|missing|got)\b.*)", str(error))
    if match is None or type(callee) is Function or not word:
        return
    text = re.sub(r"\. Did you mean '\w+'\?$", "", match[1])  # Python 3.13 guesses too
    if type(callee) in (Builtin, Method):
        hidden = 1 + (type(callee) is Method)
        text = re.sub(
            r"(\d+)(?= positional arguments? but |(?: were| was) given)",
            lambda found: str(int(found[1]) - hidden),
            text,
        ).replace("takes 1 positional arguments", "takes 1 positional argument")
    error.args = (f"{word}() {text}",)


def _keywords(walker: Walker, node: ast.Call, options: dict[str, Any]) -> None:
    for keyword in node.keywords:
        value = EXPRESSIONS[type(keyword.value)](walker, keyword.value)
        if keyword.arg is not None:
            options[keyword.arg] = value
        elif type(value) is not dict or not all(type(key) is str for key in value):
            raise Fault(
                "TypeError",
                "argument after ** must be a dict of names",
                walker.source.span(keyword.value),
            )
        else:
            options.update(value)


def _operands(
    node: ast.Call, callee: Any, args: list[Any], options: dict[str, Any]
) -> list[tuple[ast.AST, Any]]:
    """The operands of a call, in the order of the function's arguments."""
    out: list[tuple[ast.AST, Any]] = []
    if isinstance(node.func, ast.Attribute):
        owner = getattr(callee, "owner", getattr(callee, "__self__", MISSING))
        if owner is not MISSING and type(owner).__name__ not in ("Namespace", "module"):
            out.append((node.func.value, owner))
    if not any(type(part) is ast.Starred for part in node.args):
        out += zip(node.args, args, strict=True)
    out += [(part.value, options[part.arg]) for part in node.keywords if part.arg]
    return out


def construct(walker: Walker, kind: Any, args: Sequence[Any], options: dict[str, Any]) -> Any:
    """Call a type: Python's within the limits, others as they are. All else cannot be called."""
    if not is_type(kind):
        raise TypeError(f"'{type(kind).__name__}' object is not callable")
    convert = CONVERSIONS.get(kind)
    if convert is not None:
        return convert(walker, *args, **options)
    return kind(*[given(walker, value) for value in args], **options)


def operate(walker: Walker, operation: Any, args: Sequence[Any], options: dict[str, Any]) -> Any:
    """Call a function of the engine."""
    for value in args:
        if type(value) in _CHECKED:
            args = [given(walker, value) for value in args]
            break
    if options:
        result = operation(*args, **{key: given(walker, value) for key, value in options.items()})
    else:
        result = operation(*args)
    if type(result) is Tensor and result.array.size > bounds.HEAVY:
        walker.weigh(result)
    return result


def given(walker: Walker, value: Any) -> Any:
    """An argument as the engine may have it: not endless, and callable if it is a function."""
    kind = type(value)
    if kind is range:
        walker.limits.check_items(len(value))
    elif kind is list or kind is tuple or kind is dict:
        walker.measure(value)
    elif kind is Builtin:
        return lambda *args, **options: value.run(walker, *args, **options)
    elif kind is Method:
        return lambda *args, **options: value.run(walker, value.owner, *args, **options)
    return value


CALLS.update(
    {
        **dict.fromkeys(CALLABLE, operate),
        Function: invoke,
        Builtin: lambda walker, builtin, args, options: builtin.run(walker, *args, **options),
        Method: lambda walker, method, args, options: method.run(
            walker, method.owner, *args, **options
        ),
        type: construct,
    }
)
