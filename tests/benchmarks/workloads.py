"""The in-process workloads: each is written once for every torch-shaped module.

A workload function takes the module, PyTorch or `engine`, and returns the step to be timed. The
peers that spell it otherwise (HIPS autograd, MyGrad, JAX under jit) follow with the same numbers.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from tests.benchmarks.clock import Step

Module = Any
F32 = np.float32
RATE = 0.001
CHAIN = 200


class Workload(NamedTuple):
    name: str
    target: float  # engine / PyTorch, at most
    torch: Callable[[Module], Step]
    autograd: Callable[[Module, Module], Step] | None = None  # autograd, autograd.numpy
    mygrad: Callable[[Module], Step] | None = None
    jax: Callable[[Module, Module], Step] | None = None  # jax, jax.numpy


def values(*shapes: tuple[int, ...], seed: int = 0) -> list[np.ndarray[Any, Any]]:
    draw = np.random.RandomState(seed)
    return [(draw.randn(*shape) / max(1, shape[0]) ** 0.5).astype(F32) for shape in shapes]


def leaves(torch: Module, *arrays: np.ndarray[Any, Any]) -> list[Any]:
    return [torch.tensor(a, requires_grad=True) for a in arrays]


# --- two elements: (a**2 + 5*b).mean(), built and differentiated


def tiny_torch(torch: Module) -> Step:
    a = torch.tensor([5.0, 4.0], requires_grad=True)
    b = torch.tensor([6.0, 8.0])

    def step() -> object:
        a.grad = None
        z = (a**2 + 5 * b).mean()
        z.backward()
        return a.grad

    return step


A, B = np.array([5, 4], F32), np.array([6, 8], F32)


def tiny_autograd(autograd: Module, anp: Module) -> Step:
    gradient = autograd.value_and_grad(lambda a: anp.mean(a**2 + 5 * B))
    return lambda: gradient(A)


def tiny_mygrad(mg: Module) -> Step:
    a, b = mg.tensor(A), mg.tensor(B, constant=True)

    def step() -> object:
        z = (a**2 + 5 * b).mean()
        z.backward()
        return a.grad

    return step


def tiny_jax(jax: Module, jnp: Module) -> Step:
    gradient = jax.jit(jax.value_and_grad(lambda a, b: jnp.mean(a**2 + 5 * b)))
    a, b = jnp.asarray(A), jnp.asarray(B)
    return lambda: jax.block_until_ready(gradient(a, b))


# --- linear regression, 1x10: forward, backward, step


def regression_torch(torch: Module) -> Step:
    x, w, b = values((1, 10), (10, 1), (1,))
    x, y = torch.tensor(x), torch.tensor([[0.822]])
    w, b = leaves(torch, w, b)

    def step() -> object:
        nonlocal w, b
        loss = (torch.matmul(x, w) + b - y).pow(2)
        loss.backward()
        with torch.no_grad():
            w -= RATE * w.grad
            b -= RATE * b.grad
        w.grad = b.grad = None
        return loss

    return step


def regression_autograd(autograd: Module, anp: Module) -> Step:
    x, w, b = values((1, 10), (10, 1), (1,))
    gradient = autograd.value_and_grad(
        lambda p: anp.sum((anp.matmul(x, p[0]) + p[1] - F32(0.822)) ** 2)
    )

    def step() -> object:
        nonlocal w, b
        loss, (dw, db) = gradient((w, b))
        w = w - F32(RATE) * dw
        b = b - F32(RATE) * db
        return loss

    return step


def regression_mygrad(mg: Module) -> Step:
    x, w, b = values((1, 10), (10, 1), (1,))
    w, b = mg.tensor(w), mg.tensor(b)

    def step() -> object:
        loss = (mg.matmul(x, w) + b - F32(0.822)) ** 2
        loss.backward()
        w.data -= F32(RATE) * w.grad
        b.data -= F32(RATE) * b.grad
        return loss

    return step


def regression_jax(jax: Module, jnp: Module) -> Step:
    x, w, b = values((1, 10), (10, 1), (1,))

    def update(w: Any, b: Any) -> Any:
        loss, (dw, db) = jax.value_and_grad(lambda p: jnp.sum((x @ p[0] + p[1] - 0.822) ** 2))(
            (w, b)
        )
        return loss, w - RATE * dw, b - RATE * db

    w, b = jnp.asarray(w), jnp.asarray(b)
    compiled = jax.jit(update)

    def step() -> object:
        nonlocal w, b
        loss, w, b = compiled(w, b)
        return jax.block_until_ready(loss)

    return step


# --- multilayer perceptron 8-32-32-1 on 32 rows: forward, backward, SGD

MLP = ((8, 32), (32,), (32, 32), (32,), (32, 1), (1,))


def mlp_values() -> tuple[list[np.ndarray[Any, Any]], list[np.ndarray[Any, Any]]]:
    return values((32, 8), (32, 1), seed=1), values(*MLP, seed=2)


def mlp_torch(torch: Module) -> Step:
    (x, y), arrays = mlp_values()
    x, y = torch.tensor(x), torch.tensor(y)
    parameters = leaves(torch, *arrays)
    w1, b1, w2, b2, w3, b3 = parameters

    def step() -> object:
        h = torch.relu(x @ w1 + b1)
        h = torch.relu(h @ w2 + b2)
        loss = ((h @ w3 + b3 - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p -= RATE * p.grad
                p.grad = None
        return loss

    return step


def mlp_autograd(autograd: Module, anp: Module) -> Step:
    (x, y), parameters = mlp_values()

    def mlp_loss(p: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = p
        h = anp.maximum(anp.matmul(x, w1) + b1, 0)
        h = anp.maximum(anp.matmul(h, w2) + b2, 0)
        return anp.mean((anp.matmul(h, w3) + b3 - y) ** 2)

    gradient = autograd.value_and_grad(mlp_loss)

    def step() -> object:
        nonlocal parameters
        loss, gradients = gradient(parameters)
        parameters = [p - F32(RATE) * g for p, g in zip(parameters, gradients, strict=True)]
        return loss

    return step


def mlp_mygrad(mg: Module) -> Step:
    (x, y), arrays = mlp_values()
    parameters = [mg.tensor(a) for a in arrays]
    w1, b1, w2, b2, w3, b3 = parameters

    def step() -> object:
        h = mg.maximum(mg.matmul(x, w1) + b1, 0)
        h = mg.maximum(mg.matmul(h, w2) + b2, 0)
        loss = ((mg.matmul(h, w3) + b3 - y) ** 2).mean()
        loss.backward()
        for p in parameters:
            p.data -= F32(RATE) * p.grad
        return loss

    return step


def mlp_update_jax(jax: Module, jnp: Module) -> Callable[[Any, Any, Any], Any]:
    """The step written by hand for JAX: (parameters, x, y) -> loss, parameters."""

    def loss_of(p: Any, x: Any, y: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = p
        h = jax.nn.relu(x @ w1 + b1)
        h = jax.nn.relu(h @ w2 + b2)
        return jnp.mean((h @ w3 + b3 - y) ** 2)

    def update(p: Any, x: Any, y: Any) -> Any:
        loss, gradients = jax.value_and_grad(loss_of)(p, x, y)
        return loss, [a - RATE * g for a, g in zip(p, gradients, strict=True)]

    compiled: Callable[[Any, Any, Any], Any] = jax.jit(update)
    return compiled


def mlp_jax(jax: Module, jnp: Module) -> Step:
    (x, y), arrays = mlp_values()
    x, y, parameters = jnp.asarray(x), jnp.asarray(y), [jnp.asarray(a) for a in arrays]
    update = mlp_update_jax(jax, jnp)

    def step() -> object:
        nonlocal parameters
        loss, parameters = update(parameters, x, y)
        return jax.block_until_ready(loss)

    return step


def mlp_traced(engine: Module, jnp: Module) -> Step:
    """The same step read off engine's trace, forward, backward and update, compiled by XLA."""
    plan, symbolic = (
        import_module("engine.transforms.plan"),
        import_module("engine.transforms.symbolic"),
    )
    (x, y), arrays = mlp_values()

    def update(x: Any, y: Any, *parameters: Any) -> list[Any]:
        w1, b1, w2, b2, w3, b3 = parameters
        h = engine.relu(x @ w1 + b1)
        h = engine.relu(h @ w2 + b2)
        loss = ((h @ w3 + b3 - y) ** 2).mean()
        gradients = symbolic.derivative(loss, parameters)
        return [loss, *(p - RATE * g for p, g in zip(parameters, gradients, strict=True))]

    program = plan.trace(update, *(engine.tensor(a) for a in (x, y, *arrays))).jit()
    x, y, parameters = jnp.asarray(x), jnp.asarray(y), [jnp.asarray(a) for a in arrays]

    def step() -> object:
        nonlocal parameters
        loss, *parameters = program(x, y, *parameters)
        return loss.block_until_ready()

    return step


# --- chain of 200 two-element operations
# Every tenth operation is a sine, the others alternate x*a and x+b with tracked a and b, so that
# most nodes save a value, nearly all have two gradients to hand on, and the leaves accumulate.


def link(i: int) -> str:
    return "sin" if i % 10 == 9 else "mul" if i % 2 == 0 else "add"


LINKS = [link(i) for i in range(CHAIN)]
CHAIN_A, CHAIN_B = np.array([0.99, 1.01], F32), np.array([0.1, -0.1], F32)


def run_chain(x: Any, a: Any, b: Any, sin: Callable[[Any], Any]) -> Any:
    for kind in LINKS:
        if kind == "mul":
            x = x * a
        elif kind == "add":
            x = x + b
        else:
            x = sin(x)
    return x


def chain_torch(torch: Module) -> Step:
    x, a, b = leaves(torch, np.ones(2, F32), CHAIN_A, CHAIN_B)

    def step() -> object:
        x.grad = a.grad = b.grad = None
        run_chain(x, a, b, torch.sin).sum().backward()
        return x.grad

    return step


def chain_autograd(autograd: Module, anp: Module) -> Step:
    gradient = autograd.value_and_grad(lambda p: anp.sum(run_chain(p[0], p[1], p[2], anp.sin)))
    return lambda: gradient((np.ones(2, F32), CHAIN_A, CHAIN_B))


def chain_mygrad(mg: Module) -> Step:
    x, a, b = (mg.tensor(v) for v in (np.ones(2, F32), CHAIN_A, CHAIN_B))

    def step() -> object:
        run_chain(x, a, b, mg.sin).sum().backward()
        return x.grad

    return step


def chain_jax(jax: Module, jnp: Module) -> Step:
    gradient = jax.jit(
        jax.value_and_grad(lambda x, a, b: jnp.sum(run_chain(x, a, b, jnp.sin)), argnums=(0, 1, 2))
    )
    x, a, b = (jnp.asarray(v) for v in (np.ones(2, F32), CHAIN_A, CHAIN_B))
    return lambda: jax.block_until_ready(gradient(x, a, b))


# --- a million elements: (exp(x)*sin(x) + x**2).sum(), forward and backward


def large_values() -> np.ndarray[Any, Any]:
    return np.linspace(-2, 2, 10**6).astype(F32)


def large_torch(torch: Module) -> Step:
    (x,) = leaves(torch, large_values())

    def step() -> object:
        x.grad = None
        (torch.exp(x) * torch.sin(x) + x**2).sum().backward()
        return x.grad

    return step


def large_autograd(autograd: Module, anp: Module) -> Step:
    x = large_values()
    gradient = autograd.value_and_grad(lambda x: anp.sum(anp.exp(x) * anp.sin(x) + x**2))
    return lambda: gradient(x)


def large_mygrad(mg: Module) -> Step:
    x = mg.tensor(large_values())

    def step() -> object:
        (mg.exp(x) * mg.sin(x) + x**2).sum().backward()
        return x.grad

    return step


def large_jax(jax: Module, jnp: Module) -> Step:
    gradient = jax.jit(jax.value_and_grad(lambda x: jnp.sum(jnp.exp(x) * jnp.sin(x) + x**2)))
    x = jnp.asarray(large_values())
    return lambda: jax.block_until_ready(gradient(x))


WORKLOADS = (
    Workload("two-element", 0.5, tiny_torch, tiny_autograd, tiny_mygrad, tiny_jax),
    Workload(
        "regression", 0.5, regression_torch, regression_autograd, regression_mygrad, regression_jax
    ),
    Workload("mlp", 0.5, mlp_torch, mlp_autograd, mlp_mygrad, mlp_jax),
    Workload("chain-200", 0.5, chain_torch, chain_autograd, chain_mygrad, chain_jax),
    Workload("million-element", 1.0, large_torch, large_autograd, large_mygrad, large_jax),
)


# ---- what a session adds ---------------------------------------------------------------------


def session_loop(names_and_lines: bool) -> Step:
    """A loop typed at a session: 200 operations recorded and differentiated.

    Without names and lines a statement still asks for Ctrl-C, but nodes remember none.
    """
    from gradcli.app import Calculator
    from gradcli.base import interrupts

    def ask(line: int) -> None:
        if interrupts.current().asked:
            raise KeyboardInterrupt

    session = Calculator(lambda output: None)
    session.settings.notes = False
    if not names_and_lines:
        session.bound = lambda name, value: None  # type: ignore[method-assign]
        session.at = ask  # type: ignore[method-assign]
    session.run("a = param([1., 2.]); b = tensor([0.5, 0.25])")
    loop = "y = a\nfor i in range(100):\n    y = y*b\n    y = y + b\ny.sum().backward()\n"

    def step() -> object:
        session.run(loop)
        session.past.clear()
        session.sentences.clear()
        session.inputs.clear()
        return None

    return step
