"""Text to statements that can be run: parsed, and held to what of Python the language has."""

from __future__ import annotations

import ast
from collections.abc import Container, Mapping, Sequence

from gradcli.base.faults import Fault
from gradcli.language.evaluation import calling as calling  # fills the tables
from gradcli.language.evaluation.builtins import BARE
from gradcli.language.evaluation.language_tables import EXPRESSIONS, GRAD_MODES, STATEMENTS
from gradcli.language.syntax import limits
from gradcli.language.syntax.parse import parse
from gradcli.language.syntax.source import Source, Statement

_PARTS = frozenset(
    {
        ast.Load,
        ast.Store,
        ast.Del,
        ast.And,
        ast.Or,
        ast.Not,
        ast.UAdd,
        ast.USub,
        ast.Invert,
        ast.Add,
        ast.Sub,
        ast.Mult,
        ast.Div,
        ast.FloorDiv,
        ast.Mod,
        ast.Pow,
        ast.MatMult,
        ast.BitAnd,
        ast.BitOr,
        ast.LShift,
        ast.RShift,
        ast.Eq,
        ast.NotEq,
        ast.Lt,
        ast.LtE,
        ast.Gt,
        ast.GtE,
        ast.Is,
        ast.IsNot,
        ast.In,
        ast.NotIn,
    }
)
"""Nodes without parts of their own."""
_WITHIN = frozenset(
    {
        ast.Expr,
        ast.arguments,
        ast.arg,
        ast.keyword,
        ast.comprehension,
        ast.alias,
        ast.withitem,
        ast.Slice,
        ast.FormattedValue,
    }
)
"""Nodes that stand inside others and are read with them."""
_OUTSIDE: dict[str, tuple[str, str | None]] = {  # the message, and what stands in its place
    "BitXor": ("^ is not a power here", "**"),
    "ClassDef": ("class is not in the language", "def f(x): ..."),
    "Try": ("try is not in the language: an input that fails takes nothing with it", "assert"),
    "TryStar": ("try is not in the language: an input that fails takes nothing with it", "assert"),
    "Raise": ("raise is not in the language", "assert False, 'message'"),
    "Global": ("global is not in the language", "a value that is returned and assigned"),
    "Nonlocal": ("nonlocal is not in the language", "a value that is returned and assigned"),
    "NamedExpr": (":= is not in the language", "an assignment of its own"),
    "SetComp": ("a set is not in the language", "[... for ...]"),
    "Set": ("a set is not in the language", "[...]"),
    "DictComp": ("a dict comprehension is not in the language", "a for loop"),
    "Yield": ("yield is not in the language", "a list that is appended to and returned"),
    "YieldFrom": ("yield is not in the language", "a list that is appended to and returned"),
    "Match": ("match is not in the language", "if ... elif ..."),
}
_IN_FUNCTION, _IN_LOOP = 1, 2
_LOOPS = (ast.For, ast.While)
_FUNCTIONS = (ast.FunctionDef, ast.Lambda)


def read(
    text: str, commands: Mapping[str, tuple[str, ...]], bound: Container[str] = ()
) -> list[Statement]:
    """The statements of an input, as `parse` gives them. Raises Fault for what cannot be run."""
    statements = parse(text, commands, bound, BARE)
    if statements:
        check([statement.node for statement in statements], statements[0].source)
    return statements


def check(body: Sequence[ast.stmt], source: Source) -> None:
    """Raise Fault for the first thing outside the language, or nested too deep to walk.

    The left operands of a chain of operators, and `elif`, do not count as nesting: they are walked
    in a loop.
    """
    stack: list[tuple[ast.AST, int, int]] = [(node, 1, 0) for node in reversed(body)]
    while stack:
        node, depth, inside = stack.pop()
        kind = type(node)
        if depth > limits.DEPTH:
            raise limits.too_deep()
        if kind not in EXPRESSIONS and kind not in STATEMENTS and kind not in _WITHIN:
            raise _outside(node, source)
        _placed(node, kind, inside, source)
        loop = kind in _LOOPS
        if kind in _FUNCTIONS:
            inside = _IN_FUNCTION
        parts: list[tuple[ast.AST, int, int]] = []
        for name in node._fields:
            part = getattr(node, name, None)
            if part.__class__ is list:
                within = inside | _IN_LOOP if loop and name == "body" else inside
                elif_ = name == "orelse" and kind is ast.If and len(part) == 1
                below = depth + (not elif_)
                parts.extend([(item, below, within) for item in part if isinstance(item, ast.AST)])
            elif isinstance(part, ast.AST):
                if part.__class__ in _PARTS:
                    continue
                if part.__class__ is ast.BitXor:
                    raise _outside(part, source, node)
                chain = name == "left" and part.__class__ is kind is ast.BinOp
                parts.append((part, depth + (not chain), inside))
        parts.reverse()
        stack.extend(part for part in parts if part[0].__class__ not in _PARTS)


def _placed(node: ast.AST, kind: type[ast.AST], inside: int, source: Source) -> None:
    """Raise Fault for what Python's compiler, and not its parser, would refuse."""
    message = None
    if kind is ast.Return and not inside & _IN_FUNCTION:
        message = "'return' outside function"
    elif kind is ast.Break and not inside & _IN_LOOP:
        message = "'break' outside loop"
    elif kind is ast.Continue and not inside & _IN_LOOP:
        message = "'continue' not properly in loop"
    elif kind is ast.Constant and type(node.value) is bytes:  # type: ignore[attr-defined]
        message = "bytes are not in the language"
    elif kind is ast.Constant and type(node.value) is int and node.value.bit_length() > limits.BITS:  # type: ignore[attr-defined]
        message = "a whole number of too many digits"
    elif kind is ast.FunctionDef and not all(map(_is_grad_mode, node.decorator_list)):  # type: ignore[attr-defined]
        message = "decorators are not in the language, but for grad modes"
    elif kind in (ast.FunctionDef, ast.Lambda):
        message = _repeated(node.args)  # type: ignore[attr-defined]
    elif kind is ast.Call:
        seen: set[str] = set()
        for keyword in node.keywords:  # type: ignore[attr-defined]
            if keyword.arg is not None and keyword.arg in seen:
                message = f"keyword argument repeated: {keyword.arg}"
            seen.add(keyword.arg)
    if message:
        value = getattr(node, "value", None) if kind is ast.Return else None
        raise Fault(
            "SyntaxError",
            message,
            source.span(node),
            why=_WHY.get(message.split()[-2]),
            fixes=[ast.unparse(value)] if isinstance(value, ast.expr) else [],
        )


_WHY = {
    "outside": "there is none around it to be left.",
    "argument": "a name says which value goes where.",
    "grad": "a function is changed by calling another: f = g(f).",
}
"""A word of the message → why."""


def _is_grad_mode(decorator: ast.expr) -> bool:
    """Whether it is written like one: @torch.no_grad() or @no_grad."""
    named = decorator.func if isinstance(decorator, ast.Call) else decorator
    return getattr(named, "attr", None) in GRAD_MODES or getattr(named, "id", None) in GRAD_MODES


def _repeated(arguments: ast.arguments) -> str | None:
    """The message for two parameters of one name."""
    seen: set[str] = set()
    stars = [arg for arg in (arguments.vararg, arguments.kwarg) if arg]
    for arg in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *stars]:
        if arg.arg in seen:
            return f"duplicate argument '{arg.arg}' in function definition"
        seen.add(arg.arg)
    return None


def _outside(node: ast.AST, source: Source, within: ast.AST | None = None) -> Fault:
    """The error for a node that the language does not have."""
    name = type(node).__name__
    message, instead = _OUTSIDE.get(name, (f"{name} is not in the language", None))
    if within is not None:
        return _power(within, source)
    fixes: list[str] = []
    if isinstance(node, ast.NamedExpr):
        fixes = [ast.unparse(ast.Assign([node.target], node.value, lineno=1))]
    if isinstance(node, ast.Set):
        fixes = [ast.unparse(ast.List(node.elts, ast.Load()))]
    why = f"in its place: {instead}" if instead else "help tells what there is."
    return Fault("SyntaxError", message, source.span(node), why=why, fixes=fixes)


def _power(node: ast.AST, source: Source) -> Fault:
    """The error for `^`, pointing at it."""
    left = node.left if isinstance(node, ast.BinOp) else node.target  # type: ignore[attr-defined]
    right = node.right if isinstance(node, ast.BinOp) else node.value  # type: ignore[attr-defined]
    before, after = source.span(left), source.span(right)
    line, column = before.end_line, before.end_column
    at = source.lines[line - 1].find("^", column)
    span = before._replace(line=line, column=at, end_line=line, end_column=at + 1)
    fixed = f"{source.words(before)}**{source.words(after)}"
    return Fault(
        "SyntaxError",
        "did you mean **?",
        span if at >= 0 else source.span(node),
        why="^ is exclusive or in Python; a power is written **.",
        fixes=[fixed] if len(fixed) < 60 and "\n" not in fixed else ["**"],
    )
