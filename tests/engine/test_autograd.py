"""Autograd's semantics: programs that say what PyTorch says, and what a value cannot show."""

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import engine
from tests.engine.programs import recorded, said

torch: Any = engine
RECORDED = recorded("autograd")


@pytest.mark.parametrize("code", RECORDED, ids=lambda code: code.replace("\n", " | "))
def test_program(code: str) -> None:
    assert said(torch, code) == RECORDED[code]


LONG = 10**5


def test_a_long_chain_goes_forward_and_back_and_away_without_recursion() -> None:
    x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    y = x
    for i in range(LONG):
        y = y + 1 if i % 2 else y * 1.0001
    y.backward()
    assert x.grad.item() == pytest.approx(1.0001 ** (LONG // 2))
    del y


def test_a_long_chain_is_differentiated_twice_without_recursion() -> None:
    x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    y = x * x
    for _ in range(LONG // 10):
        y = y + x
    (slope,) = torch.autograd.grad(y, x, create_graph=True)
    (bend,) = torch.autograd.grad(slope, x)
    assert (slope.item(), bend.item()) == (2.0 + LONG // 10, 2.0)


def test_a_long_chain_that_is_never_differentiated_goes_away_without_recursion() -> None:
    y = torch.tensor(1.0, requires_grad=True)
    for _ in range(LONG):
        y = y.sin()
    del y
    gc.collect()


def test_a_backward_that_is_interrupted_leaves_every_gradient_as_it_was() -> None:
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    b = torch.tensor([3.0, 4.0], requires_grad=True)
    (a * b).sum().backward()
    kept = a.grad
    late = a * 1

    def interrupt(gradient: object) -> None:
        raise KeyboardInterrupt

    late.register_hook(interrupt)
    with pytest.raises(KeyboardInterrupt):
        (late * b + b.exp() + a).sum().backward()
    assert a.grad is kept
    assert (kept.tolist(), b.grad.tolist()) == ([3.0, 4.0], [1.0, 2.0])


def test_a_graph_that_failed_halfway_can_be_used_when_it_was_kept() -> None:
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    y = a * a
    handle = y.register_hook(lambda gradient: 1 / 0)
    z = y.sum()
    with pytest.raises(ZeroDivisionError):
        z.backward(retain_graph=True)
    assert a.grad is None
    handle.remove()
    z.backward()
    assert repr(a.grad) == "tensor([2., 4.])"


def test_backward_lets_go_of_what_the_graph_held() -> None:
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    middle = a.exp()
    held = weakref.ref(middle.detach().numpy())
    z = (middle * middle).sum()
    del middle
    gc.collect()
    assert held() is not None
    z.backward()
    gc.collect()
    assert held() is None


def test_a_graph_goes_away_with_its_result_without_the_garbage_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        a = torch.tensor([1.0, 2.0], requires_grad=True)
        z = (a.exp() * a).sum()
        node = weakref.ref(z.grad_fn)
        del z
        assert node() is None
    finally:
        gc.enable()


def test_gradients_do_not_share_memory_with_each_other_or_with_what_was_passed() -> None:
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    b = torch.tensor([3.0, 4.0], requires_grad=True)
    given = torch.tensor([1.0, 1.0])
    (a + b).backward(given)
    a.grad += 1
    given += 5
    assert (a.grad.tolist(), b.grad.tolist()) == ([2.0, 2.0], [1.0, 1.0])


def test_gradients_of_broadcast_results_can_be_written_to() -> None:
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    a.sum().backward()
    a.grad += 1
    a.grad[0] = 7.0
    assert a.grad.tolist() == [7.0, 2.0]


def test_a_large_shared_graph_is_walked_once_per_node() -> None:
    x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    y = x
    for _ in range(200):  # 2**200 paths
        y = (y + y) / 2
    y.backward()
    assert x.grad.item() == 1.0


def test_the_grad_mode_of_one_thread_is_not_that_of_another() -> None:
    import threading

    seen = []
    a = torch.tensor([1.0], requires_grad=True)
    with torch.no_grad():
        thread = threading.Thread(target=lambda: seen.append((a * 2).requires_grad))
        thread.start()
        thread.join()
    assert seen == [True]


def test_a_tensor_made_from_an_array_is_a_copy_and_from_numpy_shares() -> None:
    array = np.array([1.0, 2.0])
    copied, shared = torch.tensor(array), torch.from_numpy(array)
    array[0] = 9.0
    assert (copied.tolist(), shared.tolist()) == ([1.0, 2.0], [9.0, 2.0])
