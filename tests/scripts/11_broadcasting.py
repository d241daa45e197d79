import torch

a = torch.arange(3.0, requires_grad=True)
b = torch.ones(2, 1, requires_grad=True)
c = a + 10 * b
print(c, c.shape)
(c * c).sum().backward()
print(a.grad, b.grad)

x = torch.ones(5, 3, 4, 1)
y = torch.ones(3, 1, 1)
print((x + y).size())
print(torch.broadcast_shapes((2, 1), (1, 5), (5,)))
print(torch.tensor([[1], [2], [3]]).expand(3, 4))
u, v = torch.broadcast_tensors(torch.arange(3).view(1, 3), torch.arange(2).view(2, 1))
print(u, v)

rows = torch.tensor([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])
distance = (rows.unsqueeze(0) - rows.unsqueeze(1)).pow(2).sum(-1).sqrt()
print(distance)
outer = torch.arange(1, 4).view(3, 1) * torch.arange(1, 4)
print(outer)
mean = rows.mean(dim=0, keepdim=True)
print(rows - mean, mean.shape)
