import torch

torch.set_default_dtype(torch.float64)
x = torch.tensor([0.3, 0.7], requires_grad=True)
print(x.dtype, torch.zeros(1).dtype, torch.get_default_dtype())


def f(x):
    return (x.sin() * x.exp()).sum()


(g,) = torch.autograd.grad(f(x), x)
h = 1e-5
for i in range(2):
    e = torch.zeros(2)
    e[i] = h
    numeric = (f(x.detach() + e) - f(x.detach() - e)) / (2 * h)
    print(i, f"{numeric.item():.8f} {g[i].item():.8f}", bool((numeric - g[i]).abs() < 1e-9))
print(g)
torch.set_default_dtype(torch.float32)
print(torch.tensor(1.0).dtype)
