"""What `vjp` and `jvp` promise at their edges: parameters, zeros, seeds, shared results, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.transforms.kit import Kit
from tests.transforms.oracle import check
from workbench.interpret import run
from workbench.ir import DifferentiationError, Kind, Span, print_function, verify
from workbench.passes.activity import active, useful, varied
from workbench.rules import get, primitive
from workbench.rules.functions import sin
from workbench.transforms import jvp, vjp


def test_parameters_and_results() -> None:
    k = Kit("f", x="f64", a="f64[n]", i="i64")
    f = k.finish(k.x.now * k.a[0], k.a)
    g = verify(vjp(f, [1, 0], [0, 1]))
    assert [p.name for p in g.data_params] == ["x", "a", "i", "result_bar", "a_bar"]
    assert [str(r.type) for r in g.results] == ["f64", "f64[n]", "f64[n]", "f64"]
    assert g.shape_params.keys() == {g.params[0]}
    h = verify(jvp(f, [1], [1]))
    assert [p.name for p in h.data_params] == ["x", "a", "i", "a_dot"]
    assert len(h.results) == 3


def test_seed_one_leaves_no_parameter() -> None:
    k = Kit("f", x="f64")
    f = k.finish(3.0 * k.x.now)
    g = verify(vjp(f, [0], [0], seeds="one"))
    assert len(g.data_params) == 1
    assert "mul" not in print_function(g).split("\n")[-1]
    assert run(g, [2.0]) == [6.0, 3.0]


def test_seed_one_is_for_one_real_scalar() -> None:
    k = Kit("f", x="f64", z="c128", a="f64[n]")
    f = k.finish(k.x, k.z, k.a)
    for outputs in ([0, 1], [1], [2]):
        with pytest.raises(ValueError, match="real scalar"):
            vjp(f, [0], outputs, seeds="one")


def test_integers_carry_no_derivative() -> None:
    k = Kit("f", x="f64", i="i64")
    f = k.finish(k.x, k.i)
    for transform in (jvp, vjp):
        with pytest.raises(ValueError, match="no derivative"):
            transform(f, [1], [0])
        with pytest.raises(ValueError, match="no derivative"):
            transform(f, [0], [1])


def test_independent_inputs_get_zeros() -> None:
    k = Kit("f", x="f64", a="f64[n]", z="c128")
    f = k.finish(sin(k.x.now), k.a)
    results = run(verify(vjp(f, [0, 1, 2], [0])), [1.0, np.ones(3), 1j, 2.0])
    np.testing.assert_array_equal(results[3], np.zeros(3))
    assert results[4] == 0
    assert run(verify(jvp(f, [1], [0])), [1.0, np.ones(3), 1j, np.ones(3)])[2] == 0


def test_constant_results_and_results_twice() -> None:
    k = Kit("f", x="f64")
    y = sin(k.x.now)
    check(k.finish(y, 1.0, y, k.x), [0.4], [0], [0, 1, 2, 3])


def test_an_array_handed_through() -> None:
    k = Kit("f", a="f64[n]", b="f64[n]")
    f = k.finish(k.a)
    check(f, [np.ones(3), np.ones(3)], [0, 1], [0])
    seed = np.ones(3)
    found = run(vjp(f, [0], [0]), [np.ones(3), np.ones(3), seed])
    assert not np.shares_memory(found[1], seed)
    tangent = np.ones(3)
    assert not np.shares_memory(run(jvp(f, [0], [0]), [np.ones(3), np.ones(3), tangent])[1], tangent)


def test_cotangents_of_computed_dimensions() -> None:
    k = Kit("f", x="f64", n="i64")
    made = k.var(k.emit("full", k.x, k.n.now + 1), "made")
    with k.loop(0, k.n) as i:
        made[i + 1] = made[i] * k.x.now
    f = k.finish(made)
    g = verify(vjp(f, [0], [0]))
    assert [(p.name, where) for p, where in g.shape_params.items()] == [("made_n0", (2, 0))]
    check(f, [0.8, 3], [0], [0])


def test_single_precision_stays_single() -> None:
    k = Kit("f", x="f32", a="f32[n]")
    s = k.var(k.x.now, "s")
    with k.loop(0, k.n) as i:
        s.set(s.now * k.a[i] + s.now / (s.now + 2.0))
    f = k.finish(s)
    results = run(verify(vjp(f, [0, 1], [0])), [np.float32(0.5), np.ones(3, np.float32), np.float32(1)])
    assert [np.asarray(r).dtype for r in results] == [np.float32] * 3


def test_the_adjoint_leaves_arguments_as_the_program_does() -> None:
    k = Kit("f", a="f64[n]")
    with k.loop(1, k.n) as i:
        k.a[i] = k.a[i] * k.a[i - 1]
    f = k.finish(k.a[2])
    mine, theirs = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0])
    run(f, [theirs])
    results = run(verify(vjp(f, [0], [0])), [mine, 1.0])
    np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(results[1], [6.0, 3.0, 2.0])


def test_second_derivative_where_the_first_cotangent_is_zero() -> None:
    """(x-1)**2 / w at x = 1: the tangent that meets the division is zero, its derivative is not."""
    k = Kit("f", x="f64", w="f64")
    d = k.x.now - 1.0
    f = k.finish(d * d / k.w.now)
    forward = jvp(f, [0], [0])
    assert run(verify(vjp(forward, [0], [1])), [1.0, 2.0, 1.0, 1.0])[2] == 1.0
    reverse = vjp(f, [0], [0], seeds="one")
    assert run(verify(jvp(reverse, [0], [1])), [1.0, 2.0, 1.0])[2] == 1.0
    assert run(verify(vjp(reverse, [0], [1])), [1.0, 2.0, 1.0])[2] == 1.0


def test_zero_cotangent_meets_an_infinite_partial() -> None:
    k = Kit("f", a="f64[n]")
    y = k.emit("sqrt", k.a)
    f = k.finish(k.emit("load", y, 1))
    found = run(verify(vjp(f, [0], [0])), [np.array([0.0, 4.0]), 1.0])[1]
    np.testing.assert_array_equal(found, [0.0, 0.25])


def test_third_order() -> None:
    k = Kit("f", x="f64", n="i64")
    with k.loop(0, k.n):
        k.x.set(sin(k.x.now) * k.x.now)
    f = k.finish(k.x)
    check(f, [1.1, 3], [0], [0], order=3, tolerance=1e-6)


# ---------------------------------------------------------------------- activity
def test_activity_of_a_chain() -> None:
    k = Kit("f", x="f64", a="f64[n]")
    b = k.zeros(k.n, name="b")
    b[0] = k.x.now
    c = k.a.now * 2.0
    f = k.finish(b, c)
    x, a = f.data_params
    ops = {op.prim: op for op in f.block.ops}
    live = active(f, [x], [f.results[0]])
    assert live == {x, ops["store"].result}
    assert ops["mul"].result not in varied(f, [x])
    assert a in useful(f, [f.results[1]])


def test_a_carried_position_is_active_though_its_result_is_unused() -> None:
    k = Kit("f", x="f64", n="i64")
    a, b = k.var(k.x.now, "a"), k.var(0.0, "b")
    with k.loop(0, k.n):
        old = a.now
        a.set(b.now)
        b.set(old)
    f = k.finish(b)
    (loop,) = f.block.ops
    assert set(loop.results) <= active(f, [f.data_params[0]], [f.results[0]])


def test_integers_and_comparisons_stop_activity() -> None:
    k = Kit("f", x="f64")
    i = k.emit("cast", k.emit("floor", k.x), kind=Kind.INT)
    f = k.finish(k.emit("cast", i, kind=Kind.F64))
    assert active(f, [f.data_params[0]], [f.results[0]]) == frozenset()
    assert run(vjp(f, [0], [0]), [1.5, 1.0]) == [1.0, 0.0]


def test_unknown_derivative_is_refused_at_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = replace(get("sin"), name="mystery", partials=None, callables=())
    monkeypatch.setitem(primitive._TABLE, "mystery", rule)
    k = Kit("f", x="f64")
    k.builder.span = Span("user.py", 7)
    f = k.finish(k.emit("mystery", k.x))
    for transform in (vjp, jvp):
        with pytest.raises(DifferentiationError, match="no derivative of mystery is known") as refused:
            transform(f, [0], [0])
        assert refused.value.lineno == 7


@pytest.mark.parametrize("given", ["vjp", "jvp"])
def test_a_mode_without_a_rule_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = replace(get("sin"), name="mystery", partials=None, callables=(), **{given: lambda *_: None})
    monkeypatch.setitem(primitive._TABLE, "mystery", rule)
    k = Kit("f", x="f64")
    k.builder.span = Span("user.py", 7)
    f = k.finish(k.emit("mystery", k.x))
    with pytest.raises(DifferentiationError, match="no derivative of mystery is known") as refused:
        (jvp if given == "vjp" else vjp)(f, [0], [0])
    assert refused.value.lineno == 7
