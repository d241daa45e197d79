import torch

x = torch.zeros(2, 2, requires_grad=True)
y = x.clone()
row = y[0]
row.add_(torch.tensor([1.0, 2.0]))
row *= 3
print(y)
print(row.grad_fn.name(), y.grad_fn.name())
y.pow(2).sum().backward()
print(x.grad)

base = torch.ones(3, requires_grad=True).clone()
part = base[:2]
base.mul_(5)
print(part, base)
copy = base.detach()
copy[0] = 100
print(base)
flat = torch.arange(6.0)
diag = flat.view(2, 3).diagonal()
diag.zero_()
print(flat)
print(flat.data_ptr() == diag.data_ptr(), flat[1:].storage_offset(), flat.view(2, 3).t().stride())
