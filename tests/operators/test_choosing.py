"""Operators that take the cheapest way: which one runs, what the table says, and that every way gives the same."""

from __future__ import annotations

import json

import numpy as np
import pytest

import workbench as wb


def layer(w, b, x):  # type: ignore[no-untyped-def]
    return np.tanh(w @ x + b)


def chained(x):  # type: ignore[no-untyped-def]
    total = 0.0
    for k in range(x.shape[0]):
        total += np.sin(x[k]) * x[k - 1] + x[k] ** 4
    return total


def pair(x):  # type: ignore[no-untyped-def]
    a, b, c = x
    return a * b * np.sin(c)


def arguments(m: int, n: int):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng()
    return rng.normal(size=(m, n)), rng.normal(size=m), rng.normal(size=n)


def test_a_jacobian_goes_the_shorter_way() -> None:
    """Few outputs: reverse; few inputs: forward; one operator, each call by its own sizes."""
    jacobian = wb.jacobian(layer, wrt="x")
    for m, n, mode in ((4, 300, "reverse"), (300, 4, "forward"), (3, 280, "reverse")):
        args = arguments(m, n)
        assert jacobian.explain(*args).chosen == mode
        found = jacobian(*args)
        w, b, x = args
        assert np.allclose(found, (1 - np.tanh(w @ x + b) ** 2)[:, None] * w, rtol=1e-12)
        assert jacobian.cost(*args).flops == wb.jacobian(layer, wrt="x", mode=mode).cost(*args).flops
    assert "layer" in jacobian.source


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("operator", [wb.hessian, wb.diag_hessian, wb.laplacian])
def test_all_ways_give_the_same(operator) -> None:  # type: ignore[no-untyped-def]
    for n in (1, 2, 5, 12):
        x = np.random.default_rng().normal(size=n)
        table = operator(chained).explain(x)
        expected = operator(chained)(x)
        for row in table.rows:
            if row.report is not None:
                assert np.allclose(operator(chained, mode=row.mode)(x), expected, rtol=1e-10, atol=1e-12), row.mode
        assert table[table.chosen].chosen and not np.isnan(table[table.chosen].seconds)


def test_what_would_change_it() -> None:
    """Sizes at which another way wins; equal sizes move together."""
    text = str(wb.jacobian(layer, wrt="x").explain(*arguments(20, 300)))
    assert "with w.shape[0] = " in text and ": forward" in text
    table = wb.jacobian(layer, wrt="x").explain(wb.spec("f64[m,n]", m=4), wb.spec("f64[m]"), wb.spec("f64[n]"))
    assert table.chosen == "reverse" and "taken for granted: n = 1000" in str(table)


def test_specs_are_priced_at_their_sizes() -> None:
    jacobian = wb.jacobian(layer, wrt="x")
    for m, n, mode in ((4, 300, "reverse"), (300, 4, "forward")):
        args = wb.spec("f64[m,n]", m=m, n=n), wb.spec("f64[m]"), wb.spec("f64[n]")
        assert jacobian.cost(*args).flops == wb.jacobian(layer, wrt="x", mode=mode).cost(*args).flops


def test_sizes_that_the_program_needs() -> None:
    """Where dimensions cannot be left open, ways are priced for the sizes that are there."""
    x = np.array([0.3, 0.4, 0.5])
    assert wb.jacobian(lambda x: np.array([pair(x), pair(x[::-1])])).explain(x).chosen in ("forward", "reverse")
    assert np.allclose(wb.hessian(pair)(x)[0, 1], np.sin(0.5))


def test_a_mode_that_was_asked_for_is_marked() -> None:
    table = wb.jacobian(layer, wrt="x", mode="forward").explain(*arguments(4, 300))
    assert table.chosen == "forward" and "asked for" in str(table) and not table.turning
    assert wb.jacobian(layer, wrt="x", deterministic=True).explain(*arguments(300, 4)).chosen


def test_gradients() -> None:
    """A gradient goes in reverse; what forward mode would take stands beside."""
    table = wb.grad(chained).explain(np.ones(50))
    assert table.chosen == "reverse" and "50 sweeps" in str(table)
    assert table["forward"].seconds > table["reverse"].seconds


def test_shown() -> None:
    table = wb.hessian(chained).explain(np.ones(20))
    assert "<table" in table.html() and "<script" not in table.html()
    assert json.loads(table.to_json())["chosen"] == table.chosen
    with pytest.raises(KeyError, match="forward-over-reverse"):
        table["sideways"]


def test_refusals() -> None:
    def opaque(x):  # type: ignore[no-untyped-def]
        return x.unknown()
    with pytest.raises((wb.DifferentiationError, AttributeError)):
        wb.hessian(opaque, engine="numba").explain(np.ones(3))
