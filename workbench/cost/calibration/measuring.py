"""The numbers of a machine: times of operations in loops that become vectors, in others, and in chains; of memory by
the size of what is worked on; of products by their size; of calls and new arrays.

Rates are in ns: `along.f64.add` an element's in a vector loop, `alone.f64.add` that of a number, `chain.f64.add` until
the result is there. Tables go from sizes to ns.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from workbench.cost.calibration import kernels
from workbench.cost.calibration.clock import ROUNDS, least, slopes
from workbench.cost.calibration.compiled import compiled
from workbench.progress import working

Rates = dict[str, float]
Tables = dict[str, list[tuple[float, float]]]

PAGE = 4096
SMALL, LARGE = 256, 1280  # elements: both in the nearest cache
WORKED_ON = (1 << 14, 1 << 17, 1 << 19, 1 << 20, 1 << 21, 1 << 22, 1 << 23, 1 << 24, 1 << 25, 1 << 26)  # bytes
NEW = (1 << 13, 1 << 16, 1 << 19, 1 << 22, 1 << 24, 1 << 26)
MANY = 1 << 16  # branches
FAR = 1000  # elements of a row
EDGES = (2, 8, 24, 64, 160, 400)


#: What is measured, with the seconds that each stage takes, roughly: most of it the compiler's.
STAGES: tuple[tuple[str, float, Callable[[], Rates | Tables]], ...] = (
    ("operations of float64", 6.0, lambda: _loops(np.float64)),
    ("operations of float32", 3.0, lambda: _loops(np.float32)),
    ("inner loops", 0.7, lambda: _nests()),
    ("memory", 2.0, lambda: _memory()),
    ("new arrays", 0.6, lambda: _new()),
    ("products", 4.0, lambda: _products()),
    ("calls", 0.3, lambda: _calls()),
)
TABLES = frozenset(("memory", "new arrays", "products"))


def measured() -> tuple[Rates, Tables]:
    """Measure: some ten seconds, most of them the compiler's."""
    rates: Rates = {}
    tables: Tables = {}
    whole = sum(seconds for _, seconds, _ in STAGES)
    with working("measuring this machine", whole, whole) as step:
        for stage, seconds, measure in STAGES:
            (tables if stage in TABLES else rates).update(measure())  # type: ignore[arg-type]
            step(seconds)
    return rates, tables


# ---------------------------------------------------------------------- loops
def _loops(kind: Any) -> Rates:
    """What operations take. (Of f32, only what becomes vectors is measured anew.)"""
    title = "f64" if kind is np.float64 else "f32"
    missed = 0.0
    number: Callable[[float], Any] = float if kind is np.float64 else kind
    double = kind is np.float64
    x, y, p = _data(kind, LARGE, 0.5, 1.5)
    a, b = number(1.0), number(0.5)
    calls: dict[Any, Callable[[int], Callable[[], object]]] = {}
    forms = (("along", kernels.along, kernels.ALONG), ("alone", kernels.alone, kernels.ALONE),
             ("chain", kernels.chains, kernels.CHAINS))
    for form, kernel, names in forms if double else forms[:1]:
        entry = compiled(kernel, 0, x, y, p, a, b)
        for k, name in enumerate(names):
            calls[form, name] = partial(_of_size, entry, k, kind, (0.5, 1.5), (a, b))
        if form == "alone":
            del calls[form, "branching"]
            missed = _misses(entry, a, b)
    made: dict[str, Callable[..., Any]] = {"along": compiled(kernels.functions_along, 0, x, y)}
    if double:
        made["alone"] = compiled(kernels.functions_alone, 0, x, y, p)
        made["chain"] = compiled(kernels.functions_chained, 0, x, y, a)
    for form, entry in made.items():
        for k, (name, (_, low, high)) in enumerate(kernels.FUNCTIONS.items()):
            calls[form, name] = partial(_of_size, entry, k, kind, (low, high), {"along": (), "alone": None}.get(
                form, (a,)))
    times = slopes(calls, SMALL, LARGE)
    rates = _apart({f"{form}.{title}.{name}": time for (form, name), time in times.items()}, title)
    return {**rates, "miss": missed} if double else rates


def _misses(entry: Callable[..., Any], a: Any, b: Any) -> float:
    """What a branch takes that is not foreseen: of so many that go either way in no order half are not. (A processor
    remembers some thousands.)"""
    which = kernels.ALONE.index("branching")
    x, y, p = _data(np.float64, MANY, 0.0, 1.0)
    ordered = np.sort(x)
    times = least({"random": partial(entry, which, x, y, p, a, b),
                   "ordered": partial(entry, which, ordered, y, p, a, b)}, ROUNDS, 2_000_000)
    return max(times["random"] - times["ordered"], 0.0) / (MANY / 2)


def _data(kind: Any, n: int, low: float, high: float) -> tuple[Any, Any, Any]:
    """Vectors x, y and places p that lie where no two are a whole number of pages apart (a load would wait for a store
    whose address ends in the same bits)."""
    x = _placed(n, kind, 0)
    x[:] = np.random.default_rng(0).uniform(low, high, n)
    y, p = _placed(n, kind, PAGE // 3), _placed(n, np.int64, 2 * PAGE // 3)
    y[:], p[:] = 0, np.arange(n)
    return x, y, p


def _placed(n: int, kind: Any, place: int) -> Any:
    """A vector that begins so many bytes after a page does, up to 64."""
    raw = np.ones(n * np.dtype(kind).itemsize + 2 * PAGE, np.uint8)  # (written to: pages that are not are one page)
    start = (place // 64 * 64 - raw.ctypes.data) % PAGE
    return raw[start:start + n * np.dtype(kind).itemsize].view(kind)


def _of_size(entry: Callable[..., Any], which: int, kind: Any, span: tuple[float, float], more: tuple[Any, ...] | None,
             n: int, in_order: bool = False) -> Callable[[], object]:
    """A call on n elements. more: numbers after the arrays x, y, p; None: no numbers; of one or none, p is left out."""
    x, y, p = _data(kind, n, *span)
    if in_order:
        x.sort()
    arrays = (x, y, p) if more is None or len(more) == 2 else (x, y)
    return partial(entry, which, *arrays, *(more or ()))


def _apart(rates: Rates, title: str) -> Rates:
    """What an operation takes by itself: a loop's time without that of its loads and stores, and shared among the
    operations in it."""
    made = dict(rates)
    for form in ("along", "alone"):
        base = rates.get(f"{form}.{title}.copy")
        if base is None:
            continue
        for name in (*kernels.TIMES, *kernels.FUNCTIONS, "pow", "maximum", "select"):
            key = f"{form}.{title}.{name}"
            if key in rates:
                made[key] = max(rates[key] / kernels.TIMES[name] if name in kernels.TIMES else rates[key] - base / 2,
                                0.01)
    return made


def _nests() -> Rates:
    """What beginning an inner loop takes, by what it does, and an access down a column."""
    rates: Rates = {}
    n, m = 64, 24
    x, y = np.ones((n, m)), np.ones((n, m))
    entry = compiled(kernels.nests, 0, x, y, 1.0)
    shapes = {"short": (n * 8, 8), "long": (n, 64)}
    calls = {(which, title): partial(entry, which, np.ones(shape), np.ones(shape), 1.0)
             for which in (0, 1) for title, shape in shapes.items()}
    times = least(calls)
    for which, name in enumerate(kernels.NESTS[:2]):
        rates[f"begin.{name}"] = max(times[which, "short"] - times[which, "long"], 0) / (n * 8 - n)
    columns = partial(entry, kernels.NESTS.index("columns"), np.ones((FAR, FAR)), np.ones((FAR, FAR)), 1.0)
    rates["column"] = 0.75 * least({"columns": columns})["columns"] / FAR ** 2  # (the rest for the writing)
    return rates


# ---------------------------------------------------------------------- memory
def _memory() -> Tables:
    """ns for a byte that is read, written, copied, and for an element that is read anywhere, by bytes worked on."""
    x, y, p = _data(np.float64, 1024, 0.0, 1.0)
    entry = compiled(kernels.along, 0, x, y, p, 1.0, 0.5)
    big, other, places = _data(np.float64, WORKED_ON[-1] // 8, 0.0, 1.0)
    tables: Tables = {"read": [], "write": [], "copy": [], "gather": []}
    one = np.zeros(1), np.zeros(1), np.zeros(1, np.int64)
    for size in WORKED_ON:
        n = size // 8
        half = n // 2
        spread = min(half, 1 << 18)
        places[:spread] = np.random.default_rng(0).integers(0, half, spread)
        calls: dict[str, Callable[[], object]] = {
            "gather": partial(entry, 7, big[:half], other[:spread], places[:spread], 1.0, 0.5),
            "copy": partial(entry, 0, big[:half], other[:half], one[2], 1.0, 0.5),
            "write": partial(entry, 1, big[:n], other[:n], one[2], 1.0, 0.5),
            "read": partial(entry, 2, big[:n], one[1], places[:n], 1.0, 0.5)}
        times = least(calls)
        nothing = min(least({"none": partial(entry, 1, one[0], one[1], one[2], 1.0, 0.5)}, 2).values())
        for name, time in times.items():
            per = {"gather": spread, "copy": half * 16}.get(name, size)
            tables[name].append((float(size), max(time - nothing, 0.01) / per))
    return tables


def _new() -> Tables:
    """ns for a byte of a copy that is made anew and given back, by its size."""
    entry = compiled(kernels.fresh, np.zeros(8))
    table = []
    for size in NEW:
        x = np.zeros(size // 8)
        table.append((float(size), min(least({"new": partial(entry, x)}).values()) / size))
    return {"fresh": table}


# ---------------------------------------------------------------------- products
def _products() -> Tables:
    """ns for a multiplication with its addition in products, and for an operation of LAPACK, by the edge; what a call
    takes is in it."""
    tables: Tables = {"gemm": [], "gemm32": [], "gemv": [], "dot": [], "lapack": []}
    matrix = compiled(kernels.product, np.ones((2, 2)), np.ones((2, 2)))
    single = compiled(kernels.product, np.ones((2, 2), np.float32), np.ones((2, 2), np.float32))
    vector = compiled(kernels.product, np.ones((2, 2)), np.ones(2))
    inner = compiled(kernels.inner, np.ones(2), np.ones(2))
    fresh = compiled(kernels.fresh, np.ones(2))
    calls: dict[tuple[str, int], Callable[[], object]] = {("dot", 0): partial(inner, np.ones(1), np.ones(1)),
                                                          ("new", 0): partial(fresh, np.ones(1))}
    for n in EDGES:
        a, v = np.ones((n, n)), np.ones(n)
        f = np.ones((n, n), np.float32)
        calls.update({("gemm", n): partial(matrix, a, a), ("gemm32", n): partial(single, f, f),
                      ("gemv", n): partial(vector, a, v),
                      ("dot", n): partial(inner, np.ones(n * n), np.ones(n * n))})
    spectrum = compiled(kernels.spectrum, np.eye(2))
    for n in EDGES[:-1]:
        a = np.random.default_rng(0).uniform(-1, 1, (n, n))
        calls["lapack", n] = partial(spectrum, a + a.T)
    times = least(calls)
    for (name, n), time in times.items():
        if name == "lapack":
            tables[name].append((float(n), max(time - times["new", 0], 1.0) / (9 * n ** 3)))
        elif n:
            terms = n ** 3 if name.startswith("gemm") else n ** 2
            nothing = times["dot", 0] if name == "dot" else times["new", 0]
            tables[name].append((float(n), max(time - nothing, 1.0) / terms))
    return tables


# ---------------------------------------------------------------------- calls
def _calls() -> Rates:
    """What a small new array takes, and a call of a compiled program with arrays from Python."""
    x = np.ones(8)
    entry = compiled(kernels.small, x, 3)
    times = least({n: partial(entry, x, n) for n in (16, 1040)})
    bare, new = compiled(kernels.inner, x, x), compiled(kernels.fresh, x)
    entered = least({"entry": partial(bare, x, x), "entry.result": partial(new, x)})
    return {"allocation": (times[1040] - times[16]) / 1024, **entered}
