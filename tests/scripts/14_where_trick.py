import torch

x = torch.tensor([0.0, 1.0, 4.0], requires_grad=True)
bad = torch.where(x > 0, torch.sqrt(x), torch.zeros_like(x))
bad.sum().backward()
print("naive:", x.grad)

x.grad = None
safe = torch.where(x > 0, x, torch.ones_like(x))
good = torch.where(x > 0, torch.sqrt(safe), torch.zeros_like(x))
good.sum().backward()
print("guarded:", x.grad)

y = torch.tensor([1.0, 1.0], requires_grad=True)
div = torch.tensor([0.0, 1.0])
quotient = y / div
mask = div != 0
loss = quotient[mask].sum()
loss.backward()
print(quotient, y.grad)

z = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)
z.log().nan_to_num(nan=0.0, neginf=-5.0).sum().backward()
print(z.log().detach(), z.grad)
