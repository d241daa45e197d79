import torch
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)
a = torch.randn(3, 2, dtype=torch.double, requires_grad=True)
b = torch.randn(2, 3, dtype=torch.double, requires_grad=True)
print(gradcheck(torch.matmul, (a, b), eps=1e-6, atol=1e-4))
print(gradcheck(lambda t: t.tanh().sum(1), (a,)))
print(gradgradcheck(lambda t: (t**3).sin(), (a,)))
print(gradcheck(lambda t: torch.linalg.det(t @ b), (b.t().detach().requires_grad_(),)))
print(gradcheck(torch.nn.functional.softplus, (a,)))
print(gradcheck(lambda t: t.detach() * t, (a,), raise_exception=False))
print(gradcheck(lambda t: t.cumsum(0).prod(), (a,)))
