"""How carried values are found: the body is evaluated again until what each name holds has a form that lasts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.frontend.running import agrees, carried, loops
from tests.fuzz.interpreted import interpret
from workbench.ir import DifferentiationError


def carried_by(function: Any, *args: Any) -> dict[str, str]:
    """What the only loop carries."""
    (loop,) = loops(function, *args)
    return carried(loop)


# ---------------------------------------------------------------------- numbers
def becomes_a_float(x, n):
    y = 1
    for _ in range(n):
        y = y * x
    return y


def chain_of_three(x, n):
    a, b, c = 1, 2, 3
    for _ in range(n):
        a, b, c = b, c, c * x
    return a + b + c


def with_a_name_of_its_own(x, n):
    y = x
    for _ in range(n):
        half = y * 0.5
        y = half + x
    return y * 2.0


def test_a_constant_takes_the_kind_that_the_body_gives() -> None:
    assert carried_by(becomes_a_float, 0.5, 3) == {"y": "f64"}
    for n in (1, 4):
        agrees(becomes_a_float, 0.5, n)


def test_forms_are_found_by_evaluating_again_until_none_changes() -> None:
    assert carried_by(chain_of_three, 0.5, 3) == {"a": "f64", "b": "f64", "c": "f64"}
    for n in (3, 5):
        agrees(chain_of_three, 0.5, n)


def test_what_the_body_alone_uses_is_not_carried() -> None:
    assert carried_by(with_a_name_of_its_own, 0.5, 3) == {"y": "f64"}


# ---------------------------------------------------------------------- structures
def tuple_of_mixed(x, n):
    state = (0, x, "fixed")
    for _ in range(n):
        count, value, text = state
        state = (count + 1, value * 0.5, text)
    return state[0] + state[1] + len(state[2])


def list_in_place(x, n):
    entries = [x, 1.0]
    for k in range(n):
        entries[1] = entries[1] + entries[0] * k
    return entries[1]


def list_replaced(x, n):
    entries = [x, 1.0]
    for _ in range(n):
        entries = [entries[1], entries[0] * 0.5]
    return entries[0] + 10.0 * entries[1]


def dict_replaced(x, n):
    d = {"u": x, "v": 1.0}
    for _ in range(n):
        d = {"u": d["v"], "v": d["u"] + 1.0}
    return d["u"] * d["v"]


@pytest.mark.parametrize("function", [tuple_of_mixed, list_in_place, list_replaced, dict_replaced])
@pytest.mark.parametrize("n", [0, 1, 4])
def test_structures_are_carried_entry_by_entry(function: Any, n: int) -> None:
    agrees(function, 1.5, n)


def test_what_is_known_in_a_tuple_is_not_carried() -> None:
    (loop,) = loops(tuple_of_mixed, 1.5, 3)
    kinds = [p.kind.value for p in loop.regions[0].params[1:]]
    assert sorted(kinds) == ["f64", "i64"]  # the count and the value, and no text


# ---------------------------------------------------------------------- names that the body assigns first
def last_of_the_turns(x, n):
    for k in range(n):
        y = x * k
    return y


def test_a_name_born_in_the_body_is_unbound_where_no_turn_is_made() -> None:
    agrees(last_of_the_turns, 1.5, 3)
    with pytest.raises(UnboundLocalError):
        interpret(last_of_the_turns, (1.5, 0))


def started_by_none(a):
    best = None
    for k in range(len(a)):
        if best is None or a[k] > best:
            best = a[k]
    return best


def test_none_before_the_loop_and_a_number_after_a_turn_is_a_state() -> None:
    agrees(started_by_none, np.array([1.0, 3.0, 2.0]))


# ---------------------------------------------------------------------- arrays
def swapped(a, n):
    u, v = a.copy(), a * 2.0
    for _ in range(n):
        u, v = v, u
        u[0] += 1.0
    return u[0] + 10.0 * v[0]


def made_anew(a, n):
    for _ in range(n):
        a = np.sin(a) + a[0]
    return np.sum(a)


@pytest.mark.parametrize("function", [swapped, made_anew])
@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_buffers_that_names_are_bound_to_by_turns(function: Any, n: int) -> None:
    agrees(function, np.array([1.0, 2.0]), n)


# ---------------------------------------------------------------------- what does not settle
def number_then_array(x, n):
    y = x
    while y < n:
        y = np.array([y, y])
    return y


def grows(x):
    pair = (x,)
    while len(pair) < 3.0 + x:
        pair = (*pair, x)
    return pair[0]


@pytest.mark.parametrize("function, args", [(number_then_array, (0.5, 3.0)), (grows, (0.5,))])
def test_a_name_that_has_no_lasting_form_is_refused_at_its_loop(function: Any, args: Any) -> None:
    with pytest.raises(DifferentiationError) as caught:
        interpret(function, args)
    first = function.__code__.co_firstlineno
    assert caught.value.lineno is not None and first < caught.value.lineno < first + 6
