"""Normal forms: which dimensions are known to be equal."""

from __future__ import annotations

import pytest

from workbench.ir import ArrayType, Builder, Constant, Kind, ScalarType, same_dim

INT = ScalarType(Kind.INT)


@pytest.mark.parametrize(("left", "right", "equal"), [
    (lambda e, n, m: e("add", n, m), lambda e, n, m: e("add", m, n), True),
    (lambda e, n, m: e("mul", e("add", n, m), e("sub", n, m)),
     lambda e, n, m: e("sub", e("mul", n, n), e("mul", m, m)), True),
    (lambda e, n, m: e("neg", e("sub", n, m)), lambda e, n, m: e("sub", m, n), True),
    (lambda e, n, m: e("floordiv", e("add", n, m), Constant(2, Kind.INT)),
     lambda e, n, m: e("floordiv", e("add", m, n), Constant(2, Kind.INT)), True),
    (lambda e, n, m: e("maximum", n, m), lambda e, n, m: e("maximum", n, m), True),
    (lambda e, n, m: e("sub", e("add", n, e("maximum", n, m)), e("maximum", n, m)), lambda e, n, m: n, True),
    (lambda e, n, m: e("sub", e("mul", n, e("add", e("minimum", n, m), m)), e("mul", n, e("minimum", n, m))),
     lambda e, n, m: e("mul", n, m), True),
    (lambda e, n, m: n, lambda e, n, m: m, False),
    (lambda e, n, m: e("add", n, Constant(1, Kind.INT)), lambda e, n, m: n, False),
    (lambda e, n, m: e("floordiv", n, Constant(2, Kind.INT)),
     lambda e, n, m: e("floordiv", n, Constant(3, Kind.INT)), False),
])
def test_same_dimension(left, right, equal: bool) -> None:
    b = Builder("f")
    n, m = b.param(INT, "n"), b.param(INT, "m")
    e = lambda name, *operands: b.one(name, operands, INT)
    assert same_dim(left(e, n, m), right(e, n, m), b.definitions.get) is equal


def test_load_is_an_atom() -> None:
    b = Builder("f")
    a = b.param(ArrayType(Kind.INT, (Constant(3, Kind.INT),)), "a")
    zero = Constant(0, Kind.INT)
    first, second = (b.one("load", [a, zero], INT) for _ in range(2))
    assert first is second  # numbered: nothing was stored in between, `a` is one version
    assert same_dim(first, second, b.definitions.get)
