import torch

q = torch.tensor([1.0, 0.0], dtype=torch.float64)
p = torch.tensor([0.0, 1.0], dtype=torch.float64)


def hamiltonian(q, p):
    return p.dot(p) / 2 - 1 / q.norm()


def forces(q, p):
    q = q.detach().requires_grad_()
    p = p.detach().requires_grad_()
    dq, dp = torch.autograd.grad(hamiltonian(q, p), (q, p))
    return -dq, dp


h = 0.05
start = hamiltonian(q, p)
for step in range(100):
    force, _ = forces(q, p)
    p = p + h / 2 * force
    q = q + h * p
    force, _ = forces(q, p)
    p = p + h / 2 * force
    if step % 25 == 0:
        print(step, q, p)
print(f"{(hamiltonian(q, p) - start).abs().item():.1e}")
