"""A session as a test types at it, and everything that an input may change, to compare."""

from __future__ import annotations

from typing import Any

from engine.arrays import dtypes, modes
from engine.graph.printing import get_printoptions
from engine.graph.storage import version
from engine.graph.tensor import Tensor
from engine.random.generator import Generator, default_generator
from gradcli.app import Calculator
from gradcli.base.faults import Fault
from gradcli.base.outputs import Failure, Noted, Output, plain


class Prompt:
    """Types inputs and reads what they show."""

    def __init__(self, *inputs: str, **options: Any) -> None:
        self.outputs: list[Output] = []
        self.session = Calculator(self.outputs.append, **options)
        for each in inputs:
            self.type(each)

    def type(self, text: str) -> str:
        """What an input shows on standard output. Raises Fault if it fails."""
        self.outputs.clear()
        self.session.run(text)
        return "".join(plain(output) for output in self.outputs if not isinstance(output, Noted))

    def fail(self, text: str) -> Fault:
        """The error of an input that must fail."""
        try:
            self.session.run(text)
        except Fault as fault:
            return fault
        raise AssertionError(f"{text!r} did not fail")

    def failure(self, text: str) -> str:
        """The text of the error of an input that must fail."""
        fault = self.fail(text)
        return plain(Failure(fault, fault.source_lines, fault.first_line))

    def state(self) -> dict[str, Any]:
        """All that can be seen of the session, as comparable values."""
        session = self.session
        named = {name: facts(value) for name, value in session.variables.items() if name != "_"}
        return {
            "names": named,
            "order": [name for name in session.variables if name != "_"],
            "settings": [getattr(session.settings, name) for name in session.settings.__slots__],
            "generator": session.inside(default_generator.raw_state).tobytes(),
            "grad mode": session.inside(modes.mode.get) & modes.GRAD,
            "default dtype": session.inside(dtypes.get_default_dtype),
            "print options": session.inside(get_printoptions),
        }


def facts(value: Any) -> Any:
    """A value with all that hangs on it, as something that can be compared."""
    if isinstance(value, Tensor):
        fn = value.grad_fn
        return (
            id(value),
            value.array.dtype.str,
            value.array.shape,
            value.array.tobytes(),
            value.requires_grad,
            value.is_leaf,
            fn and fn.name(),
            version(value.array),
            None if value._grad is None else facts(value._grad)[1:],
        )
    if isinstance(value, (list, tuple)):
        return [facts(part) for part in value]
    if isinstance(value, dict):
        return [
            (id(key) if isinstance(key, Tensor) else key, facts(part))
            for key, part in value.items()
        ]
    if isinstance(value, Generator):
        return value.raw_state().tobytes()
    if type(value).__module__.startswith("engine.optim"):
        return facts(vars(value))
    return value
