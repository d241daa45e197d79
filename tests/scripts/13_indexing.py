import torch

t = torch.arange(24).reshape(2, 3, 4)
print(t[1, 2, 3], t[1, 2, 3].item())
print(t[:, 1])
print(t[..., -1])
print(t[0, ::2, 1:3])
print(t[None, 0].shape, t[:, None, :, 0].shape)
print(t[torch.tensor([1, 0, 1]), torch.tensor([0, 1, 2])])
print(t[0][[2, 0]])

x = torch.tensor([10.0, 20.0, 30.0], requires_grad=True)
picked = x[torch.tensor([0, 2, 2, 0, 0])]
print(picked)
picked.sum().backward()
print(x.grad)

m = torch.zeros(3, 3)
m[1] = 1
m[:, 2] = torch.tensor([7.0, 8.0, 9.0])
m[0, 0] += 4
print(m)
print(m.diagonal(), m[[0, 1, 2], [2, 1, 0]])
m[torch.arange(3), torch.arange(3)] = -1
print(m)
