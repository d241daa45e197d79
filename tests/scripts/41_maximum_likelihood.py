import torch

t = torch.tensor([1.0, 2.0, 3.0])
mu = torch.tensor(0.0, requires_grad=True)
log_sigma = torch.tensor(0.0, requires_grad=True)
for step in range(400):
    nll = (log_sigma + 0.5 * ((t - mu) / log_sigma.exp()) ** 2).mean()
    gm, gs = torch.autograd.grad(nll, (mu, log_sigma))
    with torch.no_grad():
        mu -= 0.1 * gm
        log_sigma -= 0.1 * gs
    if step % 100 == 0:
        print(step, f"{nll.item():.4f} {mu.item():.3f} {log_sigma.exp().item():.3f}")
print(f"{mu.item():.3f}", f"{log_sigma.exp().item():.3f}", f"{t.std(correction=0).item():.3f}")
print(mu.requires_grad, mu.is_leaf, mu.grad)
