import torch
from torch.autograd.functional import hessian, hvp, jacobian, jvp, vhp, vjp


def f(x):
    return torch.stack([x[0] ** 2 * x[1], 5 * x[0] + x[1].sin()])


def g(x):
    return (x**3).sum() + x[0] * x[1]


x = torch.tensor([1.0, 2.0])
print(jacobian(f, x))
print(hessian(g, x))
print(vjp(f, x, torch.tensor([1.0, 0.0])))
print(jvp(f, x, torch.tensor([1.0, 0.0])))
print(hvp(g, x, torch.tensor([1.0, 1.0])))
print(vhp(g, x, torch.tensor([1.0, 1.0])))
two = jacobian(lambda a, b: a * b.sum(), (x, torch.tensor([3.0, 4.0])))
print(two)
print(jacobian(lambda t: t.exp(), torch.zeros(2, 2)).shape)
