import torch

a = torch.tensor([2.0, 3.0], requires_grad=True)
b = torch.tensor([6.0, 4.0], requires_grad=True)
Q = 3 * a**3 - b**2
print(Q)
Q.backward(gradient=torch.tensor([1.0, 1.0]))
print(9 * a**2 == a.grad)
print(-2 * b == b.grad)
print(a.is_leaf, b.is_leaf, Q.is_leaf)
print(Q.grad_fn is None, a.grad_fn is None)
print(Q.requires_grad, a.grad.requires_grad)
c = a.detach()
print(c.is_leaf, c.requires_grad, c.grad)
x = torch.ones(2, 2)
print(x.is_leaf, x.requires_grad)
x.requires_grad_()
y = x + 2
print(y)
z = y * y * 3
out = z.mean()
print(z, out)
out.backward()
print(x.grad)
