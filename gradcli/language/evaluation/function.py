"""The functions that a session defines: objects of its own, never Python's."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from gradcli.base.outputs import counted
from gradcli.language.evaluation.scope import MISSING, Scope
from gradcli.language.syntax.source import Source


class Function:
    """A function the session defined, by def or lambda, in the text `source` and the scope `outer`.

    `value` evaluates the defaults; `run` is what runs a call that comes from the engine.
    """

    __slots__ = (
        "__weakref__",
        "body",
        "defaults",
        "keyword_defaults",
        "local",
        "name",
        "outer",
        "parameters",
        "run",
        "source",
        "weight",
    )

    def __init__(
        self,
        node: ast.FunctionDef | ast.Lambda,
        source: Source,
        outer: Scope | None,
        value: Callable[[ast.expr], Any],
        run: Callable[..., Any],
    ) -> None:

        self.name = node.name if isinstance(node, ast.FunctionDef) else "<lambda>"
        self.parameters = node.args
        self.body = node.body
        self.defaults = [value(part) for part in node.args.defaults]
        self.keyword_defaults = [
            MISSING if part is None else value(part) for part in node.args.kw_defaults
        ]
        self.source = source
        self.outer = outer
        self.run = run
        self.local, self.weight = _facts(node)

    def __repr__(self) -> str:
        return f"<function {self.name}>"

    @property
    def __name__(self) -> str:
        return self.name

    def __call__(self, *args: Any, **options: Any) -> Any:
        """For the engine, which calls hooks and the functions it differentiates."""
        return self.run(self, args, options)

    def bind(self, args: Sequence[Any], options: dict[str, Any]) -> dict[str, Any]:
        """The names of a call. Raises TypeError with Python's text."""
        parameters = self.parameters
        names = [arg.arg for arg in (*parameters.posonlyargs, *parameters.args)]
        values = dict(zip(names, args))  # noqa: B905
        if len(args) > len(names) and parameters.vararg is None:
            raise TypeError(
                f"{self.name}() takes {counted(len(names), 'positional argument')} but {len(args)} "
                f"{'was' if len(args) == 1 else 'were'} given"
            )
        if parameters.vararg is not None:
            values[parameters.vararg.arg] = tuple(args[len(names) :])
        keywords = [arg.arg for arg in parameters.kwonlyargs]
        extra: dict[str, Any] = {}
        hidden = len(parameters.posonlyargs)
        for key, value in options.items():
            if key in names[hidden:] or key in keywords:
                if key in values:
                    raise TypeError(f"{self.name}() got multiple values for argument '{key}'")
                values[key] = value
            elif parameters.kwarg is None:
                raise TypeError(f"{self.name}() got an unexpected keyword argument '{key}'")
            else:
                extra[key] = value
        if parameters.kwarg is not None:
            values[parameters.kwarg.arg] = extra
        first = len(names) - len(self.defaults)
        for name, default in [
            *zip(names[first:], self.defaults, strict=True),
            *zip(keywords, self.keyword_defaults, strict=True),
        ]:
            if name not in values and default is not MISSING:
                values[name] = default
        missing = [repr(name) for name in (*names, *keywords) if name not in values]
        if missing:
            raise TypeError(
                f"{self.name}() missing {counted(len(missing), 'required positional argument')}: "
                + " and ".join(missing)
            )
        return values


def _facts(node: ast.FunctionDef | ast.Lambda) -> tuple[frozenset[str], int]:
    """The names a function assigns, and how many Python frames one call of it may take; found once
    and kept on the node."""
    known: tuple[frozenset[str], int] | None = getattr(node, "facts", None)
    if known is not None:
        return known
    local: set[str] = set()
    deepest = 0
    body: list[Any] = node.body if isinstance(node.body, list) else [node.body]
    stack: list[tuple[ast.AST, int, bool]] = [(part, 1, True) for part in body]
    while stack:
        part, depth, own = stack.pop()
        deepest = max(deepest, depth)
        if own and isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            local.add(part.id)
        elif own and isinstance(part, ast.alias):
            local.add((part.asname or part.name).split(".")[0])
        elif own and isinstance(part, ast.FunctionDef):
            local.add(part.name)
        own = own and not isinstance(
            part, (ast.FunctionDef, ast.Lambda, ast.ListComp, ast.GeneratorExp)
        )
        stack.extend((inner, depth + 1, own) for inner in ast.iter_child_nodes(part))
    known = frozenset(local), 2 * deepest + 8
    node.facts = known  # type: ignore[union-attr]
    return known
