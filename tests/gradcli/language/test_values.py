"""What values may be asked for."""

from __future__ import annotations

from typing import Any

import pytest

from engine.graph import registry
from gradcli.language.evaluation import values
from gradcli.language.evaluation.builtins import BARE
from gradcli.language.evaluation.math_module import MATH
from tests.gradcli.language.desk import Desk

ASKED = {
    # one value of each kind
    "ones(2, 2)": "shape mean numpy tolist requires_grad_ T",
    "param([1.]).exp().grad_fn": "name next_functions",
    "param([1.]).exp().grad_fn.next_functions[0][0]": "variable next_functions",
    "param([1.]).register_hook(lambda g: g)": "remove",
    "ones(2, 2).shape": "numel index count",
    "ones(2, 2).max(dim=0)": "values indices",
    "torch.float32": "is_floating_point",
    "torch.Generator()": "manual_seed initial_seed",
    "ones(2).numpy()": "shape dtype tolist",
    "ones(2).numpy()[0]": "item",
    "torch": "sin tensor nn autograd float32",
    "torch.nn": "functional",
    "math": "pi sin",
    "'a'": "upper split join format",
    "[1]": "append sort",
    "(1,)": "index",
    "{}": "keys items get",
    "1": "real",
    "1.5": "is_integer",
    "1j": "imag",
}


@pytest.mark.parametrize("text", ASKED)
def test_asked(text: str) -> None:
    desk = Desk()
    desk.run(f"v = {text}")
    names = values.names_of(desk.variables["v"])
    for name in ASKED[text].split():
        assert name in names
        desk.run(f"v.{name};")


@pytest.mark.parametrize(
    "text",
    [
        "True",
        "None",
        "...",
        "print",
        "len",
        "lambda: 1",
        "torch.sin",
        "int",
        "torch.Tensor",
        "'a'.upper",
        "[].append",
        "range(3)",
        "slice",
        "torch.no_grad()",
    ],
)
def test_nothing_is_asked(text: str) -> None:
    desk = Desk()
    if text == "slice":
        assert desk.fault("slice").kind == "NameError"
        return
    desk.run(f"v = {text}")
    assert values.names_of(desk.variables["v"]) == []


def test_every_listed_name_exists() -> None:
    for kind, methods in values.METHODS.items():
        assert all(hasattr(kind, name) for name in methods)
    for name in registry.methods | registry.attributes:
        assert hasattr(values.Tensor, name)


def test_nothing_private_is_listed() -> None:
    listed = [*registry.methods, *registry.attributes, *MATH.contents]
    listed += [name for names in registry.namespaces.values() for name in names]
    listed += [name for names in values._ASKED.values() for name in names]
    listed += [name for names in values.METHODS.values() for name in names]
    private = {name for name in listed if name.startswith("_") and not name.startswith("__")}
    assert private <= {"_version"}
    # Operators are methods in the catalog; nothing else with underscores may be.
    assert {"__class__", "__dict__", "__reduce__", "__globals__", "__init__"}.isdisjoint(listed)


def test_no_name_leads_to_a_module() -> None:
    things: list[Any] = [*BARE.everything().values(), *MATH.contents.values()]
    things += [thing for names in registry.namespaces.values() for thing in names.values()]
    assert not [thing for thing in things if type(thing).__name__ == "module"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1., 2.] * 3", "tensor([3., 6.])"),
        ("3 * [1., 2.]", "tensor([3., 6.])"),
        ("[1, 2] * 2.5", "tensor([2.5000, 5.0000])"),
        ("[1., 2.] + [3., 4.]", "tensor([4., 6.])"),
        ("[1, 2] - [0, 1]", "tensor([1, 1])"),
        ("[1., 2.] ** 2", "tensor([1., 4.])"),
        ("2 / [1., 4.]", "tensor([2.0000, 0.5000])"),
        ("[[1., 2.], [3., 4.]] @ [1., 1.]", "tensor([3., 7.])"),
        ("-[1., 2.]", "tensor([-1., -2.])"),
        ("[1, 2] * tensor([3., 4.])", "tensor([3., 8.])"),
        ("tensor([3., 4.]) + [1, 2]", "tensor([4., 6.])"),
        ("x = ones(2); x += [1., 2.]; x", "tensor([2., 3.])"),
        # what Python answers with a list of whole numbers stays one
        ("[0] * 3", "[0, 0, 0]"),
        ("[1, 2] + [3]", "[1, 2, 3]"),
        ("[] + [1.]", "[1.0]"),
        ("['a', 1.] * 2", "['a', 1.0, 'a', 1.0]"),
        ("[[1.], 2] + [3.]", "[[1.0], 2, 3.0]"),
        ("x = [1.]; x += [2.]; x", "[1.0, 2.0]"),
        ("x = []; x = x + [ones(1)]; x", "[tensor([1.])]"),
        ("[1., 2.] == [1., 2.]", "True"),
    ],
)
def test_number_lists(text: str, expected: str) -> None:
    assert Desk().run(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("param([5., 4.])", "tensor([5., 4.], requires_grad=True)"),
        ("param([5, 4])", "tensor([5., 4.], requires_grad=True)"),
        ("param(3)", "tensor(3., requires_grad=True)"),
        (
            "param([1], dtype=torch.float64)",
            "tensor([1.], dtype=torch.float64, requires_grad=True)",
        ),
        ("param(ones(2, dtype=torch.float64)).dtype", "torch.float64"),
        ("x = ones(2); p = param(x); x += 1; p", "tensor([1., 1.], requires_grad=True)"),
        ("param(param([1.]) * 2).is_leaf", "True"),
    ],
)
def test_param(text: str, expected: str) -> None:
    assert Desk().run(text) == [expected]


@pytest.mark.parametrize("name", ["mean", "exp", "sum", "max", "abs", "relu", "sqrt", "prod"])
def test_operations_are_reached_in_three_ways(name: str) -> None:
    desk = Desk()
    desk.run("x = tensor([1., 4.])")
    shown = desk.run(f"x.{name}(); {name}(x); torch.{name}(x)")
    assert shown[0] == shown[1] == shown[2]
