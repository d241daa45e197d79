import torch

torch.manual_seed(0)
w = torch.tensor([[0.5, -1.0], [1.0, 0.25]], requires_grad=True)
x = torch.tensor([[1.0, 2.0]], requires_grad=True)
score = torch.tanh(x @ w).sum()
(g,) = torch.autograd.grad(score, x, create_graph=True)
penalty = (g.norm() - 1) ** 2
penalty.backward()
print(score.detach(), g.detach())
print(penalty.detach())
print(w.grad)

a = torch.tensor(1.5, requires_grad=True)
inner = torch.tensor(0.0, requires_grad=True)
current = inner
for _ in range(3):
    loss = (current - a) ** 2
    (step,) = torch.autograd.grad(loss, current, create_graph=True)
    current = current - 0.25 * step
print(current)
current.backward()
print(a.grad, inner.grad)
