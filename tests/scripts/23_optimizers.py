import torch


def descend(make):
    p = torch.tensor([2.0, -3.0], requires_grad=True)
    optimizer = make([p])
    for _ in range(20):
        optimizer.zero_grad()
        ((p - 1) ** 2 * torch.tensor([1.0, 0.5])).sum().backward()
        optimizer.step()
    return p.detach()


print(descend(lambda p: torch.optim.SGD(p, lr=0.1)))
print(descend(lambda p: torch.optim.Adagrad(p, lr=0.5)))
print(descend(lambda p: torch.optim.RMSprop(p, lr=0.05)))
print(descend(lambda p: torch.optim.Adam(p, lr=0.2, amsgrad=True)))
print(descend(lambda p: torch.optim.AdamW(p, lr=0.2, weight_decay=0.1)))
