import torch


def f(x):
    y = x
    steps = 0
    while y.norm() < 100:
        y = y * 2
        steps += 1
    if y.sum() > 0:
        return y, steps
    return -3 * y, steps


for start in ([1.0, 2.0, 2.0], [-1.0, -2.0, -2.0], [30.0, 40.0, 0.0]):
    x = torch.tensor(start, requires_grad=True)
    y, steps = f(x)
    y.sum().backward()
    print(steps, y.detach(), x.grad)

x = torch.tensor(1.5, requires_grad=True)
total = torch.zeros(())
for k in range(1, 5):
    if k % 2 == 0:
        continue
    total = total + x**k / k
total.backward()
print(total.item(), x.grad.item())
