import torch


def linear(n_in, n_out):
    w = torch.full((n_in, n_out), 0.5, requires_grad=True)
    b = torch.zeros(n_out, requires_grad=True)
    return lambda x: x @ w + b, [w, b]


first, p1 = linear(2, 3)
second, p2 = linear(3, 1)
model = lambda x: second(torch.relu(first(x)))  # noqa: E731
parameters = p1 + p2
x = torch.tensor([[1.0, -2.0], [3.0, 1.0]])
y = torch.tensor([[0.0], [2.0]])
for step in range(4):
    loss = torch.nn.functional.mse_loss(model(x), y)
    for p in parameters:
        p.grad = None
    loss.backward()
    with torch.no_grad():
        for p in parameters:
            p -= 0.05 * p.grad
    print(step, f"{loss.item():.4f}")
named = dict(zip(["w1", "b1", "w2", "b2"], parameters))
for name, p in sorted(named.items()):
    print(name, tuple(p.shape), p.numel())
print(sum(p.numel() for p in parameters))
