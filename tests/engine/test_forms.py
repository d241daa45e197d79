"""How functions may be called: every function of PyTorch has its forms, and says what fits none."""

import json
import warnings
from typing import Any

import pytest

import engine as torch
from engine.dispatch.errors import calls
from engine.graph import registry
from tests.engine.programs import RECORDED

SAID: dict[str, str] = json.loads((RECORDED / "forms.json").read_text(encoding="utf-8"))
SPACES = {"F": ".nn.functional"}
SILENT = set(
    """
torch.isin(x, 'a') | torch.qr(x, 'a') | torch.result_type(x, 'a')
torch.svd(x, 'a') | x.argsort(1, 'a') | x.as_subclass('a') | x.copy_(1, 'a')
x.fill_diagonal_(1, 'a') | x.is_contiguous('a') | x.is_pinned(1, 'a')
x.multinomial(1, 'a') | x.qr('a')
x.set_('a') | x.sort(1, 'a') | x.svd('a') | x.svd(1, 'a') | torch.linalg.svd(x, 'a')
""".replace("\n", " | ").split(" | ")
)
"""Where engine takes what is true for True, to check no more than it must."""


def test_every_function_has_forms() -> None:
    registry.complete()
    known = calls._table()
    for section in ("torch", "F", "linalg", "fft", "special"):
        space = "torch" if section == "torch" else f"torch{SPACES.get(section, f'.{section}')}"
        for name, thing in registry.namespaces[space].items():
            if callable(thing) and not isinstance(thing, type):
                assert (section, name) in known, f"{space}.{name}: record its forms"
    for name in registry.methods:
        assert ("Tensor", name) in known, f"Tensor.{name}: record its forms"


@pytest.mark.parametrize("code", SAID)
def test_wrong_call(code: str, request: pytest.FixtureRequest) -> None:
    if code in SILENT:
        request.applymarker(pytest.mark.xfail(reason="not checked", strict=True))
    names: dict[str, Any] = {"torch": torch, "F": torch.nn.functional, "x": torch.ones(2, 2)}
    callee, given = code.split("(", 1)
    function = eval(callee, names)

    def call(*args: Any, **named: Any) -> Any:
        """The call as a program makes it, in which a row's own function has its errors retold."""
        try:
            return function(*args, **named)
        except Exception as error:
            bare = not hasattr(function, "__wrapped__")
            space, _, name = callee.rpartition(".")
            section = "Tensor" if space == "x" else space.removeprefix("torch.")
            if bare:
                error = calls.complaint(section, name, args, named) or error
            raise error from None

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(TypeError) as caught:
            eval(f"call({given}", names | {"call": call})
    assert str(caught.value).partition("\n")[0] == SAID[code]
