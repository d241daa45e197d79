import torch
import torch.nn.functional as F

torch.manual_seed(1)
X = torch.tensor([[0.5, 1.0], [1.5, -0.5], [-1.0, 2.0], [2.0, 2.0], [-1.5, -1.0], [0.0, -2.0]])
t = torch.tensor([1.0, 1.0, 0.0, 1.0, 0.0, 0.0])
w = torch.zeros(2, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
for epoch in range(200):
    p = torch.sigmoid(X @ w + b)
    loss = F.binary_cross_entropy(p, t)
    if epoch % 50 == 0:
        print(f"{epoch:3d} {loss.item():.4f}")
    loss.backward()
    with torch.no_grad():
        w -= 0.5 * w.grad
        b -= 0.5 * b.grad
    w.grad.zero_()
    b.grad.zero_()
with torch.no_grad():
    guess = (torch.sigmoid(X @ w + b) > 0.5).float()
print("accuracy:", (guess == t).float().mean().item())
print(w.detach().round(decimals=2))
