"""The attributes of values: an explicit list per type. What is not here does not exist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import numpy as np

from engine.graph import registry
from engine.graph.tensor import Tensor
from gradcli.language.evaluation.math_module import MATH
from gradcli.language.evaluation.objects import Builtin, Method, Namespace
from gradcli.language.evaluation.text import formatted_with
from gradcli.language.evaluation.walker import Walker

# ---- methods of Python's own types -------------------------------------------------------------


def _join(walker: Walker, text: str, parts: Iterable[Any]) -> str:
    items = walker.listed(parts)
    size = sum(len(part) if type(part) is str else 0 for part in items) + len(text) * len(items)
    walker.limits.check_characters(size)
    return walker.spelled(text.join(items))


def _replace(walker: Walker, text: str, old: str, new: str, count: int = -1) -> str:
    if type(old) is str and type(new) is str and len(new) > len(old):
        walker.limits.check_characters(len(text) + text.count(old) * (len(new) - len(old)))
    return walker.spelled(text.replace(old, new, count))


def _padded(name: str) -> Callable[..., str]:
    method = getattr(str, name)

    def run(walker: Walker, text: str, width: int, *fill: str) -> str:
        if type(width) is int:
            walker.limits.check_characters(width)
        return walker.spelled(method(text, width, *fill))

    return run


def _as_is(kind: type, name: str) -> Callable[..., Any]:
    """A method that makes nothing larger than what it is given."""
    method = getattr(kind, name)

    def run(walker: Walker, owner: Any, *args: Any) -> Any:
        for arg in (owner, *args):
            walker.measure(arg)
        result = method(owner, *args)
        if type(result) is str:
            walker.spelled(result)
        elif type(result) in (list, dict):
            walker.made(result)
        return result

    return run


def _changing(kind: type, name: str) -> Callable[..., Any]:
    """A method that changes a list or a dict: what it was is noted, what it grows by counted."""
    method = getattr(kind, name)

    def run(walker: Walker, owner: Any, *args: Any, **options: Any) -> Any:
        if name in ("extend", "update") and args and type(args[0]) is not dict:
            args = (walker.listed(args[0]), *args[1:])
        elif name in ("remove", "update", "setdefault", "pop"):
            walker.measure(owner)
            for arg in args:
                walker.measure(arg)
        more = len(args[0]) if name in ("extend", "update") and args else 1
        walker.limits.check_items(len(owner) + more)
        walker.charge(64 * more if kind is dict else 8 * more)
        walker.note(owner)
        return method(owner, *args, **options)

    return run


def _sort(walker: Walker, owner: list[Any], *, key: Any = None, reverse: bool = False) -> None:
    ordered = walker.ordered(owner, key, reverse)
    walker.note(owner)
    owner[:] = ordered


def _keys(walker: Walker, owner: dict[Any, Any]) -> Any:
    return walker.made(list(owner))


def _values(walker: Walker, owner: dict[Any, Any]) -> Any:
    return walker.made(list(owner.values()))


def _items(walker: Walker, owner: dict[Any, Any]) -> Any:
    return walker.made(list(owner.items()))


_TEXT = (
    "upper lower strip lstrip rstrip split splitlines startswith endswith count find title "
    "capitalize isdigit isalpha isspace isupper islower index rfind"
)
_CHANGES = "append extend insert pop remove clear reverse"
METHODS: dict[type, dict[str, Callable[..., Any]]] = {
    str: {name: _as_is(str, name) for name in _TEXT.split()}
    | {name: _padded(name) for name in ("ljust", "rjust", "center", "zfill")}
    | {"format": formatted_with, "join": _join, "replace": _replace},
    list: {name: _as_is(list, name) for name in ("index", "count", "copy")}
    | {name: _changing(list, name) for name in _CHANGES.split()}
    | {"sort": _sort},
    dict: {name: _as_is(dict, name) for name in ("get", "copy")}
    | {name: _changing(dict, name) for name in ("update", "pop", "setdefault", "clear")}
    | {"keys": _keys, "values": _values, "items": _items},
    tuple: {name: _as_is(tuple, name) for name in ("index", "count")},
    range: {},
}
METHODS[defaultdict] = METHODS[dict]  # an optimizer's state is one
"""Methods of Python's own types, each run by a function that keeps the limits."""

# ---- attributes ------------------------------------------------------------------------------


def _counted(name: str) -> Callable[..., Any]:
    """A Tensor method that makes one Python object per element or row."""

    def run(walker: Walker, tensor: Any, *args: Any, **options: Any) -> Any:
        size = tensor.numel() if isinstance(tensor, Tensor) else tensor.size
        walker.limits.check_items(size)
        walker.charge(32 * size if name == "tolist" else 0)
        return getattr(tensor, name)(*args, **options)

    return run


COUNTED = {name: _counted(name) for name in ("tolist", "unbind", "split", "tensor_split")}
"""Tensor methods whose result is bounded by the session, not by the engine."""

_ASKED: dict[str, tuple[str, ...]] = {
    "Size": ("numel", "index", "count"),
    "dtype": ("is_floating_point", "is_complex", "itemsize"),
    "Generator": (
        "manual_seed",
        "seed",
        "initial_seed",
        "get_state",
        "set_state",
        "clone_state",
        "device",
    ),
    "Node": ("name", "next_functions", "register_hook", "register_prehook", "metadata"),
    "AccumulateGrad": (
        "name",
        "next_functions",
        "variable",
        "register_hook",
        "register_prehook",
        "metadata",
    ),
    "RemovableHandle": ("remove",),
    "ndarray": ("shape", "dtype", "ndim", "size", "T", "tolist", "item", "sum", "mean", "copy"),
    "generic": ("item",),
    "int": ("real", "imag", "bit_length"),
    "float": ("real", "imag", "is_integer"),
    "complex": ("real", "imag", "conjugate"),
    "finfo": ("eps", "max", "min", "tiny", "bits", "dtype"),
    "iinfo": ("max", "min", "bits", "dtype"),
    "device": ("type", "index"),
    "Optimizer": (
        "step",
        "zero_grad",
        "param_groups",
        "state",
        "defaults",
        "add_param_group",
        "state_dict",
        "load_state_dict",
        "register_step_pre_hook",
        "register_step_post_hook",
    ),
    "LRScheduler": (
        "step",
        "get_last_lr",
        "get_lr",
        "last_epoch",
        "base_lrs",
        "optimizer",
        "state_dict",
        "load_state_dict",
    ),
}
"""Type → what may be read of it; a subclass may be asked for what its base may."""

SETTABLE: dict[str, tuple[str, ...]] = {"Tensor": ("grad", "data", "requires_grad")}
"""Type → the attributes that may be assigned."""

CONTEXTS = frozenset(
    "no_grad enable_grad set_grad_enabled inference_mode detect_anomaly set_detect_anomaly "
    "saved_tensors_hooks save_on_cpu allow_mutation_on_saved_tensors dual_level "
    "_ForkedStream".split()
)
"""The types `with` accepts."""

CALLABLE = frozenset({FunctionType, BuiltinFunctionType, MethodType})
"""Functions of the engine: the only way to one is through the catalog, or as another's result."""

_PLAIN_TYPES = frozenset({int, float, bool, str, list, tuple, dict, range})


def is_type(kind: Any) -> bool:
    """Whether `kind` is a type that exists in the language."""
    return isinstance(kind, type) and (kind in _PLAIN_TYPES or kind in registry.types)


_asked: dict[type, frozenset[str]] = {}


def asked(kind: type) -> frozenset[str]:
    """The attributes a value of this type may be asked for."""
    if kind is Tensor:
        registry.complete()
        return frozenset(registry.methods | registry.attributes)
    names = _asked.get(kind)
    if names is None:
        found: set[str] = set()
        for base in kind.__mro__:
            found.update(_ASKED.get(base.__name__, ()) if _known(base) else ())
        if issubclass(kind, tuple):
            found.update(name for name in getattr(kind, "_fields", ()) if name[0] != "_")
        if issubclass(kind, bool):
            found.clear()
        names = _asked[kind] = frozenset(found)
    return names


def _known(base: type) -> bool:
    """Whether a class of a listed name is the one that is meant."""
    if base in (int, float, complex, np.ndarray, np.generic):
        return True
    return base.__module__.split(".")[0] in ("engine", "torch")


def settable(kind: type) -> frozenset[str]:
    """The attributes of a value of this type that may be assigned."""
    return frozenset(n for b in kind.__mro__ if _known(b) for n in SETTABLE.get(b.__name__, ()))


def attribute(owner: Any, name: str) -> Any:
    """`owner.name`. Raises AttributeError, as Python would, for what is not listed."""
    kind = type(owner)
    if kind is Tensor:
        if registry.of_tensors(name):
            counted = COUNTED.get(name)
            return getattr(owner, name) if counted is None else Method(name, owner, counted)
        raise AttributeError(f"'Tensor' object has no attribute '{name}'")
    if kind is Namespace:
        return member(owner, name)
    methods = METHODS.get(kind)
    if methods is not None:
        run = methods.get(name)
        if run is not None:
            return Method(name, owner, run)
    elif name in asked(kind):
        if name in COUNTED and isinstance(owner, (Tensor, np.ndarray)):
            return Method(name, owner, COUNTED[name])
        return getattr(owner, name)
    elif name == "__name__" and isinstance(owner, type) and is_type(owner):
        return owner.__name__
    raise AttributeError(f"'{kind_name(owner)}' object has no attribute '{name}'")


def member(namespace: Namespace, name: str) -> Any:
    """`torch.name`, a submodule included."""
    contents = namespace.contents
    if name in contents:
        return contents[name]
    inner = space(f"{namespace.name}.{name}")
    if inner is None:
        raise AttributeError(f"module '{namespace.name}' has no attribute '{name}'")
    return inner


def space(name: str) -> Namespace | None:
    """The module of that dotted name, if the language has it."""
    if name == "math":
        return MATH
    if name in registry.namespaces:
        return Namespace(name, registry.namespaces[name])
    if any(known.startswith(name + ".") for known in registry.namespaces):
        return Namespace(name, {})
    return None


def kind_name(value: Any) -> str:
    """The name Python would give the type of a value."""
    return _KINDS.get(type(value)) or type(value).__name__


_KINDS: dict[type, str] = {
    Namespace: "module",
    Builtin: "builtin_function_or_method",
    Method: "builtin_function_or_method",
}


def names_of(owner: Any) -> list[str]:
    """Everything `owner` may be asked for: for completion and for did-you-mean."""
    kind = type(owner)
    if kind is Namespace:
        registry.complete()
        prefix = owner.name + "."
        inner = [n[len(prefix) :] for n in registry.namespaces if n.startswith(prefix)]
        return sorted({*owner.contents, *(name.split(".")[0] for name in inner)})
    return sorted(METHODS[kind] if kind in METHODS else asked(kind))
