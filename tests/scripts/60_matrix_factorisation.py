import torch

torch.manual_seed(11)
M = torch.tensor([[5.0, 3.0, 0.0, 1.0], [4.0, 0.0, 0.0, 1.0], [1.0, 1.0, 0.0, 5.0]])
known = M > 0
U = torch.rand(3, 2, dtype=torch.float64, requires_grad=True)
V = torch.rand(4, 2, dtype=torch.float64, requires_grad=True)
for step in range(301):
    error = ((U @ V.t() - M) * known).pow(2).sum()
    loss = error + 0.01 * (U.norm() ** 2 + V.norm() ** 2)
    loss.backward()
    for p in (U, V):
        p.data.add_(p.grad, alpha=-0.02)
        p.grad.zero_()
    if step % 100 == 0:
        print(step, f"{error.item():.4f}")
print(((U @ V.t()) * known).detach().round(decimals=1))
print(known.sum().item(), known.float().mean(), U.dtype)
