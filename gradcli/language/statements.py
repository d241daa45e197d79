"""Statements: what each kind of node does. A statement gives None, or the signal that leaves it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from engine.tensor import Tensor
from gradcli.faults import PURPOSE, Fault
from gradcli.language import operators, values
from gradcli.language.expressions import EXPRESSIONS, element, index, truth
from gradcli.language.functions import BREAK, CONTINUE, Return, define
from gradcli.language.operators import IN_PLACE, SIGNS
from gradcli.language.parse import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradcli.language.walk import Walker


def block(walker: Walker, body: Sequence[ast.stmt]) -> Any:
    """Run statements until one signals; the values of bare expressions are shown."""
    for node in body:
        walker.limits.step()
        if walker.source is walker.home:
            walker.line = node.lineno
            walker.host.at(node.lineno)
        if type(node) is ast.Expr:
            value = EXPRESSIONS[type(node.value)](walker, node.value)
            if value is None or getattr(node, "silent", False):
                continue
            if type(node.value) is Command or walker.scope is None:
                walker.host.show(value)
        else:
            signal = STATEMENTS[type(node)](walker, node)
            if signal is not None:
                return signal
    return None


# ---- assignment --------------------------------------------------------------------------------


def bind(walker: Walker, name: str, value: Any) -> None:
    """name = value"""
    scope = walker.scope
    if scope is None:
        walker.variables[name] = value
        walker.host.bound(name, value)
    else:
        scope.names[name] = value


def assign(walker: Walker, target: ast.expr, value: Any) -> None:
    """target = value, whatever the target is."""
    if type(target) is ast.Name:
        bind(walker, target.id, value)
        return
    owner: Any = None
    if isinstance(target, (ast.Subscript, ast.Attribute)):
        owner = EXPRESSIONS[type(target.value)](walker, target.value)
    try:
        if isinstance(target, (ast.Tuple, ast.List)):
            _unpack(walker, target, value)
        elif type(target) is ast.Subscript:
            set_element(walker, owner, index(walker, target.slice), value)
        elif type(target) is ast.Attribute:
            set_attribute(owner, target.attr, value)
        else:
            raise Fault("SyntaxError", "this cannot be assigned to", walker.source.span(target))
    except PURPOSE as error:
        inner = target.value if isinstance(target, (ast.Subscript, ast.Attribute)) else target
        raise walker.fault(error, target, [(inner, owner), (target, value)], "=") from error


def _unpack(walker: Walker, target: ast.Tuple | ast.List, value: Any) -> None:
    targets = target.elts
    if not isinstance(value, (tuple, list, str, range, dict, Tensor)):
        raise TypeError(f"cannot unpack non-iterable {type(value).__name__} object")
    parts = walker.listed(value)
    stars = [i for i, part in enumerate(targets) if type(part) is ast.Starred]
    if len(stars) > 1:
        raise Fault("SyntaxError", "multiple starred expressions in assignment",
                    walker.source.span(target))  # fmt: skip
    count = len(targets)
    if stars and len(parts) >= count - 1:
        first, extra = stars[0], len(parts) - count + 1
        parts[first : first + extra] = [parts[first : first + extra]]
    elif stars:
        raise ValueError(
            f"not enough values to unpack (expected at least {count - 1}, got {len(parts)})"
        )
    elif len(parts) > count:
        raise ValueError(f"too many values to unpack (expected {count})")
    elif len(parts) < count:
        raise ValueError(f"not enough values to unpack (expected {count}, got {len(parts)})")
    for part, item in zip(targets, parts, strict=True):
        assign(walker, part.value if type(part) is ast.Starred else part, item)


def set_element(walker: Walker, owner: Any, key: Any, value: Any) -> None:
    """owner[key] = value"""
    kind = type(owner)
    if kind is list:
        if type(key) is slice:
            value = walker.listed(value)
            walker.limits.check_items(len(owner) + len(value))
        walker.note(owner)
    elif kind is dict:
        walker.measure(key)
        walker.limits.check_items(len(owner) + 1)
        walker.charge(64)
        walker.note(owner)
    elif not isinstance(owner, Tensor):
        raise TypeError(f"'{kind.__name__}' object does not support item assignment")
    owner[key] = value


def set_attribute(owner: Any, name: str, value: Any) -> None:
    """owner.name = value, for the attributes that may be set."""
    kind = type(owner)
    if name not in values.settable(kind):
        values.attribute(owner, name)
        raise AttributeError(f"attribute '{name}' of '{kind.__name__}' objects is not writable")
    setattr(owner, name, value)


def assignment(walker: Walker, node: ast.Assign) -> None:
    value = EXPRESSIONS[type(node.value)](walker, node.value)
    for target in node.targets:
        assign(walker, target, value)


def annotated(walker: Walker, node: ast.AnnAssign) -> None:
    if node.value is not None:
        assign(walker, node.target, EXPRESSIONS[type(node.value)](walker, node.value))


def augmented(walker: Walker, node: ast.AugAssign) -> None:
    """target op= value: the target is read once, changed, and bound again."""
    target = node.target
    owner: Any = None
    key: Any = None
    if type(target) is ast.Name:
        left = EXPRESSIONS[ast.Name](walker, ast.copy_location(ast.Name(target.id), target))
    else:
        assert isinstance(target, (ast.Subscript, ast.Attribute))
        owner = EXPRESSIONS[type(target.value)](walker, target.value)
        try:
            if type(target) is ast.Subscript:
                key = index(walker, target.slice)
                left = element(walker, owner, key)
            else:
                left = values.attribute(owner, target.attr)  # type: ignore[union-attr]
        except PURPOSE as error:
            raise walker.fault(error, target, [(target.value, owner)], "=") from error
    right = EXPRESSIONS[type(node.value)](walker, node.value)
    kind = type(node.op)
    try:
        if type(left) is Tensor and type(right) in (Tensor, int, float):
            value = IN_PLACE[kind](left, right)
        else:
            value = operators.in_place(walker, kind, left, right)
        if type(target) is ast.Name:
            bind(walker, target.id, value)
        elif type(target) is ast.Subscript:
            set_element(walker, owner, key, value)
        else:
            set_attribute(owner, target.attr, value)  # type: ignore[union-attr]
    except PURPOSE as error:
        pair = [(target, left), (node.value, right)]
        raise walker.fault(error, node, pair, SIGNS[kind] + "=") from error


def delete(walker: Walker, node: ast.Delete) -> None:
    for target in node.targets:
        _delete(walker, target)


def _delete(walker: Walker, target: ast.expr) -> None:
    if isinstance(target, (ast.Tuple, ast.List)):
        for part in target.elts:
            _delete(walker, part)
        return
    if type(target) is ast.Name:
        names = walker.variables if walker.scope is None else walker.scope.names
        if target.id not in names:
            error = NameError(f"name '{target.id}' is not defined")
            raise walker.fault(error, target, [(target, None)])
        del names[target.id]
        return
    assert isinstance(target, (ast.Subscript, ast.Attribute))
    owner = EXPRESSIONS[type(target.value)](walker, target.value)
    try:
        if type(target) is ast.Attribute:
            if target.attr != "grad" or not isinstance(owner, Tensor):
                raise AttributeError(f"attribute '{target.attr}' cannot be deleted")
            owner.grad = None
        else:
            key = index(walker, target.slice)  # type: ignore[union-attr]
            if type(owner) not in (list, dict):
                raise TypeError(f"'{type(owner).__name__}' object doesn't support item deletion")
            walker.measure(key)
            walker.note(owner)
            del owner[key]
    except PURPOSE as error:
        raise walker.fault(error, target, [(target.value, owner)], "del") from error


# ---- control -----------------------------------------------------------------------------------


def assertion(walker: Walker, node: ast.Assert) -> None:
    value = EXPRESSIONS[type(node.test)](walker, node.test)
    if truth(walker, node.test, value):
        return
    message = ""
    if node.msg is not None:
        from gradcli.language.text import text

        message = text(walker, EXPRESSIONS[type(node.msg)](walker, node.msg))
    raise Fault("AssertionError", message.partition("\n")[0], walker.source.span(node.test))


def nothing(walker: Walker, node: ast.Pass) -> None:
    pass


def leave(walker: Walker, node: ast.Break | ast.Continue) -> object:
    return BREAK if type(node) is ast.Break else CONTINUE


def give(walker: Walker, node: ast.Return) -> Return:
    return Return(None if node.value is None else EXPRESSIONS[type(node.value)](walker, node.value))


def choose(walker: Walker, node: ast.If) -> Any:
    """if; a chain of elif is walked in a loop."""
    while True:
        if truth(walker, node.test, EXPRESSIONS[type(node.test)](walker, node.test)):
            return block(walker, node.body)
        if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
            node = node.orelse[0]
            continue
        return block(walker, node.orelse)


def repeat(walker: Walker, node: ast.While) -> Any:
    while truth(walker, node.test, EXPRESSIONS[type(node.test)](walker, node.test)):
        walker.limits.step()
        signal = block(walker, node.body)
        if signal is BREAK:
            return None
        if signal is not None and signal is not CONTINUE:
            return signal
    return block(walker, node.orelse)


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
        signal = block(walker, node.body)
        if signal is BREAK:
            return None
        if signal is not None and signal is not CONTINUE:
            return signal
    return block(walker, node.orelse)


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


def import_(walker: Walker, node: ast.Import) -> None:
    for alias in node.names:
        space = _space(walker, node, alias.name)
        if alias.asname:
            bind(walker, alias.asname, space)
        else:
            bind(walker, alias.name.split(".")[0], _space(walker, node, alias.name.split(".")[0]))


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


def _space(walker: Walker, node: ast.stmt, name: str) -> values.Namespace:
    space = values.space(name)
    if space is None:
        raise walker.fault(ModuleNotFoundError(f"No module named '{name}'"), node)
    return space


STATEMENTS: dict[type, Callable[[Walker, Any], Any]] = {
    ast.Assign: assignment,
    ast.AnnAssign: annotated,
    ast.AugAssign: augmented,
    ast.Delete: delete,
    ast.Assert: assertion,
    ast.Pass: nothing,
    ast.If: choose,
    ast.For: loop,
    ast.While: repeat,
    ast.Break: leave,
    ast.Continue: leave,
    ast.With: within,
    ast.FunctionDef: define,
    ast.Return: give,
    ast.Import: import_,
    ast.ImportFrom: import_from,
}
