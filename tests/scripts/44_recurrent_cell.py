import torch

torch.manual_seed(3)
Wx = (torch.randn(3, 2) * 0.5).requires_grad_()
Wh = (torch.randn(3, 3) * 0.5).requires_grad_()
b = torch.zeros(3, requires_grad=True)
sequence = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, -0.5]])
h = torch.zeros(3)
states = []
for x in sequence:
    h = torch.tanh(Wx @ x + Wh @ h + b)
    states.append(h)
out = torch.stack(states)
print(out.shape, out.requires_grad)
loss = (out[-1] - torch.tensor([0.1, 0.2, 0.3])).pow(2).sum()
loss.backward()
print(f"{loss.item():.3f}", Wx.grad.shape, bool(Wh.grad.norm() > 0))
total = torch.stack([p.grad.norm() for p in (Wx, Wh, b)]).norm()
scale = (0.1 / total).clamp(max=1.0)
for p in (Wx, Wh, b):
    p.grad.mul_(scale)
norm = torch.stack([p.grad.norm() for p in (Wx, Wh, b)]).norm()
print(bool(total > 0.1), f"{norm.item():.3f}")
print(torch.equal(out[0], states[0]), [s.grad_fn.name() for s in states[:2]])
