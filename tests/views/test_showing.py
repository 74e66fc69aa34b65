"""`wb.show`: what it runs, what it shows, part by part, and as a decorator."""

from __future__ import annotations

import struct

import numpy as np
import pytest

import workbench as wb
from workbench.views import shown

CALLS = []


def power(x, n):
    CALLS.append(n)
    y = 1.0
    for _ in range(n):
        y = y * x
    return y


def area(w: float, h: float):
    return w * h * h


def total(x, y):
    x[0] = x[0] * y
    return np.sum(x * x)


@pytest.fixture(autouse=True)
def printed(monkeypatch):
    """No notebook shows what is presented: it is printed."""
    monkeypatch.setattr(shown, "_DISPLAY", [])


def test_a_call_gives_value_gradient_and_hessian():
    made = wb.show(area, 2.0, 3.0, wrt=("w", "h"), order=2)
    assert (made.value, made.grad) == (18.0, (9.0, 12.0))
    assert made.hessian == ((0.0, 6.0), (6.0, 4.0))
    text = made.text()
    assert text.startswith("area(2, 3) = 18") and "∂²/∂w∂h" in text and "Hessian of area(2, 3)" in text
    assert "∂²/∂h²" in made.html() and "<script" not in made.html()


def test_specs_run_nothing_and_show_the_adjoint():
    CALLS.clear()
    made = wb.show(power, wb.spec("f64"), wb.spec("i64"), show="ir,cost")
    assert made.value is None and CALLS == []
    assert [part.kind for part in made.parts][:1] == [""]
    assert "func power_vjp(x: f64, n: i64):" in made.text() and str(made.cost.flops) in made.text()
    assert "def power_vjp(x, n):" in wb.show(power, wb.spec("f64"), 3).text()
    assert "def power_vjp(x, n):" in wb.show(power, at=(2.0, 3)).text() and CALLS == []


def test_what_is_shown_beside_is_made_on_copies():
    x = np.array([1.0, 2.0])
    made = wb.show(total, x, 3.0, order=2, show=("adjoint", "tape", "ir", "cost"))
    assert made.value == 13.0 and x[0] == 3.0
    np.testing.assert_allclose(made.hessian, [[18.0, 0.0], [0.0, 2.0]])
    assert made.tape.value == 13.0 and made.cost.flops > 0
    assert len(made.parts) == 5 and len(made.as_dict()["parts"]) == 5


def test_a_part_that_cannot_be_made_says_why():
    made = wb.show(power, wb.spec("f64"), 3, show="adjoint,tape")
    assert "tape is not shown: it is recorded when the function runs" in made.text()
    on_the_tape = wb.show(area, 2.0, 3.0, engine="tape", show="adjoint,ir,cost")
    assert "an adjoint program: this runs on the tape" in on_the_tape.text() and on_the_tape.grad == 9.0


def test_a_decorator_shows_and_gives_the_function_back(capsys):
    assert wb.show(area) is area
    assert "def area_vjp(w, h):" in capsys.readouterr().out
    assert wb.show(at=(2.0, 3))(power) is power
    assert "def power_vjp(x, n):" in capsys.readouterr().out
    assert wb.show(power) is power
    printed = capsys.readouterr().out
    assert "power_vjp" not in printed and "annotations or at=(...)" in printed


@pytest.mark.parametrize("engine, said", [("auto", "the compiler does not take this"), ("numba", "no adjoint for")])
def test_a_decorator_gives_back_what_the_compiler_refuses(capsys, engine, said):
    @wb.show(engine=engine)
    def refused(x: float):
        return struct.pack("d", x)
    assert refused(1.0) == struct.pack("d", 1.0)
    printed = capsys.readouterr().out
    assert said in printed and 'struct.pack("d", x)' in printed


def test_where_something_displays_it_is_not_printed(capsys):
    seen = []
    shown.register_display(seen.append)
    try:
        wb.show(area)
    finally:
        shown.register_display(None)
    assert capsys.readouterr().out == "" and "def area_vjp(w, h):" in seen[0].text()


@pytest.mark.parametrize("given, message", [({"order": 3}, "order is 1"), ({"show": "tap"}, "nothing 'tap'")])
def test_what_there_is_not_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        wb.show(area, 1.0, 2.0, **given)
    with pytest.raises(TypeError, match="a function is needed"):
        wb.show(None, 1.0)


def test_text_of_users_is_no_markup():
    evil = "<img src=x onerror=alert(1)></script>"
    html = wb.show(lambda w: w[evil] * 2.0, {evil: 1.0}, show="adjoint,ir,cost,tape", order=1).html()
    assert "<img" not in html and "</script" not in html
