import torch

torch.manual_seed(0)
X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
W1 = torch.randn(2, 4)
W2 = torch.randn(4, 1)
b1 = torch.zeros(4)
b2 = torch.zeros(1)
params = [W1, b1, W2, b2]
for p in params:
    p.requires_grad_(True)
for step in range(301):
    hidden = torch.tanh(X @ W1 + b1)
    out = hidden @ W2 + b2
    loss = ((out - Y) ** 2).mean()
    grads = torch.autograd.grad(loss, params)
    with torch.no_grad():
        for p, g in zip(params, grads, strict=True):
            p.sub_(0.2 * g)
    if step % 100 == 0:
        print(step, f"{loss.item():.3f}")
print([tuple(p.shape) for p in params])
print(out.detach().round().abs().flatten().tolist())
