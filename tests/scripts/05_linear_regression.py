import torch

X = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
Y = torch.tensor([[2.0], [4.0], [6.0], [8.0]])
w = torch.tensor([[0.0]], requires_grad=True)
learning_rate = 0.01


def forward(x):
    return x @ w


def loss(y, y_predicted):
    return ((y_predicted - y) ** 2).mean()


print(f"Prediction before training: f(5) = {forward(torch.tensor([5.0])).item():.3f}")
for epoch in range(50):
    y_pred = forward(X)
    error = loss(Y, y_pred)
    error.backward()
    with torch.no_grad():
        w -= learning_rate * w.grad
    w.grad.zero_()
    if epoch % 10 == 0:
        print(f"epoch {epoch + 1}: w = {w.item():.3f}, loss = {error.item():.6f}")
print(f"Prediction after training: f(5) = {forward(torch.tensor([5.0])).item():.3f}")
