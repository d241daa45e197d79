import math

import torch


def taylor(f, at, order):
    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    value, coefficients = f(x), []
    for n in range(order + 1):
        coefficients.append(value.item() / math.factorial(n))
        if n < order:
            (value,) = torch.autograd.grad(value, x, create_graph=True)
    return coefficients


for name, f in (("exp", torch.exp), ("sin", torch.sin), ("geometric", lambda x: 1 / (1 - x))):
    print(name, [round(c, 6) + 0.0 for c in taylor(f, 0.0, 5)])
print("sqrt", [round(c, 6) for c in taylor(torch.sqrt, 1.0, 4)])
series = taylor(torch.exp, 0.0, 10)
print(round(sum(c * 0.5**n for n, c in enumerate(series)), 8), round(math.exp(0.5), 8))
