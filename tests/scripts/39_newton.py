import torch


def rosenbrock(p):
    x, y = p
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


p = torch.tensor([-1.2, 1.0], dtype=torch.float64)
for step in range(7):
    p.requires_grad_(True)
    value = rosenbrock(p)
    (g,) = torch.autograd.grad(value, p)
    H = torch.autograd.functional.hessian(rosenbrock, p.detach())
    print(step, f"{value.item():.6f}")
    p = p.detach() - torch.linalg.solve(H, g)
print(p)

x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
for _ in range(5):
    f = x**2 - 2
    (slope,) = torch.autograd.grad(f, x)
    x = (x - f / slope).detach().requires_grad_()
print(x)
