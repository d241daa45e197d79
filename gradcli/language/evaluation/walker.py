"""The walker: a statement's tree to its value.

It holds where names are looked up and what is allowed; how each kind of node is evaluated stands
in `table`, put there by the modules above this one. Everything an operation raises is turned into
a Fault here, with the place it happened at.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Sequence, Sized
from itertools import islice
from typing import Any

from engine.arrays.journal import Journal
from engine.arrays.limits import resident
from engine.arrays.state import current
from engine.graph.tensor import Tensor
from gradcli.base.faults import Fault
from gradcli.language.evaluation.language_tables import CALLS, EXPRESSIONS, STATEMENTS
from gradcli.language.evaluation.protocol import NOTHING, Attempt, Host, Operand
from gradcli.language.evaluation.scope import Scope
from gradcli.language.syntax import limits as bounds
from gradcli.language.syntax.limits import Limits
from gradcli.language.syntax.source import CommandLine, Source, Statement


class Walker:
    """Evaluates statements over `variables`, asking the host for commands, within the limits.

    `source` is the input the present statement stands in, `home` the one that was entered: they
    differ inside a function that an earlier input defined.
    """

    __slots__ = (
        "building",
        "home",
        "host",
        "journal",
        "limits",
        "line",
        "noted",
        "resident",
        "scope",
        "source",
        "variables",
        "weighed",
    )

    def __init__(self, variables: dict[str, Any], host: Host, limits: Limits | None = None) -> None:
        self.variables = variables
        self.host = host
        self.limits = Limits() if limits is None else limits
        self.scope: Scope | None = None
        self.source: Source
        self.home: Source
        self.line = 0
        self.building: list[Any] = []
        """Lists in the making: alive, though no name holds them yet."""
        self.journal: Journal | None = None
        self.noted: set[int] = set()
        self.weighed = 0
        """Bytes of tensors made since the last look at the memory in use."""
        self.resident = 0
        if self.limits.resident is not None:
            self.resident = resident()

    def run(self, statement: Statement) -> object:
        """Run a statement; the value of a bare expression or command, else NOTHING."""
        node = statement.node
        self.source = self.home = statement.source
        self.scope = None
        self.limits.frames = 0
        try:
            with bounds.DEEP:
                self.limits.step()
                self.line = node.lineno
                self.host.at(node.lineno)
                if type(node) is ast.Expr:
                    value = EXPRESSIONS[type(node.value)](self, node.value)
                    if value is not None and type(node.value) is not CommandLine:
                        self.variables["_"] = value
                    return value
                STATEMENTS[type(node)](self, node)
        except Fault as fault:
            if fault.span is None:
                fault.span = self.source.span(node)
            raise
        finally:
            self.scope = None
            self.building.clear()
        return NOTHING

    # ---- faults ------------------------------------------------------------------------------

    def fault(
        self,
        error: BaseException,
        node: ast.AST,
        operands: Sequence[tuple[ast.AST, Any]] = (),
        word: str = "",
        callee: Any = None,
    ) -> Fault:
        """The Fault for an exception raised by what `node` does with `operands`. `word` is the
        name of the function or command, or the sign of the operator."""
        if isinstance(error, Fault):
            if error.span is None:
                error.span = self.source.span(node)
            return error
        # str() of a KeyError quotes its key, as Python shows it.
        message = str(error).rstrip()
        if type(error).__name__ != "GradcheckError":  # whose matrices are what was asked for
            message = message.partition("\n")[0]
        if len(message) > bounds.MESSAGE:
            message = message[: bounds.MESSAGE] + "..."
        kind = type(error).__name__
        if not message:
            message = "not enough memory" if kind == "MemoryError" else f"{word or 'this'} failed"
        fault = Fault(kind, message, self.source.span(node), fact=getattr(error, "fact", None))
        fault.node = getattr(error, "node", None)
        named = [self.operand(*pair) for pair in operands]
        place = getattr(error, "operand", None)
        self.host.explain(fault, Attempt(named, place, word, type(node) is CommandLine, callee))
        return fault

    def operand(self, node: ast.AST, value: Any) -> Operand:
        """A value with the text it was written as."""
        span = self.source.span(node)
        name = node.id if type(node) is ast.Name else None
        return Operand(value, self.source.words(span), span, name)

    # ---- limits and changes ------------------------------------------------------------------

    def note(self, container: list[Any] | dict[Any, Any]) -> None:
        """Tell the journal, once in a transaction, that a container is about to change."""
        listening = current().journal
        if listening is None:
            return
        noted = self.noted_in(listening)
        if id(container) not in noted:
            listening.container(container)
            noted.add(id(container))

    def noted_in(self, listening: Journal) -> set[int]:
        """The containers whose changes need no noting any more in this transaction."""
        if self.journal is not listening:
            self.journal = listening
            self.noted = set()
        return self.noted

    def charge(self, size: int) -> None:
        """Count bytes about to be taken; over the bound, look at what is still alive."""
        limits = self.limits
        limits.used += size
        if limits.used > limits.look:
            from gradcli.language.evaluation.container_sizes import alive

            scopes: list[Any] = []
            scope = self.scope
            while scope is not None:
                scopes.append(scope.names)
                scope = scope.caller
            limits.used = alive([self.variables, self.building, *scopes], limits.memory) + size
            limits.look = max(limits.memory, limits.used + limits.memory // 3)
            if limits.used > limits.memory:
                raise Fault(
                    "MemoryError",
                    f"lists and texts would take more than {limits.memory // 1_000_000} MB",
                )

    def weigh(self, tensor: Tensor) -> None:
        """Count the bytes of a new tensor; every so often, ask how much memory there is in use."""
        self.weighed += tensor.array.nbytes
        if self.weighed < bounds.LOOK or self.limits.resident is None:
            return
        self.weighed = 0
        if resident() - self.resident > self.limits.resident:
            import gc

            gc.collect()
            if resident() - self.resident > self.limits.resident:
                raise Fault("MemoryError", f"more than {self.limits.resident // 10**6:,} MB in all")

    def made(self, value: Any) -> Any:
        """A new list, tuple or dict, counted."""
        return self.counted(value, 8)

    def spelled(self, text: str) -> str:
        """A new text, counted."""
        if len(text) > bounds.HEAVY:
            self.charge(len(text))
        return text

    def counted(self, value: Any, each: int) -> Any:
        """A new container whose items take `each` bytes, counted; what this transaction does to it
        need not be noted."""
        self.charge(each * len(value) + 64)
        if (listening := current().journal) is not None:
            self.noted_in(listening).add(id(value))
        return value

    def listed(self, iterable: Iterable[Any]) -> list[Any]:
        """The items of an iterable as a new list, within the limits."""
        if type(iterable) not in ITERABLE:
            iterable = self.iterable(iterable)
        limits = self.limits
        if isinstance(iterable, Sized):
            limits.check_items(len(iterable))
            self.charge(8 * len(iterable) + 64)
        items = list(islice(iterable, limits.items + 1))
        limits.check_items(len(items))
        return items

    def iterable(self, value: Any) -> Any:
        """`value` if the language may go through it."""
        kind = type(value)
        if kind in ITERABLE or isinstance(value, tuple):
            return value
        if isinstance(value, Tensor):
            if value.ndim:
                self.limits.check_items(len(value))
            return iter(value)
        if kind.__name__ == "ndarray" and value.ndim:
            self.limits.check_items(len(value))
            return iter(value)
        raise TypeError(f"'{kind.__name__}' object is not iterable")

    def measure(self, value: Any) -> None:
        """Refuse a container that holds itself, or so much that comparing it would never end."""
        kind = type(value)
        if kind in CONTAINERS and (kind is dict or not bounds.NESTED.isdisjoint(map(type, value))):
            from gradcli.language.evaluation.container_sizes import extent

            self.limits.check_items(extent(value, self.limits.items) // 10)

    def ordered(self, items: Iterable[Any], key: Any = None, reverse: Any = False) -> list[Any]:
        """sorted()."""
        listed = self.listed(items)
        for item in listed:
            self.measure(item)
        self.limits.left -= len(listed)
        if key is None:
            return sorted(listed, reverse=bool(reverse))
        return sorted(listed, key=lambda item: self.call(key, (item,)), reverse=bool(reverse))

    def call(self, function: Any, args: tuple[Any, ...]) -> Any:
        """Call a value of the language from a builtin."""
        return (CALLS.get(type(function)) or CALLS[type])(self, function, args, {})


ITERABLE = frozenset({list, tuple, str, dict, defaultdict, range})
CONTAINERS = frozenset({list, tuple, dict})
