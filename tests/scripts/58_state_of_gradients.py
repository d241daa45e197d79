import torch

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
print(x.grad)
try:
    x.grad = torch.ones(2)
except RuntimeError as error:
    print(error)
try:
    x.grad = 3
except TypeError as error:
    print(error)
try:
    x.requires_grad = "yes"
except RuntimeError as error:
    print(type(error).__name__)
x.grad = torch.tensor([1.0, 1.0, 1.0])
(x * 2).sum().backward()
print(x.grad)
x.grad = None
y = x * 2
y.backward(torch.tensor([0.1, 1.0, 0.001]))
print(x.grad)
torch.autograd.backward([x.sum(), (x**2).sum()])
print(x.grad)
x.grad = None
(x.sum() * x.prod()).backward(inputs=[x])
print(x.grad)
n = torch.ones(2, dtype=torch.int64)
try:
    n.requires_grad_()
except RuntimeError as error:
    print(str(error).split("\n")[0])
