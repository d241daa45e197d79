import torch


def attempt(what):
    try:
        what()
    except RuntimeError as error:
        print(type(error).__name__, str(error).split(". ")[0])


x = torch.tensor([1.0, 2.0], requires_grad=True)
plain = torch.ones(2)
attempt(lambda: x.backward())
attempt(lambda: plain.sum().backward())
attempt(lambda: (x * 2).backward(torch.ones(3)))
attempt(lambda: torch.autograd.grad(x.sum(), plain))
attempt(lambda: torch.autograd.grad((x * 2).sum(), torch.ones(2, requires_grad=True)))
attempt(lambda: torch.tensor([1, 2], requires_grad=True))
attempt(lambda: (x * 2).requires_grad_(False))
attempt(lambda: x.numpy())
attempt(lambda: torch.ones(2, 3) @ torch.ones(2, 3))
attempt(lambda: torch.ones(2) + torch.ones(3))
attempt(lambda: torch.ones(2, 3).view(4))
attempt(lambda: x.exp_())
attempt(lambda: bool(torch.ones(2) > 0))
attempt(lambda: torch.cat([torch.ones(2, 2), torch.ones(2, 3)]))
