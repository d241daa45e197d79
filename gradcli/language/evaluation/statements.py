"""Statements: what each kind of node does, and the signals that leave a block."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from gradcli.base.faults import PURPOSE, Fault
from gradcli.language.evaluation import values
from gradcli.language.evaluation.assignment import assign, bind
from gradcli.language.evaluation.expressions import truth
from gradcli.language.evaluation.language_tables import EXPRESSIONS, STATEMENTS, statement
from gradcli.language.evaluation.objects import Namespace
from gradcli.language.evaluation.text import text
from gradcli.language.evaluation.walker import Walker
from gradcli.language.syntax.source import CommandLine

BREAK = object()
CONTINUE = object()


class Return:
    """The signal of a return statement."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def block(walker: Walker, body: Sequence[ast.stmt]) -> Any:
    """Run statements until one signals; bare expressions are shown if they echo."""
    for node in body:
        walker.limits.step()
        if walker.source is walker.home:
            walker.line = node.lineno
            walker.host.at(node.lineno)
        if type(node) is ast.Expr:
            value = EXPRESSIONS[type(node.value)](walker, node.value)
            if value is None or getattr(node, "silent", False):
                continue
            if type(node.value) is CommandLine or (walker.scope is None and walker.host.echo):
                walker.host.show(value)
        else:
            signal = STATEMENTS[type(node)](walker, node)
            if signal is not None:
                return signal
    return None


# ---- control -----------------------------------------------------------------------------------


@statement(ast.Assert)
def assertion(walker: Walker, node: ast.Assert) -> None:
    value = EXPRESSIONS[type(node.test)](walker, node.test)
    if truth(walker, node.test, value):
        return
    message = ""
    if node.msg is not None:
        message = text(walker, EXPRESSIONS[type(node.msg)](walker, node.msg))
    raise Fault(
        "AssertionError",
        message.partition("\n")[0],
        walker.source.span(node.test),
        why="what is asserted is not so.",
    )


@statement(ast.Pass)
def nothing(walker: Walker, node: ast.Pass) -> None:
    pass


@statement(ast.Break, ast.Continue)
def leave(walker: Walker, node: ast.Break | ast.Continue) -> object:
    return BREAK if type(node) is ast.Break else CONTINUE


@statement(ast.Return)
def give(walker: Walker, node: ast.Return) -> Return:
    return Return(None if node.value is None else EXPRESSIONS[type(node.value)](walker, node.value))


@statement(ast.If)
def choose(walker: Walker, node: ast.If) -> Any:
    """if; a chain of elif is walked in a loop."""
    while True:
        if truth(walker, node.test, EXPRESSIONS[type(node.test)](walker, node.test)):
            return block(walker, node.body)
        if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
            node = node.orelse[0]
            continue
        return block(walker, node.orelse)


@statement(ast.While)
def repeat(walker: Walker, node: ast.While) -> Any:
    while truth(walker, node.test, EXPRESSIONS[type(node.test)](walker, node.test)):
        walker.limits.step()
        ended, signal = _round(walker, node)
        if ended:
            return signal
    return block(walker, node.orelse)


@statement(ast.For)
def loop(walker: Walker, node: ast.For) -> Any:
    source = EXPRESSIONS[type(node.iter)](walker, node.iter)
    try:
        iterator = iter(walker.iterable(source))
    except PURPOSE as error:
        raise walker.fault(error, node.iter, [(node.iter, source)], "for") from error
    while True:
        walker.limits.step()
        try:
            item = next(iterator)
        except StopIteration:
            break
        except PURPOSE as error:
            raise walker.fault(error, node.iter, [(node.iter, source)], "for") from error
        assign(walker, node.target, item)
        ended, signal = _round(walker, node)
        if ended:
            return signal
    return block(walker, node.orelse)


def _round(walker: Walker, node: ast.While | ast.For) -> tuple[bool, Any]:
    """A loop's body once: whether that ends the loop, and what the loop then gives."""
    signal = block(walker, node.body)
    if signal is BREAK:
        return True, None
    return signal is not None and signal is not CONTINUE, signal


@statement(ast.With)
def within(walker: Walker, node: ast.With) -> Any:
    """with: the engine's grad modes alone. What was entered is left, whatever happens."""
    entered: list[Any] = []
    try:
        for item in node.items:
            made = EXPRESSIONS[type(item.context_expr)](walker, item.context_expr)
            if type(made).__name__ not in values.CONTEXTS:
                error = TypeError(
                    f"'{type(made).__name__}' object does not support the context manager protocol"
                )
                raise walker.fault(error, item.context_expr, [(item.context_expr, made)], "with")
            value = made.__enter__()
            entered.append(made)
            if item.optional_vars is not None:
                assign(walker, item.optional_vars, value)
        return block(walker, node.body)
    finally:
        for made in reversed(entered):
            made.__exit__(None, None, None)


# ---- imports -----------------------------------------------------------------------------------


@statement(ast.Import)
def import_(walker: Walker, node: ast.Import) -> None:
    for alias in node.names:
        space = _space(walker, node, alias.name)
        if alias.asname:
            bind(walker, alias.asname, space)
        else:
            bind(walker, alias.name.split(".")[0], _space(walker, node, alias.name.split(".")[0]))


@statement(ast.ImportFrom)
def import_from(walker: Walker, node: ast.ImportFrom) -> None:
    space = _space(walker, node, "." * node.level + (node.module or ""))
    for alias in node.names:
        if alias.name == "*":
            continue  # every operation is a bare name already
        try:
            bind(walker, alias.asname or alias.name, values.member(space, alias.name))
        except AttributeError:
            error = ImportError(f"cannot import name '{alias.name}' from '{space.name}'")
            raise walker.fault(error, alias, [(node, space)], alias.name) from None


def _space(walker: Walker, node: ast.stmt, name: str) -> Namespace:
    space = values.space(name)
    if space is None:
        raise walker.fault(ModuleNotFoundError(f"No module named '{name}'"), node)
    return space
