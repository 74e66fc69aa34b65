"""`wb.cost` and its reports: figures, lines, formulas, binding, JSON."""

from __future__ import annotations

import json
import os
import textwrap
from pathlib import Path

import numpy as np
import pytest

import workbench as wb
from workbench.cost.quantity import Quantity


def decay(x, n):  # type: ignore[no-untyped-def]
    y = 1.0
    for _ in range(n):
        y = y * x + 0.5
    return y * y


def heated(u, steps):  # type: ignore[no-untyped-def]
    for _ in range(steps):
        v = u.copy()
        for i in range(1, u.shape[0] - 1):
            u[i] = v[i] + 0.1 * (v[i - 1] + v[i + 1] - 2 * v[i])
    return np.sum(u ** 2)


def halved(x, w):  # type: ignore[no-untyped-def]
    while abs(x) > 0.1:
        x = x * 0.5 + np.sum(w)
        if x > 1.0:
            x = np.exp(-x)
    return x


def dotted(model, x):  # type: ignore[no-untyped-def]
    return np.tanh(model["w"] @ x + model["b"]).sum()


FIGURES = ("flops", "bytes_read", "bytes_written", "bytes_allocated")


@pytest.mark.parametrize("derivative", [lambda f: f, wb.grad, wb.value_and_grad, lambda f: wb.grad(wb.grad(f))])
@pytest.mark.parametrize("n", [0, 1, 2, 17])
def test_formulas_are_the_numbers(derivative, n) -> None:  # type: ignore[no-untyped-def]
    """A report with its dimension bound is the report of real arguments; its lines add up to the whole."""
    f = derivative(decay)
    open_, known = wb.cost(f, 0.9, wb.spec("i64")), wb.cost(f, 0.9, n)
    assert open_.dimensions == ("n",) and open_.parameters == ()
    for report in (known, open_(n=n)):
        assert all(getattr(report, figure) == getattr(known, figure) for figure in FIGURES)
        assert report.ops == known.ops and report.symbols == ()
        for figure in FIGURES:
            assert sum(getattr(line, figure) for line in report.by_line) == getattr(report, figure)
        assert sum(op.flops for op in report.by_op) == report.flops


def test_arrays_and_structures() -> None:
    spec = wb.spec
    report = wb.cost(wb.grad(dotted), {"w": spec("f64[n,m]"), "b": spec("f64[n]")}, spec("f64[m]"))
    assert report.dimensions == ("m", "n")
    real = wb.cost(wb.grad(dotted), {"w": np.ones((4, 3)), "b": np.ones(4)}, np.ones(3))
    assert report(n=4, m=3).as_dict() == real.as_dict()
    half = wb.cost(wb.grad(dotted), {"w": spec("f64[n,m]", n=4), "b": spec("f64[n]")}, spec("f64[m]"))
    assert half.dimensions == ("m",) and half(m=3).flops == real.flops  # given once, a size holds for all
    assert report.flops(n=np.array([4.0, 8.0]), m=np.array([3.0, 3.0]))[0] == real.flops


def test_lines_of_the_source() -> None:
    report = wb.cost(wb.grad(heated), wb.spec("f64[n]"), wb.spec("i64"))
    texts = {record.text.split("  #")[0] for record in report.by_line if record.line}
    assert {"v = u.copy()", "return np.sum(u ** 2)"} <= texts
    assert {Path(record.filename).name for record in report.by_line if record.line} == {Path(__file__).name}
    assert "v = u.copy()" in str(report) and "steps" in str(report)


def test_what_only_a_run_can_know() -> None:
    """Turns and shares are parameters; bound, they are gone; an unknown name is an error."""
    report = wb.cost(halved, 5.0, wb.spec("f64[n]"))
    assert any(name.startswith("trips(") for name in report.parameters)
    assert any(name.startswith("taken(") for name in report.parameters)
    assert report.dimensions == ("n",)
    bound = report(dict.fromkeys(report.parameters, 1), n=10)
    assert isinstance(bound.flops, int) and bound.symbols == () and bound(n=10).flops == bound.flops
    with pytest.raises(TypeError, match="it depends on n, "):
        report(k=1)


def test_quantities() -> None:
    flops = wb.cost(dotted, {"w": wb.spec("f64[n,m]"), "b": wb.spec("f64[n]")}, wb.spec("f64[m]")).flops
    assert isinstance(flops, Quantity) and flops.symbols == ("m", "n")
    assert str(flops) == repr(flops) and "m·n" in str(flops)
    assert flops(m=2)(n=3) == flops(n=3, m=2) == flops({"n": 3}, m=2)
    assert flops - flops == 0 and flops + flops == 2 * flops and hash(flops + 1) == hash(1 + flops)


def test_json() -> None:
    report = wb.cost(wb.grad(heated), wb.spec("f64[n]"), 3)
    data = json.loads(report.to_json())
    assert data["flops"] == str(report.flops) and data["dimensions"] == ["n"]
    assert json.loads(report(n=9).to_json())["flops"] == report(n=9).flops


def test_nothing_is_run(tmp_path: Path) -> None:
    """A program that would remove a file, or never end, is not run; what cannot be analysed is refused at its line."""
    kept, code = tmp_path / "keep.txt", tmp_path / "removing.py"
    kept.write_text("here")
    code.write_text(textwrap.dedent(f"""
        import os
        def removing(x):
            os.remove({str(kept)!r})
            return x * x
        def endless(x):
            while x > 0:
                x = x + 1.0
            return x
    """))
    names: dict[str, object] = {}
    exec(compile(code.read_text(), str(code), "exec"), names)
    with pytest.raises(wb.DifferentiationError):
        wb.cost(wb.grad(names["removing"]), 1.0)  # type: ignore[arg-type]
    assert os.path.exists(kept)
    assert wb.cost(names["endless"], 1.0).parameters  # type: ignore[arg-type]


def test_wrong_arguments() -> None:
    with pytest.raises(TypeError):
        wb.cost(decay, 1.0)
    with pytest.raises(ValueError, match="both"):
        wb.cost(dotted, {"w": wb.spec("f64[n,m]", n=2), "b": wb.spec("f64[n]", n=3)}, wb.spec("f64[m]"))
    with pytest.raises(TypeError):
        wb.cost(3)  # type: ignore[arg-type]


def kept(x, n):  # type: ignore[no-untyped-def]
    for _ in range(n):
        x = np.sin(x) * x
    return np.sum(x)


def test_what_is_alive() -> None:
    """Peak, residuals and the timeline: formulas, numbers once bound, of real arguments the same."""
    report = wb.cost(wb.grad(kept), wb.spec("f64[m]"), wb.spec("i64"))
    assert report(m=100, n=5).peak_bytes == report.peak_bytes(m=100, n=5)
    real = wb.cost(wb.grad(kept), np.ones(100), 5)
    assert (real.peak_bytes, real.residual_bytes) == (report.peak_bytes(m=100, n=5), report.residual_bytes(m=100, n=5))
    assert 5 * 800 <= real.residual_bytes <= real.peak_bytes <= 13 * 800
    course = report.memory.at(m=100, n=5)
    assert course.bytes == real.peak_bytes == max(size for _, size in course.timeline)
    assert json.loads(real.to_json())["peak_bytes"] == real.peak_bytes and "most bytes alive" in str(real)
    assert wb.cost(kept, np.ones(100), 5).residual_bytes == 0


def test_html() -> None:
    """Escaped, without script; what is asked of the whole stands in the head."""
    for report in (wb.cost(wb.grad(heated), wb.spec("f64[n]"), 3), wb.cost(halved, 5.0, np.ones(3))):
        html = report.html()
        assert "<table" in html and "<script" not in html and "most bytes alive" in html
        assert "&gt; 0.1:" in html or "<code>v = u.copy()</code>" in html


def test_two_reports_beside_each_other() -> None:
    args = (wb.spec("f64[n]"), wb.spec("i64"))
    primal, gradient = wb.cost(heated, *args), wb.cost(wb.grad(heated), *args)
    both = primal.compare(gradient)
    assert (both["flops"].first, both["flops"].second) == (primal.flops, gradient.flops)
    assert 1 < both["flops"].ratio < 5 and both["peak bytes"].second == gradient.peak_bytes
    assert any(row.part == "line" and "v = u.copy()" in row.name for row in both.rows)
    assert "ratio" in str(both) and "<script" not in both.html()
    assert json.loads(both.to_json())["first"] == "heated"
    same = gradient(n=9, steps=2).compare(gradient(n=9, steps=2))
    assert all(row.ratio == 1 or row.first == 0 for row in same.rows)
