"""Is the way that an operator chooses the fastest one? `python -m tests.benchmarks.choices [--quick] [cells]`

Cells are functions, operators and sizes. In each, every way that there is runs by its name, all in turn, and the
fastest of their times is compared with that of the way that is chosen. Where another one seems to be clearly faster,
all are timed further, so that what else the machine does is told from what a way takes. Bars: within 1.2 times the best
in 90 % of the cells, within 2 times in all. `cells`: only those whose names have one of these words.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import workbench as wb
from workbench.records import dataclass

ROUNDS, FURTHER, SLICE = 7, 40, 0.004
BARS = 1.2, 2.0
SLOWEST = 0.4  # seconds: a way that takes longer is run once


def chain(x):  # type: ignore[no-untyped-def]
    total = 0.0
    for k in range(x.shape[0]):
        total += np.sin(x[k]) * x[k - 1] + x[k] ** 4
    return total


def waves(x):  # type: ignore[no-untyped-def]
    return np.sum(np.sin(x) * np.exp(-0.1 * x * x))


def network(x, w, v):  # type: ignore[no-untyped-def]
    return np.sum(np.tanh(v @ np.tanh(w @ x)))


def quadratic(x, a):  # type: ignore[no-untyped-def]
    return x @ (a @ x) + np.sum(x ** 3)


def springs(x):  # type: ignore[no-untyped-def]
    energy = 0.0
    for i in range(x.shape[0] - 1):
        stretch = np.sqrt(1.0 + (x[i + 1] - x[i]) ** 2) - 1.0
        energy += stretch * stretch
    return energy


def pairs(x):  # type: ignore[no-untyped-def]
    energy = 0.0
    for i in range(x.shape[0]):
        for j in range(i):
            energy += 1.0 / (1.0 + (x[i] - x[j]) ** 2)
    return energy


def layer(x, w):  # type: ignore[no-untyped-def]
    return np.tanh(w @ x)


def stages(x, w):  # type: ignore[no-untyped-def]
    y = x
    for _ in range(4):
        y = np.sin(y) + 0.1 * y * y
    return w @ y


def polynomial(x, w):  # type: ignore[no-untyped-def]
    m, n = w.shape
    y = np.zeros(m)
    for i in range(m):
        for j in range(n):
            y[i] += w[i, j] * x[j] ** 2
    return y


def relaxed(x, w):  # type: ignore[no-untyped-def]
    y = x.copy()
    for _ in range(5):
        for i in range(1, x.shape[0] - 1):
            y[i] = 0.5 * y[i] + 0.25 * (y[i - 1] + y[i + 1])
    return w @ y


def series(x, n):  # type: ignore[no-untyped-def]
    term, total = 1.0, 1.0
    for k in range(1, n):
        term = term * x / k
        total += term
    return total


def growth(r, n):  # type: ignore[no-untyped-def]
    x = 0.3
    for _ in range(n):
        x = r * x * (1.0 - x)
    return x


def root(a):  # type: ignore[no-untyped-def]
    x = 1.0 + a
    while abs(x * x - a) > 1e-12:
        x = 0.5 * (x + a / x)
    return x


def mixed(a, n):  # type: ignore[no-untyped-def]
    y = a
    for _ in range(n):
        y = np.exp(-y * a) + np.sin(y)
    return y


def flow(r, n):  # type: ignore[no-untyped-def]
    x, y, z = 1.0, 1.0, 1.0
    for _ in range(n):
        x, y, z = x + 0.1 * (y - x), y + 0.01 * (x * (r - z) - y), z + 0.01 * (x * y - 2.7 * z)
    return x * y * z


def heat(k, u, n):  # type: ignore[no-untyped-def]
    u = u.copy()
    for _ in range(n):
        for i in range(1, u.shape[0] - 1):
            u[i] = u[i] + k * (u[i - 1] - 2.0 * u[i] + u[i + 1])
    return np.sum(u * u)


def decayed(a, t, d):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(t.shape[0]):
        total += (d[i] - np.exp(-a * t[i])) ** 2
    return total


def lattice(sigma, n):  # type: ignore[no-untyped-def]
    up = np.exp(sigma / np.sqrt(n))
    p = (1.0 - 1.0 / up) / (up - 1.0 / up)
    v = np.zeros(n + 1)
    for j in range(n + 1):
        v[j] = max(100.0 * up ** (2 * j - n) - 100.0, 0.0)
    for i in range(n - 1, -1, -1):
        for j in range(i + 1):
            v[j] = p * v[j + 1] + (1.0 - p) * v[j]
    return v[0]


@dataclass(frozen=True)
class Cell:
    """A function, an operator, arguments."""

    name: str
    operator: Callable[..., Any]
    function: Callable[..., Any]
    args: tuple[Any, ...]


def cells(quick: bool) -> list[Cell]:
    """All of them: scalar functions under second-order operators, fields under Jacobians and divergence."""
    rng = np.random.default_rng(1)
    found = []
    sizes = (3, 20, 100) if quick else (2, 3, 5, 8, 12, 20, 40, 80, 150, 300)
    for function in (chain, waves, network, quadratic, springs, pairs):
        for n in sizes:
            more: tuple[Any, ...] = ()
            if function is network:
                more = rng.normal(size=(64, n)) / 8, rng.normal(size=(64, 64)) / 8
            elif function is quadratic:
                more = (rng.normal(size=(n, n)),)
            for operator in (wb.hessian, wb.laplacian, wb.diag_hessian)[:2 if quick or n > 100 else 3]:
                found.append(Cell(f"{operator.__name__} {function.__name__} {n}", operator, function,
                                  (rng.normal(size=n), *more)))
    shapes: tuple[tuple[int, int], ...] = (4, 40), (40, 4), (30, 30)
    if not quick:
        shapes = (2, 100), (5, 50), (20, 60), (60, 60), (60, 20), (50, 5), (100, 2)
    for function in (layer, stages, polynomial, relaxed):
        for m, n in shapes:
            found.append(Cell(f"jacobian {function.__name__} {m}x{n}", wb.jacobian, function,
                              (rng.normal(size=n), rng.normal(size=(m, n)))))
        for n in (5, 50):
            found.append(Cell(f"divergence {function.__name__} {n}", wb.divergence, function,
                              (rng.normal(size=n), rng.normal(size=(n, n)))))
    return [*found, *gradients(quick)]


def gradients(quick: bool) -> list[Cell]:
    """Those by a number."""
    rng = np.random.default_rng(2)
    found = [Cell("grad root", wb.grad, root, (7.0,))]
    for n in (100,) if quick else (10, 100, 1000):
        made: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
            (series, (0.7, n)), (growth, (3.6, n)), (mixed, (0.5, n)), (flow, (20.0, n)), (heat, (
                0.1, rng.normal(size=n), 20)), (decayed, (0.7, rng.random(n), rng.random(n))), (lattice, (0.2, n))]
        found += [Cell(f"grad {f.__name__} {n}", wb.grad, f, args) for f, args in made]
    return found


def compared(cell: Cell) -> tuple[str, dict[str, float]]:
    """The mode that is chosen, and the seconds of every mode."""
    table = cell.operator(cell.function).explain(*cell.args)
    ways = {row.mode: cell.operator(cell.function, mode=row.mode) for row in table.rows if row.report is not None}
    best = dict.fromkeys(ways, float("inf"))
    turns = {}
    for mode, way in ways.items():
        way(*cell.args)
        begin = time.perf_counter()
        way(*cell.args)
        best[mode] = took = time.perf_counter() - begin
        turns[mode] = max(1, int(SLICE / took))
    for done in range(FURTHER):
        if done >= ROUNDS and best[table.chosen] <= BARS[0] * min(best.values()):
            break
        for mode, way in ways.items():
            if best[mode] > SLOWEST:
                continue
            begin = time.perf_counter()
            for _ in range(turns[mode]):
                way(*cell.args)
            best[mode] = min(best[mode], (time.perf_counter() - begin) / turns[mode])
    return table.chosen, best


def main() -> None:
    """Print a line for each cell, and how many are within the bars."""
    ratios = []
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    for cell in cells("--quick" in sys.argv):
        if words and not any(word in cell.name for word in words):
            continue
        chosen, times = compared(cell)
        best = min(times, key=lambda mode: times[mode])
        ratios.append(times[chosen] / times[best])
        print(f"{cell.name:32s} {chosen:22s} {times[chosen] * 1e6:12.2f} µs   best {best:22s} {ratios[-1]:.2f}",
              flush=True)
    within = [np.mean(np.array(ratios) <= bar) for bar in BARS]
    print(f"{len(ratios)} cells: {within[0]:.1%} within 1.2 times the best (bar 90 %), {within[1]:.1%} within 2 "
          f"(bar 100 %), the worst {max(ratios):.2f}")


if __name__ == "__main__":
    main()
