"""What we say of a program before it runs beside what JAX says, and Laplacians beside folx's:
`python -m tests.benchmarks.predictions [--laplacians]`

Operations and bytes: of five programs and their gradients, ours and those of `cost_analysis`, both over what an
instrumented run of our program counts; the peak, ours and that of `memory_analysis`, both over what our allocator sees.
XLA runs another program: its own fusions make some numbers smaller; a loop it counts as if it had one turn.
Laplacians: of a network of width 128, all in turn, in one run.
"""
from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import numpy as np

import workbench as wb
from tests.benchmarks.tools import Tool
from tests.cost.instrumented import counted_run
from tests.cost.measured import most_held
from tests.cost.memory import arguments, copied
from workbench.engines.numba.emit import emit

FOLX = Tool("folx", "jax_predictions", (), ("jax==0.10.2", "jaxlib==0.10.2", "folx==0.2.30", "numpy", "scipy"))
WIDTH, SIZES, ROUNDS, TURNS = 128, (16, 64, 256), 15, 10


def waves(x):  # type: ignore[no-untyped-def]
    return np.sum(np.sin(x) * np.exp(-0.1 * x * x))


def network(x, w, v):  # type: ignore[no-untyped-def]
    return np.sum(np.tanh(v @ np.tanh(w @ x)))


def settled(x, w, n):  # type: ignore[no-untyped-def]
    for _ in range(n):
        x = np.tanh(w @ x)
    return np.sum(x ** 2)


def heat(u, k, n):  # type: ignore[no-untyped-def]
    u = u.copy()
    for _ in range(n):
        u[1:-1] += k * (u[:-2] - 2.0 * u[1:-1] + u[2:])
    return np.sum(u ** 2)


def logistic(x, r, n):  # type: ignore[no-untyped-def]
    for _ in range(n):
        x = r * x * (1.0 - x)
    return x


def cases() -> list[tuple[Any, list[Any]]]:
    """Functions and arguments."""
    rng = np.random.default_rng(0)
    return [(waves, [rng.normal(size=10_000)]),
            (network, [rng.normal(size=64), rng.normal(size=(128, 64)) / 8, rng.normal(size=(128, 128)) / 11]),
            (settled, [rng.normal(size=50), rng.normal(size=(50, 50)) / 7, 20]),
            (heat, [rng.normal(size=500), 0.2, 50]), (logistic, [0.3, 3.6, 1000])]


class Peer:
    """The process that has JAX."""

    def __init__(self) -> None:
        FOLX.install()
        self.process = subprocess.Popen([FOLX.python, "-m", f"tests.benchmarks.contenders.{FOLX.module}"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, question: dict[str, Any]) -> Any:
        """The answer to a question."""
        assert self.process.stdin is not None and self.process.stdout is not None
        print(json.dumps(question, default=np.ndarray.tolist), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


def truth(derivative: Any, args: list[Any]) -> tuple[Any, dict[str, float]]:
    """The report of a call, and what a run of it does."""
    report, made = derivative.cost(*args), derivative.specialised(tuple(args))
    flops = {row.name: row.flops / row.count for row in report.by_op if row.count}
    done = counted_run(emit(made.program.final), copied(arguments(made, tuple(args))))
    given = copied(arguments(made, tuple(args)))
    made.compiled.entry(*given)
    return report, {"flops": sum(flops.get(name, 0) * count for name, count in done.items()),
                    "bytes": done["read"] + done["written"], "peak": most_held(lambda: made.compiled.entry(*given))}


def predicted(peer: Peer) -> None:
    """The table of operations, bytes and peaks."""
    asked = cases()
    theirs = iter(peer.ask({"cases": [(f.__name__, args) for f, args in asked]}))
    columns = ("flops", "bytes", "peak")
    print(f"{'':20}" + "".join(f"{c + ' run':>12}{'ours':>8}{'JAX':>8}" for c in columns))
    for f, args in asked:
        for kind in ("value", "gradient"):
            derivative = wb.operators.Derivative(f, "value", ()) if kind == "value" else wb.value_and_grad(f)
            report, done = truth(derivative, args)
            ours = {"flops": report.flops, "bytes": report.bytes_read + report.bytes_written, "peak": report.peak_bytes}
            said = next(theirs)
            cells = (f"{done[c]:12.0f}{ratio(ours[c], done[c]):>8}{ratio(said[c], done[c]):>8}" for c in columns)
            print(f"{f.__name__ + ', ' + kind:20}" + "".join(cells), flush=True)


def ratio(found: float, wanted: float) -> str:
    return f"{found / wanted:.2f}" if wanted else ("-" if found else "1.00")


def laplacians(peer: Peer) -> None:
    """The table of Laplacians: the least of interleaved times."""
    print(f"{'n':>6}{'ours':>12}{'our Hessian':>14}{'folx':>12}{'its Hessian':>14}   µs; way chosen")
    for n in SIZES:
        rng = np.random.default_rng(n)
        args = (rng.normal(size=n), rng.normal(size=(WIDTH, n)) / n ** 0.5, rng.normal(size=(WIDTH, WIDTH)) / 11)
        ways = {"ours": wb.laplacian(network), "our Hessian": wb.laplacian(network, mode="hessian")}
        values = {name: float(way(*args)) for name, way in ways.items()}
        best: dict[str, float] = dict.fromkeys(ways, float("inf"))
        for _ in range(ROUNDS):
            for name, way in ways.items():
                for _ in range(TURNS):
                    begin = time.perf_counter()
                    way(*args)
                    best[name] = min(best[name], time.perf_counter() - begin)
            answer = peer.ask({"args": args, "turns": TURNS})
            for name, seconds in answer["seconds"].items():
                best[name] = min(best.get(name, seconds), seconds)
            values |= answer["values"]
        assert np.allclose(list(values.values()), values["ours"], rtol=1e-9), values
        print(f"{n:6}{best['ours'] * 1e6:12.1f}{best['our Hessian'] * 1e6:14.1f}{best['folx'] * 1e6:12.1f}"
              f"{best['trace of the Hessian'] * 1e6:14.1f}   {ways['ours'].explain(*args).chosen}", flush=True)


def main() -> None:
    """Both tables, or that of Laplacians alone."""
    peer = Peer()
    if "--laplacians" not in sys.argv:
        predicted(peer)
    laplacians(peer)
    assert peer.process.stdin is not None
    peer.process.stdin.close()
    peer.process.wait()


if __name__ == "__main__":
    main()
