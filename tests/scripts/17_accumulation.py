import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
for i in range(3):
    (x**2).sum().backward()
    print(i, x.grad)
x.grad.zero_()
print(x.grad)

big = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
target = torch.tensor([1.0, 0.0, 1.0, 0.0])
w = torch.tensor([0.5, -0.5], requires_grad=True)
((big @ w - target) ** 2).sum().backward()
whole = w.grad.clone()
w.grad = None
for part, t in zip(big.split(2), target.split(2)):
    ((part @ w - t) ** 2).sum().backward()
print(whole, w.grad, torch.equal(whole, w.grad))

a = torch.ones(2, requires_grad=True)
b = a * 3
c = b + b * b
c.sum().backward()
print(a.grad)
