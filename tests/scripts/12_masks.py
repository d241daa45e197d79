import torch

x = torch.tensor([[1.0, -2.0, 3.0], [-4.0, 5.0, -6.0]], requires_grad=True)
mask = x > 0
print(mask, mask.dtype)
print(x[mask])
x[mask].pow(2).sum().backward()
print(x.grad)

x.grad = None
y = torch.where(mask, x, 0.1 * x)
y.sum().backward()
print(y)
print(x.grad)

z = x.detach().clone()
z[z < 0] = 0
print(z)
print(z.masked_fill(z == 0, float("-inf")).softmax(dim=1))
print(torch.masked_select(z, mask))
print(mask.nonzero())
print(torch.where(mask))
print(mask.any(dim=0), mask.all(dim=1), (~mask).sum())
print((mask & (x < 4)).int())
