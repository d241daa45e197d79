import torch
from torch import nn

torch.manual_seed(42)
w = torch.empty(3, 4)
print(nn.init.constant_(w, 0.3))
print(nn.init.eye_(w))
print(nn.init.zeros_(w).sum(), nn.init.ones_(w).sum())
print(nn.init.uniform_(w, -1, 1))
print(nn.init.normal_(w, mean=0.0, std=0.02))
print(nn.init.xavier_uniform_(w, gain=nn.init.calculate_gain("relu")))
print(nn.init.xavier_normal_(w))
print(nn.init.kaiming_uniform_(w, mode="fan_in", nonlinearity="relu"))
print(nn.init.kaiming_normal_(w, mode="fan_out"))
print(nn.init.calculate_gain("tanh"), nn.init.calculate_gain("leaky_relu", 0.2))
p = torch.empty(2, 2, requires_grad=True)
nn.init.ones_(p)
print(p, p.is_leaf)
