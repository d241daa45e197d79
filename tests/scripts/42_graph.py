import torch

a = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(3.0, requires_grad=True)
c = a * b
d = c + a
e = d.exp().log()


def walk(fn, depth=0):
    if fn is None:
        return
    print("  " * depth + fn.name())
    for following, _ in fn.next_functions:
        walk(following, depth + 1)


walk(e.grad_fn)
print(c.grad_fn.name(), d.grad_fn.next_functions[0][0] is c.grad_fn)
print(len(d.grad_fn.next_functions), d.grad_fn.next_functions[1][1])
print(d.grad_fn.next_functions[1][0].variable is a)
for t in (a.sum(), a.view(1), a.reshape(1, 1), -a, a / b, a**2):
    print(t.grad_fn.name())
