import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
with torch.no_grad():
    y = x * 2
    print(torch.is_grad_enabled(), y.requires_grad)
    with torch.enable_grad():
        z = x * 3
        print(torch.is_grad_enabled(), z.requires_grad)
print(torch.is_grad_enabled())


@torch.no_grad()
def doubler(x):
    return x * 2


print(doubler(x).requires_grad)
with torch.set_grad_enabled(False):
    print((x + 1).requires_grad)
with torch.inference_mode():
    i = x * 2
print(i.requires_grad, i.is_inference())
d = x.detach()
d[0] = 9
print(x)
w = (x * x).detach() * x
w.sum().backward()
print(x.grad)
