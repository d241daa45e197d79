"""help NAME for an operation: how it is called, what it computes, and its derivative.

The derivative is not written down anywhere: the operation is run on named values and the symbolic
reader is asked, so that it cannot disagree with the engine.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays.state import unheard
from engine.graph import registry
from engine.graph.tensor import Tensor
from engine.transforms import recorded
from gradcli.base.faults import Line
from gradcli.explain.formula.derivative import formula

_SHAPES: tuple[tuple[int, ...], ...] = ((3,), (2, 2), (1, 2, 2))
_LABELS = {
    "input": "x",
    "other": "y",
    "self": "x",
    "mat2": "y",
    "vec": "y",
    "vec2": "y",
    "tensor": "y",
}


class Operation:
    """The help on one operation."""

    __slots__ = ("derivatives", "doc", "name", "places", "signature")

    def __init__(
        self,
        name: str,
        signature: str,
        doc: str,
        places: list[str],
        derivatives: list[tuple[str, str]],
    ) -> None:
        self.name = name
        self.signature = signature
        self.doc = doc
        self.places = places
        self.derivatives = derivatives

    def lines(self) -> list[Line]:
        """Signature, meaning, derivative, where it is reached."""
        found: list[Line] = [[(self.name, "name"), (self.signature, "plain")]]
        if self.doc:
            found.append([(f"  {self.doc}", "plain")])
        for left, right in self.derivatives:
            found.append([(f"  {left} = ", "plain"), (right, "formula")])
        found.append([("  reached as " + ", ".join(self.places), "dim")])
        return found


def describe(name: str) -> Operation | None:
    """The operation called `name` anywhere in the catalog; None if there is none."""
    short = name.rsplit(".", 1)[-1]
    places = [
        f"{namespace}.{short}" for namespace, names in registry.namespaces.items() if short in names
    ]
    function = next(
        (names[short] for names in registry.namespaces.values() if callable(names.get(short))), None
    )
    if registry.of_tensors(short) and short in registry.methods:
        places.append(f"Tensor.{short}")
        function = function or getattr(Tensor, short)
    if function is None or isinstance(function, type):
        return None
    doc = " ".join((function.__doc__ or "").split("\n\n")[0].split())
    return Operation(short, _signature(function), doc, places, list(_derivatives(short, function)))


def _signature(function: Any) -> str:
    parameters = []
    for parameter in inspect.signature(function).parameters.values():
        text = str(parameter.replace(annotation=inspect.Parameter.empty))
        parameters.append(_LABELS.get(text, text) if text in ("a", "b") else text)
    text = ", ".join(parameters)
    return "(input)" if text == "input=None, *params" else f"({text})"


def _derivatives(name: str, function: Any) -> Iterator[tuple[str, str]]:
    """Pairs such as ("d sin(x)/dx", "cos(x)")."""
    required = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        and (parameter.default is parameter.empty or parameter.name == "input")
    ]
    labels = ["x", "y", "z"][: len(required)]
    for shape in _SHAPES:
        leaves = [
            recorded.traced_leaf(
                np.linspace(0.3, 0.8, int(np.prod(shape))).reshape(shape) + place / 7, label
            )
            for place, label in enumerate(labels)
        ]
        try:
            with recorded.tracing(), unheard():  # of numbers that nobody gave
                result = function(*leaves)
        except (
            RuntimeError,
            TypeError,
            ValueError,
            IndexError,
            AttributeError,
            NotImplementedError,
        ):
            continue
        if (
            not isinstance(result, Tensor)
            or recorded.source(result) is result
            or not result.requires_grad
        ):
            return
        names = dict(zip(labels, leaves, strict=True))
        called = f"{name}({', '.join(labels)})"
        for label, g in zip(labels, recorded.derivative(result, leaves), strict=True):
            text = None if g is None else formula(g, result, names)
            if text is not None:
                yield f"d {called}/d{label}", text
        return
