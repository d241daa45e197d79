import math

import torch
import torch.nn.functional as F

q = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]], requires_grad=True)
k = torch.tensor([[[1.0, 1.0], [0.0, 2.0], [2.0, 0.0]]], requires_grad=True)
v = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]], requires_grad=True)
scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
mask = torch.tril(torch.ones(3, 3)).bool()
scores = scores.masked_fill(~mask, float("-inf"))
weights = F.softmax(scores, dim=-1)
print(weights)
out = weights @ v
print(out)
built_in = F.scaled_dot_product_attention(q, k, v, is_causal=True)
print(torch.allclose(out, built_in))
out[0, -1].sum().backward()
print(v.grad)
print(q.grad[0, :2], k.grad.shape)
