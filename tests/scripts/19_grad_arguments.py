import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
y = torch.tensor([3.0, 4.0], requires_grad=True)
z = torch.tensor(1.0, requires_grad=True)
out = (x * y).sum()
print(torch.autograd.grad(out, (x, y), retain_graph=True))
print(torch.autograd.grad(out, [x, z], retain_graph=True, allow_unused=True))
print(torch.autograd.grad(out, [x, z], retain_graph=True, materialize_grads=True))
print(x.grad, y.grad)

v = x * y
print(torch.autograd.grad(v, x, grad_outputs=torch.tensor([1.0, 10.0]), retain_graph=True))
print(torch.autograd.grad((v, out), x, (torch.ones(2), torch.tensor(2.0)), retain_graph=True))
basis = torch.eye(2)
print(torch.autograd.grad(v, x, basis, is_grads_batched=True))
(g,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
print(g.requires_grad, g)
(h,) = torch.autograd.grad(g.sum(), x)
print(h.requires_grad, h)
