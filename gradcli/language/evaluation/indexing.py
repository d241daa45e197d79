"""Indexing: what stands between brackets, and reading and writing there."""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import Any

import numpy as np

from engine.arrays import journal
from engine.graph.tensor import Tensor
from gradcli.base.faults import PURPOSE, Fault
from gradcli.language.evaluation.language_tables import EXPRESSIONS, expression
from gradcli.language.evaluation.walker import Walker


def index(walker: Walker, node: ast.expr) -> Any:
    """The index between the brackets of a subscript."""
    if type(node) is ast.Tuple:
        return tuple([index(walker, part) for part in node.elts])
    if type(node) is ast.Slice:
        parts = (node.lower, node.upper, node.step)
        return slice(*[None if p is None else EXPRESSIONS[type(p)](walker, p) for p in parts])
    return EXPRESSIONS[type(node)](walker, node)


def element(walker: Walker, owner: Any, key: Any) -> Any:
    """owner[key]"""
    kind = type(owner)
    if kind is dict or kind is defaultdict:
        walker.measure(key)
    elif kind in (list, str) and type(key) is slice:
        walker.charge(8 * len(owner))
    elif kind is np.ndarray:
        _check_plain(key)
    elif not isinstance(owner, (Tensor, list, tuple, str, range)):
        raise TypeError(f"'{kind.__name__}' object is not subscriptable")
    return owner[key]


def _check_plain(key: Any) -> None:
    """Refuse to index a NumPy array by anything that could make it larger."""
    for part in key if type(key) is tuple else (key,):
        if type(part) not in (int, slice, type(None), type(...)):
            raise TypeError("a NumPy array is indexed with whole numbers and slices here")


@expression(ast.Subscript)
def subscript(walker: Walker, node: ast.Subscript) -> Any:
    owner = EXPRESSIONS[type(node.value)](walker, node.value)
    key = index(walker, node.slice)
    try:
        return element(walker, owner, key)
    except PURPOSE as error:
        raise walker.fault(error, node, parts(node, owner, key), "[]") from error
    except Fault as fault:
        raise walker.fault(fault, node) from None


def parts(node: ast.Subscript, owner: Any, key: Any) -> list[tuple[ast.AST, Any]]:
    """The operands that an index error may be about: the owner, the index, and each part of it."""
    found: list[tuple[ast.AST, Any]] = [(node.value, owner), (node.slice, key)]
    if type(node.slice) is ast.Tuple:
        found += zip(node.slice.elts, key, strict=True)
    return found


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
    elif kind is np.ndarray:
        _check_plain(key)
        journal.note_contents(owner)
    elif not isinstance(owner, Tensor):
        raise TypeError(f"'{kind.__name__}' object does not support item assignment")
    owner[key] = value
