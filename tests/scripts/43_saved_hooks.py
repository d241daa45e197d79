import torch


def pack(t):
    print("pack", t.detach())
    return t.detach() * 1


def unpack(t):
    print("unpack", t)
    return t


a = torch.tensor([1.0, 2.0], requires_grad=True)
b = torch.tensor([3.0, 4.0], requires_grad=True)
with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
    y = a * b
print("backward")
y.sum().backward()
print(a.grad, b.grad)
