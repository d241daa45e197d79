import torch
from torch.func import grad, hessian, jacfwd, jacrev, vmap

f = torch.sin
x = torch.tensor(1.0)
print(grad(f)(x), grad(grad(f))(x))


def g(v):
    return torch.stack([v[0] * v[1], v[1] ** 2])


v = torch.tensor([2.0, 3.0])
print(jacrev(g)(v))
print(jacfwd(g)(v))
print(hessian(lambda t: (t**3).sum())(v))
batch = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
print(vmap(torch.dot)(batch, batch))
print(vmap(grad(lambda t: (t**2).sum()))(batch))
print(grad(lambda a, b: (a * b).sum(), argnums=(0, 1))(v, v + 1))
