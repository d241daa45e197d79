import torch


class Round(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, grad):
        return grad


class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.scale = scale
        ctx.set_materialize_grads(False)
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        print("needs", ctx.needs_input_grad)
        return -ctx.scale * grad, None


x = torch.tensor([0.3, 1.7, -2.2], requires_grad=True)
y = Round.apply(x)
print(y)
(y * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
print(x.grad)
x.grad = None
Reverse.apply(x, 0.5).sum().backward()
print(x.grad)
x.grad = None
x.round().sum().backward()
print(x.grad)
