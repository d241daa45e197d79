import torch

x = torch.tensor([[1.0, 5.0, 3.0], [4.0, 2.0, 6.0]], requires_grad=True)
print(x.sum(), x.sum(0), x.sum(1, keepdim=True))
print(x.mean(), x.var(), x.std(dim=1), x.var(correction=0))
print(x.max(), x.max(dim=1), x.argmax(), x.min(0).indices)
print(x.prod(), x.norm(), x.median(), x.amax(1))
print(x.cumsum(1), x.cumprod(0))
print(x.topk(2), x.sort(descending=True).values, x.argsort(1))
for f in (torch.max, lambda t: t.max(1).values.sum(), torch.prod, lambda t: t.var()):
    (g,) = torch.autograd.grad(f(x), x)
    print(g)
ties = torch.tensor([2.0, 2.0, 1.0], requires_grad=True)
ties.max().backward()
print(ties.grad)
ties.grad = None
ties.max(0)[0].backward()
print(ties.grad)
print(torch.aminmax(x.detach()), torch.logsumexp(x, 1), x.kthvalue(2, 1))
print(torch.quantile(x, 0.5), x.mode(1).values, torch.unique(torch.tensor([3, 1, 3])))
