"""Measurements that need a process of their own: memory, and starting up."""

import statistics
import subprocess
import sys
from time import perf_counter
from typing import NamedTuple

# The chain of chain-200, but a million long and on one number. It says how long forward and
# backward took, and how much memory the graph held: of the resident set, so that whatever
# allocator a library uses counts the same.
LONG_CHAIN = """
import importlib, sys, time
import numpy
torch = importlib.import_module(sys.argv[1])
nodes = int(sys.argv[2])
if sys.argv[1] == "torch":
    torch.set_num_threads(1)
try:
    import resource
    page = resource.getpagesize()
    resident = lambda: int(open("/proc/self/statm").read().split()[1]) * page
    resident()
except OSError:  # no /proc: the peak is the best there is
    scale = 1 if sys.platform == "darwin" else 1024
    resident = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale

def chain(start, nodes):
    x = start
    for i in range(nodes):
        if i % 10 == 9:
            x = torch.sin(x)
        elif i % 2 == 0:
            x = x * a
        else:
            x = x + b
    return x

start = torch.tensor(1.0, requires_grad=True)
a, b = torch.tensor(0.99, requires_grad=True), torch.tensor(0.01, requires_grad=True)
chain(start, 100).backward()
before = resident()
clock = time.perf_counter()
y = chain(start, nodes)
forward = time.perf_counter() - clock
held = resident() - before
clock = time.perf_counter()
y.backward()
backward = time.perf_counter() - clock
print((forward + backward) / nodes, held / nodes)
"""


class Node(NamedTuple):
    seconds: float
    bytes: float


def _long_chain(module: str, nodes: int) -> Node:
    run = subprocess.run(
        [sys.executable, "-c", LONG_CHAIN, module, str(nodes)],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, size = map(float, run.stdout.split())
    return Node(seconds, size)


def long_chain(modules: list[str], nodes: int, rounds: int) -> dict[str, list[Node]]:
    """One node of a long chain, in a fresh process each time, the modules taking turns."""
    found: dict[str, list[Node]] = {module: [] for module in modules}
    for _ in range(rounds):
        for module in modules:
            found[module].append(_long_chain(module, nodes))
    return found


PROGRAM = """import torch
from torch.autograd import Variable
a = Variable(torch.tensor([5., 4.]), requires_grad=True)
b = Variable(torch.tensor([6., 8.]))
y = ((a**2)+(5*b))
z = y.mean()
z.backward()
print('Gradient of a', a.grad)
print('Gradient of b', b.grad)
"""
PRINTED = "Gradient of a tensor([5., 4.])\nGradient of b None\n"


def _seconds(command: list[str]) -> float:
    start = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - start


def start_up(pairs: int) -> tuple[float, float, float]:
    """Median seconds of `gradcli eval` and of a bare `import numpy`, and the median ratio."""
    evaluate = [sys.executable, "-m", "gradcli", "eval", PROGRAM]
    bare = [sys.executable, "-c", "import numpy"]
    run = subprocess.run(evaluate, capture_output=True, text=True)
    if run.stdout != PRINTED:
        raise RuntimeError(f"gradcli eval printed {run.stdout!r} {run.stderr!r}")
    _seconds(bare)
    times = [(_seconds(evaluate), _seconds(bare)) for _ in range(pairs)]
    return (
        statistics.median(t for t, _ in times),
        statistics.median(t for _, t in times),
        statistics.median(e / n for e, n in times),
    )
