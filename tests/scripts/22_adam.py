import torch

torch.manual_seed(0)
x = torch.linspace(-1, 1, 8).unsqueeze(1)
y = 2 * x + 1
w = torch.zeros(1, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.Adam([w, b], lr=0.1)
for epoch in range(101):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(x @ w + b, y)
    loss.backward()
    optimizer.step()
    if epoch % 25 == 0:
        print(epoch, f"{loss.item():.3f} {w.item():.3f} {b.item():.3f}")

first = torch.tensor([5.0], requires_grad=True)
second = torch.tensor([5.0], requires_grad=True)
groups = torch.optim.AdamW([{"params": [first]}, {"params": [second], "lr": 0.01}], lr=0.5)
(first**2 + second**2).sum().backward()
groups.step()
print(first.detach(), second.detach())
print([g["lr"] for g in groups.param_groups])
