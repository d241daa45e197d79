"""Every public name of torch.Tensor is here, or in the table of what is left out and why."""

import pytest

import engine as torch
from engine.graph import registry
from engine.ops.compat.layouts import REFUSED
from engine.ops.compat.left_out import ELSEWHERE, LEFT_OUT
from engine.ops.compat.removed import REMOVED
from tests.engine.programs import API

NAMES = set(API["tensor"])
registry.complete()
PRESENT = {name for name in NAMES if hasattr(torch.Tensor, name)}
OURS = {name for name in NAMES if name not in REFUSED and LEFT_OUT.get(name) not in ELSEWHERE}
"""PyTorch's list without what belongs to other layouts and devices: what the figure counts."""


def test_each_name_is_present_or_left_out() -> None:
    assert sorted(NAMES - PRESENT - set(LEFT_OUT)) == []
    assert sorted(PRESENT & set(LEFT_OUT)) == []


def test_the_tables_name_what_pytorch_has() -> None:
    assert set(LEFT_OUT) | set(REFUSED) | set(REMOVED) <= NAMES


def test_how_many_are_present() -> None:
    have = len(OURS & PRESENT)
    assert have / len(OURS) >= 0.97, f"{have} of {len(OURS)}"


@pytest.mark.parametrize("name", [*REFUSED, *REMOVED])
def test_what_refuses_says_what_pytorch_says(name: str) -> None:
    """Up to where PyTorch goes on to list the devices it knows, or advice of many lines."""
    kind, message = API["raises"][name]
    with pytest.raises((RuntimeError, AssertionError)) as caught:
        getattr(torch.ones(2, 2), name)()
    said = str(caught.value)
    assert type(caught.value).__name__ == kind
    assert message.startswith(said)
    if name not in ("lstsq", "reinforce"):
        assert message == said


# ---- memory ----------------------------------------------------------------------------------


def test_as_strided_scatter_gives_both_operands_their_gradient() -> None:
    """What is replaced gives x nothing; PyTorch's own rule fails its gradcheck."""
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    src = torch.ones(2, 2, requires_grad=True)
    weights = torch.arange(1.0, 7.0).reshape(2, 3)
    (torch.as_strided_scatter(x, src, (2, 2), (1, 2), 1) * weights).sum().backward()
    assert x.grad.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 6.0]]
    assert src.grad.tolist() == [[2.0, 4.0], [3.0, 5.0]]


def test_resize_goes_on_showing_the_same_storage() -> None:
    x = torch.arange(6.0)
    part = x[2:4]
    part.resize_(2, 2)
    part[0, 0] = 9.0
    assert part.tolist() == [[9.0, 3.0], [4.0, 5.0]]
    assert x.tolist() == [0.0, 1.0, 9.0, 3.0, 4.0, 5.0]
    part.resize_(5)
    assert part.tolist() == [9.0, 3.0, 4.0, 5.0, 0.0]
    assert part.untyped_storage() != x.untyped_storage()


def test_storages_are_memory() -> None:
    x = torch.tensor([1.0, 2.0])
    bytes_of = x.untyped_storage()
    bytes_of[3] = 0x40
    assert x.tolist() == [4.0, 2.0]
    assert x._version == 1
    y = torch.zeros(3)
    y.set_(bytes_of, 1, (1,), (1,))
    assert y.is_set_to(x[1:])
    with pytest.warns(UserWarning, match="TypedStorage is deprecated"):
        assert torch.is_storage(x.storage())


def test_writing_through_as_strided_reaches_the_base() -> None:
    x = torch.zeros(4, requires_grad=True)
    base = x * 1
    base.as_strided((2,), (2,), 1).copy_(torch.tensor([5.0, 6.0]))
    assert base.tolist() == [0.0, 5.0, 0.0, 6.0]
    base.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 1.0, 0.0]


def test_views_by_strides_are_versioned() -> None:
    x = torch.ones(2, 3)
    windows, wide = x.t().unfold(0, 2, 1), x.t()[1:2].expand(2, 2)
    x.add_(1)
    assert (windows._version, wide._version) == (1, 1)


def test_out_is_resized_and_returned() -> None:
    x, out = torch.tensor([[1.0, 2.0], [4.0, 3.0]]), torch.empty(0)
    assert torch.quantile(x, 0.5, out=out) is out
    assert out.item() == 2.5
    with pytest.warns(UserWarning, match="An output with one or more elements was resized"):
        torch.diff(x, out=torch.empty(7))
