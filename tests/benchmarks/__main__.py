"""Prints the table of ratios: engine against PyTorch, HIPS autograd, MyGrad and JAX.

    python -m tests.benchmarks [--quick] [ROW ...]

Everything runs on one thread, in one process where it can, in interleaved rounds (see clock.py).
Peers that are not installed are left out. The ratio is engine's time to PyTorch's unless the row
says otherwise; beside it stands the most the project allows itself.
"""

import argparse
import importlib
import statistics
import sys
import warnings
from collections.abc import Callable
from functools import partial
from types import ModuleType

from tests.benchmarks import processes
from tests.benchmarks.clock import Step, Timing, race
from tests.benchmarks.workloads import WORKLOADS, Workload, mlp_jax, mlp_traced, session_loop

PEERS = ("torch", "autograd", "mygrad", "jax")


def installed(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def contenders(work: Workload, peers: dict[str, ModuleType]) -> dict[str, Step]:
    steps = {"engine": work.torch(importlib.import_module("engine"))}
    if "torch" in peers:
        steps["torch"] = work.torch(peers["torch"])
    if "autograd" in peers and work.autograd:
        steps["autograd"] = work.autograd(
            peers["autograd"], importlib.import_module("autograd.numpy")
        )
    if "mygrad" in peers and work.mygrad:
        steps["mygrad"] = work.mygrad(peers["mygrad"])
    if "jax" in peers and work.jax:
        steps["jax"] = work.jax(peers["jax"], importlib.import_module("jax.numpy"))
    return steps


def line(name: str, cells: list[str], ratio: float | None, target: float) -> None:
    verdict = (
        "" if ratio is None else f"{ratio:6.2f} {'<=' if ratio <= target else '> '} {target:.2f}"
    )
    print(f"{name:20}" + "".join(f"{cell:>11}" for cell in cells) + f"   {verdict}", flush=True)


def micro(timing: Timing | None) -> str:
    return "-" if timing is None else f"{timing.seconds * 1e6:.1f}"


def eager(work: Workload, peers: dict[str, ModuleType], quick: bool) -> None:
    steps = contenders(work, peers)
    times = race(steps, rounds=7 if quick else 25, seconds=0.02 if quick else 0.05)
    ratio = times["engine"].ratio(times["torch"]) if "torch" in times else None
    line(work.name, [micro(times.get(name)) for name in ("engine", *PEERS)], ratio, work.target)


def node(peers: dict[str, ModuleType], quick: bool) -> None:
    modules = ["engine"] + ["torch"] * ("torch" in peers)
    found = processes.long_chain(modules, 10**5 if quick else 10**6, 1 if quick else 3)
    seconds = {name: statistics.median(n.seconds for n in nodes) for name, nodes in found.items()}
    size = {name: statistics.median(n.bytes for n in nodes) for name, nodes in found.items()}
    both = "torch" in found
    line(
        "node of 10^6, us",
        [f"{seconds[m] * 1e6:.2f}" for m in modules],
        seconds["engine"] / seconds["torch"] if both else None,
        0.5,
    )
    line(
        "node of 10^6, KiB",
        [f"{size[m] / 1024:.2f}" for m in modules],
        size["engine"] / size["torch"] if both else None,
        0.5,
    )


def traced(peers: dict[str, ModuleType], quick: bool) -> None:
    if "jax" not in peers:
        return
    engine, jnp = importlib.import_module("engine"), importlib.import_module("jax.numpy")
    steps = {"engine": mlp_traced(engine, jnp), "jax": mlp_jax(peers["jax"], jnp)}
    times = race(steps, rounds=7 if quick else 25, seconds=0.02 if quick else 0.05)
    cells = [micro(times.get(name)) for name in ("engine", *PEERS)]
    line("mlp, traced for XLA", cells, times["engine"].ratio(times["jax"]), 1.2)


def names(quick: bool) -> None:
    """What it costs a session that nodes remember names and lines."""
    steps = {"with": session_loop(True), "without": session_loop(False)}
    times = race(steps, rounds=15 if quick else 41, seconds=0.02 if quick else 0.05)
    cells = [micro(times["with"]), micro(times["without"])]
    line("names and lines", cells, times["with"].ratio(times["without"]), 1.05)


def start(quick: bool) -> None:
    evaluate, bare, ratio = processes.start_up(5 if quick else 15)
    line("eval process, ms", [f"{evaluate * 1e3:.0f}", f"np {bare * 1e3:.0f}"], ratio, 1.8)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer, shorter rounds")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows to run (default: all)")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    peers = {name: module for name in PEERS if (module := installed(name)) is not None}
    if "torch" in peers:
        peers["torch"].set_num_threads(1)
    quick = options.quick
    rows: dict[str, Callable[[], None]] = {
        work.name: partial(eager, work, peers, quick) for work in WORKLOADS
    }
    rows["node"] = partial(node, peers, quick)
    rows["traced"] = partial(traced, peers, quick)
    rows["names"] = partial(names, quick)
    rows["eval"] = partial(start, quick)
    print(
        f"{'microseconds':20}"
        + "".join(f"{name:>11}" for name in ("engine", *PEERS))
        + "    ratio    target"
    )
    for name in options.rows or rows:
        try:
            rows[name]()
        except Exception as error:  # one missing part must not hide the other rows
            print(f"{name:20}  {type(error).__name__}: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
