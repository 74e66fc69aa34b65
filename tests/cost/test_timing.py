"""Predicted times: what must hold of them whatever the machine. Nothing here is timed but the prediction itself."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

import workbench as wb
from workbench.cost import machine as machines
from workbench.cost.default_machine import RATES, TABLES
from workbench.cost.duration import Duration
from workbench.cost.machine import Machine
from workbench.operators import piloting


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """A machine that is the same everywhere."""
    made = Machine(RATES, TABLES, True, "a fake")
    monkeypatch.setattr(machines, "_current", [made])
    yield made


def energy(x):  # type: ignore[no-untyped-def]
    total = 0.0
    for k in range(x.shape[0]):
        total += np.sin(x[k]) * x[k]
    return total


def heated(u, steps):  # type: ignore[no-untyped-def]
    for _ in range(steps):
        v = u.copy()
        for i in range(1, u.shape[0] - 1):
            u[i] = v[i] + 0.1 * (v[i - 1] + v[i + 1] - 2 * v[i])
    return np.sum(u ** 2)


def layered(a, x):  # type: ignore[no-untyped-def]
    return np.sum(np.tanh(a @ x) ** 2)


def scanned(x):  # type: ignore[no-untyped-def]
    out = np.empty_like(x)
    s = 0.0
    for i in range(len(x)):
        s = 0.9 * s + x[i]
        out[i] = s
    return out


def halved(x):  # type: ignore[no-untyped-def]
    while x > 0.1:
        x = x * 0.5 if x < 1.0 else x - 1.0
    return x


PROGRAMS = [(energy, ("f64[n]",)), (heated, ("f64[n]", "i64")), (layered, ("f64[n,m]", "f64[m]")),
            (scanned, ("f64[n]",))]


@pytest.mark.parametrize(("f", "specs"), PROGRAMS)
@pytest.mark.parametrize("derivative", [lambda f: f, wb.grad])
def test_times(f, specs, derivative) -> None:  # type: ignore[no-untyped-def]
    """Larger is not quicker (but for what the ends of vectors take), lines add up, arrays of sizes give the same
    numbers, and so does binding in two steps."""
    if f is scanned and derivative is wb.grad:
        f_ = lambda x: np.sum(scanned(x))  # noqa: E731
        report = wb.cost(wb.grad(f_), *map(wb.spec, specs))
    else:
        report = wb.cost(derivative(f), *map(wb.spec, specs))
    time = report.time
    assert isinstance(time, Duration) and not report.parameters
    names = time.symbols
    sizes = np.array([4, 64, 1024, 32768, 10 ** 6])
    for name in names:
        others = {other: 64 for other in names if other != name}
        along = time({**others, name: sizes})
        assert along.shape == sizes.shape and np.all(np.diff(along) > 0) and along[0] > 0
        for size, seconds in zip(sizes.tolist(), along, strict=True):
            known = report({**others, name: size})
            assert isinstance(known.time, float) and known.time == pytest.approx(float(seconds))
            assert sum(line.time for line in known.by_line) == pytest.approx(known.time)
    if len(names) > 1:
        assert time({names[0]: 64})({n: 64 for n in names[1:]}) == pytest.approx(time(dict.fromkeys(names, 64)))
    opened = next(line for line in report.by_line if line.line and isinstance(line.time, Duration))
    assert opened.time(dict.fromkeys(names, 64)) >= 0


def test_empty_arrays() -> None:
    """Nothing takes no time but the call's."""
    assert 0 < wb.cost(energy, np.zeros(0)).time < 1e-6


def test_what_only_a_run_knows() -> None:
    """Turns and branches of data are asked for by name."""
    report = wb.cost(halved, 2.0)
    time = report.time
    assert set(report.parameters) <= set(time.symbols) and time.symbols
    given = {name: 0.5 if "taken" in name else 10 for name in time.symbols}
    assert time({k: v * 100 if "trips" in k else v for k, v in given.items()}) > time(given) > 0


def test_branches_that_cost_the_same() -> None:
    """A branch that no count depends on is open in the time; a report can be given it."""
    def either(x):  # type: ignore[no-untyped-def]
        total = 0.0
        for k in range(len(x)):
            if x[k] > 0.5:
                total += math.exp(x[k])
            else:
                total -= math.exp(x[k])
        return total
    report = wb.cost(either, wb.spec("f64[n]"))
    (share,) = set(report.time.symbols) - {"n"}
    assert report({share: 0.5})(n=10 ** 6).time > report({share: 0.0})(n=10 ** 6).time > 0


def test_short_arms_are_selections() -> None:
    """Comparisons in them, too: LLVM makes no branch of them, which might be missed."""
    def longest_run(x):  # type: ignore[no-untyped-def]
        longest, now = 0, 0
        for i in range(x.shape[0]):
            if x[i] > 0.0:
                now += 1
                longest = max(longest, now)
            else:
                now = 0
        return longest

    time = wb.cost(longest_run, wb.spec("f64[n]")).time
    shares = [time({**dict.fromkeys(time.symbols, share), "n": 100_000}) for share in (0.0, 0.5)]
    assert shares[1] < 1.5 * shares[0]


def test_ten_thousand_sizes_at_once() -> None:
    """Sizes are evaluated together, in 1.0 s at most (in 0.01 s, as a rule)."""
    sizes = np.linspace(1, 10 ** 7, 10_000)
    found = wb.cost(wb.grad(heated), wb.spec("f64[n]"), wb.spec("i64")).time(n=sizes, steps=10)
    assert found.shape == (10_000,) and np.all(np.isfinite(found))


def test_vectors_are_told_from_chains() -> None:
    """A loop that hands on a number takes its latency; a sum of vectors does not wait."""
    rates = {**RATES, "chain.f64.mul": 100.0}
    slow = Machine(rates, TABLES, True, "slow chains")
    report = wb.cost(scanned, wb.spec("f64[n]"))(n=10_000)
    unchained = wb.cost(lambda x: (x * 2.0 + 1.0) / x, wb.spec("f64[n]"))(n=10_000)
    before, free = report.time, unchained.time
    machines._current[:] = [slow]
    clock = 100.0 / RATES["chain.f64.mul"]
    assert report.time > 0.5 * clock * before and unchained.time < 0.5 * clock * free


def test_memory_counts_where_arrays_are_large() -> None:
    """A slow memory slows large arrays down, and not what fits into the nearest cache."""
    report = wb.cost(energy, wb.spec("f64[n]"))
    small, large = report(n=500).time, report(n=5_000_000).time
    tables = {**TABLES, "read": tuple((s, t * (100 if s > 1 << 20 else 1)) for s, t in TABLES["read"])}
    machines._current[:] = [Machine(RATES, tables, True, "slow memory")]
    assert report(n=500).time == pytest.approx(small) and report(n=5_000_000).time > 3 * large


def test_pilots_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the call's own time is scaled; of several pilots the mean counts; arguments stay as they were."""
    monkeypatch.setattr(piloting, "_clocked", lambda entry, data: entry(*data) and 1.0 or 1.0)
    u = np.ones(50)
    report = wb.cost(heated, wb.spec("f64[n]"), wb.spec("i64"))
    once = report.piloted(u, 3)
    assert np.all(u == 1.0)
    known, scaled = report(n=1000, steps=10), once(n=1000, steps=10)
    ratios = {line.line: scaled_line.time / line.time for line, scaled_line in zip(
        known.by_line, scaled.by_line, strict=True) if line.time}
    assert ratios.pop(0) == 1.0
    assert max(ratios.values()) == pytest.approx(min(ratios.values())) and min(ratios.values()) > 10
    assert once.piloted(u, 3)(n=1000, steps=10).time == pytest.approx(scaled.time)


def test_pilots_of_what_data_decide() -> None:
    """What only a run knows is taken from the pilot, for the comparison."""
    assert wb.cost(halved, wb.spec("f64")).piloted(5.0).time.symbols


def test_data() -> None:
    """As data times are numbers, or say what they need; those of lines add up."""
    report = wb.cost(heated, wb.spec("f64[n]"), wb.spec("i64"))
    known = report(n=100, steps=3)
    assert known.as_dict()["time"] == known.time and report.as_dict()["time"] == "seconds by n, steps"
    assert sum(line["time"] for line in known.as_dict()["by_line"]) == pytest.approx(known.time)


def test_a_count_alone_has_no_time() -> None:
    """A report of work without a program says so."""
    report = wb.cost(energy, np.zeros(3))
    with pytest.raises(ValueError, match="count alone"):
        _ = type(report)("counts", report._work).time
