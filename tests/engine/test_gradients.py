"""Hooks, Functions, derivatives of functions, grad modes: programs that say what PyTorch says."""

import gc
import re
import weakref
from typing import Any

import numpy as np
import pytest

import engine
from engine.transforms import plan
from tests.engine.programs import RECORDED, recorded, said

torch: Any = engine

PROGRAMS = {
    f"{path.stem}: {code}": (code, words)
    for path in sorted((RECORDED / "gradients").glob("*.json"))
    for code, words in recorded(f"gradients/{path.stem}").items()
}


NODES_CLASS = pytest.mark.xfail(
    strict=True, reason="the message names the class Node: one __getattr__ slows every traversal"
)
KEYS = [
    pytest.param(
        key, marks=NODES_CLASS if key.endswith("\nn.foo") else (), id=" | ".join(key.split("\n"))
    )
    for key in PROGRAMS
]


@pytest.mark.parametrize("key", KEYS)
def test_program(key: str) -> None:
    code, words = PROGRAMS[key]
    assert said(torch, code) == words


def test_an_anomaly_is_told_with_the_line_that_made_the_node() -> None:
    x = torch.tensor([0.0], requires_grad=True)
    with torch.autograd.set_detect_anomaly(True):
        root = x.sqrt()  # this line
        with (
            pytest.warns(UserWarning, match="Error detected in SqrtBackward0") as caught,
            pytest.raises(RuntimeError, match="'SqrtBackward0' returned nan values in its 0th"),
        ):
            (root * 0).sum().backward()
    text = str(caught[0].message)
    assert re.search(r'File ".*test_gradients.py", line \d+, in test_an_anomaly', text)
    assert text.rstrip().endswith("root = x.sqrt()  # this line")
    assert "/engine/" not in text.replace("/tests/engine/", "")


def test_an_anomaly_of_a_second_derivative_is_told_with_all_that_led_to_it() -> None:
    x = torch.tensor([0.0], requires_grad=True)
    with torch.autograd.set_detect_anomaly(True):
        y = (x**1.5).sum()
        (g,) = torch.autograd.grad(y, x, create_graph=True)
        (h,) = torch.autograd.grad(g.sum(), x, create_graph=True)
        with (
            pytest.warns(UserWarning, match="PowBackward0") as caught,
            pytest.raises(RuntimeError, match="'PowBackward0' returned nan values in its 0th"),
        ):
            torch.autograd.grad((h * 0).sum(), x)
    assert [str(w.message).strip().partition(". ")[0] for w in caught] == [
        "Error detected in PowBackward0",
        "Previous calculation was induced by PowBackward0",
        "Previous calculation was induced by PowBackward0",
    ]


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * x * g


def test_a_graph_with_a_function_goes_away_without_the_garbage_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = Square.apply(x.exp())
        held = weakref.ref(y.grad_fn)
        del y
        assert held() is None
    finally:
        gc.enable()


def test_a_plan_does_not_run_a_function_and_says_so() -> None:
    made = plan.trace(lambda x: Square.apply(x).sum(), torch.ones(2))
    with pytest.raises(NotImplementedError, match=r"Square is an autograd\.Function"):
        made.numpy(np.ones(2, np.float32))


def test_hooks_on_leaves_live_as_long_as_the_leaf() -> None:
    x = torch.tensor([1.0], requires_grad=True)
    seen: list[Any] = []
    (x * 2).grad_fn.next_functions[0][0].register_prehook(lambda grads: seen.append(grads))
    gc.collect()
    (x * 3).sum().backward()
    assert [g.tolist() for (g,) in seen] == [[3.0]]


def test_inference_mode_is_that_of_one_thread() -> None:
    import threading

    seen = []
    with torch.inference_mode():
        thread = threading.Thread(target=lambda: seen.append(torch.ones(1).is_inference()))
        thread.start()
        thread.join()
    assert seen == [False]
