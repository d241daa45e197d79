"""Functions made of others: with the parameters, the name and the text that help shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.dispatch.inplace import in_place
from engine.graph.registry import F, public

Parameters = Mapping[str, str]
"""Parameter → how a definition has it: {"input": "input", "alpha": "alpha=1.0"}."""


def parameters_of(function: Callable[..., Any]) -> dict[str, str]:
    """The parameters of a function."""
    code, defaults = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    return declared(names, dict(zip(reversed(names), reversed(defaults), strict=False)))


def declared(names: tuple[str, ...], defaults: Mapping[str, Any]) -> dict[str, str]:
    """Parameters of these names, of which some have defaults."""
    return {name: f"{name}={defaults[name]!r}" if name in defaults else name for name in names}


def spelled(
    name: str, text: str | None, parameters: Parameters, body: str, **things: Any
) -> Callable[..., Any]:
    """The function `name(parameters)` that returns `body`, said of the parameters and `things`."""
    function: Callable[..., Any] = eval(
        compile(f"lambda {', '.join(parameters.values())}: {body}", __file__, "eval"), things
    )
    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    return function


def published(name: str, text: str) -> Callable[[F], F]:
    """Make a function made by another public under its own name, with a text for help."""

    def decorate(function: F) -> F:
        function.__name__ = function.__qualname__ = name
        function.__doc__ = text
        return public()(function)

    return decorate


def by_dimensions(
    name: str, where: str, counts: tuple[int, ...] = (1, 2, 3), torch: tuple[int, ...] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make public what a function of a count of dimensions is for each: "conv{}d" conv1d, conv2d
    and conv3d; those of the counts listed in `torch` in torch as well.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        parameters = parameters_of(function)
        del parameters["count"]
        text = function.__doc__ or ""
        for count in counts:
            body = f"function({count}, {', '.join(parameters)})"
            made = spelled(
                name.format(count), text.format(count), parameters, body, function=function
            )
            public(f"{where} torch" if count in torch else where)(made)
        return function

    return decorate


def in_place_on_request(
    function: Callable[..., Any], parameters: Parameters | None = None
) -> Callable[..., Any]:
    """The function with a last parameter, `inplace`: whether its input becomes what it gives."""
    name = function.__name__
    given = parameters or parameters_of(function)
    return spelled(
        name,
        function.__doc__,
        {**given, "inplace": "inplace=False"},
        f"(in_place if inplace else function)({', '.join(given)})",
        function=function,
        in_place=in_place(f"{name}_", function),
    )
