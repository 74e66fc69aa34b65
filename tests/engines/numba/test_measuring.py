"""The instrumented twin: it computes what the program computes; pieces, lines, bytes, and `wb.measure`."""

from __future__ import annotations

import json

import numpy as np
import pytest

import workbench as wb
from tests.corpus import PROGRAMS
from workbench.engines.numba.measuring import Twin


def heated(u, steps):  # type: ignore[no-untyped-def]
    for _ in range(steps):
        v = u.copy()
        for i in range(1, u.shape[0] - 1):
            u[i] = v[i] + 0.1 * (v[i - 1] + v[i + 1] - 2 * v[i])
    w = np.exp(u)
    return np.sum(w ** 2)


def guarded(x, n):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(n):
        for j in range(n):
            if x > 2.0:
                raise ValueError("too large")
            total += np.sin(x * i * j)
    return total


def recursive(x, n):  # type: ignore[no-untyped-def]
    return x if n == 0 else x * recursive(np.sin(x), n - 1)


def same(a, b) -> bool:  # type: ignore[no-untyped-def]
    a, b = (r if isinstance(r, tuple) else (r,) for r in (a, b))
    return len(a) == len(b) and all(np.array_equal(x, y, equal_nan=True) for x, y in zip(a, b, strict=True))


@pytest.mark.sampled(1 / 50)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_the_twin_is_the_program(program) -> None:  # type: ignore[no-untyped-def]
    """Programs of the corpus drawn anew: bit for bit (loops in vectors as they are), and every lap has a piece."""
    args = program.make_args(np.random.default_rng(3))
    gradient = wb.value_and_grad(program.function, program.wrt, engine="numba")
    bound, named = gradient.bind(args, {})
    made = gradient.specialised(bound, named)
    twin = Twin(made.compiled)
    table = np.zeros((3, len(twin.pieces)), np.int64)
    expected = made.compiled.entry(*made.snapshot(bound))
    found = twin.entry(*made.snapshot(bound), table)
    assert same(found, expected), program.name
    assert table.min() >= 0 and table[1].sum() > 0
    assert all(abs(sum(piece.lines.values()) - 1) < 1e-9 for piece in twin.pieces)


def test_where_the_time_went() -> None:
    """Lines of the source, shares that add up, exact bytes; arguments stay; the flops of `wb.cost` beside."""
    u = np.random.default_rng().uniform(size=400)
    before = u.copy()
    found = wb.measure(heated, u, 50)
    lines = {line.text: line for line in found.by_line}
    assert np.array_equal(u, before) and found.seconds > 0
    assert sum(line.share for line in found.by_line) == pytest.approx(1)
    assert sum(line.seconds for line in found.by_line) == pytest.approx(found.seconds)
    assert lines["v = u.copy()"].bytes_allocated == 50 * u.nbytes
    assert found.bytes_allocated == wb.cost(heated, u, 50).bytes_allocated
    update = next(line for text, line in lines.items() if text.startswith("u[i] ="))
    counted = next(record for record in wb.cost(heated, u, 50).by_line if record.text == update.text)
    assert update.flops == counted.flops and update.runs == 50


def test_derivatives() -> None:
    u = np.linspace(0, 1, 300)
    for derivative in (wb.grad(heated), wb.value_and_grad(heated), wb.grad(wb.grad(lambda x: np.sum(np.sin(x) ** 2)))):
        args = (0.3,) if derivative.__name__ == "<lambda>" else (u.copy(), 20)
        assert derivative.measure(*args, repeats=2).by_line
    found = wb.measure(wb.grad(recursive), 0.3, 5)  # a function that is called is one piece
    assert sum(line.share for line in found.by_line) == pytest.approx(1)


def test_what_raises() -> None:
    with pytest.raises(ValueError, match="too large"):
        wb.measure(guarded, 3.0, 4)
    with pytest.raises(wb.DifferentiationError, match="engine 'numba'"):
        wb.grad(guarded, engine="reference").measure(1.0, 3)
    with pytest.raises(TypeError):
        wb.measure(guarded, 3.0)


def test_shown() -> None:
    found = wb.measure(heated, np.ones(30), 2)
    assert "v = u.copy()" in str(found)
    assert "<code>" in found.html() and "<script" not in found.html()
    assert json.loads(found.to_json())["by_line"][0]["share"] >= 0
