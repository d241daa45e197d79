import torch

x = torch.tensor(2.0, requires_grad=True)
y = x**4
derivatives = [y]
for order in range(1, 6):
    (g,) = torch.autograd.grad(derivatives[-1], x, create_graph=True)
    derivatives.append(g)
    print(order, g)

t = torch.tensor([0.5, 1.0], requires_grad=True)
first = torch.autograd.grad(t.sin().sum(), t, create_graph=True)[0]
print(first.grad_fn.name())
penalty = (first**2).sum()
penalty.backward()
print(t.grad)

v = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
f = (v[0] * v[1] * v[2]) + v[0] ** 2
g = torch.autograd.grad(f, v, create_graph=True)[0]
rows = [torch.autograd.grad(g[i], v, retain_graph=True)[0] for i in range(3)]
print(torch.stack(rows))
