"""The formats a graph can be had in, and the files they are kept in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

from gradcli.base.faults import Fault
from gradcli.explain.graph import dot, mermaid, tikz
from gradcli.explain.graph.graph_data import Graph

TEXTS: dict[str, Callable[[Graph], str]] = {
    "dot": dot.dot,
    "mermaid": mermaid.mermaid,
    "json": lambda graph: _json(graph),
    "latex": tikz.tikz,
}
PICTURES = ("svg", "png")
"""The formats that Graphviz draws from DOT."""
FORMATS = (*TEXTS, *PICTURES)
ENDINGS = {
    "dot": "dot",
    "gv": "dot",
    "mmd": "mermaid",
    "mermaid": "mermaid",
    "json": "json",
    "tex": "latex",
    "svg": "svg",
    "png": "png",
}
_SECONDS = 20
_MARK = b"gradcli"
"""In the first lines of all that is written here: only such a file is written over."""


def format_of(to: str | None, save: str | None) -> str | None:
    """The format asked for, by its name or by the ending of the file. Raises Fault."""
    ending = save.rpartition(".")[2].lower() if save and "." in save else ""
    if to is None and save is None:
        return None
    if to is None:
        if ending in ENDINGS:
            return ENDINGS[ending]
        raise Fault(
            "ValueError",
            f"no format is kept in a file called {save}",
            why=f"the ending tells the format: {', '.join(ENDINGS)}.",
            fixes=("save=graph.dot",),
        )
    if to not in FORMATS:
        close = get_close_matches(to, FORMATS, 1, 0.4) or ["dot"]
        raise Fault(
            "ValueError",
            f"a graph has no format {to}",
            why=f"there are {', '.join(FORMATS)}; without to= it is text.",
            fixes=(f"to={close[0]}",),
        )
    if save and ENDINGS.get(ending) != to:
        ends = next(end for end, known in ENDINGS.items() if known == to)
        raise Fault(
            "ValueError",
            f"{save} is no name for {to}",
            why=f"a file of {to} ends in .{ends}.",
            fixes=(f"save={save.rpartition('.')[0] or save}.{ends}",),
        )
    return to


def _json(graph: Graph) -> str:
    """A vertex a line, an edge a line."""
    parts = [
        f'"{key}": {json.dumps(value)}'
        if not isinstance(value, list)
        else f'"{key}": [\n  ' + ",\n  ".join(map(json.dumps, value)) + "\n]"
        for key, value in {"made by": "gradcli graph", **graph.facts()}.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}"


def without(to: str, confined: bool, save: str | None) -> str | None:
    """Why there can be no picture; None if there can."""
    if to not in PICTURES:
        return None
    if confined:
        return "a session file runs no programs, and Graphviz is one"
    if shutil.which("dot") is None:
        return "Graphviz is not installed (apt, brew or winget install graphviz)"
    return "a png is no text: save=FILE keeps it" if to == "png" and save is None else None


def drawn(graph: Graph, to: str) -> bytes:
    """The graph in a format; a picture by Graphviz's program dot. Raises Fault where it fails."""
    if to in TEXTS:
        return TEXTS[to](graph).encode()
    program = shutil.which("dot") or "dot"
    try:
        done = subprocess.run(
            [program, f"-T{to}"],
            input=dot.dot(graph).encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Fault(
            "RuntimeError",
            f"Graphviz could not draw the graph: {error}",
            why="its program dot failed, or took too long.",
            fixes=("to=dot",),
        ) from error
    return done.stdout


def keep(content: bytes, path: Path) -> None:
    """Write a file at once or not at all. Raises Fault, also over a file that is not of ours."""
    if path.exists() and _MARK not in path.read_bytes()[:400] and path.suffix != ".png":
        raise Fault(
            "FileExistsError",
            f"{path.name} exists and is no graph of gradcli's",
            why="only a file that graph wrote is written over.",
            fixes=(f"save=another{path.suffix}",),
        )
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    except OSError as error:
        raise Fault(type(error).__name__, f"cannot write {path}: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)
