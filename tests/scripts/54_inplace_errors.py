import torch


def attempt(what):
    try:
        what()
        print("fine")
    except RuntimeError as error:
        print(str(error).split(";")[0])


def changed():
    x = torch.ones(2, requires_grad=True)
    y = x.exp()
    z = y * 1
    y.add_(1)
    z.sum().backward()


def saved():
    x = torch.ones(2, requires_grad=True)
    w = torch.ones(2)
    z = x * w
    w[0] = 5
    z.sum().backward()


def leaf_view():
    x = torch.ones(2, 2, requires_grad=True)
    x[0].zero_()


def leaf():
    torch.ones(2, requires_grad=True).mul_(2)


def split_view():
    x = torch.ones(2, requires_grad=True).clone()
    a, b = x.unbind()
    a.mul_(2)


def fits():
    torch.ones(2).add_(torch.ones(3, 2))


for case in (changed, saved, leaf_view, leaf, split_view, fits):
    attempt(case)
