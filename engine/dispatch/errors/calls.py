"""PyTorch's errors for a call that fits none of a function's forms.

Its parser tries every form. If none fits, and the number of arguments leaves one alone, it says
what is wrong with that one; else it lists them all. Nothing here runs unless a call has failed.
How functions may be called stands in forms.txt, as PyTorch itself says (tests/recorder/forms.py).
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import Any, NamedTuple

from engine.arrays import dtypes
from engine.graph.tensor import Size, Tensor

_NUMBERS = (bool, int, float, complex)
_TENSOR_OR_NUMBER = frozenset(
    "add sub mul div multiply subtract divide true_divide floor_divide copy_".split()
)
"""Functions that take a number where they ask for a Tensor."""
_PREFIX = {"linalg": "linalg_", "fft": "fft_", "special": "special_"}
_WITHOUT_FORMS = ("python", "nothing of PyTorch")


class Parameter(NamedTuple):
    """One argument of a form: its kind as PyTorch names it, and what may stand for it besides."""

    kind: str
    name: str
    default: str
    none: bool
    single: bool
    keyword: bool

    def __str__(self) -> str:
        return f"{self.kind} {self.name}{f' = {self.default}' if self.default else ''}"


class Form(NamedTuple):
    """One way to call a function."""

    parameters: tuple[Parameter, ...]

    @property
    def positional(self) -> int:
        """How many arguments may be given without a name."""
        return sum(not each.keyword for each in self.parameters)

    @property
    def fewest(self) -> int:
        """How many arguments must be given."""
        return sum(not each.default for each in self.parameters)

    @property
    def variadic(self) -> bool:
        """Whether whole numbers may be given one by one."""
        first = self.parameters[0] if self.positional == 1 else None
        return first is not None and first.kind == "tuple of ints" and not first.single

    def __str__(self) -> str:
        parts = [str(each) for each in self.parameters]
        if self.positional < len(parts):
            parts.insert(self.positional, "*")
        return ", ".join(parts)


class Function(NamedTuple):
    """The name of a function in PyTorch's messages, and its forms; none if it is one in Python."""

    shown: str
    forms: tuple[Form, ...]
    most: int | None = None  # of what takes no arguments, or one, and says so as Python does
    listed: bool = False  # whether its forms are listed though there is one, and one not told

    def takes(self, name: str) -> bool:
        """Whether some form has an argument of that name."""
        return any(each.name == name for form in self.forms for each in form.parameters)


def _parameter(text: str, keyword: bool) -> Parameter:
    declared, _, default = text.partition("=")
    kind, name = declared.split(" ")
    bare = kind.rstrip("?+")
    if bare in ("ints", "floats", "Tensors", "Scalars", "bools"):
        bare = f"tuple of {bare}"
    return Parameter(
        bare, name, default, "?" in kind or default == "None", kind.find("+") > 0, keyword
    )


def _form(text: str) -> Form:
    parameters: list[Parameter] = []
    keyword = False
    for part in text.split(", ") if text else ():
        if part == "*":
            keyword = True
        else:
            parameters.append(_parameter(part, keyword))
    return Form(tuple(parameters))


@lru_cache(maxsize=1)
def _table() -> dict[tuple[str, str], tuple[str, str]]:
    """(namespace, name) → what messages call it, and its forms as they are written down."""
    found = {}
    section = ""
    with open(os.path.join(os.path.dirname(__file__), "forms.txt"), encoding="utf-8") as file:
        text = file.read()
    for line in text.splitlines():
        if line.startswith("["):
            section = line[1:-1]
            continue
        names, _, forms = line.partition(": ")
        for each in names.split():
            name, _, shown = each.partition("=")
            found[section, name] = (shown or _PREFIX.get(section, "") + name, forms)
    return found


@lru_cache(maxsize=256)
def function(section: str, name: str) -> Function:
    """How a function of a namespace, or a method ("Tensor"), may be called."""
    shown, forms = _table().get((section, name), (name, "python"))
    if forms in _WITHOUT_FORMS:
        return Function(shown, ())
    if forms in ("none", "one"):
        return Function(shown, (), 0 if forms == "none" else 1)
    told = tuple(map(_form, forms.removesuffix(" | deprecated").split(" | ")))
    return Function(shown, told, listed=forms.endswith(" | deprecated"))


# ---- whether a call fits ---------------------------------------------------------------------


def _is(value: Any, parameter: Parameter, called: str) -> bool:
    """Whether a value may stand for a parameter."""
    kind = parameter.kind
    if value is None:
        return parameter.none or kind == "object"
    if kind == "Tensor":
        numbers = called.removesuffix("_") in _TENSOR_OR_NUMBER or called in _TENSOR_OR_NUMBER
        return isinstance(value, Tensor) or (numbers and isinstance(value, _NUMBERS))
    if kind == "tuple of Tensors":
        return isinstance(value, (list, tuple)) and all(isinstance(v, Tensor) for v in value)
    if kind == "tuple of ints":
        if isinstance(value, (list, tuple)):
            return not value or _is_whole(value[0])
        return parameter.single and _is_whole(value)
    if isinstance(value, Tensor) and kind in ("Number", "float", "int"):
        return not value.ndim and (kind != "int" or value.array.dtype.kind in "iu")
    if kind == "Number":
        return isinstance(value, _NUMBERS) or _of_numpy(value, "biufc")
    if kind == "int":
        return _is_whole(value)
    if kind == "float":
        return isinstance(value, (bool, int, float)) or _of_numpy(value, "biuf")
    if kind in ("bool", "str"):
        return isinstance(value, bool if kind == "bool" else str) or _of_numpy(value, "b")
    if kind == "torch.dtype":
        return isinstance(value, dtypes.dtype) or value in (int, float, bool, complex)
    if kind == "torch.Generator":
        return type(value).__name__ == "Generator"
    if kind == "torch.device":
        return isinstance(value, (str, int)) or type(value).__name__ == "Device"
    return True


def _of_numpy(value: Any, kinds: str) -> bool:
    """Whether a value is a number of NumPy's, of one of some kinds."""
    return type(value).__module__ == "numpy" and value.ndim == 0 and value.dtype.kind in kinds


def _is_whole(value: Any) -> bool:
    """Whether a value counts as a whole number."""
    if isinstance(value, Tensor):
        return not value.ndim and value.array.dtype.kind in "iu"
    return not isinstance(value, bool) and hasattr(value, "__index__")


def _mistake(form: Form, called: str, args: tuple[Any, ...], named: dict[str, Any]) -> str | None:
    """The mistake in a call of this form, in PyTorch's words; None if there is none."""
    if form.variadic and args and _is_whole(args[0]):
        args = (args,)
    most = form.positional
    if len(args) > most:
        return _too_many(form.fewest, most, len(args))
    unused = dict(named)
    for place, parameter in enumerate(form.parameters):
        if place < len(args) and not parameter.keyword:
            value, where = args[place], f" (position {place + 1})"
        elif parameter.name in unused:
            value, where = unused.pop(parameter.name), ""
        elif parameter.default:
            continue
        else:
            missing = [
                f'"{each.name}"'
                for each in form.parameters[place:]
                if not each.default and each.name not in named
            ]
            plural = "s" if len(missing) == 1 else ""
            return (
                f" missing {len(missing)} required positional argument{plural}: "
                f"{', '.join(missing)}"
            )
        if not _is(value, parameter, called):
            return f": argument '{parameter.name}'{where} must be {_wanted(parameter, value)}"
    for extra in unused:
        known = any(parameter.name == extra for parameter in form.parameters)
        how = "multiple values for argument" if known else "an unexpected keyword argument"
        return f" got {how} '{extra}'"
    return None


def _too_many(fewest: int, most: int, given: int) -> str:
    if fewest != most:
        return f" takes from {fewest} to {most} positional arguments but {given} were given"
    several, were = "" if most == 1 else "s", "was" if given == 1 else "were"
    return f" takes {most} positional argument{several} but {given} {were} given"


def _wanted(parameter: Parameter, value: Any) -> str:
    if parameter.kind == "tuple of ints" and isinstance(value, (list, tuple)):
        return f"tuple of ints, but found element of type {type_name(value[0])} at pos 0"
    return f"{parameter.kind}, not {type_name(value)}"


def _no_tensor(form: Form, args: tuple[Any, ...], named: dict[str, Any]) -> TypeError | None:
    """The error for the first list of Tensors with something else among them."""
    for place, parameter in enumerate(form.parameters):
        value = args[place] if place < len(args) else named.get(parameter.name)
        if parameter.kind == "tuple of Tensors" and isinstance(value, (list, tuple)):
            for position, each in enumerate(value):
                if not isinstance(each, Tensor):
                    return TypeError(
                        f"expected Tensor as element {position} in argument {place}, but got "
                        f"{type_name(each)}"
                    )
    return None


def _no_number(
    form: Form, shown: str, args: tuple[Any, ...], named: dict[str, Any]
) -> TypeError | None:
    """The error for the first thing that is no whole number in a list of them: PyTorch looks at the
    first element alone to see whether a form fits.
    """
    if form.variadic and args and _is_whole(args[0]):
        args = (args,)
    for place, parameter in enumerate(form.parameters):
        value = args[place] if place < len(args) else named.get(parameter.name)
        if parameter.kind == "tuple of ints" and isinstance(value, (list, tuple)):
            for position, each in enumerate(value, 1):
                if not _is_whole(each):
                    return TypeError(
                        f"{shown}(): argument '{parameter.name}' failed to unpack the object at "
                        f'pos {position} with error "type must be tuple of ints,but got '
                        f'{type_name(each)}"'
                    )
    return None


def type_name(value: Any) -> str:
    """PyTorch's name of the type of an argument."""
    kind = type(value)
    if isinstance(value, Tensor):
        return "Tensor" if kind is Tensor else kind.__name__
    if isinstance(value, (dtypes.dtype, Size)):
        return f"torch.{kind.__name__}"
    if kind.__name__ == "Device":
        return "torch.device"
    return f"numpy.{kind.__name__}" if kind.__module__ == "numpy" else kind.__name__


def complaint(
    section: str, name: str, args: tuple[Any, ...], named: dict[str, Any]
) -> TypeError | None:
    """PyTorch's error for a call that fits no form of a function; None if one does."""
    shown, forms, most, listed = function(section, name)
    if most is not None:
        return _as_python(section, shown, most, args, named)
    for form in forms:
        if _mistake(form, shown, args, named) is None:
            return _no_number(form, shown, args, named)
    if not forms:
        return None
    count = len(args) + len(named)
    plausible = [form for form in forms if form.fewest <= count <= len(form.parameters)]
    chosen = plausible if listed or len(forms) > 1 else forms
    if len(chosen) == 1:
        wrong = _mistake(chosen[0], shown, args, named) or ""
        if "must be tuple of Tensors, not list" in wrong or "Tensors, not tuple" in wrong:
            return _no_tensor(chosen[0], args, named)
        error = TypeError(f"{shown}(){wrong}")
        position = re.search(r"\(position (\d+)\)", wrong)
        if position is not None:
            error.operand = int(position[1]) - (section != "Tensor")  # type: ignore[attr-defined]
        return error
    unknown = [key for key in named if not function(section, name).takes(key)]
    if unknown and len(forms) == 1:
        return TypeError(
            f"{shown}() received an invalid combination of arguments - got unrecognized keyword "
            f"arguments: {', '.join(unknown)}"
        )
    given = ", ".join(
        [*map(type_name, args), *(f"{key}={type_name(value)}" for key, value in named.items())]
    )
    given += ", " if named and not args else ""
    expected = f"({forms[0]})"
    if len(forms) > 1:
        expected = "one of:\n" + "".join(f" * ({form})\n" for form in forms)
    return TypeError(
        f"{shown}() received an invalid combination of arguments - got ({given}), but expected "
        f"{expected}"
    )


def _as_python(
    section: str, name: str, most: int, args: tuple[Any, ...], named: dict[str, Any]
) -> TypeError | None:
    """Python's error for a function of C that takes no argument, or one, and was given others."""
    if len(args) == most and not named:
        return None
    shown = name if "." in name else f"{'TensorBase' if section == 'Tensor' else section}.{name}"
    if named:
        return TypeError(f"{shown}() takes no keyword arguments")
    takes = "exactly one argument" if most else "no arguments"
    return TypeError(f"{shown}() takes {takes} ({len(args)} given)")


def place_of(row: str) -> tuple[str, str]:
    """The namespace and the name of the function that a row stands for."""
    special = row.startswith("special_")
    return ("special" if special else "torch", row.removeprefix("special_").removesuffix("_base"))


def retold(
    error: Exception, name: str, callee: Any, args: tuple[Any, ...], named: dict[str, Any]
) -> Exception:
    """The error of a call of a function of torch, or of a tensor's method, in PyTorch's words: of
    those that stand for a row and say nothing themselves, so that they cost nothing.
    """
    method = isinstance(getattr(callee, "__self__", None), Tensor)
    return complaint("Tensor" if method else "torch", name, args, named) or error
