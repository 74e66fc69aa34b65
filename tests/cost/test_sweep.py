"""`wb.sweep`: formulas at many sizes at once."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

import workbench as wb


def smoothed(a, steps):  # type: ignore[no-untyped-def]
    for _ in range(steps):
        for i in range(1, a.shape[0] - 1):
            for j in range(a.shape[1]):
                a[i, j] = np.sin(a[i - 1, j]) * 0.5 + a[i, j]
    return np.sum(a)


def waiting(x):  # type: ignore[no-untyped-def]
    while x > 1.0:
        x = x * 0.5
    return x


def test_values_are_those_of_reports() -> None:
    rows, steps = [0, 1, 2, 3, 50, 1000], [0, 1, 7]
    swept = wb.sweep((smoothed, wb.grad(smoothed)), wb.spec("f64[n,n]"), wb.spec("i64"), n=rows, steps=steps,
                     figures=("flops", "bytes_allocated"))
    assert swept.names == ("smoothed", "gradient of smoothed")
    for f, name in ((smoothed, "smoothed"), (wb.grad(smoothed), "gradient of smoothed")):
        report = wb.cost(f, wb.spec("f64[n,n]"), wb.spec("i64"))
        for figure in ("flops", "bytes_allocated"):
            exact = [[getattr(report(n=n, steps=s), figure) for s in steps] for n in rows]
            assert np.array_equal(swept.values(figure, of=name), exact)


def test_exponents() -> None:
    swept = wb.sweep(smoothed, wb.spec("f64[n,n]"), wb.spec("i64"), n=[100, 1000, 10_000], steps=[100, 1000, 10_000])
    powers = swept.exponents()
    assert abs(powers["n"] - 2) < 0.05 and abs(powers["steps"] - 1) < 0.05
    assert "n^2" in str(swept)


def test_ten_thousand_points_at_once() -> None:
    """Beside a yardstick of the same machine: half a million sums of floats in Python."""
    start = time.perf_counter()
    sum(float(k) for k in range(500_000))
    yardstick = time.perf_counter() - start
    start = time.perf_counter()
    swept = wb.sweep(wb.grad(smoothed), wb.spec("f64[n,n]"), wb.spec("i64"), n=np.arange(100, 200), steps=range(1, 101))
    assert swept.values().shape == (100, 100)
    assert time.perf_counter() - start < 100 * yardstick


def test_shown() -> None:
    """Two pictures and data of each: curves, plotly's heat map, JSON."""
    def a_function(x):  # type: ignore[no-untyped-def]
        return np.sum(x * x)
    one = wb.sweep(a_function, wb.spec("f64[n]"), n=[10, 100, 1000])
    two = wb.sweep(smoothed, wb.spec("f64[n,n]"), wb.spec("i64"), n=[0, 10, 100], steps=[1, 2])
    assert one.figure().data[0].type == "scatter" and two.figure().data[0].type == "heatmap"
    for swept in (one, two):
        assert "<svg" in swept.html() and "<script" not in swept.html()
        data = json.loads(swept.to_json())
        assert np.array_equal(data["figures"]["flops"][0], swept.values())


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: wb.sweep(smoothed, wb.spec("f64[n,n]"), 3), TypeError, "one or two"),
    (lambda: wb.sweep(smoothed, wb.spec("f64[n,n]"), 3, n=10), TypeError, "one or two"),
    (lambda: wb.sweep(smoothed, wb.spec("f64[n,n]"), wb.spec("i64"), n=[1, 2]), TypeError, "steps must be given"),
    (lambda: wb.sweep(smoothed, wb.spec("f64[n,n]"), 3, n=[1], k=[2]), TypeError, "depends on k"),
    (lambda: wb.sweep(smoothed, wb.spec("f64[n,n]"), 3, n=[1.5]), ValueError, "integers"),
    (lambda: wb.sweep(smoothed, wb.spec("f64[n,n]"), 3, n=[-1]), ValueError, "integers"),
    (lambda: wb.sweep(smoothed, wb.spec("f64[n,n]"), 3, n=[]), ValueError, "integers"),
    (lambda: wb.sweep(smoothed, wb.spec("f64[n,n]"), 3, n=[1], figures=("colour",)), ValueError, "no figure"),
    (lambda: wb.sweep((), n=[1]), TypeError, "one or two"),
])
def test_refusals(call, error, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        call()


def test_parameters_are_given_by_name() -> None:
    report = wb.cost(waiting, 5.0)
    (turns,) = report.parameters

    def summed(x):  # type: ignore[no-untyped-def]
        return waiting(np.sum(x))
    swept = wb.sweep(summed, wb.spec("f64[n]"), n=[1, 10], parameters={name: 4 for name in wb.cost(
        summed, wb.spec("f64[n]")).parameters})
    assert turns.startswith("trips(") and np.all(swept.values() > 0)
