import torch

x = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64, requires_grad=True)
for f in (torch.erf, torch.lgamma, torch.digamma, torch.expm1, torch.log1p, torch.rsqrt):
    y = f(x)
    (g,) = torch.autograd.grad(y.sum(), x)
    print(y.detach(), g)
print(torch.tensor([-1.5, 1.5, 2.5]).round(), torch.tensor([-1.5, 1.5]).trunc())
print(torch.tensor([-1.5, 0.0, 1.5]).sign(), torch.tensor([5.5, -5.5]).fmod(2))
print(torch.remainder(torch.tensor([5.5, -5.5]), 2), torch.clamp(torch.arange(5), 1, 3))
s = torch.tensor([0.0, -0.0, 3.0], requires_grad=True)
s.abs().sum().backward()
print(s.grad, torch.heaviside(s.detach(), torch.tensor(0.5)))
s.grad = None
torch.clamp(s, 0, 3).sum().backward()
print(s.grad)
s.grad = None
torch.maximum(s, torch.zeros(3)).sum().backward()
print(s.grad)
s.grad = None
s.norm().backward()
print(s.grad, torch.hypot(torch.tensor(3.0), torch.tensor(4.0)), torch.tensor([2.0]).pow(-1))
