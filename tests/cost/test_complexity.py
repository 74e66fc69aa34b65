"""`wb.complexity`: the table over the operators."""

from __future__ import annotations

import json

import numpy as np
import pytest

import workbench as wb
from workbench.cost.spec import samples


def energy(x):  # type: ignore[no-untyped-def]
    total = 0.0
    for k in range(x.shape[0]):
        total += np.sin(x[k]) * x[k - 1]
    return total


def layer(w, b, x):  # type: ignore[no-untyped-def]
    return np.tanh(w @ x + b)


def test_a_function_of_many_numbers() -> None:
    """Each row is the operator's own report; the multiples are those that theory expects."""
    table = wb.complexity(energy, wb.spec("f64[n]"))
    assert str(table.inputs) == "n" and table.outputs == 1 and table.intermediates == wb.cost(
        energy, wb.spec("f64[n]")).flops
    assert table["value"].multiple == 1 and table["gradient"].multiple <= 5 and table["jvp"].multiple <= 3.5
    assert table["hvp"].multiple <= 10 and table["hessian"].multiple > 1000
    for name, operator in {"gradient": wb.grad(energy), "hessian": wb.hessian(energy)}.items():
        report = table[name].report
        assert report is not None and report.flops == operator.cost(wb.spec("f64[n]")).flops
    assert table["divergence"].report is None and "as many outputs" in table["divergence"].reason
    with pytest.raises(KeyError, match="value, gradient"):
        table["curl"]


def test_a_vector_field() -> None:
    args = (np.ones((4, 4)), np.ones(4), np.ones(4))
    table = wb.complexity(layer, *args, wrt="x")
    assert (table.inputs, table.outputs) == (4, 4)
    for name in ("gradient", "hvp", "hessian", "laplacian"):
        assert table[name].report is None and "one real float" in table[name].reason
    assert table["jacobian"].report is not None and table["divergence"].report is not None
    both = wb.complexity(layer, wb.spec("f64[m,n]"), wb.spec("f64[m]"), wb.spec("f64[n]"), wrt=("w", "x"))
    assert str(both.inputs) == "m·n + n" and str(both.outputs) == "m"


def test_measured() -> None:
    """Powers with which times grow stand beside; arguments are drawn from the specs."""
    table = wb.complexity(energy, wb.spec("f64[n]"), measured={"n": [50, 200]})
    assert table["gradient"].exponent is not None and table["jvp"].exponent is None
    assert "measured" in str(table)
    with pytest.raises(TypeError, match="m must be given"):
        wb.complexity(layer, wb.spec("f64[m,n]"), wb.spec("f64[m]"), wb.spec("f64[n]"), measured={"n": [2, 4]})


def test_shown() -> None:
    table = wb.complexity(energy, wb.spec("f64[n]"), figures=("flops", "bytes_read"))
    assert "bytes read" in str(table) and "3 to 4" in str(table)
    assert "<table" in table.html() and "<script" not in table.html()
    rows = {row["name"]: row for row in json.loads(table.to_json())["rows"]}
    assert rows["value"]["flops"] == str(table["value"].report.flops)  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="no figure"):
        wb.complexity(energy, wb.spec("f64[n]"), figures=("colour",))


def test_samples() -> None:
    rng = np.random.default_rng(0)
    matrix, turns, table = samples((wb.spec("f32[n,2]"), wb.spec("i64"), {"a": wb.spec("f64")}), {"n": 3, "k": 5}, rng)
    assert matrix.shape == (3, 2) and matrix.dtype == np.float32 and turns == 5 and 0.1 <= table["a"] < 1
    with pytest.raises(TypeError, match="n must be given"):
        samples((wb.spec("f64[n]"),), {}, rng)
