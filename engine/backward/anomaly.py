"""Anomaly detection: backward tells which operation of the forward went wrong, and where it ran.

While it is on, each new node remembers where it was made (in `grad_fn.metadata`, as in PyTorch).
When a node fails in backward, or sends nan, a warning shows that place; when backward itself is
being recorded, the places of the nodes that were running then.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence

import numpy as np

from engine.arrays.modes import ANOMALY, NAN_PASSES, TRACE, mode
from engine.arrays.state import current, warn
from engine.backward.traversal import failure_observers, sent_observers
from engine.dispatch.apply import new_node_observers
from engine.graph.hooks import hooks_of
from engine.graph.node import Cotangent, Node, at_node
from engine.graph.registry import expose
from engine.graph.tensor import Tensor

_HERE = os.path.dirname(os.path.dirname(__file__)) + os.sep


def is_anomaly_enabled() -> bool:
    """Whether nodes remember where they were made."""
    return bool(mode.get() & ANOMALY)


def is_anomaly_check_nan_enabled() -> bool:
    """Whether backward looks for nan, if anomaly detection is on."""
    return not mode.get() & NAN_PASSES


def set_anomaly_enabled(enabled: bool, check_nan: bool = True) -> None:
    """Turn anomaly detection on or off."""
    if type(enabled) is not bool or type(check_nan) is not bool:
        raise TypeError("anomaly detection is on or off: True or False")
    bits = (ANOMALY if enabled else 0) | (0 if check_nan else NAN_PASSES)
    mode.set(mode.get() & ~(ANOMALY | NAN_PASSES) | bits)


class set_detect_anomaly:  # noqa: N801 (PyTorch's name)
    """Turns anomaly detection on or off: at once, and until the end of a `with` block if used as
    one.
    """

    __slots__ = ("_before",)

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = is_anomaly_enabled(), is_anomaly_check_nan_enabled()
        set_anomaly_enabled(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        set_anomaly_enabled(*self._before)


class detect_anomaly:  # noqa: N801
    """Anomaly detection inside a `with` block; with `check_nan`, nan in backward is an error."""

    __slots__ = ("_before", "_check_nan")

    def __init__(self, check_nan: bool = True) -> None:
        self._before = is_anomaly_enabled(), is_anomaly_check_nan_enabled()
        self._check_nan = check_nan
        warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should "
            "only be enabled for debugging.",
        )

    def __enter__(self) -> None:
        set_anomaly_enabled(True, self._check_nan)

    def __exit__(self, *error: object) -> None:
        set_anomaly_enabled(*self._before)


# ---- what is remembered ------------------------------------------------------------------------


def remember_place(node: Node) -> None:
    """Note where a new node was made, and which node was running then."""
    if mode.get() & ANOMALY:
        notes = hooks_of(node).metadata
        notes["traceback_"] = _here()
        if running := current().running:
            notes["parent_"] = running[-1].shown


def _here() -> list[str]:
    """The lines of the user's program that are being run, as a traceback has them."""
    state = current()
    if mode.get() & TRACE and state.line is not None and state.quote is not None:
        return [state.quote(state.line)]
    frames = traceback.extract_stack()
    return traceback.format_list([f for f in frames if not f.filename.startswith(_HERE)])


# ---- what is told ------------------------------------------------------------------------------


def check_nan(node: Node, sent: Sequence[Cotangent]) -> None:
    """Raise RuntimeError if a node sends nan to one of its operands."""
    if mode.get() & NAN_PASSES:
        return
    for i, place in enumerate(node.sends()):
        array = sent[place].array if isinstance(sent[place], Tensor) else sent[place]
        if array is not None and array.dtype.kind in "fcV" and np.isnan(array).any():
            error = RuntimeError(
                f"Function '{node.name()}' returned nan values in its {i}th output."
            )
            raise at_node(node, error)


def describe(node: Node) -> None:
    """Warn of where a node that failed was made, and those that were running then."""
    notes = {} if node.hooks is None else node.hooks.metadata
    if "traceback_" not in notes:
        warn(
            f"Error detected in {node.name()}. No forward pass information available. Enable "
            "detect anomaly during forward pass for more information.",
        )
        return
    warn(
        f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n"
        + "".join(notes["traceback_"]),
    )
    while (parent := notes.get("parent_")) is not None:
        notes = parent.metadata
        if "traceback_" not in notes:
            warn(
                "\n\nPrevious calculation was induced by "
                f"{parent.name()}. No forward pass information available. Enable detect anomaly "
                "during forward pass for more information.",
            )
            return
        warn(
            f"\n\nPrevious calculation was induced by {parent.name()}. Traceback of forward call "
            "that induced the previous calculation:\n" + "".join(notes["traceback_"]),
        )


new_node_observers.append(remember_place)
sent_observers.append(check_nan)
failure_observers.append(describe)
for _thing in (detect_anomaly, set_detect_anomaly):
    expose(_thing.__name__, _thing, "autograd torch.autograd.anomaly_mode")
for _function in (is_anomaly_enabled, is_anomaly_check_nan_enabled, set_anomaly_enabled):
    expose(_function.__name__, _function, "torch")
