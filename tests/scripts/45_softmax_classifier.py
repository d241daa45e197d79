import torch
import torch.nn.functional as F

torch.manual_seed(7)
centres = torch.tensor([[2.0, 0.0], [-2.0, 0.0], [0.0, 3.0]])
labels = torch.arange(30) % 3
points = centres[labels] + 0.3 * torch.randn(30, 2)
weights = torch.zeros(2, 3, requires_grad=True)
bias = torch.zeros(3, requires_grad=True)
batch = 10
for epoch in range(20):
    for start in range(0, len(points), batch):
        xb, yb = points[start : start + batch], labels[start : start + batch]
        loss = F.cross_entropy(xb @ weights + bias, yb)
        loss.backward()
        with torch.no_grad():
            weights -= weights.grad * 0.5
            bias -= bias.grad * 0.5
            weights.grad.zero_()
            bias.grad.zero_()
    if epoch % 5 == 0:
        print(epoch, f"{loss.item():.3f}")
predicted = torch.argmax(points @ weights + bias, dim=1)
print((predicted == labels).float().mean())
print(torch.bincount(predicted), F.one_hot(labels[:4], num_classes=3))
