"""Expressions: how each kind of node becomes a value, one function per kind."""

from __future__ import annotations

import ast
from typing import Any

from engine.graph.tensor import Tensor
from gradcli.base.faults import PURPOSE, Fault
from gradcli.language.evaluation import operators
from gradcli.language.evaluation.assignment import assign
from gradcli.language.evaluation.builtins import BARE
from gradcli.language.evaluation.language_tables import EXPRESSIONS, expression
from gradcli.language.evaluation.operators import BINARY, SIGNS
from gradcli.language.evaluation.protocol import Operand
from gradcli.language.evaluation.scope import MISSING, Scope
from gradcli.language.evaluation.values import attribute
from gradcli.language.evaluation.walker import Walker
from gradcli.language.syntax.limits import HEAVY
from gradcli.language.syntax.source import CommandLine, Raw

_PLAIN = frozenset({Tensor, float})
"""Types whose operators need no guard, with one another and with `_NUMBERS`."""
_NUMBERS = frozenset({Tensor, int, float, bool})


@expression(ast.Constant)
def constant(walker: Walker, node: ast.Constant) -> Any:
    return node.value


@expression(ast.Name)
def name(walker: Walker, node: ast.Name) -> Any:
    key = node.id
    scope = walker.scope
    if scope is not None:
        try:
            value = scope.find(key)
        except UnboundLocalError as error:
            raise walker.fault(error, node, [(node, None)]) from None
        if value is not MISSING:
            return value
    variables = walker.variables
    if key in variables:
        return variables[key]
    if key in BARE:
        return BARE[key]
    raise walker.fault(NameError(f"name '{key}' is not defined"), node, [(node, None)])


@expression(ast.BinOp)
def binary(walker: Walker, node: ast.BinOp) -> Any:
    """A chain of left operands is walked in a loop: a long sum is no deep tree."""
    left_node = node.left
    if type(left_node) is not ast.BinOp:
        return apply_binary(walker, node, EXPRESSIONS[type(left_node)](walker, left_node))
    chain = [node]
    while type(left_node) is ast.BinOp:
        chain.append(left_node)
        left_node = left_node.left
    value = EXPRESSIONS[type(left_node)](walker, left_node)
    while chain:
        value = apply_binary(walker, chain.pop(), value)
    return value


def apply_binary(walker: Walker, node: ast.BinOp, left: Any) -> Any:
    right = EXPRESSIONS[type(node.right)](walker, node.right)
    one, two = type(left), type(right)
    try:
        if (one in _PLAIN and two in _NUMBERS) or (two in _PLAIN and one in _NUMBERS):
            result = BINARY[type(node.op)](left, right)
            if type(result) is Tensor and result.array.size > HEAVY:
                walker.weigh(result)
            return result
        return operators.binary(walker, type(node.op), left, right)
    except PURPOSE as error:
        pair = [(node.left, left), (node.right, right)]
        raise walker.fault(error, node, pair, SIGNS[type(node.op)]) from error
    except Fault as fault:
        raise walker.fault(fault, node) from None


@expression(ast.UnaryOp)
def unary(walker: Walker, node: ast.UnaryOp) -> Any:
    value = EXPRESSIONS[type(node.operand)](walker, node.operand)
    try:
        if type(node.op) is ast.Not:
            return not truth(walker, node.operand, value)
        return operators.unary(walker, type(node.op), value)
    except PURPOSE as error:
        raise walker.fault(error, node, [(node.operand, value)], SIGNS[type(node.op)]) from error


def truth(walker: Walker, node: ast.expr, value: Any) -> bool:
    """Whether a value counts as true."""
    if value is True or value is False:
        return value
    try:
        return bool(value)
    except PURPOSE as error:
        raise walker.fault(error, node, [(node, value)], "bool") from error


@expression(ast.BoolOp)
def boolean(walker: Walker, node: ast.BoolOp) -> Any:
    stop = type(node.op) is ast.Or
    value: Any = None
    for part in node.values:
        value = EXPRESSIONS[type(part)](walker, part)
        if part is node.values[-1] or truth(walker, part, value) is stop:
            return value
    return value


@expression(ast.Compare)
def compare(walker: Walker, node: ast.Compare) -> Any:
    left_node: ast.expr = node.left
    left = EXPRESSIONS[type(left_node)](walker, left_node)
    last = node.comparators[-1]
    result: Any = True
    for sign, right_node in zip(node.ops, node.comparators, strict=True):
        right = EXPRESSIONS[type(right_node)](walker, right_node)
        try:
            result = operators.compare(walker, type(sign), left, right)
        except PURPOSE as error:
            pair = [(left_node, left), (right_node, right)]
            raise walker.fault(error, node, pair, SIGNS[type(sign)]) from error
        except Fault as fault:
            raise walker.fault(fault, node) from None
        if right_node is not last and not truth(walker, node, result):
            return result
        left_node, left = right_node, right
    return result


@expression(ast.IfExp)
def conditional(walker: Walker, node: ast.IfExp) -> Any:
    chosen = node.body
    if not truth(walker, node.test, EXPRESSIONS[type(node.test)](walker, node.test)):
        chosen = node.orelse
    return EXPRESSIONS[type(chosen)](walker, chosen)


@expression(ast.Attribute)
def member(walker: Walker, node: ast.Attribute) -> Any:
    owner = EXPRESSIONS[type(node.value)](walker, node.value)
    try:
        return attribute(owner, node.attr)
    except PURPOSE as error:
        fault = walker.fault(error, node, [(node.value, owner)], node.attr)
        span = walker.source.span(node)
        if fault.span == span and span.line == span.end_line:
            fault.span = span._replace(column=span.end_column - len(node.attr))
        raise fault from error


# ---- containers --------------------------------------------------------------------------------


def items(walker: Walker, nodes: list[ast.expr]) -> list[Any]:
    """The values of a display or of positional arguments, `*` spread out."""
    out: list[Any] = []
    starred = False
    for node in nodes:
        if type(node) is ast.Starred:
            starred = True
            spread = EXPRESSIONS[type(node.value)](walker, node.value)
            try:
                out.extend(walker.listed(spread))
                walker.limits.check_items(len(out))
            except PURPOSE as error:
                raise walker.fault(error, node.value) from error
        else:
            if starred or len(nodes) > 1:
                walker.building.append(out)
            out.append(EXPRESSIONS[type(node)](walker, node))
            if starred or len(nodes) > 1:
                walker.building.pop()
    return out


@expression(ast.List)
def list_(walker: Walker, node: ast.List) -> Any:
    return walker.made(items(walker, node.elts))


@expression(ast.Tuple)
def tuple_(walker: Walker, node: ast.Tuple) -> Any:
    return tuple(walker.made(items(walker, node.elts)))


@expression(ast.Dict)
def dict_(walker: Walker, node: ast.Dict) -> Any:
    out: dict[Any, Any] = {}
    walker.building.append(out)
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        value = EXPRESSIONS[type(value_node)](walker, value_node)
        try:
            if key_node is None:
                if type(value) is not dict:
                    raise TypeError(f"'{type(value).__name__}' object is not a mapping")
                out.update(value)
            else:
                key = EXPRESSIONS[type(key_node)](walker, key_node)
                walker.measure(key)
                out[key] = value
        except PURPOSE as error:
            raise walker.fault(error, key_node or value_node) from error
    walker.building.pop()
    return walker.made(out)


@expression(ast.ListComp, ast.GeneratorExp)
def comprehension(walker: Walker, node: ast.ListComp | ast.GeneratorExp) -> Any:
    """A list comprehension; a generator expression is made at once, as a list."""
    out: list[Any] = []
    limits = walker.limits
    outer = walker.scope

    def loop(depth: int) -> None:
        if depth == len(node.generators):
            out.append(EXPRESSIONS[type(node.elt)](walker, node.elt))
            limits.check_items(len(out))
            return
        clause = node.generators[depth]
        source = EXPRESSIONS[type(clause.iter)](walker, clause.iter)
        try:
            iterable = walker.iterable(source)
        except PURPOSE as error:
            raise walker.fault(error, clause.iter, [(clause.iter, source)]) from error
        for item in iterable:
            limits.step()
            assign(walker, clause.target, item)
            if all(
                truth(walker, test, EXPRESSIONS[type(test)](walker, test)) for test in clause.ifs
            ):
                loop(depth + 1)

    walker.building.append(out)
    walker.scope = Scope({}, outer, frozenset(), outer)
    try:
        loop(0)
    except Fault as fault:
        raise walker.fault(fault, node) from None
    finally:
        walker.scope = outer
        walker.building.pop()
    return walker.made(out)


@expression(ast.Starred)
def starred(walker: Walker, node: ast.Starred) -> Any:
    raise Fault("SyntaxError", "can't use starred expression here", walker.source.span(node))


# ---- commands ----------------------------------------------------------------------------------


@expression(CommandLine)
def command(walker: Walker, node: CommandLine) -> Any:
    """A command line: its operands are evaluated, the session does the rest."""
    operands = [_operand(walker, part) for part in node.operands]
    options = {
        key: _operand(walker, part) for key, part in zip(node.keys, node.values, strict=True)
    }
    pairs: list[tuple[ast.AST, Any]] = [
        (part, operand.value)
        for part, operand in zip(node.operands, operands, strict=True)
        if isinstance(operand, Operand) and not isinstance(part, Raw)
    ]
    try:
        return walker.host.command(node.word, operands, options, walker.source.span(node))
    except PURPOSE as error:
        raise walker.fault(error, node, pairs, node.word) from error
    except Fault as fault:
        raise walker.fault(fault, node) from None


def _operand(walker: Walker, part: ast.expr | Raw) -> Operand | str:
    if isinstance(part, Raw):
        return part
    return walker.operand(part, EXPRESSIONS[type(part)](walker, part))
