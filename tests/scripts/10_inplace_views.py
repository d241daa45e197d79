import torch

a = torch.ones(2, 3)
view = a.view(3, 2)
view[0, 0] = 7
print(a)
print(a._version, view._version)
row = a[1]
row.mul_(5)
print(a, row.is_contiguous(), a.t().is_contiguous())

x = torch.arange(4.0, requires_grad=True)
y = x.clone()
y[1:3] *= 10
y[0] = -1
print(y)
y.sum().backward()
print(x.grad)

try:
    x += 1
except RuntimeError as error:
    print(error)

p = torch.ones(3, requires_grad=True)
q = p.exp()
s = q.sum()
q.add_(1)
try:
    s.backward()
    print("sum needs no values")
except RuntimeError as error:
    print(error)
print(q)
