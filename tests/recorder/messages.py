"""Asks PyTorch what it says to each mistake: `python -m tests.recorder.messages`.

Each line of MISTAKES is a program a person might type, `a` being a tracked leaf where it is not
assigned. What PyTorch raises, warns of or gives goes to messages.json.
"""

from tests.recorder.programs import write

MISTAKES = """
T([1., 2.]).sum().backward()
T([1., 2.]).backward()
torch.autograd.backward(T([1.]))
(a * 2).backward()
(a * 2).backward(torch.ones(3))
(a * 2).backward(torch.ones(2, 1))
(a * 2).sum().backward(torch.ones(2))
y = a.exp().sum(); y.backward(); y.backward()
y = (a + 1).sum(); y.backward(); y.backward(); a.grad
y = (a * 2).sum(); y.backward(); y.backward(); a.grad
y = (a * a).sum(); y.backward(retain_graph=True); y.backward(); a.grad
y = a.exp(); z = y.sum(); z.backward(); (y * 2).sum().backward()
y = a * 2; y.sum().backward(); y.grad
b = T([3.], requires_grad=True); torch.autograd.grad((a * a).sum(), b)
b = T([3.], requires_grad=True); torch.autograd.grad((a * a).sum(), [a, b], allow_unused=True)
b = T([3.]); torch.autograd.grad((a * a).sum(), b)
torch.autograd.grad(a * a, a)
torch.autograd.grad((a * a).sum(), a, grad_outputs=torch.ones(2))
torch.autograd.grad((a * a).sum(), [])
g, = torch.autograd.grad((a * a).sum(), a); g.sum().backward()
a += 1
a[0] = 5.
a.zero_()
a.view(2).add_(1)
a[0].mul_(2)
a.data += 1; a
torch.ones(2).expand(3, 2).add_(1)
torch.ones(1).expand(3).zero_()
y = torch.sigmoid(a); y.add_(1); y.sum().backward()
y = a.exp(); y *= 2; y.sum().backward()
y = a * 1; z = (y * y).sum(); y += 1; z.backward()
y = a * 1; z = (y * y).sum(); y[0] = 3.; z.backward()
y = a * 1; z = y.sum(); y += 1; z.backward(); a.grad
w = T([1., 1.], requires_grad=True); z = (a * w).sum(); w.data.add_(1); z.backward(); a.grad
w = torch.ones(2); z = (a * w).sum(); w += 1; z.backward()
y = a * 1; y.requires_grad_(False)
y = a * 1; y.requires_grad = False
T([1, 2], requires_grad=True)
T([1, 2]).requires_grad_()
T([True]).requires_grad_()
a.numpy()
a.tolist()
a.item()
float(a)
int(T([1., 2.]))
bool(a)
bool(T([]))
m = T([1., 2.]) > 1; not m
len(T(1.))
T(1.)[0]
list(T(1.))
[x for x in T([1., 2.])]
a.grad.zero_()
a.grad = torch.ones(3)
a.grad = 5
a.grad = torch.ones(2, dtype=torch.float64)
a.grad = torch.ones(2); a.grad
a.foo
torch.foo
a.register_hook(lambda g: torch.ones(3)); a.sum().backward()
T([1.]).register_hook(lambda g: g)
T([1.]).retain_grad()
a.retain_grad(); a.retains_grad
y = a * 1; y.register_hook(lambda g: 3); y.sum().backward()
torch.ones(3) + torch.ones(2)
torch.ones(2, 3) * torch.ones(3, 2)
a + 'x'
'x' + a
a + None
a @ 2
2 @ a
a ** 'x'
a < 'x'
a == 'x'
-T([True])
T([True]) - T([False])
1 - T([True])
T([1., 2.]) & T([1., 2.])
~T([1.])
T([1, 2]) / 0
T([1, 2]) // 0
T([1, 2]) % 0
T([1, 2]) ** -1
T([1, 2]).add_(0.5)
T([1, 2]).mul_(T([0.5, 1.5]))
y = T([1, 2]); y /= 2
T([True]).add_(1)
torch.ones(2).add_(torch.ones(3))
torch.ones(1).add_(torch.ones(3))
torch.ones(2).copy_(torch.ones(3))
torch.ones(2, 3) @ torch.ones(2, 3)
torch.ones(2) @ torch.ones(3)
torch.ones(2, 3) @ torch.ones(2)
torch.ones(3) @ torch.ones(2, 3)
torch.ones(2, 2, 3) @ torch.ones(3, 3, 2)
torch.mm(torch.ones(2, 3), torch.ones(2, 3))
torch.mm(torch.ones(2), torch.ones(2, 2))
torch.mm(torch.ones(2, 2), torch.ones(2))
torch.mv(torch.ones(2, 2), torch.ones(3))
torch.mv(torch.ones(2), torch.ones(2))
torch.dot(torch.ones(2), torch.ones(3))
torch.dot(torch.ones(2, 2), torch.ones(2))
torch.bmm(torch.ones(2, 3), torch.ones(2, 3))
torch.bmm(torch.ones(2, 2, 3), torch.ones(2, 2, 3))
torch.outer(torch.ones(2, 2), torch.ones(2))
torch.trace(torch.ones(2))
torch.matmul(T(1.), T(2.))
torch.matmul(torch.ones(2, 2), torch.ones(2, 2, dtype=torch.float64))
torch.mm(torch.ones(2, 2), torch.ones(2, 2).long())
torch.dot(torch.ones(2), torch.ones(2).double())
torch.einsum('ij,jk->ik', torch.ones(2, 3), torch.ones(2, 3))
torch.einsum('ij,jk->ik', torch.ones(2, 3))
torch.einsum('ij->ik', torch.ones(2, 3))
torch.einsum('ijk', torch.ones(2, 3))
torch.ones(6).view(4, 2)
torch.ones(6).reshape(-1, 4)
torch.ones(6).view(-1, -1)
torch.ones(6).reshape(-2, 3)
torch.ones(2, 3).t().view(6)
torch.ones(2, 3, 4).t()
torch.ones(2, 2).transpose(0, 5)
torch.ones(2, 2).permute(0, 0)
torch.ones(2, 2).permute(0)
torch.ones(2, 2).permute(0, 3)
torch.ones(2).unsqueeze(5)
torch.ones(2).squeeze(4)
torch.ones(2).flatten(3)
torch.ones(2, 2).flatten(1, 0)
torch.ones(2).expand(3)
torch.ones(2).expand(3, 5)
torch.ones(2, 3).expand(3)
torch.ones(2).expand(-1, 2)
torch.ones(2, 2).repeat(2)
torch.cat([])
torch.cat([torch.ones(2, 2), torch.ones(3, 3)])
torch.cat([torch.ones(2), torch.ones(2, 2)])
torch.cat([torch.ones(2), torch.ones(2)], 1)
torch.cat(torch.ones(2))
torch.cat([1, 2])
torch.cat([T(1.), T(2.)])
torch.stack([])
torch.stack([torch.ones(2), torch.ones(3)])
torch.stack([torch.ones(2)], 3)
torch.split(torch.ones(5), 0)
torch.split(torch.ones(5), [1, 2])
torch.split(torch.ones(5), -1)
torch.chunk(torch.ones(5), 0)
torch.unbind(T(1.))
torch.flip(torch.ones(2), [1])
torch.flip(torch.ones(2), [0, 0])
torch.ones(2).sum(3)
torch.ones(2).mean(-3)
torch.ones(2, 2).sum((0, 0))
torch.arange(3).mean()
torch.arange(3).var()
torch.arange(3).std(0)
torch.ones(0).max()
torch.ones(0).argmax()
torch.ones(0, 2).max(0)
torch.ones(0, 2).amax(0)
torch.ones(2).max(2)
torch.ones(1).var()
torch.ones(1, requires_grad=True).std()
torch.arange(3).norm()
torch.ones(2).cumsum(1)
torch.ones(2).cumsum()
torch.ones(2, 2).argmax(2)
a.argmax().backward()
(a > 1).sum().backward()
a.long().sum().backward()
torch.clamp(torch.ones(2))
torch.where(torch.ones(2), 1., 2.)
torch.where(torch.ones(2) > 0, torch.ones(3), torch.ones(2))
torch.lerp(torch.ones(2), torch.ones(2).double(), 0.5)
torch.maximum(torch.ones(2), 1.)
torch.atan2(torch.ones(2), 1.)
T([1., 2.])[5]
T([1., 2.])[-3]
T([1., 2.])[0, 0]
T([1., 2.])[1.0]
T([1., 2.])[T([0.5])]
T([1., 2.])[T([5])]
T([1., 2.])[::-1]
T([1., 2.])[T([True, False, True])]
T([[1., 2.]])[T([0]), T([0, 1, 1]), T([0])]
T([[1., 2.], [3., 4.]])[T([0, 1]), T([0, 1, 1])]
T([1., 2.])[0] = T([1., 2.])
y = torch.zeros(2, 2); y[0] = torch.ones(3)
y = torch.zeros(2); y[5] = 1.
y = torch.zeros(2); y[T([0, 1])] = torch.ones(3)
y = torch.zeros(2); y[y > 1] = torch.ones(3)
torch.gather(torch.ones(2, 2), 0, T([[0., 1.]]))
torch.gather(torch.ones(2, 2), 0, T([0]))
torch.gather(torch.ones(2, 2), 0, T([[5]]))
torch.gather(torch.ones(2, 2), 3, T([[0]]))
torch.index_select(torch.ones(2), 0, T([5]))
torch.index_select(torch.ones(2), 0, T([[0]]))
torch.index_select(torch.ones(2), 0, T([0.]))
torch.ones(2).masked_fill(torch.ones(2), 0)
torch.ones(2).masked_fill(torch.ones(3) > 0, 0)
torch.ones(2).masked_fill(torch.ones(2) > 0, torch.ones(2))
torch.tril(torch.ones(2))
torch.diagonal(torch.ones(2))
torch.diagonal(torch.ones(2, 2), 0, 0, 0)
torch.softmax(torch.ones(2), 3)
torch.softmax(T([1, 2]), 0)
torch.softmax(torch.ones(2))
torch.nn.functional.log_softmax(torch.ones(2, 2))
torch.logsumexp(torch.ones(2), 5)
torch.nn.functional.mse_loss(torch.ones(3, 1), torch.ones(3))
torch.nn.functional.mse_loss(torch.ones(3), torch.ones(2))
torch.nn.functional.mse_loss(torch.ones(3), torch.ones(3), reduction='avg')
torch.nn.functional.l1_loss(torch.ones(3, 1), torch.ones(3))
torch.nn.functional.binary_cross_entropy(T([1.5]), T([1.]))
torch.nn.functional.binary_cross_entropy(T([.5]), torch.ones(2))
torch.nn.functional.binary_cross_entropy_with_logits(T([.5]), torch.ones(2))
torch.nn.functional.cross_entropy(torch.ones(2, 3), T([0, 3]))
torch.nn.functional.cross_entropy(torch.ones(2, 3), T([0]))
torch.nn.functional.cross_entropy(torch.ones(2, 3), T([0., 1.]))
torch.nn.functional.cross_entropy(torch.ones(2, 3), torch.ones(2, 2))
torch.nn.functional.nll_loss(torch.ones(2, 3), T([0., 1.]))
torch.nn.functional.nll_loss(torch.ones(2, 3), T([0, -1]))
torch.nn.functional.linear(torch.ones(2, 3), torch.ones(2, 2))
torch.sin('x')
torch.sin(1.0)
torch.sin([1.0])
torch.sin()
torch.exp(a, a)
torch.relu(2)
a.sin(3)
torch.tensor([[1., 2.], [3.]])
torch.tensor('x')
torch.tensor(None)
torch.tensor([1, 'x'])
torch.tensor(a)
torch.tensor([a, a])
torch.zeros(-1)
torch.zeros(2, -3)
torch.zeros('x')
torch.ones(2.5)
torch.full(2, 1.)
torch.eye(-1)
torch.arange(1, 0)
torch.arange(0, 1, 0)
torch.arange()
torch.linspace(0, 1, -1)
torch.linspace(0, 1)
torch.randint(5, 2, (3,))
torch.randint(0, (3,))
torch.randn(-1)
torch.rand_like(T([1, 2]))
torch.randn_like(T([1, 2]))
torch.manual_seed(2 ** 64)
T([1.]).to('float32')
torch.zeros(2, dtype='float32')
torch.nn.functional.relu(T([1.]), 3, 4)
a.backward(gradient=torch.ones(2)); a.grad
torch.autograd.Variable([1., 2.])
a.clone().detach_().requires_grad
a.detach_()
y = (a * 1)[0]; y.detach_()
a.size(3)
a.T.T.T
torch.ones(2, 2, 2).T.shape
""".strip().splitlines()


if __name__ == "__main__":
    write("messages", MISTAKES)
