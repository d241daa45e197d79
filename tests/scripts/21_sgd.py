import torch

w = torch.tensor([1.0, -2.0], requires_grad=True)
plain = torch.optim.SGD([w], lr=0.1)
for step in range(3):
    plain.zero_grad()
    loss = (w**2).sum()
    loss.backward()
    plain.step()
    print(step, loss, w.detach())

v = torch.tensor([1.0, -2.0], requires_grad=True)
heavy = torch.optim.SGD([v], lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)
for step in range(3):
    loss = (v**2).sum()
    heavy.zero_grad()
    loss.backward()
    heavy.step()
    print(step, f"{loss.item():.4f}", v.detach())
print(plain.param_groups[0]["lr"], heavy.param_groups[0]["momentum"])
heavy.param_groups[0]["lr"] = 0.0
before = v.detach().clone()
heavy.step()
print(torch.equal(before, v))
