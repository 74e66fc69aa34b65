"""What a function with a rule, its rules and a checkpointed function change outside of themselves."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import workbench as wb

LOG: list[float] = []
BOX = {"n": 0, "last": 0.0}
STORE = np.zeros(2)
count = 0
last = 0.0


def appends(v):
    LOG.append(v)


def counts(v):
    global count
    count += 1


def fills(v):
    BOX["n"] = BOX["n"] + 1


def writes(v):
    STORE[0] = v


def prints(v):
    print("rule", v)


def ruled(function: Any, effect: Any) -> Any:
    @wb.rule
    def marked(x):
        return function(x)

    @marked.defvjp
    def reverse(primals, y, y_bar):
        effect(y_bar)
        return (2.0 * primals[0] * y_bar,)

    @marked.defjvp
    def forward(primals, y, dots):
        effect(dots[0])
        return 2.0 * primals[0] * dots[0]
    return marked


def square(x):
    return x * x


@pytest.mark.parametrize("effect", [appends, counts, fills, writes, prints])
@pytest.mark.parametrize("engine", ["numba", "tape", "auto"])
@pytest.mark.filterwarnings("ignore:.*runs on the tape")
def test_effects_of_a_rule_are_carried_out_or_refused(effect: Any, engine: str, capsys: Any) -> None:
    global count
    LOG.clear()
    STORE[:], count, BOX["n"] = 0.0, 0, 0
    marked = ruled(square, effect)

    def f(x):
        return 3.0 * marked(x)
    if engine == "numba" and effect is not prints:
        with pytest.raises(wb.DifferentiationError, match="changes what is outside of it"):
            wb.grad(f, engine=engine)(2.0)
        return
    assert wb.grad(f, engine=engine)(2.0) == 12.0
    assert wb.jvp(f, (2.0,), (1.0,), engine=engine) == (12.0, 12.0)
    found = {appends: (LOG, [3.0, 1.0]), counts: (count, 2), fills: (BOX["n"], 2), writes: (STORE[0], 1.0),
             prints: (capsys.readouterr().out, "rule 3.0\nrule 1.0\n")}
    assert found[effect][0] == found[effect][1]


def leaves_global(x):
    global last
    last = x * x
    return x * 1.0


def leaves_entry(x):
    BOX["last"] = x * x
    return x * 1.0


def leaves_in_list(x):
    LOG.append(x * x)
    return x * 1.0


def leaves_in_array(x):
    STORE[0] = x * x
    return x * 1.0


def reads(x):
    return (last + BOX["last"] + STORE[0] + (LOG[-1] if LOG else 0.0)) * x


@pytest.mark.parametrize("function", [leaves_global, leaves_entry, leaves_in_list, leaves_in_array])
@pytest.mark.parametrize("marked", [lambda f: ruled(f, abs), wb.checkpoint])
@pytest.mark.parametrize("engine", ["tape", "auto"])
@pytest.mark.filterwarnings("ignore:.*runs on the tape")
def test_numbers_left_outside_are_no_constants_to_the_run(function: Any, marked: Any, engine: str) -> None:
    global last
    LOG.clear()
    STORE[:], last, BOX["last"] = 0.0, 0.0, 0.0
    inner = marked(function)

    def f(x):
        y = inner(x)
        return reads(x) + y
    with pytest.raises(wb.DifferentiationError):
        wb.grad(f, engine=engine)(2.0)


def test_a_function_with_a_rule_may_begin_where_it_ended() -> None:
    steps = []

    def root(a):
        x, n = BOX["last"], 0
        while abs(x * x - a) > 1e-12:
            x, n = 0.5 * (x + a / x), n + 1
        BOX["last"] = x
        steps.append(n)
        return x
    marked = wb.rule(root)

    @marked.defvjp
    def reverse(primals, y, y_bar):
        return (0.5 * y_bar / y,)
    BOX["last"] = 1.0
    gradient = wb.grad(lambda a: marked(a) * marked(a + 1e-6), engine="tape")
    for _ in range(2):
        assert gradient(2.0) == pytest.approx(1.0, rel=1e-5)
    assert steps[0] > 3 and max(steps[1:]) <= 3
    assert BOX["last"] == pytest.approx(2.0 ** 0.5) and isinstance(BOX["last"], float)


def test_what_a_run_inside_a_refused_one_has_left_is_a_number() -> None:
    def inner(x):
        BOX["last"] = x * x
        return x * x

    def outer(x):
        return wb.grad(inner)(x) * BOX["last"]
    with pytest.raises(wb.DifferentiationError):
        wb.grad(outer, engine="tape")(2.0)
    assert isinstance(BOX["last"], float) and BOX["last"] == 4.0
    assert wb.grad(square)(3.0) == 6.0
