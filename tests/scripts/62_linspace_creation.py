import torch

print(torch.linspace(0, 1, 5), torch.logspace(0, 2, 3), torch.arange(0, 1, 0.25))
print(torch.eye(2), torch.full((2, 2), 7), torch.full((2,), 0.5))
print(torch.zeros(2, 3, dtype=torch.int64), torch.ones_like(torch.tensor([1, 2])))
print(torch.tensor([[1, 2], [3, 4]], dtype=torch.float32), torch.empty(0).shape)
t = torch.tensor([1.0, 2.0])
u = t.clone()
u[0] = 5
print(t, u, t.new_zeros(2), t.new_tensor([3, 4]), torch.full_like(t, 2))
print(torch.as_tensor([1, 2, 3]), torch.scalar_tensor(2.0), torch.tensor(5).item())
print(torch.complex(t, u), torch.zeros(3, requires_grad=True))
print(torch.tril_indices(3, 3), torch.cartesian_prod(torch.tensor([1, 2]), torch.tensor([3, 4])))
print(torch.combinations(torch.arange(3)), torch.vander(torch.tensor([1, 2, 3])))
print(torch.hann_window(4), torch.block_diag(torch.ones(1, 1), torch.eye(2)))
print(torch.is_tensor(t), torch.is_floating_point(t), t.element_size(), t.nelement())
