"""Asks PyTorch what programs about autograd and views say: `python -m tests.recorder.semantics`.

Programs are separated by blank lines; what is recorded is the value of the last expression, or
what is raised, and the warnings. `T` is torch.tensor, `a` a fresh leaf tensor([1., 2.]).
"""

from tests.recorder.programs import write

AUTOGRAD = """
b = T([3., 4.])
c = a * b
[(t.is_leaf, t.requires_grad) for t in (a, b, c, b * 2)]

(a.grad_fn, (a * 2).grad_fn.name(), (a + 1).sum().grad_fn.name())

[None if f is None else (f.name(), i) for f, i in (a * T([1., 2.])).grad_fn.next_functions]

y = a.exp()
z = y * a
[(f.name(), i) for f, i in z.grad_fn.next_functions], z.grad_fn.next_functions[0][0] is y.grad_fn

(a ** 2).sum().backward()
(3 * a).sum().backward()
a.grad

(a ** 2).sum().backward()
g = a.grad
(3 * a).sum().backward()
(g is a.grad, g)

(a ** 2).sum().backward()
a.grad.zero_()
(3 * a).sum().backward()
a.grad

(a ** 2).sum().backward()
a.grad = None
(3 * a).sum().backward()
a.grad

y = a * a
y.backward(T([1., 10.]))
a.grad

y = a * a
y.backward(gradient=T([1., 10.]), retain_graph=True)
y.backward(T([1., 1.]))
a.grad

y = (a ** 2).sum()
y.backward(retain_graph=True)
y.backward(retain_graph=True)
y.backward()
a.grad

y = a ** 2
y[0].backward(retain_graph=True)
y[1].backward()
a.grad

y = (a ** 2).sum()
y.backward()
y.backward()

y = a.exp()
z1, z2 = y.sum(), (y * 2).sum()
z1.backward()
z2.backward()

y = (a + a).sum()
y.backward()
y.backward()
a.grad

x = T(3., requires_grad=True)
y = x ** 4
d1, = torch.autograd.grad(y, x, create_graph=True)
d2, = torch.autograd.grad(d1, x, create_graph=True)
d3, = torch.autograd.grad(d2, x, create_graph=True)
d4, = torch.autograd.grad(d3, x, create_graph=True)
d5, = torch.autograd.grad(d4, x, allow_unused=True)
(d1.item(), d2.item(), d3.item(), d4.item(), d5.item(), x.grad)

y = (a ** 3).sum()
y.backward(create_graph=True)
g = a.grad
(g.requires_grad, g.detach(), torch.autograd.grad(g.sum(), a))

y = (a ** 3).sum()
g, = torch.autograd.grad(y, a, create_graph=True)
(g ** 2).sum().backward()
a.grad

g, = torch.autograd.grad((2 * a).sum(), a, create_graph=True)
(g, g.requires_grad)

g, = torch.autograd.grad((a * a).sum(), a)
(g, g.requires_grad, a.grad)

y = (a * a).sum()
(torch.autograd.grad(y, a, retain_graph=True), torch.autograd.grad(y, a))

y = a.exp()
z = (y * a).sum()
torch.autograd.grad(z, [y, a])

b = T([5., 6.], requires_grad=True)
torch.autograd.grad([(a * b).sum(), (a + b).sum()], [a, b])

b = T([5., 6.], requires_grad=True)
torch.autograd.grad([a * b, a + b], (a, b), grad_outputs=[T([1., 0.]), T([0., 1.])])

b = T([5., 6.], requires_grad=True)
torch.autograd.grad((a * a).sum(), [a, b], allow_unused=True)

b = T([5., 6.], requires_grad=True)
torch.autograd.grad((a * a).sum(), [a, b], materialize_grads=True)

torch.autograd.grad(a.sum(), a.sum())

y = a.sum()
torch.autograd.grad(y, y)

b = T([5., 6.], requires_grad=True)
(a * b).sum().backward(inputs=[a])
(a.grad, b.grad)

y = a * 2
z = (y * y).sum()
z.backward(inputs=[y])
(a.grad, y.grad)

b = T([5., 6.], requires_grad=True)
torch.autograd.backward([(a * b).sum(), (a * a).sum()])
(a.grad, b.grad)

torch.autograd.backward([a * 2, a * 3], [T([1., 0.]), T([0., 1.])])
a.grad

a.backward(T([7., 8.]))
a.grad

g = T([7., 8.])
a.backward(g)
g += 1
a.grad

with torch.no_grad():
    y = a * 2
    s = torch.is_grad_enabled()
(y.requires_grad, y.is_leaf, y.grad_fn, s, torch.is_grad_enabled())

with torch.no_grad():
    a -= 0.5 * a
    y = a * 2
(a, a.is_leaf, y)

with torch.no_grad():
    with torch.enable_grad():
        y = a * 2
    z = a * 2
(y.requires_grad, z.requires_grad)

with torch.set_grad_enabled(False):
    y = a * 2
(y.requires_grad, (a * 2).requires_grad)

@torch.no_grad()
def f(x):
    return x * 2
(f(a).requires_grad, f.__name__)

try:
    with torch.no_grad():
        raise ValueError
except ValueError:
    pass
(a * 2).requires_grad

with torch.no_grad():
    w = T([1.], requires_grad=True)
    v = torch.zeros(2, requires_grad=True)
(w.requires_grad, w.is_leaf, v.requires_grad)

with torch.inference_mode():
    y = a * 2
y.requires_grad

d = a.detach()
d[0] = 9.
(a, d.requires_grad, d.is_leaf)

y = a * 2
d = y.detach()
z = (y * d).sum()
z.backward()
a.grad

y = a.exp()
y.detach().mul_(2)
y.sum().backward()

y = a.exp()
y.data.mul_(2)
y.sum().backward()
a.grad

a.data = T([5., 6., 7.])
a

a.data[0] = 10.
(a, a.is_leaf, a.requires_grad)

y = a * a
a.data = T([10., 20.])
y.sum().backward()
a.grad

w = T([1., 1.])
w.requires_grad_()
(w * 3).sum().backward()
(w.grad, w.requires_grad_(False).requires_grad, w.grad)

w = T([1., 1.])
w.requires_grad = True
(w * a).sum().backward()
(w.grad, a.grad)

y = a * 3
y.retain_grad()
z = (y * y).sum()
z.backward()
(y.grad, a.grad, y.retains_grad, a.retains_grad)

y = a * 3
y.retain_grad()
y.sum().backward(retain_graph=True)
y.sum().backward()
y.grad

y = a * 3
y.retain_grad()
y *= 2
y.sum().backward()
(y.grad, a.grad)

seen = []
a.register_hook(lambda g: seen.append(g.tolist()))
(a * 3).sum().backward()
(seen, a.grad)

a.register_hook(lambda g: g * 10)
(a * 3).sum().backward()
a.grad

a.register_hook(lambda g: g * 10)
a.register_hook(lambda g: g + 1)
(a * 3).sum().backward()
a.grad

h = a.register_hook(lambda g: g * 10)
h.remove()
(a * 3).sum().backward()
a.grad

h = a.register_hook(lambda g: g * 10)
(a * 3).sum().backward()
h.remove()
h.remove()
(a * 3).sum().backward()
a.grad

seen = []
y = a * 3
y.register_hook(lambda g: seen.append(g.tolist()))
y.register_hook(lambda g: g * 2)
(y * y).sum().backward()
(seen, a.grad)

seen = []
y = a * 3
y.register_hook(lambda g: seen.append(g.tolist()))
z = y * 2
(z + y).sum().backward()
seen

seen = []
a.register_hook(lambda g: seen.append(g.tolist()))
(a * 3 + a * a).sum().backward()
seen

seen = []
y = a * 3
y.register_hook(lambda g: seen.append(("hook", g.tolist())))
y.retain_grad()
y.register_hook(lambda g: g * 2)
y.sum().backward()
(seen, y.grad, a.grad)

y = a * 3
y.register_hook(lambda g: g * 2)
torch.autograd.grad(y.sum(), [y, a])

seen = []
a.register_hook(lambda g: seen.append(g.tolist()))
torch.autograd.grad((a * 3).sum(), a)
(seen, a.grad)

seen = []
y = a * 3
y.register_hook(lambda g: seen.append(g.requires_grad))
(y * y).sum().backward(create_graph=True)
seen

seen = []
y = a * 3
def hook(*both):
    seen.append([[None if g is None else g.tolist() for g in gradients] for gradients in both])
h = y.grad_fn.register_hook(hook)
y.sum().backward()
seen

y = a * 3
h = y.grad_fn.register_hook(lambda gi, go: (gi[0] * 100,) + gi[1:])
y.sum().backward()
a.grad

seen = []
a.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.tolist()))
(a * 3).sum().backward()
(a * 3).sum().backward()
seen

Variable = torch.autograd.Variable
v, plain = Variable(T([1., 2.]), requires_grad=True), Variable(T([1., 2.]))
(v, plain, v.is_leaf, isinstance(plain, Variable), isinstance(plain, torch.Tensor))

t = T([1., 2.])
v = torch.autograd.Variable(t, requires_grad=True)
t[0] = 5.
(v, v is t, t.requires_grad)

b = T([6., 8.])
z = ((a ** 2) + (5 * b)).mean()
z.backward()
(z, a.grad, b.grad)

x = T(2., requires_grad=True)
y = x
for _ in range(5):
    y = y * y / x
y.backward()
x.grad

y = a
for _ in range(20):
    y = y + y
y.sum().backward()
a.grad

y = a * 0
(1 / y).sum().backward()
a.grad

y = a.clone()
y.requires_grad_()
y.sum().backward()
a.grad

b = a.double()
(b * b).sum().backward()
a.grad

x = T([0., -1., 1.], requires_grad=True)
torch.relu(x).sum().backward()
x.grad

x = T([1., 1.], requires_grad=True)
x.max().backward()
x.grad

x = T([[1., 1.]], requires_grad=True)
x.max(1).values.sum().backward()
x.grad

y = a * 1
y += a
y *= y
y.sum().backward()
a.grad

y = a * 1
z = y ** 2
y += 1
z.sum().backward()

y = a * 1
z = y + 2
y += 1
z.sum().backward()
a.grad

y = a * 2
v0 = y._version
y += 1
y.mul_(2)
(v0, y._version, y.detach()._version)

w = torch.zeros(2)
w += a
w.sum().backward()
(w.requires_grad, w.is_leaf, a.grad)

w = torch.zeros(2)
w[0] = a[1] * 3
w.sum().backward()
(w, a.grad)

y = torch.empty(3)
for i in range(3):
    y[i] = a.sum() * i
y.sum().backward()
a.grad

y = a * 1
y[y > 1] = 0.
(y * 3).sum().backward()
(y, a.grad)

y = a * 2
y.zero_()
y.sum().backward()
a.grad

y = a * 2
y.copy_(a * 5)
y.sum().backward()
a.grad

y = (a * 2).detach_()
(y.requires_grad, y.is_leaf, y.grad_fn)

x = torch.ones(2, 2, requires_grad=True)
s = sum(row.sum() for row in x)
s.backward()
x.grad

x = torch.ones(3, requires_grad=True)
p, q, r = x
(p * q + r).backward()
x.grad

import copy
b = copy.deepcopy(a)
(b, b is a, b.is_leaf, b.grad)

(a * 2).sum().backward()
import copy
b = copy.deepcopy(a)
b.grad

(a == a, bool((a == a).all()), a in [a], {a: 1}[a], hash(a) == hash(a))

x = torch.zeros(0, requires_grad=True)
x.sum().backward()
x.grad

x = T(2., requires_grad=True)
y = x.expand(3)
(y * T([1., 2., 3.])).sum().backward()
x.grad

W = T([[1.], [2.]], requires_grad=True)
b = T([0.5], requires_grad=True)
x = T([[3., 4.]])
for _ in range(3):
    loss = (torch.matmul(x, W) + b - 1).pow(2)
    loss.backward()
    with torch.no_grad():
        W -= 0.01 * W.grad
        b -= 0.01 * b.grad
        W.grad.zero_()
        b.grad.zero_()
(loss, W, b)
"""

VIEWS = """
x = torch.arange(6.)
y = x.view(2, 3)
y[0, 0] = 9.
x

x = torch.arange(6.).view(2, 3)
r = x.reshape(6); r[0] = 9.
s = x.t().reshape(6); s[1] = 7.
x

x = torch.arange(4.).view(2, 2)
x.t()[0, 1] = 9.; x.T.mul_(2); x.permute(1, 0).add_(1); x.transpose(0, 1)[0].zero_()
x

x = torch.zeros(2, 3)
x[0].fill_(1.); x[:, 1].add_(5.); x[1, 2] = 3.; x[..., 0:1] -= 1; x.diagonal().mul_(2)
x

x = torch.zeros(4)
for part in x.split(2): part += 1
for part in x.chunk(4): part *= 3
for part in x.unbind(): part -= 1
x

x = torch.zeros(1, 3)
x.squeeze().add_(1); x.squeeze(0)[0] = 5; x.unsqueeze(0).mul_(2)
x.flatten()[1] = 7; x.view_as(x)[0, 2] = 8
x

x = torch.zeros(3)
c = x.clone(); c += 1
i = x[T([0, 1])]; i += 1
m = x[x == 0]; m += 1
g = x + 0; g += 1
x

x = torch.zeros(3)
x.expand(2, 3)[0, 0]

torch.zeros(3).expand(2, 3).add_(1)

torch.zeros(3, 1).expand(3, 2)[0] += 1

x = torch.zeros(3, 1).expand(3, 2)
x[0, 0] = 1.
x

torch.zeros(1).expand(2).mul_(T([1., 2.]))

x = torch.arange(3.)
y = x.detach()
y[0] = 5.
n = x.numpy()
n[1] = 6.
x

x = torch.zeros(2)
n = x.numpy()
x += 1
n.tolist()

y = a * 1
v = y.view(2, 1)
v.mul_(3)
(y, v.grad_fn.name(), y.grad_fn.name())

y = a * 1
v = y.view(2, 1)
v.mul_(3)
(y * y).sum().backward()
a.grad

y = a * 1
y[0] *= 5
y.sum().backward()
(y, a.grad)

y = a * 1
v = y[0]
y.mul_(10)
v.backward()
(v, a.grad)

y = a * 1
v = y[1:]
w = y[:1]
v.mul_(10)
w.mul_(v.detach().sum())
y.sum().backward()
(y, v, w, a.grad)

y = a * 1
v = y.t()
w = v.view(2)
w.add_(a * 2)
(y * T([1., 10.])).sum().backward()
(v.grad_fn.name(), a.grad)

x = torch.arange(6., requires_grad=True)
y = x * 1
z = y.view(2, 3)
z[0] = z[1] * 2
y.sum().backward()
x.grad

x = torch.arange(6., requires_grad=True)
y = (x * 1).view(2, 3)
y.t()[0] += 5
y[:, 1:].mul_(3)
(y * y).sum().backward()
x.grad

x = torch.ones(2, 2)
v = x[0]
v.mul_(a)
x.sum().backward()
(x.requires_grad, v.requires_grad, a.grad, x.grad_fn.name(), v.grad_fn.name())

x = torch.zeros(2, 2)
x[0] = a
x[1] = a * a
x.prod(0).sum().backward()
(x, a.grad)

x = torch.zeros(2, 2)
x.diagonal().copy_(a)
(x @ x).sum().backward()
(x, a.grad)

y = a * 1
z = (y * y).sum()
y.view(2)[0] = 3.
z.backward()

y = a * 1
v = y[0]
z = v * v
y.add_(1)
z.backward()

y = a * 1
v = y[0]
z = y * y
v.add_(1)
z.sum().backward()

a.view(2).add_(1)

a[0].zero_()

a.detach()[0] = 7.
a

with torch.no_grad():
    a[0] = 7.
    a.view(2)[1] = 8.
(a, a.is_leaf)

with torch.no_grad():
    v = a.view(2)
v.mul_(2)

with torch.no_grad():
    v = a.view(2)
    v.mul_(2)
(a, v.requires_grad)

y = a * 1
p, q = y.unbind()
p.mul_(2)

y = a * 1
p, q = y.split(1)
p.mul_(2)

y = a * 1
p = y.split(1)[0]
p.backward()
a.grad

y = a * 1
(y.view(2)._is_view(), y._is_view(), y.view(2, 1)._base is y, y.t()[0]._base is y)

y = a * 1
v = y.view(2)
(v._version, y.add_(1)._version, v._version, v.add_(1)._version, y._version)

x = torch.zeros(2, 3)
[(v.is_contiguous(), v.stride(), v.storage_offset()) for v in (x, x.t(), x[:, ::2], x[:, 1])]

x = torch.arange(6.).view(2, 3)
x.t().view(3, 2)

x = torch.arange(6.).view(2, 3)
(x.t().reshape(-1), x.t().flatten(), x.t().contiguous().view(-1))

x = torch.arange(6.).view(2, 3)
x.t()[:, 0].view(3).tolist(), x[:, ::2].view(2, 2, 1).shape

y = a * 1
w = y.view(2)
y.detach_()
(y.requires_grad, w.requires_grad)

x = torch.arange(4.)
x[1:] = x[:-1]
x

x = torch.arange(4.)
x[:2], x[2:] = x[2:], x[:2]
x

x = torch.arange(4.)
x += x.flip(0)
x

x = torch.ones(2, 2)
x += x.t()
x *= x[0]
x

x = torch.arange(3.)
x[T([0, 0, 1])] += 1
x

x = torch.zeros(3)
x.index_put_((T([0, 0, 1]),), T([1., 2., 3.]), accumulate=True)

y = torch.zeros(3) + a.sum()
y[T([0, 0])] = a
y.sum().backward()
y

x = torch.zeros(2, 2, requires_grad=True)
y = x.clone()
y[0, 0] = 1.
y[:, 1] = y[:, 0] * 2
y.sum().backward()
x.grad

x = T([[1., 2.], [3., 4.]], requires_grad=True)
y = x * 1
y.t().mul_(T([1., 10.]))
z = (y ** 2).sum()
z.backward(create_graph=True)
g, = torch.autograd.grad(x.grad.sum(), x)
(z, g)
"""


def programs(text: str) -> list[str]:
    return text.strip().split("\n\n")


if __name__ == "__main__":
    write("autograd", programs(AUTOGRAD))
    write("views", programs(VIEWS))
