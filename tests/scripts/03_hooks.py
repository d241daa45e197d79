import torch

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x * 2
seen = []


def remember(grad):
    seen.append(grad.clone())


def double(grad):
    return grad * 2


y.register_hook(remember)
handle = x.register_hook(double)
(y**2).sum().backward()
print("at y:", seen[0])
print("at x:", x.grad)

x.grad = None
handle.remove()
(x**2).sum().backward()
print("removed:", x.grad)

w = torch.tensor([0.5, -0.5], requires_grad=True)
v = w.exp()
v.retain_grad()
v.register_hook(lambda g: g.clamp(max=1.0))
(v * torch.tensor([3.0, 0.25])).sum().backward()
print(v.grad, w.grad)
