"""Writes down how PyTorch's functions and methods may be called: `python -m tests.recorder.forms`.

What goes to forms.txt beside the parser of calls (engine/dispatch/errors) comes from PyTorch's own
error texts, which list the forms of a function that has several, and from the schemas of its
operators for one of a single form, if the counts of arguments agree. A namespace a section, the
names that are called alike a line; functions that PyTorch has in Python stand by themselves. What PyTorch says to
some wrong calls of them goes to tests/engine/recorded/forms.json.
"""

import json
import re
import subprocess
import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.engine.programs import RECORDED

TABLE = Path(__file__).parents[2] / "engine" / "dispatch" / "errors" / "forms.txt"
SECTIONS = {
    "torch": "torch",
    "Tensor": "Tensor",
    "F": "torch.nn.functional",
    "linalg": "torch.linalg",
    "fft": "torch.fft",
    "special": "torch.special",
}
KINDS = {
    "SymInt": "int",
    "Scalar": "Number",
    "ScalarType": "torch.dtype",
    "Device": "torch.device",
    "Layout": "torch.layout",
    "MemoryFormat": "torch.memory_format",
    "Generator": "torch.Generator",
    "Dimname": "name",
    "Storage": "torch.Storage",
}
SHORT = {f"tuple of {kind}": kind for kind in ("ints", "floats", "Tensors", "Scalars", "bools")}
MADE = "torch.dtype dtype=None, torch.layout layout=None, torch.device device=None, "
MADE += "bool pin_memory=False"
UNFIT = [object()] * 60
BY_HAND = {
    "_to_dlpack": "Tensor data",
    "as_subclass": "object cls",
    "as_tensor": "object data, *, torch.dtype? dtype=None, torch.device? device=None",
    "asarray": "object obj, *, torch.dtype? dtype=None, torch.device? device=None, "
    "bool? copy=None, bool requires_grad=False",
    "frombuffer": "object buffer, *, torch.dtype dtype, int count=-1, int offset=0, "
    "bool requires_grad=False",
    "map_": "Tensor other, object callable",
    "map2_": "Tensor x, Tensor y, object callable",
    "new_tensor": "object data, *, torch.dtype? dtype=None, torch.device? device=None, "
    "bool requires_grad=False",
    "numpy": "*, bool force=False",
    "set_anomaly_enabled": "bool enabled, bool check_nan=True",
    "is_contiguous": "*, torch.memory_format memory_format=torch.contiguous_format",
    "size": "int? dim=None",
    "stride": "int? dim=None",
    "tensor": "object data, *, torch.dtype? dtype=None, torch.device? device=None, "
    "bool pin_memory=False, bool requires_grad=False",
    **dict.fromkeys(
        "bfloat16 bool byte cdouble cfloat char cpu double float half int long short".split(),
        "*, torch.memory_format? memory_format=None",
    ),
}
"""Those that are no operators: their forms stand in torch/csrc alone."""


def names() -> dict[str, list[str]]:
    """The functions engine has, by section (in a process of its own: both call themselves torch)."""
    from engine.graph import registry

    registry.complete()
    found = {
        section: sorted(
            name
            for name, thing in registry.namespaces[space].items()
            if callable(thing) and not isinstance(thing, type)
        )
        for section, space in SECTIONS.items()
        if section != "Tensor"
    }
    return found | {"Tensor": sorted(registry.methods)}


def _schemas() -> dict[str, list[str]]:
    import torch

    found = defaultdict(list)
    for schema in torch._C._jit_get_all_schemas():
        text = str(schema)
        if text.startswith("aten::") and not re.search(r"Dict|\.\.\.|tVal|__torch__", text):
            name = re.split(r"[.(]", text[6:])[0]
            if _is_generated(*re.match(r"aten::(\w+)\.?(\w*)", text).groups()):  # type: ignore[union-attr]
                continue  # a form that writes into `out`, for compilers alone
            text = re.sub(
                r"\(\w+(!?)( -> [^)]*)?\)(?=[\[? ])", r"\1", text
            )  # what is an alias of what
            found[name].append(text[text.index("(") + 1 : text.rindex(") -> ")])
    return found


def _is_generated(name: str, overload: str) -> bool:
    import torch

    operator = getattr(getattr(torch.ops.aten, name, None), overload or "default", None)
    return torch.Tag.generated in getattr(operator, "tags", ())


def _declared(part: str) -> str:
    """A parameter of a schema, as PyTorch's parser would list it, with its kind in short."""
    kind, name, default = re.fullmatch(r"(\S+) (\w+)(=.*)?", part, re.S).groups()  # type: ignore[union-attr]
    kind = kind.replace("!", "")
    none = "?" if kind.endswith("?") else ""
    base, size = re.fullmatch(r"(\w+)\??(\[\d*\])?\??", kind).groups()  # type: ignore[union-attr]
    base = KINDS.get(base, base)
    if size:
        base = f"{base}s" + ("+" if size != "[]" else "")
    return f"{base}{none} {name}{(default or '').replace(', ', ',')}"


def _of_schema(text: str, method: bool) -> tuple[str, bool] | None:
    """The form of a schema, and whether it writes into `out`."""
    parts = re.split(r", (?![^\[]*\])", text) if text else []
    out = [part for part in parts if re.match(r"Tensor!(\[\])? (?!self)", part)]
    parts = [part for part in parts if part not in out]
    if parts and parts[-1] == "*":
        parts.pop()
    shown = [part if part == "*" else _declared(part) for part in parts]
    if method:
        selves = [part for part in shown if part.endswith(" self")]
        if not selves:
            return None
        shown.remove(selves[0])
    else:
        shown = [re.sub(r"^(\S+) self$", r"\1 input", part) for part in shown]
    return ", ".join(shown), bool(out)


def _counts(form: str) -> tuple[int, int]:
    parts = form.split(", ") if form else []
    positional = parts.index("*") if "*" in parts else len(parts)
    return sum("=" not in part and part != "*" for part in parts), positional


def _with_out(form: str, several: bool) -> str:
    out = "Tensors out=None" if several else "Tensor out=None"
    return f"{form}, {out}" if "*, " in form else f"{form}, *, {out}" if form else f"*, {out}"


def _single(name: str, words: str, method: bool, schemas: dict[str, list[str]]) -> str | None:
    """The form of a function that has one: of the schemas that take as many arguments."""
    counts = re.search(r"takes (?:from )?(\d+)(?: to (\d+))? positional", words)
    if counts is None:
        return None
    most = int(counts[2] or counts[1])
    least = int(counts[1])
    found, written = [], None
    for text in schemas.get(name, ()):
        read = _of_schema(text, method)
        if read is None:
            continue
        form, out = read
        if _counts(form) == (least, most):
            if out:
                written = text
            else:
                found.append(form)
    if not found:
        return None
    form = found[0]
    if not method:
        form = form.replace(
            "torch.dtype? dtype=None, torch.layout? layout=None, torch.device? device=None, "
            "bool? pin_memory=None",
            f"{MADE}, bool requires_grad=False",
        )
        if written is not None:
            outs = len(re.findall(r"Tensor!", written))
            form = _with_out(form, outs > 1)
    return form


def _listed(words: str, name: str, schemas: dict[str, list[str]]) -> list[str]:
    """The forms that an error lists, with what the schemas know beside: sizes and what may be None."""
    _, _, text = words.partition("but expected ")
    several = re.findall(r"^ \* \((.*)\)$", text, re.M)
    forms = several or [text.strip()[1:-1]]
    known = {}
    for schema in [*schemas.get(name, ()), *schemas.get(name.removesuffix("_"), ())]:
        read = _of_schema(schema, False)
        for part in read[0].split(", ") if read else ():
            if part != "*":
                kind, declared = re.match(r"(\S+) (\w+)", part).groups()  # type: ignore[union-attr]
                known[kind.rstrip("?+"), declared] = kind
    found = []
    for form in forms:
        parts = []
        for part in form.split(", ") if form else ():
            declared, _, default = part.partition(" = ")
            for long, short in SHORT.items():
                declared = declared.replace(f"{long} ", f"{short} ")
            kind, _, each = declared.rpartition(" ")
            if kind in ("ints", "floats") or not default:
                kind = known.get((kind, each), kind)
            parts.append(f"{kind} {each}".strip() + (f"={default}" if default else ""))
        found.append(", ".join(parts))
    return found if several else [*found, "deprecated"]  # a form that is not listed


def _said(function: Callable[..., Any], *args: Any) -> str:
    try:
        function(*args)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def forms(section: str, name: str, schemas: dict[str, list[str]]) -> tuple[str, list[str]] | None:
    """The name of a function in PyTorch's messages, and its forms; None if it is one in Python."""
    import torch

    space = torch.ones(2, 2) if section == "Tensor" else eval(SECTIONS[section], {"torch": torch})
    function = getattr(space, name, None)
    if function is None:
        return "", ["nothing of PyTorch"]
    if hasattr(function, "__code__") or hasattr(function, "__wrapped__"):
        return None
    words = _said(function, *UNFIT)
    kind, _, words = words.partition(": ")
    shown = re.match(r"([\w.]+)\(\)", words)
    if kind != "TypeError" or shown is None:
        return "", [f"unclear: {words.splitlines()[0] if words else ''}"]
    called = shown[1]
    if "but expected" in words:
        return called, _listed(words, called, schemas)
    if "takes no arguments" in words:
        return name, ["none"]
    if "takes exactly one argument" in words:
        return (name if section == "Tensor" else called), ["one"]
    form = BY_HAND.get(called) or _single(called, words, section == "Tensor", schemas)
    return called, [form] if form is not None else [f"unclear: {words}"]


PREFIX = {"linalg": "linalg_", "fft": "fft_", "special": "special_"}


def table() -> Iterator[str]:
    """The lines of forms.txt."""
    script = "import json; from tests.recorder.forms import names; print(json.dumps(names()))"
    ours = json.loads(subprocess.check_output([sys.executable, "-c", script]))
    schemas = _schemas()
    for section in SECTIONS:
        yield f"[{section}]"
        alike = defaultdict(list)
        for name in ours[section]:
            found = forms(section, name, schemas)
            if found is None:
                alike["python"].append(name)
                continue
            called, lines = found
            usual = PREFIX.get(section, "") + name
            alike[" | ".join(lines)].append(name if called in ("", usual) else f"{name}={called}")
        for line, group in sorted(alike.items(), key=lambda item: item[1]):
            yield f"{' '.join(group)}: {line}"


def wrong_calls() -> Iterator[str]:
    """Calls that fit no form: of every line of the table, its first function is called wrong."""
    section = ""
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line[1:-1]
            continue
        name = re.split("[ :=]", line)[0]
        if line.endswith((": python", ": nothing of PyTorch")):
            continue
        if section == "Tensor":
            yield from (f"x.{name}({given})" for given in ("", "'a'", "1, 'a'", "x, foo=1"))
        else:
            space = section if section in ("torch", "F") else f"torch.{section}"
            yield from (f"{space}.{name}({given})" for given in ("", "'a'", "x, 'a'", "x, foo=1"))


def main() -> None:
    import torch

    warnings.simplefilter("ignore")
    TABLE.write_text("\n".join(table()) + "\n", encoding="utf-8")
    said = {}
    for code in wrong_calls():
        space = {"torch": torch, "F": torch.nn.functional, "x": torch.ones(2, 2)}
        words = _said(eval, code, space).partition("\n")[0]
        if words.startswith("TypeError: "):
            said[code] = words.removeprefix("TypeError: ")
    (RECORDED / "forms.json").write_text(json.dumps(said, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
