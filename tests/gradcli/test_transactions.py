"""An input takes effect whole or leaves no trace; undo and redo use the same record."""

from __future__ import annotations

import numpy as np
import pytest

from gradcli.base.faults import Fault
from gradcli.commands import command
from tests.gradcli.prompt import Prompt

SETUP = """\
a = param([1., 2.])
W = param([[1., 2.], [3., 4.]])
b = tensor([3., 4.])
v = b[:1]
xs = [1, [2]]
table = {'k': 1}
y = (a * b).sum()
u = a * b
g = torch.Generator()
y.backward(retain_graph=True)
opt = torch.optim.Adam([a, W], lr=0.1)
opt.step()
slow = torch.optim.lr_scheduler.StepLR(opt, 1)
manual_seed(7)
"""

CHANGES = """\
c = 1
b = 5
del b
b.add_(1)
v[0] = 9.
b[b > 3] = 0.
b[1] = a[0].item()
b += 1; b *= 2
W.data.mul_(2)
a.data = tensor([8., 9.])
a.grad = None
a.grad.zero_()
a.grad.add_(1); a.grad = None
opt.step()
opt.zero_grad()
opt.param_groups[0]['lr'] = 0.5
opt.add_param_group({'params': [b]})
opt.state[a]['exp_avg'].zero_()
opt.load_state_dict(torch.optim.Adam([a, W]).state_dict())
slow.step()
xs.append(3)
xs[1].append(3)
xs.sort(key=str); xs += [4]
table['k'] = 2; table.update({'j': 1})
randn(3)
manual_seed(1); randn(3); rand(2)
torch.randn(2, generator=g)
torch.set_grad_enabled(False)
torch.set_default_dtype(torch.float64)
torch.set_printoptions(precision=2)
backward y
backward y retain=true
(a * a).sum().backward()
(W @ W).sum().backward(); W.grad.mul_(3)
step a lr=0.1
step
zero
zero a
track b
untrack a
retain u; u.sum().backward()
with torch.no_grad(): a.sub_(1.)
a.register_hook(lambda t: t * 2); (a * 3).sum().backward()
reset
set lr=5 precision=8 undo=3 width=40
set seed=1
def f(q): b.sub_(q)
c, (d, e) = 1, (2, 3)
for i in range(3): b.mul_(2); xs.append(i)
a.requires_grad = False
b.requires_grad_()
W.retain_grad(); b.copy_(a.detach())
b.t_() if b.dim() == 2 else b.unsqueeze_(0)
z = y; y = z * 2; z = y.detach()
torch.autograd.backward([y], retain_graph=True)
""".splitlines()


@pytest.fixture
def prompt() -> Prompt:
    return Prompt("set seed=0", SETUP)


@pytest.mark.parametrize("change", CHANGES)
def test_a_failing_input_leaves_no_trace(prompt: Prompt, change: str) -> None:
    before = prompt.state()
    prompt.fail(f"{change}\nstop_here")
    assert prompt.state() == before
    prompt.fail(f"for _ in range(2):\n    pass\n{change}\ntensor([1.]) @ tensor([1., 2.])")
    assert prompt.state() == before


@pytest.mark.parametrize("change", CHANGES)
def test_undo_and_redo(prompt: Prompt, change: str) -> None:
    before = prompt.state()
    prompt.type(change)
    after = prompt.state()
    if after == before:  # what changed is seen by the next backward alone
        assert "backward" in change
    for _ in range(2):
        assert prompt.type("undo").startswith("took back: ")
        assert prompt.state() == before
        assert prompt.type("redo").startswith("made again: ")
        assert prompt.state() == after


@pytest.mark.parametrize("change", CHANGES)
def test_all_of_it_back_and_again(prompt: Prompt, change: str) -> None:
    states = [prompt.state()]
    for each in ("a2 = a.clone()", change, "b2 = tensor([1.])", "b2.add_(1)"):
        prompt.type(each)
        states.append(prompt.state())
    for state in reversed(states[:-1]):
        prompt.type("undo")
        assert prompt.state() == state
    prompt.fail("redo\nredo\nredo\nundo\nb3 = 1\nstop_here")
    assert prompt.state() == states[0]
    for state in states[1:]:
        prompt.type("redo")
        assert prompt.state() == state
    assert prompt.type("redo") == "nothing was taken back\n"


def test_a_freed_graph_is_whole_again(prompt: Prompt) -> None:
    prompt.type("backward y")
    assert "a second time" in prompt.fail("backward y").message
    prompt.type("undo")
    prompt.type("backward y")
    prompt.fail("backward u gradient=[1., 1.]\nstop_here")
    prompt.type("backward u gradient=[1., 1.]")


def test_interrupted_while_printing(prompt: Prompt) -> None:
    before = prompt.state()

    def interrupt(output: object) -> None:
        raise KeyboardInterrupt

    prompt.session.emit = interrupt
    with pytest.raises(KeyboardInterrupt):
        prompt.session.run("b.add_(1)\nxs.append(1)\nprint(b)")
    assert prompt.state() == before


def test_a_mistake_of_our_own_leaves_no_trace(
    prompt: Prompt, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*operands: object) -> None:
        raise AssertionError

    before = prompt.state()
    monkeypatch.setattr(command.REGISTRY["vars"], "run", broken)
    with pytest.raises(AssertionError):
        prompt.session.run("b.add_(1)\nvars")
    assert prompt.state() == before
    assert prompt.type("1 + 1") == "2\n"


def test_statements_of_a_script_are_kept_one_by_one() -> None:
    prompt = Prompt()
    with pytest.raises(Fault, match="stop_here"):
        prompt.session.run("x = 1\ny = 2\nstop_here", whole=False)
    assert prompt.session.variables == {"x": 1, "y": 2}
    prompt.type("undo")
    assert prompt.session.variables == {"x": 1}


@pytest.mark.parametrize("look", ["b", "1 + 1", "print(b)", "vars", "grad a", "graph y", "info a"])
def test_looking_is_no_step(prompt: Prompt, look: str) -> None:
    prompt.type("c = 1")
    prompt.type(look)
    assert prompt.type("undo") == "took back: c = 1\n"


def test_undo_inside_a_statement_is_refused(prompt: Prompt) -> None:
    assert "a statement of its own" in prompt.fail("for i in range(2): undo").message


def test_what_undo_keeps_is_bounded() -> None:
    prompt = Prompt("set undo=1", "w = ones(100000)")
    for _ in range(8):
        prompt.type("w.add_(1)")
    assert len(prompt.session.past) <= 3
    for _ in range(8):
        prompt.type("w = w + 1")
    assert len(prompt.session.past) <= 3
    assert sum(step.size for step in prompt.session.past) <= 1_000_000


def test_a_loop_costs_no_more_than_its_first_round(prompt: Prompt) -> None:
    rounds = (
        "for i in range({}):\n    b.add_(1)\n    zero\n    (a * b).sum().backward()\n    step a;"
    )
    prompt.type(rounds.format(100))  # as many backwards as are remembered
    prompt.type(rounds.format(2))
    few = prompt.session.past[-1].size
    prompt.type(rounds.format(300))
    assert prompt.session.past[-1].size <= few + 64
    for _ in range(3):
        prompt.type("undo")
    assert np.array_equal(prompt.session.variables["b"].array, [3.0, 4.0])
