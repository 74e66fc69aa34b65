"""`wb.check`: right derivatives pass, planted faults are caught and named, what cannot be compared is listed."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import scipy.special

import workbench as wb
from tests.operators.test_rules import Layer, layer

X = np.array([0.4, -0.8])


def make(vjp: Any = None, jvp: Any = None) -> Any:
    """x sin(a) with a rule of one's own."""
    @wb.rule
    def f(x, a):  # type: ignore[no-untyped-def]
        return x * np.sin(a), np.sum(x * x)
    if vjp:
        f.defvjp(vjp)
    if jvp:
        f.defjvp(jvp)
    return f


def good_vjp(primals, y, y_bar):  # type: ignore[no-untyped-def]
    x, a = primals
    return y_bar[0] * np.sin(a) + 2.0 * x * y_bar[1], np.sum(y_bar[0] * x) * np.cos(a)


def good_jvp(primals, y, tangents):  # type: ignore[no-untyped-def]
    (x, a), (x_dot, a_dot) = primals, tangents
    return x_dot * np.sin(a) + x * np.cos(a) * a_dot, 2.0 * np.sum(x * x_dot)


def slightly_wrong_vjp(primals, y, y_bar):  # type: ignore[no-untyped-def]
    x, a = primals
    return y_bar[0] * np.sin(a) + 2.0 * x * y_bar[1], np.sum(y_bar[0] * x) * np.cos(a) * 1.0001


def forgetful_jvp(primals, y, tangents):  # type: ignore[no-untyped-def]
    (x, a), (x_dot, a_dot) = primals, tangents
    return x_dot * np.sin(a) + x * np.cos(a) * a_dot, 0.0 * np.sum(x * x_dot)


def constant_jvp(primals, y, tangents):  # type: ignore[no-untyped-def]
    """Right to first order; the part that only the second derivative sees is stopped."""
    (x, a), (x_dot, a_dot) = primals, tangents
    s, c = wb.stop_gradient((np.sin(a), np.cos(a)))
    return x_dot * s + x * c * a_dot, 2.0 * np.sum(x * x_dot)


def test_right_rules_pass_and_the_report_reads_well() -> None:
    report = wb.check(make(good_vjp, good_jvp), X, 0.3, engine="numba")
    assert report.passed and len(report.comparisons) == 10
    assert "check of f: passed" in str(report) and "forward over reverse" in str(report)
    assert json.loads(json.dumps(report.to_dict()))["passed"] is True
    assert wb.check(layer, Layer(np.array([0.3, 0.5]), 0.1, 2), X, engine="numba", order=1).passed


@pytest.mark.parametrize(("rules", "where", "what"), [
    ((slightly_wrong_vjp, good_jvp), "reverse mode", "the cotangent of a:"),
    ((slightly_wrong_vjp, None), "forward mode", "part 0 of the result"),
    ((good_vjp, forgetful_jvp), "forward mode", "part 1 of the result"),
], ids=["vjp", "vjp transposed", "jvp"])
def test_planted_faults_are_caught_and_named(rules: Any, where: str, what: str) -> None:
    with pytest.raises(AssertionError, match=f"the derivative of f is wrong .numba, {where}.*") as error:
        wb.check(make(*rules), X, 0.3, engine="numba", order=1)
    assert what in str(error.value)
    assert not error.value.report.passed  # type: ignore[attr-defined]


def test_a_fault_of_order_two_is_caught_there() -> None:
    report = wb.check(make(None, constant_jvp), X, 0.3, engine="numba", order=1)
    assert report.passed
    with pytest.raises(AssertionError, match="forward over forward"):
        wb.check(make(None, constant_jvp), X, 0.3, engine="numba")


def test_a_small_entry_beside_a_large_one() -> None:
    @wb.rule
    def f(x):  # type: ignore[no-untyped-def]
        return x * 1e9, x * x

    @f.defjvp
    def f_jvp(primals, y, tangents):  # type: ignore[no-untyped-def]
        return tangents[0] * 1e9, tangents[0] * primals[0]  # half of what it is
    with pytest.raises(AssertionError, match="part 1 of the result"):
        wb.check(f, 0.7, engine="numba", order=1)


def test_what_cannot_be_compared_is_listed() -> None:
    def sawtooth(x):  # type: ignore[no-untyped-def]
        return abs(math.sin(1e7 * x))
    report = None
    try:
        report = wb.check(sawtooth, 0.3, engine="numba", order=1)
    except wb.DifferentiationError as error:
        assert "do not settle" in str(error)
    except AssertionError as error:
        report = error.report  # type: ignore[attr-defined]
    assert report is None or not report.passed
    with pytest.raises(wb.DifferentiationError, match="no float"):
        wb.check(abs, 3)
    with pytest.raises(wb.DifferentiationError, match="nothing that has a derivative"):
        wb.check(lambda x: int(x), 3.0)
    with pytest.raises(wb.DifferentiationError, match="no derivative rule"):
        wb.check(lambda x: scipy.special.modstruve(0.5, x), 1.0, engine="numba")


def test_rows_say_along_which_direction_where_there_are_several() -> None:
    report = wb.check(lambda x: x * x, 3.0, engine="numba", order=1)
    assert [c.direction for c in report.comparisons] == [1, 1, 2, 2]
    first, *rows = str(report).splitlines()
    assert first == "check of <lambda>: passed" and len(set(rows)) == 4
    assert all(f"order 1  direction {c.direction}  {c.what}" in row
               for row, c in zip(rows, report.comparisons, strict=True))
    assert "direction" not in str(wb.check(lambda x: x * x, 3.0, engine="numba", order=1, directions=1))


def test_precision_and_both_engines() -> None:
    report = wb.check(lambda x: np.sum(np.exp(x) * x), X.astype(np.float32), engine="numba", directions=1)
    assert report.passed and report.comparisons[0].tolerance == 2e-2
    report = wb.check(lambda x, n: float(np.sum(x * x)) ** n, X, 2, directions=1, order=1)
    assert [c.engine for c in report.comparisons] == ["numba", "numba", "tape", "tape"]
    written = X.copy()
    assert wb.check(_writing, written, engine="numba", order=1).passed and list(written) == list(X)
    rng = np.random.default_rng(1)
    state = rng.bit_generator.state
    assert wb.check(_noisy, X, rng, order=1, directions=1).passed and rng.bit_generator.state == state
    z = np.array([0.3 + 0.4j])
    assert wb.check(lambda z: np.sum(z * z * np.conj(z)), z, engine="numba", order=1).passed


def _writing(x):  # type: ignore[no-untyped-def]
    x[0] = x[0] * x[1]
    return x[0]


def _noisy(x, rng):  # type: ignore[no-untyped-def]
    return np.sum(x * rng.standard_normal(2))
