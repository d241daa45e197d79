import math

import torch

dtype = torch.float64
x = torch.linspace(-math.pi, math.pi, 200, dtype=dtype)
y = torch.sin(x)
a = torch.zeros((), dtype=dtype, requires_grad=True)
b = torch.full((), 0.5, dtype=dtype, requires_grad=True)
c = torch.zeros((), dtype=dtype, requires_grad=True)
d = torch.full((), 0.1, dtype=dtype, requires_grad=True)
learning_rate = 1e-6
for t in range(100):
    y_pred = a + b * x + c * x**2 + d * x**3
    loss = (y_pred - y).pow(2).sum()
    if t % 20 == 19:
        print(t, round(loss.item(), 3))
    loss.backward()
    with torch.no_grad():
        a -= learning_rate * a.grad
        b -= learning_rate * b.grad
        c -= learning_rate * c.grad
        d -= learning_rate * d.grad
        a.grad = None
        b.grad = None
        c.grad = None
        d.grad = None
print(f"Result: y = {b.item():.4f} x + {d.item():.4f} x^3")
print(abs(a.item()) < 1e-9, abs(c.item()) < 1e-9)
