"""A small problem for optimizers: gradients that are the same on every machine, ten steps."""

from typing import Any

STEPS = 10
SIZES = ((2, 3), (3,))


def numbers(count: int, salt: int) -> list[float]:
    """Multiples of 1/8 between -2 and 2, none of them 0 and no two neighbours alike."""
    return [((37 * i + 11 * salt + i * i * salt) % 33 - 16) / 8 + 1 / 16 for i in range(count)]


def tensor(torch: Any, shape: tuple[int, ...], salt: int, dtype: str) -> Any:
    count = 1
    for size in shape:
        count *= size
    return torch.tensor(numbers(count, salt), dtype=getattr(torch, dtype)).reshape(shape)


def ran(torch: Any, name: str, options: dict[str, Any], dtype: str) -> dict[str, Any]:
    """Where ten steps lead: the parameters, the optimizer's state, and how it is shown."""
    params = [tensor(torch, shape, i + 1, dtype).requires_grad_() for i, shape in enumerate(SIZES)]
    groups = [{"params": params[:1]}, {"params": params[1:], "lr": options.get("lr", 0.01) / 2}]
    optimizer = getattr(torch.optim, name)(groups, **options)
    for step in range(STEPS):
        for i, param in enumerate(params):
            param.grad = tensor(torch, param.shape, 3 * step + i + 5, dtype)
        optimizer.step()
    state = optimizer.state_dict()
    return {
        "params": [param.tolist() for param in params],
        "versions": [param._version for param in params],
        "state": {
            str(place): {key: value.tolist() for key, value in each.items()}
            for place, each in state["state"].items()
        },
        "groups": repr(state["param_groups"]),
        "shown": repr(optimizer),
    }
