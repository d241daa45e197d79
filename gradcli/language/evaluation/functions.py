"""Calling functions, and defining them: a session's own are its objects, never Python's."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from engine.graph.tensor import Tensor
from gradcli.base.faults import PURPOSE, Fault
from gradcli.language.evaluation.assignment import bind
from gradcli.language.evaluation.builtins import CONVERSIONS, TORCH
from gradcli.language.evaluation.expressions import items
from gradcli.language.evaluation.scope import MISSING, Scope
from gradcli.language.evaluation.statements import Return, block
from gradcli.language.evaluation.table import EXPRESSIONS, GRAD_MODES, expression, statement
from gradcli.language.evaluation.values import CALLABLE, Builtin, Method, is_type, kind_name
from gradcli.language.syntax import limits as bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradcli.language.evaluation.evaluator import Walker
    from gradcli.language.syntax.source import Source


class Function:
    """A function the session defined, by def or lambda."""

    __slots__ = (
        "__weakref__",
        "body",
        "defaults",
        "keyword_defaults",
        "local",
        "name",
        "outer",
        "parameters",
        "source",
        "walker",
        "weight",
    )

    def __init__(self, walker: Walker, node: ast.FunctionDef | ast.Lambda) -> None:
        def value(part: ast.expr | None) -> Any:
            return MISSING if part is None else EXPRESSIONS[type(part)](walker, part)

        self.name = node.name if isinstance(node, ast.FunctionDef) else "<lambda>"
        self.parameters = node.args
        self.body = node.body
        self.defaults = [value(part) for part in node.args.defaults]
        self.keyword_defaults = [value(part) for part in node.args.kw_defaults]
        self.outer = walker.scope
        self.source: Source = walker.source
        self.walker = walker
        self.local, self.weight = _facts(node)

    def __repr__(self) -> str:
        return f"<function {self.name}>"

    @property
    def __name__(self) -> str:
        return self.name

    def __call__(self, *args: Any, **options: Any) -> Any:
        """For the engine, which calls hooks and the functions it differentiates."""
        return invoke(self.walker, self, args, options)

    def bind(self, args: Sequence[Any], options: dict[str, Any]) -> dict[str, Any]:
        """The names of a call. Raises TypeError with Python's text."""
        parameters = self.parameters
        names = [arg.arg for arg in (*parameters.posonlyargs, *parameters.args)]
        values = dict(zip(names, args))  # noqa: B905
        if len(args) > len(names) and parameters.vararg is None:
            raise TypeError(
                f"{self.name}() takes {_count(len(names), 'positional argument')} but {len(args)} "
                f"{'was' if len(args) == 1 else 'were'} given"
            )
        if parameters.vararg is not None:
            values[parameters.vararg.arg] = tuple(args[len(names) :])
        keywords = [arg.arg for arg in parameters.kwonlyargs]
        extra: dict[str, Any] = {}
        hidden = len(parameters.posonlyargs)
        for key, value in options.items():
            if key in names[hidden:] or key in keywords:
                if key in values:
                    raise TypeError(f"{self.name}() got multiple values for argument '{key}'")
                values[key] = value
            elif parameters.kwarg is None:
                raise TypeError(f"{self.name}() got an unexpected keyword argument '{key}'")
            else:
                extra[key] = value
        if parameters.kwarg is not None:
            values[parameters.kwarg.arg] = extra
        first = len(names) - len(self.defaults)
        for name, default in [
            *zip(names[first:], self.defaults, strict=True),
            *zip(keywords, self.keyword_defaults, strict=True),
        ]:
            if name not in values and default is not MISSING:
                values[name] = default
        missing = [repr(name) for name in (*names, *keywords) if name not in values]
        if missing:
            raise TypeError(
                f"{self.name}() missing {_count(len(missing), 'required positional argument')}: "
                + " and ".join(missing)
            )
        return values


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _facts(node: ast.FunctionDef | ast.Lambda) -> tuple[frozenset[str], int]:
    """The names a function assigns, and how many Python frames one call of it may take; found once
    and kept on the node."""
    known: tuple[frozenset[str], int] | None = getattr(node, "facts", None)
    if known is not None:
        return known
    local: set[str] = set()
    deepest = 0
    body: list[Any] = node.body if isinstance(node.body, list) else [node.body]
    stack: list[tuple[ast.AST, int, bool]] = [(part, 1, True) for part in body]
    while stack:
        part, depth, own = stack.pop()
        deepest = max(deepest, depth)
        if own and isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            local.add(part.id)
        elif own and isinstance(part, ast.alias):
            local.add((part.asname or part.name).split(".")[0])
        elif own and isinstance(part, ast.FunctionDef):
            local.add(part.name)
        own = own and not isinstance(
            part, (ast.FunctionDef, ast.Lambda, ast.ListComp, ast.GeneratorExp)
        )
        stack.extend((inner, depth + 1, own) for inner in ast.iter_child_nodes(part))
    known = frozenset(local), 2 * deepest + 8
    node.facts = known  # type: ignore[union-attr]
    return known


@expression(ast.Lambda)
def function(walker: Walker, node: ast.Lambda) -> Function:
    """lambda"""
    return Function(walker, node)


@statement(ast.FunctionDef)
def define(walker: Walker, node: ast.FunctionDef) -> None:
    """def, perhaps decorated with a grad mode: then it runs in that."""
    value: Any = Function(walker, node)
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
        return apply(walker, callee, args, options)
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
    """What was wrong in Python's words, where the engine has put it in PyTorch's."""
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
    """What a call works on, in the order of the function's arguments."""
    out: list[tuple[ast.AST, Any]] = []
    if isinstance(node.func, ast.Attribute):
        owner = getattr(callee, "owner", getattr(callee, "__self__", MISSING))
        if owner is not MISSING and type(owner).__name__ not in ("Namespace", "module"):
            out.append((node.func.value, owner))
    if not any(type(part) is ast.Starred for part in node.args):
        out += zip(node.args, args, strict=True)
    out += [(part.value, options[part.arg]) for part in node.keywords if part.arg]
    return out


def apply(walker: Walker, callee: Any, args: Sequence[Any], options: dict[str, Any]) -> Any:
    """Call any value that the language may call."""
    kind = type(callee)
    if kind in CALLABLE:
        for value in args:
            if type(value) in _CHECKED:
                args = [given(walker, value) for value in args]
                break
        if options:
            result = callee(*args, **{key: given(walker, value) for key, value in options.items()})
        else:
            result = callee(*args)
        if type(result) is Tensor and result.array.size > bounds.HEAVY:
            walker.weigh(result)
        return result
    if kind is Function:
        return invoke(walker, callee, args, options)
    if kind is Builtin:
        return callee.run(walker, *args, **options)
    if kind is Method:
        return callee.run(walker, callee.owner, *args, **options)
    if is_type(callee):
        convert = CONVERSIONS.get(callee)
        if convert is not None:
            return convert(walker, *args, **options)
        return callee(*[given(walker, value) for value in args], **options)
    raise TypeError(f"'{kind.__name__}' object is not callable")


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
