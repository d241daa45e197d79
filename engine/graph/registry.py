"""The list of every public name, the namespaces it is reached in, and the Tensor's methods.

The language reads this list to know what a program may ask for; nothing else is reachable there.
Most modules of operations are loaded when one of their names is first asked for: `waiting` says
which names those are, `arrives` loads what gives a name, `complete` loads everything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from engine.graph.tensor import Tensor

waiting: dict[str, list[str]] = {}
"""Name → the modules that give it, of those not loaded yet."""
load_module: Callable[[str], None]
"""Loads such a module and takes its names off `waiting`; set by loading.py."""
in_place_form: Callable[[str, Callable[..., Any]], Callable[..., Any]]
"""Makes the in-place form `name` of a function of tensors; set by dispatch/inplace.py."""

settle: Callable[..., Any]
"""Ends a call that failed, in a result or PyTorch's error; set by loading.py."""


class Waiting:
    """Stands among the Tensor's attributes for one whose module is not loaded yet."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, tensor: Tensor | None, owner: type) -> Any:
        self._arrive()
        return getattr(owner if tensor is None else tensor, self._name)

    def __set__(self, tensor: Tensor, value: Any) -> None:
        self._arrive()
        setattr(tensor, self._name, value)

    def _arrive(self) -> None:
        arrives(self._name)
        if vars(Tensor).get(self._name) is self:  # a function of its module, but no method
            delattr(Tensor, self._name)


def await_names(module: str, names: list[str]) -> None:
    """Let names, and the Tensor's methods of those names, load the module that gives them."""
    for name in names:
        waiting.setdefault(name, []).append(module)
        for method in (name, f"{name}_"):
            if method not in vars(Tensor):
                setattr(Tensor, method, Waiting(method))


def arrives(name: str) -> bool:
    """Load what gives `name` or, for `name_`, its in-place form; whether anything waited."""
    modules = tuple(waiting.get(name) or waiting.get(name.removesuffix("_")) or ())
    for module in modules:  # which takes them off the list
        load_module(module)  # noqa: F821
    return bool(modules)


def complete() -> None:
    """Load every module that waits."""
    for name in tuple(waiting):
        arrives(name)


class Names(dict[str, Any]):
    """The names of a namespace, of which some may wait. Listing them needs `complete` first."""

    def __missing__(self, name: str) -> Any:
        if isinstance(name, str) and arrives(name):
            return self[name]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (
            isinstance(name, str) and arrives(name) and super().__contains__(name)
        )

    def get(self, name: str, default: Any = None) -> Any:
        """The thing of that name, else `default`."""
        return super().get(name, default) if name in self else default


namespaces: dict[str, Names] = {
    f"torch{'.' * bool(name)}{name}": Names()
    for name in (
        "",
        *"autograd autograd.anomaly_mode autograd.forward_ad autograd.function".split(),
        *"autograd.functional autograd.graph cuda fft func linalg nn nn.functional nn.init".split(),
        *"nn.utils optim optim.lr_scheduler random special".split(),
    )
}
"""Dotted namespace → public name → object."""
types: set[type] = set()
"""The classes among them."""
methods: set[str] = set()
"""The Tensor methods a program may call."""
attributes: set[str] = set(
    "shape ndim dtype requires_grad is_leaf grad_fn grad data output_nr T mT _version "
    "retains_grad".split()
)
"""The Tensor attributes a program may read."""


def of_tensors(name: str) -> bool:
    """Whether a program may ask a Tensor for `name`."""
    arrives(name)
    return name in methods or name in attributes


F = TypeVar("F", bound=Callable[..., Any])
_SHORT = {
    "F": "torch.nn.functional",
    **{name: f"torch.{name}" for name in ("linalg", "special", "autograd", "fft")},
}


def expose(name: str, thing: Any, where: str = "torch Tensor") -> None:
    """Make `thing` reachable as `name` in the namespaces listed: torch, Tensor, F, linalg, ...

    "Tensor_" gives the Tensor its in-place form, the method `name_`; "torch_" gives torch the
    function `name_` as well.
    """
    if isinstance(thing, type):
        types.add(thing)
    for place in where.split():
        if place == "Tensor":
            setattr(Tensor, name, thing)
            methods.add(name)
        elif place.endswith("_"):
            form = in_place_form(f"{name}_", thing)  # noqa: F821
            section = place[:-1]
            bare = section == "Tensor"
            expose(f"{name}_", form if bare else called(form, section, f"{name}_"), section)
        else:
            namespaces.setdefault(_SHORT.get(place, place), Names())[name] = thing


def attribute(name: str, read: Callable[[Tensor], Any], doc: str | None = None) -> None:
    """Give the Tensor an attribute that a program may read."""
    setattr(Tensor, name, property(read, doc=doc))
    attributes.add(name)


_ABSENT = object()


def called(function: Callable[..., Any], section: str, name: str) -> Callable[..., Any]:
    """The function as programs call it, by NumPy's names too: where a call fails, `settle` has the
    say. Up to three arguments without names go the shortest way.
    """

    def call(
        first: Any = _ABSENT,
        second: Any = _ABSENT,
        third: Any = _ABSENT,
        /,
        *rest: Any,
        **named: Any,
    ) -> Any:
        try:
            if named or rest:
                if not _NUMPY_NAMES.keys().isdisjoint(named):
                    _respell(function, named)
                return function(*_given(first, second, third, rest), **named)
            if third is not _ABSENT:
                return function(first, second, third)
            if second is not _ABSENT:
                return function(first, second)
            return function() if first is _ABSENT else function(first)
        except Exception as error:
            given = _given(first, second, third, rest)
            return settle(error, function, section, name, given, named)  # noqa: F821

    call.__name__ = name
    call.__qualname__ = name
    call.__doc__ = function.__doc__
    call.__wrapped__ = function  # type: ignore[attr-defined]
    return call


def _given(first: Any, second: Any, third: Any, rest: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments that were given without names."""
    if third is not _ABSENT:
        return (first, second, third, *rest)
    if second is not _ABSENT:
        return first, second
    return () if first is _ABSENT else (first,)


_NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input"}
_NUMPY_NAMES |= {"x1": "input", "x2": "other"}


def _respell(function: Callable[..., Any], named: dict[str, Any]) -> None:
    """Give the named arguments the names that the function has for them."""
    own = function.__code__.co_varnames
    for name in _NUMPY_NAMES.keys() & named.keys():
        if name not in own:
            named[_NUMPY_NAMES[name]] = named.pop(name)


_OF_TENSORS = frozenset(("torch", "Tensor", "F", "linalg", "fft", "special"))


def public(where: str = "torch Tensor", *names: str) -> Callable[[F], F]:
    """Expose the decorated function of Tensors under its own name, or under `names`."""

    def decorate(function: F) -> F:
        for name in names or (function.__name__,):
            for place in where.split():
                bare = place not in _OF_TENSORS or isinstance(function, type)
                if place == "Tensor" and function.__code__.co_argcount == 1:
                    bare = not function.__code__.co_flags & 12  # nothing but the tensor
                expose(name, function if bare else called(function, place, name), place)
        return function

    return decorate
