import torch
from torch.nn.parameter import Parameter

p = Parameter(torch.tensor([1.0, 2.0]))
print(p)
print(p.requires_grad, p.is_leaf, isinstance(p, torch.Tensor))
frozen = torch.nn.Parameter(torch.zeros(2), requires_grad=False)
print(frozen.requires_grad)
q = p * 2
print(isinstance(q, torch.nn.Parameter), q)
optimizer = torch.optim.SGD([p], lr=0.5)
q.sum().backward()
optimizer.step()
print(p)
p.data.fill_(7.0)
print(p, p.grad)
print(p.detach(), p.clone())
