"""Notes: told where PyTorch is silent, once, and nowhere else."""

from __future__ import annotations

import pytest

from gradcli.app import Calculator
from gradcli.base.outputs import Noted

TOLD = {
    "W = param(ones(3)); backward W.sum(); W = W - 0.1*W.grad": "rebound",
    "W = param(ones(3)); backward W.sum()\nwith torch.no_grad():\n    W = W - W.grad": "rebound",
    "w = param(2.); backward w**2; backward w**2": "accumulated",
    "w = param(2.)\nfor i in range(3):\n    backward w**2": "accumulated",
    "w = param(2.)\nfor i in range(3):\n    (w**2).backward()": "accumulated",
    "w = param(2.)\nfor i in range(100):\n    (w**2).backward()": "accumulated",
    "w = param(ones(40, 40))\nfor i in range(2):\n    (w**2).sum().backward()": "accumulated",
    "w = param(2.)\ndef f():\n    (w**2).backward()\nf()\nf()": "accumulated",
    "y = ones(3); p = ones(3, 1); e = p - y": "broadcast",
    "y = ones(3); p = ones(3, 1)\ndef f(p):\n    return ((p - y)**2).mean()\nf(p)": "broadcast",
    "y = ones(3); p = ones(3, 1); ((p - y)**2).mean()": "broadcast",
    "a = param([1., 2.]); b = a.detach(); b[0] = 9.": "alias",
    "a = ones(4); b = a.view(2, 2); b.mul_(2)": "alias",
    "a = ones(4); b = a[:2]; b += 1": "alias",
    "a = ones(4); b = a[:2]\nwith torch.no_grad():\n    b += 1": "alias",
    "a = tensor([1., 2.]); y = a*3; track a": "tracked late",
    "a = tensor([1., 2.]); y = a*3; a.requires_grad = True": "tracked late",
    "a = tensor([1., 2.]); y = sin(a*3); a.requires_grad_()": "tracked late",
    "x = tensor(1e-8); (1 + x) - 1": "cancelled",
    "x = tensor([16777216.]); y = x + 1; d = y - x": "cancelled",
    "a = tensor([1.0000001]); b = tensor([1.]); a - b": "cancelled",
    "x = torch.tensor([1.], dtype=torch.float64); (x + 1e-20) - 1": "cancelled",
}
SILENT = [
    "W = param(ones(3)); backward W.sum(); step W",
    "W = param(ones(3)); backward W.sum(); W.data -= 0.1*W.grad",
    "W = param(ones(3)); W = param(zeros(3))",
    "W = param(ones(3)); W = (W*2).detach().requires_grad_()",
    "a = param([1., 2.]); y = a\nfor i in range(3):\n    y = sin(y)",
    "w = param(2.)\nfor i in range(3):\n    zero\n    backward w**2",
    "w = param(2.); backward w**2; w.grad = None; backward w**2",
    "w = param(2.); o = torch.optim.SGD([w], lr=0.1)\n"
    "for i in range(3):\n    o.zero_grad()\n    (w**2).backward()\n    o.step()",
    "w = param(2.)\nfor i in range(2):\n    zero\n    backward w**2\n    w.grad *= 0.5",
    "w = param([1., 2.]); o = torch.optim.SGD([w], lr=0.1)\n"
    "for i in range(3):\n    o.zero_grad()\n    (w**2).sum().backward()\n"
    "    torch.nn.utils.clip_grad_norm_([w], 1.)\n    o.step()",
    "w = param(2.)\nfor i in range(2):\n    (w**2).backward()\n    w.grad.zero_()",
    "w = param(2.); w.register_hook(lambda g: g*2); backward w**2",
    "x = ones(3); y = ones(4); outer(x, y); x[:, None]*y; x.unsqueeze(1) + y; x.view(3, 1) - y",
    "X = randn(4, 3); b = ones(3); X + b; X - X.mean(0, keepdim=True); X*2",
    "a = ones(4); b = a.clone(); b[0] = 9.",
    "a = ones(4); a[0] = 9.; a += 1",
    "a = ones(4); c = a; c[0] = 9.",
    "a = tensor([1., 2.]); track a; y = a*3",
    "x = ones(3, 4); x.mean(0, keepdim=True) + x.mean(1, keepdim=True)",
    "x = tensor([[1.], [2.]]); y = tensor([1., 2., 3.]); x*y",
    "x = tensor([1., 2.]); x - x",
    "x = tensor([1.]); y = x + 1e-9; y - y; y - y.detach(); y - y.max(); y - y.mean()",
    "x = tensor([inf, nan]); x - x; tensor([]) - tensor([]); 0 - tensor(0.)",
    "x = tensor([1.5, 2.]); y = tensor([1., 2.]); x - y; 1 - x; x - 1",
    "p = tensor([0., 1.]); log(p + 1e-12); sqrt(p + 1e-8)",
    "x = tensor(3); y = tensor(3); x - y",
]


def told(text: str) -> list[str]:
    shown: list[object] = []
    session = Calculator(shown.append)
    session.run(text, whole=False)
    return [output.kind for output in shown if isinstance(output, Noted)]


@pytest.mark.parametrize("text", TOLD)
def test_a_note_is_told_once(text: str) -> None:
    assert told(text) == [TOLD[text]]


@pytest.mark.parametrize("text", SILENT)
def test_nothing_is_noted(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize("text", TOLD)
def test_a_note_fits_the_screen(text: str) -> None:
    shown: list[object] = []
    Calculator(shown.append).run(text, whole=False)
    (note,) = (output for output in shown if isinstance(output, Noted))
    ((line, style),) = note.lines()[0]
    assert len(line) <= 80
    assert style == "note"
    assert note.facts() == {"note": TOLD[text], "message": line.removeprefix("note: ")}


def test_a_rebound_parameter_is_told_what_keeps_it() -> None:
    def text(statement: str) -> str:
        shown: list[object] = []
        Calculator(shown.append).run(f"W = param([1.]); backward W**2; {statement}", whole=False)
        (note,) = (output for output in shown if isinstance(output, Noted))
        return note.message.partition("; ")[2]

    assert text("W = W - 0.1*W.grad") == "step W keeps it a leaf"
    assert text("W = relu(W)") == "another name keeps the leaf"


def test_notes_can_be_off() -> None:
    assert told("set notes off; w = param(2.); backward w**2; backward w**2") == []
