"""Assignment: to names, to parts of a tuple, to elements and attributes; in place; and del."""

from __future__ import annotations

import ast
from typing import Any

from engine.graph.tensor import Tensor
from gradcli.base.faults import PURPOSE, Fault
from gradcli.language.evaluation import operators, values
from gradcli.language.evaluation.indexing import element, index, parts, set_element
from gradcli.language.evaluation.language_tables import EXPRESSIONS, statement
from gradcli.language.evaluation.operators import IN_PLACE, SIGNS
from gradcli.language.evaluation.walker import Walker


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
        operands: list[tuple[ast.AST, Any]] = [(target, value)]
        if isinstance(target, ast.Subscript):
            operands = parts(target, owner, index(walker, target.slice))
        elif isinstance(target, ast.Attribute):
            operands = [(target.value, owner), (target, value)]
        raise walker.fault(error, target, operands, "=") from error


def _unpack(walker: Walker, target: ast.Tuple | ast.List, value: Any) -> None:
    targets = target.elts
    if not isinstance(value, (tuple, list, str, range, dict, Tensor)):
        raise TypeError(f"cannot unpack non-iterable {type(value).__name__} object")
    parts = walker.listed(value)
    stars = [i for i, part in enumerate(targets) if type(part) is ast.Starred]
    if len(stars) > 1:
        raise Fault(
            "SyntaxError", "multiple starred expressions in assignment", walker.source.span(target)
        )
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


def set_attribute(owner: Any, name: str, value: Any) -> None:
    """owner.name = value, for the attributes that may be set."""
    kind = type(owner)
    if name not in values.settable(kind):
        values.attribute(owner, name)
        raise AttributeError(f"attribute '{name}' of '{kind.__name__}' objects is not writable")
    setattr(owner, name, value)


@statement(ast.Assign)
def assignment(walker: Walker, node: ast.Assign) -> None:
    value = EXPRESSIONS[type(node.value)](walker, node.value)
    for target in node.targets:
        assign(walker, target, value)


@statement(ast.AnnAssign)
def annotated(walker: Walker, node: ast.AnnAssign) -> None:
    if node.value is not None:
        assign(walker, node.target, EXPRESSIONS[type(node.value)](walker, node.value))


@statement(ast.AugAssign)
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


@statement(ast.Delete)
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
