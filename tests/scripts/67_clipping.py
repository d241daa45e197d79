import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

w = torch.tensor([3.0, -4.0], requires_grad=True)
b = torch.tensor([0.5], requires_grad=True)
loss = ((w * torch.tensor([1.0, 2.0])).sum() + b.sum()) ** 2
loss.backward()
print(w.grad, b.grad)
total = clip_grad_norm_([w, b], 1.0)
print(total)
print(w.grad, b.grad)
print(clip_grad_norm_([w, b], 100.0))
clip_grad_value_([w, b], 0.5)
print(w.grad, b.grad)
flat = torch.nn.utils.parameters_to_vector([w, b])
print(flat)
torch.nn.utils.vector_to_parameters(torch.tensor([1.0, 2.0, 3.0]), [w, b])
print(w, b)
