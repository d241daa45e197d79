"""PyTorch's errors for a call that fits none of a function's forms.

Its parser tries every form. If none fits, and the number of arguments leaves one alone, it says
what is wrong with that one; else it lists them all. Nothing here runs unless a call has failed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from engine.arrays import dtypes
from engine.dispatch.errors import call_forms
from engine.graph.tensor import Tensor

_NUMBERS = (bool, int, float, complex)
_TENSOR_OR_NUMBER = frozenset(
    "add sub mul div multiply subtract divide true_divide floor_divide copy_".split()
)
"""Functions that take a number where they ask for a Tensor."""


class Parameter(NamedTuple):
    """One argument of a form."""

    kind: str
    name: str
    optional: bool
    none: bool
    keyword: bool


class Form(NamedTuple):
    """One way to call a function."""

    text: str
    parameters: tuple[Parameter, ...]

    @property
    def positional(self) -> list[Parameter]:
        """The arguments that may be given without a name."""
        return [each for each in self.parameters if not each.keyword]

    @property
    def fewest(self) -> int:
        """How many arguments must be given."""
        return sum(not each.optional for each in self.parameters)

    @property
    def variadic(self) -> bool:
        """Whether sizes may be given one by one."""
        positional = self.positional
        return (
            bool(positional)
            and positional[-1].kind == "tuple of ints"
            and (len(positional) == 1 or (len(positional) == 2 and positional[0].name == "input"))
        )


def _form(text: str) -> Form:
    parameters = []
    keyword = False
    for part in text.split(", ") if text else ():
        if part == "*":
            keyword = True
            continue
        declared, _, default = part.partition(" = ")
        kind, _, name = declared.rpartition(" ")
        parameters.append(Parameter(kind, name, bool(default), default == "None", keyword))
    return Form(text, tuple(parameters))


def _read(table: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    forms: list[str] = []
    ended = True
    for line in table.strip().splitlines():
        if not line.startswith(" "):
            forms = [] if ended else forms
            ended = line.endswith(":")
            found.update(dict.fromkeys(line.rstrip(":").split(), forms))
        elif line.startswith("        "):
            forms[-1] += f" {line.strip()}"
        else:
            forms.append(line.strip())
    return {name: [_spelled(form) for form in forms] for name, forms in found.items()}


def _spelled(form: str) -> str:
    form = form.replace(" $NEW", f"{call_forms.OUT}, $LAY").replace(" $OUT", call_forms.OUT)
    return "" if form == "()" else form.replace("$LAY", call_forms.NEW)


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    return _read(call_forms.FUNCTIONS), _read(call_forms.METHODS)


@lru_cache(maxsize=256)
def forms_of(name: str, method: bool) -> tuple[Form, ...]:
    """The forms of a function, or of a method of tensors; none for one of a single form."""
    functions, methods = _tables()
    if not method:
        return tuple(map(_form, functions.get(name, ())))
    if name not in methods:
        name = name.removesuffix("_") if name not in functions else name
    if name in methods:
        return tuple(map(_form, methods[name]))
    return tuple(
        _form(re.sub(r", (Tensor|tuple of Tensors) out = None|(, )?\*$", "", text[14:]))
        for text in functions.get(name, ())
        if text.startswith("Tensor input") and "out_dtype" not in text
    )


def _is(value: Any, parameter: Parameter, function: str) -> bool:
    """Whether a value may stand for a parameter."""
    kind = parameter.kind
    if value is None:
        return parameter.none or (kind == "tuple of ints" and parameter.name == "dim")
    if kind == "Tensor":
        numbers = function.removesuffix("_") in _TENSOR_OR_NUMBER or function in _TENSOR_OR_NUMBER
        return isinstance(value, Tensor) or (numbers and isinstance(value, _NUMBERS))
    if kind == "Number":
        return isinstance(value, _NUMBERS) or (isinstance(value, Tensor) and not value.ndim)
    if kind == "int":
        return _is_whole(value)
    if kind == "float":
        return isinstance(value, (bool, int, float))
    if kind in ("bool", "str"):
        return isinstance(value, bool if kind == "bool" else str)
    if kind == "tuple of ints":
        if isinstance(value, (list, tuple)):
            return not value or _is_whole(value[0])
        return _is_whole(value) and parameter.name == "dim"
    if kind == "tuple of Tensors":
        return isinstance(value, (list, tuple)) and all(isinstance(v, Tensor) for v in value)
    if kind == "torch.dtype":
        return isinstance(value, dtypes.dtype) or value in (int, float, bool, complex)
    if kind == "torch.Generator":
        return type(value).__name__ == "Generator"
    if kind == "torch.device":
        return isinstance(value, (str, int)) or type(value).__name__ == "Device"
    return True


def _is_whole(value: Any) -> bool:
    """Whether a value counts as a whole number."""
    if isinstance(value, Tensor):
        return not value.ndim and value.array.dtype.kind in "iu"
    return not isinstance(value, bool) and hasattr(value, "__index__")


def _mistake(form: Form, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> str | None:
    """The mistake in a call of this form, in PyTorch's words; None if there is none."""
    positional = form.positional
    if form.variadic and len(args) >= len(positional) and args:
        first = args[len(positional) - 1]
        if _is_whole(first):
            rest = args[len(positional) - 1 :]
            args = (*args[: len(positional) - 1], rest)
    if len(args) > len(positional):
        most = len(positional)
        least = sum(not each.optional for each in positional)
        count = f"{most}" if least == most else f"from {least} to {most}"
        were = "was" if len(args) == 1 else "were"
        several = "" if most == 1 and least == most else "s"
        return f"takes {count} positional argument{several} but {len(args)} {were} given"
    unused = dict(named)
    for place, parameter in enumerate(form.parameters):
        if place < len(args) and not parameter.keyword:
            value, where = args[place], f" (position {place + 1})"
        elif parameter.name in unused:
            value, where = unused.pop(parameter.name), ""
        elif parameter.optional:
            continue
        else:
            missing = [
                f'"{each.name}"'
                for each in form.parameters[place:]
                if not each.optional and each.name not in named
            ]
            plural = "s" if len(missing) == 1 else ""
            return (
                f"missing {len(missing)} required positional argument{plural}: {', '.join(missing)}"
            )
        if not _is(value, parameter, name):
            words = f": argument '{parameter.name}'{where} must be {parameter.kind}, "
            return f"{words}not {type_name(value)}"
    for extra in unused:
        known = any(parameter.name == extra for parameter in form.parameters)
        how = "multiple values for argument" if known else "an unexpected keyword argument"
        return f"got {how} '{extra}'"
    return None


def type_name(value: Any) -> str:
    """PyTorch's name of the type of an argument."""
    if isinstance(value, Tensor):
        return "Tensor"
    if isinstance(value, dtypes.dtype):
        return "torch.dtype"
    if type(value).__name__ == "Device":
        return "torch.device"
    return type(value).__name__


def complaint(
    name: str, args: tuple[Any, ...], named: dict[str, Any], method: bool = False
) -> TypeError | None:
    """PyTorch's error for a call that fits no form of a function; None if one fits, or if the
    function has but one form.
    """
    forms = forms_of(name, method)
    if not forms or any(_mistake(form, name, args, named) is None for form in forms):
        return None
    count = len(args) + len(named)
    plausible = [form for form in forms if form.fewest <= count <= len(form.parameters)]
    if len(plausible) == 1:
        wrong = _mistake(plausible[0], name, args, named) or ""
        return TypeError(f"{name}(){'' if wrong[0] == ':' else ' '}{wrong}")
    given = ", ".join(
        [
            *map(type_name, args),
            *(f"{key}={type_name(value)}" for key, value in named.items()),
        ]
    )
    given += ", " if named and not args else ""
    expected = f"({forms[0].text})"
    if len(forms) > 1:
        expected = "one of:\n" + "".join(f" * ({form.text})\n" for form in forms)
    return TypeError(
        f"{name}() received an invalid combination of arguments - got ({given}), but expected "
        f"{expected}"
    )


def called(name: str, args: tuple[Any, ...], named: dict[str, Any]) -> TypeError:
    """PyTorch's error for a torch function of two tensors that was given one."""
    error = complaint(name, args, named)
    return error or TypeError(f'{name}() missing 1 required positional arguments: "other"')


# ---- functions of one form -------------------------------------------------------------------

_CALLED = re.compile(r"[\w.<>]+\(\) ((?:takes|missing|got) .*)")
_MISSING = re.compile(r"missing \d+ required (?:positional|keyword-only) arguments?: ('.*)")
_IN_PYTHON = frozenset(
    "split norm manual_seed is_tensor meshgrid tensordot cdist stft unique block_diag "
    "cartesian_prod broadcast_tensors set_default_dtype set_printoptions".split()
)
"""Functions PyTorch has in Python, where errors read as Python's do."""
_NO_ARGUMENTS = frozenset("t item tolist detach detach_ zero_ dim numel nelement cpu".split())
_OPERANDS = {"a": "input", "x": "input", "b": "other"}


def retold(
    error: Exception, name: str, function: Any, args: tuple[Any, ...], named: dict[str, Any]
) -> Exception:
    """The error of a call of a torch function, or of a tensor's method, in PyTorch's words."""
    method = isinstance(getattr(function, "__self__", None), Tensor)
    fits_nothing = isinstance(error, (TypeError, AttributeError, ValueError))
    if fits_nothing or "could not convert" in str(error):
        better = complaint(name, args, named, method)
        if better is not None:
            return better
    if not isinstance(error, TypeError):
        return error
    text = str(error)
    about_call = _CALLED.fullmatch(text)
    if about_call is not None:
        if name in _NO_ARGUMENTS and method:
            return TypeError(f"TensorBase.{name}() takes no arguments ({len(args)} given)")
        if name in _IN_PYTHON:
            return error
        return TypeError(f"{name}() {_about_call(about_call[1], method)}")
    if text.startswith("a dimension must be int"):
        return TypeError(f"{name}(): {_wrong_dim(text, function, args, named)}")
    if method:  # PyTorch does not count the tensor itself
        text = re.sub(
            r"(?<=\(position )(\d+)(?=\))", lambda place: str(int(place[1]) - 1), text, count=1
        )
        if "(position 0)" not in text:
            moved = TypeError(text)
            vars(moved).update(vars(error))
            return moved
    return error


def _about_call(words: str, method: bool) -> str:
    """Python's words of missing and superfluous arguments, as PyTorch's parser has them."""
    words = re.sub(r"\. Did you mean '\w+'\?$", "", words)
    missing = _MISSING.fullmatch(words)
    if missing is not None:
        names = re.findall(r"'(\w+)'", missing[1])
        plural = "s" if len(names) == 1 else ""
        listed = ", ".join(f'"{_OPERANDS.get(each, each)}"' for each in names)
        return f"missing {len(names)} required positional argument{plural}: {listed}"
    if method and words.startswith("takes"):
        words = re.sub(r"\d+", lambda count: str(int(count[0]) - 1), words)
        words = re.sub(r"(?<=takes 0 positional argument) ", "s ", words)
        words = re.sub(r"\b1 were given", "1 was given", words)
    return words


def _wrong_dim(text: str, function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> str:
    """Which argument was no dimension, and where it stood."""
    from inspect import signature

    wrong = text.rpartition(" ")[2]
    for place, (value, parameter) in enumerate(zip(args, signature(function).parameters), 1):  # noqa: B905
        if type_name(value) == wrong:
            return f"argument '{parameter}' (position {place}) must be int, not {wrong}"
    key = next((key for key, value in named.items() if type_name(value) == wrong), "dim")
    return f"argument '{key}' must be int, not {wrong}"
