import torch
import torch.nn.functional as F


def attempt(what):
    try:
        print(what())
    except (RuntimeError, IndexError, TypeError, ValueError) as error:
        print(f"{type(error).__name__}: {str(error).splitlines()[0]}")


t = torch.ones(2, 3)
attempt(lambda: t[2])
attempt(lambda: t[0, 0, 0])
attempt(lambda: t.sum(2))
attempt(lambda: t.reshape(5))
attempt(lambda: t.item())
attempt(lambda: torch.stack([t, t.t()]))
attempt(lambda: t.squeeze(5))
attempt(lambda: torch.tensor([[1, 2], [3]]))
attempt(lambda: t.expand(4, 3))
attempt(lambda: t.transpose(0, 2))
attempt(lambda: F.mse_loss(t, t, reduction="maximum"))
attempt(lambda: torch.mm(t, torch.ones(3)))
attempt(lambda: torch.linalg.inv(torch.zeros(2, 2)))
attempt(lambda: t.gather(1, torch.zeros(2)))
attempt(lambda: t.split(0))
attempt(lambda: torch.arange(0, 1, -1))
attempt(lambda: len(torch.tensor(1)))
attempt(lambda: F.cross_entropy(t, torch.tensor([0, 3])))
attempt(lambda: torch.optim.SGD([], lr=0.1))
attempt(lambda: torch.optim.Adam([torch.ones(1)], lr=-1))
